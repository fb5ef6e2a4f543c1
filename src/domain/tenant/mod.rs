//! A tenant: a customer of the platform, the owner of a network, and the list of what it owns.

use super::address::Mode;
use super::calendar::Zone;
use super::money::Currency;
use super::time::Span;

/// How many organisations, offers a mode and keys a mode a tenant lists: each is 10 bytes or less in the tenant's row, which
/// so stays under half of a row's limit.
pub const LISTED_MAX: usize = 500;

/// How many of its offers may be of one mode: less than half of the list, so that trials never crowd out business. What each made
/// of a purchase takes two bytes of the purchase's record, or some 12 where it gave something.
pub const OFFERS_A_MODE_MAX: usize = 200;

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
    /// By how much the time of business in test mode is ahead of the clock on the wall. Never less than it was.
    pub test_clock_ahead: Span,
}

/// A move of the test clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advance {
    /// By so much more.
    By(Span),
    /// To so much ahead of the clock on the wall.
    ToAhead(Span),
}

/// How far ahead the test clock goes at most: 50 years, beyond any award's term, and far from the end of calendars.
pub const TEST_CLOCK_AHEAD_MAX: Span = Span::days(50 * 366);

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
    /// Move the test clock on.
    AdvanceTestClock(Advance),
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
    /// The test clock is so much ahead.
    TestClockAdvanced(Span),
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
    /// The test clock would go back.
    ClockGoesBack,
    /// The test clock would go too far.
    ClockTooFar,
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
            Command::AdvanceTestClock(advance) => return self.advance(advance),
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

    fn advance(&self, advance: Advance) -> Result<Vec<Event>, Rejection> {
        let now = self.test_clock_ahead;
        let ahead = match advance {
            Advance::By(span) => Span(now.0.saturating_add(span.0)),
            Advance::ToAhead(ahead) => ahead,
        };
        if ahead < now {
            return Err(Rejection::ClockGoesBack);
        }
        if ahead > TEST_CLOCK_AHEAD_MAX {
            return Err(Rejection::ClockTooFar);
        }
        Ok(if ahead == now {
            Vec::new()
        } else {
            vec![Event::TestClockAdvanced(ahead)]
        })
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
            Event::TestClockAdvanced(ahead) => self.test_clock_ahead = *ahead,
        }
    }
}

#[cfg(test)]
mod tests;
