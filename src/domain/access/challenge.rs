//! One-time codes and the guesses at them.

use crate::domain::directory_entry::ValueHash;
use crate::domain::time::{Span, Timestamp};

/// For how long a code can be answered: the most that is allowed, since messages are slow at times.
pub const OTP_LASTS: Span = Span::seconds(10 * 60);

/// For how long a one-time token can be used that a mail brings: nobody types it, so that it may be long, and mails are slower.
pub const ONE_TIME_TOKEN_LASTS: Span = Span::seconds(30 * 60);

/// How many wrong tries end a code, and then all codes of the account for [`LOCKED_FOR`]: a guesser hits one of a million codes
/// once in 200,000 rounds.
pub const TRIES_MAX: u8 = 5;

/// For how long wrong tries count, from the last on: longer than any code lasts.
pub const LOCKED_FOR: Span = Span::seconds(15 * 60);

/// How many codes of one account can be answered at a time: the oldest gives way. A person asks again once or twice.
pub const CHALLENGES_MAX: usize = 4;

/// By which way a code is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// A text message.
    Sms,
    /// An e-mail.
    Email,
}

/// What a code is for: it opens nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To finish a registration.
    Register,
    /// To sign in.
    SignIn,
    /// To sign in by something else from now on.
    AddIdentity,
    /// To choose another password.
    ResetPassword,
    /// To show that an e-mail address is read.
    VerifyEmail,
    /// To show at a till who somebody is.
    Till,
    /// To show, beside the wallet's code, whose wallet it is.
    Wallet,
}

impl Purpose {
    /// Whether a mail brings a long token to be used as it is, and not a code to be typed.
    pub const fn has_token(self) -> bool {
        match self {
            Purpose::ResetPassword | Purpose::VerifyEmail => true,
            Purpose::Register
            | Purpose::SignIn
            | Purpose::AddIdentity
            | Purpose::Till
            | Purpose::Wallet => false,
        }
    }

    /// Whether the right code signs in: what others ask for opens no session.
    pub const fn signs_in(self) -> bool {
        match self {
            Purpose::Register | Purpose::SignIn | Purpose::AddIdentity => true,
            Purpose::ResetPassword | Purpose::VerifyEmail | Purpose::Till | Purpose::Wallet => {
                false
            }
        }
    }

    /// For how long it can be answered.
    pub const fn lasts(self) -> Span {
        match self.has_token() {
            true => ONE_TIME_TOKEN_LASTS,
            false => OTP_LASTS,
        }
    }
}

/// A keyed hash of one code of one challenge. The code itself is kept nowhere.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CodeHash(pub [u8; 16]);

impl std::fmt::Debug for CodeHash {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("CodeHash(…)")
    }
}

impl CodeHash {
    /// Whether both are the same, in a time that does not tell where they differ.
    pub fn matches(&self, other: &CodeHash) -> bool {
        let pairs = self.0.iter().zip(&other.0);
        pairs.fold(0_u8, |differ, (a, b)| differ | (a ^ b)) == 0
    }
}

/// A code to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewChallenge {
    /// By which way.
    pub channel: Channel,
    /// Where to: the value's hash.
    pub destination: ValueHash,
    /// What makes the code: random, and never used twice.
    pub nonce: [u8; 16],
    /// The code's hash.
    pub code: CodeHash,
}

/// A code that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Counted from 1.
    pub number: u32,
    /// What it is for.
    pub purpose: Purpose,
    /// By which way it was sent.
    pub channel: Channel,
    /// Where to: the value's hash.
    pub destination: ValueHash,
    /// What makes the code.
    pub nonce: [u8; 16],
    /// The code's hash.
    pub code: CodeHash,
    /// When it was made.
    pub issued_at: Timestamp,
    /// Until when it can be answered.
    pub expires_at: Timestamp,
    /// How often it was answered wrongly.
    pub wrong: u8,
}

/// Wrong codes of late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Guesses {
    /// How many.
    pub wrong: u8,
    /// When the last was.
    pub last_at: Timestamp,
}

impl Guesses {
    /// Those that still count at `wall`.
    pub fn counting(self, wall: Timestamp) -> Guesses {
        match self.forgotten_at() {
            Some(at) if wall < at => self,
            Some(_) | None => Guesses::default(),
        }
    }

    /// One more.
    #[must_use]
    pub fn and_one(self, at: Timestamp) -> Guesses {
        Guesses {
            wrong: self.counting(at).wrong.saturating_add(1),
            last_at: at,
        }
    }

    /// When they are forgotten.
    pub fn forgotten_at(self) -> Option<Timestamp> {
        (self.wrong > 0).then(|| self.last_at.after(LOCKED_FOR))
    }

    /// Until when no code is taken, if there were too many.
    pub fn locked_until(self) -> Option<Timestamp> {
        self.forgotten_at().filter(|_| self.wrong >= TRIES_MAX)
    }
}

/// What binds an answer to its challenge: the beginning of what made it.
pub fn bound_to(nonce: &[u8; 16]) -> [u8; 8] {
    nonce.first_chunk().copied().unwrap_or_default()
}
