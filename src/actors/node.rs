//! A node: claims its shards, catches up, and runs what is periodic: checkpoints, timers, passivation.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use clientele_cluster::{NodeId, ShardCount, ShardId};
use dashmap::DashMap;
use ractor::Actor;

use super::catch_up::catch_up;
use super::lender::Lender;
use super::publications::{Publication, Publications};
use super::residency::Residency;
use super::router::Router;
use super::shard::{Handle, Shard};
use super::spawn::Spawner;
use super::supervisor::{NodeSupervisor, ShardSupervisor};
use crate::clock::Clock;
use crate::domain::address::Address;
use crate::domain::entity::Command;
use crate::limits;
use crate::persistence::codec;
use crate::persistence::export::{self, ExportSummary};
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
    /// A record of the journal.
    #[error("the journal holds a record that cannot be read: {0}")]
    Record(#[from] codec::Error),
    /// The rows need records that were trimmed.
    #[error(
        "the rows reach journal position {rows}, but the journal was trimmed up to {journal}; move `rows` away and restore the newest export with `clientele snapshot restore`"
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
    pub(super) clock: Arc<dyn Clock>,
    pub(super) spawner: Spawner,
    pub(super) publications: Publications,
    pub(super) lender: Lender,
    pub(super) residency: Residency,
    pub(super) entities: DashMap<Address, Arc<Handle>>,
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

    /// Publishes what an entity was loaded with. A configuration that was only loaded has not changed.
    pub(super) fn publish_loaded(&self, address: Address, publication: Publication) {
        match publication {
            Publication::ApiKey(_) => self.publications.publish(address, publication),
            Publication::TenantConfiguration => {}
        }
    }
}

/// A running node.
pub struct Node {
    core: Arc<Core>,
    shards: Arc<[Arc<Shard>]>,
    router: Router,
    root: ractor::ActorCell,
    /// Serialises checkpoints: the periodic one and those that an export or the end ask for.
    checkpointing: tokio::sync::Mutex<Position>,
    /// The checkpoint before the newest exported one: trimming never passes it.
    checkpoint_before_last: AtomicU64,
}

/// Why there is no export.
#[derive(Debug, thiserror::Error)]
pub enum ExportFailed {
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The rows cannot be written to it.
    #[error(transparent)]
    Transfer(#[from] store::TransferFailed),
    /// The file.
    #[error(transparent)]
    Export(#[from] export::Error),
    /// The journal could not be trimmed; the export itself is whole.
    #[error("the export is whole, but the journal cannot be trimmed: {0}")]
    Journal(#[from] journal::Error),
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
            clock,
            spawner,
            publications: Publications::default(),
            lender: Lender::default(),
            entities: DashMap::new(),
            draining: AtomicBool::new(false),
            probe,
        });
        let shards: Arc<[Arc<Shard>]> = (0..core.options.shards.get())
            .map(|number| Shard::new(ShardId(number), Arc::clone(&core)))
            .collect();
        catch_up(&core, &shards).await?;

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
            checkpointing: tokio::sync::Mutex::new(core.store.mark()),
            checkpoint_before_last: AtomicU64::new(0),
            core,
            shards,
            router,
            root: root.get_cell(),
        });
        node.run_periodic_work();
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

    fn run_periodic_work(self: &Arc<Self>) {
        let spawner = self.core.spawner.clone();
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

    /// Folds everything durable into synced rows.
    pub async fn checkpoint(&self) -> Result<Checkpointed, store::Error> {
        let mut last = self.checkpointing.lock().await;
        let began = std::time::Instant::now();
        let durable = self.noted_up_to(self.core.journal.durable());
        let store = Arc::clone(&self.core.store);
        let done = if store.rows().may_block() {
            tokio::task::spawn_blocking(move || store.checkpoint(durable))
                .await
                .map_err(|_cut_short| store::Error::Cancelled)??
        } else {
            store.checkpoint(durable)?
        };
        *last = durable;
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

impl Node {
    /// Writes a verified export of everything durable to `path`, and lets the journal be trimmed to it. Rows are not changed
    /// while it is written; the journal goes on.
    pub async fn export(
        &self,
        path: PathBuf,
        data_directory_id: [u8; 16],
    ) -> Result<ExportSummary, ExportFailed> {
        self.checkpoint().await?;
        let checkpointing = self.checkpointing.lock().await;
        let position = *checkpointing;
        let header = export::Header {
            data_directory_id,
            journal_position: position,
            created_at_ms: u64::try_from(self.core.clock.wall().0).unwrap_or_default(),
            shard_count: u32::from(self.core.options.shards.get()),
        };
        let store = Arc::clone(&self.core.store);
        let summary = tokio::task::spawn_blocking(move || {
            store.export(&path, header)?;
            let (_, summary) = export::verify(&path)?;
            Ok::<_, ExportFailed>(summary)
        })
        .await
        .map_err(|_cut_short| store::Error::Cancelled)??;
        // Not past the checkpoint before last: were the newest one damaged, replay starts a step further back.
        let before_last = self
            .checkpoint_before_last
            .swap(position.0, Ordering::AcqRel);
        self.core
            .journal
            .trim(Position(before_last.min(position.0)))?;
        drop(checkpointing);
        Ok(summary)
    }
}
