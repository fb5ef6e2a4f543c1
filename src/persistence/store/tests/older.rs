//! A store that comes back with older rows is found out, whatever it has lost.

use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use clientele_cluster::ShardCount;
use futures_util::FutureExt;

use super::history::{History, SHARD, load, open};
use crate::domain::contact::SealedProfile;
use crate::persistence::rows::{Keyed, MemoryRows, Rows, SledRows, Write};
use crate::persistence::store::{Error, Store, keys};

fn contact(entity: u64) -> History {
    let mut history = History::contact(SealedProfile::default());
    history.address.entity = entity;
    history
}

fn put((key, row): Keyed) -> Write {
    Write::Put { key, row }
}

fn reopened(rows: &Arc<MemoryRows>) -> Result<Arc<Store>, Error> {
    let rows = Arc::clone(rows) as Arc<dyn Rows>;
    Ok(Arc::new(Store::open(rows, ShardCount::new(4).unwrap())?))
}

/// Two contacts in two checkpoints: the rows after the first, and the store's rows after the second.
fn two_checkpoints() -> (Vec<Keyed>, Arc<MemoryRows>, History) {
    let rows = Arc::new(MemoryRows::new());
    let store = open(Arc::clone(&rows) as Arc<dyn Rows>);
    let (mut one, other) = (contact(1), contact(2));
    one.note(&store, &one.effects);
    other.note(&store, &other.effects);
    store.checkpoint(History::position(4)).unwrap();
    let first = rows.scan(&[], None, usize::MAX).unwrap();
    let effect = one.purchase(1);
    one.note(&store, &[effect]);
    store.checkpoint(History::position(5)).unwrap();
    (first, rows, one)
}

fn is_older<T>(result: Result<T, Error>) -> bool {
    matches!(result, Err(Error::OlderRows { shard: SHARD }))
}

#[test]
fn an_older_row_beside_newer_ones_is_found_before_it_is_used() {
    let (first, rows, one) = two_checkpoints();
    let head = keys::head(SHARD, &one.address);
    let older = first.into_iter().find(|(key, _)| *key == head).unwrap();
    rows.write(vec![put(older)]).unwrap();
    let store = reopened(&rows).unwrap();
    assert!(is_older(
        store.load(SHARD, one.address).now_or_never().unwrap()
    ));
    assert!(is_older(store.check(SHARD)));
    one.note(&store, &one.effects);
    assert!(
        is_older(store.checkpoint(History::position(6))),
        "nor folded"
    );
}

#[test]
fn a_row_that_is_gone_is_found() {
    let (_, rows, one) = two_checkpoints();
    let key = keys::head(SHARD, &one.address);
    rows.write(vec![Write::Delete { key }]).unwrap();
    assert!(is_older(reopened(&rows).unwrap().check(SHARD)));
}

#[test]
fn a_batch_that_is_lost_as_a_whole_is_missed_by_the_mark() {
    let (first, rows, one) = two_checkpoints();
    let lost = [keys::head(SHARD, &one.address), keys::tally(SHARD)];
    let older = first.into_iter().filter(|(key, _)| lost.contains(key));
    rows.write(older.map(put).collect()).unwrap();
    assert!(is_older(reopened(&rows)));
}

#[test]
fn an_older_state_as_a_whole_is_only_older() {
    let (first, rows, one) = two_checkpoints();
    rows.write(first.into_iter().map(put).collect()).unwrap();
    let store = reopened(&rows).unwrap();
    assert_eq!(store.mark(), History::position(4), "replay starts there");
    one.note(&store, &one.effects);
    one.assert_holds(load(&store, one.address));
}

fn flip(path: &Path, at: u64) {
    let file = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 0x10], at).unwrap();
}

/// Contacts that each came to their newest state in a checkpoint of their own, so that the log has live rows all along; in
/// `killed` as the process leaves them that is killed after the last.
fn written(directory: &Path, killed: &Path) -> Vec<History> {
    let rows: Arc<dyn Rows> = Arc::new(SledRows::open(directory).unwrap());
    let store = open(rows);
    let mut histories: Vec<_> = (1..=300).map(contact).collect();
    for history in &mut histories {
        (1..=20).for_each(|number| drop(history.purchase(number)));
        history.note(&store, &history.effects);
    }
    store.checkpoint(History::position(0)).unwrap();
    for (number, history) in (1..).zip(&mut histories) {
        let effect = history.purchase(21);
        history.note(&store, &[effect]);
        store.checkpoint(History::position(number)).unwrap();
    }
    copy_directory(directory, killed);
    histories
}

#[test]
fn whichever_byte_of_sleds_log_is_flipped_no_older_state_is_served() {
    const FLIPS: u64 = 48;
    let directory = tempfile::tempdir().unwrap();
    let original = directory.path().join("original");
    let histories = written(&directory.path().join("alive"), &original);
    let (mut refused, mut served) = (0, 0);
    let bytes = std::fs::metadata(original.join("db")).unwrap().len();
    for number in 0..FLIPS {
        let copy = directory.path().join("copy");
        copy_directory(&original, &copy);
        flip(&copy.join("db"), bytes / FLIPS * number + 77);
        let opened = SledRows::open(&copy).map_err(Error::from);
        let store = opened.and_then(|rows| {
            Store::open(Arc::new(rows) as Arc<dyn Rows>, ShardCount::new(4).unwrap())
        });
        match store.and_then(|store| store.check(SHARD).map(|_| Arc::new(store))) {
            Err(_) => refused += 1,
            Ok(store) => {
                // What the rows lack is replayed from the journal.
                let mark = usize::try_from(store.mark().0).unwrap();
                for history in &histories[mark..] {
                    history.note(&store, &history.effects[22..]);
                }
                let runtime = tokio::runtime::Builder::new_current_thread();
                let runtime = { runtime }.build().unwrap();
                for history in &histories {
                    let entity = runtime.block_on(store.load(SHARD, history.address));
                    history.assert_holds(entity.unwrap());
                }
                served += 1;
            }
        }
        std::fs::remove_dir_all(&copy).unwrap();
    }
    eprintln!("{refused} refused, {served} served whole");
    assert!(
        refused > 0 && served > 0,
        "{refused} refused, {served} served"
    );
}

fn copy_directory(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_directory(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
