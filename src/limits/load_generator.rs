//! The bounds of the load generator (`clientele bench`).

use std::time::Duration;

/// The most connections that the load generator opens: each costs it and the server a descriptor and about 20 KiB of
/// buffers, and far fewer saturate a node.
pub const BENCH_CONNECTIONS_MAX: u32 = 4_096;

/// The highest arrival rate, a second: twenty times what one node answers on two cores (50,000 a second measured), so
/// that it bounds typing errors, not measurements.
pub const BENCH_RATE_MAX: u32 = 1_000_000;

/// The longest measurement, in seconds: an hour shows checkpoints, trimming and leaks; longer ones are a soak test.
pub const BENCH_DURATION_S_MAX: u32 = 3_600;

/// The longest warm-up, in seconds: ten minutes fill any cache of a node.
pub const BENCH_WARMUP_S_MAX: u32 = 600;

/// How many arrivals may wait for a free connection: two seconds of a stalled server at 50,000 a second, with room.
/// At 24 bytes each that is 3 MiB. What does not fit is counted as not sent.
pub const BENCH_ARRIVALS_WAITING_MAX: usize = 131_072;

/// How long the load generator waits for one answer before it counts a timeout and drops the connection: five times the
/// 2 s for which a node may hold a request while its shard moves.
pub const BENCH_ANSWER_WAIT_MAX: Duration = Duration::from_secs(10);

/// How long a finished run goes on to send what is still waiting and to collect answers: one answer's wait, so that
/// every request sent in time ends as an answer or as a counted timeout, plus a second to notice it.
pub const BENCH_DRAIN_MAX: Duration = Duration::from_secs(11);

/// The least pause between two releases of arrivals. A release wakes the generator, which costs about 10 us of CPU
/// beside the requests themselves: every 100 us that stays near a tenth of a core at any rate. It makes arrivals late
/// by at most as much, a tenth of a durable answer's time, and the report shows it.
pub const BENCH_RELEASE_PAUSE_MIN: Duration = Duration::from_micros(100);

/// The pause of a closed-loop connection after it failed to connect: 20 attempts a second notice a restarted server
/// soon, and do not spin on a dead one.
pub const BENCH_RECONNECT_PAUSE: Duration = Duration::from_millis(50);

/// The largest latency that is told apart, in microseconds: a minute, well beyond the longest wait for an answer plus
/// the wait of its arrival for a connection. Longer ones count as this.
pub const BENCH_LATENCY_US_MAX: u64 = 60_000_000;

/// One answer in so many has its `Server-Timing` header read: reading it takes about 1 us, and a run of some
/// thousand requests still gives enough for a mean.
pub const BENCH_SERVER_TIMING_STRIDE: u64 = 64;

/// How many bytes of a refusing answer are kept, to read its error code: a problem document is under 1 KiB.
pub const BENCH_REFUSAL_BYTES_MAX: usize = 4_096;

/// How often the progress bar moves: five times a second is smooth, and costs nothing beside the load.
pub const BENCH_PROGRESS_EVERY: Duration = Duration::from_millis(200);

/// The width of one window of a report's timeline in a long run: at 5,000 answers a second it holds enough for a p99.
pub const BENCH_WINDOW_MAX: Duration = Duration::from_secs(1);

/// The least width of one window, in a short run: below it a window is mostly noise.
pub const BENCH_WINDOW_MIN: Duration = Duration::from_millis(100);

/// How many windows a timeline aims at between those two: as many points as a plot of 800 pixels tells apart well.
pub const BENCH_WINDOWS: u32 = 60;

/// How many points of a percentile curve lie in each halving of the distance to 100%: enough for a smooth curve, and some
/// hundred points in all.
pub const BENCH_CURVE_POINTS_A_HALVING: u32 = 5;

/// How many of the requests of a mixed load are awards, spends and reads, in this order: tills sell more than they spend, and
/// an app reads the wallet after some of it.
pub const BENCH_MIX: [u64; 3] = [6, 2, 2];

/// How many different batches a run sends: as many as a seed of 64,000 contacts gives, at 230 KB each that is 15 MiB.
pub const BENCH_BATCH_BODIES_MAX: usize = 64;

/// How much each step of a ramp offers more than the one before it, in percent: a knee is found to a fifth in few steps, and
/// narrowed down after that.
pub const BENCH_RAMP_GROWTH_PERCENT: u64 = 25;

/// How often the gap between the last rate that held and the first that did not is halved: twice leaves a sixteenth of the
/// rate, near the noise of a run of some seconds.
pub const BENCH_RAMP_HALVINGS: u32 = 2;

/// How often a rate is tried before it counts as not held: one stall of a disk must not be taken for the knee.
pub const BENCH_RAMP_TRIES: u32 = 2;

/// The most steps of a ramp: growing by a quarter, 40 lead from 1,000 a second past any rate that can be asked for.
pub const BENCH_RAMP_STEPS_MAX: u32 = 40;

/// How much of what a step offers must be answered with success, in percent. The rest is room for the last answers, which come
/// after the step's time; a backlog that grows shows in the latency first.
pub const BENCH_RAMP_GOODPUT_PERCENT_MIN: u32 = 95;

/// The largest bound on the p99 of a step that can be asked for, in milliseconds: the wait for one answer.
pub const BENCH_RAMP_P99_MS_MAX: u32 = 10_000;

/// How many requests come from one address where people are played: fewer than the wrong passwords that a node takes from one.
pub const BENCH_EXCHANGES_AN_ADDRESS: u32 = 40;

/// How many pages of the test inbox are searched for a code: the newest come first, and a run has few at a time.
pub const BENCH_INBOX_PAGES_MAX: u32 = 10;

/// How many accounts a login storm has right passwords for: enough that no two logins of one meet more than a few times.
pub const BENCH_STORM_ACCOUNTS: u64 = 8;

/// Awards a second beside a login storm, where no rate is named: a chain of some hundred tills at noon.
pub const BENCH_STORM_AWARD_RATE: u32 = 1_000;

// ---- the demo network

/// The most live contacts of the demo network: what one node is built for, so that its figures can be taken with them.
pub const SEEDED_CONTACTS_MAX: u32 = 1_000_000;

/// How many contacts of the demo network are created at a time: a hundred fill a sync, and a mailbox holds many more.
pub const SEEDED_CONTACTS_AT_A_TIME: usize = 128;
