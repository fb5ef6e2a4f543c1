//! One-time tokens that are sent to a user's e-mail address: whoever has one has proven to read it.

use super::Membership;
use crate::domain::address::TenantId;
use crate::domain::time::{Span, Timestamp};

/// How many one-time tokens of a user can be used at a time: the oldest gives way.
pub const LETTERS_MAX: usize = 5;

/// For how long an invitation can be accepted: a week, for who is away.
const INVITATION_LASTS: Span = Span::days(7);
/// For how long an e-mail address can be proven after a registration.
const VERIFICATION_LASTS: Span = Span::days(1);
/// For how long a forgotten password can be replaced.
const RESET_LASTS: Span = Span::seconds(30 * 60);

/// What a one-time token is for: it opens nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To accept these roles.
    Invitation(Vec<Membership>),
    /// To prove the e-mail address of a registration.
    Verification,
    /// To choose another password.
    Reset,
}

/// A one-time token to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLetter {
    /// What makes the token: random, and never used twice.
    pub nonce: [u8; 16],
    /// Whose test inbox shows it; none, if it is delivered.
    pub test_inbox: Option<TenantId>,
}

/// A one-time token that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Counted from 1.
    pub number: u32,
    /// What it is for.
    pub purpose: Purpose,
    /// What makes the token.
    pub nonce: [u8; 16],
    /// Whose test inbox shows it; none, if it is delivered.
    pub test_inbox: Option<TenantId>,
    /// When it was made.
    pub issued_at: Timestamp,
    /// Until when it can be used.
    pub expires_at: Timestamp,
}

impl Purpose {
    /// For how long a token of this purpose can be used.
    pub(super) fn lasts(&self) -> Span {
        match self {
            Purpose::Invitation(_) => INVITATION_LASTS,
            Purpose::Verification => VERIFICATION_LASTS,
            Purpose::Reset => RESET_LASTS,
        }
    }
}
