//! An organisation: a member of a tenant's network.

use super::calendar::Zone;

/// The part that an organisation plays in the network, in the contract's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Owns the network.
    ServiceOwner,
    /// Runs a reward scheme.
    Business,
    /// Sells.
    Merchant,
    /// A place where a merchant sells.
    Venue,
}

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
}

/// What an organisation can be asked to do.
#[derive(Clone, Debug)]
pub enum Command {
    /// Come into being.
    Create(Organisation),
}

/// What happened to an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It came into being.
    Created(Organisation),
}

/// Why an organisation refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// It exists already.
    OrganisationExists,
}

/// An organisation's state: absent until it is created.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State(pub Option<Organisation>);

impl State {
    /// Decides `command`.
    pub fn decide(&self, command: &Command) -> Result<Vec<Event>, Rejection> {
        let Command::Create(organisation) = command;
        match self.0 {
            None => Ok(vec![Event::Created(organisation.clone())]),
            Some(_) => Err(Rejection::OrganisationExists),
        }
    }

    /// Takes `event` in.
    pub fn apply(&mut self, event: &Event) {
        let Event::Created(organisation) = event;
        self.0 = Some(organisation.clone());
    }
}
