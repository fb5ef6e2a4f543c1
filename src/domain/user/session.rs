//! Where a user is signed in: a session has one place for all its life. Whoever goes elsewhere gets another session, which ends with
//! the one that it began from.

use crate::domain::access;
use crate::domain::address::{Mode, TenantId};
use crate::domain::time::Timestamp;

/// How many sessions one user has at a time, with those that began from others. Past it, the one that was not refreshed for longest and from which
/// none began gives way.
pub const SESSIONS_MAX: usize = 20;

/// What a session looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Whose network.
    pub tenant: TenantId,
    /// Which organisation of it.
    pub organisation: u64,
    /// Live or test.
    pub mode: Mode,
}

/// A session of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// What its tokens are made of.
    pub tokens: access::Session,
    /// What it looks at.
    pub place: Place,
    /// The session that it began from, unless somebody signed in with a password.
    pub parent: Option<u32>,
    /// Whether it acts as the organisation by what the user may do in those above, and not by a role of the user's own there.
    pub is_masquerade: bool,
    /// When the user last proved to have its second factor.
    pub stepped_up_at: Option<Timestamp>,
}

/// A session as every request needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionView {
    /// What its tokens are made of; it ends with the session that it began from.
    pub tokens: access::SessionView,
    /// What it looks at.
    pub place: Place,
    /// The session that it began from.
    pub parent: Option<u32>,
    /// Whether it acts as the organisation by what the user may do in those above.
    pub is_masquerade: bool,
    /// When the user last proved to have its second factor.
    pub stepped_up_at: Option<Timestamp>,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// As was asked.
    SignedOut,
    /// A refresh token came that had been replaced long before: somebody else has it.
    Replayed,
    /// Its user went back to an organisation of its own.
    Returned,
    /// Its user may do nothing there any more.
    Deactivated,
}

impl Session {
    /// As every request needs it, when it ends at `expires_at`.
    pub fn view(&self, expires_at: Timestamp) -> SessionView {
        SessionView {
            tokens: access::SessionView {
                expires_at,
                ..self.tokens.view()
            },
            place: self.place,
            parent: self.parent,
            is_masquerade: self.is_masquerade,
            stepped_up_at: self.stepped_up_at,
        }
    }
}

impl Place {
    /// The same place in the other mode.
    #[must_use]
    pub fn in_mode(self, mode: Mode) -> Place {
        Place { mode, ..self }
    }
}
