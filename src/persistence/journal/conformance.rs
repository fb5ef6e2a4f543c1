//! What every journal must do, whatever it is made of. A backend passes by naming itself once:
//! `conformance::suite!(MyBackend::new())`, and each claim below becomes a test of it.

use std::future::Future;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clientele_cluster::{Epoch, NodeId, Seq, ShardId};
use futures_util::FutureExt;
use futures_util::future::join_all;
use parking_lot::Mutex;
use tokio::sync::watch;

use super::{Appended, Body, Claimed, Completion, Error, Journal, Position, Record};

/// A kind of journal under test: one log, opened over and over.
pub(crate) trait Backend {
    /// The journal.
    type Journal: Journal;

    /// Opens the log; the journal opened before is closed or dropped.
    fn open(&self) -> impl Future<Output = Self::Journal>;

    /// Stores `record` in the log behind the journal's back, as another node might; says no if nobody else can write
    /// the log.
    fn inject(&self, _record: &Record) -> bool {
        false
    }
}

/// Hears what became of records, in the order in which it is told.
#[derive(Clone)]
pub(crate) struct Listener {
    told: Arc<Mutex<Vec<(u64, Appended)>>>,
    count: Arc<watch::Sender<usize>>,
}

struct Heard {
    label: u64,
    listener: Listener,
}

impl Completion for Heard {
    fn resolve(&self, appended: Appended) {
        self.listener.told.lock().push((self.label, appended));
        self.listener.count.send_modify(|count| *count += 1);
    }
}

impl Listener {
    /// Has heard nothing.
    pub(crate) fn new() -> Listener {
        Listener {
            told: Arc::default(),
            count: Arc::new(watch::Sender::new(0)),
        }
    }

    /// To be told of the record `label`.
    pub(crate) fn of(&self, label: u64) -> Arc<dyn Completion> {
        let listener = self.clone();
        Arc::new(Heard { label, listener })
    }

    /// All that was told, once it is `count`.
    pub(crate) async fn wait(&self, count: usize) -> Vec<(u64, Appended)> {
        let mut counted = self.count.subscribe();
        drop(soon(counted.wait_for(|heard| *heard >= count)).await);
        self.heard()
    }

    /// All that was told so far.
    pub(crate) fn heard(&self) -> Vec<(u64, Appended)> {
        self.told.lock().clone()
    }
}

/// What `future` gives, which must not take for ever.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    let patience = Duration::from_secs(30);
    tokio::time::timeout(patience, future)
        .await
        .expect("somebody is left waiting")
}

/// The owner of a shard, which numbers its records.
#[derive(Clone, Copy)]
pub(crate) struct Appender {
    shard: ShardId,
    epoch: Epoch,
    next: Seq,
}

impl Appender {
    /// Claims the shard.
    pub(crate) async fn claim(journal: &impl Journal, shard: u16) -> Appender {
        let shard = ShardId(shard);
        let claimed = journal.claim(shard, NodeId(1)).await.unwrap();
        Appender {
            shard,
            epoch: claimed.epoch,
            next: claimed.next_seq,
        }
    }

    /// The next record, with some payload.
    pub(crate) fn next(&mut self, bytes: usize) -> Record {
        let seq = self.next;
        self.next = Seq(seq.0 + 1);
        let fill = u8::try_from(seq.0 % 251).unwrap();
        let payload = Bytes::from(vec![fill; bytes]);
        Record {
            shard: self.shard,
            epoch: self.epoch,
            body: Body::Effect { seq, payload },
        }
    }

    /// Leaves a number out.
    pub(crate) fn skip(&mut self) {
        self.next = Seq(self.next.0 + 1);
    }
}

/// Appends one record and waits for its outcome.
pub(crate) async fn append(journal: &impl Journal, record: &Record) -> Appended {
    let listener = Listener::new();
    journal.append(record.clone(), listener.of(0));
    listener.wait(1).await[0].1
}

/// Appends one record that must become durable.
pub(crate) async fn write(journal: &impl Journal, record: &Record) -> (Position, Record) {
    match append(journal, record).await {
        Appended::Durable(position) => (position, record.clone()),
        Appended::Unknown => panic!("not durable: {record:?}"),
    }
}

/// All that a replay gives.
pub(crate) fn replayed(journal: &impl Journal, after: Position) -> Vec<(Position, Record)> {
    let mut records = Vec::new();
    let mut each = |position, record| {
        records.push((position, record));
        ControlFlow::Continue(())
    };
    journal.replay(after, &mut each).unwrap();
    records
}

fn is_effect(entry: &(Position, Record)) -> bool {
    matches!(entry.1.body, Body::Effect { .. })
}

/// All effects that a replay from the start gives.
pub(crate) fn effects(journal: &impl Journal) -> Vec<(Position, Record)> {
    let mut records = replayed(journal, Position::START);
    records.retain(is_effect);
    records
}

/// Writes `count` records in turn over the shards 0 to `shards`, all in flight at once.
pub(crate) async fn fill(
    journal: &impl Journal,
    shards: u16,
    count: usize,
    bytes: usize,
) -> Vec<(Position, Record)> {
    let mut appenders = Vec::new();
    for shard in 0..shards {
        appenders.push(Appender::claim(journal, shard).await);
    }
    let listener = Listener::new();
    let mut records = Vec::new();
    for index in 0..count {
        let turn = index % usize::from(shards);
        let record = appenders[turn].next(bytes);
        let label = u64::try_from(index).unwrap();
        journal.append(record.clone(), listener.of(label));
        records.push(record);
    }
    let told = listener.wait(count).await;
    let written = told.into_iter().map(|(label, appended)| {
        let Appended::Durable(position) = appended else {
            panic!("record {label} is not durable");
        };
        let index = usize::try_from(label).unwrap();
        (position, records[index].clone())
    });
    written.collect()
}

pub(crate) async fn outcomes_come_in_order_and_positions_rise<B: Backend>(backend: B) {
    let journal = backend.open().await;
    let written = fill(&journal, 4, 500, 100).await;
    assert!(written.is_sorted_by(|one, other| one.0 < other.0));
    for shard in 0..4 {
        let shard = ShardId(shard);
        let seqs = written.iter().filter_map(|(_, record)| match record.body {
            Body::Effect { seq, .. } if record.shard == shard => Some(seq.0),
            Body::Effect { .. } | Body::Claim { .. } => None,
        });
        assert!(seqs.eq(1..=125), "shard {shard} is out of order");
    }
    assert!(journal.durable() >= written[498].0);
}

pub(crate) async fn a_replay_gives_what_was_acknowledged<B: Backend>(backend: B) {
    let journal = backend.open().await;
    let written = fill(&journal, 3, 300, 50).await;
    let read = replayed(&journal, Position::START);
    let claims: Vec<_> = read.iter().filter(|entry| !is_effect(entry)).collect();
    assert_eq!(claims.len(), 3, "claims are delivered too");
    assert_eq!(effects(&journal), written);
    for start in [0, 1, 150, 298] {
        assert_eq!(replayed(&journal, written[start].0), written[start + 1..]);
    }
    assert_eq!(replayed(&journal, written[299].0), []);
    let mut seen = 0;
    let mut each = |_, _| {
        seen += 1;
        if seen < 7 {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    };
    journal.replay(Position::START, &mut each).unwrap();
    assert_eq!(seen, 7, "a replay stops when it is told to");
}

pub(crate) async fn a_duplicate_is_refused<B: Backend>(backend: B) {
    let journal = backend.open().await;
    let mut appender = Appender::claim(&journal, 1).await;
    let record = appender.next(10);
    let first = write(&journal, &record).await;
    assert_eq!(append(&journal, &record).await, Appended::Unknown);
    assert_eq!(effects(&journal), [first]);
}

pub(crate) async fn a_gap_poisons_the_epoch_until_the_next_claim<B: Backend>(backend: B) {
    let journal = backend.open().await;
    let mut appender = Appender::claim(&journal, 1).await;
    let mut written = vec![write(&journal, &appender.next(10)).await];
    let missing = appender;
    appender.skip();
    assert_eq!(
        append(&journal, &appender.next(10)).await,
        Appended::Unknown
    );
    let late = append(&journal, &{ missing }.next(10)).await;
    assert_eq!(late, Appended::Unknown, "the missing record comes too late");
    let mut appender = Appender::claim(&journal, 1).await;
    written.push(write(&journal, &appender.next(10)).await);
    assert_eq!(effects(&journal), written);
}

pub(crate) async fn a_claim_fences_older_epochs<B: Backend>(backend: B) {
    let journal = backend.open().await;
    let mut old = Appender::claim(&journal, 1).await;
    let mut other = Appender::claim(&journal, 2).await;
    let mut written = vec![write(&journal, &old.next(10)).await];
    let mut new = Appender::claim(&journal, 1).await;
    assert!(new.epoch > old.epoch);
    assert_eq!(append(&journal, &old.next(10)).await, Appended::Unknown);
    written.push(write(&journal, &new.next(10)).await);
    written.push(write(&journal, &other.next(10)).await);
    assert_eq!(effects(&journal), written);
    let mut ahead = new;
    ahead.epoch = Epoch(new.epoch.0 + 1);
    let unclaimed = append(&journal, &ahead.next(10)).await;
    assert_eq!(
        unclaimed,
        Appended::Unknown,
        "nobody has claimed that epoch"
    );
}

pub(crate) async fn many_claims_at_once_are_all_won<B: Backend>(backend: B) {
    let journal = backend.open().await;
    let claims = (0..256).map(|shard| journal.claim(ShardId(shard), NodeId(7)));
    let claims: Vec<Claimed> = join_all(claims)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let mut positions: Vec<_> = claims.iter().map(|claimed| claimed.position).collect();
    positions.sort_unstable();
    positions.dedup();
    assert_eq!(positions.len(), 256);
    assert!(claims.iter().all(|claimed| claimed.next_seq == Seq::FIRST));
}

pub(crate) async fn a_tail_is_the_replay_of_one_shard<B: Backend>(backend: B) {
    let journal = backend.open().await;
    fill(&journal, 3, 90, 20).await;
    let mut expected = replayed(&journal, Position::START);
    expected.retain(|(_, record)| record.shard == ShardId(1));
    let mut read = Vec::new();
    let mut after = Position::START;
    loop {
        let piece = journal.tail(ShardId(1), after, 7).await.unwrap();
        assert!(piece.len() <= 7);
        let Some((last, _)) = piece.last() else { break };
        after = *last;
        read.extend(piece);
    }
    assert_eq!(read, expected);
    let (end, _) = expected[expected.len() - 1];
    assert_eq!(journal.tail(ShardId(1), end, 7).await.unwrap(), []);
    assert_eq!(
        journal.tail(ShardId(9), Position::START, 7).await.unwrap(),
        []
    );
}

pub(crate) async fn a_trim_hides_nothing_after_it<B: Backend>(backend: B) {
    let journal = backend.open().await;
    let written = fill(&journal, 2, 400, 1_000).await;
    let to = written[299].0;
    journal.trim(to).unwrap();
    assert_eq!(replayed(&journal, to), written[300..]);
    let shard = written[300].1.shard;
    let tail = journal.tail(shard, to, 1_000).await.unwrap();
    assert_eq!(tail.len(), 50);
    soon(journal.close()).await.unwrap();
    drop(journal);
    let journal = backend.open().await;
    assert_eq!(
        replayed(&journal, to),
        written[300..],
        "after a restart, too"
    );
}

pub(crate) async fn a_restart_finds_everything<B: Backend>(backend: B) {
    let journal = backend.open().await;
    let written = fill(&journal, 3, 200, 30).await;
    let before = replayed(&journal, Position::START);
    soon(journal.close()).await.unwrap();
    drop(journal);
    let journal = backend.open().await;
    assert_eq!(replayed(&journal, Position::START), before);
    assert_eq!(journal.durable(), written[199].0);
    let claimed = journal.claim(ShardId(0), NodeId(2)).await.unwrap();
    assert!(claimed.epoch > written[0].1.epoch, "no epoch is used twice");
    assert!(claimed.position > written[199].0, "nor is a position");
}

pub(crate) async fn a_close_settles_everything<B: Backend>(backend: B) {
    let journal = backend.open().await;
    let mut appender = Appender::claim(&journal, 1).await;
    let listener = Listener::new();
    for label in 0..100 {
        journal.append(appender.next(10), listener.of(label));
    }
    soon(journal.close()).await.unwrap();
    let told = listener.heard();
    assert_eq!(told.len(), 100, "a close waits for what was handed over");
    assert!(
        told.iter()
            .all(|(_, appended)| matches!(appended, Appended::Durable(_)))
    );
    assert_eq!(
        append(&journal, &appender.next(10)).await,
        Appended::Unknown
    );
    let claim = journal.claim(ShardId(1), NodeId(1)).await;
    assert!(matches!(claim, Err(Error::Stopped)));
    assert!(matches!(journal.trim(Position::START), Err(Error::Stopped)));
    soon(journal.close()).await.unwrap();
    assert!(!journal.has_failed());
    assert!(
        journal.failed().now_or_never().is_none(),
        "a close is no failure"
    );
}

pub(crate) async fn what_comes_after_a_close_is_refused_in_its_turn<B: Backend>(backend: B) {
    let journal = backend.open().await;
    let mut appender = Appender::claim(&journal, 1).await;
    let listener = Listener::new();
    for label in 0..50 {
        journal.append(appender.next(10), listener.of(label));
    }
    let closing = journal.close();
    journal.append(appender.next(10), listener.of(50));
    soon(closing).await.unwrap();
    let told = listener.wait(51).await;
    assert!(told.iter().map(|(label, _)| *label).eq(0..51));
    assert_eq!(told[50].1, Appended::Unknown);
}

pub(crate) async fn what_others_write_against_the_rules_is_not_read<B: Backend>(backend: B) {
    let journal = backend.open().await;
    let mut appender = Appender::claim(&journal, 1).await;
    let record = appender.next(10);
    let written = write(&journal, &record).await;
    let mut stale = record.clone();
    stale.epoch = Epoch(0);
    if !backend.inject(&stale) {
        return;
    }
    assert!(backend.inject(&record), "a duplicate");
    let mut gap = appender;
    gap.skip();
    assert!(backend.inject(&gap.next(10)), "a gap");
    assert_eq!(
        append(&journal, &appender.next(10)).await,
        Appended::Unknown
    );
    assert_eq!(effects(&journal), std::slice::from_ref(&written));
    let foreign = Record {
        shard: ShardId(1),
        epoch: Epoch(appender.epoch.0 + 5),
        body: Body::Claim { node: NodeId(77) },
    };
    assert!(backend.inject(&foreign), "another node's claim");
    assert_eq!(
        append(&journal, &appender.next(10)).await,
        Appended::Unknown
    );
    let claimed = journal.claim(ShardId(1), NodeId(1)).await.unwrap();
    assert!(claimed.epoch > foreign.epoch);
    assert_eq!(effects(&journal), [written]);
    let tail = journal
        .tail(ShardId(1), Position::START, 100)
        .await
        .unwrap();
    assert_eq!(tail.len(), 4, "three claims and a record count: {tail:?}");
}

/// One test for each claim, of the backend that the expression makes.
macro_rules! suite {
    ($backend:expr) => {
        $crate::persistence::journal::conformance::suite! { $backend;
            outcomes_come_in_order_and_positions_rise,
            a_replay_gives_what_was_acknowledged,
            a_duplicate_is_refused,
            a_gap_poisons_the_epoch_until_the_next_claim,
            a_claim_fences_older_epochs,
            many_claims_at_once_are_all_won,
            a_tail_is_the_replay_of_one_shard,
            a_trim_hides_nothing_after_it,
            a_restart_finds_everything,
            a_close_settles_everything,
            what_comes_after_a_close_is_refused_in_its_turn,
            what_others_write_against_the_rules_is_not_read,
        }
    };
    ($backend:expr; $($claim:ident,)*) => {
        $(
            #[tokio::test]
            async fn $claim() {
                $crate::persistence::journal::conformance::$claim($backend).await;
            }
        )*
    };
}
pub(crate) use suite;
