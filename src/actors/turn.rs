//! One message's turn of an entity.
//!
//! In order, for a command: was it seen before → decide against the newest state → hand the record to the journal →
//! apply → go on to the next. Where an award lacks a part of an offer's budget, the command waits aside for a loan and
//! comes again (see `on_budgets`). The answer, like every other (a rejection, a replay, a read), is told once
//! the entity's last append at that moment is durable.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::admission::Permit;
use super::append::{Consequences, Decided};
use super::entity::Arguments;
use super::envelope::{Caller, CommandEnvelope, QueryEnvelope, Unavailable};
use super::leases::{Held, credited};
use super::publications::Publication;
use super::texts::JustSealed;
use crate::domain::address::Address;
use crate::domain::contact;
use crate::domain::context::Context;
use crate::domain::entity::{Answer, Command, Effect, Entity, Query, Rejection, Remember, Seen};
use crate::domain::money::Minor;
use crate::domain::remembered::{Outcome, RECENT_IN_MEMORY};
use crate::domain::time::{Dues, Timestamp};
use crate::persistence::journal::{Appended, Position};
use crate::persistence::store;

/// One message's turn. The entity is held by value: a panic loses it, and the supervisor rebuilds it from what is durable.
pub(super) struct Turn<'a> {
    pub(super) place: &'a Arguments,
    pub(super) entity: Entity,
    pub(super) due: &'a mut Dues,
    pub(super) taken_up_at: Instant,
    /// What the command in turn says in clear.
    pub(super) just_sealed: Option<JustSealed>,
}

/// How the actor goes on after a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    /// The message has its answer, or will have it once a record is durable.
    Answered,
    /// The message has no answer of the business: it was refused, or waits aside for a loan.
    Open,
    /// The actor cannot go on: its shard is lost.
    Lost,
}

impl Turn<'_> {
    /// Gives each command of a series its turn, up to the first that has no answer of the business. Those after it are refused,
    /// untried, so that the order of the series is the order of its effects.
    pub(super) async fn series(&mut self, series: Vec<CommandEnvelope>) -> Flow {
        let mut flow = Flow::Answered;
        for envelope in series {
            if flow == Flow::Answered {
                self.taken_up_at = Instant::now();
                flow = self.command(Box::new(envelope)).await;
            } else {
                envelope.caller.refuse(Unavailable::Untried);
            }
        }
        flow
    }

    /// Decides a command unless it was seen before, and sees to its answer.
    pub(super) async fn command(&mut self, mut envelope: Box<CommandEnvelope>) -> Flow {
        let mut context = self.context();
        context.tenant = envelope.tenant.take();
        if let Command::Contact(contact::Command::Foresee(asked)) = &envelope.command {
            context.budgets = self.known_budgets(&context);
            let shown = self.entity.foresee(asked, &context);
            self.tell(envelope.caller, shown);
            return Flow::Answered;
        }
        if let Some(remember) = &envelope.remember {
            match self.seen(remember, context.wall).await {
                Ok(Seen::Never | Seen::AskRows(_)) => {}
                Ok(Seen::Same(outcome)) => {
                    let result = self.answer(outcome, context.now).await;
                    self.answer_without_effect(envelope.caller, result);
                    return Flow::Answered;
                }
                Ok(Seen::Other) => {
                    self.tell(envelope.caller, Err(Rejection::KeyReused));
                    return Flow::Answered;
                }
                Err(_) => {
                    envelope.caller.refuse(Unavailable::Unreadable);
                    return Flow::Open;
                }
            }
        }
        self.place
            .shard
            .core()
            .probe_decide(&self.place.address, &envelope.command);
        let now = context.now;
        if let Err(error) = self.bring_back_purchase(&mut envelope.command).await {
            tracing::error!(%error, "an entity's row cannot be read");
            envelope.caller.refuse(Unavailable::Unreadable);
            return Flow::Open;
        }
        if let Err(error) = self.seal_texts(&mut envelope.command) {
            tracing::error!(%error, "what is written about a contact cannot be sealed");
            envelope.caller.refuse(Unavailable::Unreadable);
            return Flow::Open;
        }
        let step = match self.decide(envelope, &context, None) {
            Step::Short(envelope, offer, amount) => {
                self.decide_on_budgets(envelope, &mut context, (offer, amount))
                    .await
            }
            step @ (Step::Nothing(..) | Step::Over(_)) => step,
        };
        match step {
            Step::Over(flow) => flow,
            Step::Nothing(caller, outcome) => {
                let result = self.answer(outcome, now).await;
                self.answer_without_effect(caller, result);
                Flow::Answered
            }
            Step::Short(mut envelope, offer, amount) => {
                envelope.tenant = context.tenant;
                self.borrow(envelope, offer, amount);
                Flow::Open
            }
        }
    }

    /// Decides a command, and hands its record over.
    pub(super) fn decide(
        &mut self,
        envelope: Box<CommandEnvelope>,
        context: &Context,
        leases: Option<&mut Held>,
    ) -> Step {
        match self.entity.decide(&envelope.command, None, context) {
            Err(Rejection::Contact(contact::Rejection::LeaseShort { offer, amount })) => {
                Step::Short(envelope, offer, amount)
            }
            Err(rejection) => {
                self.tell(envelope.caller, Err(rejection));
                Step::Over(Flow::Answered)
            }
            Ok(effect) if effect.events.is_empty() => {
                Step::Nothing(envelope.caller, envelope.command.came_to_before())
            }
            Ok(mut effect) => {
                // Only successes are remembered.
                if effect.refusal().is_none() {
                    effect.remember = envelope.remember;
                }
                Step::Over(self.append(effect, Some(envelope.caller), None, context.now, leases))
            }
        }
    }

    pub(super) async fn query(&mut self, envelope: QueryEnvelope) -> Flow {
        let now = self.context().now;
        let result = self.show(envelope.query, now).await;
        self.answer_without_effect(envelope.caller, result);
        Flow::Answered
    }

    pub(super) fn fire_timers(&mut self, permit: Permit) -> Flow {
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
        let owed = self.entity.obligations(context.now, context.wall);
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
        Flow::Answered
    }

    /// The circumstances of this turn. An entity's time never runs backwards.
    fn context(&self) -> Context {
        let Address { tenant, mode, .. } = self.place.address;
        let core = self.place.shard.core();
        Context {
            now: core.business(tenant, mode).max(self.entity.last_time),
            wall: core.clock.wall(),
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
        let traced = match self.entity.seen(remember, wall) {
            Seen::AskRows(traced) => traced,
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
            .answered(shard.id(), *address, traced, wall)
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
        match query {
            Query::Purchase(number) => {
                let found = self.older_purchase(number).await?;
                let found = found.ok_or(Rejection::NotFound)?;
                Ok(self.entity.show_cold_purchase(found)?)
            }
            Query::Journal(page) => {
                let range = self.entity.journal_range(page, now);
                let range = range.ok_or(Rejection::NotFound)?;
                self.wait_for_last_append().await;
                let Arguments { shard, address, .. } = self.place;
                let store = &shard.core().store;
                let lines = store.lines(shard.id(), *address, range).await?;
                Ok(self.entity.show_cold_journal(page, now, &lines)?)
            }
            Query::Contact
            | Query::Wallet
            | Query::Lots
            | Query::Hold(_)
            | Query::Tenant
            | Query::Organisation
            | Query::Offer
            | Query::Budget
            | Query::ApiKey
            | Query::AuditPage
            | Query::DirectoryHolder(_)
            | Query::DirectoryLock(_)
            | Query::Password(_)
            | Query::Adding(_)
            | Query::Challenge(_)
            | Query::Destination(_)
            | Query::Session(_)
            | Query::Registration
            | Query::SpendToken(_)
            | Query::SpendTokens
            | Query::User
            | Query::Loyalty
            | Query::Held
            | Query::Media
            | Query::Apps
            | Query::Receipt
            | Query::Configuration => Err(Missing::Rejected(Rejection::NotFound)),
        }
    }

    /// Reads the purchase that a command is about, where it has left memory.
    async fn bring_back_purchase(&self, command: &mut Command) -> Result<(), store::Error> {
        if let Command::Contact(contact::Command::CancelPurchase(cancel)) = command
            && self.entity.has_older_purchase(cancel.number)
        {
            cancel.found = self.older_purchase(cancel.number).await?;
        }
        Ok(())
    }

    /// A purchase that has left memory, as it is durable: nothing of it is under way after this.
    async fn older_purchase(
        &self,
        number: u32,
    ) -> Result<Option<contact::KeptPurchase>, store::Error> {
        self.wait_for_last_append().await;
        let Arguments { shard, address, .. } = self.place;
        let store = &shard.core().store;
        store.purchase(shard.id(), *address, number).await
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

    /// Applies `effect` and hands it to the journal.
    fn append(
        &mut self,
        effect: Effect,
        caller: Option<Caller>,
        permit: Option<Permit>,
        now: Timestamp,
        leases: Option<&mut Held>,
    ) -> Flow {
        self.entity.apply(&effect);
        let due = self.entity.next_due();
        let consequences = Consequences {
            publication: Publication::of_change(&self.entity, &effect.events),
            due: (due != *self.due).then_some(due),
            durable_seq: Arc::clone(&self.place.last_append.durable_seq),
        };
        let decided = caller.map(|caller| {
            let shown = match (effect.refusal(), self.entity.query_for(effect.outcome())) {
                (Some(refused), _) => Err(refused),
                (None, Some(query)) => self.entity.show(query, now),
                (None, None) => Ok(Some(Answer::Done)),
            };
            // What was just recorded is in memory.
            let mut result = shown.and_then(|shown| shown.ok_or(Rejection::NotFound));
            if let (Ok(answer), Some(sealed)) = (&mut result, &self.just_sealed) {
                sealed.recall(answer);
            }
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
                drop(self.entity.spill(RECENT_IN_MEMORY));
                Flow::Answered
            }
            Err(decided) => {
                if let Some(decided) = decided {
                    decided.caller.refuse(Unavailable::Overloaded);
                }
                Flow::Lost
            }
        }
    }
}

/// What became of a command.
pub(super) enum Step {
    /// Its record is on its way, or its caller was told.
    Over(Flow),
    /// It changes nothing; its caller is still to be told what it came to before.
    Nothing(Caller, Outcome),
    /// A lease does not hold what this offer would award.
    Short(Box<CommandEnvelope>, u64, Minor),
}

/// Why there is nothing to show.
enum Missing {
    Rejected(Rejection),
    Unreadable(store::Error),
}

impl From<store::Error> for Missing {
    fn from(error: store::Error) -> Missing {
        Missing::Unreadable(error)
    }
}

impl From<Rejection> for Missing {
    fn from(rejection: Rejection) -> Missing {
        Missing::Rejected(rejection)
    }
}
