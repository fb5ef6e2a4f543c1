//! The memory journal, for simulation: a log that outlives the process, and every fault that a real one knows.
//!
//! It runs as one task on the current tokio runtime and takes its time from it, so that under simulated time equal
//! seeds give equal runs. It gathers what waits into a batch, lets the plan's time pass, stores the batch, and then
//! runs the completions, as the real ones do.
//!
//! Architecture invariant: no threads, no clock but tokio's, no order that depends on addresses or hashes.

mod log;
mod plan;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;
use std::sync::Arc;

use clientele_cluster::{Epoch, NodeId, ShardId};
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

pub use self::log::MemoryLog;
pub use self::plan::{FaultPlan, Struck};

use self::plan::{Dice, Strike};
use super::handover::{self, ClaimAnswer, Handover};
use super::{Appended, Body, Claimed, Completion, Error, Journal, Position, Record};
use crate::limits;

/// The node whose claims a plan makes land.
const FOREIGN_NODE: NodeId = NodeId(u64::MAX);
/// A replay copies so many records at a time out of the log, and gives them to the caller without its lock.
const REPLAY_RECORDS: usize = 1_024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    Closing,
    Stopped,
}

/// What is owed once the batch is stored.
enum Owed {
    Append(Arc<dyn Completion>, Option<Position>),
    Claim(ClaimAnswer, Result<Claimed, Error>),
}

struct State {
    phase: Phase,
    waiting: VecDeque<Handover>,
    /// The batch that is being written.
    batch: VecDeque<Handover>,
    dice: Dice,
    /// The newest epoch of each shard in which the outcome of an append was unknown: nothing more is acknowledged in it.
    lost: BTreeMap<ShardId, Epoch>,
    durable: Position,
}

struct Shared {
    log: MemoryLog,
    state: Mutex<State>,
    work: Notify,
    failed: watch::Sender<bool>,
    stopped: watch::Sender<bool>,
}

/// A journal on a [`MemoryLog`]. Dropping it without [`Journal::close`] is a [crash](MemoryJournal::crash).
pub struct MemoryJournal {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl MemoryJournal {
    /// Opens `log`, with the faults of `plan`. Must be called within a tokio runtime, on which it then runs.
    #[must_use]
    pub fn open(log: MemoryLog, plan: FaultPlan) -> MemoryJournal {
        let state = State {
            phase: Phase::Open,
            waiting: VecDeque::new(),
            batch: VecDeque::new(),
            dice: Dice::new(plan),
            lost: BTreeMap::new(),
            durable: log.last(),
        };
        let shared = Arc::new(Shared {
            log,
            state: Mutex::new(state),
            work: Notify::new(),
            failed: watch::Sender::new(false),
            stopped: watch::Sender::new(false),
        });
        #[expect(
            clippy::disallowed_methods,
            reason = "the journal lies below the supervised spawner, and keeps the task's handle itself"
        )]
        let task = tokio::spawn(run(Arc::clone(&shared)));
        MemoryJournal { shared, task }
    }

    /// How often each fault of the plan struck.
    #[must_use]
    pub fn struck(&self) -> Struck {
        self.shared.state.lock().dice.struck()
    }

    /// The process dies: of what was being written some is stored, of what waited nothing, and all of it is unknown.
    pub fn crash(&self) {
        self.task.abort();
        self.shared.crash();
    }
}

impl Drop for MemoryJournal {
    fn drop(&mut self) {
        self.crash();
    }
}

/// The task: one batch after the other.
async fn run(shared: Arc<Shared>) {
    loop {
        let Some(time) = shared.gather() else {
            if shared.finish() {
                return;
            }
            shared.work.notified().await;
            continue;
        };
        if time.is_zero() {
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(time).await;
        }
        let Some(owed) = shared.store() else {
            shared.crash();
            return;
        };
        for owed in owed {
            shared.settle(owed);
        }
    }
}

impl Shared {
    fn push(&self, item: Handover) {
        let mut state = self.state.lock();
        let full = state.waiting.len() >= limits::JOURNAL_WAITING_MAX;
        match state.phase {
            Phase::Open if !full => state.waiting.push_back(item),
            Phase::Closing if !full => state.waiting.push_back(item.after_close()),
            Phase::Open | Phase::Closing | Phase::Stopped => {
                drop(state);
                return item.refuse();
            }
        }
        drop(state);
        self.work.notify_one();
    }

    /// Begins a batch and says how long it takes; none if nothing waits.
    fn gather(&self) -> Option<std::time::Duration> {
        let mut state = self.state.lock();
        let State { waiting, batch, .. } = &mut *state;
        let count = waiting.len().min(limits::BATCH_RECORDS_MAX);
        batch.extend(waiting.drain(..count));
        (count > 0).then(|| state.dice.sync_time())
    }

    /// Stops if the journal is closing.
    fn finish(&self) -> bool {
        let mut state = self.state.lock();
        let ends = state.phase != Phase::Open;
        if ends {
            state.phase = Phase::Stopped;
            drop(state);
            self.stopped.send_replace(true);
        }
        ends
    }

    /// Stores the batch; none if the process dies over it.
    fn store(&self) -> Option<Vec<Owed>> {
        let mut state = self.state.lock();
        let mut owed = Vec::with_capacity(state.batch.len());
        let strikes: Vec<Strike> = {
            let State { batch, dice, .. } = &mut *state;
            batch.iter().map(|_| dice.strike()).collect()
        };
        if strikes.contains(&Strike::Crash) {
            state.dice.count(Strike::Crash);
            return None;
        }
        for strike in strikes {
            let settled = match state.batch.pop_front()? {
                Handover::Append(record, completion) => {
                    Owed::Append(completion, self.append(&mut state, record, strike))
                }
                Handover::Claim(shard, node, answer) => {
                    Owed::Claim(answer, self.claim(&mut state, shard, node, strike))
                }
                Handover::Late(completion) => Owed::Append(completion, None),
            };
            owed.push(settled);
        }
        Some(owed)
    }

    /// Stores one record as the plan lets it be stored, and says where, if it may be acknowledged.
    fn append(&self, state: &mut State, record: Record, strike: Strike) -> Option<Position> {
        let (shard, epoch) = (record.shard, record.epoch);
        state.dice.count(strike);
        let stored = match strike {
            Strike::None | Strike::Crash => self.log.append(record),
            Strike::Duplicate => {
                let stored = self.log.append(record.clone());
                self.log.append(record);
                stored
            }
            Strike::LostAck => {
                self.log.append(record);
                None
            }
            Strike::Gap => None,
            Strike::ForeignClaim => {
                self.foreign_claim(shard);
                self.log.append(record)
            }
        };
        let lost = state.lost.get(&shard).is_some_and(|lost| *lost >= epoch);
        if stored.is_none() && !lost {
            state.lost.insert(shard, epoch);
        }
        stored.filter(|_| !lost)
    }

    fn claim(
        &self,
        state: &mut State,
        shard: ShardId,
        node: NodeId,
        strike: Strike,
    ) -> Result<Claimed, Error> {
        let epoch = self.log.shard(shard).next_claim();
        if strike == Strike::ForeignClaim {
            state.dice.count(strike);
            self.foreign_claim(shard);
        }
        let body = Body::Claim { node };
        let stored = self.log.append(Record { shard, epoch, body });
        let known = self.log.shard(shard);
        match stored.zip(known.next_seq()) {
            Some((position, next_seq)) => Ok(Claimed {
                epoch,
                next_seq,
                position,
            }),
            None => Err(Error::Fenced {
                shard,
                epoch: known.epoch(),
            }),
        }
    }

    fn foreign_claim(&self, shard: ShardId) {
        let epoch = self.log.shard(shard).next_claim();
        let body = Body::Claim { node: FOREIGN_NODE };
        self.log.append(Record { shard, epoch, body });
    }

    fn settle(&self, owed: Owed) {
        let settled = match owed {
            Owed::Append(completion, Some(position)) => {
                completion.resolve(Appended::Durable(position));
                Some(position)
            }
            Owed::Append(completion, None) => {
                completion.resolve(Appended::Unknown);
                None
            }
            Owed::Claim(answer, claimed) => {
                let position = claimed.as_ref().ok().map(|claimed| claimed.position);
                // A claim that nobody waits for any more holds all the same.
                drop(answer.send(claimed));
                position
            }
        };
        if let Some(position) = settled {
            self.state.lock().durable = position;
        }
    }

    /// Stores some of what was being written, and refuses everything.
    fn crash(&self) {
        let mut state = self.state.lock();
        if state.phase == Phase::Stopped {
            return;
        }
        state.phase = Phase::Stopped;
        let written = u64::try_from(state.batch.len()).unwrap_or(u64::MAX);
        let kept = state.dice.below(written.saturating_add(1));
        let kept = usize::try_from(kept).unwrap_or(usize::MAX);
        for item in state.batch.iter().take(kept) {
            if let Handover::Append(record, _) = item {
                self.log.append(record.clone());
            }
        }
        let mut refused = std::mem::take(&mut state.batch);
        refused.append(&mut state.waiting);
        drop(state);
        self.failed.send_replace(true);
        refused.into_iter().for_each(Handover::refuse);
        self.stopped.send_replace(true);
    }
}

impl Journal for MemoryJournal {
    fn claim(&self, shard: ShardId, node: NodeId) -> BoxFuture<'_, Result<Claimed, Error>> {
        let (item, claimed) = handover::claim(shard, node);
        self.shared.push(item);
        Box::pin(async move { claimed.await.unwrap_or(Err(Error::Stopped)) })
    }

    fn append(&self, record: Record, completion: Arc<dyn Completion>) {
        self.shared.push(Handover::Append(record, completion));
    }

    fn replay(
        &self,
        after: Position,
        each: &mut dyn FnMut(Position, Record) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        if self.has_failed() {
            return Err(Error::Stopped);
        }
        let mut after = after;
        loop {
            let records = self.shared.log.read(None, after, REPLAY_RECORDS);
            if records.is_empty() {
                return Ok(());
            }
            for (position, record) in records {
                after = position;
                if each(position, record).is_break() {
                    return Ok(());
                }
            }
        }
    }

    fn tail(
        &self,
        shard: ShardId,
        after: Position,
        max_records: usize,
    ) -> BoxFuture<'_, Result<Vec<(Position, Record)>, Error>> {
        let read = if self.has_failed() {
            Err(Error::Stopped)
        } else {
            Ok(self.shared.log.read(Some(shard), after, max_records))
        };
        Box::pin(std::future::ready(read))
    }

    fn durable(&self) -> Position {
        self.shared.state.lock().durable
    }

    fn trim(&self, to: Position) -> Result<(), Error> {
        if *self.shared.stopped.borrow() {
            return Err(Error::Stopped);
        }
        self.shared.log.trim(to);
        Ok(())
    }

    fn trimmed_to(&self) -> Position {
        self.shared.log.trimmed_to()
    }

    fn has_failed(&self) -> bool {
        *self.shared.failed.borrow()
    }

    fn failed(&self) -> BoxFuture<'_, ()> {
        let mut failed = self.shared.failed.subscribe();
        Box::pin(async move {
            if failed.wait_for(|failed| *failed).await.is_err() {
                std::future::pending::<()>().await;
            }
        })
    }

    fn close(&self) -> BoxFuture<'_, Result<(), Error>> {
        let mut state = self.shared.state.lock();
        if state.phase == Phase::Open {
            state.phase = Phase::Closing;
        }
        drop(state);
        self.shared.work.notify_one();
        let mut stopped = self.shared.stopped.subscribe();
        Box::pin(async move {
            // The sender is ours, so this ends only when the journal has stopped.
            drop(stopped.wait_for(|stopped| *stopped).await);
            if self.has_failed() {
                return Err(Error::Stopped);
            }
            Ok(())
        })
    }
}
