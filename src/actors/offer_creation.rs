//! The creation of an offer, which spans two entities: its own, and the tenant that lists it.
//!
//! create (the offer's first record, holding the idempotency key) → list. Until it is listed it is seen by nobody and gives nothing;
//! a retry with the same key finds it and lists it, and listing what is listed changes nothing.

use super::envelope::{Failure, Timings};
use super::router::Router;
use crate::domain::address::Address;
use crate::domain::entity::{Command, Rejection, Remember};
use crate::domain::offer::{self, Offer};
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
        let mut timings = Timings::default();
        let result = self
            .try_create_offer(address, offer, remember, &mut timings)
            .await;
        (result, timings)
    }

    async fn try_create_offer(
        &self,
        address: Address,
        offer: Offer,
        remember: Remember,
        timings: &mut Timings,
    ) -> Result<(), Failure> {
        let Address { mode, entity, .. } = address;
        let tenant = self.tenant(address.tenant).await?;
        let is_listed = tenant.offers.contains(&(mode, entity));
        if !is_listed && tenant.offers_of(mode) >= tenant::OFFERS_A_MODE_MAX {
            // Asked first, so that a full list does not leave an offer behind that nobody sees.
            let full = Rejection::Tenant(tenant::Rejection::ListFull);
            return Err(Failure::Rejected(full));
        }
        let create = Command::Offer(offer::Command::Create(Box::new(offer)));
        let created = self.command(address, create, Some(remember), None).await;
        timings.add(created.timings);
        created.result?;
        let list = Command::Tenant(tenant::Command::ListOffer(mode, entity));
        let listed = self
            .command(Address::tenant(address.tenant), list, None, None)
            .await;
        timings.add(listed.timings);
        listed.result.map(|_| ())
    }
}
