//! The wallet's journal: a line for each movement, with the balance after it.
//!
//! Lines derive from events; no record holds one. The newest are held here, older ones are rows. The sum of all lines
//! is the balance: what a cancellation takes back beyond the balance comes as a line of its own, from what is owed.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use super::due::Due;
use super::{Contact, Lot, Note, Private, ReturnOf, TopUpTexts};
use crate::domain::money::Minor;
use crate::domain::time::Timestamp;

/// Why money moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A purchase of this number awarded it.
    Award(u32),
    /// A purchase of this number spent it.
    Spend(u32),
    /// It was awarded earlier, and can be spent from now on.
    Unlock,
    /// It expired unspent.
    Expiry,
    /// The purchase of this number was cancelled: what it awarded is taken back.
    Cancel(u32),
    /// The purchase of this number was cancelled: what it spent is given back.
    Restore(u32),
    /// What this purchase spends, or its cancellation takes back, beyond the balance. It is owed from now on; below zero, it is
    /// owed no longer.
    Owed(u32),
    /// What was owed is paid from what came in.
    Repaid,
    /// Money was paid in.
    TopUp(Arc<TopUp>),
    /// It is held for a purchase to come, by the hold of this number.
    Hold(u32),
    /// The hold of this number gave it back.
    Release(u32),
    /// Goods were returned: what was spent on them is given back.
    ReturnedSpend(Arc<ReturnOf>),
    /// Goods were returned: what they had earned is taken back.
    ReturnedAward(Arc<ReturnOf>),
    /// What a return takes back beyond the balance. It is owed from now on.
    ReturnOwed(Arc<ReturnOf>),
    /// Somebody added it by hand, perhaps with a note.
    Credit(Private<Note>),
    /// Somebody took it by hand, perhaps with a note.
    Debit(Private<Note>),
}

/// How money was paid in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopUp {
    /// By which means, and the caller's own code for it.
    pub texts: Private<TopUpTexts>,
    /// When it was paid, as the caller says.
    pub paid_on: Option<Timestamp>,
}

/// A movement that is no purchase's: what was paid in, or changed by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The number of its line.
    pub number: u32,
    /// When it was recorded.
    pub at: Timestamp,
    /// Why.
    pub reason: Reason,
    /// What went into which lot, or came out of it.
    pub lots: Vec<Lot>,
}

/// Why money moves without a purchase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It is paid in.
    TopUp(Arc<TopUp>),
    /// Somebody adds it, perhaps with a note.
    Credit(Private<Note>),
    /// Somebody takes it, perhaps with a note.
    Debit(Private<Note>),
}

/// What kinds of money a line moved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Composition {
    /// How much of it is commerce money, which offers bind.
    pub commerce: Minor,
    /// Which offers bind it, by entity number. Where they are more than [`Composition::POOLS_MAX`], none is named.
    pub pools: Vec<u64>,
    /// When the first of it expires, if any does.
    pub expires_at: Option<Timestamp>,
}

/// One movement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number in the wallet's journal, from 1.
    pub number: u32,
    /// When it happened.
    pub at: Timestamp,
    /// Why.
    pub cause: Cause,
    /// What it adds to the balance; below zero where it takes.
    pub amount: Minor,
    /// The balance after it.
    pub balance: Minor,
    /// What kinds of money it moved.
    pub of: Composition,
}

/// The newest lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Oldest first, without a gap.
    pub lines: VecDeque<Line>,
    /// How many lines there ever were: the number of the newest.
    pub count: u32,
    /// The balance after the newest.
    pub balance: Minor,
}

/// Which lines are asked for, counted back from the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalPage {
    /// Without those of a higher number.
    pub newest: Option<u32>,
    /// Without so many of the newest of them.
    pub skip: u32,
    /// So many at most.
    pub take: u32,
}

/// A part of a wallet's journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalView {
    /// The lines, newest first.
    pub lines: Vec<Line>,
    /// How many there are in all.
    pub count: u32,
}

impl Composition {
    /// How many offers a line names: with a spend from each of hundreds of lots, a contact's newest lines stay within its row.
    pub const POOLS_MAX: usize = 16;

    /// What `lots` are made of.
    pub(super) fn of<'a>(lots: impl IntoIterator<Item = &'a Lot>) -> Composition {
        let mut of = Composition::default();
        let mut pools = BTreeSet::new();
        for lot in lots {
            of.expires_at = match (of.expires_at, lot.expires_at) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
            if let Some(pool) = lot.bound_by {
                of.commerce = Minor(of.commerce.0.saturating_add(lot.left.0));
                pools.insert(pool);
            }
        }
        if pools.len() <= Self::POOLS_MAX {
            of.pools = pools.into_iter().collect();
        }
        of
    }
}

impl Line {
    /// Whether it moved commerce money.
    pub fn has_commerce(&self) -> bool {
        self.of.commerce > Minor::ZERO
    }

    /// Whether it moved money that nothing binds.
    pub fn has_open(&self) -> bool {
        self.amount.0.saturating_abs() > self.of.commerce.0
    }

    /// Whether it moved money that this offer binds, as far as it says: one that moved money of very many counts as one of each.
    pub fn is_of_pool(&self, offer: u64) -> bool {
        let pools = &self.of.pools;
        self.has_commerce() && (pools.is_empty() || pools.contains(&offer))
    }
}

impl JournalPage {
    /// The line of this number alone.
    pub const fn line(number: u32) -> JournalPage {
        JournalPage {
            newest: Some(number),
            skip: 0,
            take: 1,
        }
    }

    /// The numbers of its oldest and its newest line among `count`; none, if it is empty.
    fn range(self, count: u32) -> Option<(u32, u32)> {
        let newest = self.newest.map_or(count, |newest| newest.min(count));
        let newest = newest.saturating_sub(self.skip);
        let oldest = newest.saturating_sub(self.take).saturating_add(1);
        (oldest <= newest).then_some((oldest, newest))
    }
}

impl Ledger {
    /// How many lines stay with the contact: what people look at first.
    pub const RECENT_LINES_MAX: usize = 16;

    /// Adds a line of what moved in these lots; none for no money.
    pub(super) fn book<'a>(
        &mut self,
        at: Timestamp,
        cause: Cause,
        amount: Minor,
        lots: impl IntoIterator<Item = &'a Lot>,
    ) {
        if amount == Minor::ZERO {
            return;
        }
        self.count = self.count.saturating_add(1);
        self.balance = Minor(self.balance.0.saturating_add(amount.0));
        self.lines.push_back(Line {
            number: self.count,
            at,
            cause,
            amount,
            balance: self.balance,
            of: Composition::of(lots),
        });
    }

    /// Once twice [`Ledger::RECENT_LINES_MAX`] are held, hands out the oldest down to that many, in order.
    pub fn spill(&mut self) -> Vec<Line> {
        if self.lines.len() < Self::RECENT_LINES_MAX.saturating_mul(2) {
            return Vec::new();
        }
        let surplus = self.lines.len().saturating_sub(Self::RECENT_LINES_MAX);
        self.lines.drain(..surplus).collect()
    }
}

impl Contact {
    /// The numbers of the oldest and the newest line of a page at `now`; none, if it is empty.
    pub fn journal_range(&self, page: JournalPage, now: Timestamp) -> Option<(u32, u32)> {
        page.range(self.pending(now).count)
    }

    /// The lines of what time alone has brought about at `now`, and no timer has recorded yet.
    fn pending(&self, now: Timestamp) -> Ledger {
        let due = self.due(now, Due::All);
        let after = (!due.is_empty()).then(|| self.after(&due));
        let after = after.as_ref().unwrap_or(self);
        let lines = after.ledger.lines.iter();
        Ledger {
            lines: lines
                .filter(|line| line.number > self.ledger.count)
                .cloned()
                .collect(),
            count: after.ledger.count,
            balance: after.ledger.balance,
        }
    }

    /// A page of the journal at `now`, with the help of older lines that were read from rows. `None` if one is missing.
    ///
    /// Money that has expired is shown as expired, whether or not a timer has written it off.
    pub fn journal(
        &self,
        page: JournalPage,
        now: Timestamp,
        older: &[Line],
    ) -> Option<JournalView> {
        let pending = self.pending(now);
        let mut view = JournalView {
            lines: Vec::new(),
            count: pending.count,
        };
        let Some((oldest, newest)) = page.range(pending.count) else {
            return Some(view);
        };
        for number in (oldest..=newest).rev() {
            let mut known = pending
                .lines
                .iter()
                .chain(&self.ledger.lines)
                .chain(older.iter());
            let line = known.find(|line| line.number == number)?;
            view.lines.push(self.shown_line(line.clone()));
        }
        Some(view)
    }
}

impl Ledger {
    /// A line for each lot that expired, dated when it did.
    pub(super) fn book_expired(&mut self, lots: &[Lot]) {
        for lot in lots {
            let at = lot.expires_at.unwrap_or_default();
            self.book(at, Cause::Expiry, lot.left.negative(), [lot]);
        }
    }
}
