//! A tenant: a customer of the platform, the owner of a network, and the list of what it owns.

use super::address::Mode;
use super::calendar::Zone;
use super::money::Currency;

/// How many organisations, offers a mode and keys a mode a tenant lists: each is 10 bytes or less in the tenant's row, which
/// so stays under half of a row's limit.
pub const LISTED_MAX: usize = 500;

/// How many of its offers may be of one mode: half of the list, so that trials never crowd out business. Each offer is named in
/// the record of every purchase, with 12 bytes.
pub const OFFERS_A_MODE_MAX: usize = LISTED_MAX / 2;

/// A tenant's state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tenant {
    /// Absent until it is created.
    pub details: Option<Details>,
    /// The organisations of its network, in order of creation.
    pub organisations: Vec<u64>,
    /// Its offers with their mode, in order of creation.
    pub offers: Vec<(Mode, u64)>,
    /// Its API keys with their mode, in order of creation.
    pub api_keys: Vec<(Mode, u64)>,
}

/// What a tenant was created with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// Its name.
    pub name: String,
    /// What its wallets are kept in.
    pub currency: Currency,
    /// The names that purchases may be classified by.
    pub classifications: Vec<String>,
    /// Where its days and hours are, unless an organisation says otherwise.
    pub time_zone: Zone,
}

/// What a tenant can be asked to do.
#[derive(Clone, Debug)]
pub enum Command {
    /// Come into being.
    Create(Details),
    /// Add an organisation to the network.
    ListOrganisation(u64),
    /// Add an offer.
    ListOffer(Mode, u64),
    /// Add an API key.
    ListApiKey(Mode, u64),
}

/// What happened to a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It came into being.
    Created(Details),
    /// An organisation joined the network.
    OrganisationListed(u64),
    /// An offer was added.
    OfferListed(Mode, u64),
    /// An API key was added.
    ApiKeyListed(Mode, u64),
}

/// Why a tenant refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// There is no such tenant.
    UnknownTenant,
    /// It exists already.
    TenantExists,
    /// It lists as many as it may.
    ListFull,
}

impl Tenant {
    /// Decides `command`. Listing what is listed already changes nothing.
    pub fn decide(&self, command: &Command) -> Result<Vec<Event>, Rejection> {
        if let Command::Create(details) = command {
            return match self.details {
                None => Ok(vec![Event::Created(details.clone())]),
                Some(_) => Err(Rejection::TenantExists),
            };
        }
        if self.details.is_none() {
            return Err(Rejection::UnknownTenant);
        }
        let (is_listed, has_room, event) = match *command {
            Command::Create(_) => return Err(Rejection::TenantExists),
            Command::ListOrganisation(number) => (
                self.organisations.contains(&number),
                self.organisations.len() < LISTED_MAX,
                Event::OrganisationListed(number),
            ),
            Command::ListOffer(mode, number) => (
                self.offers.contains(&(mode, number)),
                self.offers_of(mode) < OFFERS_A_MODE_MAX,
                Event::OfferListed(mode, number),
            ),
            Command::ListApiKey(mode, number) => (
                self.api_keys.contains(&(mode, number)),
                self.api_keys.len() < LISTED_MAX,
                Event::ApiKeyListed(mode, number),
            ),
        };
        match (is_listed, has_room) {
            (true, _) => Ok(Vec::new()),
            (false, true) => Ok(vec![event]),
            (false, false) => Err(Rejection::ListFull),
        }
    }

    /// How many offers of a mode it lists.
    pub fn offers_of(&self, mode: Mode) -> usize {
        self.offers.iter().filter(|(of, _)| *of == mode).count()
    }

    /// Takes `event` in.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Created(details) => self.details = Some(details.clone()),
            Event::OrganisationListed(number) => self.organisations.push(*number),
            Event::OfferListed(mode, number) => self.offers.push((*mode, *number)),
            Event::ApiKeyListed(mode, number) => self.api_keys.push((*mode, *number)),
        }
    }
}

#[cfg(test)]
mod tests;
