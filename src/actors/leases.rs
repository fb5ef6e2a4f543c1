//! The leases of one shard: what it holds of offers' budgets, so that an award on a budget asks nobody.
//!
//! A lease is no actor. It belongs to the shard, since awards of any of its contacts draw on it: under one lock a
//! contact decides, its record is handed over, and the lease takes the change in, so that the lease's changes are
//! numbered in the order of the journal.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::append::{Append, Consequences};
use super::envelope::{Failure, Unavailable};
use super::shard::Shard;
use crate::domain::address::Address;
use crate::domain::context::Context;
use crate::domain::entity::{Command, Effect, Entity, Rejection, State};
use crate::domain::lease::{self, Change};
use crate::domain::money::Minor;
use crate::persistence::journal::Appended;
use crate::persistence::store;

/// The leases of a shard that are in memory.
#[derive(Default)]
pub(super) struct Leases(Mutex<Held>);

/// What is in memory, under the lock.
#[derive(Default)]
pub(super) struct Held {
    leases: HashMap<Address, HeldLease>,
    /// Counts what makes a lease that was read before untrue: that some left memory, where they may have changed.
    departures: u64,
}

struct HeldLease {
    entity: Entity,
    /// The newest record that changes it, of this time in memory.
    last_append: Option<Arc<Append>>,
    /// Used since the last look for some to leave.
    touched: bool,
}

impl Leases {
    /// Forgets everything: what is in memory may be more than is durable.
    pub(super) fn discard(&self) {
        let mut held = self.0.lock();
        held.leases.clear();
        held.departures = held.departures.wrapping_add(1);
    }
}

impl Held {
    /// The number of the last effect of a lease that was asked for, and how it stands.
    pub(super) fn lease(&mut self, address: &Address) -> Option<(u64, lease::State)> {
        let held = self.leases.get_mut(address)?;
        held.touched = true;
        match &held.entity.state {
            State::Lease(state) => Some((held.entity.seq, *state)),
            State::Tenant(_)
            | State::Organisation(_)
            | State::Offer(_)
            | State::Contact(_)
            | State::ApiKey(_)
            | State::AuditLog(_)
            | State::Media(_)
            | State::Apps(_)
            | State::Receipt(_)
            | State::DirectoryEntry(_)
            | State::User(_)
            | State::Configuration(_) => None,
        }
    }

    /// Takes in what the effect of `append` on the entity at `address` does to leases.
    pub(super) fn moved(&mut self, address: Address, effect: &Effect, append: &Arc<Append>) {
        for (lease, effect) in effect.on_leases(address) {
            self.apply(&lease, &effect, append);
        }
    }

    fn apply(&mut self, lease: &Address, effect: &Effect, append: &Arc<Append>) {
        if let Some(held) = self.leases.get_mut(lease) {
            held.entity.apply(effect);
            held.last_append = Some(Arc::clone(append));
        }
    }

    fn misses(&self, addresses: &[Address]) -> Vec<Address> {
        let missing = addresses
            .iter()
            .filter(|address| !self.leases.contains_key(address));
        missing.copied().collect()
    }

    /// Takes in what was loaded after `departures` of them, unless some have left since: one of these may have changed
    /// meanwhile, and gone again. True if it was taken in.
    fn take_in(&mut self, loaded: &mut Vec<(Address, Entity)>, departures: Option<u64>) -> bool {
        let loaded = std::mem::take(loaded);
        if departures != Some(self.departures) {
            return false;
        }
        for (address, entity) in loaded {
            // Another may have loaded it meanwhile, and changed it.
            self.leases.entry(address).or_insert(HeldLease {
                entity,
                last_append: None,
                touched: true,
            });
        }
        true
    }

    /// Lets leases go if there are more than `max`: first those not used since the last look, then others. Those `wanted` stay, and
    /// those whose last append is not resolved: the store does not know it yet.
    fn make_room(&mut self, max: usize, wanted: &[Address]) {
        for spares_used_ones in [true, false] {
            if self.leases.len() <= max {
                return;
            }
            self.departures = self.departures.wrapping_add(1);
            self.leases.retain(|address, held| {
                let unresolved = held
                    .last_append
                    .as_ref()
                    .is_some_and(|append| append.resolved().is_none());
                let used = std::mem::take(&mut held.touched);
                wanted.contains(address) || unresolved || (used && spares_used_ones)
            });
        }
    }
}

impl Shard {
    /// Runs `work` with the leases at `addresses` in memory and locked.
    pub(super) async fn with_leases<T>(
        &self,
        addresses: &[Address],
        work: impl FnOnce(&mut Held) -> T,
    ) -> Result<T, store::Error> {
        let mut loaded: Vec<(Address, Entity)> = Vec::new();
        let mut departures = None;
        loop {
            let missing = {
                let mut held = self.leases().0.lock();
                if held.take_in(&mut loaded, departures) {
                    held.make_room(self.core().options.leases_held_max, addresses);
                }
                let missing = held.misses(addresses);
                if missing.is_empty() {
                    return Ok(work(&mut held));
                }
                departures = Some(held.departures);
                missing
            };
            for address in missing {
                let entity = self.core().store.load(self.id(), address).await?;
                loaded.push((address, entity));
            }
        }
    }

    /// What a lease holds that can be awarded.
    pub(super) async fn lease_remaining(&self, lease: Address) -> Result<Minor, store::Error> {
        self.with_leases(&[lease], |held| {
            held.lease(&lease)
                .map(|(_, state)| state.remaining())
                .unwrap_or_default()
        })
        .await
    }

    /// Asks a lease to change; how it then stands, and the record to wait for where that must be durable.
    pub(super) async fn change_lease(
        self: &Arc<Self>,
        lease: Address,
        command: lease::Command,
    ) -> Result<(lease::State, Option<Arc<Append>>), Failure> {
        let changed = self
            .with_leases(&[lease], |held| self.change_held(held, lease, command))
            .await;
        match changed {
            Ok(changed) => changed,
            Err(error) => {
                tracing::error!(%error, "a lease cannot be read");
                Err(Unavailable::Unreadable.into())
            }
        }
    }

    fn change_held(
        self: &Arc<Self>,
        held: &mut Held,
        lease: Address,
        command: lease::Command,
    ) -> Result<(lease::State, Option<Arc<Append>>), Failure> {
        if self.is_lost() {
            return Err(Unavailable::Overloaded.into());
        }
        let held_lease = held
            .leases
            .get_mut(&lease)
            .ok_or(Failure::Rejected(Rejection::NotFound))?;
        let clock = &self.core().clock;
        let now = clock.business(lease.tenant, lease.mode);
        let context = Context {
            now: now.max(held_lease.entity.last_time),
            wall: clock.wall(),
            tenant: None,
            budgets: Vec::new(),
        };
        let effect = held_lease
            .entity
            .decide(&Command::Lease(command), None, &context)
            .map_err(Failure::Rejected)?;
        if !effect.events.is_empty() {
            let effect = Arc::new(effect);
            let append = self
                .append(lease, Arc::clone(&effect), Consequences::default(), None)
                .map_err(|_not_owned| Unavailable::Overloaded)?;
            held.apply(&lease, &effect, &append);
        }
        let last_append = held
            .leases
            .get(&lease)
            .and_then(|held| held.last_append.clone());
        let (_, state) = held
            .lease(&lease)
            .ok_or(Failure::Rejected(Rejection::WrongKind))?;
        Ok((state, last_append))
    }

    /// Makes a lease return what it does not need; what it has returned in all, once that is durable.
    pub(super) async fn return_lease(
        self: &Arc<Self>,
        lease: Address,
        lent: Minor,
    ) -> Result<Minor, Failure> {
        let (state, last_append) = self
            .change_lease(lease, lease::Command::Return(lent))
            .await?;
        // Also where nothing was left: what is gone is given away only by awards that are durable.
        if let Some(append) = last_append
            && append.wait().await == Appended::Unknown
        {
            return Err(Unavailable::UnknownOutcome.into());
        }
        Ok(state.returned)
    }
}

/// The offers whose money `effect` brings back.
pub(super) fn credited(effect: &Effect) -> impl Iterator<Item = u64> {
    effect
        .leases
        .iter()
        .filter(|movement| matches!(movement.change, Change::Credit(_)))
        .map(|movement| movement.offer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::address::{Kind, Mode, TenantId};

    fn lease(offer: u64) -> Address {
        Address {
            tenant: TenantId(1),
            mode: Mode::Live,
            kind: Kind::Lease,
            entity: offer,
        }
    }

    fn loaded(offers: impl IntoIterator<Item = u64>, seq: u64) -> Vec<(Address, Entity)> {
        let mut entity = Entity::new(Kind::Lease);
        entity.seq = seq;
        let offers = offers.into_iter();
        offers.map(|offer| (lease(offer), entity.clone())).collect()
    }

    fn numbers(held: &Held) -> Vec<u64> {
        let mut numbers: Vec<_> = held.leases.keys().map(|lease| lease.entity).collect();
        numbers.sort_unstable();
        numbers
    }

    #[test]
    fn what_was_loaded_before_a_lease_left_is_loaded_again() {
        let mut held = Held::default();
        let before = Some(held.departures);
        assert!(held.take_in(&mut loaded([1], 7), before));
        held.make_room(0, &[]);
        assert!(!held.take_in(&mut loaded([1], 3), before));
        assert!(held.leases.is_empty());
        let before = Some(held.departures);
        assert!(held.take_in(&mut loaded([1], 8), before));
    }

    #[test]
    fn what_another_has_loaded_meanwhile_stays() {
        let mut held = Held::default();
        let before = Some(held.departures);
        assert!(held.take_in(&mut loaded([1], 9), before));
        assert!(held.take_in(&mut loaded([1, 2], 7), before));
        assert_eq!(held.lease(&lease(1)).unwrap().0, 9);
        assert_eq!(numbers(&held), [1, 2]);
    }

    #[test]
    fn those_not_used_lately_leave_first_and_those_wanted_stay() {
        let mut held = Held::default();
        held.take_in(&mut loaded(1..=4, 1), Some(0));
        held.make_room(4, &[]);
        assert_eq!(numbers(&held), [1, 2, 3, 4]);
        for unused in held.leases.values_mut() {
            unused.touched = false;
        }
        held.lease(&lease(2));
        held.make_room(2, &[lease(4)]);
        assert_eq!(numbers(&held), [2, 4]);
        held.make_room(1, &[lease(4)]);
        assert_eq!(numbers(&held), [4]);
    }
}
