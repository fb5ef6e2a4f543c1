//! The second factor of administrators: codes of an app, by time (TOTP, RFC 6238).

use crate::domain::access::Guesses;
use crate::domain::time::Span;

/// For how long a session may do what wants a step-up, after one.
pub const STEP_UP_LASTS: Span = Span::seconds(10 * 60);

/// The app that makes a user's codes. Its secret derives from the root secret and what is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totp {
    /// What makes the secret: random.
    pub nonce: [u8; 16],
    /// The time step of the last code that was taken; none before the first, which confirms the app. No code is taken twice.
    pub last_step: Option<u64>,
    /// Wrong codes of late.
    pub guesses: Guesses,
}
