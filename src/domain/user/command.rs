//! What a user can be asked to do.

use super::Membership;
use super::Rejection;
use super::letter::{NewLetter, Registration};
use super::session::Place;
use super::step_up::{RecoveryHash, SecondFactor, Typist};
use crate::domain::access::{PasswordHash, Refresh, Which};
use crate::domain::address::TenantId;
use crate::domain::contact::SealedProfile;
use crate::domain::directory_entry::ValueHash;
use crate::domain::remembered::Outcome;
use crate::domain::time::Timestamp;

/// Who is to be a user.
#[derive(Clone, Debug)]
pub struct Create {
    /// The e-mail address, hashed.
    pub value: ValueHash,
    /// Its names and its e-mail address, sealed; dropped, if the user exists.
    pub person: SealedProfile,
    /// Its password, and whether it has to choose another one.
    pub password: (PasswordHash, bool),
    /// What it may do where.
    pub memberships: Vec<Membership>,
}

/// Who registers an organisation.
#[derive(Clone, Debug)]
pub struct Register {
    /// The e-mail address, hashed.
    pub value: ValueHash,
    /// Its names and its e-mail address, sealed; dropped, if the user exists.
    pub person: SealedProfile,
    /// What it registers.
    pub registration: Registration,
    /// What proves its e-mail address.
    pub letter: NewLetter,
}

/// Who is asked to be a member of an organisation.
#[derive(Clone, Debug)]
pub struct Invite {
    /// The e-mail address, hashed.
    pub value: ValueHash,
    /// Its names and its e-mail address, sealed; dropped, if the user exists.
    pub person: SealedProfile,
    /// What it is to do where.
    pub memberships: Vec<Membership>,
    /// The invitation.
    pub letter: NewLetter,
}

/// A password that was typed.
#[derive(Clone, Copy, Debug)]
pub struct Credentials {
    /// The e-mail address, hashed.
    pub value: ValueHash,
    /// Whether the password was right.
    pub matches: bool,
    /// The number of the password that it was compared with.
    pub password: u32,
    /// What is to make the tokens of the session.
    pub nonce: [u8; 16],
}

/// A session that begins from another.
#[derive(Clone, Copy, Debug)]
pub struct Begin {
    /// From which.
    pub from: u32,
    /// What it is to look at.
    pub place: Place,
    /// Whether it acts as the organisation by what the user may do in those above.
    pub is_masquerade: bool,
    /// What is to make its tokens.
    pub nonce: [u8; 16],
}

/// A password that was typed with a one-time token: the one that the user has, or is going to have.
#[derive(Clone, Debug)]
pub struct Typed {
    /// What it is compared by from then on, if it is going to be the user's.
    pub hash: PasswordHash,
    /// The number of the user's password that it is, if it is one.
    pub matches: Option<u32>,
}

/// A one-time token comes back.
#[derive(Clone, Debug)]
pub struct UseLetter {
    /// Which.
    pub number: u32,
    /// What it was made of.
    pub nonce: [u8; 16],
    /// The password that was typed with it, where one is.
    pub password: Option<Typed>,
    /// What is to make the tokens of a session, where one is to begin.
    pub session: Option<[u8; 16]>,
}

/// Roles in the organisations of a tenant, in place of others.
#[derive(Clone, Debug)]
pub struct SetMemberships {
    /// Whose organisations.
    pub tenant: TenantId,
    /// What the user has there, as far as whoever changes it knows: what it got meanwhile is not taken unseen.
    pub before: Vec<Membership>,
    /// What it is to have.
    pub after: Vec<Membership>,
    /// When it is too late, on the wall: whoever changes it may have lost its own roles by then.
    pub until: Timestamp,
}

/// What a user can be asked to do.
#[derive(Clone, Debug)]
pub enum Command {
    /// Come into being with a password.
    Create(Create),
    /// Register an organisation.
    Register(Register),
    /// Be asked to be a member.
    Invite(Invite),
    /// Sign in, if the password is right.
    SignIn(Credentials),
    /// Begin a session from another.
    Begin(Begin),
    /// Rotate the tokens of a session.
    Refresh(Refresh),
    /// End sessions: that of this number with all that are of one sign-in with it, or every one.
    End(Which),
    /// Be sent a token to choose another password.
    Forget(NewLetter),
    /// Take a one-time token.
    UseLetter(UseLetter),
    /// Have this password instead of that of this number, and end every session but this one and those of one sign-in with it.
    SetPassword(u32, PasswordHash, u32),
    /// Have these roles in a tenant's organisations and no others.
    SetMemberships(SetMemberships),
    /// Have these names.
    Rename(SealedProfile),
    /// Have an app that makes codes, with what makes its secret.
    EnrolTotp(Typist, [u8; 16]),
    /// Take the first code of the app in a session, of the time step in which it is right, if it is right in any; and these recovery codes.
    ConfirmTotp(u32, Option<u64>, Vec<RecoveryHash>),
    /// Take a code in a session.
    StepUp(u32, SecondFactor),
    /// Have no app any more, given a code.
    RemoveTotp(Typist, SecondFactor),
    /// Have these recovery codes instead of those that are left, given a code.
    RenewRecoveryCodes(Typist, SecondFactor, Vec<RecoveryHash>),
    /// Have no app any more, as somebody else wants it who saw these roles; and end every session.
    ResetTotp(Vec<Membership>),
    /// Forget what has lapsed.
    FireTimers,
}

impl Command {
    /// What it comes to where nobody is: to the same as with somebody, as far as a stranger may ask it.
    pub(super) fn refused_by_nobody(&self) -> Option<Rejection> {
        match self {
            Command::Create(_)
            | Command::Register(_)
            | Command::Invite(_)
            | Command::SignIn(_)
            | Command::Forget(_)
            | Command::FireTimers => None,
            Command::Refresh(_) | Command::Begin(_) => Some(Rejection::InvalidGrant),
            Command::UseLetter(_) => Some(Rejection::LetterInvalid),
            Command::End(_)
            | Command::SetPassword(..)
            | Command::SetMemberships(_)
            | Command::Rename(_)
            | Command::EnrolTotp(..)
            | Command::ConfirmTotp(..)
            | Command::StepUp(..)
            | Command::RemoveTotp(..)
            | Command::RenewRecoveryCodes(..)
            | Command::ResetTotp(_) => Some(Rejection::UnknownUser),
        }
    }

    /// What it came to when it changes nothing, as it was done before.
    pub(in crate::domain) fn came_to_before(&self) -> Outcome {
        match self {
            // The answer was lost: the newest tokens are told again.
            Command::Refresh(refresh) => Outcome::SignedIn(refresh.session),
            Command::Create(_)
            | Command::Register(_)
            | Command::Invite(_)
            | Command::SignIn(_)
            | Command::Begin(_)
            | Command::End(_)
            | Command::Forget(_)
            | Command::UseLetter(_)
            | Command::SetPassword(..)
            | Command::SetMemberships(_)
            | Command::Rename(_)
            | Command::EnrolTotp(..)
            | Command::ConfirmTotp(..)
            | Command::StepUp(..)
            | Command::RemoveTotp(..)
            | Command::RenewRecoveryCodes(..)
            | Command::ResetTotp(_)
            | Command::FireTimers => Outcome::Done,
        }
    }
}
