//! A whole node in this process.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use clientele::actors::node::{Node, Probe};
use clientele::app::{self, AroundRows, Running, Settings};
use clientele::clock::{Clock, SystemClock};
use clientele::config::Config;
use clientele::domain::address::{Address, Kind, Mode, TenantId};
use clientele::domain::api_key::Scopes;
use clientele::domain::contact::Command as ContactCommand;
use clientele::domain::entity::{Answer as Told, Command};
use clientele::domain::media;
use clientele::domain::time::{Span, Timestamp};
use clientele::http::Api;
use clientele::http::control::{WireVisibility, fresh_key, make_key};
use clientele::persistence::journal::faults::{FaultGate, PausedSyncs};
use clientele::publishing::contacts::Bounds;
use clientele::publishing::projections::Braked;
use clientele::seeding::{self, Seed, SeedContact, TENANT};
use clientele::telemetry;
use http::{HeaderMap, Method};
use http_body_util::Full;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use metrics_exporter_prometheus::PrometheusHandle;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

pub(crate) use crate::client::{Answer, Ask, Pending};
use crate::conformance::record::Recorder;

/// Far beyond what anything here takes: a test that reaches it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The path of version 2 of the Back Office gateway.
const GATEWAY: &str = "/backoffice/v2";

/// A clock that stands still unless it is moved.
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    /// Moves on by `span`.
    pub(crate) fn advance(&self, span: Span) {
        self.0.fetch_add(span.0, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn wall(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }

    fn business(&self, _: TenantId, _: Mode) -> Timestamp {
        self.wall()
    }
}

/// Sees every decision, and makes chosen ones panic.
#[derive(Default)]
pub(crate) struct TestProbe {
    purchases: AtomicUsize,
    of_offers: AtomicUsize,
    fired: Mutex<Vec<Address>>,
    bomb: Mutex<Option<(Address, u32)>>,
    watched: Mutex<Vec<Command>>,
    pieces: Mutex<Vec<Address>>,
    refuses_to_clear: AtomicBool,
}

impl TestProbe {
    /// How many purchases were about to be decided so far.
    pub(crate) fn purchases(&self) -> usize {
        self.purchases.load(Ordering::SeqCst)
    }

    /// How often an offer was asked to lend or to take back so far.
    pub(crate) fn of_offers(&self) -> usize {
        self.of_offers.load(Ordering::SeqCst)
    }

    /// Whose timers an advance of a test clock has fired so far, in order.
    pub(crate) fn fired(&self) -> Vec<Address> {
        self.fired.lock().unwrap().clone()
    }

    /// What was about to be decided since this was asked last, in order.
    pub(crate) fn decided(&self) -> Vec<Command> {
        std::mem::take(&mut *self.watched.lock().unwrap())
    }

    /// Where pieces of images were to be kept so far.
    pub(crate) fn places_of_pieces(&self) -> Vec<Address> {
        self.pieces.lock().unwrap().clone()
    }

    /// Whether places of pieces fail when they are to be cleared.
    pub(crate) fn refuse_to_clear(&self, refuses: bool) {
        self.refuses_to_clear.store(refuses, Ordering::SeqCst);
    }

    /// Makes the next `times` purchases of `address` panic.
    pub(crate) fn panic_at(&self, address: Address, times: u32) {
        *self.bomb.lock().unwrap() = Some((address, times));
    }

    /// How many panics are still to come.
    pub(crate) fn panics_left(&self) -> u32 {
        self.bomb.lock().unwrap().map_or(0, |(_, left)| left)
    }
}

impl Probe for TestProbe {
    fn before_decide(&self, address: &Address, command: &Command) {
        self.watched.lock().unwrap().push(command.clone());
        if matches!(command, Command::FireTimers) {
            self.fired.lock().unwrap().push(*address);
        }
        if matches!(command, Command::Offer(_)) {
            self.of_offers.fetch_add(1, Ordering::SeqCst);
        }
        if matches!(command, Command::Media(media::Command::Keep { .. })) {
            self.pieces.lock().unwrap().push(*address);
        }
        let clears = matches!(command, Command::Media(media::Command::Clear(_)));
        assert!(
            !clears || !self.refuses_to_clear.load(Ordering::SeqCst),
            "as the test asked"
        );
        if !matches!(command, Command::Contact(ContactCommand::RecordPurchase(_))) {
            return;
        }
        self.purchases.fetch_add(1, Ordering::SeqCst);
        let mut bomb = self.bomb.lock().unwrap();
        if let Some((at, left @ 1..)) = &mut *bomb
            && at == address
        {
            *left -= 1;
            drop(bomb);
            panic!("as the test asked");
        }
    }
}

/// A node, its data directory, and the ways to trouble it.
pub(crate) struct TestNode {
    running: Option<Running>,
    /// The demo network that it was seeded with.
    pub(crate) seed: Seed,
    /// Its disk.
    pub(crate) gate: FaultGate,
    /// Its time.
    pub(crate) clock: Arc<TestClock>,
    /// Its decisions.
    pub(crate) probe: Arc<TestProbe>,
    /// Who holds its answers against the contract.
    pub(crate) recorder: Option<Arc<Recorder>>,
    settings: Settings,
    client: Client<HttpConnector, Full<Bytes>>,
    // Removed last.
    _directory: TempDir,
}

fn metrics() -> PrometheusHandle {
    static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();
    METRICS
        .get_or_init(|| telemetry::install().unwrap())
        .clone()
}

impl TestNode {
    /// A node with the demo network in a new directory.
    pub(crate) async fn start() -> TestNode {
        TestNode::start_with(|_| {}).await
    }

    /// The same, with settings changed.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> TestNode {
        TestNode::start_around(change, None).await
    }

    /// The same, with something put around its rows.
    pub(crate) async fn start_around(
        change: impl FnOnce(&mut Config),
        around_rows: Option<Arc<AroundRows>>,
    ) -> TestNode {
        let directory = tempfile::tempdir().unwrap();
        let mut config = Config::dev(directory.path().join("data"));
        config.server.listen = ([127, 0, 0, 1], 0).into();
        config.admin.listen = ([127, 0, 0, 1], 0).into();
        config.actors.shards = 16;
        config.storage.segment_mib = 4;
        change(&mut config);
        let gate = FaultGate::new();
        let clock = Arc::new(TestClock(AtomicI64::new(SystemClock.wall().0)));
        let probe = Arc::new(TestProbe::default());
        let mut settings = Settings::new(config, metrics());
        settings.clock = Arc::clone(&clock) as Arc<dyn Clock>;
        settings.faults = Some(Arc::new(gate.clone()));
        settings.probe = Some(Arc::clone(&probe) as Arc<dyn Probe>);
        settings.around_rows = around_rows;
        let mut node = TestNode {
            running: None,
            seed: Seed::default(),
            gate,
            clock,
            probe,
            recorder: None,
            settings,
            client: Client::builder(TokioExecutor::new())
                .retry_canceled_requests(false)
                .build_http(),
            _directory: directory,
        };
        node.start_again().await;
        node.seed = seeding::seed(&node.api(), String::new(), seeding::LIVE_CONTACTS, None)
            .await
            .unwrap();
        node
    }

    /// Starts on the directory as it is.
    pub(crate) async fn start_again(&mut self) {
        assert!(self.running.is_none());
        self.running = Some(app::start(self.settings.clone()).await.unwrap());
    }

    /// Stops in good order, and starts again on the same directory.
    pub(crate) async fn restart(&mut self) {
        self.take_running().shut_down().await.unwrap();
        self.start_again().await;
    }

    /// The running node, to be ended by the caller.
    pub(crate) fn take_running(&mut self) -> Running {
        self.running.take().unwrap()
    }

    fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    /// Where the public API listens.
    pub(crate) fn public(&self) -> SocketAddr {
        self.running().public
    }

    /// The engine.
    pub(crate) fn node(&self) -> &Arc<Node> {
        &self.running().node
    }

    /// The door to the entities. Not to be kept over a restart.
    pub(crate) fn api(&self) -> Api {
        self.running().api()
    }

    /// The data directory.
    pub(crate) fn data(&self) -> &Path {
        &self.settings.config.storage.data_dir
    }

    /// A live contact of the demo network.
    pub(crate) fn contact(&self, number: usize) -> &SeedContact {
        &self.seed.contacts[number]
    }

    /// Where a live contact of the demo network lives.
    pub(crate) fn address_of(&self, contact: &SeedContact) -> Address {
        let api = self.api();
        let id = api.router.secrets().public_ids().read(&contact.id).unwrap();
        Address {
            tenant: TENANT,
            mode: Mode::Live,
            kind: Kind::Contact,
            entity: id.entity,
        }
    }

    /// The secret key of a mode.
    pub(crate) fn secret_key(&self, mode: &str) -> String {
        self.seed.keys[mode].secret.clone().unwrap()
    }

    /// A request with the live secret key to a whole path.
    pub(crate) fn ask(&self, method: Method, path: &str) -> Ask {
        let ask = Ask {
            client: self.client.clone(),
            method,
            url: format!("http://{}{path}", self.running().public),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            recorder: self.recorder.clone(),
        };
        ask.with("api_key", &self.secret_key("live"))
    }

    /// A read of the operators' listener.
    pub(crate) fn admin(&self, path: &str) -> Ask {
        let mut ask = self.ask(Method::GET, path);
        ask.url = format!("http://{}{path}", self.running().admin);
        ask
    }

    /// What the metrics say of `name` without labels.
    pub(crate) fn metric(&self, name: &str) -> Option<f64> {
        let rendered = self.settings.metrics.render();
        let mut lines = rendered.lines();
        let value = lines.find_map(|line| line.strip_prefix(&format!("{name} ")))?;
        Some(value.parse().unwrap())
    }

    /// From the next start on, holds so many contacts and so much of their names.
    pub(crate) fn hold_contacts(&mut self, bounds: Bounds) {
        self.settings.contacts = bounds;
    }

    /// What the metrics say of messages of which `outcome` became. Of all nodes of this process.
    pub(crate) fn delivered(&self, outcome: &str) -> f64 {
        let name = format!("clientele_deliveries_total{{outcome=\"{outcome}\"}}");
        self.metric(&name).unwrap_or_default()
    }

    /// Stops, changes the configuration, and starts again.
    pub(crate) async fn configure(&mut self, change: impl FnOnce(&mut Config)) {
        self.take_running().shut_down().await.unwrap();
        change(&mut self.settings.config);
        self.start_again().await;
    }

    /// Holds the lists still.
    pub(crate) fn hold_lists(&self) -> Braked {
        self.settings.brake.hold()
    }

    /// A read of the gateway.
    pub(crate) fn get(&self, path: &str) -> Ask {
        self.ask(Method::GET, &format!("{GATEWAY}{path}"))
    }

    /// A write to the gateway.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Ask {
        self.ask(Method::POST, &format!("{GATEWAY}{path}"))
            .with("content-type", "application/json")
            .body(body)
    }

    /// A read of a contact's wallet.
    pub(crate) fn wallet(&self, contact: &SeedContact) -> Ask {
        self.get(&format!("/wallets/{}", contact.wallet_id))
    }

    /// What a contact has.
    pub(crate) async fn balance(&self, contact: &SeedContact) -> Decimal {
        let wallet = self.wallet(contact).send().await;
        assert_eq!(wallet.status, 200, "{wallet:?}");
        wallet.amount("balance")
    }

    /// The body of a purchase for `total` euros: 5% of it come back.
    pub(crate) fn purchase_body(&self, contact: &SeedContact, total: u32) -> Value {
        json!({
            "contact": { "id": contact.id },
            "organisation": { "id": self.seed.organisations.merchants[0].venues[0].id },
            "transaction_amounts": { "total": total },
        })
    }

    /// A purchase for `total` euros under an idempotency key.
    pub(crate) fn purchase(&self, contact: &SeedContact, total: u32, key: &str) -> Ask {
        self.post("/purchases", &self.purchase_body(contact, total))
            .with("idempotency-key", key)
    }

    /// A purchase that is refused unless the wallet covers `spend` euros of it.
    pub(crate) fn spend(&self, contact: &SeedContact, spend: u32, key: &str) -> Ask {
        let mut body = self.purchase_body(contact, spend);
        body["spend_request"] = json!({ "amount": spend, "restrict_fully_covered": true });
        self.post("/purchases", &body).with("idempotency-key", key)
    }

    /// A new key of the demo tenant.
    pub(crate) async fn make_key(
        &self,
        scopes: Scopes,
        expires_at: Option<Timestamp>,
    ) -> (Address, String) {
        let api = self.api();
        let visibility = WireVisibility::Secret;
        let minted = fresh_key(&api, TENANT, Mode::Live, visibility).unwrap();
        let name = "made by a test".to_owned();
        make_key(&api, &minted, visibility, name, scopes, expires_at)
            .await
            .unwrap();
        (minted.address, minted.value)
    }

    /// Sends a command that must succeed.
    pub(crate) async fn command(&self, address: Address, command: Command) -> Told {
        let router = self.api().router.clone();
        let reply = router.command(address, command, None, None).await;
        reply.result.unwrap()
    }

    /// Asks the control socket; the whole answer as text.
    pub(crate) async fn control(&self, method: &str, path: &str, body: &str) -> String {
        let mut socket = UnixStream::connect(self.data().join("control.sock"))
            .await
            .unwrap();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: node\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        answer
    }

    /// Holds every sync, sends `ask`, and returns once its record waits for a held sync.
    pub(crate) async fn begin_with_syncs_held(&self, ask: Ask) -> (PausedSyncs, Pending) {
        let before = self.gate.fired().paused_syncs;
        let paused = self.gate.pause_syncs();
        let pending = ask.begin();
        eventually("a sync is held", async || {
            self.gate.fired().paused_syncs > before
        })
        .await;
        (paused, pending)
    }
}

/// Asks again and again until `holds`.
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let poll = async {
        while !holds().await {
            // waits for: whatever `holds` asks for, where nothing tells of it; asked again, up to a deadline.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, poll).await.is_ok();
    assert!(in_time, "in vain: {what}");
}

/// So many cents.
pub(crate) fn cents(cents: i64) -> Decimal {
    Decimal::new(cents, 2)
}
