//! An organisation: a member of a tenant's network.

mod profile;
mod role;

use std::sync::Arc;

use super::calendar::Zone;

pub use profile::{
    Address, ContactInfo, Opening, Operation, Position, Profile, ProfileChange, Reach, ShortTerm,
    Subject, Supply, Word,
};
pub use role::Role;

/// An organisation as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// Its name.
    pub name: String,
    /// Its part in the network.
    pub role: Role,
    /// The organisation above it; none for the service owner.
    pub parent: Option<u64>,
    /// Where its days and hours are; as the organisation above it, if none.
    pub time_zone: Option<Zone>,
    /// Whether contacts that are its own are shared with all that lie below it.
    pub shares_contacts: bool,
    /// What it shows of itself.
    pub profile: Arc<Profile>,
}

/// What an organisation can be asked to do.
#[derive(Clone, Debug)]
pub enum Command {
    /// Come into being.
    Create(Organisation),
    /// Change in part.
    Change(Box<Change>),
}

/// What to change of an organisation: what is none stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Its name.
    pub name: Option<String>,
    /// Its time zone, or that it has none of its own.
    pub time_zone: Option<Option<Zone>>,
    /// Whether its contacts are shared.
    pub shares_contacts: Option<bool>,
    /// What it shows of itself.
    pub profile: ProfileChange,
}

/// What happened to an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It came into being.
    Created(Organisation),
    /// It got a name and a time zone.
    Changed(String, Option<Zone>),
    /// It shares its contacts, or no longer.
    SharingSet(bool),
    /// It shows this of itself.
    ProfileSet(Arc<Profile>),
}

/// Why an organisation refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// There is no such organisation.
    UnknownOrganisation,
    /// It exists already.
    OrganisationExists,
}

/// An organisation's state: absent until it is created.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State(pub Option<Organisation>);

impl State {
    /// Decides `command`.
    pub fn decide(&self, command: &Command) -> Result<Vec<Event>, Rejection> {
        match (command, &self.0) {
            (Command::Create(organisation), None) => Ok(vec![Event::Created(organisation.clone())]),
            (Command::Create(_), Some(_)) => Err(Rejection::OrganisationExists),
            (Command::Change(..), None) => Err(Rejection::UnknownOrganisation),
            (Command::Change(change), Some(before)) => {
                let name = change.name.as_ref().unwrap_or(&before.name);
                let time_zone = change.time_zone.as_ref().unwrap_or(&before.time_zone);
                let is_so = before.name == *name && before.time_zone == *time_zone;
                let changed = (!is_so).then(|| Event::Changed(name.clone(), time_zone.clone()));
                let shares = change.shares_contacts;
                let shares = shares.filter(|shares| *shares != before.shares_contacts);
                let profile = change.profile.on(&before.profile);
                let profile = (profile != *before.profile).then(|| Arc::new(profile));
                Ok(changed
                    .into_iter()
                    .chain(shares.map(Event::SharingSet))
                    .chain(profile.map(Event::ProfileSet))
                    .collect())
            }
        }
    }

    /// Takes `event` in.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Created(organisation) => self.0 = Some(organisation.clone()),
            Event::Changed(name, time_zone) => {
                if let Some(organisation) = &mut self.0 {
                    organisation.name.clone_from(name);
                    organisation.time_zone.clone_from(time_zone);
                }
            }
            Event::SharingSet(shares) => {
                if let Some(organisation) = &mut self.0 {
                    organisation.shares_contacts = *shares;
                }
            }
            Event::ProfileSet(profile) => {
                if let Some(organisation) = &mut self.0 {
                    organisation.profile = Arc::clone(profile);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
