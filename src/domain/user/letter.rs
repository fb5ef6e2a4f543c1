//! One-time tokens that are sent to a user's e-mail address: whoever has one has proven to read it.

use super::{Membership, Validity};
use crate::domain::access::{Message, PasswordHash};
use crate::domain::address::{Mode, TenantId};
use crate::domain::tenant::OWNER_ROLE;
use crate::domain::time::{Span, Timestamp};

/// How many one-time tokens of a user can be used at a time: the oldest gives way.
pub const LETTERS_MAX: usize = 5;

/// For how long an invitation can be accepted: a week, for who is away.
const INVITATION_LASTS: Span = Span::days(7);
/// For how long an e-mail address can be proven after a registration.
const VERIFICATION_LASTS: Span = Span::days(1);
/// For how long a forgotten password can be replaced.
const RESET_LASTS: Span = Span::seconds(30 * 60);

/// How many tokens to choose another password are sent within an hour: whoever knows an address must not fill its mailbox.
pub const FORGETS_MAX: usize = 5;

/// How long after one the next is sent.
pub const FORGET_PAUSE: Span = Span::seconds(30);

/// For how long those that were sent count.
pub(super) const FORGETS_COUNT_FOR: Span = Span::seconds(60 * 60);

/// An organisation that somebody registers, and owns once the e-mail address is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// In whose network.
    pub tenant: TenantId,
    /// The number that it is going to have.
    pub organisation: u64,
    /// What it lies below.
    pub parent: u64,
    /// What people call it.
    pub name: String,
    /// In which modes its owner works.
    pub validity: Validity,
    /// The owner's password, unless there is a user of the address already. It goes by the token: what a stranger typed who registered with this
    /// address is never the owner's.
    pub password: PasswordHash,
    /// The number of the user's password that this is, if it was the user's when it was typed.
    pub knows: Option<u32>,
}

impl Registration {
    /// What the owner may do there.
    pub fn membership(&self) -> Membership {
        Membership {
            tenant: self.tenant,
            organisation: self.organisation,
            role: OWNER_ROLE,
            validity: self.validity,
            is_active: true,
        }
    }
}

/// What a one-time token is for: it opens nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To accept these roles.
    Invitation(Vec<Membership>),
    /// To prove the e-mail address of a registration.
    Verification(Registration),
    /// To choose another password.
    Reset,
}

/// A one-time token to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLetter {
    /// What makes the token: random, and never used twice.
    pub nonce: [u8; 16],
    /// Who sends it: whose, and in which mode. In live mode it leaves through the tenant's integrations; in test mode nothing leaves, and the test
    /// inbox of the tenant shows it.
    pub sender: Option<(TenantId, Mode)>,
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
    /// Who sends it: whose, and in which mode. In test mode nothing leaves, and the test inbox of the tenant shows it.
    pub sender: Option<(TenantId, Mode)>,
    /// When it was made.
    pub issued_at: Timestamp,
    /// Until when it can be used.
    pub expires_at: Timestamp,
}

/// What a one-time token is for, without the particulars: what the words that bring it go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterKind {
    /// To accept roles.
    Invitation,
    /// To prove an e-mail address.
    Verification,
    /// To choose another password.
    Reset,
}

/// Pages that take a letter's token, so that whoever reads the letter has a link to follow: of each address, what comes before the token, and what
/// after it.
#[derive(Clone, Debug, Default)]
pub struct LetterPages {
    /// Where roles are accepted.
    pub invitation: Option<[String; 2]>,
    /// Where an e-mail address is proven.
    pub verification: Option<[String; 2]>,
    /// Where another password is chosen.
    pub reset: Option<[String; 2]>,
}

impl LetterPages {
    fn of(&self, kind: LetterKind) -> Option<&[String; 2]> {
        match kind {
            LetterKind::Invitation => self.invitation.as_ref(),
            LetterKind::Verification => self.verification.as_ref(),
            LetterKind::Reset => self.reset.as_ref(),
        }
    }
}

impl LetterKind {
    /// The message that brings `token`: in a link, where there is a page for it, and as it is without one.
    pub fn message(self, token: &str, pages: &LetterPages) -> Message {
        let (subject, does, to_do, valid) = match self {
            LetterKind::Invitation => (
                "You are invited to the Back Office",
                "lets you choose a password and sign in",
                "choose a password and sign in",
                "It works once, for a week. Show it to nobody.",
            ),
            LetterKind::Verification => (
                "Confirm your e-mail address",
                "confirms that this address is yours",
                "confirm that this address is yours",
                "It works for a day. If you did not register, do nothing.",
            ),
            LetterKind::Reset => (
                "Choose another password",
                "lets you choose another password",
                "choose another password",
                "It works once, for half an hour. If you did not ask for it, do nothing.",
            ),
        };
        let body = match pages.of(self) {
            Some([before, after]) => format!("Follow {before}{token}{after} to {to_do}. {valid}"),
            None => format!("{token} {does}. {valid}"),
        };
        Message {
            subject: Some(subject.to_owned()),
            body,
        }
    }
}

impl Purpose {
    /// What it is, without the particulars.
    pub fn kind(&self) -> LetterKind {
        match self {
            Purpose::Invitation(_) => LetterKind::Invitation,
            Purpose::Verification(_) => LetterKind::Verification,
            Purpose::Reset => LetterKind::Reset,
        }
    }

    /// For how long a token of this purpose can be used.
    pub(super) fn lasts(&self) -> Span {
        match self {
            Purpose::Invitation(_) => INVITATION_LASTS,
            Purpose::Verification(_) => VERIFICATION_LASTS,
            Purpose::Reset => RESET_LASTS,
        }
    }
}
