//! What the tills know for sure, and what must follow from it.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use clientele::domain::address::Address;
use clientele::domain::contact::{Purchase, Unbacked};
use clientele::domain::directory_entry::ValueHash;
use clientele::domain::entity::{Remember, WalletView};
use clientele::domain::money::Minor;

/// A purchase as a till asks for it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) contact: Address,
    pub(crate) total: i64,
    pub(crate) spend: Option<(i64, Unbacked)>,
    pub(crate) remember: Remember,
}

/// What is known of one contact.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// The acknowledged purchases, by number.
    pub(crate) purchases: BTreeMap<u32, (Asked, Arc<Purchase>)>,
}

/// What is known.
#[derive(Default)]
pub(crate) struct Model {
    pub(crate) ledgers: BTreeMap<Address, Ledger>,
    /// Who asked for a value, and whether each was told that it has it.
    pub(crate) contests: BTreeMap<ValueHash, Vec<(Address, bool)>>,
    pub(crate) refused_creations: u64,
    pub(crate) unknown: u64,
    /// How often an award was refused because a budget was exhausted.
    pub(crate) exhausted: u64,
    trace: DefaultHasher,
}

impl Model {
    /// Adds something that happened to the trace.
    pub(crate) fn happened(&mut self, what: &str) {
        let at = turmoil::sim_elapsed().unwrap_or_default();
        (at, what).hash(&mut self.trace);
        if std::env::var_os("TRACE").is_some() {
            eprintln!("{at:?} {what}");
        }
    }

    pub(crate) fn trace(&self) -> u64 {
        self.trace.finish()
    }

    /// Takes in an acknowledged purchase, the first time or again.
    pub(crate) fn acknowledged(&mut self, asked: &Asked, purchase: &Arc<Purchase>) {
        let spent = purchase.spent();
        match asked.spend {
            None => assert_eq!(spent, Minor::ZERO),
            Some((amount, Unbacked::Refuse | Unbacked::Owe)) => assert_eq!(spent, Minor(amount)),
            Some((amount, Unbacked::SpendWhatThereIs)) => assert!(spent <= Minor(amount)),
        }
        assert_eq!(purchase.amounts.total, Minor(asked.total));
        let ledger = self.ledgers.entry(asked.contact).or_default();
        let known = ledger
            .purchases
            .entry(purchase.number)
            .or_insert_with(|| (asked.clone(), Arc::clone(purchase)));
        assert_eq!(
            known.0.remember, asked.remember,
            "two requests were told the same purchase"
        );
        assert_eq!(known.1, *purchase, "a replay tells another purchase");
    }

    /// Takes in what a creation was told.
    pub(crate) fn contested(&mut self, value: ValueHash, contact: Address, won: bool) {
        let contest = self.contests.entry(value).or_default();
        contest.push((contact, won));
        let winners = contest.iter().filter(|(_, won)| *won).count();
        assert!(
            winners <= 1,
            "two contacts were told that they have one value"
        );
    }
}

impl Ledger {
    /// Checks a wallet when no request is under way: it is the sum of what was acknowledged, of each once.
    pub(crate) fn check(&self, wallet: &WalletView) {
        let mut balance = 0;
        for (expected, (number, (_, purchase))) in (1..).zip(&self.purchases) {
            assert_eq!(*number, expected, "a purchase that nobody was told of");
            balance -= purchase.spent().0;
            assert!(balance >= 0, "purchase {number} spent what was not there");
            balance += purchase.awarded().0;
        }
        assert_eq!(
            wallet.balance,
            Minor(balance),
            "the balance is not awards less spends"
        );
    }

    /// The number after the newest.
    pub(crate) fn next_number(&self) -> u32 {
        self.purchases
            .last_key_value()
            .map_or(1, |(last, _)| last + 1)
    }
}
