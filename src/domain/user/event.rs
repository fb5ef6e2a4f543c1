//! What happens to a user, and why it refuses.

use super::letter::Letter;
use super::session::{Ended, Session};
use super::step_up::{FactorNotice, RecoveryHash};
use super::{Membership, Password};
use crate::domain::address::{Mode, TenantId};
use crate::domain::contact::SealedProfile;
use crate::domain::directory_entry::ValueHash;
use crate::domain::time::Timestamp;

/// What happened to a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It came into being, with the hash of its e-mail address and its sealed names, and does not count yet.
    Created(ValueHash, SealedProfile, Timestamp),
    /// Its e-mail address is proven by a letter of this tenant in this mode, or nobody there doubts it.
    Activated(Option<(TenantId, Mode)>),
    /// It has this password.
    PasswordSet(Password),
    /// It has these roles in the organisations of a tenant.
    MembershipsSet(TenantId, Vec<Membership>),
    /// A one-time token was made.
    LetterSent(Letter),
    /// A one-time token was used.
    LetterUsed(u32),
    /// A session began.
    SignedIn(Session),
    /// A session's tokens were rotated.
    Refreshed(u32, Timestamp),
    /// A session ended, and all that began from it.
    SessionEnded(u32, Ended),
    /// Every session ended.
    AllSessionsEnded,
    /// A wrong password came.
    PasswordWrong(Timestamp),
    /// It has these names.
    Renamed(SealedProfile),
    /// An app was set up, and has not made a code yet.
    TotpEnrolled([u8; 16]),
    /// A code of the app was right, of this time step.
    CodeRight(u64),
    /// A code of the app was wrong.
    CodeWrong(Timestamp),
    /// A session was stepped up.
    SteppedUp(u32, Timestamp),
    /// The app is gone.
    TotpRemoved,
    /// What had lapsed by then was forgotten.
    Tidied(Timestamp),
    /// The password before took the place of another; the user is told.
    PasswordReplaced(PasswordNotice),
    /// It has these recovery codes, and none from before.
    RecoveryCodesSet(Vec<RecoveryHash>),
    /// A recovery code was right, and is used up.
    RecoveryCodeUsed(RecoveryHash),
    /// The second factor is not what it was; the user is told.
    FactorChanged(FactorNotice),
}

/// That a password took the place of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordNotice {
    /// The number of the new one.
    pub number: u32,
    /// Who tells it: whose, and in which mode; nobody, where nobody had the token sent.
    pub sender: Option<(TenantId, Mode)>,
    /// When it was set.
    pub at: Timestamp,
}

/// Why a user refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// Nobody signs in like this: that was recorded, unless the user is locked out.
    LoginRefused,
    /// There is no such user.
    UnknownUser,
    /// It exists already.
    UserExists,
    /// There is no such session, or its token was replaced.
    InvalidGrant,
    /// There is no such one-time token: it was used, or has lapsed.
    LetterInvalid,
    /// It has as many roles as it may.
    MembershipsFull,
    /// Its roles are others than whoever changes them knew, or too much time has passed since.
    Overtaken,
    /// The code is wrong: that was recorded.
    CodeWrong,
    /// Too many wrong codes: none is taken until then.
    Locked(Timestamp),
    /// There is no app that makes codes.
    NoTotp,
    /// There is an app that makes codes.
    HasTotp,
}

impl Event {
    /// What the caller is told although it was recorded: it was refused.
    pub fn refusal(&self) -> Option<Rejection> {
        match self {
            Event::PasswordWrong(_) => Some(Rejection::LoginRefused),
            Event::SessionEnded(_, Ended::Replayed) => Some(Rejection::InvalidGrant),
            Event::CodeWrong(_) => Some(Rejection::CodeWrong),
            Event::Created(..)
            | Event::Activated(_)
            | Event::PasswordSet(_)
            | Event::MembershipsSet(..)
            | Event::LetterSent(_)
            | Event::LetterUsed(_)
            | Event::SignedIn(_)
            | Event::Refreshed(..)
            | Event::SessionEnded(_, Ended::SignedOut | Ended::Returned | Ended::Deactivated)
            | Event::AllSessionsEnded
            | Event::Renamed(_)
            | Event::TotpEnrolled(_)
            | Event::CodeRight(_)
            | Event::SteppedUp(..)
            | Event::TotpRemoved
            | Event::Tidied(_)
            | Event::PasswordReplaced(_)
            | Event::RecoveryCodesSet(_)
            | Event::RecoveryCodeUsed(_)
            | Event::FactorChanged(_) => None,
        }
    }
}
