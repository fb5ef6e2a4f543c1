//! Who owns a shard: the rules, without any I/O.
//!
//! A shard's records lie in one ordered log that every node reads and any node can write. Whoever reads that log from
//! the same start comes to the same verdicts, so the log alone says who owns the shard and which records count; no
//! lock, lease or membership service decides it.
//!
//! The map, in reading order:
//!
//! - [`shard_of`]: which shard an entity belongs to.
//! - [`ShardLog`]: what the log of one shard says so far; [`ShardLog::observe`] judges its next [`Entry`].
//! - [`Owner`]: one node's side of one shard: claims it, numbers its appends, and says when one may be acknowledged.
//! - [`place`]: a hint which node should claim which shard.
//!
//! Architecture invariant: nothing here reads a clock, a disk or a network, and nothing here waits. Time comes in as
//! milliseconds, entries come in as values. That is what lets `tests/model/` check these very functions
//! exhaustively.

mod shard;

mod log;

mod owner;

mod placement;

mod mix;

use std::fmt;

pub use log::{Entry, ShardLog, Verdict};
pub use owner::{Confirmed, NotOwner, Observed, Owner, READ_LEASE_MS, Stamp, Standing, Tenure};
pub use placement::{Placement, place};
pub use shard::{ShardCount, ShardCountOutOfRange, shard_of};

/// A fixed slice of all entities, and the unit of ownership; below the deployment's [`ShardCount`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShardId(pub u16);

/// The number of an ownership of a shard: each accepted claim has a higher one than all before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u64);

impl Epoch {
    /// The epoch of a shard that nobody has claimed yet. No record of it is ever accepted.
    pub const UNCLAIMED: Epoch = Epoch(0);
}

/// A record's number within its epoch: gapless, from [`Seq::FIRST`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(pub u64);

impl Seq {
    /// The first record of every epoch. Zero is left free, so that "everything up to `Seq(0)`" means nothing yet.
    pub const FIRST: Seq = Seq(1);
}

/// A node. Ownership never rests on its being unique to one run of a process: an [`Owner`] knows its claim by where
/// the claim lies, so a node may keep its id over restarts, and keeps its place in [`place`] by doing so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u64);

/// Where an entry lies in the log of one shard: ordered, never reused. A log that several nodes write numbers its
/// entries without holes, as Kafka numbers the records of a partition; a sole owner's log may leave holes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset(pub u64);

impl Offset {
    /// The next offset.
    #[must_use]
    pub const fn next(self) -> Offset {
        Offset(self.0.saturating_add(1))
    }
}

impl fmt::Display for ShardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
