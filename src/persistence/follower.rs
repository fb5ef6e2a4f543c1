//! Followers: whoever builds something of their own from the journal's effects, and keeps its place in it.
//!
//! A follower's place is its *cursor*: a row, written in one atomic batch with everything that the follower built up to
//! it. So whatever survives a crash, the two fit each other, and what came after is simply built again.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::feed;
use super::journal::Position;
use super::rows;
use super::store::{self, Store};

/// Why a follower cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The feed.
    #[error(transparent)]
    Feed(#[from] feed::Error),
    /// Its rows.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl From<rows::Error> for Error {
    fn from(error: rows::Error) -> Error {
        Error::Store(error.into())
    }
}

/// One follower, as the node drives it.
pub trait Follower: Send + Sync + 'static {
    /// The cursor's name: stable, since it is stored.
    fn name(&self) -> &'static str;

    /// Takes its place, once the rows have caught up with the journal and before anything is served. Blocks.
    ///
    /// # Errors
    /// What it built cannot be read, or cannot be built anew.
    fn begin(&self, store: &Store) -> Result<(), Error>;

    /// Follows the feed until it is dropped.
    fn follow(self: Arc<Self>) -> BoxFuture<'static, ()>;

    /// Takes in what the feed has by now, and writes what was built with the cursor, in one batch. Whether anything was
    /// written. Blocks. Durable once the rows are synced.
    ///
    /// # Errors
    /// The rows refuse; nothing is lost, and the next flush tries again.
    fn flush(&self) -> Result<bool, rows::Error>;

    /// The rows were synced after the last flush.
    fn synced(&self);

    /// The place of the durable cursor: the journal must keep what comes after it.
    fn durable(&self) -> Position;
}

/// What a follower is tested on: rows, their store and a feed, without a node.
#[cfg(test)]
pub(crate) mod bench {
    use std::sync::Arc;

    use clientele_cluster::{ShardCount, ShardId};

    use crate::domain::address::Address;
    use crate::domain::entity::{Effect, Event};
    use crate::domain::time::Timestamp;
    use crate::persistence::feed::{Fed, Feed};
    use crate::persistence::journal::memory::{FaultPlan, MemoryJournal, MemoryLog};
    use crate::persistence::journal::{Journal, Position};
    use crate::persistence::rows::{MemoryRows, Rows};
    use crate::persistence::store::Store;

    /// Into how many shards entities are cut.
    pub(crate) fn shards() -> ShardCount {
        ShardCount::new(4).unwrap()
    }

    /// Rows, their store and a feed.
    pub(crate) struct Bench {
        pub(crate) rows: Arc<MemoryRows>,
        pub(crate) store: Arc<Store>,
        pub(crate) feed: Arc<Feed>,
        /// Of the newest effect.
        pub(crate) position: u64,
    }

    impl Bench {
        /// With nothing in them. Needs a tokio runtime.
        pub(crate) fn new() -> Bench {
            let journal = MemoryJournal::open(MemoryLog::new(), FaultPlan::none());
            let rows = Arc::new(MemoryRows::new());
            let shared = Arc::clone(&rows) as Arc<dyn Rows>;
            Bench {
                store: Arc::new(Store::open(shared, shards()).unwrap()),
                rows,
                feed: Arc::new(Feed::new(Arc::new(journal) as Arc<dyn Journal>)),
                position: 0,
            }
        }

        /// An effect becomes durable.
        pub(crate) fn happens(&mut self, address: Address, event: Event, at: Timestamp) {
            self.position += 1;
            let effect = Arc::new(Effect {
                seq: self.position,
                at,
                wall: at,
                events: vec![event],
                remember: None,
                leases: Vec::new(),
            });
            let shard = ShardId(0);
            self.store.note(shard, address, Arc::clone(&effect));
            self.feed.push(Fed {
                position: Position(self.position),
                shard,
                address,
                effect,
            });
        }
    }
}
