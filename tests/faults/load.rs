//! Clients that award and spend until they are told to stop or their connection breaks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::client::{Answer, Client};
use crate::ledger::{Asked, Network, is_too_low};
use crate::process::Process;

/// How long the clients may take for a handful of answers before the load counts as stuck.
const PATIENCE: Duration = Duration::from_secs(30);

/// How much of something a run does: what the environment says, or `default`.
pub(crate) fn setting(name: &str, default: u32) -> u32 {
    match std::env::var(name) {
        Ok(value) => value
            .parse()
            .unwrap_or_else(|error| panic!("{name}={value}: {error}")),
        Err(_) => default,
    }
}

/// Numbers that a seed decides (splitmix64).
#[derive(Clone)]
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    /// The seed of this run: `SEED`, or a random one, printed so that a run can be repeated.
    pub(crate) fn of_run() -> Numbers {
        let seed = match std::env::var("SEED") {
            Ok(seed) => seed.parse().expect("SEED is a number"),
            Err(_) => getrandom::u64().unwrap(),
        };
        eprintln!("SEED={seed}");
        Numbers(seed)
    }

    /// The next number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}

type Noted = Vec<(Asked, Option<Answer>)>;

/// Clients under way.
pub(crate) struct Load {
    clients: JoinSet<Noted>,
    acknowledged: Arc<Semaphore>,
    stop: Arc<AtomicBool>,
}

impl Load {
    /// Starts `clients` clients on the first `contacts` contacts; `name` keeps their keys apart from other loads'.
    pub(crate) fn start(
        process: &Process,
        name: &str,
        clients: usize,
        contacts: u64,
        numbers: &mut Numbers,
    ) -> Load {
        let network = Arc::new(process.network());
        let acknowledged = Arc::new(Semaphore::new(0));
        let stop = Arc::new(AtomicBool::new(false));
        let mut running = JoinSet::new();
        for client in 0..clients {
            running.spawn(run(
                process.client(),
                Arc::clone(&network),
                format!("{name}-{client}"),
                contacts,
                Numbers(numbers.below(u64::MAX)),
                (Arc::clone(&acknowledged), Arc::clone(&stop)),
            ));
        }
        Load {
            clients: running,
            acknowledged,
            stop,
        }
    }

    /// Waits until `count` more purchases were acknowledged.
    pub(crate) async fn acknowledged(&self, count: u32) {
        let acquired = tokio::time::timeout(PATIENCE, self.acknowledged.acquire_many(count));
        acquired.await.expect("the load goes on").unwrap().forget();
    }

    /// Ends the load; what was asked, and what was answered. Connections that broke are part of it.
    pub(crate) async fn finish(self) -> Noted {
        self.stop.store(true, Ordering::Release);
        self.clients
            .join_all()
            .await
            .into_iter()
            .flatten()
            .collect()
    }
}

/// Whether the node says that it does not know the outcome.
fn is_unknown(answer: &Answer) -> bool {
    answer.status == 500 && answer.json()["code"] == "unknown_outcome"
}

async fn run(
    mut client: Client,
    network: Arc<Network>,
    name: String,
    contacts: u64,
    mut numbers: Numbers,
    (acknowledged, stop): (Arc<Semaphore>, Arc<AtomicBool>),
) -> Noted {
    let mut noted = Noted::new();
    while !stop.load(Ordering::Acquire) {
        let contact = usize::try_from(numbers.below(contacts)).unwrap();
        let body = match numbers.below(3) {
            0 | 1 => network.award(contact, 500 + i64::try_from(numbers.below(8_000)).unwrap()),
            _ => network.spend(contact, 1 + i64::try_from(numbers.below(300)).unwrap()),
        };
        let key = format!("{name}-{}", noted.len());
        let answer = client.purchase(&key, &body).await.ok();
        // A stopping or overloaded node refuses without an effect, and an outcome may be unknown: both are retried.
        let settled = answer.filter(|answer| answer.status != 503 && !is_unknown(answer));
        let lost = settled.is_none();
        if let Some(answer) = &settled {
            assert!(answer.status == 200 || is_too_low(answer), "{answer:?}");
            if answer.status == 200 {
                acknowledged.add_permits(1);
            }
        }
        let asked = Asked { key, contact, body };
        noted.push((asked, settled));
        if lost {
            break;
        }
    }
    noted
}
