//! What a command came to, and how a request that comes twice is known.

use super::{Event, Rejection};
use crate::domain::address::Address;
use crate::domain::lease::{self, Movement};
use crate::domain::remembered::{Answered, KeyHash, Outcome, RequestHash, Traced};
use crate::domain::time::Timestamp;
use crate::domain::{access, api_key, contact, offer, organisation, tenant, user};

/// What a caller sends to be sure of one effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remember {
    /// The scoped keys: of the header, and of the request's own id.
    pub keys: Vec<KeyHash>,
    /// A hash of the request's content.
    pub request: RequestHash,
}

/// The whole effect of one command on one entity: what a journal record holds.
#[derive(Clone, Debug)]
pub struct Effect {
    /// The entity's own number for it, gapless from 1.
    pub seq: u64,
    /// The time of business.
    pub at: Timestamp,
    /// The time of credentials, by which keys are remembered.
    pub wall: Timestamp,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// The idempotency keys that brought it about.
    pub remember: Option<Remember>,
    /// What it draws from the shard's leases, or gives back to them; mostly nothing.
    pub leases: Vec<Movement>,
}

/// Whether a request was seen before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Never, as far as is known here.
    Never,
    /// The same request, with this outcome.
    Same(Outcome),
    /// The key, with another request.
    Other,
    /// Perhaps long ago: the rows must be asked for these of its keys.
    AskRows(Vec<Traced>),
}

impl Effect {
    /// The effects on the shard's leases that are part of this effect on the entity at `address`.
    pub fn on_leases(&self, address: Address) -> impl Iterator<Item = (Address, Effect)> {
        self.leases.iter().map(move |movement| {
            let effect = Effect {
                seq: movement.seq,
                at: self.at,
                wall: self.wall,
                events: vec![Event::Lease(lease::Event::Moved(movement.change))],
                remember: None,
                leases: Vec::new(),
            };
            (address.lease_of(movement.offer), effect)
        })
    }

    /// The idempotency keys that brought it about.
    pub fn keys(&self) -> &[KeyHash] {
        self.remember
            .as_ref()
            .map_or(&[], |remember| &remember.keys)
    }

    /// What is remembered of the request that brought it about, under each of its keys.
    pub fn answered(&self) -> impl Iterator<Item = Answered> {
        let outcome = self.outcome();
        self.remember.iter().flat_map(move |remember| {
            remember.keys.iter().map(move |key| Answered {
                key: *key,
                request: remember.request,
                outcome,
                at: self.wall,
            })
        })
    }

    /// What the caller is told if the command was refused although it is recorded: a wrong guess counts for ever, and is one all the
    /// same. Nothing of it is remembered: only successes are.
    pub fn refusal(&self) -> Option<Rejection> {
        self.events.iter().find_map(|event| match event {
            Event::Contact(contact::Event::Access(event)) => {
                let refused = event.refusal().map(contact::Rejection::Access);
                refused.map(Rejection::Contact)
            }
            Event::Contact(contact::Event::SchemeCodeWrong(_)) => {
                let refused = contact::SchemeRefusal::CodeWrong;
                Some(Rejection::Contact(refused.into()))
            }
            Event::User(event) => event.refusal().map(Rejection::User),
            Event::Contact(_)
            | Event::Tenant(_)
            | Event::Organisation(_)
            | Event::Offer(_)
            | Event::ApiKey(_)
            | Event::DirectoryEntry(_)
            | Event::Lease(_)
            | Event::AuditLog(_)
            | Event::Media(_)
            | Event::Apps(_)
            | Event::Receipt(_)
            | Event::Configuration(_) => None,
        })
    }

    /// What the command came to, from its events alone.
    pub fn outcome(&self) -> Outcome {
        // What time had made due comes before what was asked for, and what follows from it after.
        let told = self.events.iter().find_map(|event| match event {
            Event::Contact(contact::Event::PurchaseRecorded(purchase)) => {
                Some(Outcome::Purchased(purchase.number))
            }
            Event::Contact(contact::Event::MoneyMoved(entry)) => Some(Outcome::Moved(entry.number)),
            Event::Contact(contact::Event::Returned(returned)) => {
                Some(Outcome::Moved(returned.number))
            }
            Event::Contact(contact::Event::FundsHeld(hold)) => Some(Outcome::Held(hold.number)),
            Event::Contact(contact::Event::TokenMade(token)) => {
                Some(Outcome::TokenMade(token.number))
            }
            Event::Contact(contact::Event::Access(event)) => match &**event {
                access::Event::Challenged(challenge) => Some(Outcome::Challenged(challenge.number)),
                access::Event::CodeRight(_) => Some(Outcome::Proven),
                access::Event::SignedIn(session) => Some(Outcome::SignedIn(session.number)),
                access::Event::Refreshed(number, _) | access::Event::SessionMoved(number, _) => {
                    Some(Outcome::SignedIn(*number))
                }
                access::Event::IdentityProven(_, session) => Some(Outcome::AddsIdentity(*session)),
                access::Event::Registering(_)
                | access::Event::CodeWrong(..)
                | access::Event::IdentityAdded(_)
                | access::Event::SessionEnded(..)
                | access::Event::AllSessionsEnded
                | access::Event::RegistrationPassed(_)
                | access::Event::RegistrationLapsed
                | access::Event::Shredded
                | access::Event::Tidied(_)
                | access::Event::PasswordSet(_)
                | access::Event::AddingIdentity(_)
                | access::Event::OnFile(_)
                | access::Event::EmailVerified(_)
                | access::Event::TokenUsed(_)
                | access::Event::Confirmed(_)
                | access::Event::PasswordReplaced(..) => None,
            },
            Event::User(user::Event::SignedIn(session)) => {
                Some(Outcome::SignedIn(session.tokens.number))
            }
            Event::User(user::Event::Refreshed(number, _) | user::Event::SteppedUp(number, _)) => {
                Some(Outcome::SignedIn(*number))
            }
            Event::Contact(contact::Event::Proposed(_))
            | Event::Tenant(tenant::Event::Created(_))
            | Event::Organisation(organisation::Event::Created(_))
            | Event::Offer(offer::Event::Created(_))
            | Event::ApiKey(api_key::Event::Created(..)) => Some(Outcome::Created),
            Event::Contact(_)
            | Event::Tenant(_)
            | Event::Organisation(_)
            | Event::Offer(_)
            | Event::ApiKey(_)
            | Event::DirectoryEntry(_)
            | Event::Lease(_)
            | Event::AuditLog(_)
            | Event::Media(_)
            | Event::Apps(_)
            | Event::Receipt(_)
            | Event::User(_)
            | Event::Configuration(_) => None,
        });
        told.unwrap_or(Outcome::Done)
    }
}

impl Seen {
    /// What `answered` says of a request that carries its key.
    pub fn of(answered: &Answered, remember: &Remember) -> Seen {
        if answered.request == remember.request {
            Seen::Same(answered.outcome)
        } else {
            Seen::Other
        }
    }
}
