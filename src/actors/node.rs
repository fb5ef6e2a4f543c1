//! A node: claims its shards, catches up, and runs what is periodic: checkpoints, timers, passivation.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clientele_cluster::{NodeId, ShardCount, ShardId};
use dashmap::DashMap;
use parking_lot::Mutex;
use ractor::Actor;

use super::catch_up::catch_up;
use super::contact_change::ChangeTurns;
use super::exports::{ExportPlan, Exported};
use super::lender::Lender;
use super::publications::{Publication, Publications};
use super::residency::Residency;
use super::router::Router;
use super::shard::{Handle, Shard};
use super::spawn::Spawner;
use super::supervisor::{NodeSupervisor, ShardSupervisor};
use crate::clock::Clock;
use crate::domain::address::{Address, Mode, TenantId};
use crate::domain::entity::Command;
use crate::domain::time::Timestamp;
use crate::health::Check;
use crate::limits;
use crate::persistence::codec;
use crate::persistence::feed::Feed;
use crate::persistence::follower::{self, Follower};
use crate::persistence::journal::{self, Journal, Position};
use crate::persistence::keyring::Keyring;
use crate::persistence::store::{self, Checkpointed, Store};
use crate::secrets::Secrets;

/// What a node is told.
#[derive(Clone, Debug)]
pub struct Options {
    /// This node's name in claims.
    pub node: NodeId,
    /// How many shards there are: fixed when the data directory is created.
    pub shards: ShardCount,
    /// How many requests may be under way in one shard.
    pub shard_under_way_max: u32,
    /// How many requests may be under way for one entity.
    pub entity_under_way_max: u32,
    /// How many entities may be in memory.
    pub resident_max: usize,
    /// How many leases of a shard may be in memory, but for those in use.
    pub leases_held_max: usize,
    /// After how long without use an entity leaves memory, at the latest after twice as long.
    pub passivate_after: Duration,
    /// How often rows are brought up to date.
    pub checkpoint_every: Duration,
}

/// A look into an entity's turn, for tests that need something to go wrong there.
pub trait Probe: Send + Sync {
    /// Called before each decision; may panic.
    fn before_decide(&self, address: &Address, command: &Command);
}

/// What a node is made of.
pub struct Parts {
    /// The journal.
    pub journal: Arc<dyn Journal>,
    /// The newest durable state of every entity.
    pub store: Arc<Store>,
    /// The contacts' keys.
    pub keyring: Arc<Keyring>,
    /// Keys of the data directory.
    pub secrets: Arc<Secrets>,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// The durable effects of this journal.
    pub feed: Arc<Feed>,
    /// Who follows them, with rows in this store.
    pub followers: Vec<Arc<dyn Follower>>,
    /// Where it is said whether checkpoints succeed.
    pub rows_check: Check,
    /// Exports that are made by themselves, if any.
    pub exports: Option<ExportPlan>,
    /// Starts tasks.
    pub spawner: Spawner,
    /// None but in tests.
    pub probe: Option<Arc<dyn Probe>>,
}

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The journal.
    #[error(transparent)]
    Journal(#[from] journal::Error),
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A follower of the journal.
    #[error("what is built from the journal cannot be taken up: {0}")]
    Follower(#[from] follower::Error),
    /// A record of the journal.
    #[error("the journal holds a record that cannot be read: {0}")]
    Record(#[from] codec::Error),
    /// The rows need records that were trimmed.
    #[error(
        "the rows reach journal position {rows}, but the journal was trimmed up to {journal}; no export in `exports` closes the gap. Move `rows` away, and restore one that does with `clientele snapshot restore`"
    )]
    RowsBehind {
        /// How far the rows reach.
        rows: u64,
        /// How far records were dropped.
        journal: u64,
    },
    /// The rows hold what the journal has lost.
    #[error(
        "the rows reach journal position {rows}, but the journal ends at {journal}: durable records are gone. Copy the whole data directory back from a backup; or move `journal`, `journal.manifest` and `rows` away and restore an export with `clientele snapshot restore`, without what came after it"
    )]
    RowsAhead {
        /// How far the rows reach.
        rows: u64,
        /// Where the journal ends.
        journal: u64,
    },
    /// The clock.
    #[error(
        "the journal's newest record lies {ahead_s} s ahead of this machine's clock; set the clock right (check NTP), then start again"
    )]
    ClockBehind {
        /// By how much.
        ahead_s: i64,
    },
    /// The supervision tree.
    #[error("the supervisors cannot be started: {0}")]
    Supervisors(#[from] ractor::SpawnErr),
}

/// What every part of the node shares.
pub struct Core {
    pub(super) options: Options,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) store: Arc<Store>,
    pub(super) keyring: Arc<Keyring>,
    pub(super) secrets: Arc<Secrets>,
    pub(super) feed: Arc<Feed>,
    pub(super) followers: Vec<Arc<dyn Follower>>,
    pub(super) rows_check: Check,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) spawner: Spawner,
    pub(super) publications: Publications,
    pub(super) lender: Lender,
    pub(super) change_turns: ChangeTurns,
    pub(super) residency: Residency,
    pub(super) entities: DashMap<Address, Arc<Handle>, foldhash::fast::RandomState>,
    pub(super) draining: AtomicBool,
    probe: Option<Arc<dyn Probe>>,
}

impl Core {
    pub(super) fn handle(&self, address: &Address) -> Option<Arc<Handle>> {
        self.entities.get(address).map(|handle| Arc::clone(&handle))
    }

    pub(super) fn probe_decide(&self, address: &Address, command: &Command) {
        if let Some(probe) = &self.probe {
            probe.before_decide(address, command);
        }
    }

    /// The time of business of a tenant in a mode: in test mode, its test clock's.
    pub(super) fn business(&self, tenant: TenantId, mode: Mode) -> Timestamp {
        let now = self.clock.business(tenant, mode);
        match mode {
            Mode::Test => now.after(self.publications.test_clock(tenant).unwrap_or_default()),
            Mode::Live | Mode::Shared => now,
        }
    }

    /// Publishes what an entity was loaded with. A configuration that was only loaded has not changed.
    pub(super) fn publish_loaded(&self, address: Address, publication: Publication) {
        match publication {
            Publication::ApiKey(_) | Publication::Sessions(_) | Publication::User(_) => {
                self.publications.publish(address, publication);
            }
            Publication::TenantConfiguration => {}
            Publication::Tenant(ahead) => self.publications.set_test_clock(address.tenant, ahead),
        }
    }
}

/// A running node.
pub struct Node {
    pub(super) core: Arc<Core>,
    shards: Arc<[Arc<Shard>]>,
    router: Router,
    root: ractor::ActorCell,
    /// Serialises checkpoints: the periodic one and those that an export or the end ask for.
    pub(super) checkpoints: tokio::sync::Mutex<Checkpoints>,
    /// Held while an export is made.
    pub(super) exporting: tokio::sync::Mutex<()>,
    /// The newest export that was found whole.
    pub(super) exported: Mutex<Option<Exported>>,
}

/// The checkpoints so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Checkpoints {
    /// Where the newest is.
    pub(super) last: Position,
    /// Where the one before it is: were the newest damaged, replay would start there.
    pub(super) before_last: Position,
}

impl Node {
    /// Claims every shard, catches up with the journal, and starts.
    pub async fn start(options: Options, parts: Parts) -> Result<Arc<Node>, Error> {
        let Parts {
            journal,
            store,
            keyring,
            secrets,
            clock,
            feed,
            followers,
            rows_check,
            exports,
            spawner,
            probe,
        } = parts;
        let core = Arc::new(Core {
            residency: Residency::new(options.resident_max),
            options,
            journal,
            store,
            keyring,
            secrets,
            feed,
            followers,
            rows_check,
            clock,
            spawner,
            publications: Publications::default(),
            lender: Lender::default(),
            change_turns: ChangeTurns::default(),
            entities: DashMap::default(),
            draining: AtomicBool::new(false),
            probe,
        });
        let shards: Arc<[Arc<Shard>]> = (0..core.options.shards.get())
            .map(|number| Shard::new(ShardId(number), Arc::clone(&core)))
            .collect();
        catch_up(&core, &shards).await?;
        for follower in &core.followers {
            follower.begin(&core.store)?;
        }
        core.rows_check.ready();

        let router = Router::new(Arc::clone(&core), Arc::clone(&shards));
        let (root, _) = NodeSupervisor::spawn(None, NodeSupervisor, ()).await?;
        for shard in shards.iter() {
            let supervisor = ShardSupervisor {
                router: router.clone(),
                shard: Arc::clone(shard),
            };
            let (supervisor, _) =
                ShardSupervisor::spawn_linked(None, supervisor, (), root.get_cell()).await?;
            shard.supervise(supervisor);
        }
        let node = Arc::new(Node {
            checkpoints: tokio::sync::Mutex::new(Checkpoints {
                last: core.store.mark(),
                before_last: Position::START,
            }),
            exporting: tokio::sync::Mutex::new(()),
            exported: Mutex::new(None),
            core,
            shards,
            router,
            root: root.get_cell(),
        });
        node.run_periodic_work(exports);
        Ok(node)
    }

    /// The one door to the entities.
    pub fn router(&self) -> &Router {
        &self.router
    }

    /// How many entities are in memory.
    pub fn resident(&self) -> usize {
        self.core.residency.resident()
    }

    fn run_periodic_work(self: &Arc<Self>, exports: Option<ExportPlan>) {
        let spawner = self.core.spawner.clone();
        for follower in &self.core.followers {
            spawner.spawn_until_stop("follower", Arc::clone(follower).follow());
        }
        if let Some(plan) = exports {
            spawner.spawn_until_stop("exports", Arc::clone(self).keep_exports(plan));
        }
        let node = Arc::clone(self);
        spawner.spawn_until_stop("checkpoints", async move {
            loop {
                node.wait_for_checkpoint().await;
                if let Err(error) = node.checkpoint().await {
                    tracing::error!(%error, "a checkpoint failed; the journal keeps everything until one succeeds");
                }
            }
        });
        let core = Arc::clone(&self.core);
        let shards: Vec<_> = self.shards.iter().map(|shard| shard.id()).collect();
        spawner.spawn_until_stop("rows", async move {
            for shard in shards {
                if let Err(error) = core.store.checked(shard).await {
                    tracing::error!(%error, "the rows are damaged; nothing of the shard is served");
                }
            }
        });
        let node = Arc::clone(self);
        spawner.spawn_until_stop("timers", async move {
            let mut tick = tokio::time::interval(Duration::from_millis(limits::TIMER_TICK_MS));
            tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                tick.tick().await;
                node.fire_timers();
            }
        });
        let node = Arc::clone(self);
        spawner.spawn_until_stop("passivation", async move {
            let rounds = u32::try_from(limits::PASSIVATION_SWEEPS_A_ROUND).unwrap_or(u32::MAX);
            let pause = node.core.options.passivate_after / rounds;
            loop {
                tokio::time::sleep(pause.max(Duration::from_millis(10))).await;
                let core = &node.core;
                let share = core
                    .residency
                    .resident()
                    .div_ceil(limits::PASSIVATION_SWEEPS_A_ROUND);
                core.residency.sweep(share, |address| core.look_at(address));
            }
        });
    }

    /// Until the interval is over, or so much waits that memory matters more.
    async fn wait_for_checkpoint(&self) {
        let deadline = tokio::time::Instant::now() + self.core.options.checkpoint_every;
        while tokio::time::Instant::now() < deadline
            && self.core.store.waiting() < limits::DIRTY_EFFECTS_CHECKPOINT
        {
            let pause = Duration::from_millis(limits::CHECKPOINT_LOOK_MS);
            tokio::time::sleep(pause.min(self.core.options.checkpoint_every)).await;
        }
    }

    /// Folds everything durable into synced rows, and gives back what the journal need no longer keep.
    pub async fn checkpoint(&self) -> Result<Checkpointed, store::Error> {
        let mut checkpoints = self.checkpoints.lock().await;
        let done = self.try_checkpoint(&mut checkpoints).await;
        match &done {
            Ok(_) => {
                self.core.rows_check.ready();
                self.trim(&checkpoints);
            }
            Err(error) => {
                metrics::counter!("clientele_checkpoint_failures_total").increment(1);
                self.core.rows_check.failing(format!(
                    "the last checkpoint failed: {error}; look at the disk, and restart unless the next one succeeds"
                ));
            }
        }
        done
    }

    async fn try_checkpoint(
        &self,
        checkpoints: &mut Checkpoints,
    ) -> Result<Checkpointed, store::Error> {
        let began = std::time::Instant::now();
        let waiting = u32::try_from(self.core.store.waiting()).unwrap_or(u32::MAX);
        metrics::gauge!("clientele_waiting_effects").set(f64::from(waiting));
        self.router.note_uses();
        let durable = self.noted_up_to(self.core.journal.durable());
        let core = Arc::clone(&self.core);
        let done = if core.store.rows().may_block() {
            let fold = move || core.store.checkpoint_with(durable, &core.followers);
            tokio::task::spawn_blocking(fold)
                .await
                .map_err(|_cut_short| store::Error::Cancelled)??
        } else {
            core.store.checkpoint_with(durable, &core.followers)?
        };
        if durable > checkpoints.last {
            checkpoints.before_last = checkpoints.last;
            checkpoints.last = durable;
        }
        metrics::histogram!("clientele_checkpoint_seconds").record(began.elapsed());
        Ok(done)
    }

    /// How far the rows may be marked when the journal is durable up to `durable`. Where a shard is lost, an append of unknown outcome may
    /// lie before that without being noted: a mark past it would hide it from every later replay.
    fn noted_up_to(&self, durable: Position) -> Position {
        let lost = self.shards.iter().filter(|shard| shard.is_lost());
        let noted = lost.map(|shard| shard.noted()).fold(durable, Position::min);
        noted.max(self.core.store.mark())
    }

    fn fire_timers(&self) {
        for shard in self.shards.iter() {
            let now = self.core.clock.wall();
            let due = shard
                .timers()
                .lock()
                .take_due(now, limits::TIMERS_A_TICK_AND_SHARD);
            for address in due {
                // No permit: the entity is asked again later.
                let Some(permit) = shard.admit_internal() else {
                    break;
                };
                self.router.fire_timers(address, permit);
            }
        }
    }

    /// The newest position whose effect, and every one before, is in synced rows.
    pub fn checkpointed(&self) -> Position {
        self.core.store.mark()
    }

    /// Stops taking requests, finishes what is under way within `patience`, brings the rows up to date and stops every actor. The
    /// journal stays open: its owner closes it.
    pub async fn stop(&self, patience: Duration) {
        self.core.draining.store(true, Ordering::Release);
        let deadline = tokio::time::Instant::now() + patience;
        while self.shards.iter().any(|shard| shard.under_way() > 0)
            && tokio::time::Instant::now() < deadline
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.core.spawner.finish().await;
        if !self.core.journal.has_failed()
            && let Err(error) = self.checkpoint().await
        {
            tracing::warn!(%error, "the last checkpoint failed; the next start replays the journal");
        }
        for shard in self.shards.iter() {
            shard.stop();
        }
        self.root.stop(None);
        self.core.entities.clear();
    }
}
