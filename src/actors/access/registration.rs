//! Registrations: from the first record, which nobody sees, to a contact that is signed in.

use std::sync::Arc;

use super::{AccessRefused, Challenged, Destination, SignedIn, nonce};
use crate::actors::contact_creation::{self, as_contact};
use crate::actors::envelope::{Failure, Unavailable};
use crate::actors::router::{Router, unexpected};
use crate::domain::access::{self, PasswordHash, Progress, Purpose, Trust};
use crate::domain::address::Address;
use crate::domain::contact::{
    self, ContactType, Profile, Propose, Register, RegistrationView, Stage, ValueProof,
};
use crate::domain::directory_entry::{self, Holder, ValueHash};
use crate::domain::entity::{Answer, Command, Query, Rejection, Remember};
use crate::limits::{CLAIM_TRIES_MAX, CLAIM_TRY_PAUSE};
use crate::persistence::keyring::{self, KeySlot};
use crate::secrets::UniqueValue;

/// A contact that registers itself.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Where it is to live: derived from what makes the request happen once.
    pub address: Address,
    /// Who it is.
    pub contact_type: ContactType,
    /// Its personal fields.
    pub profile: Profile,
    /// What it is to sign in by.
    pub identity: Destination,
    /// The hash of the password that it is to sign in with, if it has chosen one.
    pub password: Option<PasswordHash>,
}

impl Router {
    /// Registers a contact that nobody sees until the code that is sent to its phone or
    /// e-mail address comes back. The same `remember` finds the same
    /// transaction.
    ///
    /// # Errors
    /// As [`AccessRefused`] says. It tells nothing about who has the phone or the address.
    pub async fn register(
        &self,
        registration: Registration,
        remember: Remember,
    ) -> Result<Challenged, AccessRefused> {
        let Registration {
            address,
            contact_type,
            profile,
            identity,
            password,
        } = registration;
        let recall = Command::Contact(contact::Command::Recall);
        let seen = self.command(address, recall, Some(remember.clone()), None);
        match seen.await.result {
            Err(Failure::Rejected(Rejection::Contact(contact::Rejection::NeverSeen))) => {}
            // The code is used or has lapsed: there is nothing to answer any more.
            Err(Failure::Rejected(Rejection::NotFound)) => return Err(AccessRefused::CodeInvalid),
            seen => return self.challenged_before(address, seen),
        }
        let (tenant, mode) = (address.tenant, address.mode);
        let secrets = self.secrets();
        let value = identity.identity(secrets, tenant, mode);
        self.count_send(address, value).await?;
        let code = contact_creation::derived_code(address.entity);
        let claims = vec![
            secrets.value_hash(tenant, mode, UniqueValue::Code, &code),
            identity.detail(secrets, tenant, mode),
        ];
        let (provider, channel) = (identity.provider(), identity.channel());
        let sealed = self.seal_registration(&address, &profile, identity, password);
        let (profile, sealed, password) = sealed.map_err(|error| {
            tracing::error!(%error, "a registration cannot be sealed");
            AccessRefused::from(Unavailable::Unreadable)
        })?;
        let register = Register {
            proposal: Propose {
                contact_type,
                profile,
                own_id: None,
                code: code.into(),
                claims,
            },
            provider,
            sealed,
            password,
            proof: ValueProof::Code(self.new_challenge(
                &address,
                Purpose::Register,
                channel,
                value,
            )?),
        };
        let command = Command::Contact(contact::Command::Register(Box::new(register)));
        let reply = self.command(address, command, Some(remember), None).await;
        self.challenged(address, reply.result)
    }

    /// A registration's code came back: claims its values and makes it exist, or signs in who has its value.
    pub(super) async fn finish(
        &self,
        contact: Address,
        registration: RegistrationView,
        remember: Option<Remember>,
    ) -> Result<SignedIn, AccessRefused> {
        let value = match (
            registration.stage,
            registration.progress,
            registration.value,
        ) {
            // The answer to an earlier try was lost.
            (Stage::Active, ..) => return self.first_session(contact).await,
            (Stage::Proposed, Some(Progress::Passed(other)), _) => {
                let trust = registration.trust;
                return self.sign_in(contact, other, trust, remember).await;
            }
            (Stage::Proposed, Some(Progress::Proven), Some(value)) => value,
            (
                Stage::Proposed | Stage::Absent | Stage::Void | Stage::Erased,
                Some(Progress::Asked | Progress::Proven | Progress::Passed(_)) | None,
                _,
            ) => return Err(AccessRefused::CodeInvalid),
        };
        let holder = Holder {
            contact: contact.entity,
            attempt: registration.attempt,
        };
        if let Some(other) = self.claim_identity(contact, value, holder).await? {
            let pass = access::Command::Pass(other);
            self.tell_access(contact, pass, None)
                .await
                .map_err(|failure| self.refused(failure))?;
            let trust = registration.trust;
            return self.sign_in(contact, other, trust, remember).await;
        }
        let claims: Vec<ValueHash> = registration.claims;
        for claim in &claims {
            let reserve = directory_entry::Command::ReserveOnWall(*claim, holder);
            match self.at_entry(contact, *claim, reserve).await {
                Ok(_) => {}
                Err(Failure::Rejected(Rejection::DirectoryEntry(
                    directory_entry::Rejection::ValueTaken | directory_entry::Rejection::EntryFull,
                ))) => {
                    self.let_go(contact, holder, value, &claims).await;
                    return Err(AccessRefused::ValueTaken);
                }
                Err(failure) => return Err(AccessRefused::Failed(failure)),
            }
        }
        let finish = access::Command::Finish(nonce()?);
        let session = match self.tell_access(contact, finish, None).await {
            Ok(Answer::Session(session)) => *session,
            Ok(other) => return Err(AccessRefused::Failed(unexpected(&other))),
            // Another try of the same answer was first.
            Err(Failure::Rejected(Rejection::Contact(contact::Rejection::Access(
                access::Rejection::CodeInvalid,
            )))) => return self.first_session(contact).await,
            Err(failure) => return Err(self.refused(failure)),
        };
        for claimed in claims.iter().chain([&value]) {
            let confirm = directory_entry::Command::Confirm(*claimed, holder);
            // The contact exists. An entry that misses this asks for it when the reservation lapses.
            if let Err(failure) = self.at_entry(contact, *claimed, confirm).await {
                tracing::debug!(
                    ?failure,
                    "an entry is confirmed when its reservation lapses"
                );
            }
        }
        Ok(SignedIn {
            contact,
            session,
            existing: false,
        })
    }

    /// Reserves a proven value for a registration; or says who has it. Two registrations of one value may be proven at the same
    /// time: the second waits for what becomes of the first.
    pub(super) async fn claim_identity(
        &self,
        contact: Address,
        value: ValueHash,
        holder: Holder,
    ) -> Result<Option<u64>, AccessRefused> {
        for _ in 0..CLAIM_TRIES_MAX {
            let reserve = directory_entry::Command::ReserveOnWall(value, holder);
            match self.at_entry(contact, value, reserve).await {
                Ok(_) => return Ok(None),
                Err(Failure::Rejected(Rejection::DirectoryEntry(
                    directory_entry::Rejection::ValueTaken,
                ))) => {}
                Err(failure) => return Err(AccessRefused::Failed(failure)),
            }
            if let Some(other) = self.identity_holder(contact, value).await? {
                return Ok(Some(other));
            }
            // waits for: another registration's last steps, of which nothing tells here.
            tokio::time::sleep(CLAIM_TRY_PAUSE).await;
        }
        Err(Unavailable::UnknownOutcome.into())
    }

    /// A registration came to nothing although it was proven: its values are free again, and its key is destroyed by its timer.
    async fn let_go(
        &self,
        contact: Address,
        holder: Holder,
        value: ValueHash,
        claims: &[ValueHash],
    ) {
        let refuse = Command::Contact(contact::Command::Refuse);
        if let Err(failure) = self.internal_command(contact, refuse).await.result {
            tracing::debug!(?failure, "a registration is given up when it lapses");
            return;
        }
        for claimed in claims.iter().chain([&value]) {
            let release = directory_entry::Command::Release(*claimed, holder);
            if let Err(failure) = self.at_entry(contact, *claimed, release).await {
                tracing::debug!(?failure, "a value is released when its reservation lapses");
            }
        }
    }

    /// Signs in the contact that has the value which a registration has proven, as far as that is to be trusted.
    pub(super) async fn sign_in(
        &self,
        registration: Address,
        entity: u64,
        trust: Trust,
        remember: Option<Remember>,
    ) -> Result<SignedIn, AccessRefused> {
        let contact = Address {
            entity,
            ..registration
        };
        let sign_in = match trust {
            Trust::Proven => access::Command::SignIn(nonce()?),
            Trust::Recognised => access::Command::Recognise(nonce()?),
        };
        match self.tell_access(contact, sign_in, remember).await {
            Ok(Answer::Session(session)) => Ok(SignedIn {
                contact,
                session: *session,
                existing: true,
            }),
            Ok(other) => Err(AccessRefused::Failed(unexpected(&other))),
            Err(failure) => Err(self.refused(failure)),
        }
    }

    /// The session that a registration began with.
    async fn first_session(&self, contact: Address) -> Result<SignedIn, AccessRefused> {
        match self.query(contact, Query::Session(1)).await.result {
            Ok(Answer::Session(session)) => Ok(SignedIn {
                contact,
                session: *session,
                existing: false,
            }),
            Ok(other) => Err(AccessRefused::Failed(unexpected(&other))),
            Err(failure) => Err(self.refused(failure)),
        }
    }

    /// What a contact's timer does about a registration that came to nothing: nobody can read its fields any more.
    pub(in crate::actors) async fn shred_registration(&self, contact: Address) {
        let view = match as_contact(self.internal_query(contact, Query::Contact).await.result) {
            Ok(view) if view.stage == Stage::Void => view,
            Ok(_) => return,
            Err(failure) => {
                tracing::debug!(?failure, "a registration is shredded at the next try");
                return;
            }
        };
        if let Err(error) = self.shred_profile(&contact, &view.profile) {
            tracing::error!(%error, "the key of a registration that lapsed cannot be destroyed yet");
            return;
        }
        let shredded = Command::Contact(contact::Command::Access(access::Command::Shredded));
        if let Err(failure) = self.internal_command(contact, shredded).await.result {
            tracing::debug!(?failure, "a registration is shredded once more");
        }
    }

    /// Seals the fields of a registration and, with the same key, where its codes go and the hash of its password.
    fn seal_registration(
        &self,
        address: &Address,
        profile: &Profile,
        identity: Destination,
        password: Option<PasswordHash>,
    ) -> Result<Sealed, keyring::Error> {
        let profile = self.seal_profile(address, profile)?;
        let slot = KeySlot(profile.slot);
        let destination = self.seal_again(address, slot, &identity.sealable())?;
        let password = password.map(|hash| self.seal_password(address, profile.slot, &hash));
        Ok((profile, destination.sealed, password.transpose()?))
    }
}

/// A registration's fields, where its codes go, and the hash of its password, sealed with one key.
type Sealed = (contact::SealedProfile, Arc<[u8]>, Option<Arc<[u8]>>);
