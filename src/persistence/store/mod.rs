//! The store: the newest durable state of every entity, as rows and a table of what the rows lack.
//!
//! A durable effect is noted here once its record is on disk ([`Store::note`]), and stays in the table until a synced
//! checkpoint has folded it into rows. So activation never reads the journal, and what is loaded is durable state only.

mod answers;
mod checkpoint;
mod dirty;
mod history;
mod keys;
mod last_use;
mod load;
mod tally;
mod transfer;
mod walk;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use clientele_cluster::{ShardCount, ShardId};
use parking_lot::Mutex;

use self::dirty::DirtyShard;
use self::tally::ShardTally;
use super::codec;
use super::journal::Position;
use super::rows::{self, Rows, SnapshotRows};
use crate::domain::address::Address;
use crate::domain::entity::Effect;
use crate::domain::time::Timestamp;

pub use checkpoint::Checkpointed;
pub use transfer::{Inspected, TransferFailed, inspect};

/// Why the store cannot answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The rows cannot be read or written.
    #[error(transparent)]
    Rows(#[from] rows::Error),
    /// A row's payload is not what this build writes.
    #[error(transparent)]
    Codec(#[from] codec::Error),
    /// Rows are there that were replaced since, or are gone.
    #[error(
        "the rows of shard {shard} are older than what was written to them: the disk has lost a part. Stop the node, move `rows` in its data directory away, and start again: rows are made anew from the newest export and the journal"
    )]
    OlderRows {
        /// The shard.
        shard: ShardId,
    },
    /// A row that another one counts on is gone.
    #[error("a row of an idempotency filter is missing")]
    FilterMissing,
    /// A purchase that was recorded is in no row.
    #[error("a row of purchases is missing")]
    PurchaseMissing,
    /// The task that read the rows was cancelled: the process is going down.
    #[error("the reading of rows was cut short")]
    Cancelled,
}

/// The key of the cursor of the follower `name`.
pub fn cursor_key(name: &str) -> Vec<u8> {
    keys::cursor(name)
}

/// What the keys of all rows of the projection `name` begin with.
pub fn projection_prefix(name: &str) -> Vec<u8> {
    keys::projection_prefix(name)
}

/// The newest durable state of every entity.
pub struct Store {
    rows: Arc<SnapshotRows>,
    tallies: Vec<ShardTally>,
    shards: Vec<DirtyShard>,
    /// How many effects wait for a checkpoint, over all shards.
    waiting: AtomicUsize,
    /// The journal position of the last synced checkpoint.
    mark: AtomicU64,
    /// When API keys were last used, where no synced row says so.
    uses: Mutex<HashMap<(ShardId, Address), Timestamp>>,
}

impl Store {
    /// A store over `rows`, with nothing waiting. From now on they are written through [`Store::rows`] alone.
    pub fn open(rows: Arc<dyn Rows>, shards: ShardCount) -> Result<Store, Error> {
        let rows = Arc::new(SnapshotRows::new(rows));
        let (mark, tallies) = tally::open(&*rows, shards.get())?;
        Ok(Store {
            rows,
            tallies,
            shards: (0..shards.get()).map(|_| DirtyShard::default()).collect(),
            waiting: AtomicUsize::new(0),
            mark: AtomicU64::new(mark.0),
            uses: Mutex::default(),
        })
    }

    /// Everything at or before this position is in synced rows: replay starts after it.
    pub fn mark(&self) -> Position {
        Position(self.mark.load(Ordering::Acquire))
    }

    /// How many effects wait for a checkpoint. Bounded by admission.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Takes in an effect whose record is durable, and what it does to the shard's leases. Called in the order of the
    /// shard's records.
    pub fn note(&self, shard: ShardId, address: Address, effect: Arc<Effect>) {
        if let Some(dirty) = self.shards.get(usize::from(shard.0)) {
            for (lease, effect) in effect.on_leases(address) {
                dirty.note(lease, Arc::new(effect));
                self.waiting.fetch_add(1, Ordering::Relaxed);
            }
            dirty.note(address, effect);
            self.waiting.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The rows themselves, for what followers build.
    pub fn rows(&self) -> Arc<dyn Rows> {
        Arc::clone(&self.rows) as Arc<dyn Rows>
    }
}

#[cfg(test)]
mod tests;
