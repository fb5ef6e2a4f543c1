//! Every kind in one list: its states, its commands, its events, and how they meet. A kind adds a line to each match.

use super::Rejection;
use crate::domain::address::Kind;
use crate::domain::apps::Apps;
use crate::domain::configuration::Configuration;
use crate::domain::contact::Contact;
use crate::domain::context::Context;
use crate::domain::directory_entry::Obligation;
use crate::domain::remembered::Outcome;
use crate::domain::tenant::Tenant;
use crate::domain::time::{Dues, Timestamp};
use crate::domain::{
    access, api_key, apps, audit, configuration, contact, directory_entry, lease, media, offer,
    organisation, receipt, tenant, user,
};

/// The state of an entity of some kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// A tenant.
    Tenant(Tenant),
    /// An organisation.
    Organisation(organisation::State),
    /// An offer.
    Offer(offer::State),
    /// A contact.
    Contact(Box<Contact>),
    /// An API key.
    ApiKey(api_key::State),
    /// A directory entry.
    DirectoryEntry(directory_entry::State),
    /// A lease.
    Lease(lease::State),
    /// What a tenant sets up about its customers.
    Configuration(Box<Configuration>),
    /// A page of an audit log.
    AuditLog(audit::Page),
    /// A user.
    User(Box<user::User>),
    /// A place for a piece of something.
    Media(media::State),
    /// What a tenant sets up for its apps.
    Apps(Box<Apps>),
    /// A receipt.
    Receipt(receipt::State),
}

/// What an entity of some kind can be asked to do.
#[derive(Clone, Debug)]
pub enum Command {
    /// Of a tenant.
    Tenant(tenant::Command),
    /// Of an organisation.
    Organisation(organisation::Command),
    /// Of an offer.
    Offer(offer::Command),
    /// Of a contact.
    Contact(contact::Command),
    /// Of an API key.
    ApiKey(api_key::Command),
    /// Of a directory entry.
    DirectoryEntry(directory_entry::Command),
    /// Of a lease.
    Lease(lease::Command),
    /// Of a configuration.
    Configuration(configuration::Command),
    /// Of a page of an audit log.
    AuditLog(audit::Command),
    /// Of a user.
    User(Box<user::Command>),
    /// Of a place for a piece of something.
    Media(media::Command),
    /// Of what a tenant sets up for its apps.
    Apps(apps::Command),
    /// Of a receipt.
    Receipt(receipt::Command),
    /// Of any: do what time has made due.
    FireTimers,
}

/// What happened to an entity of some kind.
#[derive(Clone, Debug)]
pub enum Event {
    /// To a tenant.
    Tenant(tenant::Event),
    /// To an organisation.
    Organisation(organisation::Event),
    /// To an offer.
    Offer(offer::Event),
    /// To a contact.
    Contact(contact::Event),
    /// To an API key.
    ApiKey(api_key::Event),
    /// To a directory entry.
    DirectoryEntry(directory_entry::Event),
    /// To a lease.
    Lease(lease::Event),
    /// To a configuration.
    Configuration(configuration::Event),
    /// To a page of an audit log.
    AuditLog(audit::Event),
    /// To a user.
    User(user::Event),
    /// To a place for a piece of something.
    Media(media::Event),
    /// To what a tenant sets up for its apps.
    Apps(apps::Event),
    /// To a receipt.
    Receipt(receipt::Event),
}

impl Command {
    /// What a command came to that changes nothing, as it was done before.
    pub fn came_to_before(&self) -> Outcome {
        match self {
            // The answer was lost: the newest tokens are told again.
            Command::Contact(contact::Command::Access(access::Command::Refresh(refresh))) => {
                Outcome::SignedIn(refresh.session)
            }
            Command::Contact(contact::Command::Access(access::Command::MoveSession(number, _))) => {
                Outcome::SignedIn(*number)
            }
            Command::User(command) => command.came_to_before(),
            Command::Tenant(_)
            | Command::Organisation(_)
            | Command::Offer(_)
            | Command::Contact(_)
            | Command::ApiKey(_)
            | Command::DirectoryEntry(_)
            | Command::Lease(_)
            | Command::AuditLog(_)
            | Command::Configuration(_)
            | Command::Media(_)
            | Command::Apps(_)
            | Command::Receipt(_)
            | Command::FireTimers => Outcome::Done,
        }
    }
}

impl State {
    /// The state before anything happened.
    pub fn new(kind: Kind) -> State {
        match kind {
            Kind::Tenant => State::Tenant(Tenant::default()),
            Kind::Organisation => State::Organisation(organisation::State::default()),
            Kind::Offer => State::Offer(offer::State::default()),
            Kind::Contact => State::Contact(Box::default()),
            Kind::ApiKey => State::ApiKey(api_key::State::default()),
            Kind::DirectoryEntry => State::DirectoryEntry(directory_entry::State::default()),
            Kind::Lease => State::Lease(lease::State::default()),
            Kind::Configuration => State::Configuration(Box::default()),
            Kind::AuditLog => State::AuditLog(audit::Page::default()),
            Kind::User => State::User(Box::default()),
            Kind::Media => State::Media(media::State::default()),
            Kind::Apps => State::Apps(Box::default()),
            Kind::Receipt => State::Receipt(receipt::State::default()),
        }
    }

    pub(super) fn decide(
        &self,
        command: &Command,
        context: &Context,
    ) -> Result<Vec<Event>, Rejection> {
        match (self, command) {
            (State::Tenant(state), Command::Tenant(command)) => {
                joined(state.decide(command), Event::Tenant, Rejection::Tenant)
            }
            (State::Organisation(state), Command::Organisation(command)) => joined(
                state.decide(command),
                Event::Organisation,
                Rejection::Organisation,
            ),
            (State::Offer(state), Command::Offer(command)) => {
                joined(state.decide(command), Event::Offer, Rejection::Offer)
            }
            (State::Contact(state), Command::Contact(command)) => joined(
                state.decide(command, context),
                Event::Contact,
                Rejection::Contact,
            ),
            (State::ApiKey(state), Command::ApiKey(command)) => joined(
                state.decide(command, context.wall),
                Event::ApiKey,
                Rejection::ApiKey,
            ),
            (State::DirectoryEntry(state), Command::DirectoryEntry(command)) => joined(
                state.decide(command, context.now, context.wall),
                Event::DirectoryEntry,
                Rejection::DirectoryEntry,
            ),
            (State::AuditLog(state), Command::AuditLog(command)) => joined(
                state.decide(command, context.wall),
                Event::AuditLog,
                Rejection::AuditLog,
            ),
            (State::Media(state), Command::Media(command)) => Ok(state
                .decide(command, context.wall)
                .into_iter()
                .map(Event::Media)
                .collect()),
            (State::Receipt(state), Command::Receipt(command)) => state
                .decide(command, context.now, context.wall)
                .map(|events| events.into_iter().map(Event::Receipt).collect())
                .map_err(|why| match why {
                    receipt::Rejection::OtherSale => Rejection::KeyReused,
                    receipt::Rejection::NotClaimable | receipt::Rejection::ClaimedBefore => {
                        Rejection::NotFound
                    }
                }),
            (State::Lease(state), Command::Lease(command)) => Ok(state
                .decide(command)
                .into_iter()
                .map(Event::Lease)
                .collect()),
            (State::Configuration(state), Command::Configuration(command)) => joined(
                state.decide(command),
                Event::Configuration,
                Rejection::Configuration,
            ),
            (State::Apps(state), Command::Apps(command)) => {
                joined(state.decide(command), Event::Apps, Rejection::Apps)
            }
            (State::User(state), Command::User(command)) => joined(
                state.decide(command, context.wall),
                Event::User,
                Rejection::User,
            ),
            (_, Command::FireTimers) => self.fire_timers(context),
            (
                State::Tenant(_)
                | State::Organisation(_)
                | State::Offer(_)
                | State::Contact(_)
                | State::ApiKey(_)
                | State::DirectoryEntry(_)
                | State::Lease(_)
                | State::AuditLog(_)
                | State::User(_)
                | State::Media(_)
                | State::Apps(_)
                | State::Receipt(_)
                | State::Configuration(_),
                Command::Tenant(_)
                | Command::Organisation(_)
                | Command::Offer(_)
                | Command::Contact(_)
                | Command::ApiKey(_)
                | Command::DirectoryEntry(_)
                | Command::Lease(_)
                | Command::AuditLog(_)
                | Command::User(_)
                | Command::Media(_)
                | Command::Apps(_)
                | Command::Receipt(_)
                | Command::Configuration(_),
            ) => Err(Rejection::WrongKind),
        }
    }

    /// What time alone has made due.
    fn fire_timers(&self, context: &Context) -> Result<Vec<Event>, Rejection> {
        match self {
            State::Contact(state) => joined(
                state.decide(&contact::Command::FireTimers, context),
                Event::Contact,
                Rejection::Contact,
            ),
            State::ApiKey(state) => joined(
                state.decide(&api_key::Command::FireTimers, context.wall),
                Event::ApiKey,
                Rejection::ApiKey,
            ),
            State::User(state) => joined(
                state.decide(&user::Command::FireTimers, context.wall),
                Event::User,
                Rejection::User,
            ),
            State::DirectoryEntry(state) => Ok(state
                .due(context.wall)
                .into_iter()
                .map(Event::DirectoryEntry)
                .collect()),
            State::Tenant(_)
            | State::Organisation(_)
            | State::Offer(_)
            | State::Lease(_)
            | State::AuditLog(_)
            | State::Media(_)
            | State::Apps(_)
            | State::Receipt(_)
            | State::Configuration(_) => Ok(Vec::new()),
        }
    }

    /// Takes `event` in.
    pub(super) fn apply(&mut self, event: &Event) {
        match (self, event) {
            (State::Tenant(state), Event::Tenant(event)) => state.apply(event),
            (State::Organisation(state), Event::Organisation(event)) => state.apply(event),
            (State::Offer(state), Event::Offer(event)) => state.apply(event),
            (State::Contact(state), Event::Contact(event)) => state.apply(event),
            (State::ApiKey(state), Event::ApiKey(event)) => state.apply(event),
            (State::DirectoryEntry(state), Event::DirectoryEntry(event)) => state.apply(event),
            (State::Lease(state), Event::Lease(event)) => state.apply(event),
            (State::Configuration(state), Event::Configuration(event)) => state.apply(event),
            (State::AuditLog(state), Event::AuditLog(event)) => state.apply(event),
            (State::User(state), Event::User(event)) => state.apply(event),
            (State::Media(state), Event::Media(event)) => state.apply(event),
            (State::Apps(state), Event::Apps(event)) => state.apply(event),
            (State::Receipt(state), Event::Receipt(event)) => state.apply(event),
            (
                State::Tenant(_)
                | State::Organisation(_)
                | State::Offer(_)
                | State::Contact(_)
                | State::ApiKey(_)
                | State::DirectoryEntry(_)
                | State::Lease(_)
                | State::AuditLog(_)
                | State::User(_)
                | State::Media(_)
                | State::Apps(_)
                | State::Receipt(_)
                | State::Configuration(_),
                Event::Tenant(_)
                | Event::Organisation(_)
                | Event::Offer(_)
                | Event::Contact(_)
                | Event::ApiKey(_)
                | Event::DirectoryEntry(_)
                | Event::Lease(_)
                | Event::AuditLog(_)
                | Event::User(_)
                | Event::Media(_)
                | Event::Apps(_)
                | Event::Receipt(_)
                | Event::Configuration(_),
            ) => debug_assert!(false, "an event of another kind never passes decide"),
        }
    }

    pub(super) fn next_due(&self) -> Dues {
        match self {
            State::Contact(contact) => contact.next_due(),
            // Keys are credentials: they go by the wall.
            State::ApiKey(state) => Dues::on_wall(state.next_due()),
            State::User(user) => Dues::on_wall(user.next_due()),
            State::DirectoryEntry(state) => state.next_due(),
            State::Media(state) => state.next_due(),
            State::Receipt(state) => state.next_due(),
            State::Tenant(_)
            | State::Organisation(_)
            | State::Offer(_)
            | State::Lease(_)
            | State::AuditLog(_)
            | State::Apps(_)
            | State::Configuration(_) => Dues::default(),
        }
    }

    pub(super) fn obligations(&self, now: Timestamp, wall: Timestamp) -> Vec<Obligation> {
        match self {
            State::DirectoryEntry(state) => state.obligations(now, wall),
            State::Contact(contact) => contact.obligations(now),
            State::Media(state) => state.obligations(wall),
            State::Receipt(state) => state.obligations(wall),
            State::Tenant(_)
            | State::Organisation(_)
            | State::Offer(_)
            | State::ApiKey(_)
            | State::Lease(_)
            | State::AuditLog(_)
            | State::User(_)
            | State::Apps(_)
            | State::Configuration(_) => Vec::new(),
        }
    }
}

fn joined<E, R>(
    decided: Result<Vec<E>, R>,
    event: impl Fn(E) -> Event,
    rejection: impl Fn(R) -> Rejection,
) -> Result<Vec<Event>, Rejection> {
    match decided {
        Ok(events) => Ok(events.into_iter().map(event).collect()),
        Err(refused) => Err(rejection(refused)),
    }
}
