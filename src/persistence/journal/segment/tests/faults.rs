//! What becomes of callers and data when the disk fails, stalls or crawls.

use std::os::unix::fs::MetadataExt;

use super::*;

const EIO: i32 = 5;
const ENOSPC: i32 = 28;
const PATIENCE: Duration = Duration::from_secs(20);

/// Sets up a fault, and checks all that must follow from it.
async fn fails_by(set_up: impl FnOnce(&FaultGate)) -> Disk {
    let disk = Disk::new();
    let journal = disk.start();
    let mut appender = Appender::claim(&journal, 0).await;
    let mut written = Vec::new();
    for _ in 0..5 {
        written.push(write(&journal, &appender.next(700)).await);
    }
    set_up(&disk.faults);
    let unknown = appender.next(700);
    assert_eq!(append(&journal, &unknown).await, Appended::Unknown);
    soon(journal.failed()).await;
    assert!(journal.has_failed());
    assert_eq!(
        append(&journal, &appender.next(700)).await,
        Appended::Unknown
    );
    assert_eq!(journal.durable(), written[4].0);
    let claim = journal.claim(ShardId(0), NodeId(1)).await;
    assert!(matches!(claim, Err(Error::Stopped)));
    let replay = journal.replay(Position::START, &mut |_, _| ControlFlow::Continue(()));
    assert!(matches!(replay, Err(Error::Stopped)));
    let tail = journal.tail(ShardId(0), Position::START, 1).await;
    assert!(matches!(tail, Err(Error::Stopped)));
    assert!(matches!(soon(journal.close()).await, Err(Error::Stopped)));
    let fired = disk.faults.fired();
    assert_eq!(
        fired.failed_syncs + fired.failed_writes,
        1,
        "never retried: {fired:?}"
    );
    let journal = disk.start();
    let found = effects(&journal);
    assert_eq!(found[..5], written, "all that was acknowledged is there");
    assert!(found[5..].iter().all(|(_, record)| *record == unknown));
    let mut appender = Appender::claim(&journal, 0).await;
    write(&journal, &appender.next(700)).await;
    disk
}

#[tokio::test]
async fn a_failed_sync_stops_the_journal() {
    fails_by(|faults| faults.fail_next_sync(EIO)).await;
}

#[tokio::test]
async fn a_full_disk_stops_the_journal() {
    fails_by(|faults| faults.fail_next_write(ENOSPC)).await;
}

#[tokio::test]
async fn a_torn_write_stops_the_journal() {
    let disk = fails_by(|faults| faults.tear_next_write(512)).await;
    assert_eq!(disk.faults.fired().torn_writes, 1);
}

#[tokio::test]
async fn after_a_sync_error_the_tail_is_copied_to_a_new_file() {
    let disk = Disk::new();
    let journal = disk.start();
    let mut appender = Appender::claim(&journal, 0).await;
    let written = write(&journal, &appender.next(100)).await;
    let before = std::fs::metadata(disk.segment(1)).unwrap().ino();
    // Held open, so that the system cannot give the number of the old file to the new one.
    let _old = std::fs::File::open(disk.segment(1)).unwrap();
    disk.faults.fail_next_sync(EIO);
    assert_eq!(
        append(&journal, &appender.next(100)).await,
        Appended::Unknown
    );
    assert_eq!(disk.faults.fired().failed_syncs, 1);
    drop(journal);
    let journal = disk.start();
    let copied = std::fs::metadata(disk.segment(1)).unwrap().ino();
    assert_ne!(before, copied);
    assert_eq!(effects(&journal)[0], written);
    soon(journal.close()).await.unwrap();
    let journal = disk.start();
    let kept = std::fs::metadata(disk.segment(1)).unwrap().ino();
    assert_eq!(copied, kept, "a close in good order spares the copy");
    drop(journal);
}

#[tokio::test]
async fn nothing_is_told_or_shown_before_it_is_durable_and_what_waits_shares_a_sync() {
    let disk = Disk::new();
    let journal = disk.start();
    let mut appender = Appender::claim(&journal, 0).await;
    let claimed = replayed(&journal, Position::START)[0].0;
    let batches = journal.stats().batches;
    let paused = disk.faults.pause_syncs();
    let listener = Listener::new();
    journal.append(appender.next(10), listener.of(0));
    assert!(
        disk.faults
            .wait_until(PATIENCE, |fired| fired.paused_syncs == 1)
    );
    for label in 1..=100 {
        journal.append(appender.next(10), listener.of(label));
    }
    assert_eq!(listener.heard(), []);
    assert!(journal.durable() <= claimed);
    assert_eq!(replayed(&journal, claimed), []);
    assert_eq!(journal.tail(ShardId(0), claimed, 10).await.unwrap(), []);
    drop(paused);
    assert_eq!(listener.wait(101).await.len(), 101);
    assert_eq!(journal.stats().batches, batches + 2);
    assert_eq!(disk.faults.fired().paused_syncs, 1);
}

#[tokio::test]
async fn claims_of_all_shards_share_batches() {
    let disk = Disk::new();
    let journal = disk.start();
    let paused = disk.faults.pause_syncs();
    let claims: Vec<_> = (0..256)
        .map(|shard| journal.claim(ShardId(shard), NodeId(1)))
        .collect();
    assert!(
        disk.faults
            .wait_until(PATIENCE, |fired| fired.paused_syncs == 1)
    );
    drop(paused);
    for claim in claims {
        claim.await.unwrap();
    }
    assert!(journal.stats().batches <= 2, "{:?}", journal.stats());
    assert_eq!(journal.stats().records, 256);
}

#[tokio::test]
async fn a_delay_lengthens_every_sync() {
    let disk = Disk::new();
    let journal = disk.start();
    disk.faults.delay_syncs(Duration::from_millis(5));
    let mut appender = Appender::claim(&journal, 0).await;
    write(&journal, &appender.next(10)).await;
    assert_eq!(disk.faults.fired().delayed_syncs, 2);
    assert!(journal.stats().last_sync_micros >= 5_000);
    drop(journal);
    let options = Options {
        segment_bytes: SEGMENT,
        sync_delay: Duration::from_millis(6),
        faults: None,
    };
    let journal = SegmentJournal::open(disk.path(), options).unwrap();
    Appender::claim(&journal, 0).await;
    assert!(journal.stats().last_sync_micros >= 6_000);
}

#[tokio::test]
async fn a_dropped_journal_settles_everyone_and_loses_nothing_acknowledged() {
    let disk = Disk::new();
    let journal = disk.start();
    let mut appender = Appender::claim(&journal, 0).await;
    let listener = Listener::new();
    let paused = disk.faults.pause_syncs();
    journal.append(appender.next(10), listener.of(0));
    assert!(
        disk.faults
            .wait_until(PATIENCE, |fired| fired.paused_syncs == 1)
    );
    journal.append(appender.next(10), listener.of(1));
    let dropping = std::thread::spawn(move || drop(journal));
    drop(paused);
    dropping.join().unwrap();
    let told = listener.heard();
    assert_eq!(told.len(), 2);
    let durable = told
        .iter()
        .filter(|told| told.1 != Appended::Unknown)
        .count();
    assert!(effects(&disk.start()).len() >= durable);
}

#[tokio::test]
async fn what_comes_while_a_close_waits_for_the_disk_is_refused_in_its_turn() {
    let disk = Disk::new();
    let journal = disk.start();
    let mut appender = Appender::claim(&journal, 0).await;
    let listener = Listener::new();
    let paused = disk.faults.pause_syncs();
    journal.append(appender.next(10), listener.of(0));
    assert!(
        disk.faults
            .wait_until(PATIENCE, |fired| fired.paused_syncs == 1)
    );
    let closing = journal.close();
    journal.append(appender.next(10), listener.of(1));
    assert_eq!(listener.heard(), []);
    drop(paused);
    soon(closing).await.unwrap();
    let told = listener.wait(2).await;
    assert!(matches!(told[0], (0, Appended::Durable(_))));
    assert_eq!(told[1], (1, Appended::Unknown));
}

struct Panics;

impl Completion for Panics {
    fn resolve(&self, _appended: Appended) {
        panic!("a completion that breaks its promise");
    }
}

#[tokio::test]
async fn a_panicking_completion_stops_the_journal_and_leaves_nobody_waiting() {
    let disk = Disk::new();
    let journal = disk.start();
    let mut appender = Appender::claim(&journal, 0).await;
    let listener = Listener::new();
    let paused = disk.faults.pause_syncs();
    journal.append(appender.next(10), Arc::new(Panics));
    journal.append(appender.next(10), listener.of(0));
    drop(paused);
    listener.wait(1).await;
    soon(journal.failed()).await;
    assert_eq!(
        append(&journal, &appender.next(10)).await,
        Appended::Unknown
    );
}

#[tokio::test]
async fn a_record_over_the_limit_is_refused_with_all_after_it_in_its_epoch() {
    let disk = Disk::new();
    let journal = disk.start();
    let mut appender = Appender::claim(&journal, 0).await;
    let large = appender.next(limits::RECORD_BYTES_MAX + 1);
    assert_eq!(append(&journal, &large).await, Appended::Unknown);
    assert_eq!(
        append(&journal, &appender.next(10)).await,
        Appended::Unknown
    );
    assert!(!journal.has_failed());
    let mut appender = Appender::claim(&journal, 0).await;
    let written = write(&journal, &appender.next(10)).await;
    assert_eq!(effects(&journal), [written]);
}
