//! Hands records from the callers' threads to the writer: one short lock, and a wake-up only when the writer sleeps.

use std::collections::VecDeque;
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

use crate::limits;
use crate::persistence::journal::handover::Handover;

/// How far the journal is on its way to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Takes records.
    Open,
    /// Finishes what it has.
    Closing,
    /// Leaves everything as it is: it was dropped without being closed.
    Abandoned,
    /// The writer is gone.
    Stopped,
}

struct State {
    waiting: VecDeque<Handover>,
    phase: Phase,
    writer_sleeps: bool,
    /// It sleeps until a batch is full, or for a short while.
    writer_gathers: bool,
}

/// What waits for the writer.
pub(super) struct Queue {
    state: Mutex<State>,
    wake: Condvar,
}

impl Queue {
    /// An empty queue.
    pub(super) fn new() -> Queue {
        Queue {
            state: Mutex::new(State {
                waiting: VecDeque::new(),
                phase: Phase::Open,
                writer_sleeps: false,
                writer_gathers: false,
            }),
            wake: Condvar::new(),
        }
    }

    /// Hands `item` over, or refuses it on the caller's thread once the writer is gone.
    pub(super) fn push(&self, item: Handover) {
        let mut state = self.state.lock();
        let item = match state.phase {
            Phase::Open => item,
            Phase::Closing | Phase::Abandoned => item.after_close(),
            Phase::Stopped => {
                drop(state);
                return item.refuse();
            }
        };
        if state.waiting.len() >= limits::JOURNAL_WAITING_MAX {
            drop(state);
            tracing::error!("the journal's queue is full; admission should have bounded it");
            return item.refuse();
        }
        state.waiting.push_back(item);
        let is_batch = state.writer_gathers && state.waiting.len() >= limits::BATCH_RECORDS_MAX;
        if state.writer_sleeps || is_batch {
            state.writer_sleeps = false;
            drop(state);
            self.wake.notify_one();
        }
    }

    /// Moves what waits into `taken`; sleeps while there is nothing in either and nothing ends.
    pub(super) fn take(&self, taken: &mut VecDeque<Handover>) -> Phase {
        let mut state = self.state.lock();
        while taken.is_empty() && state.waiting.is_empty() && state.phase == Phase::Open {
            state.writer_sleeps = true;
            self.wake.wait(&mut state);
        }
        state.writer_sleeps = false;
        if taken.is_empty() {
            std::mem::swap(taken, &mut state.waiting);
        } else {
            taken.append(&mut state.waiting);
        }
        state.phase
    }

    /// Sleeps until `then`, whatever comes in; not while enough waits for a batch, or once something ends.
    pub(super) fn gather_until(&self, then: Instant) {
        let mut state = self.state.lock();
        state.writer_gathers = true;
        while state.phase == Phase::Open && state.waiting.len() < limits::BATCH_RECORDS_MAX {
            if self.wake.wait_until(&mut state, then).timed_out() {
                break;
            }
        }
        state.writer_gathers = false;
    }

    /// Begins the end.
    pub(super) fn end(&self, how: Phase) {
        let mut state = self.state.lock();
        if state.phase == Phase::Open {
            state.phase = how;
        }
        state.writer_sleeps = false;
        drop(state);
        self.wake.notify_one();
    }

    /// Refuses all that waits, in order, and whatever comes later.
    pub(super) fn stop(&self) {
        loop {
            let mut state = self.state.lock();
            if state.waiting.is_empty() {
                state.phase = Phase::Stopped;
                return;
            }
            // Refused without the lock: a completion may hand over more.
            let waiting = std::mem::take(&mut state.waiting);
            drop(state);
            waiting.into_iter().for_each(Handover::refuse);
        }
    }
}
