//! Codes by which a contact shows at a till who it is: the till has one sent to where the profile says that the contact is reached, and is
//! told whether what the contact says is right. They open no session, and nothing else takes them.

use super::{AccessRefused, Challenged, Destination};
use crate::actors::envelope::Failure;
use crate::actors::router::Router;
use crate::domain::access::{self, Attempt, Purpose};
use crate::domain::address::Address;
use crate::domain::contact;
use crate::domain::entity::{Command, Rejection, Remember};

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
        let recall = Command::Contact(contact::Command::Recall);
        let seen = self.command(contact, recall, Some(remember.clone()), None);
        match seen.await.result {
            Err(Failure::Rejected(Rejection::Contact(contact::Rejection::NeverSeen))) => {}
            seen => return self.challenged(contact, seen),
        }
        // Counted as what somebody signs in by: one phone gets so many codes, whatever they are for.
        let value = to.identity(self.secrets(), contact.tenant, contact.mode);
        self.count_send(contact, value).await?;
        let new = self.new_challenge(&contact, Purpose::Till, to.channel(), value)?;
        let sealed = self.seal_destination(contact, to.clone()).await?;
        let challenge = access::Command::ChallengeOnFile(Purpose::Till, new, sealed);
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
        let destination = transaction.destination;
        self.must_be_open(contact, destination).await?;
        let bound_to = transaction.bound_to;
        let attempt = Attempt {
            number: transaction.number,
            bound_to,
            code: self.secrets().code_hash(&contact, &bound_to, code),
            // No session begins.
            nonce: [0; 16],
        };
        let confirm = access::Command::Confirm(Purpose::Till, attempt);
        if let Err(refused) = self.tell_access(contact, confirm, remember).await {
            return Err(self.wrong(contact, destination, refused).await);
        }
        self.forget_wrong(contact, destination).await;
        Ok(())
    }
}
