//! What was sent to a value of late, and how often the codes were answered wrongly: counted for every value alike, whether or not
//! anybody has it, so that the counting tells nobody.

use super::{CLAIMS_MAX, Event, Rejection, State, ValueHash};
use crate::domain::access::Guesses;
use crate::domain::time::{Span, Timestamp};

/// How far apart codes to one value are.
pub const SEND_PAUSE: Span = Span::seconds(30);

/// How many codes go to one value in an hour.
pub const SENDS_AN_HOUR: usize = 5;

const HOUR: Span = Span::seconds(3_600);

/// What was sent to one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The value.
    pub value: ValueHash,
    /// When codes were sent to it, the newest last; no more than count.
    pub sends: Vec<Timestamp>,
    /// Wrong answers of late.
    pub guesses: Guesses,
}

impl Destination {
    /// From when on another code may be sent, if that is after `wall`.
    fn sends_again(&self, wall: Timestamp) -> Option<Timestamp> {
        let counted = self.sends.iter().filter(|at| wall < at.after(HOUR));
        let paused = self.sends.last().map(|at| at.after(SEND_PAUSE));
        let full = match counted.clone().count() >= SENDS_AN_HOUR {
            true => counted.min().map(|at| at.after(HOUR)),
            false => None,
        };
        paused.max(full).filter(|at| wall < *at)
    }

    pub(super) fn sent(&mut self, at: Timestamp) {
        self.sends.retain(|before| at < before.after(HOUR));
        if self.sends.len() >= SENDS_AN_HOUR {
            self.sends.remove(0);
        }
        self.sends.push(at);
    }

    pub(super) fn answered_wrongly(&mut self, at: Timestamp) {
        self.guesses = self.guesses.and_one(at);
    }

    pub(super) fn forget_wrong(&mut self) {
        self.guesses = Guesses::default();
    }

    /// When all of it is to be forgotten.
    pub(super) fn forgotten_at(&self) -> Option<Timestamp> {
        let sends = self.sends.last().map(|at| at.after(HOUR));
        sends.max(self.guesses.forgotten_at())
    }
}

impl State {
    fn destination(&self, value: ValueHash) -> Option<&Destination> {
        self.destinations.iter().find(|it| it.value == value)
    }

    /// Until when no code that was sent to `value` is taken, if too many were answered wrongly.
    pub fn locked_until(&self, value: &ValueHash) -> Option<Timestamp> {
        self.destination(*value)?.guesses.locked_until()
    }

    pub(super) fn count_send(
        &self,
        value: ValueHash,
        wall: Timestamp,
    ) -> Result<Vec<Event>, Rejection> {
        let known = self.destination(value);
        if let Some(at) = known.and_then(|it| it.sends_again(wall)) {
            return Err(Rejection::TooManySends(at));
        }
        // Two values that meet in one entry would be a wonder; a fifth waits until one of them is forgotten.
        if known.is_none() && self.destinations.len() >= CLAIMS_MAX {
            return Err(Rejection::EntryFull);
        }
        Ok(vec![Event::Sent(value, wall)])
    }

    pub(super) fn count_wrong(&self, value: ValueHash, wall: Timestamp) -> Vec<Event> {
        // A code that can be answered was sent within the hour, so that the value is known here.
        match self.destination(value) {
            Some(_) => vec![Event::WrongCounted(value, wall)],
            None => Vec::new(),
        }
    }

    pub(super) fn forget_wrong(&self, value: ValueHash) -> Vec<Event> {
        match self.destination(value) {
            Some(it) if it.guesses.wrong > 0 => vec![Event::WrongForgotten(value)],
            Some(_) | None => Vec::new(),
        }
    }

    pub(super) fn change_destination(
        &mut self,
        value: ValueHash,
        change: impl FnOnce(&mut Destination),
    ) {
        if let Some(known) = self.destinations.iter_mut().find(|it| it.value == value) {
            change(known);
            return;
        }
        let mut new = Destination {
            value,
            sends: Vec::new(),
            guesses: Guesses::default(),
        };
        change(&mut new);
        self.destinations.push(new);
    }

    /// What is to be forgotten at `wall`.
    pub(in crate::domain) fn due(&self, wall: Timestamp) -> Option<Event> {
        let mut dues = self.destinations.iter().filter_map(|it| it.forgotten_at());
        dues.any(|at| at <= wall).then_some(Event::Tidied(wall))
    }

    pub(super) fn tidy(&mut self, at: Timestamp) {
        let counts = |it: &Destination| it.forgotten_at().is_some_and(|until| at < until);
        self.destinations.retain(counts);
    }
}
