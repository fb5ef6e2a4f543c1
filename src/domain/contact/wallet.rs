//! The wallet: money in lots, each with its expiry.

use std::collections::BTreeSet;

use super::due::Due;
use super::hold::given_back;
use super::{Given, Hold, Limits, OfferOutcome};
use crate::domain::money::Minor;
use crate::domain::time::{Span, Timestamp};

/// Money that expires together and may be spent on the same. Awards of the same kind share a lot, so their number is bounded by
/// the calendar and not by the number of purchases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lot {
    /// When it can no longer be spent; never, if none.
    pub expires_at: Option<Timestamp>,
    /// The offer whose conditions say what it may be spent on, by entity number: commerce money. Open money has none.
    pub bound_by: Option<u64>,
    /// What is left of it; above zero.
    pub left: Minor,
}

/// Money that cannot be spent yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Locked {
    /// When it can be.
    pub until: Timestamp,
    /// The lot that it will be.
    pub lot: Lot,
}

/// A contact's money. The balance is the sum of the lots that have not expired, never below zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wallet {
    /// In the order in which they are spent: earliest expiry first, those that never expire last; of equals, commerce money
    /// first, since it is good for less.
    pub lots: Vec<Lot>,
    /// What cannot be spent yet, and is no part of the balance: earliest first.
    pub locked: Vec<Locked>,
    /// Counts the changes.
    pub version: u32,
    /// The number of its code among the contacts of its shard: the key slot that was the contact's when it was created,
    /// which no other contact gets.
    pub code_slot: u32,
    /// What was to be taken back and could not be, and was not repaid yet.
    pub owed: Minor,
    /// What is held for purchases to come, oldest first.
    pub holds: Vec<Hold>,
    /// How many holds there ever were: the number of the newest.
    pub hold_count: u32,
    /// The bounds on what moves in and out of it, and what has moved of late.
    pub limits: Limits,
}

/// When an award made at `now` is due: after `lasts`, rounded up to the longest of some round times (a day, an hour, …) that
/// divides `lasts` into at least 24 parts. So a wallet holds at most a few hundred lots for an offer, and the customer is never
/// given less time than promised.
pub fn expiry_at_grain(now: Timestamp, lasts: Span) -> Timestamp {
    const GRAINS: [i64; 5] = [86_400_000, 3_600_000, 600_000, 60_000, 10_000];
    let part = lasts.0.checked_div(24).unwrap_or(0);
    let grain = GRAINS
        .into_iter()
        .find(|grain| *grain <= part)
        .unwrap_or(1_000);
    let exact = now.after(lasts).0;
    let past = exact.checked_rem_euclid(grain).unwrap_or(0);
    Timestamp(match past {
        0 => exact,
        past => exact.saturating_add(grain.saturating_sub(past)),
    })
}

impl Lot {
    /// Whether it can be spent at `now`.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }

    /// Whether money of the other may join it.
    fn is_like(&self, other: &Lot) -> bool {
        (self.expires_at, self.bound_by) == (other.expires_at, other.bound_by)
    }

    /// Where it stands in the order of spending.
    fn order(&self) -> (i64, u64) {
        let expiry = self.expires_at.map_or(i64::MAX, |at| at.0);
        (expiry, self.bound_by.unwrap_or(u64::MAX))
    }
}

impl Wallet {
    /// How many lots a wallet holds, open, held and locked: at 28 bytes each at most, or 37 of a locked one, about half of a
    /// row's limit.
    pub const LOTS_MAX: usize = 850;

    /// What can be spent at `now`, lot by lot. Expiry is compared here: no timer has to have fired.
    pub(in crate::domain) fn spendable(&self, now: Timestamp) -> impl Iterator<Item = Lot> {
        let unlocked = self.locked.iter().filter(move |it| it.until <= now);
        let mut owed = self.owed;
        let unlocked = unlocked.map(move |Locked { lot, .. }| {
            // It paid what was owed when its time came.
            let paid = owed.min(lot.left);
            owed = owed.less(paid);
            Lot {
                left: lot.left.less(paid),
                ..*lot
            }
        });
        let open = self.lots.iter().copied().chain(unlocked);
        let run_out = self.holds.iter().filter(move |hold| hold.until <= now);
        let released = run_out.flat_map(|hold| given_back(hold, hold.until));
        open.chain(released).filter(move |lot| lot.is_open(now))
    }

    /// What can be spent at `now`, on whatever it may be spent on; and what of it is commerce money.
    pub fn balances(&self, now: Timestamp) -> (Minor, Minor) {
        let add = |sum: Minor, lot: Lot| Minor(sum.0.saturating_add(lot.left.0));
        self.spendable(now)
            .fold((Minor::ZERO, Minor::ZERO), |(all, bound), lot| {
                let bound = match lot.bound_by {
                    Some(_) => add(bound, lot),
                    None => bound,
                };
                (add(all, lot), bound)
            })
    }

    /// What can be spent at `now`.
    pub fn balance(&self, now: Timestamp) -> Minor {
        self.balances(now).0
    }

    /// How many offers bind some of what can be spent at `now`.
    pub fn commerce_pools(&self, now: Timestamp) -> u32 {
        let binding = self.spendable(now).filter_map(|lot| lot.bound_by);
        let offers: BTreeSet<_> = binding.collect();
        u32::try_from(offers.len()).unwrap_or(u32::MAX)
    }

    /// What cannot be spent yet at `now`.
    pub fn locked(&self, now: Timestamp) -> Minor {
        let locked = self.locked.iter().filter(|it| now < it.until);
        super::purchase::total(locked.map(|it| it.lot))
    }

    /// Takes up to `amount` from the open lots, earliest expiry first, as far as `allowed` says of each lot's money, given what
    /// binds it and how much is wanted of it: what to take from which.
    pub(super) fn plan_spend(
        &self,
        amount: Minor,
        now: Timestamp,
        mut allowed: impl FnMut(Option<u64>, Minor) -> Minor,
    ) -> Vec<Lot> {
        let mut wanted = amount;
        let mut plan = Vec::new();
        for lot in self.lots.iter().filter(|lot| lot.is_open(now)) {
            if wanted <= Minor::ZERO {
                break;
            }
            let left = allowed(lot.bound_by, lot.left.min(wanted));
            if left > Minor::ZERO {
                wanted = wanted.less(left);
                plan.push(Lot { left, ..*lot });
            }
        }
        plan
    }

    /// Whether one more award finds room beside those of `before`, which are about to be credited.
    pub(super) fn has_room_for(&self, award: Given, before: &[OfferOutcome]) -> bool {
        let room = Self::LOTS_MAX.saturating_sub(self.lots_in_all());
        if before.len() < room {
            return true;
        }
        let pending: Vec<_> = before.iter().filter_map(|outcome| outcome.ok()).collect();
        let is_held = |given: &Given| match given.unlocks_at {
            None => self.lots.iter().any(|lot| lot.is_like(&given.lot)),
            Some(until) => {
                let mut locked = self.locked.iter();
                locked.any(|it| it.until == until && it.lot.is_like(&given.lot))
            }
        };
        let joins = |given: &Given, before: &[Given]| {
            let mut before = before.iter();
            is_held(given)
                || before.any(|it| it.unlocks_at == given.unlocks_at && it.lot.is_like(&given.lot))
        };
        let new = pending.iter().enumerate().filter(|(at, given)| {
            let before = pending.get(..*at).unwrap_or_default();
            !joins(given, before)
        });
        new.count() < room || joins(&award, &pending)
    }

    /// What it holds in any way, with `more`; none, if that passes the largest amount there is.
    pub(super) fn sum_with(&self, more: Minor) -> Option<Minor> {
        let open = self.lots.iter().map(|lot| lot.left);
        let locked = self.locked.iter().map(|it| it.lot.left);
        let held = self.holds.iter().flat_map(|hold| &hold.lots);
        let held = held.map(|lot| lot.left);
        Minor::sum(open.chain(locked).chain(held).chain([more]))
    }

    fn lots_in_all(&self) -> usize {
        let held = self.holds.iter().map(|hold| hold.lots.len());
        let shown = self.lots.len().saturating_add(self.locked.len());
        held.fold(shown, usize::saturating_add)
    }

    /// The lot that this money goes to: one of its own expiry, or where the wallet holds as many lots as it may, one of a later.
    pub(super) fn with_room(&self, wanted: Lot) -> Lot {
        if self.lots_in_all() < Self::LOTS_MAX {
            return wanted;
        }
        let mut lots = self.lots.iter();
        let later =
            lots.find(|lot| lot.bound_by == wanted.bound_by && lot.order() >= wanted.order());
        Lot {
            expires_at: later.and_then(|lot| lot.expires_at),
            ..wanted
        }
    }

    /// What can be spent at `now` of lots like this one.
    pub(super) fn open_in(&self, like: &Lot, now: Timestamp) -> Minor {
        self.lots
            .iter()
            .find(|lot| lot.is_like(like) && lot.is_open(now))
            .map_or(Minor::ZERO, |lot| lot.left)
    }

    /// Adds money to the lot like it.
    pub(super) fn credit(&mut self, new: Lot) {
        let at = self.lots.partition_point(|lot| lot.order() < new.order());
        match self.lots.get_mut(at) {
            Some(lot) if lot.is_like(&new) => {
                lot.left = Minor(lot.left.0.saturating_add(new.left.0));
            }
            Some(_) | None => self.lots.insert(at, new),
        }
    }

    /// Takes money from the lot like it; an empty lot goes.
    pub(super) fn debit(&mut self, taken: &Lot) {
        let found = self.lots.iter().position(|lot| lot.is_like(taken));
        if let Some(at) = found
            && let Some(lot) = self.lots.get_mut(at)
        {
            lot.left = lot.left.less(taken.left);
            if lot.left == Minor::ZERO {
                self.lots.remove(at);
            }
        }
    }

    /// What is locked like this.
    pub(super) fn locked_in(&self, until: Timestamp, like: &Lot) -> Minor {
        let mut locked = self.locked.iter();
        let found = locked.find(|it| it.until == until && it.lot.is_like(like));
        found.map_or(Minor::ZERO, |it| it.lot.left)
    }

    /// Adds money that cannot be spent yet.
    pub(super) fn lock(&mut self, new: Locked) {
        let order = |it: &Locked| (it.until, it.lot.order());
        let at = self.locked.partition_point(|it| order(it) < order(&new));
        match self.locked.get_mut(at) {
            Some(it) if it.until == new.until && it.lot.is_like(&new.lot) => {
                it.lot.left = Minor(it.lot.left.0.saturating_add(new.lot.left.0));
            }
            Some(_) | None => self.locked.insert(at, new),
        }
    }

    /// Takes money out of what cannot be spent yet.
    pub(super) fn unlock(&mut self, taken: &Locked) {
        for it in &mut self.locked {
            if it.until == taken.until && it.lot.is_like(&taken.lot) {
                it.lot.left = it.lot.left.less(taken.lot.left);
            }
        }
        self.locked.retain(|it| it.lot.left > Minor::ZERO);
    }

    /// The lots that have expired at `now`.
    pub fn expired(&self, now: Timestamp) -> Vec<Lot> {
        self.lots
            .iter()
            .filter(|lot| !lot.is_open(now))
            .copied()
            .collect()
    }

    /// When the first lot expires, the first is unlocked, or the first hold runs out, as far as it matters.
    pub(super) fn next_due(&self, due: Due) -> Option<Timestamp> {
        let expiry = match due {
            Due::All => self.lots.first().and_then(|lot| lot.expires_at),
            Due::ToSpend => None,
        };
        let unlocking = self.locked.first().map(|it| it.until);
        let holds = self.holds.iter().map(|hold| hold.until);
        holds.chain(expiry).chain(unlocking).min()
    }
}
