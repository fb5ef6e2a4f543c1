//! What is counted while a load runs.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use http::{HeaderMap, StatusCode};
use parking_lot::{Mutex, MutexGuard};
use serde::Deserialize;

use super::BenchError;
use super::batches::Recorded;
use super::connection::{Answer, Failure};
use super::timeline::Timeline;
use crate::limits::{BENCH_LATENCY_US_MAX, BENCH_SERVER_TIMING_STRIDE};

/// The contract's error code of a spend that the balance does not cover.
const BALANCE_TOO_LOW: &str = "CRM.EXCEPTIONS.CANNOTSPENDAMOUNTWALLETBALANCENOTENOUGHEXCEPTION";

/// The stages of a request that a node reports in `Server-Timing`, in the order in which a request passes them.
pub(super) const STAGES: [&str; 4] = ["admit", "queue", "decide", "journal"];

/// A tally that all connections of a run share. A lock held for some ten nanoseconds costs less than a histogram of
/// 200 KiB for each connection, which would not fit in any cache.
#[derive(Debug)]
pub(super) struct SharedTally(Mutex<Tally>);

impl SharedTally {
    /// A tally of nothing yet, for a measurement that begins at `from` and lasts so long.
    ///
    /// # Errors
    /// When the histogram's bounds are not usable.
    pub(super) fn new(from: Instant, duration: Duration) -> Result<Self, BenchError> {
        Ok(Self(Mutex::new(Tally::new(from, duration)?)))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Tally> {
        self.0.lock()
    }

    #[cfg(test)]
    pub(super) fn default_for_test() -> Self {
        Self::new(Instant::now(), Duration::from_secs(1)).unwrap()
    }
}

/// The counts of the measured part of a run. All arrivals end in exactly one of them:
/// `intended = sent + not_sent + waiting`, `sent = ok + refused_balance + errors + unanswered`.
#[derive(Debug)]
pub(super) struct Tally {
    /// Arrivals that a schedule released; 0 in a closed loop, which intends nothing.
    pub(super) intended: u64,
    /// Arrivals that a connection took.
    pub(super) sent: u64,
    /// Arrivals that found the queue full.
    pub(super) not_sent: u64,
    /// Answers with a status of success; to a batch, those in which every purchase was recorded.
    pub(super) ok: u64,
    /// Purchases that answers to batches say were recorded.
    pub(super) batched_purchases: u64,
    /// Answers that refuse a spend since the balance is too low.
    pub(super) refused_balance: u64,
    /// Everything else, by kind.
    pub(super) errors: BTreeMap<ErrorKind, u64>,
    /// The first error in words.
    pub(super) first_error: Option<String>,
    /// From the intended moment to the end of a successful answer, in microseconds.
    pub(super) latency: Histogram<u64>,
    /// From the intended moment to the moment of sending, in microseconds.
    pub(super) send_lag: Histogram<u64>,
    /// What the server says about its own stages.
    pub(super) server_timing: ServerTiming,
    /// The same over time.
    pub(super) timeline: Timeline,
    /// When the last outcome was counted.
    pub(super) last_outcome_at: Option<Instant>,
}

/// The kind of an error: a status that is no success, or a failure to get any answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ErrorKind {
    Status(u16),
    /// A batch was answered, and not all of its purchases were recorded.
    BatchIncomplete,
    Connect,
    Timeout,
    Transport,
    /// A success that says something else than was asked for.
    Unexpected,
}

impl ErrorKind {
    /// Its name in reports, such as `status_503`.
    pub(super) fn name(self) -> String {
        match self {
            Self::Status(status) => format!("status_{status}"),
            Self::BatchIncomplete => "batch_incomplete".to_owned(),
            Self::Connect => "connect".to_owned(),
            Self::Timeout => "timeout".to_owned(),
            Self::Transport => "transport".to_owned(),
            Self::Unexpected => "unexpected_answer".to_owned(),
        }
    }
}

impl Tally {
    fn new(from: Instant, duration: Duration) -> Result<Self, BenchError> {
        Ok(Self {
            intended: 0,
            sent: 0,
            not_sent: 0,
            ok: 0,
            batched_purchases: 0,
            refused_balance: 0,
            errors: BTreeMap::new(),
            first_error: None,
            latency: new_histogram()?,
            send_lag: new_histogram()?,
            server_timing: ServerTiming::default(),
            timeline: Timeline::new(from, duration)?,
            last_outcome_at: None,
        })
    }

    /// Counts arrivals that a schedule released, some of which found the queue full.
    pub(super) fn count_intended(&mut self, released: u64, overflowed: u64) {
        self.intended += released;
        self.not_sent += overflowed;
    }

    /// Counts a request that is about to be sent, so long after its intended moment.
    pub(super) fn count_sent(&mut self, lag: Duration) {
        self.sent += 1;
        self.send_lag.saturating_record(microseconds(lag));
    }

    /// Counts how a request ended, so long after its intended moment; of a batch, with what its answer says.
    pub(super) fn count_outcome(
        &mut self,
        outcome: &Result<Answer, Failure>,
        batch: Option<Recorded>,
        latency: Duration,
        at: Instant,
    ) {
        self.last_outcome_at = Some(at);
        let mut is_incomplete = None;
        if let Some(recorded) = batch {
            self.batched_purchases += recorded.purchases;
            is_incomplete = recorded.first_refusal;
        }
        let ok_before = self.ok;
        match outcome {
            Ok(answer) if answer.status.is_success() && is_incomplete.is_some() => {
                self.count_error(ErrorKind::BatchIncomplete, || {
                    is_incomplete.unwrap_or_default()
                });
            }
            Ok(answer) if answer.status.is_success() => {
                if self.ok.is_multiple_of(BENCH_SERVER_TIMING_STRIDE) {
                    self.server_timing.read(&answer.headers);
                }
                self.ok += 1;
                self.latency.saturating_record(microseconds(latency));
                self.timeline.count_ok(at, latency);
            }
            Ok(answer) if is_balance_too_low(answer) => self.refused_balance += 1,
            Ok(answer) => {
                let status = answer.status;
                self.count_error(ErrorKind::Status(status.as_u16()), || {
                    describe(status, &answer.body)
                });
            }
            Err(failure) => {
                let kind = match failure {
                    Failure::Connect(_) => ErrorKind::Connect,
                    Failure::Timeout => ErrorKind::Timeout,
                    Failure::Transport(_) => ErrorKind::Transport,
                    Failure::Unexpected(_) => ErrorKind::Unexpected,
                };
                self.count_error(kind, || failure.to_string());
            }
        }
        if self.ok == ok_before {
            self.timeline.count_other(at);
        }
    }

    /// How many requests failed for a reason other than a balance that was too low.
    pub(super) fn errors_total(&self) -> u64 {
        self.errors.values().sum()
    }

    /// How many requests had an answer that was no error.
    pub(super) fn answered(&self) -> u64 {
        self.ok + self.refused_balance
    }

    fn count_error(&mut self, kind: ErrorKind, words: impl FnOnce() -> String) {
        *self.errors.entry(kind).or_default() += 1;
        if self.first_error.is_none() {
            self.first_error = Some(words());
        }
    }
}

/// Sums of the stages that answers reported.
#[derive(Debug, Default)]
pub(super) struct ServerTiming {
    /// How many answers were read that reported any stage.
    pub(super) samples: u64,
    stages: [StageSum; STAGES.len()],
}

#[derive(Debug, Clone, Copy, Default)]
struct StageSum {
    microseconds: f64,
    count: u32,
}

impl ServerTiming {
    /// The mean of each stage in microseconds, in the order of [`STAGES`]; `None` for one that was never reported.
    pub(super) fn means(&self) -> [Option<f64>; STAGES.len()] {
        self.stages
            .map(|stage| (stage.count > 0).then(|| stage.microseconds / f64::from(stage.count)))
    }

    /// Adds what one answer reports, as `journal;dur=0.4, decide;dur=0.01` with milliseconds (W3C Server Timing). Other
    /// metrics, and what is malformed, are passed over: a report about the server must not fail the run.
    fn read(&mut self, headers: &HeaderMap) {
        let values = headers
            .get_all("server-timing")
            .iter()
            .filter_map(|value| value.to_str().ok());
        let mut found = false;
        for (name, milliseconds) in values
            .flat_map(|value| value.split(','))
            .filter_map(parse_metric)
        {
            let stage = STAGES
                .iter()
                .zip(&mut self.stages)
                .find(|(stage, _)| **stage == name);
            if let Some((_, stage)) = stage {
                stage.microseconds += milliseconds * 1_000.0;
                stage.count = stage.count.saturating_add(1);
                found = true;
            }
        }
        self.samples += u64::from(found);
    }
}

fn parse_metric(metric: &str) -> Option<(&str, f64)> {
    let mut parts = metric.split(';').map(str::trim);
    let name = parts.next()?;
    let duration = parts.find_map(|part| part.strip_prefix("dur="))?;
    let milliseconds: f64 = duration.trim_matches('"').parse().ok()?;
    milliseconds.is_finite().then_some((name, milliseconds))
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

fn is_balance_too_low(answer: &Answer) -> bool {
    answer.status == StatusCode::BAD_REQUEST
        && serde_json::from_slice::<Refusal>(&answer.body)
            .is_ok_and(|refusal| refusal.error == BALANCE_TOO_LOW)
}

/// A status and the start of its body, on one line that fits a terminal.
fn describe(status: StatusCode, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let printable = text
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char });
    let start: String = printable.take(240).collect();
    format!("{status}: {start}")
}

/// A histogram of latencies. With three digits a percentile is true to 0.1%, well below the noise of any machine.
///
/// # Errors
/// When the bounds are not usable.
pub(super) fn new_histogram() -> Result<Histogram<u64>, BenchError> {
    Histogram::new_with_bounds(1, BENCH_LATENCY_US_MAX, 3).map_err(BenchError::Histogram)
}

/// Whole microseconds.
pub(super) fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn means_of(values: &[&str]) -> (u64, [Option<f64>; 4]) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("server-timing", value.parse().unwrap());
        }
        let mut timing = ServerTiming::default();
        timing.read(&headers);
        (timing.samples, timing.means())
    }

    #[test]
    fn server_timing_is_read_in_any_order_and_spelling_that_the_specification_allows() {
        let (samples, means) = means_of(&[
            "journal;dur=0.5, admit;desc=\"in\";dur=0.25",
            "cache;dur=9 , queue; dur=\"1\", decide",
        ]);
        assert_eq!(
            (samples, means),
            (1, [Some(250.0), Some(1_000.0), None, Some(500.0)])
        );
    }

    #[test]
    fn malformed_server_timing_is_no_sample() {
        for value in [
            "",
            "admit",
            "admit;dur=x",
            "admit;dur=NaN",
            "other;dur=1",
            ";;,,=",
        ] {
            assert_eq!(means_of(&[value]), (0, [None; 4]), "{value:?}");
        }
    }
}
