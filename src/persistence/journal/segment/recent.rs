//! The newest records in memory, so that a cursor that keeps up never reads a file.

use std::collections::{HashMap, VecDeque};

use clientele_cluster::ShardId;
use parking_lot::Mutex;

use super::format::record_bytes;
use crate::limits;
use crate::persistence::journal::{Position, Record};

/// What memory can say of a shard's records after a position.
pub(super) enum Remembered {
    /// All there are, or as many as were asked for.
    Records(Vec<(Position, Record)>),
    /// Some are only in the files.
    Older,
}

#[derive(Default)]
struct Shard {
    /// The shard's last durable record, kept or not.
    last: Position,
    records: VecDeque<(Position, Record)>,
}

#[derive(Default)]
struct State {
    shards: HashMap<ShardId, Shard>,
    /// The shard and size of each kept record, oldest first.
    order: VecDeque<(ShardId, usize)>,
    bytes: usize,
    /// Every record after this one is kept.
    floor: Position,
}

/// The newest durable records of all shards, [`limits::RECENT_BYTES_MAX`] in all.
pub(super) struct Recent {
    state: Mutex<State>,
}

impl Recent {
    /// Keeps nothing yet; `lasts` are the last records of the shards, the newest of all at `floor`.
    pub(super) fn new(lasts: HashMap<ShardId, Position>, floor: Position) -> Recent {
        let shards = lasts.into_iter().map(|(shard, last)| {
            let records = VecDeque::new();
            (shard, Shard { last, records })
        });
        let state = State {
            shards: shards.collect(),
            floor,
            ..State::default()
        };
        let state = Mutex::new(state);
        Recent { state }
    }

    /// Adds records that are durable, in order; leaves `records` empty.
    pub(super) fn extend(&self, records: &mut Vec<(Position, Record)>) {
        let mut state = self.state.lock();
        for (position, record) in records.drain(..) {
            let bytes = record_bytes(&record).saturating_add(size_of::<(Position, Record)>());
            state.order.push_back((record.shard, bytes));
            state.bytes = state.bytes.saturating_add(bytes);
            let shard = state.shards.entry(record.shard).or_default();
            shard.last = position;
            shard.records.push_back((position, record));
        }
        while state.bytes > limits::RECENT_BYTES_MAX {
            let Some((shard, bytes)) = state.order.pop_front() else {
                return;
            };
            state.bytes = state.bytes.saturating_sub(bytes);
            let records = state.shards.get_mut(&shard).map(|shard| &mut shard.records);
            if let Some((position, _)) = records.and_then(VecDeque::pop_front) {
                state.floor = position;
            }
        }
    }

    /// The records of `shard` after `after`.
    pub(super) fn after(&self, shard: ShardId, after: Position, max_records: usize) -> Remembered {
        let state = self.state.lock();
        let Some(found) = state.shards.get(&shard).filter(|shard| shard.last > after) else {
            return Remembered::Records(Vec::new());
        };
        if after < state.floor {
            return Remembered::Older;
        }
        let start = found
            .records
            .partition_point(|(position, _)| *position <= after);
        let records = found.records.iter().skip(start).take(max_records);
        Remembered::Records(records.cloned().collect())
    }
}
