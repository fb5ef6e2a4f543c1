//! Signing in: codes, guesses, sessions, registrations.

use super::tests::NOW;
use super::*;
use crate::domain::access::{
    self, Access, Attempt, CHALLENGES_MAX, Channel, CodeHash, LOCKED_FOR, NewChallenge, OTP_LASTS,
    Provider, Purpose, REFRESH_GRACE, REFRESH_LASTS, Refresh, SESSION_LASTS, SESSIONS_MAX,
    TRIES_MAX, Which, bound_to,
};
use crate::domain::address::Kind;
use crate::domain::context::Context;
use crate::domain::directory_entry::ValueHash;
use crate::domain::entity::{self, Entity, State};
use crate::domain::time::{Span, Timestamp};

pub(super) const VALUE: ValueHash = ValueHash([9; 16]);

/// A year ahead of the wall, as a test clock may be.
pub(super) const BUSINESS: Timestamp = Timestamp(NOW.0 + Span::days(365).0);

/// A contact, with the wall at which the next command arrives.
pub(super) struct Bench {
    pub(super) entity: Entity,
    pub(super) wall: Timestamp,
    nonces: u8,
}

pub(super) fn shortly_before(span: Span) -> Span {
    Span(span.0 - 1)
}

pub(super) fn code(number: u8) -> CodeHash {
    CodeHash([number; 16])
}

impl Bench {
    pub(super) fn new() -> Bench {
        Bench {
            entity: Entity::new(Kind::Contact),
            wall: NOW,
            nonces: 0,
        }
    }

    /// One that exists and that nobody signs in to yet.
    pub(super) fn with_contact() -> Bench {
        let mut bench = Bench::new();
        bench.accepts(Command::Propose(proposal()));
        bench.accepts(Command::Confirm);
        bench
    }

    /// One that is registering, with the code 1.
    pub(super) fn registering() -> Bench {
        let mut bench = Bench::new();
        let challenge = bench.new_challenge(1);
        bench.accepts(Command::Register(Box::new(register(challenge))));
        bench
    }

    /// One that is signed in with its first session.
    pub(super) fn signed_in() -> Bench {
        let mut bench = Bench::with_contact();
        bench.tell(access::Command::SignIn([1; 16])).unwrap();
        bench
    }

    pub(super) fn contact(&self) -> &Contact {
        let State::Contact(contact) = &self.entity.state else {
            panic!("not a contact");
        };
        contact
    }

    pub(super) fn access(&self) -> &Access {
        self.contact().access.as_deref().unwrap()
    }

    pub(super) fn sessions(&self) -> Vec<u32> {
        let sessions = &self.access().sessions;
        sessions.iter().map(|session| session.number).collect()
    }

    pub(super) fn context(&self) -> Context {
        Context {
            now: BUSINESS,
            wall: self.wall,
            tenant: None,
            budgets: Vec::new(),
        }
    }

    pub(super) fn decide(&mut self, command: Command) -> Result<usize, access::Rejection> {
        let command = entity::Command::Contact(command);
        let why = match self.entity.decide(&command, None, &self.context()) {
            Ok(effect) => {
                if !effect.events.is_empty() {
                    self.entity.apply(&effect);
                }
                let Some(why) = effect.refusal() else {
                    return Ok(effect.events.len());
                };
                why
            }
            Err(why) => why,
        };
        let entity::Rejection::Contact(Rejection::Access(why)) = why else {
            panic!("{why:?}");
        };
        Err(why)
    }

    pub(super) fn accepts(&mut self, command: Command) {
        assert_ne!(self.decide(command), Ok(0));
    }

    pub(super) fn tell(&mut self, command: access::Command) -> Result<usize, access::Rejection> {
        self.decide(Command::Access(command))
    }

    pub(super) fn new_challenge(&mut self, right: u8) -> NewChallenge {
        self.nonces += 1;
        NewChallenge {
            channel: Channel::Sms,
            destination: VALUE,
            nonce: [self.nonces; 16],
            code: code(right),
        }
    }

    /// Asks for a code to sign in with: the number of the challenge.
    pub(super) fn ask(&mut self, right: u8) -> u32 {
        let challenge = self.new_challenge(right);
        self.tell(access::Command::Challenge(Purpose::SignIn, challenge))
            .unwrap();
        self.access().challenge_count
    }

    pub(super) fn answer(&mut self, number: u32, with: u8) -> Result<usize, access::Rejection> {
        let challenge = self.contact().access.as_ref();
        let challenge = challenge.and_then(|access| access.challenge(number));
        let nonce = challenge.map_or([0; 16], |challenge| challenge.nonce);
        self.tell(access::Command::Answer(Attempt {
            number,
            bound_to: bound_to(&nonce),
            code: code(with),
            nonce: [77; 16],
        }))
    }

    pub(super) fn refresh(
        &mut self,
        session: u32,
        generation: u32,
    ) -> Result<usize, access::Rejection> {
        let refresh = Refresh {
            session,
            generation,
            nonce: [1; 16],
        };
        self.tell(access::Command::Refresh(refresh))
    }

    pub(super) fn passes(&mut self, span: Span) {
        self.wall = self.wall.after(span);
    }

    pub(super) fn fire(&mut self) {
        let effect = self
            .entity
            .decide(&entity::Command::FireTimers, None, &self.context())
            .unwrap();
        if !effect.events.is_empty() {
            self.entity.apply(&effect);
        }
    }
}

pub(super) fn proposal() -> Propose {
    Propose {
        contact_type: ContactType::Person,
        profile: SealedProfile {
            slot: 41,
            sealed: [1, 2, 3].into(),
        },
        own_id: None,
        code: "C1".into(),
        claims: vec![ValueHash([5; 16])],
    }
}

pub(super) fn register(challenge: NewChallenge) -> Register {
    Register {
        proposal: proposal(),
        provider: Provider::Phone,
        sealed: [4, 5].into(),
        password: None,
        proof: ValueProof::Code(challenge),
    }
}

pub(super) const WRONG: access::Rejection = access::Rejection::CodeWrong;
pub(super) const INVALID: access::Rejection = access::Rejection::CodeInvalid;

#[test]
fn the_right_code_signs_in_once() {
    let mut bench = Bench::with_contact();
    let number = bench.ask(1);
    bench.answer(number, 1).unwrap();
    assert_eq!(bench.sessions(), [1]);
    assert_eq!(bench.answer(number, 1), Err(INVALID));
    assert_eq!(bench.sessions(), [1]);
}

#[test]
fn a_code_is_good_for_ten_minutes_of_the_wall() {
    let mut bench = Bench::with_contact();
    let number = bench.ask(1);
    bench.passes(shortly_before(OTP_LASTS));
    bench.answer(number, 1).unwrap();
    let number = bench.ask(1);
    bench.passes(OTP_LASTS);
    assert_eq!(bench.answer(number, 1), Err(INVALID));
}

#[test]
fn a_code_is_bound_to_its_transaction() {
    let mut bench = Bench::with_contact();
    let number = bench.ask(1);
    let attempt = Attempt {
        number,
        bound_to: [200; 8],
        code: code(1),
        nonce: [77; 16],
    };
    let answered = bench.tell(access::Command::Answer(attempt));
    assert_eq!(answered, Err(INVALID));
    assert_eq!(
        bench.access().guesses.wrong,
        0,
        "there was nothing to guess"
    );
}

#[test]
fn five_wrong_tries_end_the_code_and_lock_the_rest() {
    let mut bench = Bench::with_contact();
    let number = bench.ask(1);
    for _ in 0..TRIES_MAX {
        assert_eq!(bench.answer(number, 2), Err(WRONG));
    }
    let until = bench.wall.after(LOCKED_FOR);
    assert_eq!(
        bench.answer(number, 1),
        Err(access::Rejection::Locked(until))
    );
    // Asking again resets nothing.
    let another = bench.ask(3);
    assert_eq!(
        bench.answer(another, 3),
        Err(access::Rejection::Locked(until))
    );
    assert!(bench.sessions().is_empty());
    bench.passes(LOCKED_FOR);
    let after = bench.ask(4);
    bench.answer(after, 4).unwrap();
}

#[test]
fn wrong_tries_are_counted_over_several_codes() {
    let mut bench = Bench::with_contact();
    let number = bench.ask(1);
    for _ in 1..TRIES_MAX {
        assert_eq!(bench.answer(number, 2), Err(WRONG));
    }
    let another = bench.ask(3);
    assert_eq!(bench.answer(another, 2), Err(WRONG));
    let until = bench.wall.after(LOCKED_FOR);
    assert_eq!(
        bench.answer(another, 3),
        Err(access::Rejection::Locked(until))
    );
}

#[test]
fn a_right_code_clears_the_count_but_not_that_of_another_code() {
    let mut bench = Bench::with_contact();
    let first = bench.ask(1);
    for _ in 1..TRIES_MAX {
        assert_eq!(bench.answer(first, 2), Err(WRONG));
    }
    let second = bench.ask(3);
    bench.answer(second, 3).unwrap();
    assert_eq!(bench.access().guesses.wrong, 0);
    // The fifth wrong try at the first code ends it all the same.
    assert_eq!(bench.answer(first, 2), Err(WRONG));
    assert_eq!(bench.answer(first, 1), Err(INVALID));
}

#[test]
fn a_wrong_try_is_recorded_and_refused_at_once() {
    let mut bench = Bench::with_contact();
    let number = bench.ask(1);
    let nonce = bench.access().challenge(number).unwrap().nonce;
    let attempt = Attempt {
        number,
        bound_to: bound_to(&nonce),
        code: code(2),
        nonce: [77; 16],
    };
    let command = access::Command::Answer(attempt);
    let command = entity::Command::Contact(Command::Access(command));
    let effect = bench.entity.decide(&command, None, &bench.context());
    let effect = effect.unwrap();
    assert_eq!(
        effect.refusal(),
        Some(entity::Rejection::Contact(Rejection::Access(WRONG)))
    );
    assert_eq!(effect.events.len(), 1, "and yet it is recorded");
}

#[test]
fn the_oldest_code_gives_way() {
    let mut bench = Bench::with_contact();
    let first = bench.ask(1);
    for _ in 0..CHALLENGES_MAX {
        bench.ask(2);
    }
    assert_eq!(bench.access().challenges.len(), CHALLENGES_MAX);
    assert_eq!(bench.answer(first, 1), Err(INVALID));
}

#[test]
fn nobody_has_codes_that_are_never_right() {
    let mut bench = Bench::new();
    let number = bench.ask(1);
    for _ in 0..TRIES_MAX {
        assert_eq!(bench.answer(number, 1), Err(WRONG));
    }
    let until = bench.wall.after(LOCKED_FOR);
    assert_eq!(
        bench.answer(number, 1),
        Err(access::Rejection::Locked(until))
    );
    bench.passes(LOCKED_FOR);
    bench.fire();
    assert_eq!(
        bench.contact(),
        &Contact::default(),
        "nothing of it is left"
    );
}

#[test]
fn a_refresh_rotates_and_its_predecessor_is_good_for_ten_seconds() {
    let mut bench = Bench::signed_in();
    assert_eq!(bench.refresh(1, 0), Ok(1));
    let rotated = *bench.access().session(1).unwrap();
    bench.passes(shortly_before(REFRESH_GRACE));
    // The same successor: nothing changes.
    assert_eq!(bench.refresh(1, 0), Ok(0));
    assert_eq!(*bench.access().session(1).unwrap(), rotated);
    bench.passes(Span(1));
    assert_eq!(bench.refresh(1, 0), Err(access::Rejection::Replayed));
    assert!(bench.sessions().is_empty(), "the whole family has ended");
    assert_eq!(bench.refresh(1, 1), Err(access::Rejection::InvalidGrant));
}

#[test]
fn the_grace_is_for_the_immediate_predecessor_only() {
    let mut bench = Bench::signed_in();
    bench.refresh(1, 0).unwrap();
    bench.refresh(1, 1).unwrap();
    assert_eq!(bench.refresh(1, 0), Err(access::Rejection::Replayed));
    assert!(bench.sessions().is_empty());
}

#[test]
fn a_refresh_token_of_another_make_ends_nothing() {
    let mut bench = Bench::signed_in();
    let refresh = Refresh {
        session: 1,
        generation: 0,
        nonce: [2; 16],
    };
    let refreshed = bench.tell(access::Command::Refresh(refresh));
    assert_eq!(refreshed, Err(access::Rejection::InvalidGrant));
    assert_eq!(bench.sessions(), [1]);
}

#[test]
fn a_session_slides_to_its_end() {
    let mut bench = Bench::signed_in();
    let began = bench.wall;
    for generation in 0..3 {
        bench.passes(shortly_before(REFRESH_LASTS));
        bench.refresh(1, generation).unwrap();
    }
    let session = bench.access().session(1).unwrap();
    assert_eq!(session.expires_at, began.after(SESSION_LASTS));
    bench.wall = began.after(SESSION_LASTS);
    assert_eq!(bench.refresh(1, 3), Err(access::Rejection::InvalidGrant));

    let mut idle = Bench::signed_in();
    idle.passes(REFRESH_LASTS);
    assert_eq!(idle.refresh(1, 0), Err(access::Rejection::InvalidGrant));
    assert_eq!(idle.sessions(), [1]);
    idle.fire();
    assert!(idle.sessions().is_empty(), "timers only tidy up");
}

#[test]
fn the_session_that_was_idle_for_longest_gives_way_and_no_number_comes_back() {
    let mut bench = Bench::signed_in();
    for _ in 1..SESSIONS_MAX {
        bench.passes(Span(1));
        bench.tell(access::Command::SignIn([1; 16])).unwrap();
    }
    bench.passes(Span(1));
    bench.refresh(1, 0).unwrap();
    bench.tell(access::Command::SignIn([1; 16])).unwrap();
    assert_eq!(bench.sessions().len(), SESSIONS_MAX);
    assert!(bench.sessions().contains(&1), "it was refreshed of late");
    assert!(!bench.sessions().contains(&2));
    bench.tell(access::Command::End(Which::All)).unwrap();
    bench.tell(access::Command::SignIn([1; 16])).unwrap();
    assert_eq!(bench.sessions(), [12]);
}

#[test]
fn one_session_ends_or_all_and_ending_again_changes_nothing() {
    let mut bench = Bench::signed_in();
    bench.tell(access::Command::SignIn([1; 16])).unwrap();
    let end = |which| access::Command::End(which);
    assert_eq!(bench.tell(end(Which::This(1))), Ok(1));
    assert_eq!(bench.tell(end(Which::This(1))), Ok(0));
    assert_eq!(bench.sessions(), [2]);
    assert_eq!(bench.tell(end(Which::All)), Ok(1));
    assert_eq!(bench.tell(end(Which::All)), Ok(0));
    assert!(bench.sessions().is_empty());
}

#[test]
fn a_test_clock_moves_nothing_of_it() {
    let mut bench = Bench::with_contact();
    let number = bench.ask(1);
    bench.tell(access::Command::SignIn([1; 16])).unwrap();
    // Business is a year ahead all the time.
    bench.fire();
    assert_eq!(bench.sessions(), [1]);
    let due = bench.entity.next_due();
    assert_eq!(due.business, None);
    assert_eq!(due.wall, Some(NOW.after(OTP_LASTS)));
    bench.answer(number, 1).unwrap();
}
