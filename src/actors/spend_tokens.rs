//! Spend tokens, which span two entities: the contact that makes one, and the directory entry by which a till finds the contact from the
//! digits that are typed.
//!
//! make (at the contact) → hold the digits for it → answer. Cut short in between, nobody knows the digits: a retry finds the same
//! token and goes on.

use super::envelope::{Failure, Unavailable};
use super::router::{Router, unexpected};
use crate::domain::address::{Address, Kind, Mode, TenantId};
use crate::domain::contact::{
    self, Intent, NewToken, Presented, SPEND_DIGITS_FOUND_FOR, SpendToken,
};
use crate::domain::directory_entry::{self, Holder};
use crate::domain::entity::{Answer, Command, Query, Remember};
use crate::domain::money::Minor;
use crate::secrets::UniqueValue;

/// What a token is to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What for.
    pub intent: Intent,
    /// How much it spends at most.
    pub amount: Option<Minor>,
    /// The estimate that it is about, by number.
    pub estimate: Option<u32>,
}

/// A token with the texts by which a till knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The token.
    pub token: SpendToken,
    /// What its picture says.
    pub value: String,
    /// Sixteen digits that say the same.
    pub digits: String,
}

impl Router {
    /// Makes a token of a contact. The same `remember` finds the same one, as long as it works.
    ///
    /// # Errors
    /// The contact refuses, or there is no answer.
    pub async fn make_spend_token(
        &self,
        contact: Address,
        wanted: Wanted,
        remember: Option<Remember>,
    ) -> Result<Shown, Failure> {
        let mut nonce = [0; 16];
        if let Err(error) = getrandom::fill(&mut nonce) {
            tracing::error!(%error, "the system gives no random bytes");
            return Err(Unavailable::Unreadable.into());
        }
        let digits = self.secrets().spend_token_digits(&contact, &nonce);
        let make = contact::Command::MakeToken(NewToken {
            intent: wanted.intent,
            amount: wanted.amount,
            estimate: wanted.estimate,
            nonce,
            code: self.digits_hash(contact.tenant, contact.mode, &digits),
        });
        let made = self.command(contact, Command::Contact(make), remember, None);
        let token = match made.await.result? {
            Answer::SpendToken(token) => *token,
            other => return Err(unexpected(&other)),
        };
        let holder = Holder {
            contact: contact.entity,
            attempt: 0,
        };
        let until = token.expires_at.after(SPEND_DIGITS_FOUND_FOR);
        let hold = directory_entry::Command::HoldUntil(token.code, holder, until);
        let entry = Address {
            kind: Kind::DirectoryEntry,
            entity: token.code.entry(),
            ..contact
        };
        let held = self.command(entry, Command::DirectoryEntry(hold), None, None);
        match held.await.result {
            Ok(_) => Ok(self.show_spend_token(contact, token)),
            Err(failure) => {
                tracing::debug!(?failure, "a spend token cannot be found by its digits");
                Err(Unavailable::UnknownOutcome.into())
            }
        }
    }

    /// A token of the contact at `contact` with its texts.
    pub fn show_spend_token(&self, contact: Address, token: SpendToken) -> Shown {
        let secrets = self.secrets();
        Shown {
            token,
            value: secrets.spend_token_value(&contact, token.number, &token.nonce),
            digits: secrets.spend_token_digits(&contact, &token.nonce),
        }
    }

    /// Whose token `text` is, and which, as far as that is known without asking the contact.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn find_spend_token(
        &self,
        tenant: TenantId,
        mode: Mode,
        text: &str,
    ) -> Result<Option<(Address, Presented)>, Failure> {
        let secrets = self.secrets();
        let Some(digits) = secrets.read_spend_token_digits(text) else {
            return Ok(secrets.read_spend_token_value(tenant, mode, text));
        };
        let code = self.digits_hash(tenant, mode, &digits);
        let entry = Address {
            tenant,
            mode,
            kind: Kind::DirectoryEntry,
            entity: code.entry(),
        };
        match self
            .query(entry, Query::DirectoryHolder(code))
            .await
            .result?
        {
            Answer::DirectoryHolder(holder) => Ok(holder.map(|entity| {
                let contact = Address {
                    kind: Kind::Contact,
                    entity,
                    ..entry
                };
                (contact, Presented::Code(code))
            })),
            other => Err(unexpected(&other)),
        }
    }

    fn digits_hash(
        &self,
        tenant: TenantId,
        mode: Mode,
        digits: &str,
    ) -> directory_entry::ValueHash {
        let secrets = self.secrets();
        secrets.value_hash(tenant, mode, UniqueValue::SpendCode, digits)
    }
}
