//! What a one-time token proves, and to whom.
//!
//! A user is one for all networks, and each network sends its own letters: what it sends in test mode it reads in its own test inbox, and what it sends in live
//! mode goes through integrations of its own. So a token proves to read an address's mail to the network that sent it, in that mode, and not to others: whoever has
//! an account already has it opened by its password, and by no letter of another network.

use super::command::{Typed, UseLetter};
use super::decide::{set, tenants};
use super::event::{Event, Rejection};
use super::letter::{Letter, Purpose, Registration};
use super::{Membership, Stage, User};
use crate::domain::access::PasswordHash;
use crate::domain::address::{Mode, TenantId};
use crate::domain::time::Timestamp;

impl User {
    pub(super) fn use_letter(
        &self,
        used: &UseLetter,
        wall: Timestamp,
    ) -> Result<Vec<Event>, Rejection> {
        let letter = self
            .letter(used.number)
            .filter(|it| it.nonce == used.nonce && wall < it.expires_at)
            .ok_or(Rejection::LetterInvalid)?;
        match (&letter.purpose, &used.password) {
            (Purpose::Invitation(memberships), Some(typed)) => {
                let mut events = self.accepted(letter, memberships, typed, wall)?;
                let is_wrong = matches!(events.as_slice(), [Event::PasswordWrong(_)]);
                if let (Some(nonce), Some(place), false) =
                    (used.session, memberships.first(), is_wrong)
                {
                    events.push(self.signed_in(place, nonce, wall));
                }
                Ok(events)
            }
            // Only by whoever the account goes by: a letter of test mode is worth nothing any more once live mode has proven the address.
            (Purpose::Reset, Some(typed))
                if self.password.is_some() && letter.sender == self.proven_to =>
            {
                let mut events = self.replaced(&typed.hash, letter.sender, wall);
                events.push(Event::LetterUsed(letter.number));
                events.extend(self.all_ended());
                Ok(events)
            }
            (Purpose::Verification(registration), None) => {
                self.verified(registration, letter.sender, wall)
            }
            // A token for something else.
            (Purpose::Invitation(_), None)
            | (Purpose::Reset, _)
            | (Purpose::Verification(_), Some(_)) => Err(Rejection::LetterInvalid),
        }
    }

    fn accepted(
        &self,
        letter: &Letter,
        memberships: &[Membership],
        typed: &Typed,
        wall: Timestamp,
    ) -> Result<Vec<Event>, Rejection> {
        let mut events;
        let outranked = self.is_outranked_by(letter.sender);
        if self.stage != Stage::Active {
            events = self.added(memberships)?;
            events.push(set(&typed.hash, wall, false));
            events.push(Event::Activated(letter.sender));
        } else if self.knows(typed, wall) {
            events = self.added(memberships)?;
            events.extend(outranked.then_some(Event::Activated(letter.sender)));
        } else if outranked {
            // The password may be that of whoever read it in a test inbox, and so may be what it opens elsewhere.
            let tenant = letter.sender.map(|(tenant, _)| tenant);
            events = self.taken_over(&typed.hash, letter.sender, wall);
            events.extend(self.without(|it| Some(it) != tenant));
            events.extend(self.added(memberships)?);
        } else if self.wrong.counting(wall).locked_until().is_some() {
            return Err(Rejection::LoginRefused);
        } else {
            return Ok(vec![Event::PasswordWrong(wall)]);
        }
        events.push(Event::LetterUsed(letter.number));
        Ok(events)
    }

    /// The e-mail address of a registration is proven. Its token is good until it lapses: programs open links before people do.
    fn verified(
        &self,
        registration: &Registration,
        sender: Option<(TenantId, Mode)>,
        wall: Timestamp,
    ) -> Result<Vec<Event>, Rejection> {
        let membership = registration.membership();
        if self.works_at(registration) {
            return Ok(Vec::new());
        }
        if !self.takes(registration, sender) {
            return Err(Rejection::LoginRefused);
        }
        let outranked = self.is_outranked_by(sender);
        let mut events;
        if self.stage != Stage::Active {
            events = self.added(&[membership])?;
            events.push(set(&registration.password, wall, false));
            events.push(Event::Activated(sender));
        } else if outranked && registration.knows != Some(self.password_count) {
            // Who typed this password had proven nothing yet: it opens what is registered, and nothing from before.
            events = self.taken_over(&registration.password, sender, wall);
            events.extend(self.without(|it| it != membership.tenant));
            events.push(Event::MembershipsSet(membership.tenant, vec![membership]));
        } else {
            events = self.added(&[membership])?;
            events.extend(outranked.then_some(Event::Activated(sender)));
        }
        Ok(events)
    }

    /// Whether it has a role in the organisation already: the token came before.
    fn works_at(&self, registration: &Registration) -> bool {
        let place = (registration.tenant, registration.organisation);
        let mut there = self.memberships.iter();
        there.any(|it| (it.tenant, it.organisation) == place)
    }

    /// Whether a registration that `sender` has proven may make this user an owner. Where another network knows the user, it must have been registered
    /// with the user's password: whoever knows that one might be somebody else than who reads the mails.
    pub fn takes(&self, registration: &Registration, sender: Option<(TenantId, Mode)>) -> bool {
        let is_home = self.proven_to.map(|(tenant, _)| tenant) == Some(registration.tenant);
        self.works_at(registration)
            || self.stage != Stage::Active
            || is_home
            || self.is_outranked_by(sender)
            || registration.knows == Some(self.password_count)
    }

    /// Whether a letter of `sender` proves more than what proved the address so far: live mode more than test mode, where nothing leaves.
    fn is_outranked_by(&self, sender: Option<(TenantId, Mode)>) -> bool {
        let is_of = |sender: Option<(_, Mode)>, mode| sender.is_some_and(|(_, it)| it == mode);
        is_of(self.proven_to, Mode::Test) && is_of(sender, Mode::Live)
    }

    fn knows(&self, typed: &Typed, wall: Timestamp) -> bool {
        typed.matches == Some(self.password_count)
            && self.wrong.counting(wall).locked_until().is_none()
    }

    fn taken_over(
        &self,
        hash: &PasswordHash,
        sender: Option<(TenantId, Mode)>,
        wall: Timestamp,
    ) -> Vec<Event> {
        let mut events = self.replaced(hash, sender, wall);
        events.push(Event::Activated(sender));
        events.extend(self.totp.as_ref().map(|_| Event::TotpRemoved));
        events.extend(self.all_ended());
        events
    }

    /// Takes the roles in tenants of which `goes` is true.
    fn without(&self, goes: impl Fn(TenantId) -> bool) -> impl Iterator<Item = Event> {
        let mut tenants = tenants(&self.memberships);
        tenants.retain(|it| goes(*it));
        tenants
            .into_iter()
            .map(|tenant| Event::MembershipsSet(tenant, Vec::new()))
    }

    pub(super) fn all_ended(&self) -> Option<Event> {
        (!self.sessions.is_empty()).then_some(Event::AllSessionsEnded)
    }
}
