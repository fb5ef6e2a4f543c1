//! All contacts of a node in memory, by age and by name: what lists and searches choose from.
//!
//! Names are personal, and so lie in no row in clear. They are opened from the contacts' heads after each start, in the
//! background, and kept up to date by the feed; an erased contact's leave with its erasure. What is found is asked of the
//! contact before it is shown, so an index that is behind is late and never wrong.
//!
//! Architecture invariant: nothing here is stored, and nobody waits for it but its readers. It holds the journal only as
//! far as any follower that is a few milliseconds behind.

mod book;
mod names;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use futures_util::future::BoxFuture;
use parking_lot::{Mutex, RwLock};

pub use self::book::Bounds;
use self::book::{Books, Change};
pub use self::names::NameQuery;
use super::brake::Brake;
use super::progress::{Freshness, Progress};
use crate::domain::access;
use crate::domain::address::{Address, Kind, Mode, TenantId};
use crate::domain::contact::{self, SealedProfile, Stage};
use crate::domain::entity::Event;
use crate::domain::time::Timestamp;
use crate::limits;
use crate::persistence::feed::{self, Feed, Pulled};
use crate::persistence::follower::{Error, Follower};
use crate::persistence::journal::Position;
use crate::persistence::profiles::Profiles;
use crate::persistence::rows;
use crate::persistence::store::{self, Store};

/// Contacts of one tenant in one mode never meet others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct World {
    /// Whose.
    pub tenant: TenantId,
    /// In which mode.
    pub mode: Mode,
}

impl World {
    fn of(address: &Address) -> World {
        World {
            tenant: address.tenant,
            mode: address.mode,
        }
    }
}

/// Which contacts, and which page of them.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Those of such a name; all, if none.
    pub name: Option<NameQuery>,
    /// These before all others, by number; they need not have the name.
    pub first: Vec<u64>,
    /// The oldest first, rather than the newest.
    pub is_oldest_first: bool,
    /// How many to pass over.
    pub skip: u64,
    /// How many to give at most.
    pub take: usize,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// By number, in order.
    pub contacts: Vec<u64>,
    /// Whether more follow.
    pub has_more: bool,
    /// How many there are in all.
    pub total: u64,
}

/// Why nothing was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The contacts are still being read after a start.
    #[error("the contacts are still being read")]
    Building,
    /// There are more than [`Bounds::contacts`].
    #[error("there are too many contacts to list")]
    TooManyContacts,
    /// Their names take more than [`Bounds::names_bytes`].
    #[error("the contacts' names take too much memory to search")]
    TooManyNames,
}

impl Wanted {
    /// The page of [`Wanted::first`] and then `by_age`.
    fn page(&self, by_age: &[(Timestamp, u64)]) -> Listed {
        let count = self.first.len().saturating_add(by_age.len());
        let skip = usize::try_from(self.skip).unwrap_or(usize::MAX).min(count);
        let end = skip.saturating_add(self.take).min(count);
        let at = |ordinal: usize| match ordinal.checked_sub(self.first.len()) {
            None => self.first.get(ordinal).copied(),
            Some(ordinal) if self.is_oldest_first => by_age.get(ordinal).map(|(_, one)| *one),
            Some(ordinal) => {
                let from_end = by_age.len().checked_sub(ordinal)?.checked_sub(1)?;
                by_age.get(from_end).map(|(_, one)| *one)
            }
        };
        Listed {
            contacts: (skip..end).filter_map(at).collect(),
            has_more: end < count,
            total: u64::try_from(count).unwrap_or(u64::MAX),
        }
    }
}

/// What was built.
struct Built {
    books: Books,
    /// Whether it was ever as far as the feed.
    was_current: bool,
}

/// Where it is in the feed.
struct Following {
    position: Position,
    /// The fields of contacts that are being created: a proposal is settled within half a minute, a registration within ten.
    proposed: HashMap<Address, SealedProfile>,
}

/// All contacts of a node.
pub struct Contacts {
    store: Arc<Store>,
    feed: Arc<Feed>,
    profiles: Profiles,
    brake: Brake,
    bounds: Bounds,
    /// None while it is being built.
    built: RwLock<Option<Built>>,
    following: Mutex<Following>,
    progress: Progress,
}

/// Tells a thread that nobody waits for it any more.
#[derive(Default)]
struct Abandon(Arc<AtomicBool>);

impl Drop for Abandon {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Contacts {
    /// What it is called among followers.
    const NAME: &'static str = "contacts";

    /// An index of the contacts in `store` that holds as much as `bounds` say. `brake` holds it still, in tests.
    pub fn new(
        store: Arc<Store>,
        feed: Arc<Feed>,
        profiles: Profiles,
        bounds: Bounds,
        brake: Brake,
    ) -> Arc<Contacts> {
        Arc::new(Contacts {
            store,
            progress: Progress::new(Self::NAME, Arc::clone(&feed)),
            feed,
            profiles,
            brake,
            bounds,
            built: RwLock::new(None),
            following: Mutex::new(Following {
                position: Position::START,
                proposed: HashMap::new(),
            }),
        })
    }

    /// Waits until everything that was acknowledged by now is taken in, for [`limits::LIST_WAIT_MAX`] at most.
    pub async fn catch_up(&self) -> Freshness {
        self.progress.catch_up().await
    }

    /// Finds contacts of `world`.
    ///
    /// # Errors
    /// Nothing is built yet, or there is more than is held.
    pub async fn find(self: &Arc<Self>, world: World, wanted: Wanted) -> Result<Listed, Refused> {
        if wanted.name.is_none() || !self.store.rows().may_block() {
            return self.find_now(world, &wanted);
        }
        // Names that begin like many others take some milliseconds.
        let contacts = Arc::clone(self);
        let found = tokio::task::spawn_blocking(move || contacts.find_now(world, &wanted));
        found.await.unwrap_or(Err(Refused::Building))
    }

    fn find_now(&self, world: World, wanted: &Wanted) -> Result<Listed, Refused> {
        match &*self.built.read() {
            Some(built) if built.was_current => built.books.find(world, wanted),
            Some(_) | None => Err(Refused::Building),
        }
    }

    /// Builds, or takes in one pull's effects; whether there may be more to do.
    fn step(&self, is_abandoned: &AtomicBool) -> Result<bool, Error> {
        if self.brake.is_held() {
            return Ok(false);
        }
        if self.built.read().is_none() {
            self.build(is_abandoned)?;
            return Ok(true);
        }
        match self.advance() {
            Err(Error::Feed(feed::Error::Trimmed { .. })) => {
                tracing::info!("the index of contacts is built anew");
                *self.built.write() = None;
                self.progress.lose();
                Ok(true)
            }
            advanced => advanced,
        }
    }

    /// Reads every contact's head. The rows may change meanwhile: what happened since the mark comes through the feed as well,
    /// and taking it in again changes nothing.
    fn build(&self, is_abandoned: &AtomicBool) -> Result<(), Error> {
        let began = Instant::now();
        let mut books = Books::new(self.bounds);
        let mut proposed = HashMap::new();
        let position = self.store.mark();
        self.following.lock().position = position;
        self.store.contacts::<Error>(&mut |address, contact| {
            if is_abandoned.load(Ordering::Relaxed) {
                return Err(Error::Store(store::Error::Cancelled));
            }
            match contact.stage {
                Stage::Active => {
                    let name = self.name(&address, &contact.profile);
                    let world = World::of(&address);
                    books.load(world, address.entity, contact.created_at, name);
                }
                Stage::Proposed => {
                    proposed.insert(address, contact.profile);
                }
                Stage::Absent | Stage::Void | Stage::Erased => {}
            }
            Ok(())
        })?;
        books.settle();
        tracing::info!(
            contacts = books.contacts(),
            names_bytes = books.names_bytes(),
            took_ms = began.elapsed().as_millis(),
            "the index of contacts is built"
        );
        *self.following.lock() = Following { position, proposed };
        *self.built.write() = Some(Built {
            books,
            was_current: false,
        });
        Ok(())
    }

    fn advance(&self) -> Result<bool, Error> {
        let mut following = self.following.lock();
        let began = Instant::now();
        let max = limits::FOLLOW_EFFECTS_A_PULL;
        let Pulled { effects, reached } = self.feed.pull(following.position, max)?;
        let has_more = effects.len() >= max;
        let mut changes = Vec::new();
        for fed in effects
            .iter()
            .filter(|fed| fed.address.kind == Kind::Contact)
        {
            for event in &fed.effect.events {
                if let Event::Contact(event) = event {
                    let change = self.change(&fed.address, event, &mut following.proposed);
                    changes.extend(change.map(|change| (fed.address, change)));
                }
            }
        }
        if let Some(built) = &mut *self.built.write() {
            for (address, change) in changes {
                let world = World::of(&address);
                built.books.apply(world, address.entity, change);
            }
            built.was_current |= !has_more;
        }
        following.position = reached.max(following.position);
        let reached = following.position;
        drop(following);
        self.progress.reach(reached, (!has_more).then_some(began));
        Ok(has_more)
    }

    /// What an event changes in the index.
    fn change(
        &self,
        address: &Address,
        event: &contact::Event,
        proposed: &mut HashMap<Address, SealedProfile>,
    ) -> Option<Change> {
        match event {
            contact::Event::Proposed(proposal) => {
                proposed.insert(*address, proposal.profile.clone());
                None
            }
            // One that nobody proposed since the rows were read was in them.
            contact::Event::Created(at) => {
                let profile = proposed.remove(address)?;
                Some(Change::Added(*at, self.name(address, &profile)))
            }
            contact::Event::Refused | contact::Event::ReservationVoided(_) => {
                proposed.remove(address);
                None
            }
            contact::Event::Changed(change, _) => {
                Some(Change::Renamed(self.name(address, &change.profile)))
            }
            contact::Event::Erased(_) => Some(Change::Removed),
            contact::Event::Access(event)
                if matches!(**event, access::Event::RegistrationLapsed) =>
            {
                proposed.remove(address);
                None
            }
            _ => None,
        }
    }

    /// The folded name; none of one that was erased. One that cannot be opened is told of and not found by name.
    fn name(&self, address: &Address, profile: &SealedProfile) -> String {
        match self.profiles.open(address, profile) {
            Ok(profile) => profile.as_ref().map(names::fold).unwrap_or_default(),
            Err(error) => {
                tracing::error!(%error, "a contact's name cannot be opened, and is not searched");
                String::new()
            }
        }
    }
}

impl Follower for Contacts {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn begin(&self, store: &Store) -> Result<(), Error> {
        self.following.lock().position = store.mark();
        Ok(())
    }

    fn follow(self: Arc<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let abandon = Abandon::default();
            let may_block = self.store.rows().may_block();
            let contacts = Arc::clone(&self);
            let is_abandoned = Arc::clone(&abandon.0);
            let step = move || contacts.step(&is_abandoned);
            self.progress.drive(may_block, step).await;
        })
    }

    /// Nothing is stored.
    fn flush(&self) -> Result<bool, rows::Error> {
        Ok(false)
    }

    fn synced(&self) {}

    /// After a restart everything is built from the rows: nothing before the present place is needed again.
    fn durable(&self) -> Position {
        self.following.lock().position
    }
}
