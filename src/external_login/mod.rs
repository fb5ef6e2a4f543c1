//! Accounts elsewhere that vouch for a contact: what a provider says is checked here, and becomes an issuer and a subject.
//!
//! Google, Apple and any provider of OpenID Connect are one code: an ID token is read, judged as far as it can be without asking
//! anybody (algorithm, issuer, audience, expiry), and then by the issuer's published keys. Facebook is asked what its token is.
//! With the code flow (RFC 6749, section 4.1, with PKCE, RFC 7636) the server gets the ID token itself.
//!
//! What this deliberately does not do: look at an e-mail address to find somebody. Accounts are linked on (issuer, subject), and on nothing else.

mod code_flow;
mod facebook;
mod id_token;
mod issuers;
mod settings;
#[cfg(test)]
mod tests;

use crate::domain::time::Timestamp;
use crate::egress::{CallFailed, Egress};

pub use code_flow::{Begun, Returned};
pub use settings::{Service, Settings};

use issuers::Issuers;

/// Somebody, as a provider knows them.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// Who vouches.
    pub issuer: String,
    /// Whom the provider means: the same for ever, and never another's.
    pub subject: String,
}

/// Why nobody is vouched for.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// What came is not what a provider would say of somebody, to this tenant, now.
    #[error("the provider does not vouch for anybody with this")]
    Invalid,
    /// The provider was asked, and gives no answer that could be used.
    #[error("the identity provider cannot be asked: {0}")]
    NoAnswer(#[from] Failed),
}

/// What went wrong with a provider.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// No answer at all.
    #[error(transparent)]
    Call(#[from] CallFailed),
    /// An answer of another kind.
    #[error("it answered with {0}")]
    Answer(&'static str),
    /// It failed a moment ago, and is not asked again yet.
    #[error("it failed a moment ago")]
    Resting,
}

/// Asks providers.
pub struct ExternalLogin {
    issuers: Issuers,
}

impl ExternalLogin {
    /// One that has asked nobody yet.
    #[must_use]
    pub fn new() -> ExternalLogin {
        ExternalLogin {
            issuers: Issuers::new(),
        }
    }

    /// Whom `token` vouches for, as the tenant's `service` has it at the wall's `now`.
    ///
    /// # Errors
    /// [`Refused::Invalid`]; [`Refused::NoAnswer`] if nothing could be found out.
    pub async fn swap(
        &self,
        egress: &Egress,
        service: Service,
        settings: &Settings,
        token: &str,
        now: Timestamp,
    ) -> Result<Person, Refused> {
        match service {
            Service::Facebook => facebook::ask(egress, settings, token, now).await,
            Service::Google | Service::Apple | Service::Oidc => {
                let expected = id_token::Expected {
                    service,
                    settings,
                    nonce: None,
                };
                id_token::verify(egress, &self.issuers, &expected, token, now).await
            }
        }
    }
}

impl Default for ExternalLogin {
    fn default() -> ExternalLogin {
        ExternalLogin::new()
    }
}
