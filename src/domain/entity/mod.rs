//! An entity of any kind, in the one shape that the actors drive: decide → effect → apply.
//!
//! `kinds` lists what every kind is and does, `effect` what a command comes to, `query` what is shown of it,
//! `spilled` what need not stay in memory.

mod access_views;
mod kinds;

mod effect;
mod parts;
mod query;
mod spilled;

use super::address::Kind;
use super::contact::Stage;
use super::context::Context;
use super::directory_entry::Obligation;
use super::remembered::Remembered;
use super::time::{Dues, Timestamp};
use super::{
    api_key, apps, audit, configuration, contact, directory_entry, lease, offer, organisation,
    tenant, user,
};

pub use access_views::AddingView;
pub use effect::{Effect, Remember, Seen};
pub use kinds::{Command, Event, State};
pub use parts::WalletView;
pub use query::{Answer, BudgetView, ContactView, PurchaseView, Query};
pub use spilled::Spilled;

/// An entity: its state and what every kind has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    /// The number of its last effect; 0 before the first.
    pub seq: u64,
    /// The time of its last effect: its time never runs backwards.
    pub last_time: Timestamp,
    /// The requests that changed it.
    pub remembered: Remembered,
    /// What it is.
    pub state: State,
}

/// Why an entity of some kind refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// A tenant refuses.
    Tenant(tenant::Rejection),
    /// An organisation refuses.
    Organisation(organisation::Rejection),
    /// An offer refuses.
    Offer(offer::Rejection),
    /// A contact refuses.
    Contact(contact::Rejection),
    /// An API key refuses.
    ApiKey(api_key::Rejection),
    /// A directory entry refuses.
    DirectoryEntry(directory_entry::Rejection),
    /// A configuration refuses.
    Configuration(configuration::Rejection),
    /// What a tenant sets up for its apps refuses.
    Apps(apps::Rejection),
    /// A page of an audit log refuses.
    AuditLog(audit::Rejection),
    /// A user refuses.
    User(user::Rejection),
    /// The idempotency key was used for another request.
    KeyReused,
    /// There is nothing of that name here.
    NotFound,
    /// The command is for an entity of another kind: a fault of ours, never of a caller.
    WrongKind,
}

impl Entity {
    /// An entity to which nothing has happened.
    pub fn new(kind: Kind) -> Entity {
        Entity {
            seq: 0,
            last_time: Timestamp::default(),
            remembered: Remembered::default(),
            state: State::new(kind),
        }
    }

    /// Whether the request was seen before. Asked before [`Entity::decide`].
    pub fn seen(&self, remember: &Remember, wall: Timestamp) -> Seen {
        for key in &remember.keys {
            if let Some(answered) = self.remembered.recent(key, wall) {
                return Seen::of(answered, remember);
            }
        }
        let keys = remember.keys.iter();
        let traced: Vec<_> = keys
            .filter_map(|key| self.remembered.traced(key, wall))
            .collect();
        match traced.is_empty() {
            true => Seen::Never,
            false => Seen::AskRows(traced),
        }
    }

    /// Decides `command`: the effect, or why not. An effect without events changes nothing and is not recorded.
    pub fn decide(
        &self,
        command: &Command,
        remember: Option<Remember>,
        context: &Context,
    ) -> Result<Effect, Rejection> {
        let events = self.state.decide(command, context)?;
        let leases = lease::movements(&events, context);
        Ok(Effect {
            seq: self.seq.saturating_add(1),
            at: context.now,
            wall: context.wall,
            events,
            remember,
            leases,
        })
    }

    /// Takes `effect` in. One at or below [`Entity::seq`] is already in and is skipped.
    pub fn apply(&mut self, effect: &Effect) {
        if effect.seq <= self.seq {
            return;
        }
        self.seq = effect.seq;
        self.last_time = self.last_time.max(effect.at);
        for event in &effect.events {
            self.apply_event(event);
        }
        for answered in effect.answered() {
            self.remembered.add(answered);
        }
    }

    fn apply_event(&mut self, event: &Event) {
        self.state.apply(event);
        // A creation that came to nothing is a rejection, and rejections are not remembered.
        if let State::Contact(contact) = &self.state
            && contact.stage == Stage::Void
        {
            self.remembered = Remembered::default();
        }
    }

    /// When time alone makes something due.
    pub fn next_due(&self) -> Dues {
        self.state.next_due()
    }

    /// Whom the entity has to ask at `now`, which is `wall` on the clock of credentials.
    pub fn obligations(&self, now: Timestamp, wall: Timestamp) -> Vec<Obligation> {
        self.state.obligations(now, wall)
    }
}
