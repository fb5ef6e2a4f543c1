//! A message that is still to be delivered, as a reference: to whom, and what makes its code or token. What it says is asked for when it is sent.

use crate::domain::access::{self, Challenge, Channel};
use crate::domain::address::{Address, TenantId};
use crate::domain::ids::{Named, PublicId};
use crate::domain::time::{Span, Timestamp};
use crate::domain::user::{FactorChange, LetterKind};
use crate::limits::LETTER_TRIED_FOR_S;

/// A message that is still to be delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// A one-time code to a contact.
    Code(Address, Challenge),
    /// A one-time token to a user.
    Letter(Letter),
    /// To a contact or a user: that what lets it in has changed.
    Notice(Notice),
}

/// That what lets somebody in has changed. It holds nothing that opens anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Through whose integrations it leaves.
    pub tenant: TenantId,
    /// Whom it tells: a contact or a user.
    pub whose: Address,
    /// What has changed.
    pub about: About,
    /// When it was changed.
    pub at: Timestamp,
}

/// What a notice tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// A password took the place of another: which, counted.
    Password(u32),
    /// A user's second factor.
    Factor(FactorChange),
}

impl Notice {
    /// What it says.
    pub fn said(&self) -> access::Message {
        match self.about {
            About::Password(_) => access::Message::password_replaced(),
            About::Factor(change) => change.message(),
        }
    }

    /// Its public id.
    pub fn id(&self) -> PublicId {
        let part = match self.about {
            About::Password(number) => number,
            // Nothing counts them: the milliseconds and what has changed tell two of them apart, and from the passwords, which are few.
            About::Factor(change) => {
                let change = match change {
                    FactorChange::Added => 0,
                    FactorChange::Removed => 1,
                    FactorChange::RecoveryCodeUsed => 2,
                    FactorChange::RecoveryCodesRenewed => 3,
                };
                let at = self.at.0.wrapping_mul(4).wrapping_add(change);
                let [.., a, b, c, d] = at.to_be_bytes();
                u32::from_be_bytes([a, b, c, d])
            }
        };
        PublicId {
            named: Named::Identity,
            entity: self.whose.entity,
            part,
        }
    }
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
