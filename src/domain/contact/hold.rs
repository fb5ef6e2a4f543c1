//! Money that is held for a purchase to come: it can be spent by nothing else, and does not expire meanwhile.
//!
//! A purchase that names the hold releases it and spends, in one effect; so does time, once the hold has run out, whether
//! or not a timer has fired.

use std::sync::Arc;

use super::due::Due;
use super::{Command, Contact, Event, Lot, RecordPurchase, Rejection, Wallet, expiry_at_grain};
use crate::domain::context::{Budget, Context};
use crate::domain::money::Minor;
use crate::domain::time::{Span, Timestamp};

/// Money that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Its number among the contact's holds, from 1.
    pub number: u32,
    /// The organisation that is to sell, by entity number.
    pub organisation: u64,
    /// When it was made.
    pub at: Timestamp,
    /// When it runs out.
    pub until: Timestamp,
    /// What is held, of which lots.
    pub lots: Vec<Lot>,
}

/// A hold as it is shown. Nothing is held by one that is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HoldView {
    /// Its number.
    pub number: u32,
    /// How much it holds.
    pub amount: Minor,
    /// The organisation that is to sell, by entity number, unless it is over.
    pub organisation: Option<u64>,
    /// When it runs out, unless it is over.
    pub until: Option<Timestamp>,
}

impl Hold {
    /// How long money is held: a quarter of an hour spans a checkout with its payment, and is over before a customer who
    /// walked away comes back.
    pub const LASTS: Span = Span::seconds(15 * 60);

    /// What it holds together.
    pub fn amount(&self) -> Minor {
        super::purchase::total(self.lots.iter().copied())
    }
}

impl Wallet {
    /// How many holds a wallet has at a time: more checkouts than one customer has open. Their lots count among
    /// [`Wallet::LOTS_MAX`].
    pub const HOLDS_MAX: usize = 16;

    /// The hold of this number, if it is not over at `now`.
    pub fn hold(&self, number: u32, now: Timestamp) -> Option<&Hold> {
        let mut holds = self.holds.iter();
        holds.find(|hold| hold.number == number && now < hold.until)
    }

    /// What is held at `now`.
    pub fn held(&self, now: Timestamp) -> Minor {
        let open = self.holds.iter().filter(|hold| now < hold.until);
        Minor(open.fold(0_i64, |sum, hold| sum.saturating_add(hold.amount().0)))
    }
}

impl Contact {
    /// The contact after `events`.
    pub(super) fn after(&self, events: &[Event]) -> Contact {
        let mut after = self.clone();
        events.iter().for_each(|event| after.apply(event));
        after
    }

    /// Holds what a purchase would spend.
    pub(super) fn hold_funds(
        &self,
        asked: &RecordPurchase,
        context: &Context,
    ) -> Result<Vec<Event>, Rejection> {
        // What an estimate holds already is not held twice.
        let (asked, _) = self.as_token_says(asked, context)?;
        if asked.estimate.is_some() {
            return Err(Rejection::TokenInvalid);
        }
        let purchase = self.foresee(&asked, context)?;
        let lots = purchase.spent.map(|spent| spent.from).unwrap_or_default();
        let number = self.wallet.hold_count.checked_add(1);
        let (Some(number), true) = (number, self.wallet.holds.len() < Wallet::HOLDS_MAX) else {
            return Err(Rejection::TooManyHolds);
        };
        Ok(vec![Event::FundsHeld(Hold {
            number,
            organisation: purchase.organisation,
            at: context.now,
            until: context.now.after(Hold::LASTS),
            lots,
        })])
    }

    /// Gives back what a hold holds; nothing, if it is over.
    pub(super) fn release(&self, number: u32, context: &Context) -> Result<Vec<Event>, Rejection> {
        if !(1..=self.wallet.hold_count).contains(&number) {
            return Err(Rejection::UnknownEstimate);
        }
        let hold = self.wallet.hold(number, context.now);
        let released = hold.map(|hold| {
            let lots = given_back(hold, context.now);
            Event::HoldReleased(number, context.now, lots)
        });
        Ok(released.into_iter().collect())
    }

    /// Records a purchase with what its hold gives back; without it, where the hold is over.
    pub(super) fn capture(
        &self,
        asked: &RecordPurchase,
        context: &Context,
    ) -> Result<Vec<Event>, Rejection> {
        let (asked, _) = self.as_token_says(asked, context)?;
        let number = asked.estimate.unwrap_or_default();
        let mut events = self.release(number, context)?;
        let asked = RecordPurchase {
            estimate: None,
            ..asked
        };
        let after = self.after(&events);
        events.extend(after.decide(&Command::RecordPurchase(asked), context)?);
        Ok(events)
    }

    /// What a purchase would come to now. Nothing changes; offers whose budgets are not known to be exhausted count as able
    /// to give.
    pub fn foresee(
        &self,
        asked: &RecordPurchase,
        context: &Context,
    ) -> Result<super::Purchase, Rejection> {
        let (asked, _) = self.as_token_says(asked, context)?;
        let mut context = context.clone();
        let mut before = self.due(context.now, Due::ToSpend);
        if let Some(number) = asked.estimate {
            let after = self.after(&before);
            before.extend(after.release(number, &context)?);
        }
        let contact = self.after(&before);
        loop {
            match contact.record_purchase(&asked, &context) {
                Err(Rejection::LeaseShort { offer, .. }) if context.budget(offer).is_none() => {
                    context.budgets.push(Budget {
                        offer,
                        lease_seq: 0,
                        held: Minor(i64::MAX),
                        no_more_than: None,
                    });
                }
                decided => return decided.and_then(recorded),
            }
        }
    }
}

/// The purchase among what happened.
fn recorded(events: Vec<Event>) -> Result<super::Purchase, Rejection> {
    let purchase = events.into_iter().find_map(|event| {
        if let Event::PurchaseRecorded(purchase) = event {
            Some(Arc::unwrap_or_clone(purchase))
        } else {
            None
        }
    });
    purchase.ok_or(Rejection::UnknownPurchase)
}

/// What a hold gives back at `now`: with the expiry that it had, or for a day where that has passed meanwhile.
pub(super) fn given_back(hold: &Hold, now: Timestamp) -> Vec<Lot> {
    let lots = hold.lots.iter();
    lots.map(|lot| match lot.is_open(now) {
        true => *lot,
        false => Lot {
            expires_at: Some(expiry_at_grain(now, Span::days(1))),
            ..*lot
        },
    })
    .collect()
}
