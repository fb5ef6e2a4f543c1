//! A snapshot reads what stood when it was made, whatever is written meanwhile.

use std::sync::Arc;

use proptest::prelude::*;

use super::super::MemoryRows;
use super::super::conformance::put;
use super::*;

fn all(rows: &dyn Rows) -> Vec<Keyed> {
    rows.scan(&[], None, usize::MAX).unwrap()
}

fn write_of((key, seq): (u8, Option<u64>)) -> Write {
    match seq {
        Some(seq) => put(&[key], seq),
        None => Write::Delete { key: vec![key] },
    }
}

/// Puts and deletes of a few keys, so that they meet.
fn some_writes(most: usize) -> impl Strategy<Value = Vec<(u8, Option<u64>)>> {
    let write = (0..24_u8, proptest::option::of(0..1_000_u64));
    proptest::collection::vec(write, 0..most)
}

proptest! {
    #[test]
    fn what_is_written_while_it_is_read_is_not_in_it_and_not_lost(
        before in some_writes(40),
        batches in proptest::collection::vec(some_writes(8), 1..40),
        max_rows in 1..5_usize,
    ) {
        let plain = MemoryRows::new();
        let rows = Arc::new(SnapshotRows::new(Arc::new(MemoryRows::new())));
        let write = |writes: &[(u8, Option<u64>)]| {
            let writes: Vec<_> = writes.iter().copied().map(write_of).collect();
            rows.write(writes.clone()).unwrap();
            plain.write(writes).unwrap();
        };
        write(&before);
        let stood = all(&*rows);
        let mut snapshot = rows.snapshot();
        let mut read = Vec::new();
        let mut batches = batches.iter();
        while let Some(page) = snapshot.next_page(max_rows).unwrap() {
            read.extend(page);
            batches.next().into_iter().for_each(|batch| write(batch));
        }
        prop_assert_eq!(read, stood);
        let (bytes, waits) = rows.kept.lock().as_ref().map_or((0, 0), |kept| {
            (kept.bytes, kept.before.len())
        });
        prop_assert_eq!((bytes, waits), (0, 0), "what was read is kept on");
        drop(snapshot);
        batches.for_each(|batch| write(batch));
        prop_assert_eq!(all(&*rows), all(&plain));
    }
}

#[test]
fn what_it_has_kept_is_bounded_and_room_comes_back() {
    let inner = Arc::new(MemoryRows::new());
    let rows = Arc::new(SnapshotRows::keeping(inner, 4 * ENTRY_BYTES));
    let has_room = || has_room(rows.kept.lock().as_ref(), rows.bytes_max);
    let keys = [b"a", b"b", b"c", b"d", b"e", b"f"];
    rows.write(keys.map(|key| put(key, 1)).to_vec()).unwrap();
    let mut snapshot = rows.snapshot();
    rows.write(keys.map(|key| put(key, 2)).to_vec()).unwrap();
    assert!(!has_room());
    let page = snapshot.next_page(3).unwrap().unwrap();
    assert_eq!(page.iter().map(|(_, row)| row.entity_seq).max(), Some(1));
    assert!(has_room(), "three were read");
    // Of what was read nothing is kept, and of what is kept nothing twice.
    rows.write(keys.map(|key| put(key, 3)).to_vec()).unwrap();
    assert!(has_room());
    drop(snapshot);
    let mut again = rows.snapshot();
    let page = again.next_page(9).unwrap().unwrap();
    assert!(page.iter().all(|(_, row)| row.entity_seq == 3), "{page:?}");
    assert!(again.next_page(9).unwrap().is_none());
}

#[test]
fn a_checkpoint_that_waits_for_room_goes_on_once_it_is_over() {
    let inner = Arc::new(MemoryRows::new());
    let rows = Arc::new(SnapshotRows::keeping(inner, 1));
    let snapshot = rows.snapshot();
    rows.write(vec![put(b"a", 1)]).unwrap();
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| rows.wait_for_room());
        drop(snapshot);
        waits.join().unwrap();
    });
}
