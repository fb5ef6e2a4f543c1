//! Everything that can go wrong with a load run, each with what to do about it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// Why a load run did not start, or why its result is not a success.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// Neither a URL nor a seed file was named.
    #[error(
        "nothing to load: name a seed file. Get one with `clientele dev --seed-file seed.json`, \
         then run `clientele bench --seed-file seed.json`"
    )]
    NoTarget,
    /// A URL alone says where, but not with which key and contacts.
    #[error(
        "--url needs --seed-file too, for the API key, venues and contacts to use. \
         Get one with `clientele dev --seed-file seed.json`"
    )]
    NoSeed,
    /// The seed file could not be read.
    #[error("cannot read the seed file {}", path.display())]
    SeedUnreadable {
        /// The file as it was named.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The seed file is not the expected JSON.
    #[error("the seed file {} is not what `clientele dev --seed-file` writes", path.display())]
    SeedMalformed {
        /// The file as it was named.
        path: PathBuf,
        /// Where in the document, and what was expected.
        source: serde_path_to_error::Error<serde_json::Error>,
    },
    /// The seed file is well-formed, but holds nothing to work with.
    #[error("the seed file holds no {what}")]
    SeedLacks {
        /// What is missing.
        what: &'static str,
    },
    /// The URL cannot be used.
    #[error("the URL {url:?} cannot be used: {reason}")]
    InvalidUrl {
        /// The URL as it was given.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The host's name has no address.
    #[error("cannot find the host {host:?}")]
    UnknownHost {
        /// The host as it was named.
        host: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// The target is another machine, and nobody said that this is meant.
    #[error(
        "{host} is {address}, not this machine: load on a machine whose owner did not agree is an attack, the figures \
         would include the network, and the secret key would travel unencrypted. If you mean it, add --allow-remote"
    )]
    NotLoopback {
        /// The host as it was named.
        host: String,
        /// The first of its addresses that is not a loopback address.
        address: IpAddr,
    },
    /// The node does not accept connections.
    #[error("cannot connect to {address}: is the node running?")]
    Unreachable {
        /// The resolved address of the target.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// The operating system gave no random number.
    #[error("cannot get a random number for idempotency keys")]
    Random(#[source] io::Error),
    /// The latency histogram could not be set up.
    #[error("cannot set up the latency histogram")]
    Histogram(#[source] hdrhistogram::CreationError),
    /// The operating system gave no timer.
    #[error("cannot use a timer")]
    Timer(#[source] io::Error),
    /// The wallets could not be filled, so that spends would measure refusals.
    #[error(
        "filling the wallets failed for {failed} of {total} awards; the first failure: {first}"
    )]
    SetupFailed {
        /// How many awards failed, or had no answer.
        failed: u64,
        /// How many there were to do.
        total: u64,
        /// The first failure in words.
        first: String,
    },
    /// The run was interrupted before anything was measured that is worth telling.
    #[error("interrupted in the preparations: nothing was measured")]
    InterruptedInSetup,
    /// People come from many addresses, which only this machine's own network has.
    #[error(
        "people sign in from many addresses of 127.0.0.0/8, and so to a node that listens there; {address} is elsewhere"
    )]
    PeopleElsewhere {
        /// The resolved address of the target.
        address: SocketAddr,
    },
    /// The accounts of a login storm could not be made.
    #[error("only {made} of {wanted} accounts could be made; then: {why}")]
    NoAccounts {
        /// How many there are.
        made: u64,
        /// How many there were to be.
        wanted: u64,
        /// What came instead of the next.
        why: String,
    },
    /// A storm has one rate.
    #[error(
        "login-storm compares one rate with itself: leave out --ramp, and name --rate and --logins"
    )]
    NoRampOfStorms,
    /// Logins failed otherwise than they may.
    #[error("{failed} of {sent} logins failed otherwise than by a wrong password or one too many: {}", kinds.join(", "))]
    LoginsFailed {
        /// How many.
        failed: u64,
        /// How many were sent.
        sent: u64,
        /// All kinds of refusals that there were.
        kinds: Vec<String>,
    },
    /// The run finished, but some requests failed.
    #[error("{errors} of {sent} requests failed; the first failure: {first}")]
    RequestsFailed {
        /// How many failed for a reason other than a balance that was too low.
        errors: u64,
        /// How many were sent.
        sent: u64,
        /// The first failure in words.
        first: String,
    },
    /// The run finished without a single answer.
    #[error("none of {intended} requests was answered")]
    NothingAnswered {
        /// How many requests were to be sent.
        intended: u64,
    },
    /// Not even the first step of a ramp held.
    #[error(
        "the node does not hold {rate} arrivals a second: begin lower with --ramp-from, or allow more with --p99-max"
    )]
    NoKnee {
        /// The rate of the first step.
        rate: u32,
    },
    /// The report page could not be written.
    #[error("cannot write the report to {}", path.display())]
    ReportUnwritable {
        /// The file as it was named.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The result could not be printed.
    #[error("cannot print the result")]
    Output(#[source] io::Error),
}
