//! What an offer has lent to shards.

use std::collections::BTreeMap;

use crate::domain::money::Minor;

/// What one shard got and gave back, each in all since the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loan {
    /// What the offer lent to it.
    pub lent: Minor,
    /// What it returned.
    pub returned: Minor,
}

/// What an offer has lent, by shard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lending(BTreeMap<u16, Loan>);

impl Loan {
    /// What the shard has: idle, or awarded.
    pub fn out(self) -> Minor {
        self.lent.less(self.returned)
    }
}

impl Lending {
    /// The most that one shard may be lent in all, over all times: its totals then take six bytes each, and the largest number of
    /// shards, 4,096, takes 60 KiB of the offer's row. In cents it is 2.8 trillion euro.
    pub const TOTAL_MAX: Minor = Minor((1 << 48) - 1);

    /// The loan of a shard.
    pub fn of(&self, shard: u16) -> Loan {
        self.0.get(&shard).copied().unwrap_or_default()
    }

    /// Every shard that was ever lent to, in order.
    pub fn loans(&self) -> impl Iterator<Item = (u16, Loan)> {
        self.0.iter().map(|(shard, loan)| (*shard, *loan))
    }

    /// What was lent in all.
    pub fn lent_in_all(&self) -> Minor {
        total(self.0.values().map(|loan| loan.lent))
    }

    /// What was returned in all.
    pub fn returned_in_all(&self) -> Minor {
        total(self.0.values().map(|loan| loan.returned))
    }

    /// What is with the shards: idle, or awarded.
    pub fn out(&self) -> Minor {
        total(self.0.values().map(|loan| loan.out()))
    }

    pub(super) fn lent(&mut self, shard: u16, total: Minor) {
        let loan = self.0.entry(shard).or_default();
        loan.lent = loan.lent.max(total);
    }

    pub(super) fn returned(&mut self, shard: u16, total: Minor) {
        let loan = self.0.entry(shard).or_default();
        loan.returned = loan.returned.max(total);
    }
}

impl FromIterator<(u16, Loan)> for Lending {
    fn from_iter<I: IntoIterator<Item = (u16, Loan)>>(loans: I) -> Lending {
        Lending(loans.into_iter().collect())
    }
}

fn total(amounts: impl Iterator<Item = Minor>) -> Minor {
    Minor(amounts.fold(0, |sum, amount| sum.saturating_add(amount.0)))
}
