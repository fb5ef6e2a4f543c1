//! When arrivals are meant to happen: evenly spaced, whatever the server does.

use std::io;
use std::time::{Duration, Instant};

use super::arrivals::{Arrival, ArrivalQueue, Part};
use super::tally::SharedTally;
use super::timer::Timer;
use crate::limits::BENCH_RELEASE_PAUSE_MIN;

/// The arrivals of one open-loop run: `rate` a second from `start`, first those of the warm-up, then those measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schedule {
    start: Instant,
    /// Arrivals a second, at least one.
    rate: u32,
    warm_up_arrivals: u64,
    arrivals: u64,
}

impl Schedule {
    /// Plans a run. Its last arrival lies before the end of `warm_up + measured`.
    pub(super) fn new(start: Instant, rate: u32, warm_up: Duration, measured: Duration) -> Self {
        let rate = rate.max(1);
        let warm_up_arrivals = arrivals_in(rate, warm_up);
        Self {
            start,
            rate,
            warm_up_arrivals,
            arrivals: arrivals_in(rate, warm_up.saturating_add(measured)),
        }
    }

    /// The arrival with this number, counted from 0.
    fn arrival(&self, number: u64) -> Arrival {
        let rate = u64::from(self.rate);
        // Whole seconds apart, so that nothing overflows and the last arrival of an hour is as exact as the first.
        let whole = Duration::from_secs(number / rate);
        let rest = Duration::from_nanos((number % rate) * 1_000_000_000 / rate);
        let part = if number < self.warm_up_arrivals {
            Part::WarmUp
        } else {
            Part::Measured
        };
        Arrival {
            number,
            intended: self.start + whole + rest,
            part,
        }
    }

    /// Releases every arrival at its time into the queue, and counts what does not fit there as not sent. Neither a
    /// slow server nor a full queue delays it.
    ///
    /// # Errors
    /// When the timer fails.
    pub(super) async fn release(
        self,
        queue: &ArrivalQueue,
        tally: &SharedTally,
        timer: &Timer,
    ) -> io::Result<()> {
        let mut next = 0;
        while next < self.arrivals {
            let now = Instant::now();
            let due = (next..self.arrivals)
                .map(|number| self.arrival(number))
                .take_while(|arrival| arrival.intended <= now);
            let released = queue.release(due);
            next += released.arrivals;
            if released.measured > 0 {
                tally
                    .lock()
                    .count_intended(released.measured, released.measured_overflow);
            }
            let until_next = self
                .arrival(next)
                .intended
                .saturating_duration_since(Instant::now());
            timer.sleep(until_next.max(BENCH_RELEASE_PAUSE_MIN)).await?;
        }
        Ok(())
    }
}

fn arrivals_in(rate: u32, span: Duration) -> u64 {
    let exact = u128::from(rate) * span.as_nanos() / 1_000_000_000;
    u64::try_from(exact).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_are_evenly_spaced_without_drift_and_the_warm_up_comes_first() {
        let start = Instant::now();
        let schedule = Schedule::new(start, 3, Duration::from_secs(1), Duration::from_secs(3_600));
        assert_eq!(schedule.arrivals, 3 * 3_601);
        let offset = |number| schedule.arrival(number).intended - start;
        assert_eq!(offset(0), Duration::ZERO);
        assert_eq!(offset(1), Duration::from_nanos(333_333_333));
        assert_eq!(offset(2), Duration::from_nanos(666_666_666));
        assert_eq!(offset(3 * 3_600), Duration::from_secs(3_600));
        assert_eq!(schedule.arrival(2).part, Part::WarmUp);
        assert_eq!(schedule.arrival(3).part, Part::Measured);
    }

    #[tokio::test]
    async fn what_the_queue_cannot_hold_counts_as_not_sent_and_delays_nothing() {
        let queue = ArrivalQueue::new(10);
        let tally = SharedTally::default_for_test();
        let past = Instant::now().checked_sub(Duration::from_secs(1)).unwrap();
        let schedule = Schedule::new(
            past,
            100,
            Duration::from_millis(40),
            Duration::from_millis(460),
        );
        schedule
            .release(&queue, &tally, &Timer::new().unwrap())
            .await
            .unwrap();
        let tally = tally.lock();
        assert_eq!((tally.intended, tally.not_sent), (46, 40));
        assert_eq!(queue.measured_waiting(), 6);
    }
}
