//! What the journal forgets, and when: never past the checkpoint before last, the newest export, or anybody's cursor.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clientele::actors::exports::ExportPlan;
use clientele::actors::node::{Node, Options, Parts};
use clientele::actors::spawn::Spawner;
use clientele::clock::SystemClock;
use clientele::domain::address::{Address, Kind, Mode, TenantId};
use clientele::domain::entity::Command;
use clientele::domain::organisation::{self, Organisation, Role};
use clientele::health::Health;
use clientele::persistence::export::{ExportWriter, Header};
use clientele::persistence::feed::Feed;
use clientele::persistence::follower::{Error, Follower};
use clientele::persistence::journal::memory::{FaultPlan, MemoryJournal, MemoryLog};
use clientele::persistence::journal::{Journal, Position};
use clientele::persistence::keyring::Keyring;
use clientele::persistence::rows::{self, MemoryRows};
use clientele::persistence::store::Store;
use clientele::publishing::projections::purchases::PurchaseLists;
use clientele::publishing::projections::{Brake, Projector};
use clientele::secrets::Secrets;
use clientele_cluster::{NodeId, ShardCount};
use futures_util::future::BoxFuture;
use tempfile::TempDir;

use crate::node::eventually;

const DIRECTORY: [u8; 16] = [7; 16];

/// Follows nothing, and stands where it is told to.
struct Standing(AtomicU64);

impl Standing {
    fn at(position: u64) -> Arc<Standing> {
        Arc::new(Standing(AtomicU64::new(position)))
    }
}

impl Follower for Standing {
    fn name(&self) -> &'static str {
        "standing"
    }

    fn begin(&self, _: &Store) -> Result<(), Error> {
        Ok(())
    }

    fn follow(self: Arc<Self>) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }

    fn flush(&self) -> Result<bool, rows::Error> {
        Ok(false)
    }

    fn synced(&self) {}

    fn durable(&self) -> Position {
        Position(self.0.load(Ordering::SeqCst))
    }
}

/// What outlives a process.
struct Site {
    log: MemoryLog,
    rows: Arc<MemoryRows>,
    exports: TempDir,
    brake: Brake,
}

/// A node on it, which makes checkpoints and exports only when it is asked.
struct Life {
    node: Arc<Node>,
    journal: Arc<MemoryJournal>,
    lists: PurchaseLists,
    organisations: AtomicU64,
}

impl Site {
    fn new() -> Site {
        Site {
            log: MemoryLog::new(),
            rows: Arc::default(),
            exports: tempfile::tempdir().unwrap(),
            brake: Brake::default(),
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.exports.path().join(format!("{name}.export"))
    }

    async fn start(&self, others: Vec<Arc<dyn Follower>>) -> Life {
        let journal = Arc::new(MemoryJournal::open(self.log.clone(), FaultPlan::none()));
        let shared = Arc::clone(&journal) as Arc<dyn Journal>;
        let feed = Arc::new(Feed::new(Arc::clone(&shared)));
        let rows = Arc::clone(&self.rows) as Arc<dyn rows::Rows>;
        let brake = self.brake.clone();
        let shards = ShardCount::new(4).unwrap();
        let store = Arc::new(Store::open(rows, shards).unwrap());
        let lists: PurchaseLists = Projector::open(&store, Arc::clone(&feed), brake).unwrap();
        let mut followers = others;
        followers.push(Arc::clone(&lists) as Arc<dyn Follower>);
        let parts = Parts {
            journal: shared,
            store,
            keyring: Arc::new(Keyring::in_memory(1)),
            secrets: Arc::new(Secrets::derive(|_| [1; 32])),
            clock: Arc::new(SystemClock),
            feed,
            followers,
            rows_check: Health::new().register("rows"),
            exports: Some(ExportPlan {
                directory: self.exports.path().to_owned(),
                data_directory_id: DIRECTORY,
                every: Duration::from_secs(3_600),
                keep: 3,
            }),
            spawner: Spawner::default(),
            probe: None,
        };
        let options = Options {
            node: NodeId(1),
            shards,
            shard_under_way_max: 64,
            entity_under_way_max: 16,
            resident_max: 64,
            passivate_after: Duration::from_secs(600),
            checkpoint_every: Duration::from_secs(600),
            leases_held_max: 64,
        };
        let node = Node::start(options, parts).await.unwrap();
        let newest = node.checkpointed().0;
        Life {
            node,
            journal,
            lists,
            organisations: AtomicU64::new(newest * 1_000),
        }
    }
}

impl Life {
    /// Writes one record, and brings the rows up to it: where that is.
    async fn step(&self) -> Position {
        let number = self.organisations.fetch_add(1, Ordering::SeqCst);
        let address = Address {
            tenant: TenantId(1),
            mode: Mode::Shared,
            kind: Kind::Organisation,
            entity: number,
        };
        let create = organisation::Command::Create(Organisation {
            name: "O".to_owned(),
            role: Role::Venue,
            parent: None,
            time_zone: None,
            shares_contacts: false,
            profile: Default::default(),
        });
        let command = Command::Organisation(create);
        let reply = self.node.router().command(address, command, None, None);
        reply.await.result.unwrap();
        self.node.checkpoint().await.unwrap();
        self.node.checkpointed()
    }

    async fn export(&self, file: PathBuf) {
        self.node.export(file, DIRECTORY).await.unwrap();
    }

    fn trimmed_to(&self) -> Position {
        self.journal.trimmed_to()
    }

    async fn end(self) {
        self.node.stop(Duration::from_secs(5)).await;
        self.journal.close().await.unwrap();
    }
}

#[tokio::test]
async fn without_an_export_nothing_is_trimmed() {
    let site = Site::new();
    let life = site.start(Vec::new()).await;
    for _ in 0..4 {
        life.step().await;
    }
    assert_eq!(life.trimmed_to(), Position::START);
}

#[tokio::test]
async fn trimming_stays_behind_the_checkpoint_before_last() {
    let site = Site::new();
    let life = site.start(Vec::new()).await;
    let before_last = life.step().await;
    let last = life.step().await;
    life.export(site.file("a")).await;
    assert_eq!(life.node.checkpointed(), last);
    assert_eq!(life.trimmed_to(), before_last);
}

#[tokio::test]
async fn trimming_stays_behind_the_newest_export() {
    let site = Site::new();
    let life = site.start(Vec::new()).await;
    life.step().await;
    let exported = life.step().await;
    life.export(site.file("a")).await;
    for _ in 0..3 {
        life.step().await;
    }
    assert_eq!(life.trimmed_to(), exported);
    let exported = life.step().await;
    life.export(site.file("b")).await;
    life.step().await;
    life.step().await;
    assert_eq!(life.trimmed_to(), exported);
}

#[tokio::test]
async fn trimming_stays_behind_every_cursor() {
    let site = Site::new();
    let (slow, quick) = (Standing::at(0), Standing::at(u64::MAX));
    let others: [Arc<dyn Follower>; 2] = [slow.clone(), quick];
    let life = site.start(others.to_vec()).await;
    let held = life.step().await;
    let exported = life.step().await;
    life.export(site.file("a")).await;
    life.step().await;
    assert_eq!(life.trimmed_to(), Position::START);
    slow.0.store(held.0, Ordering::SeqCst);
    life.step().await;
    assert_eq!(life.trimmed_to(), held);
    slow.0.store(u64::MAX, Ordering::SeqCst);
    life.step().await;
    assert_eq!(life.trimmed_to(), exported);
}

#[tokio::test]
async fn trimming_keeps_what_a_cursor_in_the_newest_export_needs() {
    let site = Site::new();
    let life = site.start(Vec::new()).await;
    let held = life.step().await;
    let braked = site.brake.hold();
    life.step().await;
    let exported = life.step().await;
    life.export(site.file("a")).await;
    drop(braked);
    for _ in 0..3 {
        life.step().await;
    }
    assert!(life.lists.durable() > exported, "the list has caught up");
    assert_eq!(life.trimmed_to(), held);
    // The export brings back rows whose list goes on from the journal as it is.
    let newest = life.step().await;
    life.end().await;
    let restored: Arc<dyn rows::Rows> = Arc::new(MemoryRows::new());
    Store::restore(&restored, &site.file("a"), exported).unwrap();
    let journal = MemoryJournal::open(site.log.clone(), FaultPlan::none());
    let feed = Arc::new(Feed::new(Arc::new(journal) as Arc<dyn Journal>));
    let store = Store::open(restored, ShardCount::new(4).unwrap()).unwrap();
    let lists: PurchaseLists = Projector::open(&store, feed, Brake::default()).unwrap();
    lists.begin(&store).unwrap();
    assert_eq!(lists.durable(), held);
    lists.flush().unwrap();
    lists.synced();
    assert!(lists.durable() >= newest);
}

#[tokio::test]
async fn the_newest_export_is_found_again_after_a_restart() {
    let site = Site::new();
    let life = site.start(Vec::new()).await;
    life.step().await;
    life.step().await;
    life.export(site.file("a")).await;
    let whole = life.step().await;
    life.export(site.file("b")).await;
    let trimmed_to = life.trimmed_to();
    assert!(Position::START < trimmed_to && trimmed_to < whole);
    life.end().await;

    // Another directory's export is none, however far it reaches.
    let header = Header {
        data_directory_id: [8; 16],
        journal_position: Position(1_000_000),
        created_at_ms: u64::MAX / 2,
        shard_count: 4,
    };
    let foreign = ExportWriter::create(&site.file("foreign"), header).unwrap();
    foreign.finish().unwrap();
    // One that is as new by its header, but not whole, is passed over.
    let mut bytes = std::fs::read(site.file("b")).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(site.file("damaged"), bytes).unwrap();
    let life = site.start(Vec::new()).await;
    eventually(
        "the journal is trimmed to the export that is whole",
        async || {
            life.step().await;
            life.trimmed_to() > trimmed_to
        },
    )
    .await;
    life.step().await;
    life.step().await;
    assert_eq!(life.trimmed_to(), whole);
}
