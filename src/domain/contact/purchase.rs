//! A purchase as it was recorded: everything that its answer and its cancellation need.

use std::sync::Arc;

use super::{Activity, Lot, Private, PurchaseTexts};
use crate::domain::money::{Currency, Minor};
use crate::domain::offer::NoAward;
use crate::domain::time::Timestamp;

/// The amounts on the receipt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// What the purchase costs, above zero.
    pub total: Minor,
    /// Before tax.
    pub net: Option<Minor>,
    /// Tax.
    pub tax: Option<Minor>,
    /// Taken off by the merchant.
    pub discount: Option<Minor>,
}

/// What was spent from the wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spent {
    /// What was asked for.
    pub requested: Minor,
    /// What was taken from which lot.
    pub from: Vec<Lot>,
    /// What the wallet did not cover and owes: of a sale that was made offline, where the tenant wants it so.
    pub owed: Minor,
}

/// A line of the receipt. At least one of `sku` and `id` is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Product {
    /// The merchant's own name for what was bought.
    pub sku: Option<Arc<str>>,
    /// The product's id.
    pub id: Option<Arc<str>>,
    /// How much of it, in thousandths.
    pub quantity: Option<i64>,
    /// What the line costs, not below zero.
    pub total: Option<Minor>,
    /// Of that, before tax.
    pub net: Option<Minor>,
    /// Of that, tax.
    pub tax: Option<Minor>,
}

impl Product {
    /// Whether an offer that names `product` means this one.
    pub fn is(&self, product: &str) -> bool {
        [&self.sku, &self.id]
            .into_iter()
            .any(|name| name.as_deref() == Some(product))
    }
}

/// What one offer gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given {
    /// The money.
    pub lot: Lot,
    /// When it can be spent; at once, if none.
    pub unlocks_at: Option<Timestamp>,
    /// Whether it counts towards what its offer gives one contact in all.
    pub counts_in_all: bool,
    /// Whether it counts towards what its offer gives one contact in a day.
    pub counts_in_day: bool,
}

/// What one offer made of the purchase: what it gave, or why nothing.
pub type OfferOutcome = Result<Given, NoAward>;

/// A recorded purchase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purchase {
    /// Its number among the contact's purchases, from 1.
    pub number: u32,
    /// The organisation that sold, by entity number.
    pub organisation: u64,
    /// The amounts on the receipt.
    pub amounts: Amounts,
    /// The currency of all its amounts.
    pub currency: Currency,
    /// The classification's name.
    pub classification: Arc<str>,
    /// What the till wrote about it.
    pub texts: Private<PurchaseTexts>,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// When it was made, as the till says.
    pub performed_on: Option<Timestamp>,
    /// What was spent, if spending was asked for.
    pub spent: Option<Spent>,
    /// What was bought, as far as the till says.
    pub products: Vec<Product>,
    /// What each of the tenant's offers made of it, in the order in which they were listed: the first so many, since none is
    /// ever taken off the list.
    pub offers: Vec<OfferOutcome>,
    /// What it counts for towards tiers and segments, where the tenant has any that go by it.
    pub activity: Option<Activity>,
}

/// A recorded purchase, and what became of it since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptPurchase {
    /// As it was recorded.
    pub purchase: Arc<Purchase>,
    /// When it was cancelled, if it was.
    pub cancelled_at: Option<Timestamp>,
}

impl Purchase {
    /// What offers gave.
    pub fn given(&self) -> impl Iterator<Item = Given> {
        self.offers.iter().filter_map(|outcome| outcome.ok())
    }

    /// What was awarded in all.
    pub fn awarded(&self) -> Minor {
        total(self.given().map(|given| given.lot))
    }

    /// What was spent in all, with what is owed for it.
    pub fn spent(&self) -> Minor {
        self.spent.as_ref().map_or(Minor::ZERO, |spent| {
            let taken = total(spent.from.iter().copied());
            Minor(taken.0.saturating_add(spent.owed.0))
        })
    }

    /// What is left to pay at the till.
    pub fn amount_due(&self) -> Minor {
        self.amounts.total.less(self.spent())
    }
}

/// What lots hold together.
pub(super) fn total(lots: impl Iterator<Item = Lot>) -> Minor {
    Minor(lots.fold(0_i64, |sum, lot| sum.saturating_add(lot.left.0)))
}
