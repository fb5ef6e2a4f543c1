//! Where connections get their next arrival from: a bounded queue that a schedule fills, or, in a closed loop, simply
//! the present moment.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use parking_lot::Mutex;
use tokio::sync::Semaphore;

/// One request that is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arrival {
    /// Its number in the run, from 0: it picks the contact and makes the keys unique.
    pub(super) number: u64,
    /// When it is meant to be sent. Its latency counts from here.
    pub(super) intended: Instant,
    /// Whether it counts.
    pub(super) part: Part,
}

/// The part of a run that an arrival belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Sent like any other, but in no figure.
    WarmUp,
    /// Counted.
    Measured,
}

/// Where the arrivals of a run come from.
#[derive(Debug)]
pub(super) enum Arrivals {
    /// A schedule's, whatever the server does.
    Open(ArrivalQueue),
    /// The next one as soon as a connection is free.
    Closed(ClosedLoop),
}

impl Arrivals {
    /// The next arrival for a connection that is free, or `None` when the run is over. Dropping this future loses
    /// no arrival.
    pub(super) async fn next(&self) -> Option<Arrival> {
        match self {
            Self::Open(queue) => queue.next().await,
            Self::Closed(closed) => closed.next(),
        }
    }
}

/// Arrivals whose time has come, waiting in order for a free connection.
#[derive(Debug)]
pub(super) struct ArrivalQueue {
    waiting: Mutex<VecDeque<Arrival>>,
    /// One permit for each waiting arrival, and after [`Self::close`] one for each taker, to tell it the end.
    ready: Semaphore,
    arrivals_max: usize,
}

/// What one release did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Released {
    /// How many arrivals were released, in any part of the run.
    pub(super) arrivals: u64,
    /// How many of them count.
    pub(super) measured: u64,
    /// How many of those that count found the queue full, and will never be sent.
    pub(super) measured_overflow: u64,
}

impl ArrivalQueue {
    /// An empty queue that holds at most so many arrivals.
    pub(super) fn new(arrivals_max: usize) -> Self {
        Self {
            waiting: Mutex::new(VecDeque::new()),
            ready: Semaphore::new(0),
            arrivals_max,
        }
    }

    /// Adds arrivals at the end, as far as there is room.
    pub(super) fn release(&self, arrivals: impl Iterator<Item = Arrival>) -> Released {
        let mut released = Released::default();
        let mut added: usize = 0;
        let mut waiting = self.waiting.lock();
        for arrival in arrivals {
            let counts = u64::from(arrival.part == Part::Measured);
            released.arrivals += 1;
            released.measured += counts;
            if waiting.len() < self.arrivals_max {
                waiting.push_back(arrival);
                added += 1;
            } else {
                released.measured_overflow += counts;
            }
        }
        drop(waiting);
        self.ready.add_permits(added);
        released
    }

    /// Says that nothing more comes: so many takers are told, once everything waiting has been taken.
    pub(super) fn close(&self, takers: usize) {
        self.ready.add_permits(takers);
    }

    /// How many arrivals that count are still waiting.
    pub(super) fn measured_waiting(&self) -> u64 {
        let waiting = self.waiting.lock();
        waiting
            .iter()
            .map(|arrival| u64::from(arrival.part == Part::Measured))
            .sum()
    }

    async fn next(&self) -> Option<Arrival> {
        // The semaphore is never closed, and a permit without an arrival is the sign of the end: both mean it is over.
        self.ready.acquire().await.ok()?.forget();
        self.waiting.lock().pop_front()
    }
}

/// Arrivals that happen whenever a connection is free, until the time is over.
#[derive(Debug)]
pub(super) struct ClosedLoop {
    next: AtomicU64,
    measured_from: Instant,
    /// No arrival happens from then on.
    pub(super) until: Instant,
}

impl ClosedLoop {
    /// Arrivals until a moment, of which those from an earlier moment on count.
    pub(super) fn new(measured_from: Instant, until: Instant) -> Self {
        Self {
            next: AtomicU64::new(0),
            measured_from,
            until,
        }
    }

    fn next(&self) -> Option<Arrival> {
        let now = Instant::now();
        let part = if now < self.measured_from {
            Part::WarmUp
        } else {
            Part::Measured
        };
        let number = || self.next.fetch_add(1, Ordering::Relaxed);
        (now < self.until).then(|| Arrival {
            number: number(),
            intended: now,
            part,
        })
    }
}
