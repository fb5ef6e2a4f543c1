//! What a decision may know besides the entity's own state.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::money::{Currency, Minor};
use super::offer::Offer;
use super::organisation::Organisation;
use super::time::Timestamp;

/// The circumstances of one decision.
#[derive(Clone, Debug)]
pub struct Context {
    /// The time of business: what lots, offers and reservations are compared with.
    pub now: Timestamp,
    /// The time of credentials: what keys are compared with. A test clock doesn't move it.
    pub wall: Timestamp,
    /// The tenant's configuration, where the command needs it.
    pub tenant: Option<Arc<TenantView>>,
    /// What the shard holds of the budgets that the decision may draw on. One that is not here counts as not held.
    pub budgets: Vec<Budget>,
}

/// What a shard's lease holds of one offer's budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The offer, by entity number.
    pub offer: u64,
    /// The number of the lease's last effect.
    pub lease_seq: u64,
    /// What can be given from it.
    pub held: Minor,
    /// Where the offer has said that no more than this is to be had anywhere.
    pub no_more_than: Option<Minor>,
}

impl Context {
    /// What the shard holds of an offer's budget.
    pub fn budget(&self, offer: u64) -> Option<&Budget> {
        self.budgets.iter().find(|budget| budget.offer == offer)
    }
}

/// A tenant's configuration in one mode, as published by its tenant, organisations and offers.
#[derive(Clone, Debug, PartialEq)]
pub struct TenantView {
    /// What wallets are kept in.
    pub currency: Currency,
    /// The names that purchases may be classified by.
    pub classifications: Vec<String>,
    /// The network, by entity number.
    pub organisations: BTreeMap<u64, Organisation>,
    /// Every offer of the mode with its entity number, in the order in which they were listed.
    pub offers: Vec<(u64, Arc<Offer>)>,
}

impl TenantView {
    /// Whether `organisation` is `ancestor` or lies below it in the network.
    pub fn is_within(&self, organisation: u64, ancestor: u64) -> bool {
        let mut at = Some(organisation);
        // A network is a tree by construction; the bound only keeps damaged data from looping.
        for _ in 0..self.organisations.len().saturating_add(1) {
            match at {
                Some(number) if number == ancestor => return true,
                Some(number) => at = self.organisations.get(&number).and_then(|o| o.parent),
                None => return false,
            }
        }
        false
    }
}
