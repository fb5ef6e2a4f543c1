//! How a run went over time: rate and percentiles of one window after the other.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde::Serialize;

use super::BenchError;
use super::tally::{microseconds, new_histogram};
use crate::limits::{BENCH_WINDOW_MAX, BENCH_WINDOW_MIN, BENCH_WINDOWS};

/// What came to its end within one stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Window {
    /// The end of the stretch, in seconds from the start of the measurement.
    pub(super) until_seconds: f64,
    /// Successful answers a second.
    pub(super) rate: f64,
    /// Other outcomes a second.
    pub(super) other_rate: f64,
    /// Of the successful answers, in microseconds; 0 without any.
    pub(super) p50_us: u64,
    pub(super) p99_us: u64,
    pub(super) p99_9_us: u64,
    pub(super) max_us: u64,
}

/// Collects the windows of a run. Only the present one keeps a histogram, so that an hour costs no more than a second.
#[derive(Debug)]
pub(super) struct Timeline {
    from: Instant,
    duration: Duration,
    width: Duration,
    latency: Histogram<u64>,
    others: u64,
    done: Vec<Window>,
}

impl Timeline {
    /// A timeline of a measurement that begins at `from` and lasts so long.
    ///
    /// # Errors
    /// When the histogram's bounds are not usable.
    pub(super) fn new(from: Instant, duration: Duration) -> Result<Self, BenchError> {
        let width = duration
            .checked_div(BENCH_WINDOWS)
            .unwrap_or(BENCH_WINDOW_MAX)
            .clamp(BENCH_WINDOW_MIN, BENCH_WINDOW_MAX);
        Ok(Self {
            from,
            duration,
            width,
            latency: new_histogram()?,
            others: 0,
            done: Vec::new(),
        })
    }

    /// Counts a successful answer. One that was overtaken on its way here counts in the window that is open.
    pub(super) fn count_ok(&mut self, at: Instant, latency: Duration) {
        self.close_until(at);
        self.latency.saturating_record(microseconds(latency));
    }

    /// Counts any other outcome.
    pub(super) fn count_other(&mut self, at: Instant) {
        self.close_until(at);
        self.others += 1;
    }

    /// The windows up to now; the open one too when anything was counted in it, over the time until `end`.
    pub(super) fn windows(&self, end: Instant) -> Vec<Window> {
        let mut windows = self.done.clone();
        if !self.latency.is_empty() || self.others > 0 {
            let open_from = self.end_of_done();
            let width = end
                .saturating_duration_since(self.from)
                .saturating_sub(open_from)
                .max(BENCH_WINDOW_MIN)
                .min(self.width);
            windows.push(self.window(open_from + width, width));
        }
        windows
    }

    fn end_of_done(&self) -> Duration {
        let done = u32::try_from(self.done.len()).unwrap_or(u32::MAX);
        self.width.saturating_mul(done)
    }

    /// Closes every window that ended before `at`, also those in which nothing came: a stall must show.
    fn close_until(&mut self, at: Instant) {
        let mut since = at.saturating_duration_since(self.from);
        if since >= self.duration && since < self.duration + self.width {
            // The last answers come just after the last arrivals: a window of their own would look like a stall.
            since = self.duration.saturating_sub(Duration::from_nanos(1));
        }
        while since >= self.end_of_done() + self.width {
            let window = self.window(self.end_of_done() + self.width, self.width);
            self.done.push(window);
            if !self.latency.is_empty() {
                self.latency.reset();
            }
            self.others = 0;
        }
    }

    fn window(&self, until: Duration, width: Duration) -> Window {
        let a_second = |count: u64| count as f64 / width.as_secs_f64();
        let at = |quantile| {
            if self.latency.is_empty() {
                0
            } else {
                self.latency.value_at_quantile(quantile)
            }
        };
        Window {
            until_seconds: until.as_secs_f64(),
            rate: a_second(self.latency.len()),
            other_rate: a_second(self.others),
            p50_us: at(0.5),
            p99_us: at(0.99),
            p99_9_us: at(0.999),
            max_us: self.latency.max(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stall_shows_as_empty_windows_and_each_outcome_in_its_own() {
        let from = Instant::now();
        let mut timeline = Timeline::new(from, Duration::from_secs(6)).unwrap();
        let after = |milliseconds| from + Duration::from_millis(milliseconds);
        timeline.count_ok(after(10), Duration::from_millis(1));
        timeline.count_ok(after(90), Duration::from_millis(3));
        timeline.count_other(after(95));
        timeline.count_ok(after(350), Duration::from_millis(250));
        let windows = timeline.windows(after(400));
        let rates: Vec<_> = windows
            .iter()
            .map(|window| (window.rate, window.other_rate))
            .collect();
        assert_eq!(
            rates,
            [(20.0, 10.0), (0.0, 0.0), (0.0, 0.0), (10.0, 0.0)],
            "{windows:?}"
        );
        assert!((3_000..3_010).contains(&windows[0].max_us), "{windows:?}");
        assert!(
            (250_000..250_300).contains(&windows[3].p50_us),
            "{windows:?}"
        );
        assert_eq!(windows[1].max_us, 0);
    }

    #[test]
    fn the_last_answers_belong_to_the_last_window_and_later_ones_to_their_own() {
        let from = Instant::now();
        let rates_after = |milliseconds| -> Vec<f64> {
            let mut timeline = Timeline::new(from, Duration::from_millis(200)).unwrap();
            let at = from + Duration::from_millis(milliseconds);
            timeline.count_ok(from + Duration::from_millis(150), Duration::ZERO);
            timeline.count_ok(at, Duration::from_millis(5));
            let windows = timeline.windows(at);
            windows.iter().map(|window| window.rate).collect()
        };
        assert_eq!(rates_after(203), [0.0, 20.0]);
        assert_eq!(rates_after(350), [0.0, 10.0, 0.0, 10.0]);
    }

    #[test]
    fn a_long_run_has_windows_of_a_second_and_a_short_one_of_a_tenth() {
        let width = |seconds| {
            let whole = Duration::from_secs(seconds);
            Timeline::new(Instant::now(), whole).unwrap().width
        };
        assert_eq!(width(1), BENCH_WINDOW_MIN);
        assert_eq!(width(30), Duration::from_millis(500));
        assert_eq!(width(3_600), BENCH_WINDOW_MAX);
    }
}
