//! The wallet: open money in lots, each with its expiry.

use super::Hold;
use crate::domain::money::Minor;
use crate::domain::time::{Span, Timestamp};

/// Money that expires together. Awards that expire at the same time share a lot, so their number is bounded by the calendar and
/// not by the number of purchases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lot {
    /// When it can no longer be spent; never, if none.
    pub expires_at: Option<Timestamp>,
    /// What is left of it; above zero.
    pub left: Minor,
}

/// A contact's money. The balance is the sum of the lots that have not expired, never below zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wallet {
    /// In the order in which they are spent: earliest expiry first, those that never expire last.
    pub lots: Vec<Lot>,
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
}

/// When an award made at `now` expires: after `lasts`, rounded up to the day, hour, minute or second, whichever is the
/// longest that divides `lasts` into at least 24 parts. So a wallet holds at most a few hundred lots for an offer (1,440
/// at worst), and the customer is never given less time than promised.
pub fn expiry_at_grain(now: Timestamp, lasts: Span) -> Timestamp {
    const GRAINS: [i64; 3] = [86_400_000, 3_600_000, 60_000];
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

fn order(expires_at: Option<Timestamp>) -> i64 {
    expires_at.map_or(i64::MAX, |at| at.0)
}

impl Lot {
    /// Whether it can be spent at `now`.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

impl Wallet {
    /// How many lots a wallet holds: at 19 bytes each at most, under half of a row's limit.
    pub const LOTS_MAX: usize = 1_500;

    /// What can be spent at `now`. Expiry is compared here: no timer has to have fired.
    pub fn balance(&self, now: Timestamp) -> Minor {
        let open = self.lots.iter().filter(|lot| lot.is_open(now));
        // What a hold gives back can be spent for some time, whatever its expiry was.
        let run_out = self.holds.iter().filter(|hold| hold.until <= now);
        let released = run_out.flat_map(|hold| &hold.lots);
        Minor(
            open.chain(released)
                .fold(0_i64, |sum, lot| sum.saturating_add(lot.left.0)),
        )
    }

    /// Takes up to `amount` from the open lots, earliest expiry first: what to take from which.
    pub fn plan_spend(&self, amount: Minor, now: Timestamp) -> Vec<Lot> {
        let mut wanted = amount;
        let mut plan = Vec::new();
        for lot in self.lots.iter().filter(|lot| lot.is_open(now)) {
            if wanted <= Minor::ZERO {
                break;
            }
            let taken = lot.left.min(wanted);
            wanted = wanted.less(taken);
            plan.push(Lot {
                expires_at: lot.expires_at,
                left: taken,
            });
        }
        plan
    }

    /// Whether one more award expiring then finds room beside `pending`, the expiries of others that are about to be
    /// credited.
    pub fn has_room_for(
        &self,
        expires_at: Option<Timestamp>,
        pending: &[Option<Timestamp>],
    ) -> bool {
        let held_lots = self.holds.iter().map(|hold| hold.lots.len());
        let lots = held_lots.fold(self.lots.len(), usize::saturating_add);
        let is_held = |expiry| self.lots.iter().any(|lot| lot.expires_at == expiry);
        if lots.saturating_add(pending.len()) < Self::LOTS_MAX {
            return true;
        }
        let new = pending
            .iter()
            .enumerate()
            .filter(|(at, expiry)| {
                !is_held(**expiry) && !pending.iter().take(*at).any(|before| before == *expiry)
            })
            .count();
        lots.saturating_add(new) < Self::LOTS_MAX
            || is_held(expires_at)
            || pending.contains(&expires_at)
    }

    /// The expiry of the lot that money of this expiry goes to: its own, or where the wallet holds as many lots as it may,
    /// that of a later one.
    pub(super) fn expiry_with_room(&self, expires_at: Option<Timestamp>) -> Option<Timestamp> {
        if self.has_room_for(expires_at, &[]) {
            return expires_at;
        }
        let mut later = self.lots.iter().map(|lot| lot.expires_at);
        later
            .find(|expiry| order(*expiry) >= order(expires_at))
            .flatten()
    }

    /// What the lot of this expiry holds that can be spent at `now`.
    pub(super) fn open_in(&self, expires_at: Option<Timestamp>, now: Timestamp) -> Minor {
        self.lots
            .iter()
            .find(|lot| lot.expires_at == expires_at && lot.is_open(now))
            .map_or(Minor::ZERO, |lot| lot.left)
    }

    /// Adds money to the lot of its expiry.
    pub(super) fn credit(&mut self, expires_at: Option<Timestamp>, amount: Minor) {
        let at = self
            .lots
            .partition_point(|lot| order(lot.expires_at) < order(expires_at));
        match self.lots.get_mut(at) {
            Some(lot) if lot.expires_at == expires_at => {
                lot.left = Minor(lot.left.0.saturating_add(amount.0));
            }
            Some(_) | None => self.lots.insert(
                at,
                Lot {
                    expires_at,
                    left: amount,
                },
            ),
        }
    }

    /// Takes money from the lot of its expiry; an empty lot goes.
    pub(super) fn debit(&mut self, expires_at: Option<Timestamp>, amount: Minor) {
        if let Some(at) = self
            .lots
            .iter()
            .position(|lot| lot.expires_at == expires_at)
            && let Some(lot) = self.lots.get_mut(at)
        {
            lot.left = lot.left.less(amount);
            if lot.left == Minor::ZERO {
                self.lots.remove(at);
            }
        }
    }

    /// The lots that have expired at `now`.
    pub fn expired(&self, now: Timestamp) -> Vec<Lot> {
        self.lots
            .iter()
            .filter(|lot| !lot.is_open(now))
            .copied()
            .collect()
    }

    /// When the first lot expires, or the first hold runs out.
    pub fn next_due(&self) -> Option<Timestamp> {
        let expiry = self.lots.first().and_then(|lot| lot.expires_at);
        let holds = self.holds.iter().map(|hold| hold.until);
        holds.chain(expiry).min()
    }
}
