//! How a user changes.

use super::letter::{FORGETS_COUNT_FOR, LETTERS_MAX, Letter, Purpose};
use super::session::{SESSIONS_MAX, Session};
use super::{Event, Membership, Stage, Totp, User, Wrong};
use crate::domain::access::Guesses;
use crate::domain::address::TenantId;
use crate::domain::time::Timestamp;

impl User {
    /// Takes `event` in.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Created(value, person, at) => {
                self.stage = Stage::Pending;
                self.value = Some(*value);
                self.person = Some(person.clone());
                self.created_at = *at;
                // What was asked for before there was anybody.
                self.letters.clear();
            }
            Event::Activated(proven_to) => {
                self.stage = Stage::Active;
                self.proven_to = *proven_to;
            }
            Event::PasswordSet(password) => {
                self.password = Some(password.clone());
                self.password_count = self.password_count.saturating_add(1);
                self.wrong = Wrong::default();
            }
            Event::MembershipsSet(tenant, memberships) => self.set(*tenant, memberships),
            Event::LetterSent(letter) => self.apply_letter(letter),
            Event::LetterUsed(number) => self.letters.retain(|it| it.number != *number),
            Event::SignedIn(session) => self.apply_session(*session),
            Event::Refreshed(number, at) => {
                for session in &mut self.sessions {
                    if session.tokens.number == *number {
                        session.tokens = session.tokens.refreshed(*at);
                    }
                }
            }
            // The user is told, and nothing is kept of that.
            Event::PasswordReplaced(_) | Event::FactorChanged(_) => {}
            Event::SessionEnded(number, _) => self.end(*number),
            Event::AllSessionsEnded => self.sessions.clear(),
            Event::PasswordWrong(at) => {
                self.wrong = self.wrong.and_one(*at);
                if self.wrong.locked_until().is_some() {
                    self.locked_out_at = Some(*at);
                }
            }
            Event::Renamed(person) => self.person = Some(person.clone()),
            Event::TotpEnrolled(nonce) => {
                // Wrong codes count on: enrolling again gives no guess back.
                let guesses = self.totp.as_ref().map(|it| it.guesses);
                self.totp = Some(Totp {
                    nonce: *nonce,
                    last_step: None,
                    guesses: guesses.unwrap_or_default(),
                    recovery: Vec::new(),
                });
            }
            Event::CodeRight(step) => {
                if let Some(totp) = &mut self.totp {
                    totp.last_step = Some(*step);
                    totp.guesses = Guesses::default();
                }
            }
            Event::CodeWrong(at) => {
                if let Some(totp) = &mut self.totp {
                    totp.guesses = totp.guesses.and_one(*at);
                }
            }
            Event::SteppedUp(number, at) => {
                for session in &mut self.sessions {
                    if session.tokens.number == *number {
                        session.stepped_up_at = Some(*at);
                    }
                }
            }
            Event::TotpRemoved => self.totp = None,
            Event::RecoveryCodesSet(codes) => {
                if let Some(totp) = &mut self.totp {
                    totp.recovery.clone_from(codes);
                }
            }
            Event::RecoveryCodeUsed(code) => {
                if let Some(totp) = &mut self.totp {
                    totp.recovery.retain(|it| it != code);
                    totp.guesses = Guesses::default();
                }
            }
            Event::Tidied(at) => self.tidy(*at),
        }
    }

    fn set(&mut self, tenant: TenantId, memberships: &[Membership]) {
        // Where the first of them was: by the first of all its user signs in.
        let at = self.memberships.iter().position(|it| it.tenant == tenant);
        let before = self.memberships.iter().take(at.unwrap_or(usize::MAX));
        let place = before.filter(|it| it.tenant != tenant).count();
        self.memberships.retain(|it| it.tenant != tenant);
        let rest = self
            .memberships
            .split_off(place.min(self.memberships.len()));
        self.memberships.extend_from_slice(memberships);
        self.memberships.extend(rest);
    }

    fn apply_letter(&mut self, letter: &Letter) {
        self.letter_count = letter.number;
        if letter.purpose == Purpose::Reset {
            let counting = |at: &Timestamp| letter.issued_at < at.after(FORGETS_COUNT_FOR);
            self.forgot_at.retain(counting);
            self.forgot_at.push(letter.issued_at);
        }
        if self.letters.len() >= LETTERS_MAX {
            self.letters.remove(0);
        }
        self.letters.push(letter.clone());
    }

    fn apply_session(&mut self, session: Session) {
        let number = session.tokens.number;
        self.session_count = number;
        let now = session.tokens.began_at;
        self.sessions.retain(|it| now < it.tokens.expires_at);
        if session.parent.is_none() {
            self.wrong = Wrong::default();
        }
        if self.sessions.len() >= SESSIONS_MAX {
            let is_parent = |it: &&Session| {
                let number = Some(it.tokens.number);
                session.parent == number || self.sessions.iter().any(|of| of.parent == number)
            };
            let leaves = self.sessions.iter().filter(|it| !is_parent(it));
            let idlest = leaves.min_by_key(|it| it.tokens.rotated_at);
            let idlest = idlest.map(|it| it.tokens.number);
            self.sessions.retain(|it| Some(it.tokens.number) != idlest);
        }
        self.sessions.push(session);
    }

    fn end(&mut self, number: u32) {
        self.sessions
            .retain(|it| it.tokens.number != number && it.parent != Some(number));
    }

    fn tidy(&mut self, at: Timestamp) {
        let lapsed = self.sessions.iter().filter(|it| at >= it.tokens.expires_at);
        let lapsed: Vec<_> = lapsed.map(|it| it.tokens.number).collect();
        for number in lapsed {
            self.end(number);
        }
        self.letters.retain(|it| at < it.expires_at);
        self.forgot_at.retain(|it| at < it.after(FORGETS_COUNT_FOR));
        self.wrong = self.wrong.counting(at);
        if let Some(totp) = &mut self.totp {
            totp.guesses = totp.guesses.counting(at);
        }
    }
}
