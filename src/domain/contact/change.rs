//! How a contact that exists changes what it is and is known by, and how it is erased.
//!
//! A unique value that is added is reserved in its directory entry before the contact records it. A value that is given up is
//! recorded by the contact first, and stays in `released` until its entry was told.

use std::sync::Arc;

use super::{Contact, ContactType, Event, Rejection, SealedProfile, Stage};
use crate::domain::directory_entry::{Obligation, RESERVED_FOR, ValueHash};
use crate::domain::time::Timestamp;

/// How many values may wait for their entries to be told: twice what a contact can have. Past it, entries have been out of
/// reach for long, and no more is given up until they are back.
const RELEASED_MAX: usize = 96;

/// Values that are being reserved for a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingChange {
    /// By which attempt.
    pub attempt: u32,
    /// The values.
    pub adds: Vec<ValueHash>,
}

/// A change of what a contact is and is known by: the whole new profile, since it is sealed as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The version that the change was made from.
    pub from_version: u32,
    /// The attempt that reserved `adds`.
    pub attempt: u32,
    /// Who it is.
    pub contact_type: ContactType,
    /// Its personal fields, sealed with the contact's own key.
    pub profile: SealedProfile,
    /// The code that people use.
    pub code: Arc<str>,
    /// Unique values that it gets.
    pub adds: Vec<ValueHash>,
    /// Unique values that it gives up.
    pub removes: Vec<ValueHash>,
}

/// What directory entries are still to be told of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Released {
    /// The values that were given up.
    pub values: Vec<ValueHash>,
    /// When to tell their entries, unless that was done by then.
    pub due: Timestamp,
}

impl Contact {
    pub(super) fn begin_change(&self, adds: &[ValueHash]) -> Result<Vec<Event>, Rejection> {
        self.must_exist()?;
        let adds = adds.iter().filter(|value| !self.claims.contains(value));
        Ok(vec![Event::ChangeBegun(adds.copied().collect())])
    }

    pub(super) fn change(
        &self,
        change: &Arc<Change>,
        now: Timestamp,
    ) -> Result<Vec<Event>, Rejection> {
        self.must_exist()?;
        let is_reserved = |value: &ValueHash| {
            self.pending.as_ref().is_some_and(|pending| {
                pending.attempt == change.attempt && pending.adds.contains(value)
            })
        };
        let released = self
            .released
            .values
            .len()
            .saturating_add(change.removes.len());
        if change.from_version != self.profile_version
            || !change.adds.iter().all(is_reserved)
            || released > RELEASED_MAX
        {
            return Err(Rejection::Overtaken);
        }
        Ok(vec![Event::Changed(
            Arc::clone(change),
            now.after(RESERVED_FOR),
        )])
    }

    pub(super) fn erase(&self, now: Timestamp) -> Result<Vec<Event>, Rejection> {
        self.must_exist()?;
        Ok(vec![Event::Erased(now)])
    }

    /// The answer to an entry whose reservation has lapsed. A change that comes later is refused.
    pub(super) fn settle_change(&self, value: ValueHash, attempt: u32) -> Vec<Event> {
        let is_pending = self
            .pending
            .as_ref()
            .is_some_and(|pending| pending.attempt == attempt && pending.adds.contains(&value));
        if is_pending && !self.claims.contains(&value) {
            vec![Event::ReservationVoided(value)]
        } else {
            Vec::new()
        }
    }

    pub(super) fn tell_released(&self, values: &[ValueHash]) -> Vec<Event> {
        let told = values
            .iter()
            .filter(|value| self.released.values.contains(value));
        let told: Vec<_> = told.copied().collect();
        if told.is_empty() {
            Vec::new()
        } else {
            vec![Event::ReleasesTold(told)]
        }
    }

    fn must_exist(&self) -> Result<(), Rejection> {
        match self.stage {
            Stage::Active => Ok(()),
            Stage::Absent | Stage::Proposed | Stage::Void | Stage::Erased => {
                Err(Rejection::UnknownContact)
            }
        }
    }

    pub(super) fn apply_change_begun(&mut self, adds: &[ValueHash]) {
        self.attempts = self.attempts.saturating_add(1);
        // One at a time: a later one takes the place of what was not recorded.
        self.pending = Some(PendingChange {
            attempt: self.attempts,
            adds: adds.to_vec(),
        });
    }

    pub(super) fn apply_change(&mut self, change: &Change, due: Timestamp) {
        self.contact_type = change.contact_type;
        self.profile = change.profile.clone();
        self.code = Arc::clone(&change.code);
        self.claims.retain(|value| !change.removes.contains(value));
        self.claims.extend(&change.adds);
        self.released
            .values
            .retain(|value| !change.adds.contains(value));
        if !change.removes.is_empty() {
            self.released.values.extend(&change.removes);
            self.released.due = due;
        }
        if !change.adds.is_empty() {
            self.pending = None;
        }
        self.profile_version = self.profile_version.saturating_add(1);
    }

    pub(super) fn apply_erasure(&mut self, at: Timestamp) {
        self.stage = Stage::Erased;
        self.released.values.append(&mut self.claims);
        let identities: Vec<_> = self.identities().collect();
        self.released.values.extend(identities);
        self.forget_texts();
        self.access = None;
        self.spend_tokens = None;
        self.released.due = at;
        self.pending = None;
        self.own_id = None;
        self.sign_ups.clear();
        self.loyalty = None;
        self.code = Arc::default();
        self.profile_version = self.profile_version.saturating_add(1);
    }

    /// The values whose entries are to be told: not those that are being reserved for it again.
    pub fn released_for_good(&self) -> Vec<ValueHash> {
        let is_wanted = |value: &ValueHash| {
            let pending = self.pending.as_ref();
            pending.is_some_and(|pending| pending.adds.contains(value))
        };
        let released = self.released.values.iter().copied();
        released.filter(|value| !is_wanted(value)).collect()
    }

    /// What is owed at `now`: to tell the entries of values that were given up.
    pub fn obligations(&self, now: Timestamp) -> Vec<Obligation> {
        let is_due = self.release_due().is_some_and(|due| due <= now);
        let releases = is_due.then_some(Obligation::TellReleases);
        releases.into_iter().chain(self.shredding()).collect()
    }

    /// When the entries of values that were given up are to be told.
    pub(super) fn release_due(&self) -> Option<Timestamp> {
        (!self.released.values.is_empty()).then_some(self.released.due)
    }
}
