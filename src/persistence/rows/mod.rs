//! Rows: stored pieces of entities' states, each at a journal position. A cache of the journal that makes
//! activation cheap: everything here can be rebuilt from the journal and the last verified export.
//!
//! Architecture invariant: nothing is acknowledged because it is in a row; a row is only ever behind the journal.

pub mod memory;
pub mod sled;

#[cfg(test)]
mod conformance;
mod frame;
mod generation;
mod range;
mod snapshot;

pub use self::memory::MemoryRows;
pub use self::sled::SledRows;
pub use self::snapshot::{RowsSnapshot, SnapshotRows};

/// One stored piece of an entity's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The entity's own sequence that the row reflects: effects at or below it are in the row already.
    pub entity_seq: u64,
    /// The encoded state; the codec gives it meaning.
    pub payload: Vec<u8>,
}

/// A change to one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Stores the row under the key, in place of what was there.
    Put {
        /// The row's key.
        key: Vec<u8>,
        /// The row.
        row: Row,
    },
    /// Removes the row under the key; nothing happens if there is none.
    Delete {
        /// The row's key.
        key: Vec<u8>,
    },
}

/// Why rows cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store or the operating system refused.
    #[error("the row store cannot {action}: {detail}")]
    Store {
        /// What was tried, as a verb.
        action: &'static str,
        /// The store's own words.
        detail: String,
    },
    /// A row's checksum, version or length is wrong.
    #[error("row {key} is damaged: {detail}")]
    Damaged {
        /// The key, in hex.
        key: String,
        /// What was found.
        detail: String,
    },
    /// A row over the limit was to be written.
    #[error("row {key} has {bytes} bytes, over the limit of {limit}")]
    TooLarge {
        /// The key, in hex.
        key: String,
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
}

/// A key in order and its row.
pub type Keyed = (Vec<u8>, Row);

/// An ordered store of rows. Calls block: callers on an async thread go through `spawn_blocking` where
/// [`Rows::may_block`] says so.
pub trait Rows: Send + Sync + 'static {
    /// Whether a call may wait for a disk.
    fn may_block(&self) -> bool;

    /// The row under `key`.
    fn get(&self, key: &[u8]) -> Result<Option<Row>, Error>;

    /// The row with the greatest key in `prefix..=key`, all of whose keys begin with `prefix`.
    fn last_at_most(&self, prefix: &[u8], key: &[u8]) -> Result<Option<Keyed>, Error>;

    /// At most `max_rows` rows whose keys begin with `prefix` and lie strictly above `after` (from the first, if
    /// `None`), in key order.
    fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        max_rows: usize,
    ) -> Result<Vec<Keyed>, Error>;

    /// Applies the writes: all of them, or none if one is over the limit. They are visible at once and durable after
    /// the next [`Rows::sync`]. Readers may wait meanwhile, so a checkpoint goes in pieces of about a thousand rows.
    fn write(&self, writes: Vec<Write>) -> Result<(), Error>;

    /// Makes every earlier write durable, through a power cut. After an error it is unknown which are, and every
    /// later write and sync is refused: a failed sync is never retried.
    fn sync(&self) -> Result<(), Error>;
}
