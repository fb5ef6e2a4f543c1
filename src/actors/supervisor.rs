//! The supervisors: one over the node, one over each shard, which starts its entities' actors and buries them.
//!
//! A shard's supervisor, in order: activates an entity on its first message; when one ends, waits until its last append is
//! resolved and only then lets a new incarnation start; counts panics and quarantines; and when an append has
//! failed, discards every actor of the shard, claims it anew and replays what it missed.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use ractor::{
    Actor, ActorCell, ActorId, ActorProcessingErr, ActorRef, ActorStatus, MessagingErr,
    SupervisionEvent,
};

use super::admission::Gate;
use super::entity::{Arguments, EntityActor, LastAppend};
use super::envelope::{Message, Unavailable};
use super::node;
use super::publications::Publication;
use super::residency::Look;
use super::router::Router;
use super::shard::{Handle, Shard};
use crate::domain::address::Address;
use crate::limits;
use crate::persistence::codec;
use crate::persistence::journal::{self, Body, Claimed};

/// The root of the tree: shards' supervisors are linked to it, so that none ends unseen.
pub(super) struct NodeSupervisor;

impl Actor for NodeSupervisor {
    type Msg = ();
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    // The default would stop this supervisor when a child ends.
    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<()>,
        event: SupervisionEvent,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorFailed(_, error) => {
                tracing::error!(%error, "a shard's supervisor failed; its entities are unavailable");
            }
            SupervisionEvent::ActorStarted(_)
            | SupervisionEvent::ActorTerminated(..)
            | SupervisionEvent::ProcessGroupChanged(_) => {}
        }
        Ok(())
    }
}

/// What a shard's supervisor receives.
pub(super) enum SupervisorMessage {
    /// Deliver a message to an entity, activating it first if need be.
    Activate(Address, Message),
    /// An entity that ended has its last append resolved.
    Gone(Address),
    /// An append failed.
    Discard,
    /// The shard was claimed anew and its records replayed, or not.
    Recovered(bool),
}

/// One shard's supervisor.
pub(super) struct ShardSupervisor {
    pub(super) router: Router,
    pub(super) shard: Arc<Shard>,
}

/// What a shard's supervisor knows.
#[derive(Default)]
pub(super) struct Supervised {
    actors: HashMap<ActorId, Address>,
    /// Ended, but with an append that is not resolved yet.
    leaving: HashSet<Address>,
    /// Messages for the next incarnation. In order, so that equal runs start entities in the same order.
    waiting: BTreeMap<Address, Vec<Message>>,
    panics: HashMap<Address, VecDeque<Instant>>,
    discarding: bool,
}

impl Actor for ShardSupervisor {
    type Msg = SupervisorMessage;
    type State = Supervised;
    type Arguments = ();

    async fn pre_start(
        &self,
        _: ActorRef<SupervisorMessage>,
        (): (),
    ) -> Result<Supervised, ActorProcessingErr> {
        Ok(Supervised::default())
    }

    async fn handle(
        &self,
        myself: ActorRef<SupervisorMessage>,
        message: SupervisorMessage,
        state: &mut Supervised,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            SupervisorMessage::Activate(address, message) => {
                self.deliver(&myself, state, address, message);
            }
            SupervisorMessage::Gone(address) => {
                state.leaving.remove(&address);
                self.restart_if_wanted(&myself, state, address);
            }
            SupervisorMessage::Discard => {
                state.discarding = true;
                tracing::debug!(shard = %self.shard.id(), actors = state.actors.len(), "discarding");
                // In the order of addresses, not of hashes: equal runs stop entities in the same order.
                for address in state.actors.values().copied().collect::<BTreeSet<_>>() {
                    if let Some(handle) = self.shard.core().handle(&address) {
                        handle.actor.stop(None);
                    }
                }
                self.recover_once_empty(&myself, state);
            }
            SupervisorMessage::Recovered(true) => {
                state.discarding = false;
                for address in state.waiting.keys().copied().collect::<Vec<_>>() {
                    self.restart_if_wanted(&myself, state, address);
                }
            }
            SupervisorMessage::Recovered(false) => {
                // The shard stays lost: from here on `deliver` refuses, since nobody would take up what waits.
                state.discarding = false;
                let waiting = std::mem::take(&mut state.waiting);
                for message in waiting.into_values().flatten() {
                    message.refuse(Unavailable::Draining);
                }
            }
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<SupervisorMessage>,
        event: SupervisionEvent,
        state: &mut Supervised,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorTerminated(cell, ..) => self.bury(&myself, state, &cell),
            SupervisionEvent::ActorFailed(cell, error) => {
                if let Some(address) = state.actors.get(&cell.get_id()).copied() {
                    tracing::error!(kind = address.kind.name(), %error, "an entity panicked and is rebuilt");
                    metrics::counter!("clientele_entity_panics_total", "kind" => address.kind.name())
                        .increment(1);
                    state
                        .panics
                        .entry(address)
                        .or_default()
                        .push_back(Instant::now());
                }
                self.bury(&myself, state, &cell);
            }
            SupervisionEvent::ActorStarted(_) | SupervisionEvent::ProcessGroupChanged(_) => {}
        }
        Ok(())
    }
}

impl ShardSupervisor {
    fn deliver(
        &self,
        myself: &ActorRef<SupervisorMessage>,
        state: &mut Supervised,
        address: Address,
        message: Message,
    ) {
        if is_quarantined(state, &address) {
            message.refuse(Unavailable::Quarantined);
            return;
        }
        if self.shard.is_lost() && !state.discarding {
            message.refuse(Unavailable::Draining);
            return;
        }
        let message = match self.shard.core().handle(&address) {
            Some(handle) => match handle.actor.send_message(message) {
                Ok(()) => return,
                Err(MessagingErr::SendErr(message)) => message,
                Err(_) => return,
            },
            None => message,
        };
        state.waiting.entry(address).or_default().push(message);
        self.restart_if_wanted(myself, state, address);
    }

    /// Starts the entity if messages wait for it and nothing is in the way.
    fn restart_if_wanted(
        &self,
        myself: &ActorRef<SupervisorMessage>,
        state: &mut Supervised,
        address: Address,
    ) {
        let in_the_way = state.discarding
            || state.leaving.contains(&address)
            || self.shard.core().handle(&address).is_some();
        if in_the_way {
            return;
        }
        let Some(messages) = state.waiting.remove(&address) else {
            return;
        };
        let quarantined = is_quarantined(state, &address);
        let started = if quarantined {
            None
        } else {
            self.start(myself, state, address)
        };
        for message in messages {
            match &started {
                Some(actor) => {
                    if let Err(MessagingErr::SendErr(message)) = actor.send_message(message) {
                        message.refuse(Unavailable::Overloaded);
                    }
                }
                None => message.refuse(if quarantined {
                    Unavailable::Quarantined
                } else {
                    Unavailable::Overloaded
                }),
            }
        }
    }

    fn start(
        &self,
        myself: &ActorRef<SupervisorMessage>,
        state: &mut Supervised,
        address: Address,
    ) -> Option<ActorRef<Message>> {
        let core = self.shard.core();
        let last_append = Arc::new(LastAppend::default());
        let arguments = Arguments {
            address,
            router: self.router.clone(),
            shard: Arc::clone(&self.shard),
            last_append: Arc::clone(&last_append),
        };
        let spawned = ractor::ActorRuntime::spawn_linked_instant(
            None,
            EntityActor,
            arguments,
            myself.get_cell(),
        );
        let (actor, _starting) = match spawned {
            Ok(spawned) => spawned,
            Err(error) => {
                tracing::error!(%error, "an entity's actor cannot be started");
                return None;
            }
        };
        state.actors.insert(actor.get_id(), address);
        core.entities.insert(
            address,
            Arc::new(Handle {
                actor: actor.clone(),
                gate: Gate::new(core.options.entity_under_way_max),
                touched: AtomicBool::new(true),
                last_append,
            }),
        );
        core.residency
            .activated(address, |address| core.look_at(address));
        Some(actor)
    }

    /// Takes an ended actor out, and lets its successor start once its last append is resolved.
    fn bury(&self, myself: &ActorRef<SupervisorMessage>, state: &mut Supervised, cell: &ActorCell) {
        let Some(address) = state.actors.remove(&cell.get_id()) else {
            return;
        };
        let handle = self.shard.core().entities.remove(&address);
        let unresolved = handle
            .and_then(|(_, handle)| handle.last_append.get())
            .filter(|append| append.resolved().is_none());
        if let Some(append) = unresolved {
            state.leaving.insert(address);
            let supervisor = myself.clone();
            self.shard.core().spawner.spawn("bury", async move {
                append.wait().await;
                if supervisor
                    .send_message(SupervisorMessage::Gone(address))
                    .is_err()
                {
                    tracing::trace!("the shard stopped before an entity was gone");
                }
            });
        } else {
            self.restart_if_wanted(myself, state, address);
        }
        self.recover_once_empty(myself, state);
    }

    fn recover_once_empty(&self, myself: &ActorRef<SupervisorMessage>, state: &Supervised) {
        if !state.discarding || !state.actors.is_empty() {
            return;
        }
        tracing::debug!(shard = %self.shard.id(), "recovering");
        let shard = Arc::clone(&self.shard);
        let supervisor = myself.clone();
        // To its end even when the node stops: callers wait for what comes of it.
        self.shard.core().spawner.spawn("recover", async move {
            let recovered = recover(&shard).await;
            if supervisor
                .send_message(SupervisorMessage::Recovered(recovered))
                .is_err()
            {
                tracing::trace!("the shard stopped while it recovered");
            }
        });
    }
}

/// Claims the shard anew and takes in what the journal has beyond what is noted. False when the shard cannot be had.
async fn recover(shard: &Arc<Shard>) -> bool {
    match try_recover(shard).await {
        Ok(()) => true,
        Err(error) => {
            tracing::error!(shard = %shard.id(), %error, "the shard cannot be recovered");
            false
        }
    }
}

async fn try_recover(shard: &Arc<Shard>) -> Result<(), node::Error> {
    let core = shard.core();
    let claimed = claim_again(shard).await?;
    let mut changed = BTreeSet::new();
    let mut unreadable = None;
    core.journal
        .replay(shard.noted(), &mut |position, record| {
            if let (true, Body::Effect { payload, .. }) = (record.shard == shard.id(), &record.body)
            {
                match codec::decode_effect(payload) {
                    Ok((address, effect)) => {
                        changed.insert(address);
                        shard.replayed(address, effect, position);
                    }
                    Err(error) => {
                        unreadable = Some(error);
                        return ControlFlow::Break(());
                    }
                }
            }
            ControlFlow::Continue(())
        })?;
    if let Some(error) = unreadable {
        return Err(error.into());
    }
    // What these effects change beside the store was never told, since their appends were not acknowledged.
    for address in changed {
        let entity = core.store.load(shard.id(), address).await?;
        shard.timers().lock().set(address, entity.next_due());
        // A session may have ended in what was never told.
        core.publications.forget_sessions(&address);
        core.publications.forget_user(&address);
        if let Some(publication) = Publication::of(&entity) {
            core.publications.publish(address, publication);
        }
    }
    shard.own(claimed);
    tracing::info!(shard = %shard.id(), "the shard is recovered");
    Ok(())
}

/// Claims the shard; again, if another claim comes between, since the next lies above that one.
async fn claim_again(shard: &Arc<Shard>) -> Result<Claimed, journal::Error> {
    let core = shard.core();
    let mut tries = 1;
    loop {
        match core.journal.claim(shard.id(), core.options.node).await {
            Err(journal::Error::Fenced { epoch, .. }) if tries < limits::RECLAIMS_MAX => {
                tracing::warn!(shard = %shard.id(), %epoch, "another claim came between; claiming again");
                tries += 1;
                tokio::time::sleep(limits::RECLAIM_PAUSE).await;
            }
            claimed => return claimed,
        }
    }
}

fn is_quarantined(state: &mut Supervised, address: &Address) -> bool {
    let Some(panics) = state.panics.get_mut(address) else {
        return false;
    };
    let window = Duration::from_millis(limits::QUARANTINE_WINDOW_MS);
    panics.retain(|at| at.elapsed() < window);
    let quarantined = panics.len() >= limits::QUARANTINE_PANICS;
    if panics.is_empty() {
        state.panics.remove(address);
    }
    quarantined
}

impl super::node::Core {
    /// Tells an entity to go unless it was used since the last look, or is busy.
    pub(super) fn look_at(&self, address: &Address) -> Look {
        let Some(handle) = self.handle(address) else {
            return Look::Goes;
        };
        // An actor that is told to drain before it has begun to start never starts, and nobody is told: its messages would
        // wait for ever.
        if handle.actor.get_status() == ActorStatus::Unstarted {
            return Look::Stays;
        }
        let used = handle
            .touched
            .swap(false, std::sync::atomic::Ordering::Relaxed);
        if used || handle.gate.under_way() > 0 {
            return Look::Stays;
        }
        match handle.actor.drain() {
            Ok(()) => Look::Goes,
            Err(_) => Look::Stays,
        }
    }
}
