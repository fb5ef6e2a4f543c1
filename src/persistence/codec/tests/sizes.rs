//! What an award costs the journal.

use std::sync::Arc;

use super::fixtures::{self, NOW, lot};
use crate::domain::address::{Address, Kind, Mode, TenantId};
use crate::domain::contact::{self, Amounts, OfferOutcome, Purchase};
use crate::domain::entity::{Effect, Event};
use crate::domain::money::Minor;
use crate::domain::offer::NoAward;
use crate::limits::AWARD_RECORD_BYTES_MAX;
use crate::persistence::codec;

fn bytes_of(purchase: Purchase) -> usize {
    let address = Address {
        tenant: TenantId(1_000_000),
        mode: Mode::Live,
        kind: Kind::Contact,
        entity: u64::MAX,
    };
    let event = Event::Contact(contact::Event::PurchaseRecorded(Arc::new(purchase)));
    let effect = Effect {
        seq: 70_000,
        ..fixtures::effect(event)
    };
    assert_eq!(
        effect.remember.as_ref().unwrap().keys.len(),
        2,
        "the header's and the own id's"
    );
    codec::encode_effect(&address, &effect).len()
}

/// The demo network's: four offers, of which two give.
fn typical() -> Purchase {
    Purchase {
        number: 12,
        amounts: Amounts {
            total: Minor(4_210),
            ..Amounts::default()
        },
        own_id: None,
        reference_number: Some("2026-000417".into()),
        payment_medium_identifier: None,
        performed_on: None,
        spent: None,
        offers: vec![
            OfferOutcome {
                offer: 1,
                result: Ok(lot(90, 211)),
            },
            OfferOutcome {
                offer: 2,
                result: Err(NoAward::BelowMinimum),
            },
            OfferOutcome {
                offer: 3,
                result: Err(NoAward::OtherClassification),
            },
            OfferOutcome {
                offer: 4,
                result: Ok(lot(365, 50)),
            },
        ],
        ..fixtures::purchase()
    }
}

#[test]
fn an_award_record_stays_under_its_limit() {
    let id: Arc<str> = "69691e1e-1d90-4355-8b78-acd41ef577f4".into();
    let large = Purchase {
        number: 70_000,
        organisation: u64::MAX,
        amounts: Amounts {
            total: Minor(999_999_999),
            net: Some(Minor(840_336_133)),
            tax: Some(Minor(159_663_866)),
            discount: Some(Minor(100_000_000)),
        },
        own_id: Some(Arc::clone(&id)),
        reference_number: Some(Arc::clone(&id)),
        payment_medium_identifier: Some("9781234567890123456789012345".into()),
        performed_on: Some(NOW),
        offers: (1..=4)
            .map(|offer| OfferOutcome {
                offer: u64::MAX - offer,
                result: Ok(lot(90, 99_999_999)),
            })
            .collect(),
        ..typical()
    };
    let (typical, large) = (bytes_of(typical()), bytes_of(large));
    assert!(large < AWARD_RECORD_BYTES_MAX, "{large} bytes");
    // What the notes on the journal's rate may count on: pinned, so that growth is a decision.
    assert_eq!(
        (typical, large),
        (174, 369),
        "a typical award, and a large one"
    );
}
