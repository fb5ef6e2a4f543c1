//! The disk of the simulation: a raw log that outlives the journals opened on it.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use clientele_cluster::{ShardId, ShardLog};
use parking_lot::Mutex;

use crate::persistence::journal::shards::Shards;
use crate::persistence::journal::{Position, Record};

struct Stored {
    position: Position,
    record: Record,
    /// Whether the rules let it count; the log holds what doesn't, too, as Kafka's does.
    counts: bool,
}

#[derive(Default)]
struct State {
    stored: VecDeque<Stored>,
    last: Position,
    trimmed_to: Position,
    shards: Shards,
}

/// A log in memory. Clones share it: open a new journal on a clone to restart, or to be another node.
#[derive(Clone, Default)]
pub struct MemoryLog {
    state: Arc<Mutex<State>>,
}

impl MemoryLog {
    /// An empty log.
    #[must_use]
    pub fn new() -> MemoryLog {
        MemoryLog::default()
    }

    /// Stores any record, as another node or a broken one might; says where it lies if it counts.
    pub fn append(&self, record: Record) -> Option<Position> {
        let mut state = self.state.lock();
        let counts = state.shards.observe(&record).counts();
        let position = Position(state.last.0.saturating_add(1));
        state.last = position;
        state.stored.push_back(Stored {
            position,
            record,
            counts,
        });
        counts.then_some(position)
    }

    /// How many records are stored, those that don't count included.
    #[must_use]
    pub fn stored(&self) -> usize {
        self.state.lock().stored.len()
    }

    pub(super) fn last(&self) -> Position {
        self.state.lock().last
    }

    pub(super) fn shard(&self, shard: ShardId) -> ShardLog {
        self.state.lock().shards.get(shard)
    }

    /// At most `max_records` that count after `after`, of one shard or of all.
    pub(super) fn read(
        &self,
        shard: Option<ShardId>,
        after: Position,
        max_records: usize,
    ) -> Vec<(Position, Record)> {
        let state = self.state.lock();
        let start = state
            .stored
            .partition_point(|stored| stored.position <= after);
        let stored = state.stored.iter().skip(start);
        stored
            .filter(|stored| stored.counts)
            .filter(|stored| shard.is_none_or(|shard| stored.record.shard == shard))
            .take(max_records)
            .map(|stored| (stored.position, stored.record.clone()))
            .collect()
    }

    pub(super) fn trim(&self, to: Position) {
        let mut state = self.state.lock();
        let kept = state.stored.partition_point(|stored| stored.position <= to);
        let last = state.stored.drain(..kept).next_back();
        if let Some(dropped) = last {
            state.trimmed_to = dropped.position;
        }
    }

    pub(super) fn trimmed_to(&self) -> Position {
        self.state.lock().trimmed_to
    }
}

impl fmt::Debug for MemoryLog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.lock();
        write!(formatter, "MemoryLog({} records)", state.stored.len())
    }
}
