//! What a wallet stores beside its lots: cancelled purchases, and every kind of movement and line.

use std::sync::Arc;

use super::fixtures::{NOW, lot, purchase};
use super::rewards;
use crate::domain::contact::{
    self, Cancellation, Cause, Composition, Counted, Direction, Entry, Hold, KeptPurchase,
    LimitRule, Limits, Line, Locked, Lot, OfferCredit, Period, Private, Reason, ReturnOf, Returned,
    TopUp, TopUpTexts, Usage, Use,
};
use crate::domain::entity::Event;
use crate::domain::money::Minor;
use crate::domain::time::Timestamp;

pub(super) fn kept(cancelled_at: Option<Timestamp>) -> KeptPurchase {
    KeptPurchase {
        purchase: Arc::new(purchase()),
        cancelled_at,
    }
}

fn top_up() -> Arc<TopUp> {
    Arc::new(TopUp {
        texts: Private::Clear(TopUpTexts {
            payment_method: Some("CARD".into()),
            code: Some("T-1".into()),
        }),
        paid_on: Some(Timestamp(NOW.0 - 9)),
    })
}

pub(super) fn hold() -> Hold {
    Hold {
        number: 9,
        organisation: 4,
        at: NOW,
        until: NOW.after(Hold::LASTS),
        lots: vec![lot(4, 12)],
    }
}

pub(super) fn locked() -> Locked {
    Locked {
        until: NOW,
        lot: Lot {
            bound_by: Some(17),
            ..lot(4, 99)
        },
    }
}

pub(super) fn limits() -> Limits {
    let rule = |direction, period| LimitRule {
        name: Some("a day".into()),
        direction,
        period,
        maximum_number: Some(5),
        maximum_amount: Some(Minor(9_900)),
    };
    Limits {
        rules: vec![
            rule(Direction::Spend, Period::Transaction),
            rule(Direction::TopUp, Period::Day),
            rule(Direction::Spend, Period::Week),
            rule(Direction::Credit, Period::Week),
            LimitRule {
                name: None,
                ..rule(Direction::Spend, Period::Month)
            },
        ],
        since: NOW,
        spent: Usage {
            day: 20_600,
            in_day: (1, Minor(2)),
            in_week: (3, Minor(4)),
            in_month: (5, Minor(6)),
        },
        topped_up: Usage::default(),
        credited: Usage::default(),
    }
}

/// A line of every cause.
pub(super) fn lines() -> Vec<Line> {
    let causes = [
        Cause::Award(1),
        Cause::Spend(2),
        Cause::Expiry,
        Cause::Cancel(3),
        Cause::Restore(4),
        Cause::Owed(5),
        Cause::Repaid,
        Cause::TopUp(top_up()),
        Cause::Credit(Some("by hand").into()),
        Cause::Debit(Private::default()),
        Cause::Hold(6),
        Cause::Release(7),
        Cause::Unlock,
        Cause::ReturnedSpend(Arc::new(return_of())),
        Cause::ReturnedAward(Arc::new(return_of())),
        Cause::ReturnOwed(Arc::default()),
    ];
    (1..)
        .zip(causes)
        .map(|(number, cause)| Line {
            number,
            at: NOW,
            cause,
            amount: Minor(-5),
            balance: Minor(600),
            of: Composition {
                commerce: Minor(4),
                pools: vec![9, 12],
                expires_at: Some(NOW),
            },
        })
        .collect()
}

fn return_of() -> ReturnOf {
    ReturnOf {
        organisation: 4,
        amount: Minor(2_000),
        reference_number: Some("R-18").into(),
        returned_on: Some(Timestamp(NOW.0 - 11)),
    }
}

fn used() -> Use {
    Use {
        direction: Direction::Spend,
        day: 20_600,
        amount: Minor(80),
    }
}

/// Every event that moves money without a purchase.
pub(super) fn events() -> Vec<(&'static str, Event)> {
    let moved = |reason| {
        Event::Contact(contact::Event::MoneyMoved(Arc::new(Entry {
            number: 8,
            at: NOW,
            reason,
            lots: vec![lot(3, 40)],
        })))
    };
    vec![
        (
            "contact_purchase_cancelled",
            Event::Contact(contact::Event::PurchaseCancelled(Arc::new(Cancellation {
                number: 300,
                at: NOW,
                restored: vec![lot(1, 2)],
                taken: vec![lot(3, 4), lot(5, 6)],
                taken_locked: vec![locked()],
                owed: Minor(70),
                forgiven: Minor(71),
                uncounted: vec![Counted {
                    offer: 6,
                    amount: Minor(50),
                    in_all: true,
                    on_day: Some(20_600),
                }],
                unused: Some(used()),
                inactivity: Some(rewards::activity()),
                unreached: vec![rewards::goal_step()],
                credits: vec![OfferCredit {
                    offer: 9,
                    amount: Minor(80),
                }],
            }))),
        ),
        (
            "contact_owed_repaid",
            Event::Contact(contact::Event::OwedRepaid(NOW, vec![lot(2, 11)])),
        ),
        (
            "contact_funds_held",
            Event::Contact(contact::Event::FundsHeld(hold())),
        ),
        (
            "contact_hold_released",
            Event::Contact(contact::Event::HoldReleased(9, NOW, vec![lot(4, 12)])),
        ),
        (
            "contact_lots_unlocked",
            Event::Contact(contact::Event::LotsUnlocked(vec![locked()])),
        ),
        (
            "contact_returned",
            Event::Contact(contact::Event::Returned(Arc::new(Returned {
                number: 10,
                at: NOW,
                of: Arc::new(return_of()),
                restored: vec![lot(1, 2)],
                taken: vec![lot(3, 4)],
                owed: Minor(5),
                inactivity: Some(rewards::activity()),
            }))),
        ),
        (
            "contact_limits_set",
            Event::Contact(contact::Event::LimitsSet(NOW, limits().rules)),
        ),
        (
            "contact_limits_used",
            Event::Contact(contact::Event::LimitsUsed(used())),
        ),
        ("contact_topped_up", moved(Reason::TopUp(top_up()))),
        (
            "contact_credited",
            moved(Reason::Credit(Private::default())),
        ),
        (
            "contact_debited",
            moved(Reason::Debit(Some("by hand").into())),
        ),
    ]
}
