//! A user: a person of the Back Office, of the platform's own tenant and of no mode. What a user may do is said by roles in organisations,
//! of any tenant; what it does goes by the place of a session: one organisation, in one mode.
//!
//! A user's number derives from its e-mail address, so that no two users have the same one, and that whoever signs in with an unknown
//! address meets the same place, the same records and the same refusals as with a known one.
//!
//! All of it goes by the wall, as `domain/access` does.

mod apply;
mod command;
mod decide;
mod event;
mod letter;
mod membership;
mod proof;
mod rights;
mod session;
mod step_up;

use std::sync::Arc;

use super::access::PasswordHash;
use super::address::{Mode, TenantId};
use super::contact::SealedProfile;
use super::directory_entry::ValueHash;
use super::time::{Span, Timestamp};

pub use command::{
    Begin, Command, Create, Credentials, Invite, Register, SetMemberships, Typed, UseLetter,
};
pub use event::{Event, PasswordNotice, Rejection};
pub use letter::{
    FORGET_PAUSE, FORGETS_MAX, LETTERS_MAX, Letter, LetterKind, LetterPages, NewLetter, Purpose,
    Registration,
};
pub use membership::{MEMBERSHIPS_MAX, Membership, Validity};
pub use rights::WITHHELD_IN_MASQUERADE;
pub use session::{Ended, Place, SESSIONS_MAX, Session, SessionView};
pub use step_up::{
    FactorChange, FactorNotice, RECOVERY_CODES, RecoveryHash, STEP_UP_LASTS, SecondFactor, Totp,
    Typist,
};

/// How many wrong passwords within [`PASSWORDS_COUNT_FOR`] of each other lock a user out: a person mistypes two or three times, and a guesser
/// gets a thousand guesses a day, of passwords that are not among the common ones.
pub const PASSWORDS_WRONG_MAX: u8 = 10;

/// For how long wrong passwords count, from the last on; and for how long whoever is locked out is.
pub const PASSWORDS_COUNT_FOR: Span = Span::seconds(15 * 60);

/// Where a user is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// Nobody: passwords are guessed at as if there were somebody, and none is ever right.
    #[default]
    Absent,
    /// Invited or registered, and its e-mail address not proven.
    Pending,
    /// It may sign in, where it has a membership.
    Active,
}

/// A user's password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Password {
    /// What it is compared by.
    pub hash: PasswordHash,
    /// Since when.
    pub set_at: Timestamp,
    /// Whether somebody else knows it, and so nothing is open until another is chosen.
    pub expired: bool,
}

/// Wrong passwords of late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wrong {
    /// How many.
    pub count: u8,
    /// When the last was.
    pub last_at: Timestamp,
}

/// A user's state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// Where it is in its life.
    pub stage: Stage,
    /// Its e-mail address, hashed: what its number derives from.
    pub value: Option<ValueHash>,
    /// Its names and its e-mail address, sealed.
    pub person: Option<SealedProfile>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Its password, once it has one.
    pub password: Option<Password>,
    /// Counts its passwords.
    pub password_count: u32,
    /// Wrong passwords of late.
    pub wrong: Wrong,
    /// When it was last locked out.
    pub locked_out_at: Option<Timestamp>,
    /// Whose letter it was, and of which mode, that last proved its e-mail address. They send it what lets it choose another password.
    pub proven_to: Option<(TenantId, Mode)>,
    /// What it may do where.
    pub memberships: Vec<Membership>,
    /// Where it is signed in.
    pub sessions: Vec<Session>,
    /// How many sessions there ever were: a number is never used twice.
    pub session_count: u32,
    /// When it was last sent a token to choose another password: within the hour, oldest first.
    pub forgot_at: Vec<Timestamp>,
    /// One-time tokens that were sent to it.
    pub letters: Vec<Letter>,
    /// How many of them there ever were.
    pub letter_count: u32,
    /// The app that makes its step-up codes.
    pub totp: Option<Totp>,
}

/// What of a user every request of its sessions needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserView {
    /// What it may do where.
    pub memberships: Arc<[Membership]>,
    /// Where it is signed in.
    pub sessions: Arc<[SessionView]>,
    /// Whether its password opens nothing until another is chosen.
    pub password_expired: bool,
    /// Whether it steps up by codes of an app.
    pub has_totp: bool,
}

impl Wrong {
    /// Those that still count at `wall`.
    pub fn counting(self, wall: Timestamp) -> Wrong {
        match self.forgotten_at() {
            Some(at) if wall < at => self,
            Some(_) | None => Wrong::default(),
        }
    }

    /// One more.
    #[must_use]
    pub fn and_one(self, at: Timestamp) -> Wrong {
        Wrong {
            count: self.counting(at).count.saturating_add(1),
            last_at: at,
        }
    }

    /// When they are forgotten.
    pub fn forgotten_at(self) -> Option<Timestamp> {
        (self.count > 0).then(|| self.last_at.after(PASSWORDS_COUNT_FOR))
    }

    /// Until when no password is taken, if there were too many.
    pub fn locked_until(self) -> Option<Timestamp> {
        self.forgotten_at()
            .filter(|_| self.count >= PASSWORDS_WRONG_MAX)
    }
}

impl User {
    /// The session of this number, if it goes on.
    pub fn session(&self, number: u32) -> Option<&Session> {
        self.sessions.iter().find(|it| it.tokens.number == number)
    }

    /// The session that this one is part of, which ends it with itself.
    pub(in crate::domain) fn root(&self, session: &Session) -> u32 {
        session.parent.unwrap_or(session.tokens.number)
    }

    /// The one-time token of this number, if it can be used.
    pub fn letter(&self, number: u32) -> Option<&Letter> {
        self.letters.iter().find(|it| it.number == number)
    }

    /// Its membership by which it signs in: the oldest that works.
    pub fn primary(&self) -> Option<&Membership> {
        self.memberships.iter().find(|it| it.is_active)
    }

    /// What every request of its sessions needs.
    pub fn view(&self) -> UserView {
        let ends = |session: &Session| {
            let parent = session.parent.and_then(|number| self.session(number));
            let own = session.tokens.expires_at;
            parent.map_or(own, |parent| own.min(parent.tokens.expires_at))
        };
        let sessions = self.sessions.iter().map(|it| it.view(ends(it)));
        UserView {
            memberships: self.memberships.clone().into(),
            sessions: sessions.collect(),
            password_expired: self.password.as_ref().is_some_and(|it| it.expired),
            has_totp: self.confirmed_totp().is_some(),
        }
    }

    /// When the first part of it lapses.
    pub fn next_due(&self) -> Option<Timestamp> {
        let sessions = self.sessions.iter().map(|it| it.tokens.expires_at);
        let letters = self.letters.iter().map(|it| it.expires_at);
        let codes = self.totp.as_ref();
        let codes = codes.and_then(|it| it.guesses.forgotten_at());
        let asked = self
            .forgot_at
            .first()
            .map(|at| at.after(letter::FORGETS_COUNT_FOR));
        sessions
            .chain(letters)
            .chain(self.wrong.forgotten_at())
            .chain(codes)
            .chain(asked)
            .min()
    }
}

#[cfg(test)]
mod tests;
