use std::sync::Arc;

use super::ledger_tests::{contact, make};
use super::tests::{NOW, context, purchase, record, tenant};
use super::*;
use crate::domain::access::{Identity, LOCKED_FOR, Provider};
use crate::domain::configuration::{Configuration, Opening, Scheme};
use crate::domain::context::Context;
use crate::domain::directory_entry::ValueHash;
use crate::domain::offer::NoAward;
use crate::domain::time::{Span, Timestamp};

const SCHEME: u64 = 31;
const OTHER: u64 = 32;
const CODE: ValueHash = ValueHash([1; 16]);
const ADDRESS: ValueHash = ValueHash([2; 16]);

/// At a time, with an offer for the members of a scheme that lets in so.
fn at(now: Timestamp, opening: Opening) -> Context {
    let mut view = (*tenant(None)).clone();
    let scheme = Scheme {
        name: "Club".into(),
        description: None,
        terms_and_conditions: None,
        opening,
    };
    view.rewards = Arc::new(Configuration {
        schemes: vec![(SCHEME, scheme)],
        ..Configuration::default()
    });
    Arc::make_mut(&mut view.offers[0].1).conditions.schemes = vec![SCHEME];
    Context {
        tenant: Some(Arc::new(view)),
        ..context(now, None)
    }
}

fn sign_up(proof: Proof) -> Command {
    Command::SignUpToScheme(Box::new(SignUpToScheme {
        scheme: SCHEME,
        proof,
        sealed: None,
    }))
}

fn is_awarded(contact: &Contact, context: &Context) -> bool {
    let mut contact = contact.clone();
    let outcome = record(&mut contact, &purchase(1_000, None), context).offers[0];
    assert!(outcome.is_ok() || outcome == Err(NoAward::NotAMember));
    outcome.is_ok()
}

fn refused(contact: &Contact, command: &Command, context: &Context) -> Rejection {
    contact.decide(command, context).unwrap_err()
}

#[test]
fn everybody_is_a_member_of_an_automatic_scheme_and_stays_one() {
    let context = at(NOW, Opening::Auto);
    let contact = contact();
    assert!(is_awarded(&contact, &context));
    let signed = contact.decide(&sign_up(Proof::None), &context).unwrap();
    assert!(signed.is_empty());
    let out = Command::SignOutOfScheme(SCHEME);
    assert_eq!(
        refused(&contact, &out, &context),
        Rejection::Scheme(SchemeRefusal::Closed)
    );
}

#[test]
fn whoever_signs_up_is_a_member_until_it_signs_out() {
    let context = at(NOW, Opening::SelfSignUp);
    let mut contact = contact();
    assert!(!is_awarded(&contact, &context));
    make(&mut contact, &sign_up(Proof::None), &context);
    assert!(is_awarded(&contact, &context));
    let again = contact.decide(&sign_up(Proof::None), &context).unwrap();
    assert!(again.is_empty(), "again changes nothing");
    let out = Command::SignOutOfScheme(SCHEME);
    make(&mut contact, &out, &context);
    assert!(!is_awarded(&contact, &context));
    assert!(contact.decide(&out, &context).unwrap().is_empty());
    let nowhere = Command::SignOutOfScheme(OTHER);
    assert_eq!(
        refused(&contact, &nowhere, &context),
        Rejection::Scheme(SchemeRefusal::Unknown)
    );
}

#[test]
fn a_code_lets_in_and_five_wrong_ones_lock_for_a_quarter_of_an_hour() {
    let open = |now| at(now, Opening::Code(CODE));
    let now = open(NOW);
    let mut contact = contact();
    let none = sign_up(Proof::None);
    assert_eq!(
        refused(&contact, &none, &now),
        Rejection::Scheme(SchemeRefusal::Closed)
    );
    let wrong = sign_up(Proof::Code(ADDRESS));
    let check = Command::CheckSignUpCode(ADDRESS);
    for guess in [&wrong, &check, &wrong, &check, &wrong] {
        assert!(!is_awarded(&contact, &now));
        make(&mut contact, guess, &now);
    }
    let right = sign_up(Proof::Code(CODE));
    assert_eq!(
        refused(&contact, &right, &now),
        Rejection::Scheme(SchemeRefusal::CodesLocked)
    );
    let check = Command::CheckSignUpCode(CODE);
    assert_eq!(
        refused(&contact, &check, &now),
        Rejection::Scheme(SchemeRefusal::CodesLocked)
    );
    let later = open(NOW.after(LOCKED_FOR));
    assert!(contact.decide(&check, &later).unwrap().is_empty());
    make(&mut contact, &right, &later);
    assert!(is_awarded(&contact, &later));
    // The business's clock unlocks nothing.
    let mut locked = self::contact();
    for _ in 0..5 {
        make(&mut locked, &wrong, &now);
    }
    let advanced = Context {
        wall: NOW,
        ..open(NOW.after(Span::days(30)))
    };
    assert_eq!(
        refused(&locked, &right, &advanced),
        Rejection::Scheme(SchemeRefusal::CodesLocked)
    );
}

#[test]
fn an_address_lets_in_that_is_of_a_domain_and_proven() {
    let domains = vec!["acme.example".to_owned()];
    let context = at(NOW, Opening::EmailDomains(domains));
    let mut contact = contact();
    let with = |domain: &str| sign_up(Proof::Email(ADDRESS, domain.to_owned()));
    let ours = with("acme.example");
    assert_eq!(
        refused(&contact, &ours, &context),
        Rejection::Scheme(SchemeRefusal::Closed)
    );
    let access = contact.access.get_or_insert_default();
    access.identities.push(Identity {
        number: 1,
        provider: Provider::Email,
        value: ADDRESS,
        sealed: Arc::default(),
        verified_at: NOW,
    });
    let other = with("other.example");
    assert_eq!(
        refused(&contact, &other, &context),
        Rejection::Scheme(SchemeRefusal::Closed)
    );
    let none = sign_up(Proof::Code(CODE));
    assert_eq!(
        refused(&contact, &none, &context),
        Rejection::Scheme(SchemeRefusal::Closed)
    );
    make(&mut contact, &ours, &context);
    assert!(is_awarded(&contact, &context));
}
