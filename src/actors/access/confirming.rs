//! Codes that sign nobody in. At a till, a contact shows who it is: the till has one sent to where the profile says that the contact is
//! reached, and is told whether what the contact says is right. In its own session, a contact shows that it reads what is sent to it. Such a code
//! opens no session, and is taken for what it was made for alone.

use super::{AccessRefused, Challenged, Destination};
use crate::actors::envelope::Failure;
use crate::actors::router::{Router, unexpected};
use crate::domain::access::{self, Attempt, Purpose};
use crate::domain::address::Address;
use crate::domain::contact;
use crate::domain::directory_entry::ValueHash;
use crate::domain::entity::{Answer, Command, Query, Rejection, Remember};

impl Router {
    /// Sends a code for the till to `to`, where `contact` is reached. The same `remember` finds the same transaction, and sends nothing.
    ///
    /// # Errors
    /// As [`AccessRefused`] says.
    pub async fn challenge_at_till(
        &self,
        contact: Address,
        to: &Destination,
        remember: Remember,
    ) -> Result<Challenged, AccessRefused> {
        let sent = self.challenge_of(contact, Purpose::Till, to, remember);
        sent.await
    }

    /// Sends a code for its wallet to `to`, where `contact` is reached. The same `remember` sends nothing more.
    ///
    /// # Errors
    /// As [`AccessRefused`] says.
    pub async fn challenge_for_wallet(
        &self,
        contact: Address,
        to: &Destination,
        remember: Remember,
    ) -> Result<Challenged, AccessRefused> {
        let sent = self.challenge_of(contact, Purpose::Wallet, to, remember);
        sent.await
    }

    /// What `contact` would sign in by with `to`, as its view has it.
    pub fn identity_value(&self, contact: Address, to: &Destination) -> ValueHash {
        to.identity(self.secrets(), contact.tenant, contact.mode)
    }

    async fn challenge_of(
        &self,
        contact: Address,
        purpose: Purpose,
        to: &Destination,
        remember: Remember,
    ) -> Result<Challenged, AccessRefused> {
        let recall = Command::Contact(contact::Command::Recall);
        let seen = self.command(contact, recall, Some(remember.clone()), None);
        match seen.await.result {
            Err(Failure::Rejected(Rejection::Contact(contact::Rejection::NeverSeen))) => {}
            seen => return self.challenged_before(contact, seen),
        }
        // Counted as what somebody signs in by: one phone gets so many codes, whatever they are for.
        let value = to.identity(self.secrets(), contact.tenant, contact.mode);
        self.count_send(contact, value).await?;
        let new = self.new_challenge(&contact, purpose, to.channel(), value)?;
        let sealed = self.seal_destination(contact, to.clone()).await?;
        let challenge = access::Command::ChallengeOnFile(purpose, new, sealed);
        let reply = self.tell_access(contact, challenge, Some(remember)).await;
        self.challenged(contact, reply)
    }

    /// Takes what `contact` says at the till. The same `remember` finds that it was right.
    ///
    /// # Errors
    /// As [`AccessRefused`] says. A wrong answer is durable before it is refused.
    pub async fn confirm_at_till(
        &self,
        contact: Address,
        auth_otp: &str,
        code: &str,
        remember: Option<Remember>,
    ) -> Result<(), AccessRefused> {
        let (tenant, mode) = (contact.tenant, contact.mode);
        let transaction = self.secrets().read_auth_otp(tenant, mode, auth_otp);
        let transaction = transaction.filter(|it| it.contact == contact.entity);
        let transaction = transaction.ok_or(AccessRefused::CodeInvalid)?;
        let at = (transaction.number, transaction.bound_to);
        let to = transaction.destination;
        let confirmed = self.confirm(contact, Purpose::Till, (at, to), code, remember);
        confirmed.await
    }

    /// Takes the newest code that was sent to `to` for the wallet of `contact`. The same `remember` finds that it was right.
    ///
    /// # Errors
    /// As [`AccessRefused`] says. A wrong answer is durable before it is refused.
    pub async fn confirm_wallet(
        &self,
        contact: Address,
        to: &Destination,
        code: &str,
        remember: Option<Remember>,
    ) -> Result<(), AccessRefused> {
        let value = to.identity(self.secrets(), contact.tenant, contact.mode);
        let held = match self.query(contact, Query::Held).await.result {
            Ok(Answer::Held(contact, _)) => contact,
            Ok(other) => return Err(AccessRefused::Failed(unexpected(&other))),
            Err(failure) => return Err(self.refused(failure)),
        };
        let access = held.access.as_ref();
        let newest = access.and_then(|access| access.newest_challenge(Purpose::Wallet, &value));
        // Without one there is nothing to answer, unless it was answered before: the contact tells which.
        let at = newest.map_or((0, [0; 8]), |it| (it.number, access::bound_to(&it.nonce)));
        let confirmed = self.confirm(contact, Purpose::Wallet, (at, value), code, remember);
        confirmed.await
    }

    /// Takes the answer to a code: its number and what binds to it, and where it went.
    async fn confirm(
        &self,
        contact: Address,
        purpose: Purpose,
        ((number, bound_to), to): ((u32, [u8; 8]), ValueHash),
        code: &str,
        remember: Option<Remember>,
    ) -> Result<(), AccessRefused> {
        self.must_be_open(contact, to).await?;
        let attempt = Attempt {
            number,
            bound_to,
            code: self.secrets().code_hash(&contact, &bound_to, code),
            // No session begins.
            nonce: [0; 16],
        };
        let confirm = access::Command::Confirm(purpose, attempt);
        if let Err(refused) = self.tell_access(contact, confirm, remember).await {
            return Err(self.wrong(contact, to, refused).await);
        }
        self.forget_wrong(contact, to).await;
        Ok(())
    }
}
