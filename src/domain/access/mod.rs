//! How a person gets in: identities that were proven, one-time codes, and the sessions that they open. Whoever signs in holds one
//! [`Access`]; today that is a contact.
//!
//! All of it goes by the wall, never by a test clock. What has lapsed counts as gone when it is used; timers only tidy up.
//! A wrong code is recorded before it is refused, so that no crash gives a guess back.

mod apply;
mod challenge;
mod credentials;
mod decide;
mod message;
mod password;
mod session;

use std::sync::Arc;

use super::directory_entry::ValueHash;
use super::time::Timestamp;

pub use challenge::{
    CHALLENGES_MAX, Challenge, Channel, CodeHash, Guesses, LOCKED_FOR, NewChallenge,
    ONE_TIME_TOKEN_LASTS, OTP_LASTS, Purpose, TRIES_MAX, bound_to,
};
pub use credentials::{
    Adding, ChangePassword, NOTICES_COUNT_FOR, NOTICES_MAX, Notices, OnFile, SIGNED_IN_RECENTLY,
    ToAdd,
};
pub(super) use decide::Account;
pub use decide::{Attempt, Command, Ended, Event, Rejection};
pub use message::Message;
pub use password::{Cost, PasswordHash};
pub use session::{
    ACCESS_LASTS, RECOGNISED_SESSIONS_MAX, REFRESH_GRACE, REFRESH_LASTS, Refresh, SESSION_LASTS,
    SESSIONS_MAX, Session, SessionView, Trust, Which,
};

/// How many identities one person may have: every channel and provider that there is, and a spare of each of the common ones.
pub const IDENTITIES_MAX: usize = 8;

/// Who vouched for an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// Whoever reads text messages sent to a phone.
    Phone,
    /// Whoever reads e-mails sent to an address.
    Email,
    /// Facebook.
    Facebook,
    /// Apple.
    Apple,
    /// Google.
    Google,
    /// Another provider of OpenID Connect.
    Oidc,
    /// Nobody: a device says what its address is.
    MacAddress,
}

impl Provider {
    /// What it is worth that it says who somebody is.
    pub const fn trust(self) -> Trust {
        match self {
            Provider::Phone
            | Provider::Email
            | Provider::Facebook
            | Provider::Apple
            | Provider::Google
            | Provider::Oidc => Trust::Proven,
            Provider::MacAddress => Trust::Recognised,
        }
    }
}

/// A value that a person has proven to control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Counted from 1.
    pub number: u32,
    /// Who vouched for it.
    pub provider: Provider,
    /// The value, held in its directory entry.
    pub value: ValueHash,
    /// The value as messages are sent to it, sealed with the key of the person's profile.
    pub sealed: Arc<[u8]>,
    /// When it was proven.
    pub verified_at: Timestamp,
}

/// What somebody signs in with who knows it. Only a hash of it is kept, and that sealed with the key of the person's profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedPassword {
    /// Counted from 1: what was found to be right of one says nothing of the next.
    pub number: u32,
    /// A [`PasswordHash`], sealed.
    pub sealed: Arc<[u8]>,
    /// How often its owner was told of late that it is another one.
    pub notices: Notices,
}

/// How far a registration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A code was sent.
    Asked,
    /// The code came back: the value is being claimed.
    Proven,
    /// Another has the value already, by entity number: that one was signed in instead.
    Passed(u64),
}

/// A registration that nobody sees until its value is claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registering {
    /// Who is to vouch for it.
    pub provider: Provider,
    /// The value.
    pub value: ValueHash,
    /// The value as messages are sent to it, sealed.
    pub sealed: Arc<[u8]>,
    /// The hash of the password that was chosen, sealed.
    pub password: Option<Arc<[u8]>>,
    /// When nothing of it is left, unless it is finished by then.
    pub lapses_at: Timestamp,
    /// How far it is.
    pub progress: Progress,
}

/// All that lets a person in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// What was proven.
    pub identities: Vec<Identity>,
    /// How many identities there ever were: the number of the newest.
    pub identity_count: u32,
    /// What it signs in with beside codes.
    pub password: Option<SealedPassword>,
    /// Codes that can be answered, oldest first.
    pub challenges: Vec<Challenge>,
    /// How many codes there ever were.
    pub challenge_count: u32,
    /// Wrong codes of late. Asking for another code resets nothing.
    pub guesses: Guesses,
    /// Who is signed in.
    pub sessions: Vec<Session>,
    /// How many sessions there ever were: a number is never used twice, so that no token opens another's session.
    pub session_count: u32,
    /// A registration under way.
    pub registering: Option<Registering>,
    /// An identity that is being added.
    pub adding: Option<Adding>,
    /// Where the newest code went that went to no identity.
    pub on_file: Option<OnFile>,
    /// The e-mail address that was proven to be read, beside the identities.
    pub verified: Option<ValueHash>,
    /// The key of an abandoned registration's fields, until it is destroyed.
    pub to_shred: Option<u32>,
}

impl Access {
    /// The challenge of this number, if it is still known.
    pub fn challenge(&self, number: u32) -> Option<&Challenge> {
        self.challenges.iter().find(|it| it.number == number)
    }

    /// The newest challenge that was sent to `destination` for `purpose`.
    pub fn newest_challenge(
        &self,
        purpose: Purpose,
        destination: &ValueHash,
    ) -> Option<&Challenge> {
        let mut challenges = self.challenges.iter().rev();
        challenges.find(|it| it.purpose == purpose && it.destination == *destination)
    }

    /// The session of this number, if it has not ended.
    pub fn session(&self, number: u32) -> Option<&Session> {
        self.sessions.iter().find(|it| it.number == number)
    }

    /// The session of this number, if it goes on at `wall` and may change how the person gets in.
    pub(super) fn acting(&self, number: u32, wall: Timestamp) -> Option<&Session> {
        let session = self.session(number);
        session.filter(|it| wall < it.expires_at && it.trust == Trust::Proven)
    }

    /// When the first part of it lapses; at once, if a key is to be destroyed.
    pub fn next_due(&self) -> Option<Timestamp> {
        let challenges = self.challenges.iter().map(|it| it.expires_at);
        let sessions = self.sessions.iter().map(|it| it.expires_at);
        let registering = self.registering.iter().map(|it| it.lapses_at);
        let adding = self.adding.iter().map(|it| it.lapses_at);
        challenges
            .chain(sessions)
            .chain(registering)
            .chain(adding)
            .chain(self.guesses.forgotten_at())
            .chain(self.to_shred.map(|_| Timestamp::default()))
            .min()
    }

    /// Whether nothing of it is left that matters.
    pub fn is_idle(&self) -> bool {
        self.identities.is_empty()
            && self.password.is_none()
            && self.challenges.is_empty()
            && self.guesses == Guesses::default()
            && self.sessions.is_empty()
            && self.registering.is_none()
            && self.adding.is_none()
            && self.on_file.is_none()
            && self.verified.is_none()
            && self.to_shred.is_none()
    }
}
