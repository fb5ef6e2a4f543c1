//! Fixtures: what is stored of offers' budgets.

use crate::domain::entity::Event;
use crate::domain::lease::{self, Change, Movement};
use crate::domain::money::Minor;
use crate::domain::offer::{self, Lending, Loan};

pub(super) fn events() -> Vec<(&'static str, Event)> {
    vec![
        (
            "offer_lent",
            Event::Offer(offer::Event::Lent(4_095, Minor(90_000))),
        ),
        (
            "offer_taken_back",
            Event::Offer(offer::Event::TakenBack(vec![
                (7, Minor(200)),
                (300, Minor(1)),
            ])),
        ),
        (
            "lease_granted",
            Event::Lease(lease::Event::Granted(Minor(600))),
        ),
        (
            "lease_returned",
            Event::Lease(lease::Event::Returned(Minor(200))),
        ),
        (
            "lease_debited",
            Event::Lease(lease::Event::Moved(Change::Debit(Minor(100)))),
        ),
        (
            "lease_credited",
            Event::Lease(lease::Event::Moved(Change::Credit(Minor(100)))),
        ),
    ]
}

/// A debit and a credit, as an award and a cancellation carry them.
pub(super) fn movements() -> Vec<Movement> {
    vec![
        Movement {
            offer: 7,
            seq: 300,
            change: Change::Debit(Minor(100)),
        },
        Movement {
            offer: 8,
            seq: 2,
            change: Change::Credit(Minor(250)),
        },
    ]
}

/// What an offer has lent to two shards.
pub(super) fn lending() -> Lending {
    [(7, loan(600, 200)), (4_095, loan(90_000, 0))]
        .into_iter()
        .collect()
}

fn loan(lent: i64, returned: i64) -> Loan {
    Loan {
        lent: Minor(lent),
        returned: Minor(returned),
    }
}
