//! Whether the node can take requests, as a list of named checks. Whoever owns a part of the node reports on it; the admin
//! listener reads. Nothing is probed when somebody asks: an answer costs a few loads, however often it is asked for.
//!
//! A failed check makes the node unready, never dead: restarting is right only where the process says so itself, by ending.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use parking_lot::Mutex;

/// The state of one part of the node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It has not come up yet.
    Starting,
    /// It does its work.
    Ready,
    /// It cannot do its work for now; the reason is for operators, and holds no personal data.
    Failing(String),
    /// It finishes what it has, and takes nothing new. Final.
    Draining,
}

impl State {
    /// Whether requests may come.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        match self {
            State::Ready => true,
            State::Starting | State::Failing(_) | State::Draining => false,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            State::Starting => formatter.write_str("starting"),
            State::Ready => formatter.write_str("ok"),
            State::Failing(reason) => write!(formatter, "failing: {reason}"),
            State::Draining => formatter.write_str("draining"),
        }
    }
}

/// The handle by which a part of the node reports. Dropping it leaves the last report.
#[derive(Debug, Clone)]
pub struct Check {
    name: &'static str,
    state: Arc<ArcSwap<State>>,
}

impl Check {
    /// It does its work (again).
    pub fn ready(&self) {
        self.set(State::Ready);
    }

    /// It cannot do its work, because of `reason`.
    pub fn failing(&self, reason: impl Into<String>) {
        self.set(State::Failing(reason.into()));
    }

    /// It takes nothing new from now on, whatever is reported later.
    pub fn draining(&self) {
        self.set(State::Draining);
    }

    fn set(&self, state: State) {
        let state = Arc::new(state);
        self.state.rcu(|current| match **current {
            State::Draining => Arc::clone(current),
            State::Starting | State::Ready | State::Failing(_) => Arc::clone(&state),
        });
    }
}

/// A reading of every check at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Names and states, in the order of registration.
    pub checks: Vec<(&'static str, State)>,
}

impl Report {
    /// Whether requests may come: every check is ready, and there is one at all, since a node that has not even
    /// registered its parts is not ready either.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.checks.is_empty() && self.checks.iter().all(|(_, state)| state.is_ready())
    }
}

/// The checks of a node. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Health {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    // Registered at the start, read when probed: a dozen entries, never contended.
    checks: Mutex<Vec<Check>>,
    has_started: AtomicBool,
    is_draining: AtomicBool,
}

impl Health {
    /// No checks yet, so not ready.
    #[must_use]
    pub fn new() -> Health {
        Health::default()
    }

    /// Adds a check, which is starting. Names need not differ, but should.
    #[must_use]
    pub fn register(&self, name: &'static str) -> Check {
        let check = Check {
            name,
            state: Arc::new(ArcSwap::from_pointee(State::Starting)),
        };
        let mut checks = self.shared.checks.lock();
        // Under the lock, so that a check that is registered while the node begins to drain sees it.
        if self.shared.is_draining.load(Ordering::SeqCst) {
            check.draining();
        }
        checks.push(check.clone());
        check
    }

    /// Every check drains from now on, also those that are registered later.
    pub fn drain(&self) {
        let checks = self.shared.checks.lock();
        self.shared.is_draining.store(true, Ordering::SeqCst);
        checks.iter().for_each(Check::draining);
    }

    /// Reads every check.
    #[must_use]
    pub fn report(&self) -> Report {
        let checks = self.shared.checks.lock();
        let report = Report {
            checks: checks
                .iter()
                .map(|check| (check.name, State::clone(&check.state.load())))
                .collect(),
        };
        if report.is_ready() {
            self.shared.has_started.store(true, Ordering::SeqCst);
        }
        report
    }

    /// Whether the node has been ready once. A reading notices it, so that a probe that only asks for this gets there.
    #[must_use]
    pub fn has_started(&self) -> bool {
        self.shared.has_started.load(Ordering::SeqCst) || self.report().is_ready()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_ready_when_every_check_is() {
        let health = Health::new();
        assert!(!health.report().is_ready(), "nothing has registered");
        let journal = health.register("journal");
        let rows = health.register("rows");
        journal.ready();
        assert!(!health.report().is_ready());
        rows.ready();
        assert!(health.report().is_ready());
        rows.failing("disk full");
        let report = health.report();
        assert!(!report.is_ready());
        assert_eq!(
            report.checks,
            vec![
                ("journal", State::Ready),
                ("rows", State::Failing("disk full".to_owned()))
            ]
        );
        rows.ready();
        assert!(health.report().is_ready());
    }

    #[test]
    fn a_node_that_has_started_stays_started() {
        let health = Health::new();
        let journal = health.register("journal");
        assert!(!health.has_started());
        journal.ready();
        assert!(health.has_started());
        journal.failing("moved");
        assert!(health.has_started());
    }

    #[test]
    fn draining_is_final_for_old_and_new_checks() {
        let health = Health::new();
        let journal = health.register("journal");
        journal.ready();
        health.drain();
        journal.ready();
        let late = health.register("late");
        late.ready();
        let report = health.report();
        assert!(
            report
                .checks
                .iter()
                .all(|(_, state)| *state == State::Draining)
        );
        assert!(!report.is_ready());
    }
}
