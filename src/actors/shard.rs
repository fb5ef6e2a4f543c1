//! One shard: its appender, its gates, its timers, and the way to its supervisor.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use clientele_cluster::{Epoch, Seq, ShardId};
use parking_lot::Mutex;
use ractor::{ActorRef, MessagingErr};

use super::admission::{Gate, Permit};
use super::append::{Append, Consequences, Decided};
use super::entity::LastAppend;
use super::envelope::{Message, Unavailable};
use super::leases::Leases;
use super::node::Core;
use super::supervisor::SupervisorMessage;
use super::timers::Timers;
use crate::domain::address::Address;
use crate::domain::entity::Effect;
use crate::limits;
use crate::persistence::codec;
use crate::persistence::feed::Fed;
use crate::persistence::journal::{Body, Claimed, Position, Record};

/// The place that a shard's records are appended at.
struct Appender {
    epoch: Epoch,
    next_seq: Seq,
}

/// A slice of all entities, owned by this node.
pub struct Shard {
    id: ShardId,
    core: Arc<Core>,
    /// The one appender; none before the shard is owned, and not used while it is lost. Its lock keeps the order of `seq` and of the hand-over the same.
    appender: Mutex<Option<Appender>>,
    /// What callers have under way here.
    gate: Arc<Gate>,
    /// What timers and sagas have under way here: never starved by callers, never starving them.
    internal_gate: Arc<Gate>,
    timers: Mutex<Timers>,
    leases: Leases,
    /// Every effect of the shard at or before this position is in the store: where a recovery replays from.
    noted: AtomicU64,
    lost: AtomicBool,
    supervisor: OnceLock<ActorRef<SupervisorMessage>>,
}

/// An entity's actor, as its shard knows it.
pub(super) struct Handle {
    pub(super) actor: ActorRef<Message>,
    pub(super) gate: Arc<Gate>,
    /// Used since residency last looked.
    pub(super) touched: AtomicBool,
    pub(super) last_append: Arc<LastAppend>,
}

impl Handle {
    /// Notes a use. Reads first, so that a busy entity's cache line stays shared.
    pub(super) fn touch(&self) {
        if !self.touched.load(Ordering::Relaxed) {
            self.touched.store(true, Ordering::Relaxed);
        }
    }
}

impl Shard {
    pub(super) fn new(id: ShardId, core: Arc<Core>) -> Arc<Shard> {
        let gate = Gate::new(core.options.shard_under_way_max);
        Arc::new(Shard {
            id,
            core,
            appender: Mutex::new(None),
            gate,
            internal_gate: Gate::new(limits::INTERNAL_UNDER_WAY_MAX),
            timers: Mutex::new(Timers::default()),
            leases: Leases::default(),
            noted: AtomicU64::new(0),
            lost: AtomicBool::new(false),
            supervisor: OnceLock::new(),
        })
    }

    /// The shard's number.
    pub fn id(&self) -> ShardId {
        self.id
    }

    pub(super) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    pub(super) fn supervise(&self, supervisor: ActorRef<SupervisorMessage>) {
        if self.supervisor.set(supervisor).is_err() {
            tracing::error!(shard = %self.id, "a shard was given a second supervisor");
        }
    }

    /// Begins to own the shard, now that everything before the claim is noted.
    pub(super) fn own(&self, claimed: Claimed) {
        self.noted.fetch_max(claimed.position.0, Ordering::AcqRel);
        // Before anything is appended again: until here the leases may have held more than is durable.
        self.leases.discard();
        self.core.lender.awards_were_lost();
        *self.appender.lock() = Some(Appender {
            epoch: claimed.epoch,
            next_seq: claimed.next_seq,
        });
        self.lost.store(false, Ordering::Release);
    }

    /// Leave for a caller's request.
    pub(super) fn admit(&self) -> Option<Permit> {
        Permit::of(&self.gate)
    }

    /// Leave for a timer's or a saga's command.
    pub(super) fn admit_internal(&self) -> Option<Permit> {
        Permit::of(&self.internal_gate)
    }

    /// How many requests of callers are under way.
    pub fn under_way(&self) -> u32 {
        self.gate.under_way()
    }

    /// Sends `message` to the entity through the supervisor, which activates it first.
    pub(super) fn activate(&self, address: Address, message: Message) {
        let undelivered = match self.supervisor.get() {
            Some(supervisor) => {
                match supervisor.send_message(SupervisorMessage::Activate(address, message)) {
                    Ok(()) => None,
                    Err(MessagingErr::SendErr(SupervisorMessage::Activate(_, message))) => {
                        Some(message)
                    }
                    // The message is gone with the channel: its caller is told by the drop.
                    Err(_) => None,
                }
            }
            None => Some(message),
        };
        if let Some(message) = undelivered {
            message.refuse(Unavailable::Draining);
        }
    }

    /// Hands an effect to the journal. `caller` is told when it is durable, and comes back if the shard is not owned.
    pub(super) fn append(
        self: &Arc<Self>,
        address: Address,
        effect: Arc<Effect>,
        consequences: Consequences,
        caller: Option<Decided>,
    ) -> Result<Arc<Append>, Option<Decided>> {
        let payload = Bytes::from(codec::encode_effect(&address, &effect));
        let mut appender = self.appender.lock();
        let place = match appender.as_mut() {
            Some(place) if !self.is_lost() => place,
            Some(_) | None => return Err(caller),
        };
        let append = Append::new(Arc::clone(self), address, effect, consequences, caller);
        let record = Record {
            shard: self.id,
            epoch: place.epoch,
            body: Body::Effect {
                seq: place.next_seq,
                payload,
            },
        };
        place.next_seq = Seq(place.next_seq.0.saturating_add(1));
        self.core
            .journal
            .append(record, Arc::clone(&append) as Arc<_>);
        Ok(append)
    }

    /// Takes in what has become durable. Runs on the journal's thread.
    pub(super) fn made_durable(
        &self,
        address: Address,
        effect: Arc<Effect>,
        consequences: Consequences,
        position: Position,
    ) {
        let seq = effect.seq;
        self.core.store.note(self.id, address, Arc::clone(&effect));
        self.noted.store(position.0, Ordering::Release);
        self.core.feed.push(Fed {
            position,
            shard: self.id,
            address,
            effect,
        });
        consequences.durable_seq.store(seq, Ordering::Release);
        if let Some(due) = consequences.due {
            self.timers.lock().set(address, due);
        }
        if let Some(publication) = consequences.publication {
            self.core.publications.publish(address, publication);
        }
    }

    /// An append failed or is unknown: every actor of the shard knows more than is durable, so all are discarded. Takes no lock of
    /// the appender: a journal that has stopped says so on the appending thread, which holds it.
    pub(super) fn append_failed(&self) {
        // The record may be in the journal all the same: who follows finds it there.
        self.core.feed.skip();
        // Not by taking the appender away: a journal that has failed refuses at once, while `append` holds its lock.
        if self.lost.swap(true, Ordering::AcqRel) {
            return;
        }
        tracing::error!(shard = %self.id, "an append failed; the shard's actors are discarded");
        if let Some(supervisor) = self.supervisor.get()
            && supervisor.send_message(SupervisorMessage::Discard).is_err()
        {
            tracing::debug!(shard = %self.id, "the shard's supervisor has stopped already");
        }
    }

    /// Whether the shard's actors are being discarded and its records replayed.
    pub(super) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }

    pub(super) fn noted(&self) -> Position {
        Position(self.noted.load(Ordering::Acquire))
    }

    /// Notes an effect that was read back from the journal.
    pub(super) fn replayed(&self, address: Address, effect: Effect, position: Position) {
        self.core.store.note(self.id, address, Arc::new(effect));
        self.noted.store(position.0, Ordering::Release);
    }

    pub(super) fn timers(&self) -> &Mutex<Timers> {
        &self.timers
    }

    pub(super) fn leases(&self) -> &Leases {
        &self.leases
    }

    pub(super) fn stop(&self) {
        // A lease knows its last append, and that its shard: a circle that would keep the store open.
        self.leases.discard();
        if let Some(supervisor) = self.supervisor.get() {
            supervisor.stop(None);
        }
    }
}
