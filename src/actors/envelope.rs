//! What travels to an entity, and what comes back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::admission::Permit;
use super::lender::Borrowed;
use crate::domain::context::TenantView;
use crate::domain::entity::{Answer, Command, Query, Rejection, Remember};

/// Why there is no answer, although the business may not have said no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unavailable {
    /// Too much is under way for this entity or shard. Nothing happened.
    Overloaded,
    /// The node is shutting down. Nothing happened.
    Draining,
    /// The entity panicked too often and is left alone for a while. Nothing happened.
    Quarantined,
    /// A command before it in its series has no answer. Nothing happened.
    Untried,
    /// The entity's rows cannot be read. Nothing happened.
    Unreadable,
    /// The command may or may not have had its effect: a retry with the same key finds out.
    UnknownOutcome,
}

impl Unavailable {
    /// Whether it is certain that nothing happened.
    pub const fn retry_is_safe(self) -> bool {
        match self {
            Unavailable::Overloaded
            | Unavailable::Draining
            | Unavailable::Quarantined
            | Unavailable::Untried
            | Unavailable::Unreadable => true,
            Unavailable::UnknownOutcome => false,
        }
    }
}

/// Why a request has no success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The business says no.
    Rejected(Rejection),
    /// There is no answer.
    Unavailable(Unavailable),
}

impl From<Unavailable> for Failure {
    fn from(unavailable: Unavailable) -> Failure {
        Failure::Unavailable(unavailable)
    }
}

/// Where the time of a request went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// From being sent to being taken up by the actor.
    pub queue: Duration,
    /// From being taken up to the hand-over to the journal, or to the answer.
    pub decide: Duration,
    /// From then until the entity's last append was durable.
    pub journal: Duration,
}

impl Timings {
    /// Adds the times of one more step.
    pub fn add(&mut self, step: Timings) {
        self.queue = self.queue.saturating_add(step.queue);
        self.decide = self.decide.saturating_add(step.decide);
        self.journal = self.journal.saturating_add(step.journal);
    }
}

/// What comes back.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The answer, or why there is none.
    pub result: Result<Answer, Failure>,
    /// Where the time went.
    pub timings: Timings,
}

impl Reply {
    /// A failure that took no time worth telling.
    pub fn failed(failure: impl Into<Failure>) -> Reply {
        Reply {
            result: Err(failure.into()),
            timings: Timings::default(),
        }
    }
}

/// The way back to the caller. Dropping it tells the caller that the outcome is unknown.
#[derive(Debug)]
pub struct Caller {
    pub(super) reply: oneshot::Sender<Reply>,
    pub(super) sent_at: Instant,
    /// Held until the answer.
    pub(super) permit: Permit,
}

impl Caller {
    /// Answers at once: nothing was decided, so there is nothing to wait for.
    pub(super) fn refuse(self, unavailable: Unavailable) {
        let gave_up = self.reply.send(Reply::failed(unavailable)).is_err();
        drop(self.permit);
        if gave_up {
            tracing::trace!("a caller had given up before it was refused");
        }
    }
}

/// A command on its way.
#[derive(Debug)]
pub struct CommandEnvelope {
    pub(super) command: Command,
    pub(super) remember: Option<Remember>,
    pub(super) tenant: Option<Arc<TenantView>>,
    pub(super) caller: Caller,
    /// What it learnt where it came before and its shard had to borrow.
    pub(super) borrowed: Option<Box<Borrowed>>,
}

/// A query on its way.
#[derive(Debug)]
pub struct QueryEnvelope {
    pub(super) query: Query,
    pub(super) caller: Caller,
}

/// What an entity's actor receives.
#[derive(Debug)]
pub enum Message {
    /// Change.
    Command(Box<CommandEnvelope>),
    /// Change, step by step: in this order or not at all.
    Series(Vec<CommandEnvelope>),
    /// Show.
    Query(QueryEnvelope),
    /// Do what time has made due. Holds an internal permit.
    FireTimers(Permit),
}

impl Message {
    /// Refuses the message; nothing happened.
    pub(super) fn refuse(self, unavailable: Unavailable) {
        match self {
            Message::Command(envelope) => envelope.caller.refuse(unavailable),
            Message::Series(series) => {
                for envelope in series {
                    envelope.caller.refuse(unavailable);
                }
            }
            Message::Query(envelope) => envelope.caller.refuse(unavailable),
            Message::FireTimers(permit) => drop(permit),
        }
    }
}
