//! The creation of what its tenant lists, an offer or an organisation, which spans two entities: its own, and the tenant.
//!
//! create (its first record, holding the idempotency key) → list. Until it is listed it is seen by nobody and does nothing;
//! a retry with the same key finds it and lists it, and listing what is listed changes nothing.

use super::envelope::{Failure, Timings};
use super::router::Router;
use crate::domain::address::Address;
use crate::domain::entity::{Command, Rejection, Remember};
use crate::domain::offer::{self, Offer};
use crate::domain::organisation::{self, Organisation};
use crate::domain::tenant;

impl Router {
    /// Creates an offer at `address` and lists it: it applies to every purchase that begins after this has succeeded.
    ///
    /// # Errors
    /// [`tenant::Rejection::ListFull`] when the tenant has as many offers of the mode as it may.
    pub async fn create_offer(
        &self,
        address: Address,
        offer: Offer,
        remember: Remember,
    ) -> (Result<(), Failure>, Timings) {
        let create = Command::Offer(offer::Command::Create(Box::new(offer)));
        let list = tenant::Command::ListOffer(address.mode, address.entity);
        self.create_listed(address, create, list, remember).await
    }

    /// Creates an organisation at `address` and adds it to the network, with the code of its TAP if it has one.
    ///
    /// # Errors
    /// [`tenant::Rejection::ListFull`] when the tenant has as many organisations as it may, and
    /// [`tenant::Rejection::TapTaken`] when another one's TAP has the code.
    pub async fn create_organisation(
        &self,
        address: Address,
        organisation: Organisation,
        tap_code: Option<String>,
        remember: Remember,
    ) -> (Result<(), Failure>, Timings) {
        let create = Command::Organisation(organisation::Command::Create(organisation));
        let list = tenant::Command::ListOrganisation(address.entity, tap_code);
        self.create_listed(address, create, list, remember).await
    }

    async fn create_listed(
        &self,
        address: Address,
        create: Command,
        list: tenant::Command,
        remember: Remember,
    ) -> (Result<(), Failure>, Timings) {
        let mut timings = Timings::default();
        let result = self
            .try_create_listed(address, create, list, remember, &mut timings)
            .await;
        (result, timings)
    }

    async fn try_create_listed(
        &self,
        address: Address,
        create: Command,
        list: tenant::Command,
        remember: Remember,
        timings: &mut Timings,
    ) -> Result<(), Failure> {
        // Asked first, so that a refusal to list does not leave behind what nobody sees.
        self.tenant(address.tenant)
            .await?
            .decide(&list)
            .map_err(|why| Failure::Rejected(Rejection::Tenant(why)))?;
        let created = self.command(address, create, Some(remember), None).await;
        timings.add(created.timings);
        created.result?;
        let tenant = Address::tenant(address.tenant);
        let listed = self
            .command(tenant, Command::Tenant(list), None, None)
            .await;
        timings.add(listed.timings);
        listed.result.map(|_| ())
    }
}
