//! The organisations of the contact's network as they publish themselves: to whoever has signed in, whether it has joined them or not.
//!
//! All of it is part of the tenant's configuration, which is in memory: a list looks at each of its organisations, 500 at most, and asks none.

pub(super) mod activities;
mod distance;
pub(super) mod get;
pub(super) mod list;
pub(super) mod locations;
pub(super) mod towns;
pub(super) mod wanted;
mod wire;

use crate::domain::address::Mode;
use crate::domain::context::TenantView;
use crate::domain::ids::Named;
use crate::domain::organisation::{Address, Organisation};
use crate::http::problem::Problem;
use crate::http::{Api, failure};

/// The organisation of this id, by entity number.
fn named(api: &Api, tenant: &TenantView, id: &str) -> Result<u64, Problem> {
    let ids = api.router.secrets().public_ids();
    ids.read_as(Named::Organisation, id)
        .map(|id| id.entity)
        .filter(|number| tenant.organisations.contains_key(number))
        .ok_or_else(failure::not_found)
}

/// The addresses of an organisation that are seen in a mode.
pub(super) fn addresses(organisation: &Organisation, mode: Mode) -> impl Iterator<Item = &Address> {
    let all = organisation.profile.addresses.iter();
    all.filter(move |it| mode == Mode::Test || !it.is_test_mode)
}

/// Where customers go: the primary address, or the first.
fn main_address(organisation: &Organisation, mode: Mode) -> Option<&Address> {
    let mut primary = addresses(organisation, mode).filter(|it| it.is_primary);
    primary
        .next()
        .or_else(|| addresses(organisation, mode).next())
}

/// The places of a network: whoever sells and has an address.
fn places(tenant: &TenantView, mode: Mode) -> impl Iterator<Item = (u64, &Organisation, &Address)> {
    let sellers = tenant.organisations.iter();
    sellers
        .filter(|(_, organisation)| organisation.role.sells())
        .filter_map(move |(number, organisation)| {
            let address = main_address(organisation, mode)?;
            Some((*number, organisation, address))
        })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::organisation::{Profile, Role};

    #[test]
    fn what_is_for_trials_is_not_seen_in_live_mode_and_the_primary_address_comes_first() {
        let address = |number, is_primary, is_test_mode| Address {
            number,
            is_primary,
            is_test_mode,
            ..Address::default()
        };
        let venue = |addresses: Vec<Address>| Organisation {
            name: "Quay".into(),
            role: Role::Venue,
            parent: None,
            time_zone: None,
            shares_contacts: false,
            profile: Arc::new(Profile {
                addresses,
                ..Profile::default()
            }),
        };
        let seen = |venue: &Organisation, mode| {
            let main = main_address(venue, mode).map(|it| it.number);
            let all: Vec<_> = addresses(venue, mode).map(|it| it.number).collect();
            (main, all)
        };
        let both = venue(vec![address(1, false, false), address(2, true, true)]);
        assert_eq!(seen(&both, Mode::Live), (Some(1), vec![1]));
        assert_eq!(seen(&both, Mode::Test), (Some(2), vec![1, 2]));
        let trial = venue(vec![address(1, true, true)]);
        assert_eq!(seen(&trial, Mode::Live), (None, vec![]));
    }
}
