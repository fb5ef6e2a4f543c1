//! Sessions: what a person who is signed in goes on with.

use crate::domain::time::{Span, Timestamp};

/// For how long an access token of a session is good.
pub const ACCESS_LASTS: Span = Span::seconds(15 * 60);

/// For how long a session can be refreshed from its last refresh on.
pub const REFRESH_LASTS: Span = Span::days(30);

/// For how long a session lasts at most.
pub const SESSION_LASTS: Span = Span::days(90);

/// For how long the refresh token before the newest still gets the newest: an answer that was lost must log nobody out.
pub const REFRESH_GRACE: Span = Span::seconds(10);

/// How many sessions one person has at a time: more than there are devices. The one that was not refreshed for longest gives way.
pub const SESSIONS_MAX: usize = 10;

/// How many sessions there are beside those of somebody who was recognised and has proven nothing: an app that lost its tokens and one
/// more. They give way to each other alone, so that who imitates a device signs nobody out.
pub const RECOGNISED_SESSIONS_MAX: usize = 2;

/// How it is known whose session it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// It was proven; or the session made the contact, which is nobody else's.
    #[default]
    Proven,
    /// By something that others can know and imitate: it says who it probably is, and opens nothing of theirs.
    Recognised,
}

impl Trust {
    /// How many sessions of this kind one person has at a time.
    pub const fn sessions_max(self) -> usize {
        match self {
            Trust::Proven => SESSIONS_MAX,
            Trust::Recognised => RECOGNISED_SESSIONS_MAX,
        }
    }
}

/// A session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// Counted from 1, never used twice.
    pub number: u32,
    /// What makes its tokens: random.
    pub nonce: [u8; 16],
    /// Counts its refreshes.
    pub generation: u32,
    /// When the newest refresh was.
    pub rotated_at: Timestamp,
    /// When it began.
    pub began_at: Timestamp,
    /// Until when it can be refreshed.
    pub expires_at: Timestamp,
    /// The organisation that a contact goes on in, once it has chosen one; of users, their place says it.
    pub organisation: Option<u64>,
    /// How it is known whose it is.
    pub trust: Trust,
}

/// A session as its tokens are made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionView {
    /// Its number.
    pub number: u32,
    /// The number of its newest tokens.
    pub generation: u32,
    /// What makes them.
    pub nonce: [u8; 16],
    /// When they were made.
    pub issued_at: Timestamp,
    /// Until when the session can be refreshed.
    pub expires_at: Timestamp,
    /// The organisation that a contact goes on in.
    pub organisation: Option<u64>,
    /// How it is known whose it is.
    pub trust: Trust,
}

/// What a refresh token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// Of which session.
    pub session: u32,
    /// The number of the tokens that it came with.
    pub generation: u32,
    /// What made the session's tokens.
    pub nonce: [u8; 16],
}

/// Which sessions are to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// This one.
    This(u32),
    /// Every one.
    All,
}

impl Session {
    /// Session `number`, from `at` on.
    pub fn begun(number: u32, nonce: [u8; 16], at: Timestamp) -> Session {
        Session {
            number,
            nonce,
            generation: 0,
            rotated_at: at,
            began_at: at,
            expires_at: at.after(REFRESH_LASTS),
            organisation: None,
            trust: Trust::Proven,
        }
    }

    /// The same, of somebody who was recognised and has proven nothing.
    #[must_use]
    pub fn recognised(self) -> Session {
        Session {
            trust: Trust::Recognised,
            ..self
        }
    }

    /// The same, refreshed.
    #[must_use]
    pub fn refreshed(self, at: Timestamp) -> Session {
        let last = self.began_at.after(SESSION_LASTS);
        Session {
            generation: self.generation.saturating_add(1),
            rotated_at: at,
            expires_at: at.after(REFRESH_LASTS).min(last),
            ..self
        }
    }

    /// As its tokens are made of it.
    pub fn view(&self) -> SessionView {
        SessionView {
            number: self.number,
            generation: self.generation,
            nonce: self.nonce,
            issued_at: self.rotated_at,
            expires_at: self.expires_at,
            organisation: self.organisation,
            trust: self.trust,
        }
    }
}
