//! What each step of a request costs: decide, encode, append, activate, route.
//!
//! `cargo bench --bench engine` measures; with `-- --test` each runs once.
#![allow(missing_docs, reason = "the entry points are macros'")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a benchmark that cannot be set up has nothing to go on with"
)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use bytes::Bytes;
use clientele::actors::node::{Node, Options, Parts};
use clientele::actors::spawn::Spawner;
use clientele::clock::Clock;
use clientele::domain::address::{Address, Kind, Mode, TenantId};
use clientele::domain::api_key::{self, Scopes, Visibility};
use clientele::domain::contact::{
    self, Amounts, ContactType, Private, Propose, PurchaseTexts, RecordPurchase, SealedProfile,
    SpendRequest, Unbacked,
};
use clientele::domain::context::{Context, TenantView};
use clientele::domain::entity::{Command, Effect, Entity, Query, Remember};
use clientele::domain::money::{Currency, Minor, Percent};
use clientele::domain::offer::{Award, Conditions, Offer};
use clientele::domain::organisation::{Organisation, Role};
use clientele::domain::remembered::{KeyHash, RECENT_IN_MEMORY, RequestHash};
use clientele::domain::time::{Span, Timestamp};
use clientele::health::Health;
use clientele::persistence::codec;
use clientele::persistence::feed::Feed;
use clientele::persistence::journal::segment::{self, SegmentJournal};
use clientele::persistence::journal::{
    Appended, Body, Claimed, Completion, Journal, Position, Record,
};
use clientele::persistence::keyring::Keyring;
use clientele::persistence::rows::SledRows;
use clientele::persistence::store::Store;
use clientele::secrets::Secrets;
use clientele_cluster::{NodeId, Seq, ShardCount, ShardId, shard_of};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

const NOW: Timestamp = Timestamp(1_780_000_000_000);
const VENUE: u64 = 4;
const TENANT: TenantId = TenantId(1);

fn address(kind: Kind, entity: u64) -> Address {
    Address {
        tenant: TENANT,
        mode: Mode::Live,
        kind,
        entity,
    }
}

/// Four offers, of which three give.
fn context() -> Context {
    let offer = |award, minimum: Option<i64>, days| Offer {
        conditions: Conditions {
            minimum_total: minimum.map(Minor),
            ..Conditions::default()
        },
        award_lasts: Some(Span::days(days)),
        ..Offer::new("Back", award)
    };
    let share = |percent: i64| Award::Percentage(Percent(percent.into()));
    let offers = [
        offer(share(5), None, 365),
        offer(share(1), None, 90),
        offer(Award::Fixed(Minor(50)), None, 30),
        offer(Award::Fixed(Minor(200)), Some(1_000_000), 30),
    ];
    let venue = Organisation {
        name: "Quay".into(),
        role: Role::Venue,
        parent: None,
        time_zone: None,
        shares_contacts: false,
        profile: Default::default(),
    };
    let tenant = TenantView {
        currency: Currency::from_code("EUR").unwrap(),
        classifications: vec!["PURCHASE".into()],
        time_zone: clientele::domain::calendar::Zone::utc(),
        organisations: BTreeMap::from([(VENUE, venue)]),
        taps: BTreeMap::new(),
        uncovered_offline: Default::default(),
        rate_limits: Default::default(),
        roles: Vec::new(),
        offers: (1..).zip(offers.map(Arc::new)).collect(),
        rewards: Arc::default(),
        apps: Arc::default(),
    };
    Context {
        now: NOW,
        wall: NOW,
        tenant: Some(Arc::new(tenant)),
        budgets: Vec::new(),
    }
}

fn purchase(spend: Option<i64>) -> Command {
    Command::Contact(contact::Command::RecordPurchase(RecordPurchase {
        organisation: VENUE,
        amounts: Amounts {
            total: Minor(4_210),
            ..Amounts::default()
        },
        currency: None,
        classification: None,
        texts: Private::Clear(PurchaseTexts {
            reference_number: Some("2026-000417".into()),
            ..PurchaseTexts::default()
        }),
        performed_on: None,
        products: Vec::new(),
        estimate: None,
        token: None,
        spend: spend.map(|cents| SpendRequest {
            amount: Minor(cents),
            unbacked: Unbacked::Refuse,
        }),
    }))
}

fn remember(number: u64) -> Remember {
    let hash = blake3::hash(&number.to_be_bytes());
    let mut key = [0; 16];
    key.iter_mut()
        .zip(hash.as_bytes())
        .for_each(|(to, from)| *to = *from);
    Remember {
        keys: vec![KeyHash(key)],
        request: RequestHash([1; 16]),
    }
}

/// The life of a contact: its creation and so many purchases.
fn history(purchases: u64) -> (Entity, Vec<Arc<Effect>>) {
    let context = context();
    let propose = Propose {
        contact_type: ContactType::Person,
        profile: SealedProfile {
            slot: 1,
            sealed: Arc::from([7; 200]),
        },
        own_id: None,
        code: "C-1001".into(),
        claims: Vec::new(),
    };
    let created = [
        contact::Command::Propose(propose),
        contact::Command::Confirm,
    ];
    let mut entity = Entity::new(Kind::Contact);
    let mut effects = Vec::new();
    let commands = created.into_iter().map(Command::Contact);
    let commands = commands.chain((0..purchases).map(|_| purchase(None)));
    for (number, command) in (0..).zip(commands) {
        let effect = entity
            .decide(&command, Some(remember(number)), &context)
            .unwrap();
        entity.apply(&effect);
        drop(entity.spill(RECENT_IN_MEMORY));
        effects.push(Arc::new(effect));
    }
    (entity, effects)
}

fn decide(criterion: &mut Criterion) {
    let context = context();
    let (entity, _) = history(40);
    let mut group = criterion.benchmark_group("decide");
    for (name, command) in [
        ("award", purchase(None)),
        ("award_and_spend", purchase(Some(1_000))),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| entity.decide(black_box(&command), Some(remember(1)), &context));
        });
    }
    let award = entity.decide(&purchase(None), None, &context).unwrap();
    group.bench_function("apply_award", |bencher| {
        bencher.iter_batched_ref(
            || entity.clone(),
            |entity| entity.apply(black_box(&award)),
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

fn encode(criterion: &mut Criterion) {
    let (entity, effects) = history(40);
    let address = address(Kind::Contact, 1);
    let award = effects.last().unwrap();
    let record = codec::encode_effect(&address, award);
    let row = codec::encode_entity(&entity);
    let mut group = criterion.benchmark_group("codec");
    group.throughput(Throughput::Bytes(record.len() as u64));
    group.bench_function("encode_award", |bencher| {
        bencher.iter(|| codec::encode_effect(&address, black_box(award)));
    });
    group.bench_function("decode_award", |bencher| {
        bencher.iter(|| codec::decode_effect(black_box(&record)).unwrap());
    });
    group.throughput(Throughput::Bytes(row.len() as u64));
    group.bench_function("encode_contact", |bencher| {
        bencher.iter(|| codec::encode_entity(black_box(&entity)));
    });
    group.bench_function("decode_contact", |bencher| {
        bencher.iter(|| codec::decode_entity(black_box(&row)).unwrap());
    });
    group.finish();
}

struct Told(SyncSender<Appended>);

impl Completion for Told {
    fn resolve(&self, appended: Appended) {
        self.0.send(appended).unwrap();
    }
}

fn append(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let journal = SegmentJournal::open(directory.path(), segment::Options::default()).unwrap();
    let shard = ShardId(0);
    let claim = runtime.block_on(journal.claim(shard, NodeId(1)));
    let Claimed {
        epoch, next_seq, ..
    } = claim.unwrap();
    let (_, effects) = history(1);
    let award = codec::encode_effect(&address(Kind::Contact, 1), effects.last().unwrap());
    let payload = Bytes::from(award);
    let mut next = next_seq.0;
    let mut group = criterion.benchmark_group("journal");
    for waiting in [1_usize, 64] {
        group.throughput(Throughput::Elements(waiting as u64));
        group.bench_function(format!("append_{waiting}_waiting"), |bencher| {
            bencher.iter(|| {
                let (told, outcomes) = sync_channel(waiting);
                let told: Arc<dyn Completion> = Arc::new(Told(told));
                for _ in 0..waiting {
                    let body = Body::Effect {
                        seq: Seq(next),
                        payload: payload.clone(),
                    };
                    next = next.saturating_add(1);
                    journal.append(Record { shard, epoch, body }, Arc::clone(&told));
                }
                for _ in 0..waiting {
                    let appended = outcomes.recv().unwrap();
                    assert!(matches!(appended, Appended::Durable(_)));
                }
            });
        });
    }
    group.finish();
    runtime.block_on(journal.close()).unwrap();
}

/// A clock that stands still, so that nothing falls due meanwhile.
struct Still;

impl Clock for Still {
    fn wall(&self) -> Timestamp {
        NOW
    }

    fn business(&self, _tenant: TenantId, _mode: Mode) -> Timestamp {
        NOW
    }
}

/// A running node on a disk.
struct Engine {
    runtime: Runtime,
    node: Arc<Node>,
    store: Arc<Store>,
    journal: Arc<SegmentJournal>,
    shards: ShardCount,
    _directory: TempDir,
}

/// How many contacts there are.
const CONTACTS: u64 = 64;

/// The longest that an engine gets to stop.
const PATIENCE: Duration = Duration::from_secs(5);

impl Engine {
    /// Starts a node that keeps so many entities in memory, over [`CONTACTS`] contacts in its rows.
    fn start(resident_max: usize) -> Engine {
        let runtime = Runtime::new().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let shards = ShardCount::new(16).unwrap();
        let rows = SledRows::open(&directory.path().join("rows")).unwrap();
        let store = Arc::new(Store::open(Arc::new(rows), shards).unwrap());
        let (_, effects) = history(40);
        for number in 0..CONTACTS {
            let contact = address(Kind::Contact, number);
            for effect in &effects {
                let shard = shard_of(TENANT.0, number, shards);
                store.note(shard, contact, Arc::clone(effect));
            }
        }
        store.checkpoint(Position::START).unwrap();
        let journal = SegmentJournal::open(directory.path(), segment::Options::default()).unwrap();
        let journal = Arc::new(journal);
        let parts = Parts {
            journal: Arc::clone(&journal) as Arc<dyn Journal>,
            store: Arc::clone(&store),
            keyring: Arc::new(Keyring::in_memory(1)),
            secrets: Arc::new(Secrets::derive(|_| [1; 32])),
            clock: Arc::new(Still),
            feed: Arc::new(Feed::new(Arc::clone(&journal) as Arc<dyn Journal>)),
            followers: Vec::new(),
            rows_check: Health::new().register("rows"),
            exports: None,
            spawner: Spawner::new(CancellationToken::new()),
            probe: None,
        };
        let options = Options {
            node: NodeId(1),
            shards,
            shard_under_way_max: 2_048,
            entity_under_way_max: 512,
            resident_max,
            leases_held_max: 1_024,
            passivate_after: Duration::from_secs(600),
            checkpoint_every: Duration::from_secs(5),
        };
        let node = runtime.block_on(Node::start(options, parts)).unwrap();
        Engine {
            runtime,
            node,
            store,
            journal,
            shards,
            _directory: directory,
        }
    }

    fn show_wallet(&self, contact: u64) {
        let shown = self
            .node
            .router()
            .query(address(Kind::Contact, contact), Query::Wallet);
        self.runtime.block_on(shown).result.unwrap();
    }

    /// A key that works; its value.
    fn create_key(&self) -> String {
        let key = address(Kind::ApiKey, 1);
        let router = self.node.router();
        let value = router.secrets().write_api_key(&key, false, &[5; 20]);
        let details = api_key::Details {
            name: "till".into(),
            visibility: Visibility::Secret,
            gateway: api_key::Gateway::BackOffice,
            scopes: Scopes::all(),
            organisation: None,
            value_hash: *blake3::hash(value.as_bytes()).as_bytes(),
            public_value: None,
            lineage: 1,
            expires_at: None,
        };
        let create = Command::ApiKey(api_key::Command::Create(details));
        let created = router.command(key, create, None, None);
        self.runtime.block_on(created).result.unwrap();
        value
    }

    fn stop(self) {
        self.runtime.block_on(async {
            self.node.stop(PATIENCE).await;
            self.journal.close().await.unwrap();
        });
    }
}

fn activation(criterion: &mut Criterion) {
    // One entity in memory: each query of another brings that one in and sends the one before it out.
    let engine = Engine::start(1);
    let mut group = criterion.benchmark_group("activation");
    let mut next = 0_u64;
    group.bench_function("load_same", |bencher| {
        let contact = address(Kind::Contact, 0);
        let shard = shard_of(TENANT.0, 0, engine.shards);
        bencher.iter(|| {
            engine
                .runtime
                .block_on(engine.store.load(shard, contact))
                .unwrap()
        });
    });
    group.bench_function("load_in_turn", |bencher| {
        bencher.iter(|| {
            next = next.wrapping_add(1) % CONTACTS;
            let shard = shard_of(TENANT.0, next, engine.shards);
            let load = engine.store.load(shard, address(Kind::Contact, next));
            engine.runtime.block_on(load).unwrap()
        });
    });
    group.bench_function("query_passivated", |bencher| {
        bencher.iter(|| {
            next = next.wrapping_add(1) % CONTACTS;
            engine.show_wallet(next);
        });
    });
    group.finish();
    engine.stop();
}

fn routing(criterion: &mut Criterion) {
    let engine = Engine::start(1_000);
    let key = engine.create_key();
    engine.show_wallet(1);
    let mut group = criterion.benchmark_group("routing");
    group.bench_function("query_resident", |bencher| {
        bencher.iter(|| engine.show_wallet(1));
    });
    group.bench_function("authenticate", |bencher| {
        bencher.iter(|| {
            let authenticated = engine.node.router().authenticate(black_box(&key));
            engine.runtime.block_on(authenticated).unwrap()
        });
    });
    group.finish();
    engine.stop();
}

criterion_group!(benches, decide, encode, append, activation, routing);
criterion_main!(benches);
