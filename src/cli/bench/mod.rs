//! `clientele bench`: a load generator that tells the truth about latency.
//!
//! With a rate it is an *open loop*: arrivals follow a schedule that no answer can slow down, and a latency counts from
//! the moment an arrival was *meant* to be sent. A server that stalls is therefore charged for everyone who would have
//! waited; a generator that measures from the real send would leave them out ("coordinated omission"). Without a rate it
//! is a *closed loop* at full speed, and says so.
//!
//! The way of an arrival, in the order of the modules: `seed` and `target` say whom and where, `requests` builds
//! the request, `schedule` releases arrivals in time into `arrivals`, `connection` carries them, `tally` counts,
//! `generator` runs it all, `report` prints.
//!
//! It shares the machine with the server that it measures, so a request must cost it little: raw HTTP/1.1
//! connections with one request in flight each, prebuilt requests, and all on the caller's tokio runtime. It has no
//! retries, no redirects, no TLS and no cookies on purpose: each would hide a figure.

mod arrivals;
mod connection;
mod error;
mod generator;
mod progress;
mod report;
mod requests;
mod schedule;
mod seed;
mod tally;
mod target;
mod timer;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde::Serialize;

pub use error::BenchError;

use crate::cli::output::OutputFormat;
use crate::limits::{
    BENCH_CONNECTIONS_MAX, BENCH_DURATION_S_MAX, BENCH_RATE_MAX, BENCH_WARMUP_S_MAX,
};
use seed::Seed;
use target::{RemoteTargets, Target};

const EXAMPLES: &str = "\
Examples:
  Start a node with contacts and keys to use, then load it from another terminal:
    clientele dev --seed-file seed.json
    clientele bench --seed-file seed.json --scenario award --rate 5000

  How fast can it go at all? Full speed, closed loop, 256 requests in flight:
    clientele bench --seed-file seed.json --connections 256

  Many tills spending from one wallet, as a program reads it:
    clientele bench --seed-file seed.json --scenario spend --contacts 1 --rate 500 -o json | jq .latency_us

Reading the result:
  With --rate, latency counts from the moment a request was meant to be sent, so waiting for a free connection is in it:
  compare percentiles at one rate. `send_lag` is the part before the request left. Without --rate, latency is only the
  service time of requests that were really sent: use it for throughput.
  Latencies are those of successful answers. `refused_balance` counts spends that the balance did not cover, which is an
  answer and no error; anything else that is not a success is an error, and makes the exit code non-zero.";

/// Load a running node with awards, spends or reads, and measure its latency
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
    /// Read a wallet
    Read,
}

impl Scenario {
    /// The word for it on the command line and in reports.
    fn name(self) -> &'static str {
        match self {
            Self::Award => "award",
            Self::Spend => "spend",
            Self::Read => "read",
        }
    }
}

/// A run that is ready to start: every argument checked, the target resolved, the seed read.
#[derive(Debug)]
struct Plan {
    scenario: Scenario,
    target: Target,
    seed: Seed,
    rate: Option<u32>,
    connections: u32,
    warmup: Duration,
    duration: Duration,
    /// How many arrivals may wait for a connection before further ones count as not sent.
    arrivals_waiting_max: usize,
}

/// Runs the load that the arguments describe, and prints what it measured to standard output. Ctrl-C ends it early and
/// prints what there is.
///
/// # Errors
/// Before any load: arguments that name no usable target, seed or contact, and a node that cannot be reached. After it,
/// with the result already printed: [`BenchError::RequestsFailed`] when any request failed for a reason other than a
/// balance that was too low.
pub async fn run(args: BenchArgs, output: OutputFormat) -> Result<(), BenchError> {
    let plan = plan(&args).await?;
    let interrupted = async {
        // Without a signal handler a run still ends by itself, so a failure to install one only loses the early end.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let report = generator::measure(&plan, interrupted).await?;
    report.print(output)?;
    report.verdict()
}

async fn plan(args: &BenchArgs) -> Result<Plan, BenchError> {
    let path = match (&args.seed_file, &args.url) {
        (Some(path), _) => path,
        (None, Some(_)) => return Err(BenchError::NoSeed),
        (None, None) => return Err(BenchError::NoTarget),
    };
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
        seed,
        rate: args.rate,
        connections: args.connections,
        warmup: Duration::from_secs(u64::from(args.warmup)),
        duration: Duration::from_secs(u64::from(args.duration)),
        arrivals_waiting_max: crate::limits::BENCH_ARRIVALS_WAITING_MAX,
    })
}
