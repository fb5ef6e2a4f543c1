//! Exports: verified copies outside the store, from which a lost store is rebuilt and which let the journal be trimmed.
//!
//! One file: a header, blocks of items under a checksum each, and a footer with counts and a digest of everything
//! (`format.rs` has the layout). A file that was cut off or changed anywhere is found, by [`verify`] and by any
//! [`ExportReader`] that reads to the end. It is written under another name and takes its own once it is durable, so a
//! crash never leaves a part of an export under an export's name.
//!
//! Architecture invariant: an export gives its items no meaning. Personal data comes sealed already, and the keyring is
//! never exported.

mod format;
mod reader;
mod writer;

use std::io;
use std::path::PathBuf;

pub use self::reader::{ExportReader, verify};
pub use self::writer::ExportWriter;
use crate::persistence::journal::Position;

/// What an export was taken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Which data directory or cluster it belongs to.
    pub data_directory_id: [u8; 16],
    /// Every record up to here is in the export.
    pub journal_position: Position,
    /// When it was begun, in milliseconds since 1970 by the wall clock.
    pub created_at_ms: u64,
    /// Over how many shards the entities are spread.
    pub shard_count: u32,
}

/// What kind of item a key belongs to. Keys of different sections are unrelated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Section(pub u8);

impl Section {
    /// Rows of entities, under the keys that they have in the store.
    pub const ROWS: Section = Section(1);
    /// What describes the store as a whole: marks, cursors, counts.
    pub const META: Section = Section(2);
}

/// One exported item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its kind.
    pub section: Section,
    /// Its key.
    pub key: Vec<u8>,
    /// Its value.
    pub value: Vec<u8>,
}

/// What a whole export came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportSummary {
    /// How many items it has.
    pub records: u64,
    /// The size of the file, in bytes.
    pub bytes: u64,
    /// BLAKE3 over all that comes before it in the file: two exports with one digest are the same.
    pub digest: [u8; 32],
}

/// Why an export cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused.
    #[error("the export {} cannot be {done}: {source}", path.display())]
    Io {
        /// What was tried, as a participle.
        done: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's own words.
        source: io::Error,
    },
    /// The file is not as it was written.
    #[error(
        "the export {} is damaged at offset {offset}: {detail}. Use another copy of it or an older export, or make a \
         new one with `clientele snapshot create`", path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the damage begins or lies within, in bytes.
        offset: u64,
        /// What was found.
        detail: String,
    },
    /// There is a file of this name already.
    #[error("{} exists already: an export never replaces one; choose another name", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// An item does not fit a block.
    #[error("an item of {bytes} bytes is over an export's limit of {limit}")]
    ItemTooLarge {
        /// The size of the item with its frame, in bytes.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
}

#[cfg(test)]
mod tests;
