//! How people sign in, which spans entities: the contact, and the directory entry of the value that is proven.
//!
//! register: count the send at the value's entry → record the invisible contact with its code.
//! answer: is the value locked? → the contact takes the code, once → for a registration: reserve each value, finish, confirm each
//! value; where another has the value, sign that one in. A wrong code is recorded at the contact, then at the value's entry, and
//! then refused.
//!
//! Nobody is told whether a value is known: a code for one that nobody has is recorded at a place that derives from the value, and
//! none is ever right there.

mod account;
mod adding;
mod confirming;
mod destination;
mod existence;
mod guest;
mod notice;
mod on_file;
mod one_time_token;
mod password;
mod registration;
mod sessions;

use std::time::Duration;

use super::envelope::{Failure, Unavailable};
use super::router::{Router, unexpected};
use crate::domain::access::{self, Attempt, Channel, NewChallenge, Purpose};
use crate::domain::address::{Address, Kind, Mode, TenantId};
use crate::domain::contact;
use crate::domain::directory_entry::{self, ValueHash};
use crate::domain::entity::{Answer, Command, Query, Rejection, Remember};
use crate::domain::time::{Span, Timestamp};
use crate::secrets::AuthOtp;

// What callers need of other modules.
pub use crate::domain::access::{SessionView, Trust};
pub use crate::secrets::{ContactSession, OneTimeToken};
pub use account::{Account, AccountRegistration, UsedCodeFlow};
pub use adding::Begun;
pub use destination::Destination;
pub use on_file::{Detail, Fact};
pub use password::PasswordTry;
pub use registration::Registration;

/// A code is on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenged {
    /// The id of the transaction.
    pub auth_otp: String,
    /// Whether it was recorded by this request, and not by an earlier one under the same key.
    pub is_new: bool,
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
    /// The password is wrong, or nobody signs in so.
    InvalidLogin,
    /// The one-time token is used, has lapsed, or is none of ours.
    TokenInvalid,
    /// It signed in too long ago for this.
    StepUpRequired,
    /// The contact signs in by no e-mail address, and so by no password.
    NoEmailAddress,
    /// The contact signs in by it already.
    IdentityKnown,
    /// The contact signs in by as much as it may.
    IdentitiesFull,
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
    /// Sends a code to sign in with, if somebody has the value; what is done and answered is the same if nobody has it.
    ///
    /// # Errors
    /// As [`AccessRefused`] says. It tells nothing about who has the value.
    pub async fn challenge(
        &self,
        tenant: TenantId,
        mode: Mode,
        destination: &Destination,
    ) -> Result<Challenged, AccessRefused> {
        let sent = self.challenge_for(Purpose::SignIn, tenant, mode, destination);
        sent.await
    }

    /// Sends another code for a transaction, where the first one went. What was answered wrongly counts on.
    ///
    /// # Errors
    /// As [`AccessRefused`] says; there is no such transaction, or it has lapsed.
    pub async fn challenge_again(
        &self,
        tenant: TenantId,
        mode: Mode,
        auth_otp: &str,
    ) -> Result<Challenged, AccessRefused> {
        let transaction = self.secrets().read_auth_otp(tenant, mode, auth_otp);
        let transaction = transaction.ok_or(AccessRefused::CodeInvalid)?;
        let contact = Address {
            tenant,
            mode,
            kind: Kind::Contact,
            entity: transaction.contact,
        };
        let challenge = self.query(contact, Query::Challenge(transaction.number));
        let challenge = match challenge.await.result {
            Ok(Answer::Challenge(challenge)) => challenge,
            Ok(other) => return Err(AccessRefused::Failed(unexpected(&other))),
            Err(failure) => return Err(self.refused(failure)),
        };
        let is_open = self.wall() < challenge.expires_at
            && challenge.nonce.starts_with(&transaction.bound_to)
            && challenge.purpose.signs_in();
        if !is_open {
            return Err(AccessRefused::CodeInvalid);
        }
        let (purpose, channel) = (challenge.purpose, challenge.channel);
        self.count_send(contact, challenge.destination).await?;
        let new = self.new_challenge(&contact, purpose, channel, challenge.destination)?;
        let again = access::Command::Challenge(purpose, new);
        let reply = self.tell_access(contact, again, None).await;
        self.challenged(contact, reply)
    }

    async fn challenge_for(
        &self,
        purpose: Purpose,
        tenant: TenantId,
        mode: Mode,
        destination: &Destination,
    ) -> Result<Challenged, AccessRefused> {
        let value = destination.identity(self.secrets(), tenant, mode);
        let nobody = self.nobody(tenant, mode, value);
        self.count_send(nobody, value).await?;
        let holder = self.identity_holder(nobody, value).await?;
        let contact = Address {
            entity: holder.unwrap_or(nobody.entity),
            ..nobody
        };
        let new = self.new_challenge(&contact, purpose, destination.channel(), value)?;
        let challenge = access::Command::Challenge(purpose, new);
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
                session: *session,
                existing: false,
            },
            Ok(Answer::Registration(view)) => {
                let finished = self.finish(contact, *view, remember).await;
                finished.map_err(after_effect)?
            }
            Ok(Answer::Adding(view)) => self.add_identity(contact, *view, destination).await?,
            Ok(other) => return Err(AccessRefused::Failed(unexpected(&other))),
            Err(refused) => return Err(self.wrong(contact, destination, refused).await),
        };
        self.forget_wrong(contact, destination).await;
        Ok(signed_in)
    }

    /// Why an answer is refused. A guess is counted where the code went, too.
    async fn wrong(
        &self,
        contact: Address,
        destination: ValueHash,
        refused: Failure,
    ) -> AccessRefused {
        if is_guess(&refused) {
            // Durable before anybody is told: no crash gives the guess back.
            let count = directory_entry::Command::CountWrong(destination);
            if let Err(failure) = self.at_entry(contact, destination, count).await {
                return after_effect(AccessRefused::Failed(failure));
            }
        }
        self.refused(refused)
    }

    async fn forget_wrong(&self, contact: Address, destination: ValueHash) {
        let forget = directory_entry::Command::ForgetWrong(destination);
        if let Err(failure) = self.at_entry(contact, destination, forget).await {
            tracing::debug!(?failure, "wrong answers are forgotten by themselves");
        }
    }

    fn new_challenge(
        &self,
        contact: &Address,
        purpose: Purpose,
        channel: Channel,
        destination: ValueHash,
    ) -> Result<NewChallenge, AccessRefused> {
        let nonce = nonce()?;
        let secrets = self.secrets();
        let code = match purpose.has_token() {
            true => secrets.one_time_secret(contact, &nonce),
            false => secrets.one_time_code(contact, &nonce),
        };
        Ok(NewChallenge {
            channel,
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
            Ok(Answer::Challenge(challenge)) => Ok(Challenged {
                auth_otp: self.secrets().auth_otp(&contact, &challenge),
                is_new: true,
            }),
            Ok(other) => Err(AccessRefused::Failed(unexpected(&other))),
            Err(failure) => Err(self.refused(failure)),
        }
    }

    /// What an earlier request under the same key had sent.
    fn challenged_before(
        &self,
        contact: Address,
        seen: Result<Answer, Failure>,
    ) -> Result<Challenged, AccessRefused> {
        let challenged = self.challenged(contact, seen)?;
        Ok(Challenged {
            is_new: false,
            ..challenged
        })
    }

    /// The place of whoever does not have `value`.
    fn nobody(&self, tenant: TenantId, mode: Mode, value: ValueHash) -> Address {
        Address {
            tenant,
            mode,
            kind: Kind::Contact,
            entity: self.secrets().decoy(&value),
        }
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
                access::Rejection::InvalidGrant | access::Rejection::Replayed => {
                    AccessRefused::InvalidGrant
                }
                access::Rejection::PasswordChanged => AccessRefused::InvalidLogin,
                access::Rejection::StepUpRequired => AccessRefused::StepUpRequired,
                access::Rejection::NoEmailAddress => AccessRefused::NoEmailAddress,
                access::Rejection::IdentityKnown => AccessRefused::IdentityKnown,
                access::Rejection::IdentitiesFull => AccessRefused::IdentitiesFull,
            },
            Failure::Rejected(Rejection::DirectoryEntry(
                directory_entry::Rejection::TooManySends(until)
                | directory_entry::Rejection::TooManyPasswords(until),
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

/// What is told when something was recorded before there was no answer: that nothing happened would be wrong.
fn after_effect(refused: AccessRefused) -> AccessRefused {
    match refused {
        AccessRefused::Failed(Failure::Unavailable(_)) => Unavailable::UnknownOutcome.into(),
        refused => refused,
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

/// How a contact refuses a refresh token that was replaced.
const fn replayed() -> Failure {
    let replayed = contact::Rejection::Access(access::Rejection::Replayed);
    Failure::Rejected(Rejection::Contact(replayed))
}
