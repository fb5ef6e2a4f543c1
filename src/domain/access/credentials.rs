//! What somebody who exists adds to how it gets in: passwords, further identities, and the proof of an e-mail address.

use std::sync::Arc;

use super::decide::{Account, Attempt};
use super::{
    Access, Challenge, Ended, Event, IDENTITIES_MAX, Identity, NewChallenge, Provider, Purpose,
    Rejection,
};
use crate::domain::directory_entry::ValueHash;
use crate::domain::time::{Span, Timestamp};

/// For how long after it signed in somebody may choose another password without knowing the present one: whoever finds an unlocked
/// phone later may not.
pub const SIGNED_IN_RECENTLY: Span = Span::seconds(10 * 60);

/// How often within [`NOTICES_COUNT_FOR`] somebody is told that its password is another one: mails cost the business, and whoever is in an account
/// can change its password again and again.
pub const NOTICES_MAX: u32 = 5;

/// For how long such notices count.
pub const NOTICES_COUNT_FOR: Span = Span::seconds(60 * 60);

/// How often somebody was told of another password lately.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notices {
    /// When the first of them was.
    pub since: Timestamp,
    /// How many there were since then.
    pub count: u32,
}

impl Notices {
    fn counts(self, at: Timestamp) -> bool {
        self.count > 0 && at < self.since.after(NOTICES_COUNT_FOR)
    }

    fn leave_another(self, at: Timestamp) -> bool {
        self.count < NOTICES_MAX || !self.counts(at)
    }

    /// With one more at `at`.
    pub(super) fn and_one(self, at: Timestamp) -> Notices {
        if self.counts(at) {
            Notices {
                count: self.count.saturating_add(1),
                ..self
            }
        } else {
            Notices {
                since: at,
                count: 1,
            }
        }
    }
}

/// An identity that is to be added once a code that is sent to it came back, or a provider has vouched for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToAdd {
    /// The session that asks: what ended adds nothing.
    pub session: u32,
    /// Who is to vouch for it.
    pub provider: Provider,
    /// The value as messages are sent to it, sealed.
    pub sealed: Arc<[u8]>,
    /// The hash of the password that was chosen, sealed.
    pub password: Option<Arc<[u8]>>,
}

/// An identity that is being added: one at a time, and a later one takes its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adding {
    /// What is to be added.
    pub add: ToAdd,
    /// The value.
    pub value: ValueHash,
    /// When nothing of it is left, unless it is added by then.
    pub lapses_at: Timestamp,
    /// Whether the code came back: the value is being claimed.
    pub is_proven: bool,
}

/// Where a code goes that is no identity: what the person's profile says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnFile {
    /// The value.
    pub value: ValueHash,
    /// The value as messages are sent to it, sealed.
    pub sealed: Arc<[u8]>,
}

/// A password to set, by somebody who is signed in.
#[derive(Clone, Debug)]
pub struct ChangePassword {
    /// The session that asks.
    pub session: u32,
    /// The number of the present password, where that was found to be known.
    pub knows: Option<u32>,
    /// The hash of the new one, sealed.
    pub sealed: Arc<[u8]>,
}

impl Access {
    /// The challenge that `attempt` answers rightly, if it is for `purpose`. Nobody guesses a token: a wrong one is not counted.
    fn token(&self, attempt: &Attempt, purpose: Purpose, wall: Timestamp) -> Option<&Challenge> {
        self.challenge(attempt.number).filter(|it| {
            it.purpose == purpose
                && wall < it.expires_at
                && it.nonce.starts_with(&attempt.bound_to)
                && it.code.matches(&attempt.code)
        })
    }

    pub(super) fn reset_password(
        &self,
        attempt: &Attempt,
        sealed: &Arc<[u8]>,
        account: Account,
        wall: Timestamp,
    ) -> Result<Vec<Event>, Rejection> {
        let token = self.token(attempt, Purpose::ResetPassword, wall);
        match (token, account) {
            (Some(token), Account::Exists) => {
                let ends = [Event::TokenUsed(token.number), Event::AllSessionsEnded];
                Ok(self.set_password(sealed, wall).chain(ends).collect())
            }
            (Some(_) | None, Account::Exists | Account::Registering | Account::Nobody) => {
                Err(Rejection::CodeInvalid)
            }
        }
    }

    /// The first e-mail address that it signs in by: where a password counts.
    pub fn email_address(&self) -> Option<ValueHash> {
        let mut identities = self.identities.iter();
        let found = identities.find(|it| it.provider == Provider::Email);
        found.map(|it| it.value)
    }

    pub(super) fn change_password(
        &self,
        change: &ChangePassword,
        wall: Timestamp,
    ) -> Result<Vec<Event>, Rejection> {
        let session = self.acting(change.session, wall);
        let session = session.ok_or(Rejection::InvalidGrant)?;
        // A password that opens nothing today would open what is added tomorrow.
        self.email_address().ok_or(Rejection::NoEmailAddress)?;
        let is_recent = wall < session.began_at.after(SIGNED_IN_RECENTLY);
        let present = self.password.as_ref().map(|it| it.number);
        if !is_recent && (change.knows.is_none() || change.knows != present) {
            return Err(Rejection::StepUpRequired);
        }
        let others = self
            .sessions
            .iter()
            .filter(|it| it.number != change.session);
        let ended = others.map(|it| Event::SessionEnded(it.number, Ended::SignedOut));
        let set = self.set_password(&change.sealed, wall);
        Ok(set.chain(ended).collect())
    }

    /// Sets a password. Where there was one, its owner is told: it may have been somebody else.
    fn set_password(
        &self,
        sealed: &Arc<[u8]>,
        wall: Timestamp,
    ) -> impl Iterator<Item = Event> + use<> {
        let before = self.password.as_ref();
        let before = before.filter(|it| it.notices.leave_another(wall));
        let replaced = before.map(|before| {
            let number = before.number.saturating_add(1);
            Event::PasswordReplaced(number, wall)
        });
        let set = Event::PasswordSet(Arc::clone(sealed));
        [set].into_iter().chain(replaced)
    }

    /// A code that signs nobody in was answered: whoever asked for it is told whether it was right.
    pub(super) fn confirm(
        &self,
        purpose: Purpose,
        attempt: &Attempt,
        account: Account,
        wall: Timestamp,
    ) -> Result<Vec<Event>, Rejection> {
        let challenge = self.answerable(attempt, |it| it == purpose, wall)?;
        let is_right = account == Account::Exists && challenge.code.matches(&attempt.code);
        Ok(vec![match is_right {
            true => Event::Confirmed(challenge.number),
            false => Event::CodeWrong(challenge.number, wall),
        }])
    }

    /// Whoever opens the link twice is told the same: what reads mails ahead opens it first.
    pub(super) fn verify_email(
        &self,
        attempt: &Attempt,
        account: Account,
        wall: Timestamp,
    ) -> Result<Vec<Event>, Rejection> {
        let token = self.token(attempt, Purpose::VerifyEmail, wall);
        match (token, account) {
            (Some(token), Account::Exists) if self.verified == Some(token.destination) => {
                Ok(Vec::new())
            }
            (Some(token), Account::Exists) => Ok(vec![Event::EmailVerified(token.destination)]),
            (Some(_) | None, Account::Exists | Account::Registering | Account::Nobody) => {
                Err(Rejection::CodeInvalid)
            }
        }
    }

    /// Demands that the session that asks has not ended, and that there is room for `value`.
    pub(super) fn may_add(
        &self,
        add: &ToAdd,
        value: &ValueHash,
        wall: Timestamp,
    ) -> Result<(), Rejection> {
        let session = self.acting(add.session, wall);
        session.ok_or(Rejection::InvalidGrant)?;
        if self.identities.iter().any(|it| it.value == *value) {
            return Err(Rejection::IdentityKnown);
        }
        if self.identities.len() >= IDENTITIES_MAX {
            return Err(Rejection::IdentitiesFull);
        }
        Ok(())
    }

    pub(super) fn begin_adding(
        &self,
        new: &NewChallenge,
        add: &ToAdd,
        wall: Timestamp,
    ) -> Result<Vec<Event>, Rejection> {
        self.may_add(add, &new.destination, wall)?;
        let challenge = self.challenged(Purpose::AddIdentity, new, wall);
        let adding = Adding {
            add: add.clone(),
            value: challenge.destination,
            lapses_at: challenge.expires_at,
            is_proven: false,
        };
        // The code first: it is what the command came to.
        Ok(vec![
            Event::Challenged(challenge),
            Event::AddingIdentity(adding),
        ])
    }

    /// What a right code for an identity that is to be added comes to; none if another took its place, or its session has ended.
    pub(super) fn identity_proven(&self, right: &Challenge, wall: Timestamp) -> Option<Event> {
        let adding = self.adding.as_ref();
        let adding = adding.filter(|it| it.value == right.destination && wall < it.lapses_at)?;
        self.acting(adding.add.session, wall)?;
        Some(Event::IdentityProven(right.number, adding.add.session))
    }

    /// The identity that was proven and is to be added, if it has not lapsed.
    pub fn to_add(&self, wall: Timestamp) -> Option<&Adding> {
        let adding = self.adding.as_ref();
        adding.filter(|it| it.is_proven && wall < it.lapses_at)
    }

    pub(super) fn add_identity(&self, wall: Timestamp) -> Result<Vec<Event>, Rejection> {
        let adding = self.to_add(wall).ok_or(Rejection::CodeInvalid)?;
        if self.identities.len() >= IDENTITIES_MAX {
            return Err(Rejection::IdentitiesFull);
        }
        let identity = Identity {
            number: self.identity_count.saturating_add(1),
            provider: adding.add.provider,
            value: adding.value,
            sealed: Arc::clone(&adding.add.sealed),
            verified_at: wall,
        };
        let password = adding.add.password.as_ref();
        let password = password.map(|sealed| self.set_password(sealed, wall));
        Ok([Event::IdentityAdded(identity)]
            .into_iter()
            .chain(password.into_iter().flatten())
            .collect())
    }
}
