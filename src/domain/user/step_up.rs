//! The second factor of administrators: codes of an app, by time (TOTP, RFC 6238), and recovery codes for whoever has lost it.

use super::{Event, Membership, Rejection, Session, User};
use crate::domain::access::{Guesses, Message};
use crate::domain::address::{Mode, TenantId};
use crate::domain::time::{Span, Timestamp};

/// For how long a session may do what wants a step-up, after one.
pub const STEP_UP_LASTS: Span = Span::seconds(10 * 60);

/// How many recovery codes a set has: each gets in once without the app, and is 16 bytes of the user's row.
pub const RECOVERY_CODES: usize = 10;

/// A keyed hash of a recovery code of one user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecoveryHash(pub [u8; 16]);

/// The app that makes a user's codes. Its secret derives from the root secret and what is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totp {
    /// What makes the secret: random.
    pub nonce: [u8; 16],
    /// The time step of the last code that was taken; none before the first, which confirms the app. No code is taken twice.
    pub last_step: Option<u64>,
    /// Wrong codes of late, of the app and to recover.
    pub guesses: Guesses,
    /// The recovery codes that are left.
    pub recovery: Vec<RecoveryHash>,
}

/// What somebody typed who was asked for a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondFactor {
    /// A code of the app: the time step in which it is right, if it is right in any.
    App(Option<u64>),
    /// A recovery code.
    Recovery(RecoveryHash),
}

/// A user who typed its password in one of its sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Typist {
    /// The session.
    pub session: u32,
    /// The number of the password that it knew.
    pub password: u32,
}

/// What became of the second factor. The user is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorChange {
    /// An app was set up.
    Added,
    /// The app is gone.
    Removed,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// The recovery codes are others.
    RecoveryCodesRenewed,
}

/// That the second factor has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FactorNotice {
    /// What became of it.
    pub change: FactorChange,
    /// Who tells it: whose, and in which mode; nobody, where no letter ever proved the address.
    pub sender: Option<(TenantId, Mode)>,
    /// When.
    pub at: Timestamp,
}

impl FactorChange {
    /// The message that tells of it. It holds nothing that opens anything.
    pub fn message(self) -> Message {
        let (subject, what) = match self {
            FactorChange::Added => (
                "An app for codes was set up",
                "An app that makes codes was set up for your account, and it has recovery codes.",
            ),
            FactorChange::Removed => (
                "Your app for codes was removed",
                "The app that makes codes for your account was removed, with its recovery codes: your password alone signs you in until you set one up again.",
            ),
            FactorChange::RecoveryCodeUsed => (
                "A recovery code was used",
                "A recovery code of your account was used in place of your app. It does not work again.",
            ),
            FactorChange::RecoveryCodesRenewed => (
                "You have other recovery codes",
                "Your account has a new set of recovery codes. Those from before work no longer.",
            ),
        };
        Message {
            subject: Some(subject.to_owned()),
            body: format!(
                "{what} If it was you, or you asked for it, do nothing. If not, somebody else may be in your account: choose another password with “forgot password”, which signs everybody out, and tell the business."
            ),
        }
    }
}

impl Totp {
    /// Whether a first code has confirmed it: only then it is asked for.
    pub fn is_confirmed(&self) -> bool {
        self.last_step.is_some()
    }
}

impl User {
    /// The app, once its first code has confirmed it.
    pub fn confirmed_totp(&self) -> Option<&Totp> {
        self.totp.as_ref().filter(|it| it.is_confirmed())
    }

    /// Demands that the password is still the one that was known, in a session that goes on.
    fn must_know(&self, typist: &Typist) -> Result<&Session, Rejection> {
        let session = self.session(typist.session);
        let session = session.ok_or(Rejection::InvalidGrant)?;
        match typist.password == self.password_count {
            true => Ok(session),
            false => Err(Rejection::LoginRefused),
        }
    }

    pub(super) fn enrol(&self, typist: &Typist, nonce: [u8; 16]) -> Result<Vec<Event>, Rejection> {
        self.must_know(typist)?;
        match self.confirmed_totp() {
            Some(_) => Err(Rejection::HasTotp),
            None => Ok(vec![Event::TotpEnrolled(nonce)]),
        }
    }

    pub(super) fn confirm_totp(
        &self,
        session: u32,
        step: Option<u64>,
        recovery: &[RecoveryHash],
        wall: Timestamp,
    ) -> Result<Vec<Event>, Rejection> {
        let session = self.session(session).ok_or(Rejection::InvalidGrant)?;
        if self.confirmed_totp().is_some() {
            return Err(Rejection::HasTotp);
        }
        let then = vec![
            Event::SteppedUp(session.tokens.number, wall),
            Event::RecoveryCodesSet(recovery.to_vec()),
            self.factor_changed(FactorChange::Added, wall),
        ];
        self.code(&SecondFactor::App(step), wall, then)
    }

    pub(super) fn step_up(
        &self,
        session: u32,
        factor: &SecondFactor,
        wall: Timestamp,
    ) -> Result<Vec<Event>, Rejection> {
        let session = self.session(session).ok_or(Rejection::InvalidGrant)?;
        self.confirmed_totp().ok_or(Rejection::NoTotp)?;
        let mut then = vec![Event::SteppedUp(session.tokens.number, wall)];
        if matches!(factor, SecondFactor::Recovery(_)) {
            then.push(self.factor_changed(FactorChange::RecoveryCodeUsed, wall));
        }
        self.code(factor, wall, then)
    }

    pub(super) fn remove_totp(
        &self,
        typist: &Typist,
        factor: &SecondFactor,
        wall: Timestamp,
    ) -> Result<Vec<Event>, Rejection> {
        self.must_know(typist)?;
        let mut then = vec![Event::TotpRemoved];
        if self.confirmed_totp().is_some() {
            then.push(self.factor_changed(FactorChange::Removed, wall));
        }
        self.code(factor, wall, then)
    }

    pub(super) fn renew_recovery_codes(
        &self,
        typist: &Typist,
        factor: &SecondFactor,
        recovery: &[RecoveryHash],
        wall: Timestamp,
    ) -> Result<Vec<Event>, Rejection> {
        self.must_know(typist)?;
        self.confirmed_totp().ok_or(Rejection::NoTotp)?;
        let then = vec![
            Event::RecoveryCodesSet(recovery.to_vec()),
            self.factor_changed(FactorChange::RecoveryCodesRenewed, wall),
        ];
        self.code(factor, wall, then)
    }

    /// Takes the app away, without a code of it, if the roles are still those that were `seen`.
    pub(super) fn reset_totp(
        &self,
        seen: &[Membership],
        wall: Timestamp,
    ) -> Result<Vec<Event>, Rejection> {
        if self.memberships != seen {
            return Err(Rejection::Overtaken);
        }
        if self.confirmed_totp().is_none() {
            return Ok(Vec::new());
        }
        let mut events = vec![Event::TotpRemoved];
        events.extend(self.all_ended());
        events.push(self.factor_changed(FactorChange::Removed, wall));
        Ok(events)
    }

    /// Takes a code; `then` happens if it is right.
    fn code(
        &self,
        factor: &SecondFactor,
        wall: Timestamp,
        then: Vec<Event>,
    ) -> Result<Vec<Event>, Rejection> {
        let totp = self.totp.as_ref().ok_or(Rejection::NoTotp)?;
        if let Some(until) = totp.guesses.counting(wall).locked_until() {
            return Err(Rejection::Locked(until));
        }
        let right = match *factor {
            SecondFactor::App(step) => step
                .filter(|step| totp.last_step.is_none_or(|last| last < *step))
                .map(Event::CodeRight),
            SecondFactor::Recovery(hash) => totp
                .recovery
                .contains(&hash)
                .then_some(Event::RecoveryCodeUsed(hash)),
        };
        Ok(match right {
            Some(right) => [right].into_iter().chain(then).collect(),
            None => vec![Event::CodeWrong(wall)],
        })
    }

    /// The user is told by whoever sends it what lets it choose another password.
    fn factor_changed(&self, change: FactorChange, at: Timestamp) -> Event {
        Event::FactorChanged(FactorNotice {
            change,
            sender: self.proven_to,
            at,
        })
    }
}
