//! Segments come, fill up and go; and the lock.

use std::fs;

use super::*;

#[tokio::test]
async fn a_full_segment_is_followed_by_the_next() {
    let disk = Disk::new();
    let journal = disk.start();
    let written = fill(&journal, 3, 300, 1_000).await;
    let live = live(&journal);
    assert!(live.len() >= 4, "{live:?}");
    assert!(
        live.iter()
            .map(|segment| segment.0)
            .eq(1..=live.len() as u64)
    );
    assert!(live.iter().all(|(_, _, end)| *end <= SEGMENT));
    assert_eq!(effects(&journal), written);
    drop(journal);
    assert_eq!(effects(&disk.start()), written);
}

#[tokio::test]
async fn segments_are_zeroed_ahead_of_use() {
    let disk = Disk::new();
    let journal = disk.start();
    fill(&journal, 1, 100, 1_000).await;
    let live = live(&journal);
    assert!(live.len() > 1);
    for (id, _, used) in live {
        let bytes = fs::read(disk.segment(id)).unwrap();
        assert_eq!(bytes.len() as u64, SEGMENT);
        let rest = &bytes[usize::try_from(used).unwrap()..];
        assert!(rest.iter().all(|byte| *byte == 0));
    }
}

#[tokio::test]
async fn a_trim_gives_space_back_and_keeps_epochs_and_numbers() {
    let disk = Disk::new();
    let journal = disk.start();
    let mut idle = Appender::claim(&journal, 9).await;
    for _ in 0..3 {
        idle = Appender::claim(&journal, 9).await;
    }
    write(&journal, &idle.next(10)).await;
    let written = fill(&journal, 2, 300, 1_000).await;
    let before = live(&journal).len();
    let to = written[250].0;
    journal.trim(to).unwrap();
    let kept = live(&journal);
    assert!(kept.len() < before);
    assert!(!disk.segment(1).exists());
    assert_eq!(replayed(&journal, to), written[251..]);
    drop(journal);
    let journal = disk.start();
    assert_eq!(live(&journal), kept, "the trim survives a restart");
    assert_eq!(replayed(&journal, to), written[251..]);
    write(&journal, &idle.next(10)).await;
    journal.close().await.unwrap();
    drop(journal);
    let journal = disk.start();
    let claimed = journal.claim(ShardId(9), NodeId(1)).await.unwrap();
    assert_eq!(
        claimed.epoch.0, 5,
        "its four claims were trimmed, and still count"
    );
}

#[tokio::test]
async fn the_active_segment_is_never_trimmed() {
    let disk = Disk::new();
    let journal = disk.start();
    fill(&journal, 1, 100, 1_000).await;
    journal.trim(Position(u64::MAX)).unwrap();
    assert_eq!(live(&journal).len(), 1);
    assert!(!effects(&journal).is_empty());
    let mut appender = Appender::claim(&journal, 0).await;
    write(&journal, &appender.next(10)).await;
}

#[tokio::test]
async fn a_cursor_reads_files_while_the_journal_grows() {
    let disk = Disk::new();
    let journal = disk.start();
    let mut written = fill(&journal, 2, 200, 500).await;
    drop(journal);
    // What was written before the start is in the files only.
    let journal = disk.start();
    let grow = async {
        let mut appender = Appender::claim(&journal, 1).await;
        let mut grown = Vec::new();
        for _ in 0..100 {
            grown.push(write(&journal, &appender.next(500)).await);
        }
        grown
    };
    let follow = async {
        let mut seen: Vec<(Position, Record)> = Vec::new();
        while seen.len() < 200 + 2 {
            let after = seen.last().map_or(Position::START, |entry| entry.0);
            seen.extend(journal.tail(ShardId(1), after, 3).await.unwrap());
            tokio::task::yield_now().await;
        }
        seen
    };
    let (grown, seen) = soon(futures_util::future::join(grow, follow)).await;
    written.extend(grown);
    written.retain(|(_, record)| record.shard == ShardId(1));
    let mut effects = seen;
    effects.retain(|(_, record)| matches!(record.body, Body::Effect { .. }));
    assert_eq!(effects, written);
}

#[tokio::test]
async fn what_a_crash_leaves_of_a_new_segment_is_removed() {
    let disk = Disk::new();
    let journal = disk.start();
    let written = fill(&journal, 1, 3, 10).await;
    drop(journal);
    fs::write(disk.segment(9), vec![0; 700]).unwrap();
    fs::write(
        disk.path().join("journal/0000000000000001.seg.new"),
        b"half",
    )
    .unwrap();
    let journal = disk.start();
    assert_eq!(effects(&journal), written);
    assert!(!disk.segment(9).exists());
    drop(journal);
    let fresh = Disk::new();
    fs::create_dir(fresh.path().join("journal")).unwrap();
    fs::write(fresh.segment(1), vec![0; 700]).unwrap();
    assert_eq!(
        effects(&fresh.start()),
        [],
        "a crash in the very first start"
    );
}

#[tokio::test]
async fn one_process_at_a_time_serves_a_directory() {
    let disk = Disk::new();
    let journal = disk.start();
    let refused = disk.try_open().err().unwrap();
    assert!(
        matches!(refused, Error::Io { action: "lock", .. }),
        "{refused}"
    );
    journal.close().await.unwrap();
    disk.start();
}

#[test]
fn segments_out_of_bounds_are_refused() {
    let disk = Disk::new();
    for segment_bytes in [0, 512, SEGMENT + 1, u64::MAX] {
        let options = Options {
            segment_bytes,
            ..Options::default()
        };
        let refused = SegmentJournal::open(disk.path(), options).err().unwrap();
        assert!(
            matches!(refused, Error::Io { action: "open", .. }),
            "{refused}"
        );
    }
}
