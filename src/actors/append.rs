//! An append under way: what waits for its record to become durable.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::admission::Permit;
use super::envelope::{Caller, Failure, Reply, Timings, Unavailable};
use super::publications::Publication;
use super::shard::Shard;
use crate::domain::address::Address;
use crate::domain::entity::{Answer, Effect, Rejection};
use crate::domain::time::Dues;
use crate::persistence::journal::{Appended, Completion};

/// An answer that is decided, but may not be told yet.
#[derive(Debug)]
pub(super) struct Decided {
    pub(super) caller: Caller,
    pub(super) result: Result<Answer, Rejection>,
    pub(super) taken_up_at: Instant,
    pub(super) decided_at: Instant,
}

impl Decided {
    /// Tells the answer, now that what it rests on is durable or known to be lost.
    pub(super) fn tell(self, appended: Appended, resolved_at: Instant) {
        let result = match appended {
            Appended::Durable(_) => self.result.map_err(Failure::Rejected),
            Appended::Unknown => Err(Failure::Unavailable(Unavailable::UnknownOutcome)),
        };
        let timings = Timings {
            queue: self.taken_up_at.duration_since(self.caller.sent_at),
            decide: self.decided_at.duration_since(self.taken_up_at),
            journal: resolved_at.saturating_duration_since(self.decided_at),
        };
        drop(self.caller.permit);
        if self.caller.reply.send(Reply { result, timings }).is_err() {
            tracing::trace!("a caller had given up before its answer");
        }
    }
}

/// Who waits for an append.
enum Waiter {
    Caller(Box<Decided>),
    Watcher(oneshot::Sender<Appended>),
    Held(Permit),
}

enum Progress {
    UnderWay(Vec<Waiter>),
    Resolved(Appended, Instant),
}

/// What an append changes beside the store, once it is durable.
#[derive(Default)]
pub(super) struct Consequences {
    /// What the entity publishes from now on.
    pub(super) publication: Option<Publication>,
    /// When the entity is due from now on, if that changed.
    pub(super) due: Option<Dues>,
    /// Where the entity reads up to which sequence it is durable.
    pub(super) durable_seq: Arc<AtomicU64>,
}

/// One append.
pub(super) struct Append {
    shard: Arc<Shard>,
    address: Address,
    effect: Arc<Effect>,
    consequences: Mutex<Consequences>,
    progress: Mutex<Progress>,
}

impl Append {
    pub(super) fn new(
        shard: Arc<Shard>,
        address: Address,
        effect: Arc<Effect>,
        consequences: Consequences,
        caller: Option<Decided>,
    ) -> Arc<Append> {
        let waiters = caller
            .map(|decided| Waiter::Caller(Box::new(decided)))
            .into_iter()
            .collect();
        Arc::new(Append {
            shard,
            address,
            effect,
            consequences: Mutex::new(consequences),
            progress: Mutex::new(Progress::UnderWay(waiters)),
        })
    }

    /// Tells `decided` when the append is resolved; at once, if it is.
    pub(super) fn tell_when_resolved(&self, decided: Decided) {
        let mut progress = self.progress.lock();
        match &mut *progress {
            Progress::UnderWay(waiters) => waiters.push(Waiter::Caller(Box::new(decided))),
            Progress::Resolved(Appended::Durable(position), _) => {
                let durable = Appended::Durable(*position);
                drop(progress);
                let decided_at = decided.decided_at;
                decided.tell(durable, decided_at);
            }
            Progress::Resolved(Appended::Unknown, at) => {
                let at = *at;
                drop(progress);
                decided.tell(Appended::Unknown, at);
            }
        }
    }

    /// Keeps `permit` until the append is resolved.
    pub(super) fn hold(&self, permit: Permit) {
        if let Progress::UnderWay(waiters) = &mut *self.progress.lock() {
            waiters.push(Waiter::Held(permit));
        }
    }

    /// What the append came to, if that is known.
    pub(super) fn resolved(&self) -> Option<Appended> {
        match *self.progress.lock() {
            Progress::UnderWay(_) => None,
            Progress::Resolved(appended, _) => Some(appended),
        }
    }

    /// Waits for what the append comes to.
    pub(super) async fn wait(&self) -> Appended {
        let receiver = {
            let mut progress = self.progress.lock();
            match &mut *progress {
                Progress::Resolved(appended, _) => return *appended,
                Progress::UnderWay(waiters) => {
                    let (sender, receiver) = oneshot::channel();
                    waiters.push(Waiter::Watcher(sender));
                    receiver
                }
            }
        };
        receiver.await.unwrap_or(Appended::Unknown)
    }
}

impl Completion for Append {
    fn resolve(&self, appended: Appended) {
        match appended {
            // In this order: whoever reads the answer finds the store, the timers and the publications as new as it is.
            Appended::Durable(position) => {
                let consequences = std::mem::take(&mut *self.consequences.lock());
                self.shard.made_durable(
                    self.address,
                    Arc::clone(&self.effect),
                    consequences,
                    position,
                );
            }
            Appended::Unknown => self.shard.append_failed(),
        }
        let resolved_at = Instant::now();
        let progress = std::mem::replace(
            &mut *self.progress.lock(),
            Progress::Resolved(appended, resolved_at),
        );
        let waiters = match progress {
            Progress::UnderWay(waiters) => waiters,
            Progress::Resolved(..) => Vec::new(),
        };
        for waiter in waiters {
            match waiter {
                Waiter::Caller(decided) => decided.tell(appended, resolved_at),
                Waiter::Held(permit) => drop(permit),
                Waiter::Watcher(sender) => {
                    if sender.send(appended).is_err() {
                        tracing::trace!("a watcher had given up");
                    }
                }
            }
        }
    }
}
