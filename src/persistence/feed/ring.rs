//! The newest effects in memory, and from where on they are all there.

use std::collections::VecDeque;

use super::{Fed, Pulled};
use crate::persistence::journal::Position;

/// The newest effects of a feed.
pub(super) struct Ring {
    effects: VecDeque<Fed>,
    capacity: usize,
    /// Every effect after this position is here; not known while something is missing at the end.
    complete_after: Option<Position>,
    newest: Position,
}

impl Ring {
    /// An empty ring: what comes after `begins` will be in it.
    pub(super) fn new(begins: Position, capacity: usize) -> Ring {
        Ring {
            effects: VecDeque::new(),
            capacity,
            complete_after: Some(begins),
            newest: begins,
        }
    }

    pub(super) fn newest(&self) -> Position {
        self.newest
    }

    pub(super) fn push(&mut self, fed: Fed) {
        debug_assert!(fed.position > self.newest, "pushed out of order");
        self.newest = self.newest.max(fed.position);
        if self.complete_after.is_none() {
            // What is missing lies before this one.
            self.complete_after = Some(fed.position);
            return;
        }
        if self.effects.len() >= self.capacity
            && let Some(oldest) = self.effects.pop_front()
        {
            self.complete_after = Some(oldest.position);
        }
        self.effects.push_back(fed);
    }

    pub(super) fn skip(&mut self) {
        self.effects.clear();
        self.complete_after = None;
    }

    /// At most `max` effects after `after`; none if some that belong there may be missing. `durable` was the journal's
    /// before the ring was locked.
    pub(super) fn after(&self, after: Position, max: usize, durable: Position) -> Option<Pulled> {
        if self.complete_after.is_none_or(|complete| after < complete) {
            return None;
        }
        let start = self.effects.partition_point(|fed| fed.position <= after);
        let effects: Vec<Fed> = self.effects.iter().skip(start).take(max).cloned().collect();
        let last = effects.last().map_or(after, |fed| fed.position);
        let is_all = start.saturating_add(effects.len()) == self.effects.len();
        let reached = if is_all { last.max(durable) } else { last };
        Some(Pulled { effects, reached })
    }
}
