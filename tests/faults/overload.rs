//! Five times what the node can do is asked of it: it does nearly as much as before, refuses the rest without an effect, and its memory
//! stays as it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clientele::limits::REQUESTS_PER_SECOND_PER_KEY_MAX;
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
const CLIENTS: usize = 128;

/// How many send what is asked of it then.
const CROWD: usize = 512;

/// How many of them it lets connect.
const CONNECTIONS: usize = 384;

/// How many requests one contact takes on at a time.
const UNDER_WAY: u32 = 8;

/// What the key may ask for in the end, as a share of what the node can do.
const QUOTA: f64 = 0.25;

/// How much more is asked than it can do.
const OVERLOAD: f64 = 5.0;

/// An arrival that is this late because every client waits for an answer is not sent.
const LATE: Duration = Duration::from_millis(100);

/// How many of the refused are sent again afterwards.
const AGAIN: usize = 500;

/// What 99 of 100 accepted requests must be answered within, in waits for all that may be in flight at the usual rate: a queue that
/// grows for as long as the overload lasts takes many more.
const P99_WAITS: f64 = 8.0;

/// How often the memory is looked at during the overload.
const LOOKS: u32 = 30;

/// By how much the memory of a phase's last third may be above that of its middle: noise, and less than a KiB for each refusal.
const GROWTH_MAX: u64 = 24 * 1024 * 1024;

/// And for each accepted purchase, which is stored: its part of the rows' caches and index.
const STORED_BYTES: u64 = 2 * 1024;

/// What became of a request.
struct Outcome {
    number: u64,
    /// [`TURNED_AWAY`], if the connection was refused.
    status: u16,
    took: Duration,
}

/// The connection ended before the request was read, and perhaps before the 503 that says so was.
const TURNED_AWAY: u16 = 0;

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
        // Those beyond the cap try again with each request.
        drop(client.get("/backoffice/v2/wallets/none").await);
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
        let answer = client.purchase(&asked.key, &asked.body).await;
        let status = answer.map_or(TURNED_AWAY, |answer| answer.status);
        let took = sent.elapsed();
        assert!([200, 429, 503, TURNED_AWAY].contains(&status), "{status}");
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

    /// Memory must not grow by what is refused; `thirds` is the most in use in each third of the phase.
    fn stays_flat(&self, thirds: [u64; 3]) {
        let [_, middle, late] = thirds;
        eprintln!("memory in each third: {:?} MiB", thirds.map(|it| it >> 20));
        let accepted = u64::try_from(self.count(200) / 3).unwrap();
        let bound = middle + GROWTH_MAX + accepted * STORED_BYTES;
        assert!(late < bound, "memory grew to {late}, over {bound} bytes");
    }

    fn say(&self, what: &str) {
        eprintln!(
            "{what}: {} due, {} sent, {:.0} accepted a second, p99 {:?}; 429: {}, 503: {}, turned away: {}",
            self.due,
            self.outcomes.len(),
            self.goodput(),
            self.p99(),
            self.count(429),
            self.count(503),
            self.count(TURNED_AWAY),
        );
    }
}

/// The most memory in use in each third of the next `seconds`, in bytes.
async fn memory(process: &Process, seconds: u32) -> [u64; 3] {
    let mut thirds = [0; 3];
    for look in 0..LOOKS {
        let third = &mut thirds[usize::try_from(3 * look / LOOKS).unwrap()];
        *third = process.resident_bytes().max(*third);
        // waits for: the time until the next look.
        tokio::time::sleep(Duration::from_secs(u64::from(seconds)) / LOOKS).await;
    }
    thirds
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
    let site = Site::new().with("STORAGE__ROW_CACHE_MIB", 8);
    let process = site.start().await;
    let first = numbers.below(1 << 32);
    let warm = drive(&process, CLIENTS, Pace::Closed, first, seconds.div_ceil(4)).await;
    let mut next = first + warm.due;
    let peak = drive(&process, CLIENTS, Pace::Closed, next, seconds.div_ceil(2)).await;
    peak.say("at its peak");
    next += peak.due;
    process.stop().await;

    let site = site
        .with("ACTORS__UNDER_WAY_PER_ENTITY", UNDER_WAY)
        .with("LIMITS__CONNECTIONS_PER_ADDRESS", CONNECTIONS);
    let process = site.start().await;
    let rate = OVERLOAD * peak.goodput();
    let begin = drive(&process, CROWD, Pace::Open(rate), next, seconds.div_ceil(4)).await;
    next += begin.due;
    begin.say("overloaded, not counted");
    let (over, over_memory) = tokio::join!(
        drive(&process, CROWD, Pace::Open(rate), next, seconds),
        memory(&process, seconds)
    );
    over.say("overloaded");
    next += over.due;
    let after = drive(&process, CLIENTS, Pace::Closed, next, seconds.div_ceil(4)).await;
    after.say("afterwards");

    next += after.due;
    process.stop().await;

    let quota = format!("{:.0}", QUOTA * peak.goodput());
    let site = site.with("LIMITS__REQUESTS_PER_SECOND_PER_KEY", quota);
    let process = site.start().await;
    let (limited, limited_memory) = tokio::join!(
        drive(&process, CLIENTS, Pace::Closed, next, seconds.div_ceil(4)),
        memory(&process, seconds.div_ceil(4))
    );
    limited.say("over its key's quota");
    process.stop().await;

    // Before and after: whatever else the machine does is in both.
    let usual = f64::midpoint(peak.goodput(), after.goodput());
    let share = over.goodput() / usual;
    eprintln!("goodput {share:.2} of the peak ({usual:.0} a second before and after)");
    over.stays_flat(over_memory);
    limited.stays_flat(limited_memory);
    let phases = [&warm, &peak, &begin, &over, &after, &limited];
    let all = phases.into_iter().flat_map(|phase| &phase.outcomes);
    let site = site.with(
        "LIMITS__REQUESTS_PER_SECOND_PER_KEY",
        REQUESTS_PER_SECOND_PER_KEY_MAX,
    );
    let process = site.start().await;
    check(&process, all.clone()).await;
    let refused: Vec<_> = all.clone().filter(|it| it.status != 200).collect();
    assert!(over.count(503) > 0, "nothing was refused: no overload");
    assert!(limited.count(429) > 0, "the quota refused nothing");

    // A key that was refused is as good as new.
    let (network, mut client) = (process.network(), process.client());
    let mut ledger = Ledger::default();
    let step = refused.len().div_ceil(AGAIN);
    let mut retried = Vec::new();
    for outcome in refused.iter().step_by(step) {
        let number = outcome.number;
        ledger.record(&mut client, asked(&network, number)).await;
        retried.push(Outcome {
            number,
            status: 200,
            took: Duration::ZERO,
        });
    }
    check(&process, all.chain(&retried)).await;
    ledger.replay(&mut client).await;
    eprintln!(
        "{} refused, none had an effect; {} of them were sent again",
        refused.len(),
        retried.len()
    );
    if seconds >= SECONDS_MEASURED {
        assert!(share >= 0.8, "goodput fell to {share:.2} of the peak");
        let bound = Duration::from_secs_f64(P99_WAITS * CONNECTIONS as f64 / usual);
        let p99 = over.p99();
        assert!(p99 < bound, "the p99 of what it accepted is {p99:?}");
    }
    process.stop().await;
}
