//! Five times what the node can do is asked of it: it does nearly as much as before, refuses the rest without an effect, and its memory
//! stays as it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::client::Client;
use crate::ledger::{Asked, Ledger, Network};
use crate::load::{Numbers, setting};
use crate::process::{Process, Site};

/// How long it lasts in seconds, if `OVERLOAD_SECONDS` does not say.
const SECONDS: u32 = 3;

/// From so many seconds on, the figures are held to their bounds: shorter ones, beside other tests, say little.
const SECONDS_MEASURED: u32 = 30;

const CONTACTS: u64 = 20;

/// How many clients find out what the node can do.
const CLIENTS: usize = 64;

/// How many more send what is asked of it: more than it takes on at a time, which is `CONTACTS` times `UNDER_WAY`.
const CROWD: usize = 512;

/// How many requests one contact takes on at a time.
const UNDER_WAY: u32 = 8;

/// How much more is asked than it can do.
const OVERLOAD: f64 = 5.0;

/// An arrival that is this late because every client waits for an answer is not sent.
const LATE: Duration = Duration::from_millis(100);

/// How many of the refused are sent again afterwards.
const AGAIN: usize = 500;

/// What 99 of 100 accepted requests must be answered within.
const P99_MAX: Duration = Duration::from_secs(1);

/// By how much memory may grow during the overload.
const GROWTH_MAX: u64 = 48 * 1024 * 1024;

/// What became of a request.
struct Outcome {
    number: u64,
    status: u16,
    took: Duration,
}

/// When requests are sent.
enum Pace {
    /// As soon as a client is free.
    Closed,
    /// So many a second, whatever the node does.
    Open(f64),
}

struct Schedule {
    pace: Pace,
    next: AtomicU64,
    first: u64,
    start: Instant,
    until: Duration,
}

impl Schedule {
    /// The next request's number; none, once the time is over.
    async fn next(&self) -> Option<u64> {
        loop {
            let place = self.next.fetch_add(1, Ordering::Relaxed);
            if let Pace::Open(rate) = self.pace {
                let intended = Duration::from_secs_f64(place as f64 / rate);
                let now = self.start.elapsed();
                if now > intended + LATE && now < self.until {
                    continue;
                }
                tokio::time::sleep_until((self.start + intended).into()).await;
            }
            return (self.start.elapsed() < self.until).then_some(self.first + place);
        }
    }

    /// How many were due by the end.
    fn due(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }
}

/// The request of a number, under a key of its own. Its award is a twentieth, and no other offer applies.
fn asked(network: &Network, number: u64) -> Asked {
    let contact = usize::try_from(number % CONTACTS).unwrap();
    let total = 1_000 + 20 * i64::try_from(number % 100).unwrap();
    Asked {
        key: format!("overload {number}"),
        contact,
        body: network.award(contact, total),
    }
}

/// Has the clients send by `pace` for `seconds`.
async fn drive(process: &Process, clients: usize, pace: Pace, first: u64, seconds: u32) -> Phase {
    let network = Arc::new(process.network());
    let mut connected = Vec::new();
    for _ in 0..clients {
        let mut client = process.client();
        client.get("/backoffice/v2/wallets/none").await.unwrap();
        connected.push(client);
    }
    let until = Duration::from_secs(u64::from(seconds));
    let schedule = Arc::new(Schedule {
        pace,
        next: AtomicU64::new(0),
        first,
        start: Instant::now(),
        until,
    });
    let mut running = JoinSet::new();
    for client in connected {
        running.spawn(send(client, Arc::clone(&network), Arc::clone(&schedule)));
    }
    let outcomes: Vec<_> = running.join_all().await.into_iter().flatten().collect();
    Phase {
        outcomes,
        due: schedule.due(),
        seconds: schedule.start.elapsed().as_secs_f64(),
    }
}

async fn send(mut client: Client, network: Arc<Network>, schedule: Arc<Schedule>) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    while let Some(number) = schedule.next().await {
        let asked = asked(&network, number);
        let sent = Instant::now();
        let answer = client.purchase(&asked.key, &asked.body).await.unwrap();
        let (status, took) = (answer.status, sent.elapsed());
        assert!([200, 429, 503].contains(&status), "{answer:?}");
        outcomes.push(Outcome {
            number,
            status,
            took,
        });
    }
    outcomes
}

/// What a load came to.
struct Phase {
    outcomes: Vec<Outcome>,
    due: u64,
    seconds: f64,
}

impl Phase {
    fn count(&self, status: u16) -> usize {
        let with = self.outcomes.iter().filter(|it| it.status == status);
        with.count()
    }

    /// Accepted requests a second.
    fn goodput(&self) -> f64 {
        self.count(200) as f64 / self.seconds
    }

    fn p99(&self) -> Duration {
        let accepted = self.outcomes.iter().filter(|it| it.status == 200);
        let mut took: Vec<_> = accepted.map(|it| it.took).collect();
        took.sort_unstable();
        took[took.len() * 99 / 100]
    }

    fn say(&self, what: &str) {
        eprintln!(
            "{what}: {} due, {} sent, {:.0} accepted a second, p99 {:?}; 429: {}, 503: {}",
            self.due,
            self.outcomes.len(),
            self.goodput(),
            self.p99(),
            self.count(429),
            self.count(503),
        );
    }
}

/// Every contact must have what the accepted requests awarded, and so nothing of those that were refused.
async fn check(process: &Process, outcomes: impl Iterator<Item = &Outcome> + Clone) {
    let (network, mut client) = (process.network(), process.client());
    for contact in 0..CONTACTS {
        let accepted = outcomes
            .clone()
            .filter(|it| it.status == 200 && it.number % CONTACTS == contact);
        let awarded =
            accepted.map(|it| (1_000 + 20 * i64::try_from(it.number % 100).unwrap()) / 20);
        let expected: i64 = awarded.sum();
        let contact = usize::try_from(contact).unwrap();
        let balance = network.balance(&mut client, contact).await;
        assert_eq!(balance, expected, "of contact {contact}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_times_the_capacity_is_refused_without_an_effect_and_harms_nobody() {
    let (seconds, mut numbers) = (setting("OVERLOAD_SECONDS", SECONDS), Numbers::of_run());
    let site = Site::new()
        .with("ACTORS__UNDER_WAY_PER_ENTITY", UNDER_WAY)
        .with("STORAGE__ROW_CACHE_MIB", 8);
    let process = site.start().await;
    let first = numbers.below(1 << 32);
    let warm = drive(&process, CLIENTS, Pace::Closed, first, seconds.div_ceil(4)).await;
    let mut next = first + warm.due;
    let peak = drive(&process, CLIENTS, Pace::Closed, next, seconds.div_ceil(2)).await;
    peak.say("at its peak");
    next += peak.due;
    let rate = OVERLOAD * peak.goodput();
    let begin = drive(&process, CROWD, Pace::Open(rate), next, seconds.div_ceil(4)).await;
    next += begin.due;
    let before = process.resident_bytes();
    let over = drive(&process, CROWD, Pace::Open(rate), next, seconds).await;
    over.say("overloaded");
    next += over.due;
    let grown = process.resident_bytes().saturating_sub(before);
    let after = drive(&process, CLIENTS, Pace::Closed, next, seconds.div_ceil(4)).await;
    after.say("afterwards");

    let share = over.goodput() / peak.goodput();
    eprintln!(
        "goodput {share:.2} of the peak; memory grew by {} KiB",
        grown >> 10
    );
    let phases = [&warm, &peak, &begin, &over, &after];
    let all = phases.into_iter().flat_map(|phase| &phase.outcomes);
    check(&process, all.clone()).await;
    let refused: Vec<_> = all.clone().filter(|it| it.status != 200).collect();
    assert!(
        !refused.is_empty(),
        "nothing was refused: this was no overload"
    );

    // A key that was refused is as good as new.
    let (network, mut client) = (process.network(), process.client());
    let mut ledger = Ledger::default();
    let step = refused.len().div_ceil(AGAIN);
    let mut late = Vec::new();
    for outcome in refused.iter().step_by(step) {
        let number = outcome.number;
        ledger.record(&mut client, asked(&network, number)).await;
        late.push(Outcome {
            number,
            status: 200,
            took: Duration::ZERO,
        });
    }
    check(&process, all.chain(&late)).await;
    ledger.replay(&mut client).await;
    eprintln!(
        "{} refused, none had an effect; {} of them were sent again",
        refused.len(),
        late.len()
    );
    assert!(grown < GROWTH_MAX, "memory grew by {grown} bytes");
    if seconds >= SECONDS_MEASURED {
        assert!(share >= 0.8, "goodput fell to {share:.2} of the peak");
        assert!(
            over.p99() < P99_MAX,
            "the p99 of what it accepted is {:?}",
            over.p99()
        );
    }
    process.stop().await;
}
