//! The shards' logs side by side: what the rules of the `cluster` crate know of each, for one reader of a journal.

use std::collections::BTreeMap;

use clientele_cluster::{Entry, ShardId, ShardLog, Verdict};

use super::{Body, Record};

/// What the journal says of every shard up to some point. Ordered, so that a simulation runs the same every time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shards {
    logs: BTreeMap<ShardId, ShardLog>,
}

impl Shards {
    /// What is known of `shard`; an empty log if nothing is.
    pub(super) fn get(&self, shard: ShardId) -> ShardLog {
        self.logs.get(&shard).copied().unwrap_or_default()
    }

    /// Takes over what a table says of `shard`.
    pub(super) fn set(&mut self, shard: ShardId, log: ShardLog) {
        self.logs.insert(shard, log);
    }

    /// Judges the next record of the journal.
    pub(super) fn observe(&mut self, record: &Record) -> Verdict {
        let entry = entry(record);
        self.logs.entry(record.shard).or_default().observe(&entry)
    }

    /// Every shard that anything is known of.
    pub(super) fn iter(&self) -> impl Iterator<Item = (ShardId, &ShardLog)> {
        self.logs.iter().map(|(shard, log)| (*shard, log))
    }

    /// How many shards anything is known of.
    pub(super) fn len(&self) -> usize {
        self.logs.len()
    }
}

/// What a record is to the rules of ownership.
fn entry(record: &Record) -> Entry {
    let epoch = record.epoch;
    match &record.body {
        Body::Claim { node } => Entry::Claim { epoch, node: *node },
        Body::Effect { seq, .. } => Entry::Data { epoch, seq: *seq },
    }
}
