//! The journal: the ordered, durable record of what happened, and the only authority.
//!
//! One narrow trait with one backend a deployment: [`segment`] for a single machine, [`memory`] (with
//! fault injection) for simulation. Payloads are opaque here; the codec gives them meaning.
//!
//! Architecture invariant: a journal never decides what a record means, only whether it counts, and it
//! decides that through the rules of the `cluster` crate, as every backend does.

#[cfg(test)]
pub(crate) mod conformance;
pub mod faults;
mod handover;
pub mod memory;
pub mod segment;
mod shards;

use std::ops::ControlFlow;
use std::sync::Arc;

use bytes::Bytes;
use clientele_cluster::{Epoch, NodeId, Seq, ShardId};
use futures_util::future::BoxFuture;

/// Where a record lies: opaque outside its journal, ordered within a shard, never reused.
///
/// [`Position::START`] lies before every record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

impl Position {
    /// Before the first record.
    pub const START: Position = Position(0);
}

/// One record of one shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The shard that the record belongs to.
    pub shard: ShardId,
    /// The epoch of the owner that wrote it.
    pub epoch: Epoch,
    /// What it says.
    pub body: Body,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// `node` takes the shard from [`Record::epoch`] on.
    Claim {
        /// The node that takes the shard.
        node: NodeId,
    },
    /// The whole effect of one command on one entity, encoded by the codec.
    Effect {
        /// The record's number within its epoch, gapless.
        seq: Seq,
        /// The encoded effect.
        payload: Bytes,
    },
}

/// What an append came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// The record is durable at this position.
    Durable(Position),
    /// It may or may not be durable: the journal has failed, or lost the shard. Never retried.
    Unknown,
}

/// Told once what an append came to, in the order of the appends of a shard.
///
/// Runs on the journal's own thread: it must be quick, and must not block or panic.
pub trait Completion: Send + Sync {
    /// Takes the outcome.
    fn resolve(&self, appended: Appended);
}

/// The result of a won claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The epoch that the caller owns from now on.
    pub epoch: Epoch,
    /// The number of its first record.
    pub next_seq: Seq,
    /// Where the claim itself lies; everything before it is history to replay.
    pub position: Position,
}

/// Why a journal cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused a read, write or sync.
    #[error("the journal cannot {action} {path}: {source}")]
    Io {
        /// What was tried, as a verb: "open", "sync".
        action: &'static str,
        /// The file or directory.
        path: String,
        /// The system's own error.
        source: std::io::Error,
    },
    /// Bytes that were once durable are gone or altered: never repaired silently.
    #[error("the journal is damaged: {detail}. {remedy}")]
    Damaged {
        /// The file, offset and what was found there.
        detail: String,
        /// What the operator can do.
        remedy: String,
    },
    /// Another owner has a newer epoch.
    #[error("shard {shard} belongs to a newer epoch {epoch}")]
    Fenced {
        /// The shard.
        shard: ShardId,
        /// The epoch that won.
        epoch: Epoch,
    },
    /// An append or sync failed earlier; the process must stop and recover from disk.
    #[error("the journal stopped after an earlier failure; restart to recover")]
    Stopped,
}

/// The ordered durable record of every shard.
pub trait Journal: Send + Sync + 'static {
    /// Takes ownership of `shard`: appends a claim above the highest epoch and resolves once it is durable and
    /// known to have won.
    fn claim(&self, shard: ShardId, node: NodeId) -> BoxFuture<'_, Result<Claimed, Error>>;

    /// Hands `record` over and returns at once; `completion` is told when it is durable.
    ///
    /// The records of one shard must be handed over in the order of their `seq` by its one appender; they become
    /// durable, and their completions run, in that order.
    fn append(&self, record: Record, completion: Arc<dyn Completion>);

    /// Reads every accepted record after `after`, in order of each shard, in one pass over the journal. Records that
    /// the claim, epoch and seq rules refuse are skipped. Claims are delivered too. `each` may stop early.
    fn replay(
        &self,
        after: Position,
        each: &mut dyn FnMut(Position, Record) -> ControlFlow<()>,
    ) -> Result<(), Error>;

    /// Reads at most `max_records` accepted, durable records of `shard` after `after`, for a cursor. An empty answer means that
    /// the cursor has caught up.
    fn tail(
        &self,
        shard: ShardId,
        after: Position,
        max_records: usize,
    ) -> BoxFuture<'_, Result<Vec<(Position, Record)>, Error>>;

    /// The newest position whose record, and every one before it, is durable and has had its completion run.
    fn durable(&self) -> Position;

    /// Allows everything at or before `to` to be dropped; what is dropped, and when, is the backend's choice. The
    /// caller has checked checkpoint, export and cursors.
    fn trim(&self, to: Position) -> Result<(), Error>;

    /// How far trimming has dropped records: a replay after an earlier position would leave some out. `START` while
    /// nothing was dropped. Compares with what [`Journal::durable`] gave, at any time.
    fn trimmed_to(&self) -> Position;

    /// Whether the journal has failed: then nothing more is acknowledged, and the process must stop.
    fn has_failed(&self) -> bool;

    /// Resolves when the journal fails, and never otherwise.
    fn failed(&self) -> BoxFuture<'_, ()>;

    /// Finishes what was handed over, syncs, and stops. Later appends resolve as [`Appended::Unknown`].
    fn close(&self) -> BoxFuture<'_, Result<(), Error>>;
}
