//! Where a test makes a disk fail, stall or crawl. Production passes no faults at all.

use std::fmt::Debug;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// What becomes of a write or sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: it is done.
    Proceed,
    /// It is not done, and fails with this error number of the operating system.
    Fail(i32),
    /// Only the first so many bytes are written, and it fails with an I/O error. A sync just fails.
    Torn {
        /// The bytes written.
        bytes: usize,
    },
}

impl Fault {
    /// The error that a failed operation gives, if it fails.
    pub(super) fn error(self) -> Option<io::Error> {
        match self {
            Fault::Proceed => None,
            Fault::Fail(errno) => Some(io::Error::from_raw_os_error(errno)),
            Fault::Torn { .. } => Some(rustix::io::Errno::IO.into()),
        }
    }
}

/// Asked by a journal's writer before each write and sync of a batch. May block, and so stall the journal.
pub trait Faults: Debug + Send + Sync {
    /// Asked before `bytes` are written.
    fn before_write(&self, bytes: usize) -> Fault {
        let _bytes = bytes;
        Fault::Proceed
    }

    /// Asked before what was written is synced.
    fn before_sync(&self) -> Fault {
        Fault::Proceed
    }
}

/// How often each fault was met: a test asserts that its fault fired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fired {
    /// Writes that came by.
    pub writes: u64,
    /// Syncs that came by.
    pub syncs: u64,
    /// Syncs that waited for a pause to end.
    pub paused_syncs: u64,
    /// Syncs that were delayed.
    pub delayed_syncs: u64,
    /// Syncs that failed.
    pub failed_syncs: u64,
    /// Writes that failed, torn ones included.
    pub failed_writes: u64,
    /// Writes that were torn.
    pub torn_writes: u64,
}

#[derive(Debug, Default)]
struct State {
    pauses: usize,
    delay: Duration,
    next_sync: Option<Fault>,
    next_write: Option<Fault>,
    fired: Fired,
}

/// The faults that a test sets up, at any time and from any thread. Clones share their state.
#[derive(Clone, Debug, Default)]
pub struct FaultGate {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<State>,
    changed: Condvar,
}

impl FaultGate {
    /// A gate that lets everything through.
    #[must_use]
    pub fn new() -> FaultGate {
        FaultGate::default()
    }

    /// Holds every sync from now on, until the guard is dropped.
    #[must_use = "syncs go on when the guard is dropped"]
    pub fn pause_syncs(&self) -> PausedSyncs {
        self.change(|state| state.pauses += 1);
        PausedSyncs { gate: self.clone() }
    }

    /// Makes every sync from now on take so much longer; zero ends it.
    pub fn delay_syncs(&self, delay: Duration) {
        self.change(|state| state.delay = delay);
    }

    /// Fails the next sync with this error number: 5 is EIO, 28 is ENOSPC.
    pub fn fail_next_sync(&self, errno: i32) {
        self.change(|state| state.next_sync = Some(Fault::Fail(errno)));
    }

    /// Fails the next write with this error number, nothing written.
    pub fn fail_next_write(&self, errno: i32) {
        self.change(|state| state.next_write = Some(Fault::Fail(errno)));
    }

    /// Cuts the next write after so many bytes, and fails it.
    pub fn tear_next_write(&self, bytes: usize) {
        self.change(|state| state.next_write = Some(Fault::Torn { bytes }));
    }

    /// How often each fault was met so far.
    #[must_use]
    pub fn fired(&self) -> Fired {
        self.inner.state.lock().fired
    }

    /// Blocks until `done` says so of the counters, or until `timeout` is over; says which.
    #[must_use]
    pub fn wait_until(&self, timeout: Duration, done: impl Fn(&Fired) -> bool) -> bool {
        let mut state = self.inner.state.lock();
        let outcome =
            self.inner
                .changed
                .wait_while_for(&mut state, |state| !done(&state.fired), timeout);
        !outcome.timed_out()
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.inner.state.lock());
        self.inner.changed.notify_all();
    }
}

impl Faults for FaultGate {
    fn before_write(&self, _bytes: usize) -> Fault {
        let mut state = self.inner.state.lock();
        let fault = state.next_write.take().unwrap_or(Fault::Proceed);
        state.fired.writes += 1;
        state.fired.failed_writes += u64::from(fault != Fault::Proceed);
        state.fired.torn_writes += u64::from(matches!(fault, Fault::Torn { .. }));
        drop(state);
        self.inner.changed.notify_all();
        fault
    }

    fn before_sync(&self) -> Fault {
        let mut state = self.inner.state.lock();
        state.fired.syncs += 1;
        if state.pauses > 0 {
            state.fired.paused_syncs += 1;
            self.inner.changed.notify_all();
            self.inner
                .changed
                .wait_while(&mut state, |state| state.pauses > 0);
        }
        let fault = state.next_sync.take().unwrap_or(Fault::Proceed);
        state.fired.failed_syncs += u64::from(fault != Fault::Proceed);
        let delay = state.delay;
        state.fired.delayed_syncs += u64::from(!delay.is_zero());
        drop(state);
        self.inner.changed.notify_all();
        if !delay.is_zero() {
            std::thread::sleep(delay);
        }
        fault
    }
}

/// While it lives, no sync gets through.
#[derive(Debug)]
pub struct PausedSyncs {
    gate: FaultGate,
}

impl Drop for PausedSyncs {
    fn drop(&mut self) {
        self.gate.change(|state| state.pauses -= 1);
    }
}
