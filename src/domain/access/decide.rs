//! What an access makes of a command.

use std::sync::Arc;

use super::challenge::{NewChallenge, OTP_LASTS, TRIES_MAX};
use super::credentials::{Adding, ChangePassword, OnFile, ToAdd};
use super::session::{REFRESH_GRACE, Refresh, Session, Which};
use super::{
    Access, Challenge, CodeHash, IDENTITIES_MAX, Identity, Progress, Purpose, Registering,
};
use crate::domain::directory_entry::ValueHash;
use crate::domain::time::Timestamp;

/// An answer to a code.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// Which code.
    pub number: u32,
    /// The beginning of what made it: an answer is bound to its transaction.
    pub bound_to: [u8; 8],
    /// The hash of what was typed.
    pub code: CodeHash,
    /// What is to make the tokens of the session, if one begins.
    pub nonce: [u8; 16],
}

/// What an access can be asked to do.
#[derive(Clone, Debug)]
pub enum Command {
    /// Have a code sent.
    Challenge(Purpose, NewChallenge),
    /// The same, to where the profile says; sealed.
    ChallengeOnFile(Purpose, NewChallenge, Arc<[u8]>),
    /// Have a code sent to something that is to be an identity.
    BeginAdding(NewChallenge, Box<ToAdd>),
    /// Begin to add an identity that a provider has vouched for already.
    BeginAddingVouched(ValueHash, Box<ToAdd>),
    /// The value of the identity that was proven is held: have it. With the number of the attempt that holds it.
    AddIdentity(u32),
    /// Set a password by a one-time token; its hash, sealed.
    ResetPassword(Attempt, Arc<[u8]>),
    /// Set a password in a session.
    ChangePassword(ChangePassword),
    /// An e-mail address is read: its one-time token came back.
    VerifyEmail(Attempt),
    /// Take the answer to a code.
    Answer(Attempt),
    /// Take the answer to a code of this purpose, which signs nobody in.
    Confirm(Purpose, Attempt),
    /// Sign in: control of an identity was proven elsewhere. With what is to make the session's tokens.
    SignIn([u8; 16]),
    /// Begin a session of somebody who was recognised by something that others can imitate. With what is to make its tokens.
    Recognise([u8; 16]),
    /// Sign in: the password of this number was right. With what is to make the session's tokens.
    SignInByPassword(u32, [u8; 16]),
    /// Every value of the registration is held: exist, and be signed in.
    Finish([u8; 16]),
    /// Another has the value of the registration, by entity number.
    Pass(u64),
    /// Rotate the tokens of a session.
    Refresh(Refresh),
    /// The session goes on in this organisation.
    MoveSession(u32, u64),
    /// End sessions.
    End(Which),
    /// The key of the abandoned registration is destroyed.
    Shredded,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// As was asked.
    SignedOut,
    /// A refresh token came that had been replaced long before: somebody else has it.
    Replayed,
}

/// What happened to an access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A code was made.
    Challenged(Challenge),
    /// A registration began.
    Registering(Registering),
    /// A code was answered wrongly.
    CodeWrong(u32, Timestamp),
    /// A code was answered rightly: it is used up.
    CodeRight(u32),
    /// A value was proven.
    IdentityAdded(Identity),
    /// A session began.
    SignedIn(Session),
    /// A session's tokens were rotated.
    Refreshed(u32, Timestamp),
    /// A session ended.
    SessionEnded(u32, Ended),
    /// Every session ended.
    AllSessionsEnded,
    /// The registration's value was another's, by entity number.
    RegistrationPassed(u64),
    /// The registration came to nothing.
    RegistrationLapsed,
    /// The key of the registration that came to nothing is destroyed.
    Shredded,
    /// What had lapsed by then was forgotten.
    Tidied(Timestamp),
    /// A password was set; its hash, sealed.
    PasswordSet(Arc<[u8]>),
    /// A value is to be an identity, and is being proven.
    AddingIdentity(Adding),
    /// The code for that came back: the code's number, and that of the session that asked.
    IdentityProven(u32, u32),
    /// A code went to where the profile says.
    OnFile(OnFile),
    /// An e-mail address is read.
    EmailVerified(ValueHash),
    /// A one-time token was used up.
    TokenUsed(u32),
    /// A code was answered rightly that signs nobody in: it is used up.
    Confirmed(u32),
    /// The password before took the place of another, at this time; its number. Its owner is told.
    PasswordReplaced(u32, Timestamp),
    /// A session goes on in this organisation.
    SessionMoved(u32, u64),
}

/// Why an access refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The code is wrong: that was recorded.
    CodeWrong,
    /// There is nothing to answer: the code is used, has lapsed, or is of another transaction.
    CodeInvalid,
    /// Too many wrong codes: none is taken until then.
    Locked(Timestamp),
    /// There is no such session, or its token was replaced.
    InvalidGrant,
    /// The token was used before, and not just now: somebody has a copy. The session has ended.
    Replayed,
    /// The password was changed since it was found to be right.
    PasswordChanged,
    /// It signed in too long ago to choose another password without knowing the present one.
    StepUpRequired,
    /// It signs in by no e-mail address, and so by no password.
    NoEmailAddress,
    /// It is an identity of this person already.
    IdentityKnown,
    /// There are as many identities as there may be.
    IdentitiesFull,
}

/// Whose access it is, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::domain) enum Account {
    /// Somebody who exists.
    Exists,
    /// Somebody who is being registered.
    Registering,
    /// Nobody: codes are asked for and guessed at as if there were somebody, and none is ever right.
    Nobody,
}

impl Event {
    /// What the caller is told although it was recorded: it was refused.
    pub fn refusal(&self) -> Option<Rejection> {
        match self {
            Event::CodeWrong(..) => Some(Rejection::CodeWrong),
            Event::SessionEnded(_, Ended::Replayed) => Some(Rejection::Replayed),
            Event::Challenged(_)
            | Event::Registering(_)
            | Event::CodeRight(_)
            | Event::IdentityAdded(_)
            | Event::SignedIn(_)
            | Event::Refreshed(..)
            | Event::SessionEnded(_, Ended::SignedOut)
            | Event::AllSessionsEnded
            | Event::RegistrationPassed(_)
            | Event::RegistrationLapsed
            | Event::Shredded
            | Event::Tidied(_)
            | Event::PasswordSet(_)
            | Event::AddingIdentity(_)
            | Event::IdentityProven(..)
            | Event::OnFile(_)
            | Event::EmailVerified(_)
            | Event::TokenUsed(_)
            | Event::Confirmed(_)
            | Event::PasswordReplaced(..)
            | Event::SessionMoved(..) => None,
        }
    }

    /// Whether it changes who is signed in.
    pub fn is_of_sessions(&self) -> bool {
        match self {
            Event::SignedIn(_)
            | Event::Refreshed(..)
            | Event::SessionEnded(..)
            | Event::SessionMoved(..)
            | Event::AllSessionsEnded
            | Event::Tidied(_) => true,
            Event::Challenged(_)
            | Event::Registering(_)
            | Event::CodeWrong(..)
            | Event::CodeRight(_)
            | Event::IdentityAdded(_)
            | Event::RegistrationPassed(_)
            | Event::RegistrationLapsed
            | Event::Shredded
            | Event::PasswordSet(_)
            | Event::AddingIdentity(_)
            | Event::IdentityProven(..)
            | Event::OnFile(_)
            | Event::EmailVerified(_)
            | Event::TokenUsed(_)
            | Event::Confirmed(_)
            | Event::PasswordReplaced(..) => false,
        }
    }
}

impl Access {
    /// The challenge that `new` makes.
    pub(in crate::domain) fn challenged(
        &self,
        purpose: Purpose,
        new: &NewChallenge,
        wall: Timestamp,
    ) -> Challenge {
        Challenge {
            number: self.challenge_count.saturating_add(1),
            purpose,
            channel: new.channel,
            destination: new.destination,
            nonce: new.nonce,
            code: new.code,
            issued_at: wall,
            expires_at: wall.after(purpose.lasts()),
            wrong: 0,
        }
    }

    /// Decides `command` on behalf of `account`.
    pub(in crate::domain) fn decide(
        &self,
        command: &Command,
        account: Account,
        wall: Timestamp,
    ) -> Result<Vec<Event>, Rejection> {
        match command {
            Command::Challenge(purpose, new) => {
                let challenge = self.challenged(*purpose, new, wall);
                Ok(vec![Event::Challenged(challenge)])
            }
            Command::ChallengeOnFile(purpose, new, sealed) => {
                let challenge = self.challenged(*purpose, new, wall);
                let on_file = OnFile {
                    value: challenge.destination,
                    sealed: Arc::clone(sealed),
                };
                Ok(vec![Event::Challenged(challenge), Event::OnFile(on_file)])
            }
            Command::BeginAdding(new, add) => self.begin_adding(new, add, wall),
            Command::BeginAddingVouched(value, add) => {
                self.may_add(add, value, wall)?;
                Ok(vec![Event::AddingIdentity(Adding {
                    add: (**add).clone(),
                    value: *value,
                    lapses_at: wall.after(OTP_LASTS),
                    is_proven: true,
                })])
            }
            Command::AddIdentity(_) => self.add_identity(wall),
            Command::ResetPassword(attempt, sealed) => {
                self.reset_password(attempt, sealed, account, wall)
            }
            Command::ChangePassword(change) => self.change_password(change, wall),
            Command::VerifyEmail(attempt) => self.verify_email(attempt, account, wall),
            Command::Answer(attempt) => self.answer(attempt, account, wall),
            Command::Confirm(purpose, attempt) => self.confirm(*purpose, attempt, account, wall),
            Command::SignIn(nonce) => match account {
                Account::Exists => Ok(vec![self.signed_in(*nonce, wall)]),
                Account::Registering | Account::Nobody => Err(Rejection::CodeInvalid),
            },
            Command::Recognise(nonce) => match account {
                Account::Exists => Ok(vec![Event::SignedIn(self.begun(*nonce, wall).recognised())]),
                Account::Registering | Account::Nobody => Err(Rejection::CodeInvalid),
            },
            Command::SignInByPassword(number, nonce) => {
                let is_current = self
                    .password
                    .as_ref()
                    .is_some_and(|it| it.number == *number);
                match account {
                    Account::Exists if is_current => Ok(vec![self.signed_in(*nonce, wall)]),
                    Account::Exists | Account::Registering | Account::Nobody => {
                        Err(Rejection::PasswordChanged)
                    }
                }
            }
            Command::Finish(nonce) => self.finish(*nonce, account, wall),
            Command::Pass(other) => Ok(match self.proven(account, wall) {
                Some(_) => vec![Event::RegistrationPassed(*other)],
                None => Vec::new(),
            }),
            Command::Refresh(refresh) => self.refresh(refresh, wall),
            Command::MoveSession(number, to) => match self.session(*number) {
                Some(session) if session.organisation == Some(*to) => Ok(Vec::new()),
                Some(_) => Ok(vec![Event::SessionMoved(*number, *to)]),
                None => Err(Rejection::InvalidGrant),
            },
            Command::End(Which::This(number)) => Ok(match self.session(*number) {
                Some(_) => vec![Event::SessionEnded(*number, Ended::SignedOut)],
                None => Vec::new(),
            }),
            Command::End(Which::All) if self.sessions.is_empty() => Ok(Vec::new()),
            Command::End(Which::All) => Ok(vec![Event::AllSessionsEnded]),
            Command::Shredded => Ok(match self.to_shred {
                Some(_) => vec![Event::Shredded],
                None => Vec::new(),
            }),
        }
    }

    /// The challenge that `attempt` is at, if it is for what `fits` and can still be answered.
    pub(super) fn answerable(
        &self,
        attempt: &Attempt,
        fits: impl Fn(Purpose) -> bool,
        wall: Timestamp,
    ) -> Result<&Challenge, Rejection> {
        let guesses = self.guesses.counting(wall);
        if let Some(until) = guesses.locked_until() {
            return Err(Rejection::Locked(until));
        }
        let challenge = self.challenge(attempt.number).filter(|it| {
            wall < it.expires_at
                && it.wrong < TRIES_MAX
                && it.nonce.starts_with(&attempt.bound_to)
                && fits(it.purpose)
        });
        challenge.ok_or(Rejection::CodeInvalid)
    }

    fn answer(
        &self,
        attempt: &Attempt,
        account: Account,
        wall: Timestamp,
    ) -> Result<Vec<Event>, Rejection> {
        let challenge = self.answerable(attempt, Purpose::signs_in, wall)?;
        let matches = challenge.code.matches(&attempt.code);
        let used = Event::CodeRight(challenge.number);
        Ok(match (challenge.purpose, account) {
            // The session first: it is what the command came to.
            (Purpose::SignIn, Account::Exists) if matches => {
                vec![self.signed_in(attempt.nonce, wall), used]
            }
            (Purpose::Register, Account::Registering) if matches => vec![used],
            (Purpose::AddIdentity, Account::Exists) if matches => {
                let proven = self.identity_proven(challenge, wall);
                vec![proven.ok_or(Rejection::CodeInvalid)?]
            }
            (
                Purpose::SignIn
                | Purpose::Register
                | Purpose::AddIdentity
                | Purpose::ResetPassword
                | Purpose::VerifyEmail
                | Purpose::Till
                | Purpose::Wallet,
                Account::Exists | Account::Registering | Account::Nobody,
            ) => {
                vec![Event::CodeWrong(challenge.number, wall)]
            }
        })
    }

    fn signed_in(&self, nonce: [u8; 16], wall: Timestamp) -> Event {
        Event::SignedIn(self.begun(nonce, wall))
    }

    fn begun(&self, nonce: [u8; 16], wall: Timestamp) -> Session {
        Session::begun(self.session_count.saturating_add(1), nonce, wall)
    }

    /// The registration, if its code came back and it has not lapsed.
    fn proven(&self, account: Account, wall: Timestamp) -> Option<&Registering> {
        let registering = self.registering.as_ref();
        registering.filter(|it| {
            account == Account::Registering
                && it.progress == Progress::Proven
                && wall < it.lapses_at
        })
    }

    fn finish(
        &self,
        nonce: [u8; 16],
        account: Account,
        wall: Timestamp,
    ) -> Result<Vec<Event>, Rejection> {
        let registering = self.proven(account, wall).ok_or(Rejection::CodeInvalid)?;
        if self.identities.len() >= IDENTITIES_MAX {
            return Err(Rejection::CodeInvalid);
        }
        let identity = Identity {
            number: self.identity_count.saturating_add(1),
            provider: registering.provider,
            value: registering.value,
            sealed: registering.sealed.clone(),
            verified_at: wall,
        };
        let password = registering.password.clone().map(Event::PasswordSet);
        let mut events = vec![Event::IdentityAdded(identity)];
        events.extend(password);
        events.push(self.signed_in(nonce, wall));
        Ok(events)
    }

    fn refresh(&self, refresh: &Refresh, wall: Timestamp) -> Result<Vec<Event>, Rejection> {
        let session = self
            .session(refresh.session)
            .filter(|it| wall < it.expires_at && it.nonce == refresh.nonce)
            .ok_or(Rejection::InvalidGrant)?;
        let number = session.number;
        if refresh.generation == session.generation {
            return Ok(vec![Event::Refreshed(number, wall)]);
        }
        let is_predecessor = refresh.generation.checked_add(1) == Some(session.generation);
        if is_predecessor && wall < session.rotated_at.after(REFRESH_GRACE) {
            return Ok(Vec::new());
        }
        Ok(vec![Event::SessionEnded(number, Ended::Replayed)])
    }

    /// What has lapsed by `wall`.
    pub(in crate::domain) fn due(&self, wall: Timestamp) -> Vec<Event> {
        let registering = self.registering.as_ref();
        let lapsed = registering.is_some_and(|it| it.lapses_at <= wall);
        let mut after = self.clone();
        after.apply(&Event::Tidied(wall));
        let tidied = (after != *self).then_some(Event::Tidied(wall));
        let lapsed = lapsed.then_some(Event::RegistrationLapsed);
        lapsed.into_iter().chain(tidied).collect()
    }
}
