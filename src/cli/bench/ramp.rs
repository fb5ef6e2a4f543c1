//! How much a node can take: an open loop at a growing rate, until it no longer keeps up. The highest rate that held is the *knee*.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use serde::Serialize;

use super::generator::{open_links, prepare, run};
use super::report::{Report, align_numbers, table};
use super::{BenchError, Plan, Scenario};
use crate::limits::{
    BENCH_RAMP_GROWTH_PERCENT, BENCH_RAMP_HALVINGS, BENCH_RAMP_STEPS_MAX, BENCH_RAMP_TRIES,
    BENCH_RATE_MAX,
};

/// Where a ramp begins, and what a step must keep to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ramp {
    /// The arrivals a second of the first step.
    pub(super) from: u32,
    /// How much of what a step offers must succeed, in percent.
    pub(super) goodput_percent_min: u32,
    /// The most that the p99 of a step may be.
    pub(super) p99_max: Duration,
}

/// What a ramp measured, in the form that `-o json` prints.
#[derive(Debug, Serialize)]
pub(super) struct RampReport {
    scenario: Scenario,
    /// Of each step, without its warm-up.
    step_seconds: f64,
    /// A step holds when at least so much of what it offers succeeds, and the p99 is at most this.
    goodput_percent_min: u32,
    p99_us_max: u128,
    pub(super) interrupted: bool,
    /// The highest rate that held, in arrivals a second; null when not even the first did.
    pub(super) knee: Option<u32>,
    pub(super) steps: Vec<Step>,
    /// The whole figures of the step at the knee, or of the first one.
    pub(super) at_knee: Option<Report>,
}

/// One rate that was tried, and how it went.
#[derive(Debug, Serialize)]
pub(super) struct Step {
    /// Arrivals a second.
    pub(super) offered: u32,
    /// Successful answers a second.
    pub(super) goodput: f64,
    pub(super) p50_us: Option<u64>,
    pub(super) p99_us: Option<u64>,
    pub(super) p99_9_us: Option<u64>,
    errors: u64,
    not_sent: u64,
    /// Why it did not hold; null when it did.
    pub(super) fell_short: Option<Shortfall>,
}

/// What a step did not keep to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Shortfall {
    /// Too little of what was offered succeeded.
    Goodput,
    /// The p99 was over its bound.
    P99,
}

/// Climbs until the knee is known. `interrupted` ends it early, with what there is.
///
/// # Errors
/// When the node cannot be reached, or wallets cannot be filled.
pub(super) async fn climb(
    plan: &Plan,
    ramp: Ramp,
    interrupted: impl Future<Output = ()>,
) -> Result<RampReport, BenchError> {
    let mut interrupted = pin!(interrupted);
    let mut report = RampReport {
        scenario: plan.scenario,
        step_seconds: plan.duration.as_secs_f64(),
        goodput_percent_min: ramp.goodput_percent_min,
        p99_us_max: ramp.p99_max.as_micros(),
        interrupted: false,
        knee: None,
        steps: Vec::new(),
        at_knee: None,
    };
    let mut links = prepare(plan, interrupted.as_mut()).await?;
    let mut search = Search::new(ramp.from);
    while let Some(rate) = search.next {
        let plan = Plan {
            rate: Some(rate),
            ..plan.clone()
        };
        let measured = run(&plan, std::mem::take(&mut links), interrupted.as_mut()).await?;
        if measured.interrupted {
            report.interrupted = true;
            break;
        }
        let step = Step::of(rate, &measured, ramp);
        search.record(step.fell_short.is_none());
        report.steps.push(step);
        if report.knee < search.held || report.at_knee.is_none() {
            report.at_knee = Some(measured);
        }
        report.knee = search.held;
        // A step that was too much may have lost connections in mid-request; the next one begins with fresh ones.
        links = open_links(&plan).await?;
    }
    Ok(report)
}

impl Step {
    fn of(offered: u32, measured: &Report, ramp: Ramp) -> Self {
        let latency = measured.latency_us;
        let goodput_min = f64::from(offered) * f64::from(ramp.goodput_percent_min) / 100.0;
        let is_late = latency.is_none_or(|of| u128::from(of.p99) > ramp.p99_max.as_micros());
        let fell_short = if measured.achieved_rate < goodput_min {
            Some(Shortfall::Goodput)
        } else {
            is_late.then_some(Shortfall::P99)
        };
        Self {
            offered,
            goodput: measured.achieved_rate,
            p50_us: latency.map(|of| of.p50),
            p99_us: latency.map(|of| of.p99),
            p99_9_us: latency.map(|of| of.p99_9),
            errors: measured.errors_total,
            not_sent: measured.not_sent,
            fell_short,
        }
    }
}

impl RampReport {
    /// Whether the ramp was a success, for the exit code. Errors beyond the knee belong to it.
    ///
    /// # Errors
    /// When not even the first step held.
    pub(super) fn verdict(&self) -> Result<(), BenchError> {
        match (self.knee, self.steps.first()) {
            (None, Some(first)) => Err(BenchError::NoKnee {
                rate: first.offered,
            }),
            _ => Ok(()),
        }
    }

    pub(super) fn to_text(&self) -> String {
        let mut steps = table(&[
            "offered/s",
            "answered/s",
            "p50 us",
            "p99 us",
            "p99.9 us",
            "errors",
            "not sent",
            "",
        ]);
        for step in &self.steps {
            let or_none =
                |figure: Option<u64>| figure.map_or_else(String::new, |of| of.to_string());
            steps.add_row(vec![
                step.offered.to_string(),
                format!("{:.1}", step.goodput),
                or_none(step.p50_us),
                or_none(step.p99_us),
                or_none(step.p99_9_us),
                step.errors.to_string(),
                step.not_sent.to_string(),
                match step.fell_short {
                    None => "held",
                    Some(Shortfall::Goodput) => "too little answered",
                    Some(Shortfall::P99) => "p99 over the bound",
                }
                .to_owned(),
            ]);
        }
        align_numbers(&mut steps);
        let mut parts = vec![self.headline(), steps.to_string()];
        parts.extend(self.at_knee.as_ref().map(Report::to_text));
        if self.interrupted {
            parts.push("Note: interrupted: the knee may lie higher.".to_owned());
        }
        parts.join("\n")
    }

    pub(super) fn headline(&self) -> String {
        let Self {
            step_seconds,
            goodput_percent_min,
            p99_us_max,
            ..
        } = self;
        let name = self.scenario.name();
        let p99_ms = p99_us_max / 1_000;
        let rule = format!(
            "steps of {step_seconds:.1} s, held at {goodput_percent_min}% answered and a p99 of {p99_ms} ms"
        );
        match self.knee {
            Some(knee) => format!("{name}: the knee is at {knee} arrivals/s ({rule})"),
            None => format!("{name}: no step held ({rule})"),
        }
    }
}

/// The search for the knee: up in steps, then halving the gap.
#[derive(Debug)]
struct Search {
    /// The rate to try; `None` when the knee is known.
    next: Option<u32>,
    held: Option<u32>,
    fell: Option<u32>,
    tries: u32,
    halvings: u32,
    steps: u32,
}

impl Search {
    fn new(from: u32) -> Self {
        Self {
            next: Some(from),
            held: None,
            fell: None,
            tries: 0,
            halvings: 0,
            steps: 0,
        }
    }

    /// Takes in whether the rate that was to be tried held, and chooses the next.
    fn record(&mut self, is_held: bool) {
        let Some(rate) = self.next else { return };
        self.steps += 1;
        self.tries += 1;
        if is_held {
            self.held = Some(rate);
        } else if self.tries < BENCH_RAMP_TRIES {
            return;
        } else {
            self.fell = Some(rate);
        }
        self.tries = 0;
        self.next = self.choose().filter(|_| self.steps < BENCH_RAMP_STEPS_MAX);
    }

    fn choose(&mut self) -> Option<u32> {
        let held = self.held?;
        match self.fell {
            None => {
                let grown = u64::from(held) * (100 + BENCH_RAMP_GROWTH_PERCENT) / 100;
                let grown = u32::try_from(grown).ok()?.max(held + 1);
                (grown <= BENCH_RATE_MAX).then_some(grown)
            }
            Some(fell) => {
                let middle = held.midpoint(fell);
                self.halvings += 1;
                (self.halvings <= BENCH_RAMP_HALVINGS && middle > held).then_some(middle)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rates that are tried against a node that holds below `capacity`, but stalls at some steps; and the knee.
    fn tried(from: u32, capacity: u32, stalls: &[usize]) -> (Vec<u32>, Option<u32>) {
        let mut search = Search::new(from);
        let mut rates = Vec::new();
        while let Some(rate) = search.next {
            search.record(rate < capacity && !stalls.contains(&rates.len()));
            rates.push(rate);
        }
        (rates, search.held)
    }

    #[test]
    fn a_ramp_climbs_past_the_knee_and_narrows_it_down() {
        let (rates, knee) = tried(1_000, 2_200, &[]);
        assert_eq!(
            rates,
            [
                1_000, 1_250, 1_562, 1_952, 2_440, 2_440, 2_196, 2_318, 2_318
            ]
        );
        assert_eq!(knee, Some(2_196));
    }

    #[test]
    fn one_stall_is_not_the_knee() {
        let (rates, knee) = tried(1_000, 1_300, &[1]);
        assert_eq!(rates.get(..3), Some(&[1_000, 1_250, 1_250][..]));
        assert_eq!(knee, Some(1_250));
    }

    #[test]
    fn a_ramp_ends_where_nothing_holds_and_where_everything_does() {
        assert_eq!(tried(1_000, 10, &[]), (vec![1_000, 1_000], None));
        let (rates, knee) = tried(BENCH_RATE_MAX / 2, u32::MAX, &[]);
        assert_eq!(rates.len(), 4);
        assert_eq!(knee, rates.last().copied());
        assert!(tried(1, u32::MAX, &[]).0.len() <= 40);
    }
}
