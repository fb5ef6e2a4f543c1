//! Spend tokens.

use super::fixtures::{self, NOW};
use crate::domain::contact::{self, Contact, Intent, SPEND_TOKENS_MAX, SpendToken, SpendTokens};
use crate::domain::directory_entry::{self, Holder, ValueHash};
use crate::domain::entity::{Event, State};
use crate::domain::money::Minor;
use crate::domain::time::{Span, Timestamp};
use crate::persistence::codec;

fn later(seconds: u32) -> Timestamp {
    NOW.after(Span::seconds(seconds))
}

fn token(intent: Intent) -> SpendToken {
    SpendToken {
        number: 401,
        intent,
        amount: Some(Minor(402)),
        estimate: Some(403),
        nonce: [41; 16],
        code: ValueHash([42; 16]),
        expires_at: later(43),
        is_used: true,
    }
}

pub(super) fn tokens() -> SpendTokens {
    let intents = [
        Intent::Spend,
        Intent::ApprovePurchase,
        Intent::RejectPurchase,
    ];
    SpendTokens {
        tokens: intents.map(token).into(),
        count: 404,
    }
}

pub(super) fn events() -> Vec<(&'static str, Event)> {
    let holder = Holder {
        contact: 405,
        attempt: 0,
    };
    let held = directory_entry::Event::HeldUntil(ValueHash([44; 16]), holder, later(45));
    vec![
        (
            "token_made",
            Event::Contact(contact::Event::TokenMade(token(Intent::Spend))),
        ),
        ("token_used", Event::Contact(contact::Event::TokenUsed(401))),
        (
            "tokens_tidied",
            Event::Contact(contact::Event::TokensTidied(NOW)),
        ),
        ("directory_entry_held_until", Event::DirectoryEntry(held)),
    ]
}

#[test]
fn whoever_makes_no_token_takes_one_byte_for_it_and_whoever_makes_the_most_half_a_kib() {
    let row = |spend_tokens| {
        let contact = Contact {
            spend_tokens,
            ..Contact::default()
        };
        let state = State::Contact(Box::new(contact));
        codec::encode_entity(&fixtures::entity(state, fixtures::remembered())).len()
    };
    let largest = SpendToken {
        number: u32::MAX,
        amount: Some(Minor(i64::MAX)),
        estimate: Some(u32::MAX),
        ..token(Intent::Spend)
    };
    let full = SpendTokens {
        tokens: vec![largest; SPEND_TOKENS_MAX],
        count: u32::MAX,
    };
    let most = row(Some(Box::new(full))) - row(None);
    assert!(most < 640, "{most} bytes");
}
