//! One actor an entity, the same for every kind.
//!
//! In order, for a command: was it seen before → decide against the newest state → hand the record to the journal →
//! apply → go on to the next. The answer, like every other (a rejection, a replay, a read), is told once the entity's
//! last append at that moment is durable.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use parking_lot::Mutex;
use ractor::{Actor, ActorProcessingErr, ActorRef};

use super::admission::Permit;
use super::append::{Append, Consequences, Decided};
use super::envelope::{Caller, CommandEnvelope, Message, QueryEnvelope, Unavailable};
use super::publications::Publication;
use super::router::Router;
use super::shard::Shard;
use crate::domain::address::Address;
use crate::domain::context::Context;
use crate::domain::entity::{Answer, Command, Effect, Entity, Query, Rejection, Remember, Seen};
use crate::domain::remembered::{Outcome, RECENT_IN_MEMORY};
use crate::domain::time::Timestamp;
use crate::persistence::journal::{Appended, Position};
use crate::persistence::store;

/// The newest append of an entity, known to its supervisor as well: it outlives a panic.
#[derive(Default)]
pub(super) struct LastAppend {
    newest: Mutex<Option<Arc<Append>>>,
    /// Shared with the appends: the sequence of the newest that is durable.
    durable_seq: Arc<AtomicU64>,
}

impl LastAppend {
    /// The newest append, if there was one in this life.
    pub(super) fn get(&self) -> Option<Arc<Append>> {
        self.newest.lock().clone()
    }

    fn set(&self, append: Arc<Append>) {
        *self.newest.lock() = Some(append);
    }
}

/// The actor.
pub(super) struct EntityActor;

/// What an actor is started with.
pub(super) struct Arguments {
    pub(super) address: Address,
    pub(super) router: Router,
    pub(super) shard: Arc<Shard>,
    pub(super) last_append: Arc<LastAppend>,
}

/// A live entity.
pub(super) struct Live {
    place: Arguments,
    /// None if its rows cannot be read.
    entity: Option<Entity>,
    /// When the timers' index was last told that it is due.
    due: Option<Timestamp>,
}

impl Actor for EntityActor {
    type Msg = Message;
    type State = Live;
    type Arguments = Arguments;

    async fn pre_start(
        &self,
        _: ActorRef<Message>,
        place: Arguments,
    ) -> Result<Live, ActorProcessingErr> {
        Ok(Live {
            place,
            entity: None,
            due: None,
        })
    }

    async fn post_start(
        &self,
        _: ActorRef<Message>,
        live: &mut Live,
    ) -> Result<(), ActorProcessingErr> {
        let core = live.place.shard.core();
        let began = Instant::now();
        match core
            .store
            .load(live.place.shard.id(), live.place.address)
            .await
        {
            Ok(mut entity) => {
                live.place
                    .last_append
                    .durable_seq
                    .store(entity.seq, Ordering::Release);
                drop(entity.spill(RECENT_IN_MEMORY));
                live.due = entity.next_due();
                if let Some(publication) = Publication::of(&entity) {
                    core.publish_loaded(live.place.address, publication);
                }
                live.entity = Some(entity);
            }
            Err(error) => tracing::error!(
                kind = live.place.address.kind.name(), %error, "an entity's rows cannot be read"
            ),
        }
        metrics::histogram!("clientele_activation_seconds").record(began.elapsed());
        Ok(())
    }

    async fn handle(
        &self,
        myself: ActorRef<Message>,
        message: Message,
        live: &mut Live,
    ) -> Result<(), ActorProcessingErr> {
        let taken_up_at = Instant::now();
        let Some(entity) = live.entity.take() else {
            message.refuse(Unavailable::Unreadable);
            // Told to go, so that the next message tries to read the rows again.
            myself.stop(None);
            return Ok(());
        };
        let mut turn = Turn {
            place: &live.place,
            entity,
            due: &mut live.due,
            taken_up_at,
        };
        let goes_on = match message {
            Message::Command(envelope) => turn.command(*envelope).await,
            Message::Query(envelope) => turn.query(envelope).await,
            Message::FireTimers(permit) => turn.fire_timers(permit),
        };
        live.entity = Some(turn.entity);
        if !goes_on {
            myself.stop(None);
        }
        Ok(())
    }

    async fn post_stop(
        &self,
        _: ActorRef<Message>,
        live: &mut Live,
    ) -> Result<(), ActorProcessingErr> {
        if let Some(append) = live.place.last_append.get() {
            append.wait().await;
        }
        Ok(())
    }
}

/// One message's turn. The entity is held by value: a panic loses it, and the supervisor rebuilds it from what is durable.
struct Turn<'a> {
    place: &'a Arguments,
    entity: Entity,
    due: &'a mut Option<Timestamp>,
    taken_up_at: Instant,
}

impl Turn<'_> {
    /// False when the actor cannot go on: its shard is lost.
    async fn command(&mut self, envelope: CommandEnvelope) -> bool {
        let CommandEnvelope {
            command,
            remember,
            tenant,
            caller,
        } = envelope;
        let mut context = self.context();
        context.tenant = tenant;
        if let Some(remember) = &remember {
            match self.seen(remember, context.wall).await {
                Ok(Seen::Never | Seen::AskRows(_)) => {}
                Ok(Seen::Same(outcome)) => {
                    let result = self.answer(outcome, context.now).await;
                    self.answer_without_effect(caller, result);
                    return true;
                }
                Ok(Seen::Other) => {
                    self.tell(caller, Err(Rejection::KeyReused));
                    return true;
                }
                Err(_) => {
                    caller.refuse(Unavailable::Unreadable);
                    return true;
                }
            }
        }
        self.place
            .shard
            .core()
            .probe_decide(&self.place.address, &command);
        match self.entity.decide(&command, remember, &context) {
            Err(rejection) => {
                self.tell(caller, Err(rejection));
                true
            }
            Ok(effect) if effect.events.is_empty() => {
                let result = self.answer(Outcome::Done, context.now).await;
                self.answer_without_effect(caller, result);
                true
            }
            Ok(effect) => self.append(effect, Some(caller), None, context.now),
        }
    }

    async fn query(&mut self, envelope: QueryEnvelope) -> bool {
        let now = self.context().now;
        let result = self.show(envelope.query, now).await;
        self.answer_without_effect(envelope.caller, result);
        true
    }

    fn fire_timers(&mut self, permit: Permit) -> bool {
        let context = self.context();
        match self.entity.decide(&Command::FireTimers, None, &context) {
            Ok(effect) if !effect.events.is_empty() => {
                return self.append(effect, None, Some(permit), context.now);
            }
            Ok(_) => {}
            Err(rejection) => {
                tracing::debug!(?rejection, "an entity refused its timers");
            }
        }
        let owed = self.entity.obligations(context.now);
        if owed.is_empty() && self.last_append_is_resolved() {
            let due = self.entity.next_due();
            *self.due = due;
            self.place
                .shard
                .timers()
                .lock()
                .set(self.place.address, due);
        } else if !owed.is_empty() {
            // What is handed to others is durable state only, so this waits for the last append.
            let last_append = self.place.last_append.get();
            let router = self.place.router.clone();
            let address = self.place.address;
            self.place
                .shard
                .core()
                .spawner
                .spawn_until_stop("obligations", async move {
                    let durable = match last_append {
                        Some(append) => matches!(append.wait().await, Appended::Durable(_)),
                        None => true,
                    };
                    if durable {
                        router.meet_obligations(address, owed, permit).await;
                    }
                });
        }
        true
    }

    /// The circumstances of this turn. An entity's time never runs backwards.
    fn context(&self) -> Context {
        let Address { tenant, mode, .. } = self.place.address;
        let clock = &self.place.shard.core().clock;
        Context {
            now: clock.business(tenant, mode).max(self.entity.last_time),
            wall: clock.wall(),
            tenant: None,
        }
    }

    fn last_append_is_resolved(&self) -> bool {
        self.place
            .last_append
            .get()
            .is_none_or(|append| append.resolved().is_some())
    }

    async fn wait_for_last_append(&self) {
        if let Some(append) = self.place.last_append.get() {
            append.wait().await;
        }
    }

    async fn seen(&self, remember: &Remember, wall: Timestamp) -> Result<Seen, store::Error> {
        let key = match self.entity.seen(remember, wall) {
            Seen::AskRows(key) => key,
            known @ (Seen::Never | Seen::Same(_) | Seen::Other) => return Ok(known),
        };
        let Arguments {
            shard,
            address,
            last_append,
            ..
        } = self.place;
        let durable = last_append.durable_seq.load(Ordering::Acquire);
        let under_way = self.entity.seq.saturating_sub(durable);
        // The keys of what is not noted in the store yet are all with the entity, unless much is under way.
        if !self.entity.remembered.holds_newest(under_way) {
            self.wait_for_last_append().await;
        }
        let found = shard
            .core()
            .store
            .answered(shard.id(), *address, key, wall)
            .await?;
        Ok(found.map_or(Seen::Never, |answered| Seen::of(&answered, remember)))
    }

    async fn answer(&self, outcome: Outcome, now: Timestamp) -> Result<Answer, Missing> {
        match self.entity.query_for(outcome) {
            Some(query) => self.show(query, now).await,
            None => Ok(Answer::Done),
        }
    }

    async fn show(&self, query: Query, now: Timestamp) -> Result<Answer, Missing> {
        if let Some(answer) = self.entity.show(query, now)? {
            return Ok(answer);
        }
        let Query::Purchase(number) = query else {
            return Err(Missing::Rejected(Rejection::NotFound));
        };
        self.wait_for_last_append().await;
        let Arguments { shard, address, .. } = self.place;
        let found = shard
            .core()
            .store
            .purchase(shard.id(), *address, number)
            .await
            .map_err(Missing::Unreadable)?
            .ok_or(Rejection::NotFound)?;
        Ok(self.entity.show_cold_purchase(found)?)
    }

    fn answer_without_effect(&self, caller: Caller, result: Result<Answer, Missing>) {
        match result {
            Ok(answer) => self.tell(caller, Ok(answer)),
            Err(Missing::Rejected(rejection)) => self.tell(caller, Err(rejection)),
            Err(Missing::Unreadable(error)) => {
                tracing::error!(%error, "an entity's row cannot be read");
                caller.refuse(Unavailable::Unreadable);
            }
        }
    }

    /// Tells an answer that has no record of its own: it waits for the entity's last append all the same.
    fn tell(&self, caller: Caller, result: Result<Answer, Rejection>) {
        let decided = self.decided(caller, result);
        match self.place.last_append.get() {
            Some(append) => append.tell_when_resolved(decided),
            None => {
                let at = decided.decided_at;
                decided.tell(Appended::Durable(Position::START), at);
            }
        }
    }

    fn decided(&self, caller: Caller, result: Result<Answer, Rejection>) -> Decided {
        Decided {
            caller,
            result,
            taken_up_at: self.taken_up_at,
            decided_at: Instant::now(),
        }
    }

    /// Applies `effect` and hands it to the journal. False when the shard is lost.
    fn append(
        &mut self,
        effect: Effect,
        caller: Option<Caller>,
        permit: Option<Permit>,
        now: Timestamp,
    ) -> bool {
        let outcome = self.entity.apply(&effect);
        let due = self.entity.next_due();
        let consequences = Consequences {
            publication: Publication::of(&self.entity),
            due: (due != *self.due).then_some(due),
            durable_seq: Arc::clone(&self.place.last_append.durable_seq),
        };
        let decided = caller.map(|caller| {
            let shown = match self.entity.query_for(outcome) {
                Some(query) => self.entity.show(query, now),
                None => Ok(Some(Answer::Done)),
            };
            // What was just recorded is in memory.
            let result = shown.and_then(|shown| shown.ok_or(Rejection::NotFound));
            self.decided(caller, result)
        });
        let Arguments { shard, address, .. } = self.place;
        let appended = shard.append(*address, Arc::new(effect), consequences, decided);
        match appended {
            Ok(append) => {
                *self.due = due;
                if let Some(permit) = permit {
                    append.hold(permit);
                }
                self.place.last_append.set(append);
                drop(self.entity.spill(RECENT_IN_MEMORY));
                true
            }
            Err(decided) => {
                if let Some(decided) = decided {
                    decided.caller.refuse(Unavailable::Overloaded);
                }
                false
            }
        }
    }
}

/// Why there is nothing to show.
enum Missing {
    Rejected(Rejection),
    Unreadable(store::Error),
}

impl From<Rejection> for Missing {
    fn from(rejection: Rejection) -> Missing {
        Missing::Rejected(rejection)
    }
}
