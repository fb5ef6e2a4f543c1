//! The only place where everything is wired.

mod opening;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use clientele_cluster::{NodeId, ShardCount};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::actors::exports::ExportPlan;
use crate::actors::node::{self, Node, Options, Parts, Probe};
use crate::actors::spawn::Spawner;
use crate::clock::{Clock, SystemClock};
use crate::config::secrets::ROOT_KEY_BYTES;
use crate::config::{Config, memory};
use crate::data_directory::{self, DataDirectory};
use crate::delivering;
use crate::domain::user::LetterPages;
use crate::external_login::ExternalLogin;
use crate::health::{Check, Health};
use crate::http::edge::{self, Drained, EdgeOptions, Origins};
use crate::http::passwords::Passwords;
use crate::http::quota::{self, Quota};
use crate::http::reached::Addresses;
use crate::http::tokens::Tokens;
use crate::http::{Api, Reach, admin, control, gateways};
use crate::limits;
use crate::network;
use crate::persistence::follower::Follower;
use crate::persistence::journal::{self, Journal, faults::Faults};
use crate::persistence::keyring;
use crate::persistence::rows::{self, Rows};
use crate::persistence::store::{self, TransferFailed};
use crate::publishing::contacts::Bounds;
use crate::publishing::delivery::{Connectors, Queue, Sender};
use crate::publishing::projections::Brake;
use crate::secrets::{KeyId, NotAKeyId};

use opening::Opened;

/// How a node is run.
#[derive(Clone)]
pub struct Settings {
    /// The configuration.
    pub config: Config,
    /// The root secret's bytes, if the configuration's file holds them; else the data directory has a file of its own.
    pub root_key: Option<[u8; ROOT_KEY_BYTES]>,
    /// Time limits of the public listener.
    pub edge: EdgeOptions,
    /// Renders the process's metrics.
    pub metrics: PrometheusHandle,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Where a test makes the disk fail; none in production.
    pub faults: Option<Arc<dyn Faults>>,
    /// Where a test makes an entity fail; none in production.
    pub probe: Option<Arc<dyn Probe>>,
    /// Where a test stands between the node and its rows; none in production.
    pub around_rows: Option<Arc<AroundRows>>,
    /// Where a test holds the lists still; nothing does in production.
    pub brake: Brake,
    /// How many contacts, and how much of their names, are held for lists and searches; less in tests only.
    pub contacts: Bounds,
}

/// Puts something around the node's rows.
pub type AroundRows = dyn Fn(Arc<dyn Rows>) -> Arc<dyn Rows> + Send + Sync;

impl Settings {
    /// A node of `config` on the machine's own clock and disk.
    pub fn new(config: Config, metrics: PrometheusHandle) -> Settings {
        let edge = EdgeOptions {
            connections_max: config.limits.connections,
            connections_per_peer_max: config.limits.connections_per_address,
            // What is reached by TLS is reached by nothing else.
            strict_transport_security: config.server.public_url.starts_with("https:"),
            // Checked when the settings were read.
            origins: Origins::new(
                network::origins(&config.server.allowed_origins).unwrap_or_default(),
            ),
            ..EdgeOptions::default()
        };
        Settings {
            config,
            root_key: None,
            edge,
            metrics,
            clock: Arc::new(SystemClock),
            faults: None,
            probe: None,
            around_rows: None,
            brake: Brake::default(),
            contacts: Bounds {
                contacts: limits::CONTACTS_LISTED_MAX,
                names_bytes: limits::CONTACT_NAMES_BYTES_MAX,
            },
        }
    }

    fn exports(&self, directory: &DataDirectory) -> ExportPlan {
        let snapshots = &self.config.snapshots;
        ExportPlan {
            directory: directory.exports(),
            data_directory_id: directory.id(),
            every: Duration::from_secs(snapshots.export_every_s),
            keep: usize::try_from(snapshots.keep).unwrap_or(usize::MAX),
        }
    }

    fn options(&self) -> Result<Options, Error> {
        let actors = &self.config.actors;
        let resident_max = actors.resident_max.unwrap_or_else(|| {
            memory::resident_max(memory::available_bytes().unwrap_or(limits::MEMORY_ASSUMED_BYTES))
        });
        Ok(Options {
            node: NodeId(1),
            shards: ShardCount::new(u64::from(actors.shards))?,
            shard_under_way_max: actors.under_way_per_shard,
            entity_under_way_max: actors.under_way_per_entity,
            resident_max: usize::try_from(resident_max).unwrap_or(usize::MAX),
            leases_held_max: limits::LEASES_HELD_MAX,
            passivate_after: Duration::from_millis(actors.passivate_after_ms),
            checkpoint_every: Duration::from_millis(self.config.storage.checkpoint_every_ms),
        })
    }
}

/// Why a node does not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The data directory.
    #[error(transparent)]
    DataDirectory(#[from] data_directory::Error),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] journal::Error),
    /// The rows.
    #[error(transparent)]
    Rows(#[from] rows::Error),
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The rows were gone, and cannot be filled.
    #[error("the rows are gone, and cannot be filled from the newest export: {0}")]
    Refill(#[from] TransferFailed),
    /// The keyring or the root secret.
    #[error(transparent)]
    Keyring(#[from] keyring::Error),
    /// The engine.
    #[error(transparent)]
    Node(#[from] node::Error),
    /// The shard count.
    #[error(transparent)]
    Shards(#[from] clientele_cluster::ShardCountOutOfRange),
    /// A listener.
    #[error(
        "cannot listen on {address}: {source}; is another server there? --listen and --admin-listen move this one"
    )]
    Listen {
        /// The address.
        address: String,
        /// The system's own error.
        source: std::io::Error,
    },
    /// The threads that hash passwords.
    #[error("the system starts no thread for passwords: {0}")]
    Passwords(#[source] std::io::Error),
    /// The journal failed while the node ran.
    #[error(
        "the journal failed, so nothing more can be acknowledged; the node stopped. Look at the disk, then start again: everything acknowledged is there"
    )]
    JournalFailed,
    /// Calls outwards.
    #[error(transparent)]
    Outbound(#[from] delivering::Error),
    /// What signs tokens no more.
    #[error("tokens.withdrawn_keys: {0}")]
    WithdrawnKeys(#[from] NotAKeyId),
    /// A blocking start was cut short.
    #[error("the start was cut short")]
    CutShort,
}

/// A node that runs.
pub struct Running {
    /// Where the public API listens.
    pub public: SocketAddr,
    /// Where health and metrics are served.
    pub admin: SocketAddr,
    /// The engine.
    pub node: Arc<Node>,
    api: Api,
    journal: Arc<dyn Journal>,
    health: Health,
    stop: CancellationToken,
    public_server: JoinSet<Drained>,
    side_servers: Spawner,
}

/// Opens the data directory, starts the engine, and listens.
pub async fn start(settings: Settings) -> Result<Running, Error> {
    let options = settings.options()?;
    let listener = listen(settings.config.server.listen)?;
    let admin_listener = listen(settings.config.admin.listen)?;
    let public = address_of(&listener, settings.config.server.listen);
    let admin = address_of(&admin_listener, settings.config.admin.listen);
    let stop = CancellationToken::new();
    let side_stop = CancellationToken::new();
    let side_servers = Spawner::new(side_stop);
    let health = Health::new();
    let (engine_check, journal_check) = (health.register("engine"), health.register("journal"));
    let rows_check = health.register("rows");
    side_servers.spawn_until_stop(
        "admin",
        serve_admin(admin_listener, health.clone(), settings.metrics.clone()),
    );

    let opening_settings = settings.clone();
    let opened = tokio::task::spawn_blocking(move || opening::open(&opening_settings))
        .await
        .map_err(|_cut_short| Error::CutShort)??;
    let Opened {
        directory,
        journal,
        store,
        feed,
        purchases,
        contacts,
        inbox,
        undelivered,
        keyring,
        secrets,
    } = opened;
    let connectors = delivering::connectors(&settings.config.outbound)?;
    let parts = Parts {
        journal: Arc::clone(&journal),
        store,
        keyring,
        secrets,
        clock: Arc::clone(&settings.clock),
        feed,
        followers: vec![
            Arc::clone(&purchases) as Arc<dyn Follower>,
            Arc::clone(&contacts) as Arc<dyn Follower>,
            Arc::clone(&inbox) as Arc<dyn Follower>,
            Arc::clone(&undelivered) as Arc<dyn Follower>,
        ],
        rows_check,
        exports: Some(settings.exports(&directory)),
        spawner: Spawner::new(stop.child_token()),
        probe: settings.probe.clone(),
    };
    let node = Node::start(options, parts).await?;
    let pages = letter_pages(&settings.config);
    let out = (undelivered, &connectors, &pages);
    let sender = sender(&node, out, &settings.clock);
    side_servers.spawn_until_stop("delivery", sender.run());
    let quota = quota_kept_up(&side_servers, &settings.config);
    let api = Api::new(Reach {
        router: node.router().clone(),
        tokens: Arc::new(tokens(&node, &settings.config)?),
        passwords: passwords(&node)?,
        addresses: addresses(&settings.config),
        quota,
        purchases,
        contacts,
        inbox,
        connectors,
        letter_pages: pages,
        external_login: Arc::new(ExternalLogin::new()),
    });
    let mut public_server = JoinSet::new();
    public_server.spawn(edge::serve(
        listener,
        public_router(api.clone()),
        settings.edge,
        stop.clone(),
    ));
    serve_control(&side_servers, &api, &node, &directory)?;
    engine_check.ready();
    journal_check.ready();
    watch_journal(&side_servers, Arc::clone(&journal), journal_check);
    Ok(Running {
        public,
        admin,
        node,
        api,
        journal,
        health,
        stop,
        public_server,
        side_servers,
    })
}

fn sender(
    node: &Node,
    (undelivered, connectors, pages): (Arc<Queue>, &Arc<Connectors>, &Arc<LetterPages>),
    clock: &Arc<dyn Clock>,
) -> Sender {
    let router = node.router();
    Sender::new(
        undelivered,
        Arc::new(router.clone()),
        Arc::clone(connectors),
        Arc::clone(router.secrets()),
        Arc::clone(clock),
        Arc::clone(pages),
    )
}

fn letter_pages(config: &Config) -> Arc<LetterPages> {
    // Checked when the settings were read.
    let page = |text: &str| network::token_page(text).unwrap_or_default();
    Arc::new(LetterPages {
        invitation: page(&config.letters.invitation_page),
        verification: page(&config.letters.verification_page),
        reset: page(&config.letters.reset_page),
    })
}

fn serve_control(
    side_servers: &Spawner,
    api: &Api,
    node: &Arc<Node>,
    directory: &DataDirectory,
) -> Result<(), Error> {
    let state = control::Control {
        api: api.clone(),
        node: Arc::clone(node),
        directory: directory.clone(),
    };
    let socket = directory.control_socket();
    let listener = control::listen(&socket).map_err(|source| Error::Listen {
        address: socket.display().to_string(),
        source,
    })?;
    side_servers.spawn_until_stop("control", control::serve(listener, state));
    Ok(())
}

fn tokens(node: &Node, config: &Config) -> Result<Tokens, Error> {
    let withdrawn = KeyId::list(&config.tokens.withdrawn_keys)?;
    Ok(Tokens::new(Arc::clone(node.router().secrets()), withdrawn))
}

async fn serve_admin(listener: tokio::net::TcpListener, health: Health, metrics: PrometheusHandle) {
    let upkeep = metrics.clone();
    let keep_up = async move {
        loop {
            tokio::time::sleep(limits::METRICS_UPKEEP_EVERY).await;
            upkeep.run_upkeep();
        }
    };
    let served = axum::serve(listener, admin::router(health, metrics)).into_future();
    tokio::select! {
        ended = served => {
            if let Err(error) = ended {
                tracing::error!(%error, "the admin listener ended");
            }
        }
        () = keep_up => {}
    }
}

fn watch_journal(spawner: &Spawner, journal: Arc<dyn Journal>, check: Check) {
    spawner.spawn_until_stop("journal watch", async move {
        journal.failed().await;
        check.failing("an append or sync failed; the node is stopping");
    });
}

fn passwords(node: &Node) -> Result<Arc<Passwords>, Error> {
    let pepper = *node.router().secrets().password_pepper();
    let passwords = Passwords::start(pepper).map_err(Error::Passwords)?;
    Ok(Arc::new(passwords))
}

/// Both were checked when the settings were read.
fn addresses(config: &Config) -> Addresses {
    let server = &config.server;
    Addresses {
        public_url: network::public_url(&server.public_url).unwrap_or_default(),
        trusted_proxies: server.trusted_proxies.parse().unwrap_or_default(),
    }
}

fn quota(config: &Config) -> Quota {
    let at_least_one = |rate| NonZeroU32::new(rate).unwrap_or(NonZeroU32::MIN);
    let bounds = &config.limits;
    // Checked when the settings were read.
    let trusted_proxies = config.server.trusted_proxies.parse().unwrap_or_default();
    Quota::new(quota::Options {
        requests_per_second_per_key: bounds.requests_per_second_per_key.map(at_least_one),
        anonymous_requests_per_minute_per_address: at_least_one(
            bounds.anonymous_requests_per_minute_per_address,
        ),
        trusted_proxies,
    })
}

fn quota_kept_up(spawner: &Spawner, config: &Config) -> Arc<Quota> {
    let kept = Arc::new(quota(config));
    let quota = Arc::clone(&kept);
    spawner.spawn_until_stop("quota", async move {
        loop {
            tokio::time::sleep(limits::QUOTA_UPKEEP_EVERY).await;
            quota.forget_idle();
        }
    });
    kept
}

/// Every public route.
pub fn public_router(api: Api) -> Router {
    let (backoffice, _) = gateways::backoffice::router();
    let (self_service, _) = gateways::self_service::router();
    backoffice
        .merge(self_service)
        .merge(gateways::well_known::routes())
        .merge(gateways::errors::routes())
        .with_state(api)
}

impl Running {
    /// What the handlers reach.
    pub fn api(&self) -> Api {
        self.api.clone()
    }

    /// Serves until `stop` resolves or the journal fails, then drains: what was accepted is finished.
    pub async fn until(self, stop: impl Future<Output = ()>) -> Result<(), Error> {
        tokio::select! {
            () = stop => {}
            () = self.journal.failed() => {}
        }
        self.shut_down().await
    }

    /// Stops accepting, finishes what was accepted, brings the rows up to date and closes the journal.
    pub async fn shut_down(mut self) -> Result<(), Error> {
        let failed = self.journal.has_failed();
        // Unready first, so that balancers look elsewhere while what was accepted is finished.
        self.health.drain();
        self.stop.cancel();
        if let Some(Ok(Drained::Cut { connections })) = self.public_server.join_next().await {
            tracing::warn!(connections, "connections were cut at the deadline");
        }
        self.node
            .stop(Duration::from_millis(limits::DRAIN_ENGINE_MS))
            .await;
        self.side_servers.finish().await;
        if failed || self.journal.has_failed() {
            return Err(Error::JournalFailed);
        }
        self.journal.close().await?;
        Ok(())
    }
}

fn listen(address: SocketAddr) -> Result<tokio::net::TcpListener, Error> {
    edge::bind(address).map_err(|source| Error::Listen {
        address: address.to_string(),
        source,
    })
}

fn address_of(listener: &tokio::net::TcpListener, asked: SocketAddr) -> SocketAddr {
    listener.local_addr().unwrap_or(asked)
}
