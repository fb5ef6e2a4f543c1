//! Passwords, further identities and one-time tokens, asked of the contact itself.

use std::sync::Arc;

use super::access_tests::*;
use super::*;
use crate::domain::access::{
    self, Attempt, ChangePassword, NOTICES_COUNT_FOR, NOTICES_MAX, ONE_TIME_TOKEN_LASTS, OTP_LASTS,
    Provider, Purpose, SIGNED_IN_RECENTLY, ToAdd, bound_to,
};
use crate::domain::directory_entry::ValueHash;
use crate::domain::time::Span;

const EMAIL: ValueHash = ValueHash([8; 16]);

const CHANGED: access::Rejection = access::Rejection::PasswordChanged;

fn hash(number: u8) -> Arc<[u8]> {
    [number; 4].into()
}

/// Lets the contact of session 1 sign in by `value` as well.
fn signs_in_by(bench: &mut Bench, provider: Provider, value: ValueHash) {
    let add = ToAdd {
        session: 1,
        provider,
        sealed: [5; 4].into(),
        password: None,
    };
    let begin = access::Command::BeginAddingVouched(value, Box::new(add));
    bench.tell(begin).unwrap();
    bench.accepts(Command::BeginChange(vec![value]));
    let held = bench.contact().attempts;
    bench.tell(access::Command::AddIdentity(held)).unwrap();
}

/// A contact in its session 1 that signs in by e-mail, with a code for `purpose` that 7 answers.
fn with_code(purpose: Purpose) -> (Bench, Attempt) {
    let mut bench = Bench::signed_in();
    signs_in_by(&mut bench, Provider::Email, EMAIL);
    let challenge = bench.new_challenge(7);
    let attempt = Attempt {
        number: 1,
        bound_to: bound_to(&challenge.nonce),
        code: code(7),
        nonce: [3; 16],
    };
    let challenge = access::Command::Challenge(purpose, challenge);
    bench.tell(challenge).unwrap();
    (bench, attempt)
}

fn reset(attempt: Attempt) -> access::Command {
    access::Command::ResetPassword(attempt, hash(1))
}

#[test]
fn a_password_that_was_right_signs_in_unless_it_was_changed_since() {
    let (mut bench, attempt) = with_code(Purpose::ResetPassword);
    let enter = |number| access::Command::SignInByPassword(number, [4; 16]);
    assert_eq!(bench.tell(enter(1)), Err(CHANGED), "there is none");
    bench.tell(reset(attempt)).unwrap();
    bench.tell(enter(1)).unwrap();
    let session = *bench.sessions().last().unwrap();
    let change = access::Command::ChangePassword(ChangePassword {
        session,
        knows: None,
        sealed: hash(2),
    });
    bench.tell(change).unwrap();
    assert_eq!(bench.tell(enter(1)), Err(CHANGED));
    bench.tell(enter(2)).unwrap();
}

#[test]
fn a_token_is_for_one_thing_for_half_an_hour_and_once() {
    let (mut bench, attempt) = with_code(Purpose::ResetPassword);
    let verify = access::Command::VerifyEmail(attempt);
    assert_eq!(bench.tell(verify), Err(INVALID));
    // It is no code to be typed, and a wrong one is not counted.
    assert_eq!(bench.tell(access::Command::Answer(attempt)), Err(INVALID));
    let wrong = Attempt {
        code: code(8),
        ..attempt
    };
    let unbound = Attempt {
        bound_to: [9; 8],
        ..attempt
    };
    for _ in 0..9 {
        assert_eq!(bench.tell(reset(wrong)), Err(INVALID));
        assert_eq!(bench.tell(reset(unbound)), Err(INVALID));
    }
    bench.wall = bench.wall.after(shortly_before(ONE_TIME_TOKEN_LASTS));
    bench.tell(reset(attempt)).unwrap();
    assert_eq!(
        bench.sessions(),
        [0; 0],
        "whoever was signed in may be another"
    );
    assert_eq!(bench.tell(reset(attempt)), Err(INVALID));

    let (mut bench, attempt) = with_code(Purpose::ResetPassword);
    bench.wall = bench.wall.after(ONE_TIME_TOKEN_LASTS);
    assert_eq!(bench.tell(reset(attempt)), Err(INVALID));
    let (mut bench, attempt) = with_code(Purpose::SignIn);
    assert_eq!(bench.tell(reset(attempt)), Err(INVALID));
}

#[test]
fn a_password_is_changed_in_a_recent_session_or_by_who_knows_it() {
    let (mut bench, attempt) = with_code(Purpose::ResetPassword);
    bench.tell(reset(attempt)).unwrap();
    bench.tell(access::Command::SignIn([1; 16])).unwrap();
    bench.tell(access::Command::SignIn([2; 16])).unwrap();
    let [session, other] = bench.sessions()[..] else {
        panic!("two sessions");
    };
    let change = |session, knows| {
        access::Command::ChangePassword(ChangePassword {
            session,
            knows,
            sealed: hash(2),
        })
    };
    let ended = Err(access::Rejection::InvalidGrant);
    assert_eq!(bench.tell(change(99, None)), ended);
    bench.wall = bench.wall.after(shortly_before(SIGNED_IN_RECENTLY));
    bench.tell(change(session, None)).unwrap();
    assert_eq!(bench.sessions(), [session]);
    assert_eq!(bench.tell(change(other, None)), ended);
    bench.wall = bench.wall.after(Span(1));
    let late = Err(access::Rejection::StepUpRequired);
    assert_eq!(bench.tell(change(session, None)), late);
    assert_eq!(
        bench.tell(change(session, Some(1))),
        late,
        "an older password"
    );
    bench.tell(change(session, Some(2))).unwrap();
}

#[test]
fn a_password_is_chosen_by_who_signs_in_by_email_only() {
    let mut bench = Bench::signed_in();
    let change = access::Command::ChangePassword(ChangePassword {
        session: 1,
        knows: None,
        sealed: hash(2),
    });
    signs_in_by(&mut bench, Provider::Phone, VALUE);
    let refused = Err(access::Rejection::NoEmailAddress);
    assert_eq!(bench.tell(change.clone()), refused);
    assert_eq!(bench.access().password, None);
    signs_in_by(&mut bench, Provider::Email, EMAIL);
    assert_eq!(bench.access().password, None, "nothing was kept");
    bench.tell(change).unwrap();
    assert!(bench.contact().password(&EMAIL).is_some());
}

#[test]
fn who_changes_its_password_again_and_again_is_told_so_often_an_hour() {
    let (mut bench, attempt) = with_code(Purpose::ResetPassword);
    bench.tell(reset(attempt)).unwrap();
    bench.tell(access::Command::SignIn([1; 16])).unwrap();
    let session = *bench.sessions().last().unwrap();
    let mut number = 1;
    let mut tells = |bench: &mut Bench| {
        let change = access::Command::ChangePassword(ChangePassword {
            session,
            knows: Some(number),
            sealed: hash(2),
        });
        number += 1;
        let password = |bench: &Bench| bench.access().password.clone().unwrap();
        let before = password(bench).notices;
        bench.tell(change).unwrap();
        let after = password(bench);
        assert_eq!(after.number, number, "it is changed, told or not");
        after.notices != before
    };
    for _ in 0..2 {
        for _ in 0..NOTICES_MAX {
            assert!(tells(&mut bench));
        }
        bench.wall = bench.wall.after(shortly_before(NOTICES_COUNT_FOR));
        assert!(!tells(&mut bench));
        bench.wall = bench.wall.after(Span(1));
    }
    assert!(tells(&mut bench));
}

#[test]
fn an_account_that_was_vouched_for_is_added_by_a_session_that_lasts() {
    let begin = |session| {
        let add = ToAdd {
            session,
            provider: Provider::Google,
            sealed: [5; 4].into(),
            password: None,
        };
        access::Command::BeginAddingVouched(VALUE, Box::new(add))
    };
    let mut bench = Bench::with_contact();
    bench.tell(access::Command::SignIn([1; 16])).unwrap();
    let ended = Err(access::Rejection::InvalidGrant);
    assert_eq!(bench.tell(begin(2)), ended);
    bench.tell(begin(1)).unwrap();
    assert!(bench.contact().identities().next().is_none(), "not held");
    bench.accepts(Command::BeginChange(vec![VALUE]));
    let held = bench.contact().attempts;
    bench.tell(access::Command::AddIdentity(held)).unwrap();
    assert!(bench.contact().identities().eq([VALUE]));
    let known = Err(access::Rejection::IdentityKnown);
    assert_eq!(bench.tell(begin(1)), known);
}

#[test]
fn who_is_only_recognised_changes_nothing_of_how_others_get_in() {
    let add = ToAdd {
        session: 1,
        provider: Provider::Google,
        sealed: [5; 4].into(),
        password: None,
    };
    let change = ChangePassword {
        session: 1,
        knows: None,
        sealed: hash(2),
    };
    let asks = |bench: &mut Bench| {
        let code = bench.new_challenge(7);
        [
            access::Command::BeginAdding(code, Box::new(add.clone())),
            access::Command::BeginAddingVouched(VALUE, Box::new(add.clone())),
            access::Command::ChangePassword(change.clone()),
        ]
    };
    let mut bench = Bench::with_contact();
    bench.tell(access::Command::Recognise([1; 16])).unwrap();
    for ask in asks(&mut bench) {
        let refused = bench.tell(ask);
        assert_eq!(refused, Err(access::Rejection::InvalidGrant));
    }
    for number in 0..3 {
        let mut bench = Bench::signed_in();
        signs_in_by(&mut bench, Provider::Email, EMAIL);
        let ask = asks(&mut bench)[number].clone();
        bench.tell(ask).unwrap();
    }
}

fn adds(bench: &mut Bench, session: u32) -> Result<Attempt, access::Rejection> {
    let challenge = bench.new_challenge(7);
    let attempt = Attempt {
        number: bench.access().challenge_count + 1,
        bound_to: bound_to(&challenge.nonce),
        code: code(7),
        nonce: [3; 16],
    };
    let add = ToAdd {
        session,
        provider: Provider::Email,
        sealed: [5; 4].into(),
        password: Some(hash(6)),
    };
    let begin = access::Command::BeginAdding(challenge, Box::new(add));
    bench.tell(begin).map(|_| attempt)
}

#[test]
fn an_identity_is_added_once_its_value_is_held_and_its_session_goes_on() {
    let mut bench = Bench::with_contact();
    bench.tell(access::Command::SignIn([1; 16])).unwrap();
    let ended = Err(access::Rejection::InvalidGrant);
    assert_eq!(adds(&mut bench, 2).map(drop), ended);
    let attempt = adds(&mut bench, 1).unwrap();
    bench.accepts(Command::BeginChange(vec![VALUE]));
    let held = bench.contact().attempts;
    let overtaken = |bench: &Bench, attempt| {
        let add = Command::Access(access::Command::AddIdentity(attempt));
        let decided = bench.contact().decide(&add, &bench.context());
        decided.is_err_and(|why| why == Rejection::Overtaken)
    };
    assert!(overtaken(&bench, held), "it is not proven");
    bench.tell(access::Command::Answer(attempt)).unwrap();
    assert!(overtaken(&bench, held + 1), "another attempt holds it");
    bench.tell(access::Command::AddIdentity(held)).unwrap();
    let contact = bench.contact();
    assert!(contact.identities().eq([VALUE]));
    assert!(contact.password(&VALUE).is_some());
    assert!(contact.pending.is_none());
    let known = Err(access::Rejection::IdentityKnown);
    assert_eq!(adds(&mut bench, 1).map(drop), known);

    let mut bench = Bench::with_contact();
    bench.tell(access::Command::SignIn([1; 16])).unwrap();
    let attempt = adds(&mut bench, 1).unwrap();
    bench
        .tell(access::Command::End(access::Which::All))
        .unwrap();
    assert_eq!(bench.tell(access::Command::Answer(attempt)), Err(INVALID));

    let mut bench = Bench::with_contact();
    bench.tell(access::Command::SignIn([1; 16])).unwrap();
    let attempt = adds(&mut bench, 1).unwrap();
    bench.tell(access::Command::Answer(attempt)).unwrap();
    bench.accepts(Command::BeginChange(vec![VALUE]));
    let held = bench.contact().attempts;
    bench.wall = bench.wall.after(OTP_LASTS);
    assert!(overtaken(&bench, held), "it has lapsed");
}

#[test]
fn a_code_for_the_till_confirms_once_and_signs_nobody_in() {
    let (mut bench, attempt) = with_code(Purpose::Till);
    let confirm = |attempt| access::Command::Confirm(Purpose::Till, attempt);
    let invalid = Err(access::Rejection::CodeInvalid);
    assert_eq!(bench.tell(access::Command::Answer(attempt)), invalid);
    let wrong = Attempt {
        code: code(8),
        ..attempt
    };
    let refused = Err(access::Rejection::CodeWrong);
    assert_eq!(bench.tell(confirm(wrong)), refused);
    assert_eq!(bench.access().guesses.wrong, 1);
    assert_eq!(bench.tell(confirm(attempt)), Ok(1));
    assert_eq!(bench.access().guesses.wrong, 0);
    assert_eq!(bench.sessions(), [1]);
    assert_eq!(bench.tell(confirm(attempt)), invalid);
    let (mut bench, attempt) = with_code(Purpose::SignIn);
    assert_eq!(bench.tell(confirm(attempt)), invalid);
    let (mut bench, attempt) = with_code(Purpose::Till);
    bench.passes(OTP_LASTS);
    assert_eq!(bench.tell(confirm(attempt)), invalid);
}
