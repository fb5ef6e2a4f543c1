//! Registrations: proven, finished, lapsed, lost.

use super::access_tests::{BUSINESS, Bench, INVALID, VALUE, WRONG, register};
use super::*;
use crate::domain::access::{self, OTP_LASTS, Progress};
use crate::domain::directory_entry::{Obligation, ValueHash};
use crate::domain::entity;

#[test]
fn a_registration_exists_once_it_is_proven_and_finished() {
    let mut bench = Bench::registering();
    assert_eq!(bench.contact().stage, Stage::Proposed);
    assert_eq!(
        bench.tell(access::Command::Finish([1; 16])),
        Err(INVALID),
        "not before the code came back"
    );
    assert_eq!(bench.answer(1, 2), Err(WRONG));
    bench.answer(1, 1).unwrap();
    assert_eq!(bench.contact().stage, Stage::Proposed);
    assert_eq!(
        bench.contact().registration().progress,
        Some(Progress::Proven)
    );
    bench.tell(access::Command::Finish([1; 16])).unwrap();
    assert_eq!(bench.contact().stage, Stage::Active);
    assert_eq!(bench.contact().created_at, BUSINESS);
    assert_eq!(bench.contact().identities().collect::<Vec<_>>(), [VALUE]);
    assert_eq!(bench.sessions(), [1]);
    assert_eq!(bench.tell(access::Command::Finish([1; 16])), Err(INVALID));
}

#[test]
fn a_registration_is_not_confirmed_like_another_creation() {
    let mut bench = Bench::registering();
    let confirm = entity::Command::Contact(Command::Confirm);
    let confirmed = bench.entity.decide(&confirm, None, &bench.context());
    assert_eq!(
        confirmed.unwrap_err(),
        entity::Rejection::Contact(Rejection::UnknownContact)
    );
    // Nor does a code for it sign in to it.
    let number = bench.ask(7);
    assert_eq!(bench.answer(number, 7), Err(WRONG));
}

#[test]
fn a_registration_that_lapses_is_void_and_owes_its_key() {
    let mut bench = Bench::registering();
    bench.answer(1, 1).unwrap();
    bench.passes(OTP_LASTS);
    // At use, whether or not a timer has fired.
    assert_eq!(bench.tell(access::Command::Finish([1; 16])), Err(INVALID));
    assert_eq!(bench.entity.next_due().wall, Some(bench.wall));
    bench.fire();
    assert_eq!(bench.contact().stage, Stage::Void);
    let owed = bench.entity.obligations(BUSINESS, bench.wall);
    assert_eq!(owed, [Obligation::Shred]);
    assert!(bench.entity.next_due().wall.unwrap() <= bench.wall);
    let again = register(bench.new_challenge(1));
    let again = entity::Command::Contact(Command::Register(Box::new(again)));
    assert!(
        bench.entity.decide(&again, None, &bench.context()).is_err(),
        "not under a key that is about to be destroyed"
    );
    bench.tell(access::Command::Shredded).unwrap();
    assert_eq!(bench.entity.obligations(BUSINESS, bench.wall), []);
    assert_eq!(bench.contact().access, None);
    assert!(bench.entity.decide(&again, None, &bench.context()).is_ok());
}

#[test]
fn a_registration_whose_value_is_lost_owes_its_key_too() {
    for lost in [
        Command::Refuse,
        Command::SettleReservation(VALUE, 1),
        Command::SettleReservation(ValueHash([5; 16]), 1),
    ] {
        let mut bench = Bench::registering();
        bench.answer(1, 1).unwrap();
        bench.accepts(lost);
        assert_eq!(bench.contact().stage, Stage::Void);
        let owed = bench.entity.obligations(BUSINESS, bench.wall);
        assert_eq!(owed, [Obligation::Shred]);
        assert_eq!(bench.tell(access::Command::Finish([1; 16])), Err(INVALID));
    }
}

#[test]
fn an_erased_contact_is_signed_out_and_gives_its_identities_up() {
    let mut bench = Bench::registering();
    bench.answer(1, 1).unwrap();
    bench.tell(access::Command::Finish([1; 16])).unwrap();
    bench.accepts(Command::Erase);
    assert_eq!(bench.contact().access, None);
    assert!(bench.contact().released.values.contains(&VALUE));
    assert_eq!(bench.tell(access::Command::SignIn([1; 16])), Err(INVALID));
}
