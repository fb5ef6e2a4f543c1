//! Contacts that have proven nothing: guests, and whoever comes back with a device.
//!
//! A guest is a contact of its own, and whoever holds its first session is the only one who can get in to it. A device is recognised by its
//! MAC address, which everybody near it can read and imitate: it makes a contact, and says later who that is, and opens nothing of it.

use super::account::Account;
use super::{AccessRefused, SignedIn, after_effect};
use crate::actors::contact_creation::{self, NewContact, NotCreated};
use crate::actors::router::Router;
use crate::domain::access::{Provider, Trust};
use crate::domain::address::Address;
use crate::domain::contact::{ContactType, Profile};
use crate::domain::entity::Remember;
use crate::secrets::UniqueValue;

/// Who says that a device has its address: nobody but the device.
const ISSUER: &str = "mac_address";

impl Account {
    /// A device by its MAC address, in lower case and without separators.
    pub fn of_device(mac_address: String) -> Account {
        Account {
            provider: Provider::MacAddress,
            issuer: ISSUER.to_owned(),
            subject: mac_address,
        }
    }
}

impl Router {
    /// Makes a contact of which nothing is known, and signs it in. It is a new one each time: what one guest has is no other's.
    ///
    /// # Errors
    /// As [`AccessRefused`] says.
    pub async fn sign_in_guest(
        &self,
        address: Address,
        remember: Remember,
    ) -> Result<SignedIn, AccessRefused> {
        let code = contact_creation::derived_code(address.entity);
        let (tenant, mode) = (address.tenant, address.mode);
        let claim = self
            .secrets()
            .value_hash(tenant, mode, UniqueValue::Code, &code);
        let guest = NewContact {
            address,
            contact_type: ContactType::Person,
            profile: Profile::default(),
            own_id: None,
            code: code.into(),
            claims: vec![(claim, "code")],
        };
        let (created, _) = self.create_contact(guest, remember).await;
        created.map_err(|why| match why {
            NotCreated::ValueTaken(_) => AccessRefused::ValueTaken,
            NotCreated::Failed(failure) => AccessRefused::Failed(failure),
        })?;
        let signed_in = self.sign_in(address, address.entity, Trust::Proven, None);
        let signed_in = signed_in.await.map_err(after_effect)?;
        Ok(SignedIn {
            existing: false,
            ..signed_in
        })
    }
}
