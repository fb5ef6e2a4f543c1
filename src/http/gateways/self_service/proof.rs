//! What is to prove an account at a provider, on the wire: the provider's token, or what came back from its page.

use crate::http::extract::Faults;
use crate::limits::{PROVIDER_SUBJECT_BYTES_MAX, PROVIDER_TOKEN_BYTES_MAX};

/// The longest state, in bytes: twice what one of ours has.
const STATE_BYTES_MAX: usize = 128;

/// What is to prove an account.
#[derive(Clone)]
pub(super) struct Proof {
    /// What it is.
    pub(super) by: ProvenBy,
    /// Whose the app says it is, if it says so.
    pub(super) sub: Option<String>,
}

/// How an account is proven.
#[derive(Clone)]
pub(super) enum ProvenBy {
    /// The provider's token, as the app got it.
    Token(String),
    /// What came back from the provider's page.
    Code {
        /// The code.
        code: String,
        /// The state that was sent along.
        state: String,
    },
}

/// The members of a body that prove an account.
#[derive(Clone, Copy, Default)]
pub(super) struct Sent<'a> {
    /// The provider's token.
    pub(super) token: Option<&'a str>,
    /// Whose it must be.
    pub(super) sub: Option<&'a str>,
    /// What came back from the page.
    pub(super) code: Option<&'a str>,
    /// What was sent along to it.
    pub(super) state: Option<&'a str>,
}

impl Sent<'_> {
    /// What is to prove the account, if that is complete.
    pub(super) fn proof(self) -> Option<Proof> {
        let by = match (self.token, self.code, self.state) {
            (Some(token), None, None) => ProvenBy::Token(token.to_owned()),
            (None, Some(code), Some(state)) => ProvenBy::Code {
                code: code.to_owned(),
                state: state.to_owned(),
            },
            _ => return None,
        };
        let sub = self.sub.map(str::to_owned);
        Some(Proof { by, sub })
    }

    /// Demands that it is complete.
    pub(super) fn validate(self, faults: &mut Faults) {
        faults.require(
            self.proof().is_some(),
            "token",
            "missing_field",
            "is required with this provider; or code and state together, and no token",
        );
        for (member, text, max) in [
            ("token", self.token, PROVIDER_TOKEN_BYTES_MAX),
            ("code", self.code, PROVIDER_TOKEN_BYTES_MAX),
            ("state", self.state, STATE_BYTES_MAX),
            ("sub", self.sub, PROVIDER_SUBJECT_BYTES_MAX),
        ] {
            let fits = text.is_none_or(|it| (1..=max).contains(&it.len()));
            faults.require(fits, member, "wrong_length", "is empty, or too long");
        }
    }
}
