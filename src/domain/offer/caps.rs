//! What one contact may be given of an offer.

use super::NoAward;
use crate::domain::money::Minor;

/// A bound on awards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cap {
    /// How many.
    pub awards: Option<u32>,
    /// How much together.
    pub amount: Option<Minor>,
}

/// What one contact may be given of an offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    /// In all.
    pub in_all: Cap,
    /// On one day of the tenant's calendar.
    pub a_day: Cap,
}

impl Cap {
    /// Whether there is any bound.
    pub fn is_some(self) -> bool {
        self.awards.is_some() || self.amount.is_some()
    }

    /// Whether one more award of `amount` still fits after `awards` that gave `given` together. An award is given whole or not
    /// at all.
    pub fn leaves_room(self, awards: u32, given: Minor, amount: Minor) -> bool {
        let sum = given.plus(amount);
        self.awards.is_none_or(|most| awards < most)
            && self
                .amount
                .is_none_or(|most| sum.is_some_and(|sum| sum <= most))
    }
}

impl Caps {
    /// Whether there is any bound: only then is anything counted.
    pub fn is_some(self) -> bool {
        self.in_all.is_some() || self.a_day.is_some()
    }

    /// Whether an award of `amount` fits after what the contact was given `in_all` and `today`, each a number and a sum.
    pub fn check(
        self,
        amount: Minor,
        in_all: (u32, Minor),
        today: (u32, Minor),
    ) -> Result<(), NoAward> {
        if !self.in_all.leaves_room(in_all.0, in_all.1, amount) {
            return Err(NoAward::ContactCapReached);
        }
        if !self.a_day.leaves_room(today.0, today.1, amount) {
            return Err(NoAward::DayCapReached);
        }
        Ok(())
    }
}
