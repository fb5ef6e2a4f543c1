//! How contacts get into schemes, on the wire of both gateways.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::configuration::Opening;
use crate::domain::directory_entry::ValueHash;
use crate::http::Api;
use crate::http::auth::Caller;
use crate::secrets::UniqueValue;

/// Who becomes a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
pub(super) enum SignUpOption {
    /// Every contact.
    #[serde(rename = "AUTO_SIGN_UP")]
    Auto,
    /// Whoever signs up.
    #[serde(rename = "SELF_SIGN_UP")]
    BySelf,
    /// Whoever is let in.
    #[serde(rename = "CLOSE_LOOP_SIGN_UP")]
    ClosedLoop,
}

/// By what a contact is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum SignUpMethod {
    /// A proven e-mail address of one of the scheme's domains.
    EmailDomain,
    /// The scheme's code.
    Code,
}

/// An opening in the contract's terms, with its domains.
pub(super) fn described(opening: &Opening) -> (SignUpOption, Option<SignUpMethod>, &[String]) {
    match opening {
        Opening::Auto => (SignUpOption::Auto, None, &[]),
        Opening::SelfSignUp => (SignUpOption::BySelf, None, &[]),
        Opening::Code(_) => (SignUpOption::ClosedLoop, Some(SignUpMethod::Code), &[]),
        Opening::EmailDomains(domains) => (
            SignUpOption::ClosedLoop,
            Some(SignUpMethod::EmailDomain),
            domains,
        ),
    }
}

/// A sign-up code, as it is kept: blanks around it make no other.
pub(super) fn hash_of_code(api: &Api, caller: &Caller, code: &str) -> ValueHash {
    let (tenant, mode) = (caller.tenant(), caller.mode());
    let secrets = api.router.secrets();
    secrets.value_hash(tenant, mode, UniqueValue::SignUpCode, code.trim())
}
