//! Identities that a contact adds to those that it signs in by.
//!
//! record the code for the value → the code comes back → number an attempt, reserve the value, have it, confirm it. Whose identity the value
//! is already, is told to nobody but who has read the code.

use super::{AccessRefused, Challenged, Destination, SignedIn, after_effect};
use crate::actors::contact_creation::as_contact;
use crate::actors::envelope::{Failure, Unavailable};
use crate::actors::router::Router;
use crate::domain::access::{self, PasswordHash, Purpose, ToAdd};
use crate::domain::address::Address;
use crate::domain::contact;
use crate::domain::directory_entry::{self, Holder, ValueHash};
use crate::domain::entity::{AddingView, Command, Rejection};
use crate::limits::CONTACT_CHANGE_TRIES_MAX;
use crate::persistence::keyring::KeySlot;

/// An identity that is to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// The code that is on its way.
    pub challenged: Challenged,
    /// The number that the identity is to have.
    pub number: u32,
}

impl Router {
    /// Sends a code to what a contact is to sign in by from now on.
    ///
    /// # Errors
    /// As [`AccessRefused`] says. It tells nothing about who else has the value.
    pub async fn begin_adding(
        &self,
        contact: Address,
        session: u32,
        to: Destination,
        password: Option<PasswordHash>,
    ) -> Result<Begun, AccessRefused> {
        let (tenant, mode) = (contact.tenant, contact.mode);
        let value = to.identity(self.secrets(), tenant, mode);
        let view = self.active(contact).await?;
        // Before a code is counted that would not be sent.
        if view.identities.contains(&value) {
            return Err(AccessRefused::IdentityKnown);
        }
        self.count_send(contact, value).await?;
        let (provider, channel) = (to.provider(), to.channel());
        let password = match password {
            Some(hash) => Some(self.seal_for(contact, &hash).await?),
            None => None,
        };
        let add = ToAdd {
            session,
            provider,
            sealed: self.seal_destination(contact, to).await?,
            password,
        };
        let new = self.new_challenge(&contact, Purpose::AddIdentity, channel, value)?;
        let begin = access::Command::BeginAdding(new, Box::new(add));
        let reply = self.tell_access(contact, begin, None).await;
        Ok(Begun {
            challenged: self.challenged(contact, reply)?,
            number: view.identity_count.saturating_add(1),
        })
    }

    /// The code came back: has the value, unless it is another's. The same answer once more finds it done.
    pub(super) async fn add_identity(
        &self,
        contact: Address,
        view: AddingView,
        destination: ValueHash,
    ) -> Result<SignedIn, AccessRefused> {
        let signed_in = SignedIn {
            contact,
            session: view.session,
            existing: true,
        };
        let value = match view.value {
            Some(value) => value,
            None if view.identities.contains(&destination) => return Ok(signed_in),
            None => return Err(AccessRefused::CodeInvalid),
        };
        self.have_identity(contact, value).await?;
        Ok(signed_in)
    }

    /// Has the value that was proven, unless it is another's.
    pub(super) async fn have_identity(
        &self,
        contact: Address,
        value: ValueHash,
    ) -> Result<(), AccessRefused> {
        for _ in 0..CONTACT_CHANGE_TRIES_MAX {
            let added = self.try_to_add(contact, value).await;
            if added.map_err(after_effect)? {
                return Ok(());
            }
        }
        Err(Unavailable::UnknownOutcome.into())
    }

    /// Whether the value is the contact's now; not, where another change of the contact came between.
    async fn try_to_add(&self, contact: Address, value: ValueHash) -> Result<bool, AccessRefused> {
        let begin = Command::Contact(contact::Command::BeginChange(vec![value]));
        let begun = as_contact(self.command(contact, begin, None, None).await.result);
        let begun = begun.map_err(|failure| self.refused(failure))?;
        let holder = Holder {
            contact: contact.entity,
            attempt: begun.attempt,
        };
        if self.claim_identity(contact, value, holder).await?.is_some() {
            return Err(AccessRefused::ValueTaken);
        }
        let add = access::Command::AddIdentity(holder.attempt);
        let (settled, answer) = match self.tell_access(contact, add, None).await {
            Ok(_) => (directory_entry::Command::Confirm(value, holder), Ok(true)),
            Err(Failure::Rejected(Rejection::Contact(contact::Rejection::Overtaken))) => {
                (directory_entry::Command::Release(value, holder), Ok(false))
            }
            Err(Failure::Rejected(why)) => {
                let refused = self.refused(Failure::Rejected(why));
                (
                    directory_entry::Command::Release(value, holder),
                    Err(refused),
                )
            }
            // The value stays reserved until it is known what became of it: its entry asks.
            Err(failure) => return Err(AccessRefused::Failed(failure)),
        };
        if let Err(failure) = self.at_entry(contact, value, settled).await {
            tracing::debug!(?failure, "an entry is settled when its reservation lapses");
        }
        answer
    }

    /// Where messages go, sealed with the contact's key.
    pub(super) async fn seal_destination(
        &self,
        contact: Address,
        to: Destination,
    ) -> Result<std::sync::Arc<[u8]>, AccessRefused> {
        self.seal_beside(contact, &to.sealable()).await
    }

    /// What belongs to an identity, sealed with the contact's key.
    pub(super) async fn seal_beside(
        &self,
        contact: Address,
        plain: &contact::Profile,
    ) -> Result<std::sync::Arc<[u8]>, AccessRefused> {
        let view = self.active(contact).await?;
        let slot = KeySlot(view.profile.slot);
        match self.seal_again(&contact, slot, plain) {
            Ok(profile) => Ok(profile.sealed),
            Err(error) => {
                tracing::error!(%error, "what belongs to an identity cannot be sealed");
                Err(Unavailable::Unreadable.into())
            }
        }
    }
}
