//! Registering and signing in by an account at a provider that has vouched for somebody.

use super::{AccessRefused, SignedIn};
use crate::actors::contact_creation;
use crate::actors::envelope::{Failure, Unavailable};
use crate::actors::router::{Router, unexpected};
use crate::domain::access::Provider;
use crate::domain::address::{Address, Kind, Mode, TenantId};
use crate::domain::contact::{self, ContactType, Field, Profile, Propose, Register, ValueProof};
use crate::domain::directory_entry::ValueHash;
use crate::domain::entity::{Answer, Command, Query, Rejection, Remember};
use crate::persistence::keyring::{self, KeySlot};
use crate::secrets::UniqueValue;

/// Somebody at a provider, who was vouched for.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Which provider.
    pub provider: Provider,
    /// Who vouches.
    pub issuer: String,
    /// Whom it means.
    pub subject: String,
}

impl Account {
    /// The value that is held for whoever has the account: issuer and subject, and nothing else that may be somebody else's tomorrow.
    fn value(&self, router: &Router, tenant: TenantId, mode: Mode) -> ValueHash {
        // The length first: no two accounts run together into the same bytes.
        let text = format!("{}:{}{}", self.issuer.len(), self.issuer, self.subject);
        let kind = UniqueValue::ExternalSubject;
        router.secrets().value_hash(tenant, mode, kind, &text)
    }

    /// As it is sealed: for an export of what is held on its owner.
    fn sealable(&self) -> Profile {
        let field = |key: &str, value: &str| Field {
            key: key.to_owned(),
            value: value.to_owned(),
        };
        Profile {
            custom_fields: vec![
                field("issuer", &self.issuer),
                field("subject", &self.subject),
            ],
            ..Profile::default()
        }
    }
}

/// A contact that registers itself by an account.
pub struct AccountRegistration {
    /// Where it is to live: derived from what makes the request happen once.
    pub address: Address,
    /// Who it is.
    pub contact_type: ContactType,
    /// Its personal fields.
    pub profile: Profile,
    /// The account.
    pub account: Account,
}

impl Router {
    /// Registers a contact by an account, and signs it in; or signs in who has the account already. The same `remember` finds the same
    /// session.
    ///
    /// # Errors
    /// As [`AccessRefused`] says.
    pub async fn register_account(
        &self,
        registration: AccountRegistration,
        remember: Remember,
    ) -> Result<SignedIn, AccessRefused> {
        let AccountRegistration {
            address,
            contact_type,
            profile,
            account,
        } = registration;
        let recall = Command::Contact(contact::Command::Recall);
        let seen = self.command(address, recall, Some(remember.clone()), None);
        match seen.await.result {
            Err(Failure::Rejected(Rejection::Contact(contact::Rejection::NeverSeen))) => {}
            Err(failure) => return Err(self.refused(failure)),
            Ok(_) => return self.go_on(address, remember).await,
        }
        let (tenant, mode) = (address.tenant, address.mode);
        let value = account.value(self, tenant, mode);
        if let Some(other) = self.identity_holder(address, value).await? {
            return self.sign_in(address, other, Some(remember)).await;
        }
        let code = contact_creation::derived_code(address.entity);
        let claim = self
            .secrets()
            .value_hash(tenant, mode, UniqueValue::Code, &code);
        let sealed = self.seal_account(&address, &profile, &account);
        let (profile, sealed) = sealed.map_err(|error| {
            tracing::error!(%error, "a registration cannot be sealed");
            AccessRefused::from(Unavailable::Unreadable)
        })?;
        let register = Register {
            proposal: Propose {
                contact_type,
                profile,
                own_id: None,
                code: code.into(),
                claims: vec![claim],
            },
            provider: account.provider,
            sealed,
            password: None,
            proof: ValueProof::Vouched(value),
        };
        let command = Command::Contact(contact::Command::Register(Box::new(register)));
        let reply = self.command(address, command, Some(remember.clone()), None);
        match reply.await.result {
            Ok(_) => self.go_on(address, remember).await,
            Err(failure) => Err(self.refused(failure)),
        }
    }

    /// Signs in whoever has the account.
    ///
    /// # Errors
    /// [`AccessRefused::InvalidLogin`] if nobody has; as [`AccessRefused`] says.
    pub async fn sign_in_by_account(
        &self,
        tenant: TenantId,
        mode: Mode,
        account: &Account,
    ) -> Result<SignedIn, AccessRefused> {
        let value = account.value(self, tenant, mode);
        let near = Address {
            tenant,
            mode,
            kind: Kind::Contact,
            entity: value.entry(),
        };
        match self.identity_holder(near, value).await? {
            Some(contact) => self.sign_in(near, contact, None).await,
            None => Err(AccessRefused::InvalidLogin),
        }
    }

    /// Finishes a registration that was vouched for: what is left to do after its record.
    async fn go_on(&self, address: Address, remember: Remember) -> Result<SignedIn, AccessRefused> {
        match self.query(address, Query::Registration).await.result {
            Ok(Answer::Registration(view)) => {
                let finished = self.finish(address, *view, Some(remember)).await;
                finished.map_err(super::after_effect)
            }
            Ok(other) => Err(AccessRefused::Failed(unexpected(&other))),
            Err(failure) => Err(self.refused(failure)),
        }
    }

    fn seal_account(
        &self,
        address: &Address,
        profile: &Profile,
        account: &Account,
    ) -> Result<(contact::SealedProfile, std::sync::Arc<[u8]>), keyring::Error> {
        let profile = self.seal_profile(address, profile)?;
        let slot = KeySlot(profile.slot);
        let sealed = self.seal_again(address, slot, &account.sealable())?.sealed;
        Ok((profile, sealed))
    }
}
