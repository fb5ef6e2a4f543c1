//! Cancelling a purchase: what it spent is given back, what it awarded is taken back.

use super::purchase::total;
use super::{CancelPurchase, Contact, KeptPurchase, Lot, Purchase, Rejection, Stage, Wallet};
use super::{Event, expiry_at_grain};
use crate::domain::context::Context;
use crate::domain::money::Minor;
use crate::domain::time::{Span, Timestamp};
use std::sync::Arc;

/// How long money can be spent that is given back after it would have expired.
const RESTORED_FOR: Span = Span::days(1);

/// What the cancellation of a purchase came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancellation {
    /// The purchase's number.
    pub number: u32,
    /// When it was cancelled.
    pub at: Timestamp,
    /// What was given back of what it spent.
    pub restored: Vec<Lot>,
    /// What was taken back of what it awarded.
    pub taken: Vec<Lot>,
    /// What could not be taken back, and so is owed.
    pub owed: Minor,
    /// What offers with a budget can give again.
    pub credits: Vec<OfferCredit>,
}

/// What an offer can give again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfferCredit {
    /// The offer, by entity number.
    pub offer: u64,
    /// How much.
    pub amount: Minor,
}

impl Contact {
    /// Reverts a purchase; a second time changes nothing.
    pub(super) fn cancel(
        &self,
        asked: &CancelPurchase,
        context: &Context,
    ) -> Result<Vec<Event>, Rejection> {
        if self.stage != Stage::Active {
            return Err(Rejection::UnknownPurchase);
        }
        let kept = self
            .recent_purchase(asked.number)
            .or(asked.found.as_ref())
            .filter(|kept| kept.purchase.number == asked.number)
            .ok_or(Rejection::UnknownPurchase)?;
        let KeptPurchase {
            purchase,
            cancelled_at: None,
        } = kept
        else {
            return Ok(Vec::new());
        };
        let credits = credits(purchase, context)?;
        let now = context.now;
        let mut wallet = self.wallet.clone();
        let restored = restore(&mut wallet, purchase, now)?;
        let (taken, owed) = take_back(&mut wallet, purchase, now);
        self.wallet
            .owed
            .plus(owed)
            .ok_or(Rejection::BalanceTooHigh)?;
        Ok(vec![Event::PurchaseCancelled(Arc::new(Cancellation {
            number: purchase.number,
            at: now,
            restored,
            taken,
            owed,
            credits,
        }))])
    }
}

/// What goes back to the budgets of the offers that gave. Asks for the leases that it has to change.
fn credits(purchase: &Purchase, context: &Context) -> Result<Vec<OfferCredit>, Rejection> {
    let Some(tenant) = &context.tenant else {
        return Err(Rejection::UnknownPurchase);
    };
    let mut credits = Vec::new();
    for outcome in &purchase.offers {
        let Ok(lot) = outcome.result else { continue };
        let has_budget = tenant
            .offers
            .iter()
            .any(|(number, offer)| *number == outcome.offer && offer.budget.is_some());
        if !has_budget {
            continue;
        }
        let (offer, amount) = (outcome.offer, lot.left);
        if context.budget(offer).is_none() {
            return Err(Rejection::LeaseShort { offer, amount });
        }
        credits.push(OfferCredit { offer, amount });
    }
    Ok(credits)
}

/// Gives back what was spent: with the expiry that it had, or a day where that has passed.
fn restore(
    wallet: &mut Wallet,
    purchase: &Purchase,
    now: Timestamp,
) -> Result<Vec<Lot>, Rejection> {
    let mut restored = Vec::new();
    for lot in purchase.spent.iter().flat_map(|spent| &spent.from) {
        let expires_at = if lot.is_open(now) {
            lot.expires_at
        } else {
            Some(expiry_at_grain(now, RESTORED_FOR))
        };
        let expires_at = wallet.expiry_with_room(expires_at);
        wallet.credit(expires_at, lot.left);
        restored.push(Lot {
            expires_at,
            left: lot.left,
        });
    }
    Minor::sum(wallet.lots.iter().map(|lot| lot.left)).ok_or(Rejection::BalanceTooHigh)?;
    Ok(restored)
}

/// Takes back what was awarded: from its own lots first, then from others, those that expire first before the rest. What
/// is missing then is owed.
fn take_back(wallet: &mut Wallet, purchase: &Purchase, now: Timestamp) -> (Vec<Lot>, Minor) {
    let mut taken = Vec::new();
    for lot in purchase.offers.iter().filter_map(|o| o.result.ok()) {
        let own = lot.left.min(wallet.open_in(lot.expires_at, now));
        if own > Minor::ZERO {
            wallet.debit(lot.expires_at, own);
            taken.push(Lot { left: own, ..lot });
        }
    }
    let missing = purchase.awarded().less(total(taken.iter().copied()));
    taken.extend(wallet.plan_spend(missing, now));
    let owed = purchase.awarded().less(total(taken.iter().copied()));
    (taken, owed)
}
