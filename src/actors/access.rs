//! How people sign in, which spans entities: the contact, and the directory entry of the value that is proven.
//!
//! register: count the send at the value's entry → record the invisible contact with its code.
//! answer: is the value locked? → the contact takes the code, once → for a registration: reserve each value, finish, confirm each
//! value; where another has the value, sign that one in. A wrong code is recorded at the contact, then at the value's entry, and
//! then refused.
//!
//! Nobody is told whether a value is known: a code for one that nobody has is recorded at a place that derives from the value, and
//! none is ever right there.

use std::sync::Arc;
use std::time::Duration;

use super::contact_creation::{self, as_contact};
use super::envelope::{Failure, Unavailable};
use super::router::{Router, unexpected};
use crate::domain::access::{
    self, Attempt, Challenge, Channel, NewChallenge, Progress, Provider, Which,
};
use crate::domain::address::{Address, Kind, Mode, TenantId};
use crate::domain::contact::{
    self, ContactType, Phone, Profile, Propose, Register, RegistrationView, Stage,
};
use crate::domain::directory_entry::{self, Holder, ValueHash};
use crate::domain::entity::{Answer, Command, Query, Rejection, Remember};
use crate::domain::time::{Span, Timestamp};
use crate::limits::{CLAIM_TRIES_MAX, CLAIM_TRY_PAUSE};
use crate::secrets::{AuthOtp, UniqueValue};

// What callers need of other modules.
pub use crate::domain::access::SessionView;
pub use crate::secrets::ContactSession;

/// A contact that registers itself by phone.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Where it is to live: derived from what makes the request happen once.
    pub address: Address,
    /// Who it is.
    pub contact_type: ContactType,
    /// Its personal fields.
    pub profile: Profile,
    /// The phone, as E.164 has it.
    pub phone: String,
}

/// Where a code is to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// To a phone, as E.164 has it.
    Phone(String),
}

/// A code is on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenged {
    /// The id of the transaction.
    pub auth_otp: String,
}

/// Somebody is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// Who.
    pub contact: Address,
    /// What the tokens are made of.
    pub session: SessionView,
    /// Whether a registration found that its value was a contact's before.
    pub existing: bool,
}

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessRefused {
    /// The code is wrong, used, lapsed, or of another transaction.
    CodeInvalid,
    /// Too many codes were asked for, or answered wrongly.
    TooMany {
        /// When to try again.
        retry_after: Duration,
    },
    /// There is no such session, or its token was replaced.
    InvalidGrant,
    /// The value was proven, and another contact is known by it that nobody signs in to.
    ValueTaken,
    /// The entity says no, or there is no answer.
    Failed(Failure),
}

impl From<Unavailable> for AccessRefused {
    fn from(unavailable: Unavailable) -> AccessRefused {
        AccessRefused::Failed(unavailable.into())
    }
}

impl Router {
    /// Registers a contact that nobody sees until the code that is sent to its phone comes back. The same `remember` finds the same
    /// transaction.
    ///
    /// # Errors
    /// As [`AccessRefused`] says. It tells nothing about who has the phone.
    pub async fn register(
        &self,
        registration: Registration,
        remember: Remember,
    ) -> Result<Challenged, AccessRefused> {
        let Registration {
            address,
            contact_type,
            profile,
            phone,
        } = registration;
        let recall = Command::Contact(contact::Command::Recall);
        let seen = self.command(address, recall, Some(remember.clone()), None);
        match seen.await.result {
            Err(Failure::Rejected(Rejection::Contact(contact::Rejection::NeverSeen))) => {}
            // The code is used or has lapsed: there is nothing to answer any more.
            Err(Failure::Rejected(Rejection::NotFound)) => return Err(AccessRefused::CodeInvalid),
            seen => return self.challenged(address, seen),
        }
        let (tenant, mode) = (address.tenant, address.mode);
        let secrets = self.secrets();
        let value = secrets.value_hash(tenant, mode, UniqueValue::IdentityPhone, &phone);
        self.count_send(address, value).await?;
        let code = contact_creation::derived_code(address.entity);
        let claims = vec![
            secrets.value_hash(tenant, mode, UniqueValue::Code, &code),
            secrets.value_hash(tenant, mode, UniqueValue::Phone, &phone),
        ];
        let (profile, sealed) = self.seal_registration(&address, &profile, phone)?;
        let register = Register {
            proposal: Propose {
                contact_type,
                profile,
                own_id: None,
                code: code.into(),
                claims,
            },
            provider: Provider::Phone,
            sealed,
            challenge: self.new_challenge(&address, value)?,
        };
        let command = Command::Contact(contact::Command::Register(Box::new(register)));
        let reply = self.command(address, command, Some(remember), None).await;
        self.challenged(address, reply.result)
    }

    /// Sends a code to sign in with, if somebody has the value; what is done and answered is the same if nobody has it.
    ///
    /// # Errors
    /// As [`AccessRefused`] says. It tells nothing about who has the value.
    pub async fn challenge(
        &self,
        tenant: TenantId,
        mode: Mode,
        destination: Destination,
    ) -> Result<Challenged, AccessRefused> {
        let Destination::Phone(phone) = destination;
        let secrets = self.secrets();
        let value = secrets.value_hash(tenant, mode, UniqueValue::IdentityPhone, &phone);
        let nobody = Address {
            tenant,
            mode,
            kind: Kind::Contact,
            entity: secrets.decoy(&value),
        };
        self.count_send(nobody, value).await?;
        let holder = self.identity_holder(nobody, value).await?;
        let contact = Address {
            entity: holder.unwrap_or(nobody.entity),
            ..nobody
        };
        let challenge = access::Command::Challenge(self.new_challenge(&contact, value)?);
        let reply = self.tell_access(contact, challenge, None).await;
        self.challenged(contact, reply)
    }

    /// Takes the answer to a code, and signs in who proved so that a value is theirs. The same `remember` finds the same session.
    ///
    /// # Errors
    /// As [`AccessRefused`] says. A wrong answer is durable before it is refused.
    pub async fn answer(
        &self,
        tenant: TenantId,
        mode: Mode,
        auth_otp: &str,
        code: &str,
        remember: Option<Remember>,
    ) -> Result<SignedIn, AccessRefused> {
        let transaction = self
            .secrets()
            .read_auth_otp(tenant, mode, auth_otp)
            .ok_or(AccessRefused::CodeInvalid)?;
        let AuthOtp {
            number,
            bound_to,
            destination,
            ..
        } = transaction;
        let contact = Address {
            tenant,
            mode,
            kind: Kind::Contact,
            entity: transaction.contact,
        };
        self.must_be_open(contact, destination).await?;
        let attempt = access::Command::Answer(Attempt {
            number,
            bound_to,
            code: self.secrets().code_hash(&contact, &bound_to, code),
            nonce: nonce()?,
        });
        let answer = self.tell_access(contact, attempt, remember.clone()).await;
        let signed_in = match answer {
            Ok(Answer::Session(session)) => SignedIn {
                contact,
                session,
                existing: false,
            },
            Ok(Answer::Registration(view)) => self.finish(contact, *view, remember).await?,
            Ok(other) => return Err(AccessRefused::Failed(unexpected(&other))),
            Err(refused) => {
                if is_guess(&refused) {
                    // Durable before anybody is told: no crash gives the guess back.
                    let count = directory_entry::Command::CountWrong(destination);
                    let counted = self.at_entry(contact, destination, count).await;
                    counted.map_err(AccessRefused::Failed)?;
                }
                return Err(self.refused(refused));
            }
        };
        let forget = directory_entry::Command::ForgetWrong(destination);
        if let Err(failure) = self.at_entry(contact, destination, forget).await {
            tracing::debug!(?failure, "wrong answers are forgotten by themselves");
        }
        Ok(signed_in)
    }

    /// Rotates the tokens of a session.
    ///
    /// # Errors
    /// [`AccessRefused::InvalidGrant`]; where the token was replaced long before, the session has ended.
    pub async fn refresh(&self, token: ContactSession) -> Result<SessionView, AccessRefused> {
        let refresh = access::Command::Refresh(token.refresh);
        match self.tell_access(token.contact, refresh, None).await {
            Ok(Answer::Session(session)) => Ok(session),
            Ok(other) => Err(AccessRefused::Failed(unexpected(&other))),
            Err(Failure::Rejected(Rejection::NotFound)) => Err(AccessRefused::InvalidGrant),
            Err(failure) => Err(self.refused(failure)),
        }
    }

    /// Ends sessions of a contact: from its answer on, none of their tokens is good. Ending what has ended changes nothing.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn end_sessions(&self, contact: Address, which: Which) -> Result<(), Failure> {
        let end = access::Command::End(which);
        match self.tell_access(contact, end, None).await {
            // There is no such contact.
            Ok(_) | Err(Failure::Rejected(Rejection::NotFound)) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// A session of a contact, if it has not ended. Reads memory, unless the contact was not in use for long.
    ///
    /// # Errors
    /// The contact cannot be asked right now.
    pub async fn session(
        &self,
        contact: Address,
        number: u32,
    ) -> Result<Option<SessionView>, Unavailable> {
        let wall = self.wall();
        let published = self.core().publications.sessions(&contact);
        let found = match published {
            Some(sessions) => sessions.iter().find(|it| it.number == number).copied(),
            None => match self.query(contact, Query::Session(number)).await.result {
                Ok(Answer::Session(session)) => Some(session),
                Ok(_) | Err(Failure::Rejected(_)) => None,
                Err(Failure::Unavailable(why)) => return Err(why),
            },
        };
        Ok(found.filter(|session| wall < session.expires_at))
    }

    /// What a contact's timer does about a registration that came to nothing: nobody can read its fields any more.
    pub(super) async fn shred_registration(&self, contact: Address) {
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

    /// A registration's code came back: claims its values and makes it exist, or signs in who has its value.
    async fn finish(
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
                return self.sign_in(contact, other, remember).await;
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
            return self.sign_in(contact, other, remember).await;
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
            Ok(Answer::Session(session)) => session,
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
    async fn claim_identity(
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

    /// Signs in the contact that has the value which a registration has proven.
    async fn sign_in(
        &self,
        registration: Address,
        entity: u64,
        remember: Option<Remember>,
    ) -> Result<SignedIn, AccessRefused> {
        let contact = Address {
            entity,
            ..registration
        };
        let sign_in = access::Command::SignIn(nonce()?);
        match self.tell_access(contact, sign_in, remember).await {
            Ok(Answer::Session(session)) => Ok(SignedIn {
                contact,
                session,
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
                session,
                existing: false,
            }),
            Ok(other) => Err(AccessRefused::Failed(unexpected(&other))),
            Err(failure) => Err(self.refused(failure)),
        }
    }

    fn new_challenge(
        &self,
        contact: &Address,
        destination: ValueHash,
    ) -> Result<NewChallenge, AccessRefused> {
        let nonce = nonce()?;
        let secrets = self.secrets();
        let code = secrets.one_time_code(contact, &nonce);
        Ok(NewChallenge {
            channel: Channel::Sms,
            destination,
            nonce,
            code: secrets.code_hash(contact, &access::bound_to(&nonce), &code),
        })
    }

    fn challenged(
        &self,
        contact: Address,
        result: Result<Answer, Failure>,
    ) -> Result<Challenged, AccessRefused> {
        match result {
            Ok(Answer::Challenge(challenge)) => Ok(self.transaction(contact, &challenge)),
            Ok(other) => Err(AccessRefused::Failed(unexpected(&other))),
            Err(failure) => Err(self.refused(failure)),
        }
    }

    fn transaction(&self, contact: Address, challenge: &Challenge) -> Challenged {
        Challenged {
            auth_otp: self.secrets().auth_otp(&contact, challenge),
        }
    }

    /// Seals the fields of a registration and, with the same key, where its codes go.
    fn seal_registration(
        &self,
        address: &Address,
        profile: &Profile,
        phone: String,
    ) -> Result<(contact::SealedProfile, Arc<[u8]>), AccessRefused> {
        let destination = Profile {
            phones: vec![Phone {
                number: phone,
                ..Phone::default()
            }],
            ..Profile::default()
        };
        let sealed = self.seal_profile(address, profile).and_then(|profile| {
            let slot = crate::persistence::keyring::KeySlot(profile.slot);
            let destination = self.seal_again(address, slot, &destination)?;
            Ok((profile, destination.sealed))
        });
        sealed.map_err(|error| {
            tracing::error!(%error, "a registration cannot be sealed");
            Unavailable::Unreadable.into()
        })
    }

    async fn count_send(&self, near: Address, value: ValueHash) -> Result<(), AccessRefused> {
        let count = directory_entry::Command::CountSend(value);
        match self.at_entry(near, value, count).await {
            Ok(_) => Ok(()),
            Err(failure) => Err(self.refused(failure)),
        }
    }

    /// Whether codes that were sent to a value are taken: not after too many wrong ones, whoever they were asked for.
    async fn must_be_open(&self, near: Address, value: ValueHash) -> Result<(), AccessRefused> {
        let entry = entry_of(near, value);
        let locked = match self.query(entry, Query::DirectoryLock(value)).await.result {
            Ok(Answer::DirectoryLock(until)) => until,
            Ok(other) => return Err(AccessRefused::Failed(unexpected(&other))),
            Err(failure) => return Err(AccessRefused::Failed(failure)),
        };
        match locked.filter(|until| self.wall() < *until) {
            Some(until) => Err(self.too_many(until)),
            None => Ok(()),
        }
    }

    async fn identity_holder(
        &self,
        near: Address,
        value: ValueHash,
    ) -> Result<Option<u64>, AccessRefused> {
        let query = Query::DirectoryHolder(value);
        match self.query(entry_of(near, value), query).await.result {
            Ok(Answer::DirectoryHolder(holder)) => Ok(holder),
            Ok(other) => Err(AccessRefused::Failed(unexpected(&other))),
            Err(failure) => Err(AccessRefused::Failed(failure)),
        }
    }

    async fn at_entry(
        &self,
        near: Address,
        value: ValueHash,
        command: directory_entry::Command,
    ) -> Result<Answer, Failure> {
        let command = Command::DirectoryEntry(command);
        let reply = self.command(entry_of(near, value), command, None, None);
        reply.await.result
    }

    async fn tell_access(
        &self,
        contact: Address,
        command: access::Command,
        remember: Option<Remember>,
    ) -> Result<Answer, Failure> {
        let command = Command::Contact(contact::Command::Access(command));
        self.command(contact, command, remember, None).await.result
    }

    fn refused(&self, failure: Failure) -> AccessRefused {
        match failure {
            Failure::Rejected(Rejection::Contact(contact::Rejection::Access(why))) => match why {
                access::Rejection::CodeWrong | access::Rejection::CodeInvalid => {
                    AccessRefused::CodeInvalid
                }
                access::Rejection::Locked(until) => self.too_many(until),
                access::Rejection::InvalidGrant => AccessRefused::InvalidGrant,
            },
            Failure::Rejected(Rejection::DirectoryEntry(
                directory_entry::Rejection::TooManySends(until),
            )) => self.too_many(until),
            // What it came to has lapsed since.
            Failure::Rejected(Rejection::NotFound) => AccessRefused::CodeInvalid,
            failure => AccessRefused::Failed(failure),
        }
    }

    fn too_many(&self, until: Timestamp) -> AccessRefused {
        let left = Span(until.0.saturating_sub(self.wall().0));
        AccessRefused::TooMany {
            retry_after: Duration::from_millis(u64::try_from(left.0).unwrap_or_default()),
        }
    }
}

/// Whether a refused answer was a guess at a code that could be answered: each counts.
fn is_guess(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::Rejected(Rejection::Contact(contact::Rejection::Access(
            access::Rejection::CodeWrong
        )))
    )
}

fn entry_of(near: Address, value: ValueHash) -> Address {
    Address {
        kind: Kind::DirectoryEntry,
        entity: value.entry(),
        ..near
    }
}

fn nonce() -> Result<[u8; 16], AccessRefused> {
    let mut nonce = [0; 16];
    match getrandom::fill(&mut nonce) {
        Ok(()) => Ok(nonce),
        Err(error) => {
            tracing::error!(%error, "the system gives no random bytes");
            Err(Unavailable::Unreadable.into())
        }
    }
}
