//! The simulated machine: a disk that outlives the process, and the process, which is a real [`Node`].

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use clientele::actors::node::{self, Node, Options, Parts};
use clientele::actors::router::Router;
use clientele::actors::spawn::Spawner;
use clientele::clock::Clock;
use clientele::domain::address::{Mode, TenantId};
use clientele::domain::time::Timestamp;
use clientele::health::Health;
use clientele::persistence::feed::Feed;
use clientele::persistence::journal::memory::{FaultPlan, MemoryJournal, MemoryLog, Struck};
use clientele::persistence::journal::{self, Journal};
use clientele::persistence::keyring::{Keyring, RootSecret};
use clientele::persistence::rows::MemoryRows;
use clientele::persistence::store::Store;
use clientele::publishing::projections::purchases::PurchaseLists;
use clientele::publishing::projections::{Brake, Projector};
use clientele::secrets::Secrets;
use clientele_cluster::{NodeId, ShardCount};
use tokio::sync::Notify;

use crate::random::Random;

/// Simulated time, plus the jumps that the test makes.
#[derive(Default)]
pub(crate) struct SimClock {
    jumped: AtomicI64,
    newest: AtomicI64,
}

impl SimClock {
    /// Lets `span` pass at once.
    pub(crate) fn jump(&self, span: Duration) {
        let millis = i64::try_from(span.as_millis()).unwrap();
        self.jumped.fetch_add(millis, Ordering::Relaxed);
    }
}

impl Clock for SimClock {
    fn wall(&self) -> Timestamp {
        const BEGIN: i64 = 1_700_000_000_000;
        let elapsed = turmoil::sim_elapsed().unwrap_or_default();
        let now = BEGIN
            + self.jumped.load(Ordering::Relaxed)
            + i64::try_from(elapsed.as_millis()).unwrap();
        Timestamp(self.newest.fetch_max(now, Ordering::Relaxed).max(now))
    }

    fn business(&self, _tenant: TenantId, _mode: Mode) -> Timestamp {
        self.wall()
    }
}

/// How a life ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The power goes: nothing unsynced stays.
    Crash,
    /// It is asked to stop.
    Stop,
}

/// What of the process can be reached from outside.
struct Process {
    journal: Arc<MemoryJournal>,
    lists: PurchaseLists,
    node: Option<Arc<Node>>,
}

/// The machine.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) clock: Arc<SimClock>,
    pub(crate) secrets: Arc<Secrets>,
    keyring: Arc<Keyring>,
    log: MemoryLog,
    rows: RefCell<Arc<MemoryRows>>,
    process: RefCell<Option<Process>>,
    /// Set when the process is dead and is to be started again.
    dead: Cell<bool>,
    asked_to_stop: Notify,
    faults: Cell<bool>,
    lives: Cell<u64>,
    struck: Cell<Struck>,
}

impl World {
    pub(crate) fn new(seed: u64) -> Rc<World> {
        let root = RootSecret::from_seed(seed);
        Rc::new(World {
            seed,
            clock: Arc::default(),
            secrets: Arc::new(Secrets::derive(|purpose| root.subkey(purpose))),
            keyring: Arc::new(Keyring::in_memory(seed)),
            log: MemoryLog::new(),
            rows: RefCell::default(),
            process: RefCell::default(),
            dead: Cell::new(false),
            asked_to_stop: Notify::new(),
            faults: Cell::new(true),
            lives: Cell::new(0),
            struck: Cell::default(),
        })
    }

    fn plan(&self) -> FaultPlan {
        let seed = Random::new(self.seed, 1_000 + self.lives.get()).next();
        if !self.faults.get() {
            return FaultPlan {
                seed,
                ..FaultPlan::none()
            };
        }
        FaultPlan {
            seed,
            sync_min: Duration::ZERO,
            sync_max: Duration::from_millis(4),
            duplicate_per_million: 20_000,
            lost_ack_per_million: 20_000,
            gap_per_million: 20_000,
            foreign_claim_per_million: 15_000,
            crash_per_million: 5_000,
        }
    }

    /// The process: starts, serves, and ends by a failed journal or by being asked.
    pub(crate) async fn live(self: Rc<World>) -> turmoil::Result {
        self.lives.set(self.lives.get() + 1);
        let journal = Arc::new(MemoryJournal::open(self.log.clone(), self.plan()));
        let feed = Arc::new(Feed::new(Arc::clone(&journal) as Arc<dyn Journal>));
        let shards = ShardCount::new(8).unwrap();
        let rows = Arc::clone(&self.rows.borrow());
        let store = Arc::new(Store::open(rows, shards).unwrap());
        let lists: PurchaseLists =
            Projector::open(&store, Arc::clone(&feed), Brake::default()).unwrap();
        *self.process.borrow_mut() = Some(Process {
            journal: Arc::clone(&journal),
            lists: Arc::clone(&lists),
            node: None,
        });
        let parts = Parts {
            journal: Arc::clone(&journal) as Arc<dyn Journal>,
            store,
            keyring: Arc::clone(&self.keyring),
            secrets: Arc::clone(&self.secrets),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            feed,
            followers: vec![lists],
            rows_check: Health::new().register("rows"),
            exports: None,
            spawner: Spawner::default(),
            probe: None,
        };
        let options = Options {
            node: NodeId(1),
            shards,
            shard_under_way_max: 64,
            entity_under_way_max: 16,
            resident_max: 4,
            leases_held_max: 1,
            passivate_after: Duration::from_millis(60),
            checkpoint_every: Duration::from_millis(40),
        };
        match Node::start(options, parts).await {
            Ok(node) => {
                if let Some(process) = self.process.borrow_mut().as_mut() {
                    process.node = Some(Arc::clone(&node));
                }
                tokio::select! {
                    biased;
                    () = journal.failed() => {}
                    () = self.asked_to_stop.notified() => {
                        node.stop(Duration::from_secs(1)).await;
                        drop(journal.close().await);
                    }
                }
            }
            Err(node::Error::Journal(journal::Error::Fenced { .. } | journal::Error::Stopped)) => {}
            Err(error) => panic!("the node does not start: {error}"),
        }
        self.dead.set(true);
        std::future::pending().await
    }

    /// Whether the process is dead; what it had not synced is then gone.
    pub(crate) fn bury(&self) -> bool {
        if !self.dead.replace(false) {
            return false;
        }
        if let Some(Process { journal, node, .. }) = self.process.borrow_mut().take() {
            journal.crash();
            let (mut sum, one) = (self.struck.get(), journal.struck());
            crate::add(&mut sum, one);
            self.struck.set(sum);
            drop(node);
        }
        self.rows.borrow().lose_unsynced();
        true
    }

    /// Ends this life.
    pub(crate) fn end(&self, end: End) {
        match end {
            End::Crash => self.dead.set(true),
            End::Stop => self.asked_to_stop.notify_waiters(),
        }
    }

    /// No faults from the next life on.
    pub(crate) fn spare(&self) {
        self.faults.set(false);
    }

    /// Loses every row: the next life has the log alone.
    pub(crate) fn lose_rows(&self) {
        *self.rows.borrow_mut() = Arc::default();
    }

    pub(crate) fn node(&self) -> Option<Arc<Node>> {
        self.process.borrow().as_ref()?.node.clone()
    }

    pub(crate) fn router(&self) -> Option<Router> {
        self.node().map(|node| node.router().clone())
    }

    /// The lists of a node that serves.
    pub(crate) fn lists(&self) -> Option<PurchaseLists> {
        let process = self.process.borrow();
        let process = process.as_ref().filter(|process| process.node.is_some())?;
        Some(Arc::clone(&process.lists))
    }

    pub(crate) fn lives(&self) -> u64 {
        self.lives.get()
    }

    pub(crate) fn struck(&self) -> Struck {
        self.struck.get()
    }
}
