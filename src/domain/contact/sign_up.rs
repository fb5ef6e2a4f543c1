//! The organisations that a contact has signed up to.

use super::{Contact, Event, Rejection, Stage};
use crate::domain::time::Timestamp;

/// To how many organisations a contact may be signed up: a few hundred bytes of its row, and more than anybody visits.
pub const SIGN_UPS_MAX: usize = 64;

/// That a contact has signed up to an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignUp {
    /// The organisation, by entity number.
    pub organisation: u64,
    /// Whether it wants no e-mail from it.
    pub email_opt_out: bool,
    /// Whether it wants no text messages from it.
    pub sms_opt_out: bool,
    /// Whether it has accepted the organisation's terms.
    pub has_consented: bool,
    /// When it signed up first.
    pub at: Timestamp,
}

impl Contact {
    /// `wish` says when only from then on; one that was signed up before keeps its date.
    pub(super) fn sign_up(&self, wish: SignUp, now: Timestamp) -> Result<Vec<Event>, Rejection> {
        if self.stage != Stage::Active {
            return Err(Rejection::UnknownContact);
        }
        let before = self
            .sign_ups
            .iter()
            .find(|one| one.organisation == wish.organisation);
        let at = before.map_or(now, |before| before.at);
        let sign_up = SignUp { at, ..wish };
        match before {
            Some(before) if *before == sign_up => Ok(Vec::new()),
            None if self.sign_ups.len() >= SIGN_UPS_MAX => Err(Rejection::SignUpsFull),
            Some(_) | None => Ok(vec![Event::SignedUp(sign_up)]),
        }
    }

    pub(super) fn sign_out(&self, organisation: u64) -> Result<Vec<Event>, Rejection> {
        if self.stage != Stage::Active {
            return Err(Rejection::UnknownContact);
        }
        let is_in = |one: &SignUp| one.organisation == organisation;
        Ok(if self.sign_ups.iter().any(is_in) {
            vec![Event::SignedOut(organisation)]
        } else {
            Vec::new()
        })
    }

    pub(super) fn apply_sign_up(&mut self, sign_up: SignUp) {
        self.apply_sign_out(sign_up.organisation);
        self.sign_ups.push(sign_up);
    }

    pub(super) fn apply_sign_out(&mut self, organisation: u64) {
        self.sign_ups.retain(|one| one.organisation != organisation);
        // Part of what a contact shows, but of no profile: a change of one does not overtake the other.
        self.sign_up_version = self.sign_up_version.saturating_add(1);
    }
}
