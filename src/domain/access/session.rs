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
        }
    }
}
