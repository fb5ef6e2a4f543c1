//! What one-time tokens prove that a mail brings: who may choose another password, and whose e-mail address it is. And passwords that
//! are changed in a session.
//!
//! Whoever asks for a token learns nothing: it is recorded for an address that nobody has as well, and goes nowhere.

use super::password::PasswordTry;
use super::{AccessRefused, Destination};
use crate::actors::contact_creation::as_contact;
use crate::actors::envelope::{Failure, Unavailable};
use crate::actors::router::{Router, unexpected};
use crate::domain::access::{self, Attempt, ChangePassword, PasswordHash, Purpose};
use crate::domain::address::{Address, Mode, TenantId};
use crate::domain::contact::Stage;
use crate::domain::directory_entry;
use crate::domain::entity::{Answer, ContactView, Query};
use crate::secrets::OneTimeToken;

impl Router {
    /// Mails a token that another password is chosen with, if somebody signs in by `to`.
    ///
    /// # Errors
    /// As [`AccessRefused`] says. It tells nothing about who has the address.
    pub async fn forgot_password(
        &self,
        tenant: TenantId,
        mode: Mode,
        to: &Destination,
    ) -> Result<(), AccessRefused> {
        let sent = self.challenge_for(Purpose::ResetPassword, tenant, mode, to);
        sent.await.map(drop)
    }

    /// Sets the password of whoever got the token, and ends every session.
    ///
    /// # Errors
    /// [`AccessRefused::TokenInvalid`], or there is no answer.
    pub async fn reset_password(
        &self,
        token: &OneTimeToken,
        hash: &PasswordHash,
    ) -> Result<(), AccessRefused> {
        let contact = token.contact;
        let challenge = self.query(contact, Query::Challenge(token.number)).await;
        let destination = match challenge.result {
            Ok(Answer::Challenge(challenge)) => challenge.destination,
            Ok(other) => return Err(AccessRefused::Failed(unexpected(&other))),
            Err(Failure::Rejected(_)) => return Err(AccessRefused::TokenInvalid),
            Err(failure) => return Err(AccessRefused::Failed(failure)),
        };
        let sealed = self.seal_for(contact, hash).await?;
        let reset = access::Command::ResetPassword(self.attempt(token), sealed);
        match self.tell_access(contact, reset, None).await {
            Ok(_) => {}
            Err(failure) => return Err(token_refused(self.refused(failure))),
        }
        // Whoever reads the mails need not wait for what was tried before.
        let forget = directory_entry::Command::ForgetPasswords(destination);
        if let Err(failure) = self.at_entry(contact, destination, forget).await {
            tracing::debug!(?failure, "tries of passwords are forgotten by themselves");
        }
        Ok(())
    }

    /// Begins to find out whether somebody who is signed in knows the present password; counted as where somebody signs in.
    ///
    /// # Errors
    /// As [`AccessRefused`] says.
    pub async fn try_present_password(
        &self,
        contact: Address,
    ) -> Result<PasswordTry, AccessRefused> {
        let view = self.active(contact).await?;
        let value = view.email_address.ok_or(AccessRefused::NoEmailAddress)?;
        let count = directory_entry::Command::CountPassword(value);
        if let Err(failure) = self.at_entry(contact, value, count).await {
            return Err(self.refused(failure));
        }
        self.password_of(contact, value).await
    }

    /// Sets a password in a session that began of late, or by whoever knows the present one. Ends the other sessions.
    ///
    /// # Errors
    /// [`AccessRefused::StepUpRequired`] or [`AccessRefused::NoEmailAddress`], or there is no answer.
    pub async fn change_password(
        &self,
        contact: Address,
        session: u32,
        known: Option<PasswordTry>,
        hash: &PasswordHash,
    ) -> Result<(), AccessRefused> {
        let sealed = self.seal_for(contact, hash).await?;
        let change = access::Command::ChangePassword(ChangePassword {
            session,
            knows: known.as_ref().map(PasswordTry::number),
            sealed,
        });
        let changed = self.tell_access(contact, change, None).await;
        changed.map_err(|failure| self.refused(failure))?;
        if let Some(known) = known {
            self.forget_passwords(&known).await;
        }
        Ok(())
    }

    /// Mails a token that shows that an e-mail address is read: to whoever signs in by it, or else has it in the profile.
    ///
    /// # Errors
    /// As [`AccessRefused`] says. It tells nothing about who has the address.
    pub async fn request_verification(
        &self,
        tenant: TenantId,
        mode: Mode,
        to: &Destination,
    ) -> Result<(), AccessRefused> {
        let secrets = self.secrets();
        let [identity, detail] = [
            to.identity(secrets, tenant, mode),
            to.detail(secrets, tenant, mode),
        ];
        let nobody = self.nobody(tenant, mode, identity);
        self.count_send(nobody, identity).await?;
        // Both are asked for, whatever the first one says: that takes as long for each.
        let by_identity = self.identity_holder(nobody, identity).await?;
        let by_detail = self.identity_holder(nobody, detail).await?;
        let (contact, value) = match (by_identity, by_detail) {
            (Some(entity), _) => (Address { entity, ..nobody }, identity),
            (None, Some(entity)) => (Address { entity, ..nobody }, detail),
            (None, None) => (nobody, identity),
        };
        let purpose = Purpose::VerifyEmail;
        let new = self.new_challenge(&contact, purpose, to.channel(), value)?;
        let challenge = if value == detail {
            let sealed = self.seal_destination(contact, to.clone()).await?;
            access::Command::ChallengeOnFile(purpose, new, sealed)
        } else {
            access::Command::Challenge(purpose, new)
        };
        let sent = self.tell_access(contact, challenge, None).await;
        sent.map(drop).map_err(|failure| self.refused(failure))
    }

    /// Records that the address is read to which the token went. A second time changes nothing.
    ///
    /// # Errors
    /// [`AccessRefused::TokenInvalid`], or there is no answer.
    pub async fn verify_email(&self, token: &OneTimeToken) -> Result<(), AccessRefused> {
        let verify = access::Command::VerifyEmail(self.attempt(token));
        match self.tell_access(token.contact, verify, None).await {
            Ok(_) => Ok(()),
            Err(failure) => Err(token_refused(self.refused(failure))),
        }
    }

    fn attempt(&self, token: &OneTimeToken) -> Attempt {
        let secrets = self.secrets();
        Attempt {
            number: token.number,
            bound_to: token.bound_to,
            code: secrets.code_hash(&token.contact, &token.bound_to, &token.secret),
            nonce: [0; 16],
        }
    }

    /// A contact that exists.
    pub(super) async fn active(&self, contact: Address) -> Result<Box<ContactView>, AccessRefused> {
        let shown = as_contact(self.query(contact, Query::Contact).await.result);
        let view = shown.map_err(|failure| self.refused(failure))?;
        match view.stage {
            Stage::Active => Ok(view),
            Stage::Absent | Stage::Proposed | Stage::Void | Stage::Erased => {
                Err(AccessRefused::TokenInvalid)
            }
        }
    }

    /// The hash of a password, sealed with the contact's key.
    pub(super) async fn seal_for(
        &self,
        contact: Address,
        hash: &PasswordHash,
    ) -> Result<std::sync::Arc<[u8]>, AccessRefused> {
        let view = self.active(contact).await?;
        let sealed = self.seal_password(&contact, view.profile.slot, hash);
        sealed.map_err(|error| {
            tracing::error!(%error, "a password cannot be sealed");
            Unavailable::Unreadable.into()
        })
    }
}

/// Tokens are not typed: what is wrong with one is not that a code was mistyped.
fn token_refused(refused: AccessRefused) -> AccessRefused {
    match refused {
        AccessRefused::CodeInvalid => AccessRefused::TokenInvalid,
        refused => refused,
    }
}
