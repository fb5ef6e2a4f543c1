//! A message that is still to be delivered, as a reference: to whom, and what makes its code or token. What it says is asked for when it is sent.

use crate::domain::access::{Challenge, Channel};
use crate::domain::address::{Address, TenantId};
use crate::domain::time::{Span, Timestamp};
use crate::domain::user::LetterKind;
use crate::limits::LETTER_TRIED_FOR_S;

/// A message that is still to be delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// A one-time code to a contact.
    Code(Address, Challenge),
    /// A one-time token to a user.
    Letter(Letter),
    /// To a contact or a user: that a password took the place of another.
    Notice(Notice),
}

/// That a password took the place of another. It holds nothing that opens anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Through whose integrations it leaves.
    pub tenant: TenantId,
    /// Whose password it is: a contact's or a user's.
    pub whose: Address,
    /// Counts its passwords.
    pub number: u32,
    /// When it was set.
    pub at: Timestamp,
}

/// A one-time token that a user is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Through whose integrations it leaves.
    pub tenant: TenantId,
    /// To which user, by entity number.
    pub user: u64,
    /// Which of the user's.
    pub number: u32,
    /// What it is about.
    pub kind: LetterKind,
    /// What makes the token.
    pub nonce: [u8; 16],
    /// When it was made.
    pub issued_at: Timestamp,
    /// Until when it is tried.
    pub until: Timestamp,
}

impl Message {
    /// Through whose integrations it leaves.
    pub fn tenant(&self) -> TenantId {
        match self {
            Message::Code(contact, _) => contact.tenant,
            Message::Letter(letter) => letter.tenant,
            Message::Notice(notice) => notice.tenant,
        }
    }

    /// By which way.
    pub fn channel(&self) -> Channel {
        match self {
            Message::Code(_, challenge) => challenge.channel,
            Message::Letter(_) | Message::Notice(_) => Channel::Email,
        }
    }

    /// Until when it is worth sending.
    pub fn until(&self) -> Timestamp {
        match self {
            Message::Code(_, challenge) => challenge.expires_at,
            Message::Letter(letter) => letter.until,
            Message::Notice(notice) => notice.at.after(Span::seconds(LETTER_TRIED_FOR_S)),
        }
    }
}
