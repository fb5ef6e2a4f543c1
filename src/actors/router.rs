//! The one door to the entities: finds the owning shard, asks for admission, sends, and waits for the answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use clientele_cluster::{ShardId, shard_of};
use ractor::MessagingErr;
use subtle::ConstantTimeEq;
use tokio::sync::oneshot;

use super::admission::Permit;
use super::envelope::{Caller, CommandEnvelope, Message, QueryEnvelope};
use super::node::Core;
use super::shard::{Handle, Shard};
use crate::domain::address::{Address, Kind, Mode, TenantId};
use crate::domain::contact::{self, Profile, SealedProfile};
use crate::domain::context::TenantView;
use crate::domain::entity::{Answer, Command, Query, Rejection, Remember};
use crate::domain::tenant::{Role, Tenant};
use crate::domain::time::Timestamp;
use crate::limits;
use crate::persistence::codec;
use crate::persistence::keyring::{self, KeySlot};
use crate::persistence::profiles;
use crate::secrets::Secrets;

// What callers need beside the router itself, so that `http` knows this module only.
pub use super::access;
pub use super::contact_change;
pub use super::contact_creation;
pub use super::envelope::{Failure, Reply, Timings, Unavailable};
pub use super::publications::PublishedKey;
pub use super::spend_tokens;
pub use super::test_clock::TestClock;
pub use super::users;

/// The one door to the entities. Cheap to clone.
#[derive(Clone)]
pub struct Router {
    core: Arc<Core>,
    shards: Arc<[Arc<Shard>]>,
}

/// Why a key opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unauthenticated {
    /// It is no key of ours, or was revoked.
    Invalid,
    /// It has expired.
    Expired,
    /// Another took its place, and its grace has ended.
    RolledOut,
    /// The key's entity cannot be asked right now.
    Unavailable(Unavailable),
}

/// A contact's personal fields, opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenedProfile {
    /// In clear.
    Plain(Box<Profile>),
    /// The contact was erased.
    Erased,
}

impl Router {
    pub(super) fn new(core: Arc<Core>, shards: Arc<[Arc<Shard>]>) -> Router {
        Router { core, shards }
    }

    /// The keys of the data directory.
    pub fn secrets(&self) -> &Arc<Secrets> {
        &self.core.secrets
    }

    /// The time of credentials.
    pub fn wall(&self) -> Timestamp {
        self.core.clock.wall()
    }

    pub(super) fn core(&self) -> &Core {
        &self.core
    }

    pub(super) fn shards(&self) -> &[Arc<Shard>] {
        &self.shards
    }

    /// A shard by its number.
    pub(super) fn shard_at(&self, number: u16) -> Option<&Arc<Shard>> {
        self.shards.get(usize::from(number))
    }

    pub(super) fn shard(&self, address: &Address) -> Option<&Arc<Shard>> {
        let shard = self.shard_of(address);
        self.shards.get(usize::from(shard.0))
    }

    /// The code of the wallet of the contact at `address`.
    pub fn wallet_code(&self, address: &Address, code_slot: u32) -> String {
        let shard = self.shard_of(address);
        contact::wallet_code(self.secrets().wallet_codes(), shard.0, code_slot)
    }

    /// Asks an entity to change. `remember` makes the effect happen once; `tenant` is the configuration to decide by.
    pub async fn command(
        &self,
        address: Address,
        command: Command,
        remember: Option<Remember>,
        tenant: Option<Arc<TenantView>>,
    ) -> Reply {
        if self.is_draining() {
            return Reply::failed(Unavailable::Draining);
        }
        self.send(address, Shard::admit, |caller| {
            Message::Command(Box::new(CommandEnvelope {
                command,
                remember,
                tenant,
                caller,
                borrowed: None,
            }))
        })
        .await
    }

    /// Asks an entity to show something.
    pub async fn query(&self, address: Address, query: Query) -> Reply {
        if self.is_draining() {
            return Reply::failed(Unavailable::Draining);
        }
        self.send(address, Shard::admit, |caller| {
            Message::Query(QueryEnvelope { query, caller })
        })
        .await
    }

    /// Whether callers are no longer let in. What they need who were let in before goes on.
    pub(super) fn is_draining(&self) -> bool {
        self.core.draining.load(Ordering::Acquire)
    }

    /// Asks an entity to change on the platform's own behalf.
    pub(super) async fn internal_command(&self, address: Address, command: Command) -> Reply {
        self.send(address, Shard::admit_internal, |caller| {
            Message::Command(Box::new(CommandEnvelope {
                command,
                remember: None,
                tenant: None,
                caller,
                borrowed: None,
            }))
        })
        .await
    }

    /// Asks an entity to show something on the platform's own behalf.
    pub(super) async fn internal_query(&self, address: Address, query: Query) -> Reply {
        self.send(address, Shard::admit_internal, |caller| {
            Message::Query(QueryEnvelope { query, caller })
        })
        .await
    }

    /// Tells an entity that it is due.
    pub(super) fn fire_timers(&self, address: Address, permit: Permit) {
        if let Some(shard) = self.shard(&address) {
            self.deliver(shard, address, Message::FireTimers(permit));
        }
    }

    async fn send(
        &self,
        address: Address,
        admit: impl FnOnce(&Shard) -> Option<Permit>,
        message: impl FnOnce(Caller) -> Message,
    ) -> Reply {
        debug_assert!(
            address.kind != Kind::Lease,
            "a lease is no actor, and lives where its address does not say"
        );
        let (shard, permit, handle) = match self.let_in(address, admit).await {
            Ok(let_in) => let_in,
            Err(failure) => return Reply::failed(failure),
        };
        let (reply, answer) = oneshot::channel();
        let caller = Caller {
            reply,
            sent_at: Instant::now(),
            permit,
        };
        self.deliver_to(handle, shard, address, message(caller));
        // The actor ended with the message in its mailbox.
        let reply = answer
            .await
            .unwrap_or_else(|_| Reply::failed(Unavailable::UnknownOutcome));
        self.open_texts(&address, reply)
    }

    /// Leave to ask something of the entity at `address`, its shard, and its actor if it is in memory.
    pub(super) async fn let_in(
        &self,
        address: Address,
        admit: impl FnOnce(&Shard) -> Option<Permit>,
    ) -> Result<(&Arc<Shard>, Permit, Option<Arc<Handle>>), Failure> {
        if address.mode == Mode::Test {
            Box::pin(self.know_test_clock(address.tenant)).await?;
        }
        let overloaded = Failure::Unavailable(Unavailable::Overloaded);
        if self.core.store.waiting() >= limits::DIRTY_EFFECTS_MAX {
            return Err(overloaded);
        }
        let shard = self.shard(&address).ok_or(overloaded)?;
        let permit = admit(shard).ok_or(overloaded)?;
        let handle = self.core.handle(&address);
        let permit = match &handle {
            Some(handle) => {
                handle.touch();
                permit.and(&handle.gate).map_err(|_full| overloaded)?
            }
            None => permit,
        };
        Ok((shard, permit, handle))
    }

    pub(super) fn deliver(&self, shard: &Arc<Shard>, address: Address, message: Message) {
        self.deliver_to(self.core.handle(&address), shard, address, message);
    }

    /// The same, to an actor that was looked for already.
    fn deliver_to(
        &self,
        handle: Option<Arc<Handle>>,
        shard: &Arc<Shard>,
        address: Address,
        message: Message,
    ) {
        let message = match handle {
            Some(handle) => match handle.actor.send_message(message) {
                Ok(()) => return,
                // It is leaving: the next incarnation gets the message.
                Err(MessagingErr::SendErr(message)) => message,
                Err(_) => return,
            },
            None => message,
        };
        shard.activate(address, message);
    }

    /// Who presents `value`, if it is a key that works now.
    pub async fn authenticate(&self, value: &str) -> Result<Arc<PublishedKey>, Unauthenticated> {
        let address = self
            .core
            .secrets
            .read_api_key(value)
            .ok_or(Unauthenticated::Invalid)?;
        let published = match self.core.publications.api_key(&address) {
            Some(published) => published,
            None => {
                let reply = Box::pin(self.query(address, Query::ApiKey)).await;
                if let Err(Failure::Unavailable(unavailable)) = reply.result {
                    return Err(Unauthenticated::Unavailable(unavailable));
                }
                self.core
                    .publications
                    .api_key(&address)
                    .ok_or(Unauthenticated::Invalid)?
            }
        };
        let presented = blake3::hash(value.as_bytes());
        let details = &published.key.details;
        if !bool::from(presented.as_bytes().ct_eq(&details.value_hash)) {
            return Err(Unauthenticated::Invalid);
        }
        let wall = self.wall();
        if !published.key.works(wall) {
            return Err(match published.key.stage {
                crate::domain::api_key::Stage::Revoked(_) => Unauthenticated::Invalid,
                crate::domain::api_key::Stage::Active | crate::domain::api_key::Stage::Expired => {
                    match published.key.successor {
                        Some(_) => Unauthenticated::RolledOut,
                        None => Unauthenticated::Expired,
                    }
                }
            });
        }
        published.used(wall);
        Ok(published)
    }

    /// When the API key at `address` last opened something; after a crash, perhaps only as the last checkpoint knew it.
    pub async fn last_used(&self, address: Address) -> Result<Option<Timestamp>, Failure> {
        let published = self.core.publications.api_key(&address);
        if let Some(at) = published.and_then(|published| published.last_used()) {
            return Ok(Some(at));
        }
        let stored = self.core.store.last_use(self.shard_of(&address), address);
        stored.await.map_err(|error| {
            tracing::error!(%error, "an API key's last use cannot be read");
            Unavailable::Unreadable.into()
        })
    }

    /// Has the next checkpoint store when API keys were last used.
    pub(super) fn note_uses(&self) {
        for (address, at) in self.core.publications.new_uses() {
            let shard = self.shard_of(&address);
            self.core.store.note_use(shard, address, at);
        }
    }

    pub(super) fn shard_of(&self, address: &Address) -> ShardId {
        shard_of(address.tenant.0, address.entity, self.core.options.shards)
    }

    /// A tenant's configuration in `mode`.
    pub async fn tenant_view(
        &self,
        tenant: TenantId,
        mode: Mode,
    ) -> Result<Arc<TenantView>, Failure> {
        let publications = &self.core.publications;
        if let Some(view) = publications.tenant_view(tenant, mode) {
            return Ok(view);
        }
        let changes = publications.changes(tenant);
        // Boxed, like other things that few requests need: every request carries room for what its path might wait for.
        let view = Box::pin(self.assemble_tenant_view(tenant, mode)).await?;
        let view = Arc::new(view);
        publications.keep_tenant_view(tenant, mode, changes, Arc::clone(&view));
        Ok(view)
    }

    /// A tenant as it stands.
    pub async fn tenant(&self, tenant: TenantId) -> Result<Box<Tenant>, Failure> {
        match self
            .query(Address::tenant(tenant), Query::Tenant)
            .await
            .result?
        {
            Answer::Tenant(tenant) => Ok(tenant),
            other => Err(unexpected(&other)),
        }
    }

    async fn assemble_tenant_view(
        &self,
        tenant: TenantId,
        mode: Mode,
    ) -> Result<TenantView, Failure> {
        let listed = self.tenant(tenant).await?;
        let uncovered_offline = listed.uncovered_offline(mode);
        let rate_limits = listed.rate_limits(mode);
        let details = listed
            .details
            .ok_or(Failure::Rejected(Rejection::NotFound))?;
        let taps = listed.taps.into_iter().map(|(of, code)| (code, of));
        let taps = taps.collect();
        let mut organisations = BTreeMap::new();
        for entity in listed.organisations {
            let address = Address {
                tenant,
                mode: Mode::Shared,
                kind: Kind::Organisation,
                entity,
            };
            match self.query(address, Query::Organisation).await.result? {
                Answer::Organisation(organisation) => organisations.insert(entity, *organisation),
                other => return Err(unexpected(&other)),
            };
        }
        let mut offers = Vec::new();
        for (_, entity) in listed.offers.into_iter().filter(|(of, _)| *of == mode) {
            let address = Address {
                tenant,
                mode,
                kind: Kind::Offer,
                entity,
            };
            match self.query(address, Query::Offer).await.result? {
                Answer::Offer(offer) => offers.push((entity, Arc::from(offer))),
                other => return Err(unexpected(&other)),
            }
        }
        let address = Address::configuration(tenant, mode);
        let rewards = match self.query(address, Query::Configuration).await.result? {
            Answer::Configuration(configuration) => Arc::from(configuration),
            other => return Err(unexpected(&other)),
        };
        let address = Address::apps(tenant, mode);
        let apps = match self.query(address, Query::Apps).await.result? {
            Answer::Apps(apps) => Arc::from(apps),
            other => return Err(unexpected(&other)),
        };
        let mut view = TenantView {
            currency: details.currency,
            classifications: details.classifications,
            time_zone: details.time_zone,
            organisations,
            taps,
            uncovered_offline,
            rate_limits,
            roles: listed.roles,
            offers,
            rewards,
            apps,
        };
        view.roles.push(Role::of_owners(view.owner()));
        Ok(view)
    }

    /// Seals a contact's personal fields with a key of its own.
    pub(super) fn seal_profile(
        &self,
        address: &Address,
        profile: &Profile,
    ) -> Result<SealedProfile, keyring::Error> {
        let shard = self.shard_of(address);
        let slot = self.core.keyring.allocate(shard)?;
        self.seal_again(address, slot, profile)
    }

    /// Seals a contact's personal fields with the key that it has: one key opens, and one shredding erases, all of them.
    pub(super) fn seal_again(
        &self,
        address: &Address,
        slot: KeySlot,
        profile: &Profile,
    ) -> Result<SealedProfile, keyring::Error> {
        let shard = self.shard_of(address);
        let plain = codec::encode_profile(profile);
        let aad = address.to_bytes();
        let sealed = self.core.keyring.seal(shard, slot, &aad, &plain)?;
        Ok(SealedProfile {
            slot: slot.0,
            sealed: sealed.into(),
        })
    }

    /// Seals what is no profile with the key of a contact's personal fields.
    pub(super) fn seal_bytes(
        &self,
        address: &Address,
        slot: KeySlot,
        aad: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>, keyring::Error> {
        let shard = self.shard_of(address);
        self.core.keyring.seal(shard, slot, aad, plain)
    }

    /// Opens what was sealed so.
    pub(super) fn open_bytes(
        &self,
        address: &Address,
        slot: KeySlot,
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<keyring::Opened, keyring::Error> {
        let shard = self.shard_of(address);
        let keyring = &self.core.keyring;
        keyring.open_sealed(shard, slot, aad, sealed)
    }

    /// Destroys the key of a contact's personal fields, wherever they lie. Waits for a disk.
    pub(super) fn shred_profile(
        &self,
        address: &Address,
        profile: &SealedProfile,
    ) -> Result<(), keyring::Error> {
        let shard = self.shard_of(address);
        self.core.keyring.shred(shard, KeySlot(profile.slot))
    }

    /// Opens a contact's personal fields.
    pub fn open_profile(
        &self,
        address: &Address,
        profile: &SealedProfile,
    ) -> Result<OpenedProfile, Failure> {
        let core = &self.core;
        match profiles::open(&core.keyring, core.options.shards, address, profile) {
            Ok(Some(profile)) => Ok(OpenedProfile::Plain(Box::new(profile))),
            Ok(None) => Ok(OpenedProfile::Erased),
            Err(error) => {
                tracing::error!(%error, "a profile cannot be opened");
                Err(Unavailable::Unreadable.into())
            }
        }
    }
}

/// An entity answered something else than its query asks for: a fault of ours.
pub(super) fn unexpected(answer: &Answer) -> Failure {
    debug_assert!(false, "an answer that does not fit its query: {answer:?}");
    Failure::Rejected(Rejection::WrongKind)
}
