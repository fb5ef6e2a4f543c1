//! `clientele bench`: a load generator that tells the truth about latency.
//!
//! With a rate it is an *open loop*: arrivals follow a schedule that no answer can slow down, and a latency counts from
//! the moment an arrival was *meant* to be sent. A server that stalls is therefore charged for everyone who would have
//! waited; a generator that measures from the real send would leave them out ("coordinated omission"). Without a rate it
//! is a *closed loop* at full speed, and says so.
//!
//! The way of an arrival, in the order of the modules: `seed` and `target` say whom and where, `requests` builds
//! the request, `schedule` releases arrivals in time into `arrivals`, `connection` carries them, `tally` and `timeline` count,
//! `generator` runs it all, `ramp` runs it at growing rates, `storm` beside
//! logins (those who sign in are `people`, and `otp_login` is their way in), `report` says what came out, and `page` draws it with `chart`.
//!
//! It shares the machine with the server that it measures, so a request must cost it little: raw HTTP/1.1
//! connections with one request in flight each, prebuilt requests, and all on the caller's tokio runtime. It has no
//! retries, no redirects, no TLS and no cookies on purpose: each would hide a figure.

mod arrivals;
mod batches;
pub mod chart;
mod connection;
mod error;
mod generator;
mod machine;
mod otp_login;
mod page;
mod people;
mod progress;
mod ramp;
mod report;
mod requests;
mod schedule;
mod seed;
mod storm;
mod tally;
mod target;
mod timeline;
mod timer;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde::Serialize;

pub use error::BenchError;

use crate::cli::output::{self, OutputFormat};
use crate::limits::{
    BENCH_CONNECTIONS_MAX, BENCH_DURATION_S_MAX, BENCH_RAMP_GOODPUT_PERCENT_MIN,
    BENCH_RAMP_P99_MS_MAX, BENCH_RATE_MAX, BENCH_WARMUP_S_MAX,
};
use machine::Machine;
use ramp::{Ramp, RampReport};
use report::Report;
use seed::Seed;
use storm::StormReport;
use target::{RemoteTargets, Target};

const EXAMPLES: &str = "\
Examples:
  Start a node with contacts and keys to use, then load it from another terminal:
    clientele dev --seed-file seed.json
    clientele bench --seed-file seed.json --scenario award --rate 5000

  How fast can it go at all? Full speed, closed loop, 256 requests in flight:
    clientele bench --seed-file seed.json --connections 256

  How much can it take before latency suffers? Steps of 10 s at a growing rate, and a page with the plots:
    clientele bench --seed-file seed.json --ramp --p99-max 20 --report award.html

  What a morning's sync of offline tills costs, in purchases a second:
    clientele bench --seed-file seed.json --scenario batch --connections 4

  New people a second that register, answer their code and read themselves (in test mode, over loopback):
    clientele bench --seed-file seed.json --scenario otp-login --rate 50 --connections 16

  What a storm of logins does to the tills:
    clientele bench --seed-file seed.json --scenario login-storm --rate 1000 --logins 200 --wrong-percent 50 --duration 30

  Many tills spending from one wallet, as a program reads it:
    clientele bench --seed-file seed.json --scenario spend --contacts 1 --rate 500 -o json | jq .latency_us

Reading the result:
  With --rate, latency counts from the moment a request was meant to be sent, so waiting for a free connection is in it:
  compare percentiles at one rate. `send_lag` is the part before the request left. Without --rate, latency is only the
  service time of requests that were really sent: use it for throughput.
  Latencies are those of successful answers. `refused_balance` counts spends that the balance did not cover, which is an
  answer and no error; anything else that is not a success is an error, and makes the exit code non-zero.
  `login-storm` measures awards at --rate twice, alone and beside the logins; a login that is refused as wrong (400) or as
  one too many (503) is no error there. Both scenarios of logins leave contacts in test mode, and come from many addresses of
  127.0.0.0/8, since a node counts requests and wrong passwords by address.";

/// Load a running node with awards, spends, reads or batches, and measure its latency
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub struct BenchArgs {
    /// What every request does
    #[arg(long, value_enum, default_value_t = Scenario::Award)]
    pub scenario: Scenario,

    /// Base address of the node, such as http://127.0.0.1:8080 (default: the one in the seed file)
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,

    /// The keys, venues and contacts to use, as `clientele dev --seed-file <FILE>` writes them
    #[arg(long, value_name = "FILE")]
    pub seed_file: Option<PathBuf>,

    /// Arrivals a second, evenly spaced, whatever the server does (open loop); without it: full speed (closed loop)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(BENCH_RATE_MAX)))]
    pub rate: Option<u32>,

    /// Find the knee: open loop at a growing rate, until too little is answered or the p99 is over its bound; each step lasts
    /// as long as --duration and --warmup say
    #[arg(long, conflicts_with = "rate")]
    pub ramp: bool,

    /// Arrivals a second of the first step of a ramp
    #[arg(long, value_name = "N", requires = "ramp", default_value_t = 1_000,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(BENCH_RATE_MAX)))]
    pub ramp_from: u32,

    /// The most milliseconds that the p99 of a step of a ramp may be
    #[arg(long, value_name = "MS", requires = "ramp", default_value_t = 50,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(BENCH_RAMP_P99_MS_MAX)))]
    pub p99_max: u32,

    /// Write a page with plots and all data to this file; it opens without a network
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,

    /// Connections kept open, with at most one request in flight on each
    #[arg(long, value_name = "N", default_value_t = 64,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(BENCH_CONNECTIONS_MAX)))]
    pub connections: u32,

    /// Seconds to measure
    #[arg(long, value_name = "SECONDS", default_value_t = 10,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(BENCH_DURATION_S_MAX)))]
    pub duration: u32,

    /// Seconds of the same load before measuring, not counted
    #[arg(long, value_name = "SECONDS", default_value_t = 2,
          value_parser = clap::value_parser!(u32).range(0..=i64::from(BENCH_WARMUP_S_MAX)))]
    pub warmup: u32,

    /// Use only the first N live contacts of the seed file (default: all)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub contacts: Option<u32>,

    /// Login attempts a second of a login storm
    #[arg(long, value_name = "N", default_value_t = 200,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(BENCH_RATE_MAX)))]
    pub logins: u32,

    /// How many of a hundred attempts of a login storm have a wrong password
    #[arg(long, value_name = "PERCENT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(0..=100))]
    pub wrong_percent: u32,

    /// Allow a target that is not this machine: load on someone else's is an attack unless they agreed, the network
    /// is measured too, and the secret key travels unencrypted
    #[arg(long)]
    pub allow_remote: bool,
}

/// What every request of a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scenario {
    /// Record a purchase that earns an award
    Award,
    /// Record a purchase that spends 0.01 from a wallet that is filled first
    Spend,
    /// Six awards, two spends and two reads of every ten
    Mixed,
    /// Read a wallet
    Read,
    /// Record purchases that all award one wallet
    HotContact,
    /// Record 1,000 purchases at a time, as a till does that was offline; --rate counts batches
    Batch,
    /// Somebody new registers, reads the code from the test inbox, answers it, and reads itself
    OtpLogin,
    /// Awards alone, and then beside --logins attempts a second to sign in by password
    LoginStorm,
}

impl Scenario {
    /// The word for it on the command line and in reports.
    fn name(self) -> &'static str {
        match self {
            Self::Award => "award",
            Self::Spend => "spend",
            Self::Mixed => "mixed",
            Self::Read => "read",
            Self::HotContact => "hot-contact",
            Self::Batch => "batch",
            Self::OtpLogin => "otp-login",
            Self::LoginStorm => "login-storm",
        }
    }

    /// Whether it needs balances to spend from.
    fn spends(self) -> bool {
        match self {
            Self::Spend | Self::Mixed => true,
            Self::Award
            | Self::Read
            | Self::HotContact
            | Self::Batch
            | Self::OtpLogin
            | Self::LoginStorm => false,
        }
    }

    /// Whether its requests come from people, each few from an address of their own.
    fn is_of_people(self) -> bool {
        match self {
            Self::OtpLogin | Self::LoginStorm => true,
            Self::Award
            | Self::Spend
            | Self::Mixed
            | Self::Read
            | Self::HotContact
            | Self::Batch => false,
        }
    }
}

/// A run that is ready to start: every argument checked, the target resolved, the seed read.
#[derive(Debug, Clone)]
struct Plan {
    scenario: Scenario,
    target: Target,
    seed: Arc<Seed>,
    rate: Option<u32>,
    /// Instead of one rate, many.
    ramp: Option<Ramp>,
    /// Of a login storm, a second.
    logins: u32,
    wrong_percent: u32,
    connections: u32,
    warmup: Duration,
    duration: Duration,
    /// How many arrivals may wait for a connection before further ones count as not sent.
    arrivals_waiting_max: usize,
}

/// What a command measured.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Finished {
    /// One load.
    Run(Report),
    /// Loads at growing rates.
    Ramp(RampReport),
    /// A load beside a storm of logins.
    Storm(Box<StormReport>),
}

impl Finished {
    fn to_text(&self) -> String {
        match self {
            Self::Run(report) => report.to_text(),
            Self::Ramp(ramp) => ramp.to_text(),
            Self::Storm(storm) => storm.to_text(),
        }
    }

    fn verdict(&self) -> Result<(), BenchError> {
        match self {
            Self::Run(report) => report.verdict(),
            Self::Ramp(ramp) => ramp.verdict(),
            Self::Storm(storm) => storm.verdict(),
        }
    }
}

/// Runs the load that the arguments describe, and prints what it measured to standard output. Ctrl-C ends it early and
/// prints what there is.
///
/// # Errors
/// Before any load: arguments that name no usable target, seed or contact, and a node that cannot be reached. After it,
/// with the result already printed: [`BenchError::RequestsFailed`] when any request failed for a reason other than a
/// balance that was too low, and [`BenchError::NoKnee`] when a ramp found none.
pub async fn run(args: BenchArgs, output: OutputFormat) -> Result<(), BenchError> {
    let plan = plan(&args).await?;
    if let Some(path) = &args.report {
        page::check(path).await?;
    }
    let interrupted = async {
        // Without a signal handler a run still ends by itself, so a failure to install one only loses the early end.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let finished = match plan.ramp {
        Some(ramp) => Finished::Ramp(ramp::climb(&plan, ramp, interrupted).await?),
        None if plan.scenario == Scenario::LoginStorm => {
            Finished::Storm(Box::new(storm::measure(&plan, interrupted).await?))
        }
        None => Finished::Run(generator::measure(&plan, interrupted).await?),
    };
    if let Some(path) = &args.report {
        let page = page::render(&finished, &machine::command_line(), &Machine::this());
        page::write(path, &page).await?;
    }
    let printed = match output {
        OutputFormat::Table => output::print(&finished.to_text()),
        OutputFormat::Json => output::print_json(&finished),
    };
    printed.map_err(BenchError::Output)?;
    finished.verdict()
}

async fn plan(args: &BenchArgs) -> Result<Plan, BenchError> {
    let path = match (&args.seed_file, &args.url) {
        (Some(path), _) => path,
        (None, Some(_)) => return Err(BenchError::NoSeed),
        (None, None) => return Err(BenchError::NoTarget),
    };
    if args.ramp && args.scenario == Scenario::LoginStorm {
        return Err(BenchError::NoRampOfStorms);
    }
    let seed = Seed::read(path, args.contacts).await?;
    let url = args.url.as_deref().unwrap_or(&seed.base_url);
    let remote = if args.allow_remote {
        RemoteTargets::Allowed
    } else {
        RemoteTargets::Refused
    };
    let target = Target::resolve(url, remote).await?;
    Ok(Plan {
        scenario: args.scenario,
        target,
        seed: Arc::new(seed),
        rate: args.rate,
        ramp: args.ramp.then(|| Ramp {
            from: args.ramp_from,
            goodput_percent_min: BENCH_RAMP_GOODPUT_PERCENT_MIN,
            p99_max: Duration::from_millis(u64::from(args.p99_max)),
        }),
        logins: args.logins,
        wrong_percent: args.wrong_percent,
        connections: args.connections,
        warmup: Duration::from_secs(u64::from(args.warmup)),
        duration: Duration::from_secs(u64::from(args.duration)),
        arrivals_waiting_max: crate::limits::BENCH_ARRIVALS_WAITING_MAX,
    })
}
