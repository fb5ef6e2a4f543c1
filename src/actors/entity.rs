//! One actor an entity, the same for every kind.
//!
//! In order, for a command: was it seen before → decide against the newest state → hand the record to the journal →
//! apply → go on to the next. Where an award lacks a part of an offer's budget, the command waits aside for a loan and comes
//! again. The answer, like every other (a rejection, a replay, a read), is told once the entity's
//! last append at that moment is durable.

use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use ractor::{Actor, ActorProcessingErr, ActorRef};

use super::admission::Permit;
use super::append::{Append, Consequences, Decided};
use super::envelope::{Caller, CommandEnvelope, Message, QueryEnvelope, Unavailable};
use super::leases::{Held, credited};
use super::publications::Publication;
use super::router::Router;
use super::shard::Shard;
use crate::domain::address::Address;
use crate::domain::contact;
use crate::domain::context::{Budget, Context};
use crate::domain::entity::{Answer, Command, Effect, Entity, Query, Rejection, Remember, Seen};
use crate::domain::money::Minor;
use crate::domain::remembered::Outcome;
use crate::domain::time::Timestamp;
use crate::limits;
use crate::persistence::journal::{Appended, Position};
use crate::persistence::store;

/// The newest append of an entity, known to its supervisor as well: it outlives a panic.
#[derive(Default)]
pub(super) struct LastAppend(Mutex<Option<Arc<Append>>>);

impl LastAppend {
    /// The newest append, if there was one in this life.
    pub(super) fn get(&self) -> Option<Arc<Append>> {
        self.0.lock().clone()
    }

    fn set(&self, append: Arc<Append>) {
        *self.0.lock() = Some(append);
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
                drop(entity.spill());
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
        let mut context = self.context();
        context.tenant.clone_from(&envelope.tenant);
        if let Some(remember) = &envelope.remember {
            match self.seen(remember, context.wall).await {
                Ok(Seen::Never | Seen::AskRows(_)) => {}
                Ok(Seen::Same(outcome)) => {
                    let result = self.answer(outcome, context.now).await;
                    self.answer_without_effect(envelope.caller, result);
                    return true;
                }
                Ok(Seen::Other) => {
                    self.tell(envelope.caller, Err(Rejection::KeyReused));
                    return true;
                }
                Err(_) => {
                    envelope.caller.refuse(Unavailable::Unreadable);
                    return true;
                }
            }
        }
        self.place
            .shard
            .core()
            .probe_decide(&self.place.address, &envelope.command);
        let now = context.now;
        let step = match self.decide(envelope, &context, None) {
            Step::Short(envelope, offer, amount) => {
                self.decide_on_budgets(envelope, context, (offer, amount))
                    .await
            }
            step @ (Step::Nothing(_) | Step::Over(_)) => step,
        };
        match step {
            Step::Over(goes_on) => goes_on,
            Step::Nothing(caller) => {
                let result = self.answer(Outcome::Done, now).await;
                self.answer_without_effect(caller, result);
                true
            }
            Step::Short(envelope, offer, amount) => {
                self.borrow(envelope, offer, amount);
                true
            }
        }
    }

    fn decide(
        &mut self,
        envelope: CommandEnvelope,
        context: &Context,
        leases: Option<&mut Held>,
    ) -> Step {
        match self.entity.decide(&envelope.command, None, context) {
            Err(Rejection::Contact(contact::Rejection::LeaseShort { offer, amount })) => {
                Step::Short(envelope, offer, amount)
            }
            Err(rejection) => {
                self.tell(envelope.caller, Err(rejection));
                Step::Over(true)
            }
            Ok(effect) if effect.events.is_empty() => Step::Nothing(envelope.caller),
            Ok(mut effect) => {
                effect.remember = envelope.remember;
                Step::Over(self.append(effect, Some(envelope.caller), None, context.now, leases))
            }
        }
    }

    /// Decides a command whose awards draw on budgets, with the leases that it asks for locked until its record is handed over.
    /// It is still short where a lease does not hold enough.
    async fn decide_on_budgets(
        &mut self,
        envelope: CommandEnvelope,
        mut context: Context,
        (mut offer, mut amount): (u64, Minor),
    ) -> Step {
        let place = self.place;
        let mut offers = Vec::new();
        let mut waiting = Some(envelope);
        while !offers.contains(&offer) {
            offers.push(offer);
            let leases: Vec<_> = offers
                .iter()
                .map(|offer| place.address.lease_of(*offer))
                .collect();
            let decided = place.shard.with_leases(&leases, |held| {
                let envelope = waiting.take()?;
                context.budgets = self.budgets(&offers, &envelope, held);
                Some(self.decide(envelope, &context, Some(held)))
            });
            match decided.await {
                Ok(Some(Step::Short(envelope, at, needs))) => {
                    (offer, amount) = (at, needs);
                    waiting = Some(envelope);
                }
                Ok(Some(step)) => return step,
                Ok(None) => return Step::Over(true),
                Err(error) => {
                    tracing::error!(%error, "a lease cannot be read");
                    if let Some(envelope) = waiting {
                        envelope.caller.refuse(Unavailable::Unreadable);
                    }
                    return Step::Over(true);
                }
            }
        }
        match waiting {
            Some(envelope) => Step::Short(envelope, offer, amount),
            None => Step::Over(true),
        }
    }

    /// What this shard holds of the offers' budgets, and what is known of the rest.
    fn budgets(&self, offers: &[u64], envelope: &CommandEnvelope, held: &mut Held) -> Vec<Budget> {
        let Arguments { shard, address, .. } = self.place;
        let lender = &shard.core().lender;
        let budget = |offer: &u64| {
            let (lease_seq, state) = held.lease(&address.lease_of(*offer))?;
            let borrowed = envelope.borrowed.as_ref();
            let told = borrowed.and_then(|borrowed| borrowed.no_more_than.get(offer).copied());
            let known = lender.no_more_than(&address.offer(*offer));
            Some(Budget {
                offer: *offer,
                lease_seq,
                held: state.remaining(),
                no_more_than: told.into_iter().chain(known).min(),
            })
        };
        offers.iter().filter_map(budget).collect()
    }

    /// Has the shard borrow what the command needs; it then comes again. The actor goes on meanwhile.
    fn borrow(&self, mut envelope: CommandEnvelope, offer: u64, amount: Minor) {
        let borrowed = envelope.borrowed.get_or_insert_default();
        borrowed.rounds = borrowed.rounds.saturating_add(1);
        borrowed.needs.insert(offer, amount);
        if borrowed.rounds > limits::LOAN_ROUNDS_MAX {
            envelope.caller.refuse(Unavailable::Overloaded);
            return;
        }
        let Arguments {
            router,
            shard,
            address,
            ..
        } = self.place;
        let (router, shard, address) = (router.clone(), Arc::clone(shard), *address);
        let spawner = shard.core().spawner.clone();
        spawner.spawn_until_stop("loan", async move {
            router
                .lend_and_deliver(&shard, address, Box::new(envelope))
                .await;
        });
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
                return self.append(effect, None, Some(permit), context.now, None);
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
            budgets: Vec::new(),
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
        // A key that left memory may be durable but not noted yet.
        self.wait_for_last_append().await;
        let Arguments { shard, address, .. } = self.place;
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
        leases: Option<&mut Held>,
    ) -> bool {
        self.entity.apply(&effect);
        let due = self.entity.next_due();
        let consequences = Consequences {
            publication: Publication::of_change(&self.entity, &effect.events),
            due: (due != *self.due).then_some(due),
        };
        let decided = caller.map(|caller| {
            let shown = match self.entity.query_for(effect.outcome()) {
                Some(query) => self.entity.show(query, now),
                None => Ok(Some(Answer::Done)),
            };
            // What was just recorded is in memory.
            let result = shown.and_then(|shown| shown.ok_or(Rejection::NotFound));
            self.decided(caller, result)
        });
        let Arguments { shard, address, .. } = self.place;
        let effect = Arc::new(effect);
        let appended = shard.append(*address, Arc::clone(&effect), consequences, decided);
        match appended {
            Ok(append) => {
                if let Some(leases) = leases {
                    leases.moved(*address, &effect, &append);
                    for offer in credited(&effect) {
                        shard.core().lender.money_came_back(&address.offer(offer));
                    }
                }
                *self.due = due;
                if let Some(permit) = permit {
                    append.hold(permit);
                }
                self.place.last_append.set(append);
                drop(self.entity.spill());
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

/// What became of a command.
enum Step {
    /// Its record is on its way, or its caller was told. False when the shard is lost.
    Over(bool),
    /// It changes nothing; its caller is still to be told.
    Nothing(Caller),
    /// A lease does not hold what this offer would award.
    Short(CommandEnvelope, u64, Minor),
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
