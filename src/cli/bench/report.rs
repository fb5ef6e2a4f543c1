//! The result of a run: the figures, as JSON and as a table, and the verdict for the exit code.

use std::collections::BTreeMap;
use std::time::Instant;

use comfy_table::{CellAlignment, Table, presets};
use hdrhistogram::Histogram;
use serde::Serialize;

use super::arrivals::Arrivals;
use super::generator::Load;
use super::otp_login::STEPS;
use super::tally::{STAGES, Tally};
use super::timeline::Window;
use super::{BenchError, Plan, Scenario};
use crate::limits::BENCH_CURVE_POINTS_A_HALVING;

/// How a run came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// All arrivals were released, and the answers collected as far as they came.
    Complete,
    /// Someone interrupted it at that moment.
    Interrupted { at: Instant },
}

/// What a run measured, in the form that `-o json` prints.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    scenario: Scenario,
    mode: Mode,
    /// What a latency counts from: the moment of the schedule, or that of the real send.
    latency_from: LatencyFrom,
    target: String,
    connections: u32,
    contacts: usize,
    /// Arrivals a second that were intended; null in a closed loop.
    pub(super) target_rate: Option<u32>,
    /// Successful answers and balance refusals a second, over `elapsed_seconds`.
    pub(super) achieved_rate: f64,
    warmup_seconds: f64,
    /// From the end of the warm-up to the last answer, at least the duration that was asked for.
    elapsed_seconds: f64,
    pub(super) interrupted: bool,
    /// `sent + not_sent`.
    intended: u64,
    /// `ok + refused_balance + errors_total + unanswered`.
    pub(super) sent: u64,
    pub(super) ok: u64,
    pub(super) refused_balance: u64,
    pub(super) errors_total: u64,
    /// By kind: `status_503`, `connect`, `timeout`, `transport`.
    pub(super) errors: BTreeMap<String, u64>,
    first_error: Option<String>,
    /// What answers to batches say was recorded; null for other scenarios.
    batched_purchases: Option<BatchedPurchases>,
    /// Still in flight when the run ended.
    unanswered: u64,
    /// Found the queue full, or were still in it when the run ended.
    pub(super) not_sent: u64,
    /// Of successful answers, in microseconds; null without any.
    pub(super) latency_us: Option<Percentiles>,
    /// The part of the latency before the request left: waiting for a free connection, and the generator's own
    /// lateness. In microseconds; null without any sent request.
    send_lag_us: Option<Percentiles>,
    /// The parts of the latency of whole logins; null for other scenarios.
    steps_us: Option<BTreeMap<&'static str, Percentiles>>,
    /// Means over some answers' `Server-Timing`, in microseconds; null when none had it.
    server_timing_us: Option<StageMeans>,
    /// What plots are drawn from; too long for a terminal.
    #[serde(skip)]
    pub(super) detail: Detail,
}

/// The purchases of all batches, also of those that were not recorded whole.
#[derive(Debug, Serialize)]
struct BatchedPurchases {
    recorded: u64,
    /// A second, over `elapsed_seconds`.
    rate: f64,
}

/// A run in detail.
#[derive(Debug, Serialize)]
pub(super) struct Detail {
    /// Quantiles of the latency, ever closer to 1.
    pub(super) percentiles: Vec<CurvePoint>,
    /// One window after the other.
    pub(super) timeline: Vec<Window>,
}

/// So many of the latencies, as a share of 1, are at most so many microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct CurvePoint {
    pub(super) quantile: f64,
    pub(super) us: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    Open,
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum LatencyFrom {
    IntendedSend,
    ActualSend,
}

#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Percentiles {
    pub(super) p50: u64,
    p90: u64,
    pub(super) p99: u64,
    pub(super) p99_9: u64,
    max: u64,
}

#[derive(Debug, Serialize)]
struct StageMeans {
    samples: u64,
    admit: Option<f64>,
    queue: Option<f64>,
    decide: Option<f64>,
    journal: Option<f64>,
}

impl Report {
    /// Draws up the report of a run whose measured part began at `measured_from`.
    pub(super) fn new(plan: &Plan, load: &Load, measured_from: Instant, ending: Ending) -> Self {
        let tally = load.tally.lock();
        let (mode, latency_from, waiting) = match &load.arrivals {
            Arrivals::Open(queue) => (
                Mode::Open,
                LatencyFrom::IntendedSend,
                queue.measured_waiting(),
            ),
            Arrivals::Closed(_) => (Mode::Closed, LatencyFrom::ActualSend, 0),
        };
        let not_sent = tally.not_sent + waiting;
        let errors_total = tally.errors_total();
        let elapsed = match ending {
            Ending::Interrupted { at } => at.saturating_duration_since(measured_from),
            Ending::Complete => {
                let last = tally.last_outcome_at.unwrap_or(measured_from);
                last.saturating_duration_since(measured_from)
                    .max(plan.duration)
            }
        };
        let elapsed_seconds = elapsed.as_secs_f64();
        let a_second = |count: u64| {
            if elapsed.is_zero() {
                0.0
            } else {
                to_tenths(count as f64 / elapsed_seconds)
            }
        };
        let recorded = tally.batched_purchases;
        Self {
            scenario: plan.scenario,
            mode,
            latency_from,
            target: format!("http://{}", plan.target.authority),
            connections: plan.connections,
            contacts: plan.seed.contacts.len(),
            target_rate: plan.rate,
            achieved_rate: a_second(tally.answered()),
            warmup_seconds: plan.warmup.as_secs_f64(),
            elapsed_seconds,
            interrupted: ending != Ending::Complete,
            intended: tally.sent + not_sent,
            sent: tally.sent,
            ok: tally.ok,
            refused_balance: tally.refused_balance,
            errors_total,
            errors: tally
                .errors
                .iter()
                .map(|(kind, count)| (kind.name(), *count))
                .collect(),
            first_error: tally.first_error.clone(),
            batched_purchases: load.requests.are_batches().then(|| BatchedPurchases {
                recorded,
                rate: a_second(recorded),
            }),
            unanswered: tally.sent.saturating_sub(tally.answered() + errors_total),
            not_sent,
            latency_us: percentiles(&tally.latency),
            send_lag_us: percentiles(&tally.send_lag),
            steps_us: load.logins.as_ref().map(|logins| {
                let steps = STEPS.into_iter().zip(logins.steps());
                steps
                    .filter_map(|(name, step)| Some((name, percentiles(&step)?)))
                    .collect()
            }),
            server_timing_us: stage_means(&tally),
            detail: Detail {
                percentiles: curve(&tally.latency),
                timeline: tally.timeline.windows(measured_from + elapsed),
            },
        }
    }

    /// Whether the run was a success, for the exit code.
    ///
    /// # Errors
    /// When any request failed for a reason other than a balance that was too low, or when none was answered.
    pub(super) fn verdict(&self) -> Result<(), BenchError> {
        if self.errors_total > 0 {
            let first = self.first_error.clone().unwrap_or_default();
            return Err(BenchError::RequestsFailed {
                errors: self.errors_total,
                sent: self.sent,
                first,
            });
        }
        let answered = self.ok + self.refused_balance > 0;
        if answered || self.interrupted {
            Ok(())
        } else {
            Err(BenchError::NothingAnswered {
                intended: self.intended,
            })
        }
    }

    pub(super) fn to_text(&self) -> String {
        let mut parts = vec![self.headline(), self.counts().to_string()];
        parts.extend(self.latencies().map(|table| table.to_string()));
        parts.extend(self.notes().into_iter().map(|note| format!("Note: {note}")));
        parts.join("\n")
    }

    pub(super) fn headline(&self) -> String {
        let load = match self.target_rate {
            Some(rate) => format!("open loop, {rate} arrivals/s"),
            None => "closed loop, full speed".to_owned(),
        };
        let Self {
            target,
            connections,
            contacts,
            elapsed_seconds,
            ..
        } = self;
        let name = self.scenario.name();
        format!(
            "{name} on {target}: {load}, {connections} connections, {contacts} contacts, {elapsed_seconds:.1} s"
        )
    }

    fn counts(&self) -> Table {
        let mut rows = vec![
            (
                "answered a second".to_owned(),
                format!("{:.1}", self.achieved_rate),
            ),
            ("sent".to_owned(), self.sent.to_string()),
            ("ok".to_owned(), self.ok.to_string()),
        ];
        if let Some(purchases) = &self.batched_purchases {
            let BatchedPurchases { recorded, rate } = purchases;
            rows.push(("purchases recorded".to_owned(), recorded.to_string()));
            rows.push(("purchases a second".to_owned(), format!("{rate:.1}")));
        }
        let sometimes = [
            ("refused, balance too low", self.refused_balance),
            ("not sent", self.not_sent),
            ("unanswered", self.unanswered),
        ];
        rows.extend(
            sometimes
                .iter()
                .filter(|(_, n)| *n > 0)
                .map(|(name, n)| ((*name).to_owned(), n.to_string())),
        );
        rows.extend(
            self.errors
                .iter()
                .map(|(kind, count)| (format!("error {kind}"), count.to_string())),
        );
        let mut table = table(&["requests", ""]);
        table.add_rows(rows.into_iter().map(|(name, count)| vec![name, count]));
        align_numbers(&mut table);
        table
    }

    fn latencies(&self) -> Option<Table> {
        let latency = self.latency_us.as_ref()?;
        let mut table = table(&["microseconds", "p50", "p90", "p99", "p99.9", "max"]);
        let mut add = |name: &str, of: &Percentiles| {
            let figures =
                [of.p50, of.p90, of.p99, of.p99_9, of.max].map(|figure| figure.to_string());
            table.add_row([name.to_owned()].into_iter().chain(figures));
        };
        add("latency", latency);
        if let (Some(lag), Mode::Open) = (&self.send_lag_us, self.mode) {
            add("of it before sending", lag);
        }
        let steps = self.steps_us.iter();
        for (name, step) in STEPS
            .iter()
            .filter_map(|name| Some((name, steps.clone().find_map(|steps| steps.get(name))?)))
        {
            add(&format!("of it {name}"), step);
        }
        align_numbers(&mut table);
        Some(table)
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(timing) = &self.server_timing_us {
            let means = [timing.admit, timing.queue, timing.decide, timing.journal];
            let stages = STAGES
                .iter()
                .zip(means)
                .filter_map(|(name, mean)| Some(format!("{name} {:.1}", mean?)));
            let stages: Vec<String> = stages.collect();
            let samples = timing.samples;
            notes.push(format!(
                "the server's own stages, mean us over {samples} answers: {}",
                stages.join(", ")
            ));
        }
        if self.mode == Mode::Closed {
            notes.push(
                "closed loop, so latency is service time only: a server that stalls also stops the arrivals. Use --rate \
                 for the latency that independent clients would see."
                    .to_owned(),
            );
        }
        if self.not_sent > 0 {
            notes.push("the target rate was not reached: arrivals found every connection busy and the queue full.".to_owned());
        }
        if self.interrupted {
            notes.push("interrupted: these are the figures up to then.".to_owned());
        }
        notes
    }
}

fn percentiles(of: &Histogram<u64>) -> Option<Percentiles> {
    let at = |quantile| of.value_at_quantile(quantile);
    (!of.is_empty()).then(|| Percentiles {
        p50: at(0.5),
        p90: at(0.9),
        p99: at(0.99),
        p99_9: at(0.999),
        max: of.max(),
    })
}

fn curve(of: &Histogram<u64>) -> Vec<CurvePoint> {
    of.iter_quantiles(BENCH_CURVE_POINTS_A_HALVING)
        .map(|step| CurvePoint {
            quantile: step.quantile(),
            us: step.value_iterated_to(),
        })
        .collect()
}

fn stage_means(tally: &Tally) -> Option<StageMeans> {
    let samples = tally.server_timing.samples;
    let [admit, queue, decide, journal] =
        tally.server_timing.means().map(|mean| mean.map(to_tenths));
    (samples > 0).then_some(StageMeans {
        samples,
        admit,
        queue,
        decide,
        journal,
    })
}

fn to_tenths(figure: f64) -> f64 {
    (figure * 10.0).round() / 10.0
}

pub(super) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(header.to_vec());
    table
}

pub(super) fn align_numbers(table: &mut Table) {
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
}
