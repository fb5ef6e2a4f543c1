//! How an access changes.

use std::sync::Arc;

use super::challenge::{CHALLENGES_MAX, TRIES_MAX};
use super::{
    Access, Challenge, Event, Guesses, Notices, OnFile, Progress, SealedPassword, Session,
};
use crate::domain::time::Timestamp;

impl Access {
    /// Takes `event` in.
    pub(in crate::domain) fn apply(&mut self, event: &Event) {
        match event {
            Event::Challenged(challenge) => self.apply_challenge(*challenge),
            Event::Registering(registering) => self.registering = Some(registering.clone()),
            Event::CodeWrong(number, at) => self.apply_wrong(*number, *at),
            Event::CodeRight(number) => {
                self.challenges.retain(|it| it.number != *number);
                self.guesses = Guesses::default();
                if let Some(registering) = &mut self.registering {
                    registering.progress = Progress::Proven;
                }
            }
            Event::IdentityAdded(identity) => {
                self.identity_count = identity.number;
                self.identities.push(identity.clone());
                self.registering = None;
                self.adding = None;
            }
            Event::SignedIn(session) => self.apply_session(*session),
            Event::Refreshed(number, at) => {
                for session in &mut self.sessions {
                    if session.number == *number {
                        *session = session.refreshed(*at);
                    }
                }
            }
            Event::SessionMoved(number, to) => {
                for session in &mut self.sessions {
                    if session.number == *number {
                        session.organisation = Some(*to);
                    }
                }
            }
            Event::SessionEnded(number, _) => self.sessions.retain(|it| it.number != *number),
            Event::AllSessionsEnded => self.sessions.clear(),
            Event::RegistrationPassed(other) => {
                if let Some(registering) = &mut self.registering {
                    registering.progress = Progress::Passed(*other);
                }
            }
            // Which key is to be destroyed, the contact knows.
            Event::RegistrationLapsed => {
                self.registering = None;
                self.challenges.clear();
            }
            Event::Shredded => self.to_shred = None,
            Event::Tidied(at) => self.tidy(*at),
            Event::PasswordSet(sealed) => self.apply_password(sealed),
            Event::AddingIdentity(adding) => self.adding = Some(adding.clone()),
            Event::IdentityProven(number, _) => {
                self.challenges.retain(|it| it.number != *number);
                self.guesses = Guesses::default();
                if let Some(adding) = &mut self.adding {
                    adding.is_proven = true;
                }
            }
            Event::OnFile(on_file) => self.on_file = Some(on_file.clone()),
            Event::EmailVerified(value) => self.verified = Some(*value),
            Event::TokenUsed(number) => self.challenges.retain(|it| it.number != *number),
            Event::PasswordReplaced(_, at) => {
                if let Some(password) = &mut self.password {
                    password.notices = password.notices.and_one(*at);
                }
            }
            Event::Confirmed(number) => {
                self.challenges.retain(|it| it.number != *number);
                self.guesses = Guesses::default();
            }
        }
    }

    fn apply_challenge(&mut self, challenge: Challenge) {
        self.challenge_count = challenge.number;
        if self.challenges.len() >= CHALLENGES_MAX {
            self.challenges.remove(0);
        }
        self.challenges.push(challenge);
    }

    fn apply_password(&mut self, sealed: &Arc<[u8]>) {
        let before = self.password.as_ref();
        let number = before.map_or(0, |it| it.number).saturating_add(1);
        self.password = Some(SealedPassword {
            number,
            sealed: Arc::clone(sealed),
            notices: before.map_or_else(Notices::default, |it| it.notices),
        });
    }

    fn apply_wrong(&mut self, number: u32, at: Timestamp) {
        self.guesses = self.guesses.and_one(at);
        for challenge in &mut self.challenges {
            if challenge.number == number {
                challenge.wrong = challenge.wrong.saturating_add(1);
            }
        }
        self.challenges.retain(|it| it.wrong < TRIES_MAX);
    }

    fn apply_session(&mut self, session: Session) {
        self.session_count = session.number;
        self.sessions.retain(|it| session.began_at < it.expires_at);
        let alike = self.sessions.iter().filter(|it| it.trust == session.trust);
        if alike.clone().count() >= session.trust.sessions_max() {
            let idlest = alike.min_by_key(|it| it.rotated_at);
            let idlest = idlest.map(|it| it.number);
            self.sessions.retain(|it| Some(it.number) != idlest);
        }
        self.sessions.push(session);
    }

    fn tidy(&mut self, at: Timestamp) {
        self.challenges.retain(|it| at < it.expires_at);
        self.sessions.retain(|it| at < it.expires_at);
        self.guesses = self.guesses.counting(at);
        self.adding = self.adding.take().filter(|it| at < it.lapses_at);
        let challenges = &self.challenges;
        let goes_there = |it: &OnFile| challenges.iter().any(|to| to.destination == it.value);
        self.on_file = self.on_file.take().filter(goes_there);
    }
}
