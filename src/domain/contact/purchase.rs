//! A purchase as it was recorded: everything that its answer and its cancellation need.

use std::sync::Arc;

use super::Lot;
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
}

/// What one offer made of the purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfferOutcome {
    /// The offer, by entity number.
    pub offer: u64,
    /// What it gave, as a lot, or why nothing.
    pub result: Result<Lot, NoAward>,
}

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
    /// The id that the till chose.
    pub own_id: Option<Arc<str>>,
    /// The number on the receipt.
    pub reference_number: Option<Arc<str>>,
    /// What identified the customer at the till (a card's identifier).
    pub payment_medium_identifier: Option<Arc<str>>,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// When it was made, as the till says.
    pub performed_on: Option<Timestamp>,
    /// What was spent, if spending was asked for.
    pub spent: Option<Spent>,
    /// What each offer made of it.
    pub offers: Vec<OfferOutcome>,
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
    /// What was awarded in all.
    pub fn awarded(&self) -> Minor {
        total(self.offers.iter().filter_map(|o| o.result.ok()))
    }

    /// What was spent in all.
    pub fn spent(&self) -> Minor {
        total(
            self.spent
                .iter()
                .flat_map(|spent| spent.from.iter().copied()),
        )
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
