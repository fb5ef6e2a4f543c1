//! Signing in by password.
//!
//! count the try at the value's entry → read the hash → (the caller compares, with as much work where there is none) → sign in, and forget
//! the tries. A try counts before it is compared, so that neither a crash nor many at a time gives one back.

use std::sync::Arc;

use super::{AccessRefused, Destination, SignedIn, after_effect, nonce};
use crate::actors::envelope::{Failure, Unavailable};
use crate::actors::router::{Router, unexpected};
use crate::domain::access::{self, PasswordHash};
use crate::domain::address::{Address, Mode, TenantId};
use crate::domain::directory_entry::{self, ValueHash};
use crate::domain::entity::{Answer, Query};
use crate::persistence::codec;
use crate::persistence::keyring::{self, KeySlot, Opened};

/// A try to sign in by password, which is counted.
#[derive(Clone, Debug)]
pub struct PasswordTry {
    /// What the password is to be compared with; none, if nobody signs in so. As much is to be done then.
    pub hash: Option<PasswordHash>,
    value: ValueHash,
    contact: Address,
    number: u32,
}

impl PasswordTry {
    /// The number of the password that was tried.
    pub(super) const fn number(&self) -> u32 {
        self.number
    }
}

impl Router {
    /// Begins to sign in by password: counts the try, whether or not anybody has the value.
    ///
    /// # Errors
    /// As [`AccessRefused`] says; too many were tried with this value.
    pub async fn try_password(
        &self,
        tenant: TenantId,
        mode: Mode,
        by: &Destination,
    ) -> Result<PasswordTry, AccessRefused> {
        let value = by.identity(self.secrets(), tenant, mode);
        let nobody = self.nobody(tenant, mode, value);
        let count = directory_entry::Command::CountPassword(value);
        if let Err(failure) = self.at_entry(nobody, value, count).await {
            return Err(self.refused(failure));
        }
        let tried = self.password_of(nobody, value).await;
        tried.map_err(after_effect)
    }

    /// The password of whoever has `value`. Somebody is asked even where nobody has it: that takes as long.
    pub(super) async fn password_of(
        &self,
        nobody: Address,
        value: ValueHash,
    ) -> Result<PasswordTry, AccessRefused> {
        let holder = self.identity_holder(nobody, value).await?;
        let contact = Address {
            entity: holder.unwrap_or(nobody.entity),
            ..nobody
        };
        let answer = self.query(contact, Query::Password(value)).await.result;
        let found = match answer {
            Ok(Answer::Password(found)) => found,
            Ok(other) => return Err(AccessRefused::Failed(unexpected(&other))),
            Err(failure) => return Err(AccessRefused::Failed(failure)),
        };
        let (number, hash) = match found {
            Some((number, sealed)) => {
                let hash = self.open_password(&contact, sealed.slot, &sealed.sealed);
                (number, hash.map_err(AccessRefused::Failed)?)
            }
            None => (0, None),
        };
        Ok(PasswordTry {
            hash,
            value,
            contact,
            number,
        })
    }

    /// Signs in whoever tried a password that is right.
    ///
    /// # Errors
    /// As [`AccessRefused`] says; the password was changed meanwhile.
    pub async fn sign_in_by_password(&self, tried: PasswordTry) -> Result<SignedIn, AccessRefused> {
        let sign_in = access::Command::SignInByPassword(tried.number, nonce()?);
        let session = match self.tell_access(tried.contact, sign_in, None).await {
            Ok(Answer::Session(session)) => *session,
            Ok(other) => return Err(AccessRefused::Failed(unexpected(&other))),
            Err(failure) => return Err(self.refused(failure)),
        };
        self.forget_passwords(&tried).await;
        Ok(SignedIn {
            contact: tried.contact,
            session,
            existing: false,
        })
    }

    /// The password was right: what was tried before counts no longer.
    pub(super) async fn forget_passwords(&self, tried: &PasswordTry) {
        let forget = directory_entry::Command::ForgetPasswords(tried.value);
        if let Err(failure) = self.at_entry(tried.contact, tried.value, forget).await {
            tracing::debug!(?failure, "tries of passwords are forgotten by themselves");
        }
    }

    /// Takes back that a password was tried: it was not.
    pub async fn give_password_back(&self, tried: PasswordTry) {
        let give_back = directory_entry::Command::GivePasswordBack(tried.value);
        if let Err(failure) = self.at_entry(tried.contact, tried.value, give_back).await {
            tracing::debug!(?failure, "tries of passwords are forgotten by themselves");
        }
    }

    pub(super) fn seal_password(
        &self,
        contact: &Address,
        slot: u32,
        hash: &PasswordHash,
    ) -> Result<Arc<[u8]>, keyring::Error> {
        let aad = password_aad(contact);
        let plain = codec::encode_password(hash);
        let sealed = self.seal_bytes(contact, KeySlot(slot), &aad, &plain)?;
        Ok(sealed.into())
    }

    fn open_password(
        &self,
        contact: &Address,
        slot: u32,
        sealed: &[u8],
    ) -> Result<Option<PasswordHash>, Failure> {
        let unreadable = |error: &dyn std::fmt::Display| {
            tracing::error!(%error, "a password's hash cannot be read");
            Failure::from(Unavailable::Unreadable)
        };
        let aad = password_aad(contact);
        match self.open_bytes(contact, KeySlot(slot), &aad, sealed) {
            Ok(Opened::Plain(plain)) => codec::decode_password(&plain)
                .map(Some)
                .map_err(|error| unreadable(&error)),
            Ok(Opened::Erased) => Ok(None),
            Err(error) => Err(unreadable(&error)),
        }
    }
}

/// What binds a sealed hash to its place: no profile can be put there, and none of another contact.
fn password_aad(contact: &Address) -> Vec<u8> {
    [&contact.to_bytes()[..], b"password"].concat()
}
