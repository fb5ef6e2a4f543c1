//! A tenant: a customer of the platform, the owner of a network, and the list of what it owns.

mod integrations;
mod rates;
mod roles;

use std::sync::Arc;

pub use self::rates::{Rate, RateLimits};
use super::address::Mode;
use super::calendar::Zone;
use super::money::Currency;
use super::time::Span;

pub use integrations::{
    Connector, INTEGRATION_NAME_BYTES_MAX, INTEGRATION_SEALED_BYTES_MAX, INTEGRATIONS_MAX,
    Integration, Service,
};
pub use roles::{OWNER_ROLE, ROLE_NAME_BYTES_MAX, ROLES_MAX, Role, RoleCommand};

/// How many users a tenant lists: each takes 9 bytes in its row.
pub const USERS_MAX: usize = 500;

/// How many organisations, offers of both modes and keys of both modes a tenant lists: each is 10 bytes or less in the tenant's
/// row, and a TAP another [`TAP_CODE_CHARS_MAX`] and 10, which with its roles, its users and what it is connected to stays within a row.
pub const LISTED_MAX: usize = 500;

/// The longest code of a TAP, in ASCII characters: twice what is printed on terminals.
pub const TAP_CODE_CHARS_MAX: usize = 32;

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
    /// The codes of the organisations' terminal access points (TAPs): at most one each, and no two the same. Kept here and not
    /// with the organisations, so that one actor sees to that.
    pub taps: Vec<(u64, String)>,
    /// Its offers with their mode, in order of creation.
    pub offers: Vec<(Mode, u64)>,
    /// Its API keys with their mode, in order of creation.
    pub api_keys: Vec<(Mode, u64)>,
    /// The modes in which a wallet owes what an offline sale spent beyond its balance. In others, such a sale is refused.
    pub owes_offline: Vec<Mode>,
    /// How much callers may ask for, in the modes in which the tenant has said so.
    pub rate_limits: Vec<(Mode, RateLimits)>,
    /// By how much the time of business in test mode is ahead of the clock on the wall. Never less than it was.
    pub test_clock_ahead: Span,
    /// What it is connected to, oldest first.
    pub integrations: Vec<Integration>,
    /// What its users may do, beside that of owners.
    pub roles: Vec<Role>,
    /// Its users, in the order in which they were asked.
    pub users: Vec<u64>,
}

/// What becomes of an offline sale that spends more than the wallet has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Uncovered {
    /// It is refused, and the till's own loss.
    #[default]
    Reject,
    /// It is recorded, and the wallet owes what it lacks.
    Owe,
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
    /// Add an organisation to the network, with the code of its TAP if it has one.
    ListOrganisation(u64, Option<String>),
    /// Give an organisation's TAP this code, or take the TAP away.
    SetTap(u64, Option<String>),
    /// Add an offer.
    ListOffer(Mode, u64),
    /// Add an API key.
    ListApiKey(Mode, u64),
    /// Say what becomes of uncovered offline sales of a mode, and how much its callers may ask for.
    Set(Mode, Uncovered, RateLimits),
    /// Move the test clock on.
    AdvanceTestClock(Advance),
    /// Connect it to a service.
    AddIntegration(Arc<Integration>),
    /// End a connection, by number.
    DeactivateIntegration(u32),
    /// Make, change or remove a role.
    Role(RoleCommand),
    /// Add a user.
    ListUser(u64),
}

/// What happened to a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It came into being.
    Created(Details),
    /// An organisation joined the network.
    OrganisationListed(u64),
    /// An organisation's TAP got this code, or was taken away.
    TapSet(u64, Option<String>),
    /// An offer was added.
    OfferListed(Mode, u64),
    /// An API key was added.
    ApiKeyListed(Mode, u64),
    /// So it is with uncovered offline sales of a mode from now on.
    UncoveredOfflineSet(Mode, Uncovered),
    /// The test clock is so much ahead.
    TestClockAdvanced(Span),
    /// It was connected to a service.
    IntegrationAdded(Arc<Integration>),
    /// A connection ended, by number.
    IntegrationDeactivated(u32),
    /// So much may callers of a mode ask for from now on.
    RateLimitsSet(Mode, RateLimits),
    /// A role is so from now on.
    RoleSet(Role),
    /// A role is gone.
    RoleRemoved(u32),
    /// A user was added.
    UserListed(u64),
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
    /// There is no such organisation in the network.
    UnknownOrganisation,
    /// Another organisation's TAP has the code.
    TapTaken,
    /// There is no such connection.
    UnknownIntegration,
    /// The test clock would go back.
    ClockGoesBack,
    /// The test clock would go too far.
    ClockTooFar,
    /// There is no such role.
    UnknownRole,
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
            Command::AddIntegration(ref integration) => return self.add_integration(integration),
            Command::DeactivateIntegration(number) => return self.deactivate_integration(number),
            Command::Set(mode, uncovered, rates) => {
                let mut events = Vec::new();
                if self.uncovered_offline(mode) != uncovered {
                    events.push(Event::UncoveredOfflineSet(mode, uncovered));
                }
                if self.rate_limits(mode) != rates {
                    events.push(Event::RateLimitsSet(mode, rates));
                }
                return Ok(events);
            }
            Command::Role(ref role) => return self.decide_role(role),
            Command::ListUser(number) => (
                self.users.contains(&number),
                self.users.len() < USERS_MAX,
                Event::UserListed(number),
            ),
            Command::ListOrganisation(number, ref tap) => {
                return self.list_organisation(number, tap.as_deref());
            }
            Command::SetTap(number, ref code) => {
                if !self.organisations.contains(&number) {
                    return Err(Rejection::UnknownOrganisation);
                }
                return self.set_tap(number, code.as_deref());
            }
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

    fn list_organisation(&self, number: u64, tap: Option<&str>) -> Result<Vec<Event>, Rejection> {
        if self.organisations.contains(&number) {
            return Ok(Vec::new());
        }
        if self.organisations.len() >= LISTED_MAX {
            return Err(Rejection::ListFull);
        }
        let mut events = vec![Event::OrganisationListed(number)];
        events.extend(self.set_tap(number, tap)?);
        Ok(events)
    }

    fn set_tap(&self, number: u64, code: Option<&str>) -> Result<Vec<Event>, Rejection> {
        if code.is_some_and(|code| self.holder(code).is_some_and(|holder| holder != number)) {
            return Err(Rejection::TapTaken);
        }
        let before = self.taps.iter().find(|(holder, _)| *holder == number);
        Ok(if before.map(|(_, code)| code.as_str()) == code {
            Vec::new()
        } else {
            vec![Event::TapSet(number, code.map(str::to_owned))]
        })
    }

    fn holder(&self, code: &str) -> Option<u64> {
        let found = self.taps.iter().find(|(_, known)| known == code);
        found.map(|(holder, _)| *holder)
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

    /// What becomes of uncovered offline sales of a mode.
    pub fn uncovered_offline(&self, mode: Mode) -> Uncovered {
        match self.owes_offline.contains(&mode) {
            true => Uncovered::Owe,
            false => Uncovered::Reject,
        }
    }

    /// How much callers of a mode may ask for, where the tenant has said so.
    pub fn rate_limits(&self, mode: Mode) -> RateLimits {
        let mut set = self.rate_limits.iter().filter(|(of, _)| *of == mode);
        set.next().map(|(_, rates)| *rates).unwrap_or_default()
    }

    /// Takes `event` in.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Created(details) => self.details = Some(details.clone()),
            Event::OrganisationListed(number) => self.organisations.push(*number),
            Event::TapSet(number, code) => {
                self.taps.retain(|(holder, _)| holder != number);
                self.taps.extend(code.clone().map(|code| (*number, code)));
            }
            Event::OfferListed(mode, number) => self.offers.push((*mode, *number)),
            Event::ApiKeyListed(mode, number) => self.api_keys.push((*mode, *number)),
            Event::UncoveredOfflineSet(mode, uncovered) => {
                self.owes_offline.retain(|of| of != mode);
                if *uncovered == Uncovered::Owe {
                    self.owes_offline.push(*mode);
                }
            }
            Event::TestClockAdvanced(ahead) => self.test_clock_ahead = *ahead,
            Event::IntegrationAdded(integration) => self.apply_added(integration),
            Event::IntegrationDeactivated(number) => self.apply_deactivated(*number),
            Event::RateLimitsSet(mode, rates) => {
                self.rate_limits.retain(|(of, _)| of != mode);
                self.rate_limits.push((*mode, *rates));
            }
            Event::RoleSet(role) => self.set_role(role),
            Event::RoleRemoved(number) => self.roles.retain(|role| role.number != *number),
            Event::UserListed(number) => self.users.push(*number),
        }
    }
}

#[cfg(test)]
mod tests;
