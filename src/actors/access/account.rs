//! Registering and signing in by an account at a provider that has vouched for somebody.

use data_encoding::BASE64URL_NOPAD;

use super::{AccessRefused, SignedIn, nonce};
use crate::actors::contact_creation;
use crate::actors::envelope::{Failure, Unavailable};
use crate::actors::router::{Router, unexpected};
use crate::domain::access::{self, Provider, ToAdd};
use crate::domain::address::{Address, Kind, Mode, TenantId};
use crate::domain::contact::{self, ContactType, Field, Profile, Propose, Register, ValueProof};
use crate::domain::directory_entry::{self, Holder, ValueHash};
use crate::domain::entity::{Answer, Command, Query, Rejection, Remember};
use crate::persistence::keyring::{self, KeySlot};
use crate::secrets::{CodeFlow, UniqueValue};

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

/// A code flow that was used up.
pub struct UsedCodeFlow {
    near: Address,
    value: ValueHash,
    holder: Holder,
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
            let trust = account.provider.trust();
            return self.sign_in(address, other, trust, Some(remember)).await;
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
            Some(contact) => {
                let trust = account.provider.trust();
                self.sign_in(near, contact, trust, None).await
            }
            None => Err(AccessRefused::InvalidLogin),
        }
    }

    /// Lets a contact sign in by the account as well from now on: the number of the identity.
    ///
    /// # Errors
    /// [`AccessRefused::ValueTaken`] if another contact signs in by it; as [`AccessRefused`] says.
    pub async fn add_account(
        &self,
        contact: Address,
        session: u32,
        account: &Account,
    ) -> Result<u32, AccessRefused> {
        let value = account.value(self, contact.tenant, contact.mode);
        let view = self.active(contact).await?;
        let add = ToAdd {
            session,
            provider: account.provider,
            sealed: self.seal_beside(contact, &account.sealable()).await?,
            password: None,
        };
        let begin = access::Command::BeginAddingVouched(value, Box::new(add));
        let begun = self.tell_access(contact, begin, None).await;
        begun.map_err(|failure| self.refused(failure))?;
        self.have_identity(contact, value).await?;
        Ok(view.identity_count.saturating_add(1))
    }

    /// Uses a code flow up: what came back with one state is taken once, whatever is started again meanwhile.
    ///
    /// # Errors
    /// [`AccessRefused::InvalidLogin`] if it was taken before; as [`AccessRefused`] says.
    pub async fn use_code_flow(
        &self,
        tenant: TenantId,
        mode: Mode,
        flow: &CodeFlow,
    ) -> Result<UsedCodeFlow, AccessRefused> {
        let text = BASE64URL_NOPAD.encode(&flow.random);
        let kind = UniqueValue::CodeFlowState;
        let value = self.secrets().value_hash(tenant, mode, kind, &text);
        let random = nonce()?;
        let [number, _] = random.as_chunks::<8>().0 else {
            return Err(Unavailable::Unreadable.into());
        };
        let used = UsedCodeFlow {
            near: Address {
                tenant,
                mode,
                kind: Kind::DirectoryEntry,
                entity: value.entry(),
            },
            value,
            // Nobody has it for good: a number that no other use has.
            holder: Holder {
                contact: u64::from_be_bytes(*number),
                attempt: 0,
            },
        };
        let hold = directory_entry::Command::HoldUntil(value, used.holder, flow.expires_at);
        match self.at_entry(used.near, value, hold).await {
            Ok(_) => Ok(used),
            Err(Failure::Rejected(Rejection::DirectoryEntry(
                directory_entry::Rejection::ValueTaken | directory_entry::Rejection::EntryFull,
            ))) => Err(AccessRefused::InvalidLogin),
            Err(failure) => Err(AccessRefused::Failed(failure)),
        }
    }

    /// The provider could not be asked: what came back may be tried once more.
    pub async fn give_code_flow_back(&self, used: UsedCodeFlow) {
        let release = directory_entry::Command::Release(used.value, used.holder);
        if let Err(failure) = self.at_entry(used.near, used.value, release).await {
            tracing::debug!(?failure, "a code flow has to begin anew");
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
