//! The memory journal passes the suite, and its faults do what they say, the same for the same seed.

use std::time::Duration;

use clientele_cluster::Seq;

use super::*;
use crate::persistence::journal::conformance::{
    Appender, Backend, Listener, append, effects, replayed, soon, suite, write,
};

struct Memory(MemoryLog);

impl Backend for Memory {
    type Journal = MemoryJournal;

    async fn open(&self) -> MemoryJournal {
        MemoryJournal::open(self.0.clone(), FaultPlan::none())
    }

    fn inject(&self, record: &Record) -> bool {
        self.0.append(record.clone());
        true
    }
}

suite!(Memory(MemoryLog::new()));

const ALWAYS: u32 = 1_000_000;

/// A journal on a log with one claimed shard, with `plan` from then on.
async fn with(plan: FaultPlan) -> (MemoryLog, MemoryJournal, Appender) {
    let log = MemoryLog::new();
    let healthy = MemoryJournal::open(log.clone(), FaultPlan::none());
    let appender = Appender::claim(&healthy, 0).await;
    let journal = MemoryJournal::open(log.clone(), plan);
    (log, journal, appender)
}

fn reopened(log: &MemoryLog) -> MemoryJournal {
    MemoryJournal::open(log.clone(), FaultPlan::none())
}

#[tokio::test]
async fn a_duplicate_counts_once() {
    let plan = FaultPlan {
        duplicate_per_million: ALWAYS,
        ..FaultPlan::none()
    };
    let (log, journal, mut appender) = with(plan).await;
    let written = [
        write(&journal, &appender.next(10)).await,
        write(&journal, &appender.next(10)).await,
    ];
    assert_eq!(journal.struck().duplicates, 2);
    assert_eq!(log.stored(), 5);
    assert_eq!(effects(&journal), written);
}

#[tokio::test]
async fn a_lost_ack_leaves_the_record_and_ends_the_epoch() {
    let plan = FaultPlan {
        lost_ack_per_million: ALWAYS,
        ..FaultPlan::none()
    };
    let (log, journal, mut appender) = with(plan).await;
    let record = appender.next(10);
    assert_eq!(append(&journal, &record).await, Appended::Unknown);
    assert_eq!(journal.struck().lost_acks, 1);
    let found = effects(&reopened(&log));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].1, record);
    assert!(!journal.has_failed());
    let plan = FaultPlan {
        lost_ack_per_million: 200_000,
        seed: 1,
        ..FaultPlan::none()
    };
    let (log, journal, mut appender) = with(plan).await;
    let mut outcomes = Vec::new();
    for _ in 0..30 {
        outcomes.push(append(&journal, &appender.next(10)).await != Appended::Unknown);
    }
    let acknowledged = outcomes.iter().take_while(|durable| **durable).count();
    assert!(acknowledged > 0 && acknowledged < 20, "{outcomes:?}");
    assert!(!outcomes[acknowledged..].contains(&true), "{outcomes:?}");
    assert_eq!(effects(&reopened(&log)).len(), 30);
}

#[tokio::test]
async fn a_gap_loses_the_record_and_all_after_it_in_its_epoch() {
    let plan = FaultPlan {
        gap_per_million: 400_000,
        seed: 3,
        ..FaultPlan::none()
    };
    let (log, journal, mut appender) = with(plan).await;
    let mut acknowledged = Vec::new();
    let mut lost = false;
    for _ in 0..20 {
        let record = appender.next(10);
        match append(&journal, &record).await {
            Appended::Durable(position) => {
                assert!(!lost, "acknowledged behind a gap");
                acknowledged.push((position, record));
            }
            Appended::Unknown => lost = true,
        }
    }
    assert!(journal.struck().gaps > 0 && lost);
    assert_eq!(effects(&reopened(&log)), acknowledged);
}

#[tokio::test]
async fn a_foreign_claim_fences_the_owner() {
    let plan = FaultPlan {
        foreign_claim_per_million: ALWAYS,
        ..FaultPlan::none()
    };
    let (log, journal, mut appender) = with(plan).await;
    assert_eq!(
        append(&journal, &appender.next(10)).await,
        Appended::Unknown
    );
    assert_eq!(journal.struck().foreign_claims, 1);
    assert_eq!(effects(&reopened(&log)), []);
    let beaten = journal.claim(ShardId(0), NodeId(1)).await;
    assert!(matches!(beaten, Err(Error::Fenced { .. })), "{beaten:?}");
    let next = reopened(&log).claim(ShardId(0), NodeId(1)).await.unwrap();
    assert_eq!(next.next_seq, Seq::FIRST);
}

#[tokio::test(start_paused = true)]
async fn a_crash_forgets_nothing_that_was_acknowledged() {
    for seed in 0..50 {
        let plan = FaultPlan {
            seed,
            sync_min: Duration::from_millis(1),
            sync_max: Duration::from_millis(3),
            ..FaultPlan::none()
        };
        let (log, journal, mut appender) = with(plan).await;
        let listener = Listener::new();
        let mut records = Vec::new();
        for label in 0..30_u64 {
            let record = appender.next(10);
            journal.append(record.clone(), listener.of(label));
            records.push(record);
            if label % 3 == 0 {
                // waits for: the plan's own syncs, on tokio's paused clock, so that the crash finds records at every stage.
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        journal.crash();
        assert!(journal.has_failed());
        soon(journal.failed()).await;
        let told = listener.heard();
        assert_eq!(told.len(), 30, "nobody is left waiting");
        let durable = told
            .iter()
            .filter(|told| told.1 != Appended::Unknown)
            .count();
        let found: Vec<_> = effects(&reopened(&log))
            .into_iter()
            .map(|entry| entry.1)
            .collect();
        assert!(found.len() >= durable, "{durable} were acknowledged");
        assert_eq!(
            found,
            records[..found.len()],
            "and nothing was torn out of the middle"
        );
    }
}

#[tokio::test]
async fn a_crash_of_the_plan_fails_the_journal() {
    let plan = FaultPlan {
        crash_per_million: ALWAYS,
        ..FaultPlan::none()
    };
    let (_log, journal, mut appender) = with(plan).await;
    assert_eq!(
        append(&journal, &appender.next(10)).await,
        Appended::Unknown
    );
    soon(journal.failed()).await;
    assert_eq!(journal.struck().crashes, 1);
    assert!(matches!(soon(journal.close()).await, Err(Error::Stopped)));
    let claim = journal.claim(ShardId(0), NodeId(1)).await;
    assert!(matches!(claim, Err(Error::Stopped)));
}

async fn run_of(
    seed: u64,
) -> (
    Vec<(u64, Appended)>,
    Vec<(Position, Record)>,
    Struck,
    Duration,
) {
    let plan = FaultPlan {
        seed,
        sync_min: Duration::from_micros(50),
        sync_max: Duration::from_millis(2),
        duplicate_per_million: 50_000,
        lost_ack_per_million: 20_000,
        gap_per_million: 20_000,
        foreign_claim_per_million: 20_000,
        crash_per_million: 0,
    };
    let started = tokio::time::Instant::now();
    let log = MemoryLog::new();
    let journal = MemoryJournal::open(log.clone(), plan);
    let listener = Listener::new();
    let mut label = 0;
    for round in 0..20_u16 {
        let shard = ShardId(round % 4);
        let Ok(claimed) = journal.claim(shard, NodeId(1)).await else {
            continue;
        };
        for number in 0..10 {
            let seq = Seq(claimed.next_seq.0 + number);
            let payload = bytes::Bytes::from_static(b"effect");
            let epoch = claimed.epoch;
            let body = Body::Effect { seq, payload };
            journal.append(Record { shard, epoch, body }, listener.of(label));
            label += 1;
        }
        listener.wait(usize::try_from(label).unwrap()).await;
    }
    let read = replayed(&journal, Position::START);
    (listener.heard(), read, journal.struck(), started.elapsed())
}

#[tokio::test(start_paused = true)]
async fn equal_seeds_give_equal_runs() {
    let first = run_of(11).await;
    assert_eq!(first, run_of(11).await);
    let other = run_of(12).await;
    assert_ne!(
        (first.0, first.3),
        (other.0, other.3),
        "and other seeds others"
    );
    let struck = first.2;
    assert!(struck.duplicates > 0 && struck.lost_acks > 0, "{struck:?}");
    assert!(struck.gaps > 0 && struck.foreign_claims > 0, "{struck:?}");
}
