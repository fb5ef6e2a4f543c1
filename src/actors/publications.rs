//! What every request needs, published by its owner as an immutable value once it is durable: API keys, tenants and
//! their configuration. The hot path reads these maps and sends no message.
//!
//! What is published stays valid while its entity is passivated: whatever changes the entity activates it first, and
//! publishes the change before its answer is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use arc_swap::ArcSwapOption;
use dashmap::DashMap;

use crate::domain::access::{Session, SessionView};
use crate::domain::address::{Address, Mode, TenantId};
use crate::domain::api_key::ApiKey;
use crate::domain::contact::Contact;
use crate::domain::context::TenantView;
use crate::domain::entity::{Entity, Event, State};
use crate::domain::time::{Span, Timestamp};
use crate::domain::user::{Stage, UserView};
use crate::domain::{contact, offer};
use crate::limits;

/// What an entity publishes.
#[derive(Clone, Debug)]
pub enum Publication {
    /// An API key.
    ApiKey(Box<ApiKey>),
    /// Something changed that a tenant's configuration is made of.
    TenantConfiguration,
    /// The same, of the tenant itself; and by how much its test clock is ahead.
    Tenant(Span),
    /// Who is signed in as a contact.
    Sessions(Arc<[SessionView]>),
    /// Where a user is signed in, and what it may do.
    User(Option<Arc<UserView>>),
}

impl Publication {
    /// What `entity` publishes now that `events` have changed it. That an offer lends changes no configuration.
    pub fn of_change(entity: &Entity, events: &[Event]) -> Option<Publication> {
        if let State::Contact(contact) = &entity.state {
            return events
                .iter()
                .any(is_of_sessions)
                .then(|| sessions_of(contact));
        }
        let lends = |event: &Event| {
            matches!(
                event,
                Event::Offer(offer::Event::Lent(..) | offer::Event::TakenBack(_))
            )
        };
        if events.iter().all(lends) {
            return None;
        }
        Publication::of(entity)
    }

    /// What `entity` publishes as it stands; most kinds publish nothing.
    pub fn of(entity: &Entity) -> Option<Publication> {
        match &entity.state {
            State::ApiKey(state) => state
                .0
                .as_ref()
                .map(|key| Publication::ApiKey(Box::new(key.clone()))),
            State::Tenant(tenant) => Some(Publication::Tenant(tenant.test_clock_ahead)),
            State::Organisation(_) | State::Offer(_) | State::Configuration(_) | State::Apps(_) => {
                Some(Publication::TenantConfiguration)
            }
            State::Contact(contact) => {
                let access = contact.access.as_ref();
                access
                    .is_some_and(|access| !access.sessions.is_empty())
                    .then(|| sessions_of(contact))
            }
            State::User(user) => {
                let exists = user.stage != Stage::Absent;
                Some(Publication::User(exists.then(|| Arc::new(user.view()))))
            }
            State::DirectoryEntry(_)
            | State::Lease(_)
            | State::AuditLog(_)
            | State::Media(_)
            | State::Receipt(_) => None,
        }
    }
}

fn sessions_of(contact: &Contact) -> Publication {
    let sessions = contact.access.iter().flat_map(|access| &access.sessions);
    Publication::Sessions(sessions.map(Session::view).collect())
}

fn is_of_sessions(event: &Event) -> bool {
    match event {
        Event::Contact(contact::Event::Access(event)) => event.is_of_sessions(),
        Event::Contact(contact::Event::Erased(_)) => true,
        _ => false,
    }
}

/// A published API key.
#[derive(Debug)]
pub struct PublishedKey {
    /// Where it lives; tenant and mode of whatever it opens.
    pub address: Address,
    /// The key.
    pub key: ApiKey,
    /// When it last opened something, on the clock of credentials; 0 if never since the start.
    last_used: AtomicI64,
    /// The use that was last handed out to be stored.
    stored: AtomicI64,
}

impl PublishedKey {
    /// Notes a use.
    pub fn used(&self, wall: Timestamp) {
        self.last_used.store(wall.0, Ordering::Relaxed);
    }

    /// The last use since the start.
    pub fn last_used(&self) -> Option<Timestamp> {
        match self.last_used.load(Ordering::Relaxed) {
            0 => None,
            at => Some(Timestamp(at)),
        }
    }

    /// The last use, unless it was told before.
    fn new_use(&self) -> Option<Timestamp> {
        let at = self.last_used.load(Ordering::Relaxed);
        (self.stored.swap(at, Ordering::Relaxed) != at).then_some(Timestamp(at))
    }
}

/// One tenant's configuration, per mode, and the number of changes it reflects.
#[derive(Debug, Default)]
struct TenantSlot {
    changes: AtomicU64,
    live: ArcSwapOption<(u64, Arc<TenantView>)>,
    test: ArcSwapOption<(u64, Arc<TenantView>)>,
}

impl TenantSlot {
    fn of(&self, mode: Mode) -> &ArcSwapOption<(u64, Arc<TenantView>)> {
        match mode {
            Mode::Test => &self.test,
            Mode::Live | Mode::Shared => &self.live,
        }
    }
}

/// Everything that is published.
#[derive(Debug, Default)]
pub struct Publications {
    api_keys: DashMap<Address, Arc<PublishedKey>, foldhash::fast::RandomState>,
    tenants: DashMap<TenantId, Arc<TenantSlot>, foldhash::fast::RandomState>,
    test_clocks: DashMap<TenantId, Span>,
    sessions: DashMap<Address, Arc<[SessionView]>, foldhash::fast::RandomState>,
    users: DashMap<Address, Arc<UserView>, foldhash::fast::RandomState>,
}

impl Publications {
    /// Publishes what `address` has to say.
    pub fn publish(&self, address: Address, publication: Publication) {
        match publication {
            Publication::ApiKey(key) => {
                let before = self.api_key(&address);
                let last_used = before
                    .as_ref()
                    .and_then(|before| before.last_used())
                    .map_or(0, |at| at.0);
                let stored = before.map_or(0, |before| before.stored.load(Ordering::Relaxed));
                let published = Arc::new(PublishedKey {
                    address,
                    key: *key,
                    last_used: AtomicI64::new(last_used),
                    stored: AtomicI64::new(stored),
                });
                self.api_keys.insert(address, published);
            }
            Publication::Sessions(sessions) if sessions.is_empty() => {
                self.sessions.remove(&address);
            }
            Publication::Sessions(sessions) => self.publish_sessions(address, sessions),
            Publication::User(Some(user)) => self.publish_user(address, user),
            Publication::User(None) => {
                self.users.remove(&address);
            }
            Publication::TenantConfiguration | Publication::Tenant(_) => {
                if let Publication::Tenant(ahead) = publication {
                    self.set_test_clock(address.tenant, ahead);
                }
                self.tenant(address.tenant)
                    .changes
                    .fetch_add(1, Ordering::AcqRel);
            }
        }
    }

    fn publish_sessions(&self, address: Address, sessions: Arc<[SessionView]>) {
        // Whoever is forgotten is asked for at its actor: any will do.
        if self.sessions.len() >= limits::SESSIONS_PUBLISHED_MAX {
            let any = self.sessions.iter().next().map(|entry| *entry.key());
            if let Some(any) = any.filter(|any| *any != address) {
                self.sessions.remove(&any);
            }
        }
        self.sessions.insert(address, sessions);
    }

    fn publish_user(&self, address: Address, user: Arc<UserView>) {
        if self.users.len() >= limits::USERS_PUBLISHED_MAX {
            let any = self.users.iter().next().map(|entry| *entry.key());
            if let Some(any) = any.filter(|any| *any != address) {
                self.users.remove(&any);
            }
        }
        self.users.insert(address, user);
    }

    /// Forgets what the user at `address` published: it is asked the next time.
    pub fn forget_user(&self, address: &Address) {
        self.users.remove(address);
    }

    /// The user at `address`, if it was published.
    pub fn user(&self, address: &Address) -> Option<Arc<UserView>> {
        self.users.get(address).map(|user| Arc::clone(&user))
    }

    /// Forgets who is signed in as the contact at `address`: it is asked the next time.
    pub fn forget_sessions(&self, address: &Address) {
        self.sessions.remove(address);
    }

    /// Who is signed in as the contact at `address`, if that was published.
    pub fn sessions(&self, address: &Address) -> Option<Arc<[SessionView]>> {
        self.sessions
            .get(address)
            .map(|sessions| Arc::clone(&sessions))
    }

    /// The key at `address`, if it was published.
    pub fn api_key(&self, address: &Address) -> Option<Arc<PublishedKey>> {
        self.api_keys.get(address).map(|key| Arc::clone(&key))
    }

    /// The keys that were used since this was asked before, and when last.
    pub fn new_uses(&self) -> Vec<(Address, Timestamp)> {
        let keys = self.api_keys.iter();
        keys.filter_map(|key| Some((key.address, key.new_use()?)))
            .collect()
    }

    /// Notes by how much a tenant's test clock is ahead. It never goes back.
    pub fn set_test_clock(&self, tenant: TenantId, ahead: Span) {
        let mut known = self.test_clocks.entry(tenant).or_default();
        *known = ahead.max(*known);
    }

    /// By how much a tenant's test clock is ahead, once the tenant was asked.
    pub fn test_clock(&self, tenant: TenantId) -> Option<Span> {
        self.test_clocks.get(&tenant).map(|ahead| *ahead)
    }

    fn tenant(&self, tenant: TenantId) -> Arc<TenantSlot> {
        if let Some(slot) = self.tenants.get(&tenant) {
            return Arc::clone(&slot);
        }
        Arc::clone(&self.tenants.entry(tenant).or_default())
    }

    /// The tenant's configuration in `mode`, if it is put together and nothing has changed since.
    pub fn tenant_view(&self, tenant: TenantId, mode: Mode) -> Option<Arc<TenantView>> {
        let slot = self.tenants.get(&tenant).map(|slot| Arc::clone(&slot))?;
        let held = slot.of(mode).load();
        let (reflects, view) = held.as_deref()?;
        (*reflects == slot.changes.load(Ordering::Acquire)).then(|| Arc::clone(view))
    }

    /// How many changes there were: to be read before a configuration is put together.
    pub fn changes(&self, tenant: TenantId) -> u64 {
        self.tenant(tenant).changes.load(Ordering::Acquire)
    }

    /// Keeps a configuration that was put together after `changes` changes.
    pub fn keep_tenant_view(
        &self,
        tenant: TenantId,
        mode: Mode,
        changes: u64,
        view: Arc<TenantView>,
    ) {
        self.tenant(tenant)
            .of(mode)
            .store(Some(Arc::new((changes, view))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::address::Kind;

    fn contact(entity: u64) -> Address {
        Address {
            tenant: TenantId(1),
            mode: Mode::Live,
            kind: Kind::Contact,
            entity,
        }
    }

    fn sessions(numbers: &[u32]) -> Publication {
        let begun = |number: &u32| Session::begun(*number, [0; 16], Timestamp(1)).view();
        Publication::Sessions(numbers.iter().map(begun).collect())
    }

    #[test]
    fn sessions_are_known_until_the_last_has_ended() {
        let publications = Publications::default();
        publications.publish(contact(1), sessions(&[1, 2]));
        assert_eq!(publications.sessions(&contact(1)).unwrap().len(), 2);
        publications.publish(contact(1), sessions(&[]));
        assert_eq!(publications.sessions(&contact(1)), None);
    }

    #[test]
    fn past_the_bound_somebody_is_forgotten_and_never_the_newest() {
        let publications = Publications::default();
        let most = u64::try_from(limits::SESSIONS_PUBLISHED_MAX).unwrap();
        for entity in 0..most + 10 {
            publications.publish(contact(entity), sessions(&[1]));
        }
        assert!(publications.sessions.len() <= limits::SESSIONS_PUBLISHED_MAX);
        assert!(publications.sessions(&contact(most + 9)).is_some());
    }
}
