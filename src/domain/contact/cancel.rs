//! Cancelling a purchase: what it spent is given back, what it awarded is taken back.

use super::purchase::total;
use super::{
    Activity, CancelPurchase, Contact, Counted, Direction, Event, Given, GoalStep, KeptPurchase,
    Locked, Lot, Purchase, Rejection, Stage, Use, Wallet, expiry_at_grain,
};
use crate::domain::context::{Context, TenantView};
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
    /// What of that could not be spent yet.
    pub taken_locked: Vec<Locked>,
    /// What could not be taken back, and so is owed.
    pub owed: Minor,
    /// What the wallet owed for it, and does no longer.
    pub forgiven: Minor,
    /// What offers with a budget can give again.
    pub credits: Vec<OfferCredit>,
    /// What counts towards caps no longer.
    pub uncounted: Vec<Counted>,
    /// What counts towards limits no longer.
    pub unused: Option<Use>,
    /// What counts towards tiers and segments no longer.
    pub inactivity: Option<Activity>,
    /// What counts towards goals no longer.
    pub unreached: Vec<GoalStep>,
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
        let Some(tenant) = &context.tenant else {
            return Err(Rejection::UnknownPurchase);
        };
        let credits = credits(purchase, tenant, context)?;
        let now = context.now;
        let mut wallet = self.wallet.clone();
        let (restored, forgiven) = restore(&mut wallet, purchase, now)?;
        let (taken, taken_locked) = take_back(&mut wallet, purchase, now);
        let locked = total(taken_locked.iter().map(|it| it.lot));
        let owed = purchase.awarded().less(total(taken.iter().copied()));
        let owed = owed.less(locked);
        wallet.owed.plus(owed).ok_or(Rejection::BalanceTooHigh)?;
        // What was counted then counts for the day of then.
        let day = || tenant.time_zone.local(purchase.recorded_at).day;
        let outcomes = purchase.offers.iter().zip(&tenant.offers);
        let uncounted = outcomes
            .filter_map(|(outcome, (offer, _))| Counted::of(*offer, &outcome.ok()?, day))
            .collect();
        let limits = &self.wallet.limits;
        let amount = purchase.spent();
        let is_counted = !limits.rules.is_empty() && limits.since <= purchase.recorded_at;
        let unused = (is_counted && amount > Minor::ZERO).then(|| Use {
            direction: Direction::Spend,
            day: day(),
            amount,
        });
        let inactivity = purchase.activity;
        let tier = inactivity.and_then(|it| self.tier_change_without(it, tenant, now));
        let cancelled = Event::PurchaseCancelled(Arc::new(Cancellation {
            number: purchase.number,
            at: now,
            restored,
            taken,
            taken_locked,
            owed,
            forgiven,
            credits,
            uncounted,
            unused,
            inactivity,
            unreached: purchase.goal_steps(tenant),
        }));
        Ok([Some(cancelled), tier].into_iter().flatten().collect())
    }
}

/// What goes back to the budgets of the offers that gave. Asks for the leases that it has to change.
fn credits(
    purchase: &Purchase,
    tenant: &TenantView,
    context: &Context,
) -> Result<Vec<OfferCredit>, Rejection> {
    let mut credits = Vec::new();
    for (outcome, (offer, its)) in purchase.offers.iter().zip(&tenant.offers) {
        let (Ok(given), Some(_)) = (outcome, its.budget) else {
            continue;
        };
        let (offer, amount) = (*offer, given.lot.left);
        if context.budget(offer).is_none() {
            return Err(Rejection::LeaseShort { offer, amount });
        }
        credits.push(OfferCredit { offer, amount });
    }
    Ok(credits)
}

/// Gives back what was spent: with the expiry that it had, or a day where that has passed. What is still owed for the purchase is
/// not given back but owed no longer; what was owed and repaid since is given back for ever, as from which money is not known.
fn restore(
    wallet: &mut Wallet,
    purchase: &Purchase,
    now: Timestamp,
) -> Result<(Vec<Lot>, Minor), Rejection> {
    let Some(spent) = &purchase.spent else {
        return Ok((Vec::new(), Minor::ZERO));
    };
    let forgiven = spent.owed.min(wallet.owed);
    wallet.owed = wallet.owed.less(forgiven);
    let taken = spent.from.iter().map(|lot| Lot {
        expires_at: if lot.is_open(now) {
            lot.expires_at
        } else {
            Some(expiry_at_grain(now, RESTORED_FOR))
        },
        ..*lot
    });
    let repaid = Lot {
        left: spent.owed.less(forgiven),
        ..Lot::default()
    };
    let mut restored = Vec::new();
    for lot in taken.chain([repaid]) {
        if lot.left > Minor::ZERO {
            restored.push(credit_with_room(wallet, lot));
        }
    }
    wallet
        .sum_with(Minor::ZERO)
        .ok_or(Rejection::BalanceTooHigh)?;
    Ok((restored, forgiven))
}

/// Takes back what was awarded: from its own lots first, then from open money, what expires first before the rest.
fn take_back(wallet: &mut Wallet, purchase: &Purchase, now: Timestamp) -> (Vec<Lot>, Vec<Locked>) {
    let (mut taken, mut taken_locked) = (Vec::new(), Vec::new());
    let mut missing = purchase.awarded();
    for Given {
        lot, unlocks_at, ..
    } in purchase.given()
    {
        let still_locked = unlocks_at.map(|until| (until, wallet.locked_in(until, &lot)));
        if let Some((until, locked)) = still_locked
            && locked > Minor::ZERO
        {
            let left = lot.left.min(locked);
            let lot = Locked {
                until,
                lot: Lot { left, ..lot },
            };
            wallet.unlock(&lot);
            taken_locked.push(lot);
            missing = missing.less(left);
            continue;
        }
        let left = lot.left.min(wallet.open_in(&lot, now));
        if left > Minor::ZERO {
            let lot = Lot { left, ..lot };
            wallet.debit(&lot);
            taken.push(lot);
            missing = missing.less(left);
        }
    }
    taken.extend(take_open(wallet, missing, now));
    (taken, taken_locked)
}

/// Adds money where the wallet has room for it; the lot that it came to.
pub(super) fn credit_with_room(wallet: &mut Wallet, lot: Lot) -> Lot {
    let lot = wallet.with_room(lot);
    wallet.credit(lot);
    lot
}

/// As much of `amount` as there is of open money, what expires first before the rest.
pub(super) fn take_open(wallet: &Wallet, amount: Minor, now: Timestamp) -> Vec<Lot> {
    wallet.plan_spend(amount, now, |bound_by, wanted| match bound_by {
        None => wanted,
        Some(_) => Minor::ZERO,
    })
}
