//! Receipts.

use std::sync::Arc;

use super::fixtures::NOW;
use crate::domain::contact::{Amounts, Product};
use crate::domain::directory_entry::ValueHash;
use crate::domain::entity::Event;
use crate::domain::money::{Currency, Minor};
use crate::domain::receipt::{self, Receipt, Sale, Standing};

const CODE: ValueHash = ValueHash([0xC0; 16]);

fn sale() -> Arc<Sale> {
    Arc::new(Sale {
        organisation: 5,
        amounts: Amounts {
            total: Minor(1_250),
            net: Some(Minor(1_000)),
            tax: Some(Minor(250)),
            discount: None,
        },
        currency: Currency::from_code("EUR").unwrap(),
        classification: Arc::from("SALE"),
        own_id: Some(Arc::from("till-1")),
        reference_number: Some(Arc::from("R-1")),
        performed_on: Some(NOW),
        products: vec![Product {
            sku: Some(Arc::from("espresso")),
            ..Product::default()
        }],
    })
}

pub(super) fn state() -> receipt::State {
    receipt::State(Some(Box::new(Receipt {
        code: CODE,
        sale: sale(),
        posted_at: NOW,
        standing: Standing::Settled(7, 3),
    })))
}

pub(super) fn events() -> Vec<(&'static str, Event)> {
    let events = [
        ("receipt_posted", receipt::Event::Posted(CODE, sale(), NOW)),
        ("receipt_claimed", receipt::Event::Claimed(7, NOW)),
        ("receipt_settled", receipt::Event::Settled(7, 3)),
        ("receipt_refused", receipt::Event::Refused),
        ("receipt_voided", receipt::Event::Voided),
    ];
    events
        .map(|(name, event)| (name, Event::Receipt(event)))
        .into()
}
