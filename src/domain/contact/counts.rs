//! What a contact was given of offers that cap it: counted for those only, and by the day only for the newest day.

use super::Given;
use crate::domain::money::Minor;

/// What was given of one offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// The offer, by entity number.
    pub offer: u64,
    /// How often.
    pub awards: u32,
    /// How much together.
    pub amount: Minor,
}

/// What a contact was given of offers that cap it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Of offers with a cap in all.
    pub in_all: Vec<Count>,
    /// The newest day on which an offer with a cap a day gave something, counted from 1970-01-01 on the tenant's calendar.
    pub day: i32,
    /// Of offers with a cap a day, on that day.
    pub today: Vec<Count>,
}

/// An award that counts towards caps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The offer, by entity number.
    pub offer: u64,
    /// What it gave.
    pub amount: Minor,
    /// Whether it counts in all.
    pub in_all: bool,
    /// The day for which it counts.
    pub on_day: Option<i32>,
}

impl Counted {
    /// What an offer's award counts towards; nothing, mostly.
    pub(super) fn of(offer: u64, given: &Given, day: impl FnOnce() -> i32) -> Option<Counted> {
        let counts = given.counts_in_all || given.counts_in_day;
        counts.then(|| Counted {
            offer,
            amount: given.lot.left,
            in_all: given.counts_in_all,
            on_day: given.counts_in_day.then(day),
        })
    }
}

impl Counts {
    /// How many offers are counted in each way at most: at 23 bytes each, both take 3 KiB of the contact's row.
    pub const OFFERS_MAX: usize = 64;

    /// Whether one more award can be counted.
    pub(super) fn have_room_for(&self, counted: &Counted) -> bool {
        let fits = |counts: &[Count]| {
            counts.len() < Self::OFFERS_MAX || counts.iter().any(|it| it.offer == counted.offer)
        };
        // What was counted on another day goes.
        let is_new_day = counted.on_day.is_some_and(|day| day != self.day);
        (!counted.in_all || fits(&self.in_all))
            && (counted.on_day.is_none() || is_new_day || fits(&self.today))
    }

    /// How often an offer gave something, and how much together.
    pub fn in_all(&self, offer: u64) -> (u32, Minor) {
        find(&self.in_all, offer)
    }

    /// The same, on a day.
    pub fn on_day(&self, offer: u64, day: i32) -> (u32, Minor) {
        if day == self.day {
            find(&self.today, offer)
        } else {
            Default::default()
        }
    }

    /// Counts an award. What was counted on another day goes.
    pub(super) fn add(&mut self, counted: &Counted) {
        if counted.in_all {
            add(&mut self.in_all, counted);
        }
        if let Some(day) = counted.on_day {
            if day != self.day {
                self.day = day;
                self.today.clear();
            }
            add(&mut self.today, counted);
        }
    }

    /// Counts an award no longer, since it was taken back. What was counted on another day than the newest is gone already.
    pub(super) fn take_back(&mut self, counted: &Counted) {
        if counted.in_all {
            subtract(&mut self.in_all, counted);
        }
        if counted.on_day == Some(self.day) {
            subtract(&mut self.today, counted);
        }
    }
}

fn subtract(counts: &mut Vec<Count>, counted: &Counted) {
    if let Some(count) = counts.iter_mut().find(|it| it.offer == counted.offer) {
        count.awards = count.awards.saturating_sub(1);
        count.amount = count.amount.less(counted.amount);
    }
    counts.retain(|count| count.awards > 0);
}

fn find(counts: &[Count], offer: u64) -> (u32, Minor) {
    let found = counts.iter().find(|count| count.offer == offer);
    found.map_or_else(Default::default, |count| (count.awards, count.amount))
}

fn add(counts: &mut Vec<Count>, counted: &Counted) {
    let at = counts
        .iter()
        .position(|count| count.offer == counted.offer)
        .unwrap_or_else(|| {
            counts.push(Count {
                offer: counted.offer,
                ..Count::default()
            });
            counts.len().saturating_sub(1)
        });
    if let Some(count) = counts.get_mut(at) {
        count.awards = count.awards.saturating_add(1);
        count.amount = Minor(count.amount.0.saturating_add(counted.amount.0));
    }
}
