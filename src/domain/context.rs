//! What a decision may know besides the entity's own state.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::apps::Apps;
use super::calendar::Zone;
use super::configuration::Configuration;
use super::contact::SignUp;
use super::money::{Currency, Minor};
use super::offer::Offer;
use super::organisation::{self, Organisation};
use super::tenant::{self, RateLimits, Uncovered};
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
    /// Where its days and hours are, unless an organisation says otherwise.
    pub time_zone: Zone,
    /// The network, by entity number.
    pub organisations: BTreeMap<u64, Organisation>,
    /// The organisation of each terminal access point (TAP), by its code.
    pub taps: BTreeMap<String, u64>,
    /// What becomes of offline sales that spend more than the wallet has.
    pub uncovered_offline: Uncovered,
    /// How much callers may ask for, where the tenant has said so.
    pub rate_limits: RateLimits,
    /// What its users may do, with that of owners.
    pub roles: Vec<tenant::Role>,
    /// Every offer of the mode with its entity number, in the order in which they were listed.
    pub offers: Vec<(u64, Arc<Offer>)>,
    /// What it has set up about its customers beside its offers.
    pub rewards: Arc<Configuration>,
    /// What it has set up for its apps.
    pub apps: Arc<Apps>,
}

impl TenantView {
    /// Whether `organisation` is `ancestor` or lies below it in the network.
    pub fn is_within(&self, organisation: u64, ancestor: u64) -> bool {
        self.upwards(organisation).any(|(at, _)| at == ancestor)
    }

    /// The organisation that owns the network: it has none above it.
    pub fn owner(&self) -> u64 {
        let mut organisations = self.organisations.iter();
        let owner = organisations.find(|(_, it)| it.parent.is_none());
        owner.map_or(0, |(number, _)| *number)
    }

    /// The organisations with which a contact is shared that has joined `joined`: all below one that shares its contacts and that the
    /// contact has joined, or that owns the network. Those that it has joined are not among them.
    pub fn shared_with(&self, joined: &[SignUp]) -> impl Iterator<Item = u64> {
        let has_joined = |number: u64| joined.iter().any(|one| one.organisation == number);
        let shares = move |(number, above): (u64, Option<&Organisation>)| {
            above
                .is_some_and(|it| it.shares_contacts && (it.parent.is_none() || has_joined(number)))
        };
        let organisations = self.organisations.keys().copied();
        organisations
            .filter(move |number| !has_joined(*number))
            .filter(move |number| self.upwards(*number).skip(1).any(shares))
    }

    /// Whether there is an organisation of this number that a contact has joined, or is shared with, that has joined `joined`.
    pub fn is_joined(&self, joined: &[SignUp], number: u64) -> bool {
        let has_joined = joined.iter().any(|one| one.organisation == number);
        self.organisations.contains_key(&number)
            && (has_joined || self.shared_with(joined).any(|shared| shared == number))
    }

    /// The role of this number.
    pub fn role(&self, number: u32) -> Option<&tenant::Role> {
        self.roles.iter().find(|role| role.number == number)
    }

    /// The time zone of an organisation: its own, or that of the nearest above it, or the tenant's.
    pub fn zone_of(&self, organisation: u64) -> &Zone {
        self.upwards(organisation)
            .find_map(|(_, organisation)| organisation?.time_zone.as_ref())
            .unwrap_or(&self.time_zone)
    }

    /// The part that is played at an organisation: its own, or that of the nearest above it, if it only holds others together.
    pub fn part_at(&self, organisation: u64) -> Option<organisation::Role> {
        self.upwards(organisation)
            .map_while(|(_, organisation)| Some(organisation?.role))
            .find(|role| *role != organisation::Role::Organisation)
    }

    /// How many levels of the network there are from its owner to an organisation, with both.
    pub fn level_of(&self, organisation: u64) -> usize {
        self.upwards(organisation).count()
    }

    /// The code of an organisation's TAP, if it has one.
    pub fn tap_of(&self, organisation: u64) -> Option<&str> {
        let found = self.taps.iter().find(|(_, of)| **of == organisation);
        found.map(|(code, _)| code.as_str())
    }

    /// An organisation and those above it, up to the network's owner.
    fn upwards(&self, organisation: u64) -> impl Iterator<Item = (u64, Option<&Organisation>)> {
        let found = |number: u64| (number, self.organisations.get(&number));
        let above = move |(_, organisation): &(u64, Option<&Organisation>)| {
            organisation.and_then(|it| it.parent).map(found)
        };
        // A network is a tree by construction; the bound only keeps damaged data from looping.
        let most = self.organisations.len().saturating_add(1);
        std::iter::successors(Some(found(organisation)), above).take(most)
    }
}
