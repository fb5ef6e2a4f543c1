//! What was sent to a value of late, and how often the codes were answered wrongly: counted for every value alike, whether or not
//! anybody has it, so that the counting tells nobody.

use super::{CLAIMS_MAX, Claim, Event, Rejection, State, ValueHash};
use crate::domain::access::Guesses;
use crate::domain::time::{Span, Timestamp};

/// How far apart codes to one value are.
pub const SEND_PAUSE: Span = Span::seconds(30);

/// How many codes go to one value in an hour.
pub const SENDS_AN_HOUR: usize = 5;

/// How many wrong passwords a value takes, until a quarter of an hour after the last: a person mistypes, and remembers another one.
pub const PASSWORDS_MAX: u8 = 10;

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
    /// Passwords that were tried of late, since the last right one. Each counts before it is looked at: neither a crash nor many at a time
    /// gives one back.
    pub passwords: Guesses,
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

    pub(super) fn password_tried(&mut self, at: Timestamp) {
        self.passwords = self.passwords.and_one(at);
    }

    pub(super) fn give_password_back(&mut self) {
        self.passwords.wrong = self.passwords.wrong.saturating_sub(1);
    }

    pub(super) fn forget_passwords(&mut self) {
        self.passwords = Guesses::default();
    }

    /// When all of it is to be forgotten.
    pub(super) fn forgotten_at(&self) -> Option<Timestamp> {
        let sends = self.sends.last().map(|at| at.after(HOUR));
        let wrong = self.guesses.forgotten_at();
        sends.max(wrong).max(self.passwords.forgotten_at())
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

    pub(super) fn count_password(
        &self,
        value: ValueHash,
        wall: Timestamp,
    ) -> Result<Vec<Event>, Rejection> {
        let known = self.destination(value);
        let tried = known.map(|it| it.passwords.counting(wall));
        let tried = tried.unwrap_or_default();
        match tried.forgotten_at() {
            Some(until) if tried.wrong >= PASSWORDS_MAX => Err(Rejection::TooManyPasswords(until)),
            Some(_) | None if known.is_none() && self.destinations.len() >= CLAIMS_MAX => {
                Err(Rejection::EntryFull)
            }
            Some(_) | None => Ok(vec![Event::PasswordCounted(value, wall)]),
        }
    }

    /// `event`, if passwords were tried with `value`.
    pub(super) fn with_passwords(&self, value: ValueHash, event: Event) -> Vec<Event> {
        match self.destination(value) {
            Some(it) if it.passwords.wrong > 0 => vec![event],
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
            passwords: Guesses::default(),
        };
        change(&mut new);
        self.destinations.push(new);
    }

    /// What is to be forgotten at `wall`.
    pub(in crate::domain) fn due(&self, wall: Timestamp) -> Option<Event> {
        let forgotten = self.destinations.iter().filter_map(|it| it.forgotten_at());
        let lapsed = self.claims.iter().filter_map(|claim| claim.lapses_at());
        forgotten
            .chain(lapsed)
            .any(|at| at <= wall)
            .then_some(Event::Tidied(wall))
    }

    pub(super) fn tidy(&mut self, at: Timestamp) {
        let counts = |it: &Destination| it.forgotten_at().is_some_and(|until| at < until);
        self.destinations.retain(counts);
        let holds = |claim: &Claim| claim.lapses_at().is_none_or(|until| at < until);
        self.claims.retain(holds);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Command, Holder, RESERVED_FOR};
    use super::*;
    use crate::domain::access::{LOCKED_FOR, TRIES_MAX};

    const WALL: Timestamp = Timestamp(1_000_000);
    /// A test clock is a year ahead.
    const BUSINESS: Timestamp = Timestamp(WALL.0 + Span::days(365).0);
    const VALUE: ValueHash = ValueHash([1; 16]);

    fn tell(state: &mut State, command: Command, wall: Timestamp) -> Result<usize, Rejection> {
        let events = state.decide(&command, BUSINESS, wall)?;
        events.iter().for_each(|event| state.apply(event));
        Ok(events.len())
    }

    fn send(state: &mut State, wall: Timestamp) -> Result<usize, Rejection> {
        tell(state, Command::CountSend(VALUE), wall)
    }

    #[test]
    fn one_code_in_thirty_seconds_and_five_an_hour() {
        let mut state = State::default();
        let mut at = WALL;
        for _ in 1..SENDS_AN_HOUR {
            assert_eq!(send(&mut state, at), Ok(1));
            let again = at.after(SEND_PAUSE);
            let refused = Err(Rejection::TooManySends(again));
            assert_eq!(send(&mut state, again.before(Span(1))), refused);
            at = again;
        }
        assert_eq!(send(&mut state, at), Ok(1));
        let full = Err(Rejection::TooManySends(WALL.after(HOUR)));
        assert_eq!(send(&mut state, at.after(SEND_PAUSE)), full);
        assert_eq!(send(&mut state, WALL.after(HOUR).before(Span(1))), full);
        assert_eq!(send(&mut state, WALL.after(HOUR)), Ok(1));
        assert_eq!(state.destinations[0].sends.len(), SENDS_AN_HOUR);
    }

    #[test]
    fn another_value_in_the_same_entry_has_a_count_of_its_own() {
        let mut state = State::default();
        send(&mut state, WALL).unwrap();
        let other = |number| Command::CountSend(ValueHash([number; 16]));
        for number in 2..=4 {
            assert_eq!(tell(&mut state, other(number), WALL), Ok(1));
        }
        let fifth = tell(&mut state, other(5), WALL);
        assert_eq!(fifth, Err(Rejection::EntryFull));
    }

    #[test]
    fn wrong_answers_lock_a_value_until_a_quarter_of_an_hour_after_the_last() {
        let mut state = State::default();
        let wrong = Command::CountWrong(VALUE);
        assert_eq!(tell(&mut state, wrong, WALL), Ok(0), "nothing was sent");
        send(&mut state, WALL).unwrap();
        for _ in 1..TRIES_MAX {
            assert_eq!(tell(&mut state, wrong, WALL), Ok(1));
        }
        assert_eq!(state.locked_until(&VALUE), None);
        let last = WALL.after(Span(7));
        tell(&mut state, wrong, last).unwrap();
        assert_eq!(state.locked_until(&VALUE), Some(last.after(LOCKED_FOR)));
        let forget = Command::ForgetWrong(VALUE);
        assert_eq!(tell(&mut state, forget, last), Ok(1));
        assert_eq!(state.locked_until(&VALUE), None);
        assert_eq!(tell(&mut state, forget, last), Ok(0));
    }

    #[test]
    fn ten_passwords_are_tried_and_then_none_until_a_quarter_of_an_hour_after_the_last() {
        let mut state = State::default();
        let try_one = Command::CountPassword(VALUE);
        for _ in 0..PASSWORDS_MAX {
            assert_eq!(tell(&mut state, try_one, WALL), Ok(1));
        }
        let until = WALL.after(LOCKED_FOR);
        let full = Err(Rejection::TooManyPasswords(until));
        assert_eq!(tell(&mut state, try_one, WALL), full);
        let give_back = Command::GivePasswordBack(VALUE);
        assert_eq!(tell(&mut state, give_back, WALL), Ok(1));
        assert_eq!(tell(&mut state, try_one, WALL), Ok(1));
        assert_eq!(tell(&mut state, try_one, WALL), full);
        assert_eq!(tell(&mut state, try_one, until.before(Span(1))), full);
        assert_eq!(state.locked_until(&VALUE), None, "codes are others");
        assert_eq!(tell(&mut state, try_one, until), Ok(1));
        assert_eq!(
            tell(&mut state, Command::ForgetPasswords(VALUE), until),
            Ok(1)
        );
        assert_eq!(
            tell(&mut state, Command::ForgetPasswords(VALUE), until),
            Ok(0)
        );
        for _ in 0..PASSWORDS_MAX {
            assert_eq!(tell(&mut state, try_one, until), Ok(1));
        }
        let tidied = state.due(until.after(LOCKED_FOR)).unwrap();
        state.apply(&tidied);
        assert_eq!(state, State::default());
    }

    #[test]
    fn what_was_counted_is_forgotten_by_the_wall() {
        let mut state = State::default();
        send(&mut state, WALL).unwrap();
        let due = state.next_due();
        assert_eq!(
            due,
            crate::domain::time::Dues::on_wall(Some(WALL.after(HOUR)))
        );
        assert_eq!(state.due(WALL.after(HOUR).before(Span(1))), None);
        let tidied = state.due(WALL.after(HOUR)).unwrap();
        state.apply(&tidied);
        assert_eq!(state, State::default());
    }

    #[test]
    fn a_proven_value_is_reserved_by_the_wall() {
        let mut state = State::default();
        let holder = Holder {
            contact: 1,
            attempt: 1,
        };
        let reserve = Command::ReserveOnWall(VALUE, holder);
        assert_eq!(tell(&mut state, reserve, WALL), Ok(1));
        let lapse = WALL.after(RESERVED_FOR);
        assert_eq!(state.next_due().wall, Some(lapse));
        assert_eq!(state.next_due().business, None);
        assert!(state.obligations(BUSINESS, WALL).is_empty());
        assert_eq!(state.obligations(BUSINESS, lapse).len(), 1);
        assert_eq!(
            tell(&mut state, Command::Confirm(VALUE, holder), lapse),
            Ok(1)
        );
        assert_eq!(state.holder(&VALUE), Some(1));
    }
}
