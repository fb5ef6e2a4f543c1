//! A return of goods whose purchase is not known: what it earned is taken back, what was spent on it is given back.

use std::sync::Arc;

use super::cancel::{credit_with_room, take_open};
use super::purchase::total;
use super::{Activity, Cause, Contact, Event, Lot, Note, Private, Rejection, Stage};
use crate::domain::context::Context;
use crate::domain::money::{Currency, Minor};
use crate::domain::time::Timestamp;

/// What was returned, as far as a line of the journal tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReturnOf {
    /// The organisation that took it back, by entity number.
    pub organisation: u64,
    /// What it had cost.
    pub amount: Minor,
    /// The number on the receipt.
    pub reference_number: Private<Note>,
    /// When it was returned, as the till says.
    pub returned_on: Option<Timestamp>,
}

/// A return to record.
#[derive(Clone, Debug)]
pub struct AdHocReturn {
    /// What was returned.
    pub of: ReturnOf,
    /// The currency of all amounts, if the caller names one.
    pub currency: Option<Currency>,
    /// What it had earned, to be taken back.
    pub award: Minor,
    /// What had been spent on it, to be given back.
    pub spend: Minor,
}

/// What a return came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    /// The number of its first line in the journal.
    pub number: u32,
    /// When it was recorded.
    pub at: Timestamp,
    /// What was returned.
    pub of: Arc<ReturnOf>,
    /// What was given back: it never expires, as from which money it was is not known.
    pub restored: Vec<Lot>,
    /// What was taken back.
    pub taken: Vec<Lot>,
    /// What could not be taken back, and so is owed.
    pub owed: Minor,
    /// What counts towards tiers and segments no longer.
    pub inactivity: Option<Activity>,
}

impl Contact {
    /// Records a return.
    pub(super) fn take_return(
        &self,
        asked: &AdHocReturn,
        context: &Context,
    ) -> Result<Vec<Event>, Rejection> {
        let (Stage::Active, Some(tenant)) = (self.stage, &context.tenant) else {
            return Err(Rejection::UnknownContact);
        };
        if asked.currency.is_some_and(|named| named != tenant.currency) {
            return Err(Rejection::OtherCurrency {
                wallet: tenant.currency,
            });
        }
        if !tenant.organisations.contains_key(&asked.of.organisation) {
            return Err(Rejection::UnknownOrganisation);
        }
        let number = self.ledger.count.checked_add(1);
        let number = number.ok_or(Rejection::LinesExhausted)?;
        let mut wallet = self.wallet.clone();
        let mut restored = Vec::new();
        if asked.spend > Minor::ZERO {
            let lot = Lot {
                left: asked.spend,
                ..Lot::default()
            };
            restored.push(credit_with_room(&mut wallet, lot));
        }
        wallet
            .sum_with(Minor::ZERO)
            .ok_or(Rejection::BalanceTooHigh)?;
        let taken = take_open(&wallet, asked.award, context.now);
        let owed = asked.award.less(total(taken.iter().copied()));
        wallet.owed.plus(owed).ok_or(Rejection::BalanceTooHigh)?;
        let sold = asked.of.amount.less(asked.spend);
        let inactivity = self.activity(sold, asked.award, tenant, context.now);
        let tier = inactivity.and_then(|it| self.tier_change_without(it, tenant, context.now));
        let returned = Event::Returned(Arc::new(Returned {
            number,
            at: context.now,
            of: Arc::new(asked.of.clone()),
            restored,
            taken,
            owed,
            inactivity,
        }));
        Ok([Some(returned), tier].into_iter().flatten().collect())
    }

    pub(super) fn apply_return(&mut self, returned: &Returned) {
        self.credit(&returned.restored);
        self.debit(&returned.taken);
        let owed = returned.owed;
        self.wallet.owed = Minor(self.wallet.owed.0.saturating_add(owed.0));
        self.wallet.version = self.wallet.version.saturating_add(1);
        if let Some(activity) = returned.inactivity {
            self.apply_activity_taken_back(activity, 0);
        }
        let back = total(returned.taken.iter().copied());
        let back = Minor(back.0.saturating_add(owed.0));
        // In this order, so that no line's balance is below zero.
        for (cause, amount, lots) in [
            (
                Cause::ReturnedSpend as fn(Arc<ReturnOf>) -> Cause,
                total(returned.restored.iter().copied()),
                &*returned.restored,
            ),
            (Cause::ReturnOwed, owed, &[]),
            (Cause::ReturnedAward, back.negative(), &returned.taken),
        ] {
            let cause = cause(Arc::clone(&returned.of));
            self.ledger.book(returned.at, cause, amount, lots);
        }
    }
}
