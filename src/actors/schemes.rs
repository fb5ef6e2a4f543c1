//! How a contact becomes a member of a scheme: with what it shows sealed by the key of its profile.

use std::sync::Arc;

use super::envelope::{Failure, Reply, Unavailable};
use super::router::{Router, unexpected};
use crate::domain::address::Address;
use crate::domain::contact::{self, Profile, Proof, SignUpToScheme};
use crate::domain::context::TenantView;
use crate::domain::entity::{Answer, Command, Query};
use crate::persistence::keyring::KeySlot;

impl Router {
    /// Signs the contact at `address` up to a scheme; what it shows is kept for itself to see.
    pub async fn sign_up_to_scheme(
        &self,
        address: Address,
        tenant: Arc<TenantView>,
        scheme: u64,
        proof: Proof,
        shown: Option<Profile>,
    ) -> Reply {
        let sealed = match self.sealed(address, shown).await {
            Ok(sealed) => sealed,
            Err(failure) => return Reply::failed(failure),
        };
        let wish = SignUpToScheme {
            scheme,
            proof,
            sealed,
        };
        let command = Command::Contact(contact::Command::SignUpToScheme(Box::new(wish)));
        self.command(address, command, None, Some(tenant)).await
    }

    async fn sealed(
        &self,
        address: Address,
        shown: Option<Profile>,
    ) -> Result<Option<Arc<[u8]>>, Failure> {
        let Some(shown) = shown else {
            return Ok(None);
        };
        let slot = match self.query(address, Query::Contact).await.result? {
            Answer::Contact(view) => KeySlot(view.profile.slot),
            other => return Err(unexpected(&other)),
        };
        let sealed = self.seal_again(&address, slot, &shown).map_err(|error| {
            tracing::error!(%error, "a sign-up cannot be sealed");
            Failure::from(Unavailable::Unreadable)
        })?;
        Ok(Some(sealed.sealed))
    }
}
