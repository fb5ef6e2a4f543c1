//! The keyring: a data key for each contact, so that erasing the key erases what is sealed with it everywhere.
//!
//! Personal fields are sealed from the first record on; journal, rows, exports, Redis and topics hold sealed bytes
//! only. A key lives here and nowhere else: a file a shard, extended by synced blocks of random keys ahead of use,
//! rewritten when a key is shredded (`shard_file.rs` has the layout and the order of the steps).
//!
//! *Reading stays cheap* without holding every key in memory: the newest blocks, from which slots are handed out, are
//! kept; any other key is one `pread` of its 2 KiB block, checked, with the system's page cache as the cache. An entity
//! opens its fields once an activation, so a cache of our own would only be more places for keys to linger.
//!
//! Architecture invariant: the keyring decides nothing about contacts; a slot's owner is known to the caller alone.
//! Key material is never printed, copied to an error, or handed out.

mod block;
mod directory;
mod memory;
mod root;
mod seal;
mod shard_file;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use clientele_cluster::ShardId;

use self::directory::DirectoryKeys;
use self::memory::MemoryKeys;
pub use self::root::RootSecret;
use crate::secrets::{CannotSeal, seal_nonce};

/// Which key of its shard's keys an entity's fields are sealed with. Kept in the entity's first record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeySlot(pub u32);

/// What became of sealed bytes.
#[derive(Clone, PartialEq, Eq)]
pub enum Opened {
    /// What had been sealed.
    Plain(Vec<u8>),
    /// The key is shredded: nobody can read this any more.
    Erased,
}

impl fmt::Debug for Opened {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What was sealed is personal; a log must not get it by way of a debug print.
        formatter.write_str(match self {
            Self::Plain(_) => "Plain(..)",
            Self::Erased => "Erased",
        })
    }
}

/// Why a key cannot be had, or sealed bytes cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused.
    #[error("the keyring cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// The system's own words.
        source: io::Error,
    },
    /// A file is not as it was written, or is missing.
    #[error(
        "the keyring is damaged: {}, offset {offset}: {detail}. Restore the keyring's directory from its backup; \
         without its keys the personal data sealed with them cannot be read", path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where in it, in bytes.
        offset: u64,
        /// What was found.
        detail: String,
    },
    /// Another process holds the directory.
    #[error(
        "the keyring in {} is held by another process: stop that process, or give this one another data directory",
        directory.display()
    )]
    Held {
        /// The keyring's directory.
        directory: PathBuf,
    },
    /// An earlier write or sync failed, so what the file holds is unknown until a restart has read it again.
    #[error(
        "the keys of shard {shard} take no change since an earlier write failed: restart the node"
    )]
    Failed {
        /// The shard.
        shard: ShardId,
    },
    /// No key was ever made for the slot.
    #[error("shard {shard} has no key in slot {}", slot.0)]
    UnknownSlot {
        /// The shard.
        shard: ShardId,
        /// The slot.
        slot: KeySlot,
    },
    /// The key was shredded, so nothing more can be sealed with it.
    #[error("the key in slot {} of shard {shard} is shredded", slot.0)]
    Shredded {
        /// The shard.
        shard: ShardId,
        /// The slot.
        slot: KeySlot,
    },
    /// All slots of the shard are used up.
    #[error("shard {shard} has no slots left")]
    Full {
        /// The shard.
        shard: ShardId,
    },
    /// The bytes were not sealed with this key for this purpose, or were changed since.
    #[error("bytes sealed with slot {} of shard {shard} do not open: they were changed, or sealed for another place", slot.0)]
    SealBroken {
        /// The shard.
        shard: ShardId,
        /// The slot.
        slot: KeySlot,
    },
    /// The bytes could not be sealed.
    #[error(transparent)]
    CannotSeal(#[from] CannotSeal),
}

/// The data keys of every shard of a node. Calls may wait for a disk, but for [`Keyring::in_memory`].
pub struct Keyring {
    keys: Keys,
}

enum Keys {
    Directory(DirectoryKeys),
    Memory(MemoryKeys),
}

impl fmt::Debug for Keyring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Keyring").finish_non_exhaustive()
    }
}

impl Keyring {
    /// Opens the keyring in `directory`, or creates it there. Reads and checks every block (33 MB for a million
    /// contacts); cuts a last block that a crash left half written, whose slots nobody had; finishes an erasure that a
    /// crash interrupted.
    ///
    /// # Errors
    /// [`Error::Held`], [`Error::Damaged`] or [`Error::Io`].
    pub fn open(directory: &Path) -> Result<Self, Error> {
        DirectoryKeys::open(directory).map(|keys| Self {
            keys: Keys::Directory(keys),
        })
    }

    /// A keyring in memory whose keys and nonces all follow from `seed`, so that a simulation repeats itself byte for
    /// byte. For tests: a node that "restarts" must be given the same keyring again. Never for real data.
    #[must_use]
    pub fn in_memory(seed: u64) -> Self {
        Self {
            keys: Keys::Memory(MemoryKeys::new(seed)),
        }
    }

    /// Hands out a slot of `shard` that was never handed out before, whose key is durable.
    ///
    /// Cheap while the newest block lasts; otherwise it writes and syncs a block of
    /// [`KEYS_PER_BLOCK`](crate::limits::KEYS_PER_BLOCK) keys first. [`Keyring::prepare`] spares callers that wait.
    /// The first allocation after a restart begins a new block, since only the journal knows how far the last one
    /// was used: a restart wastes at most two blocks (4 KiB) in each shard that allocates again.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Full`], or [`Error::Failed`] after an earlier failure.
    pub fn allocate(&self, shard: ShardId) -> Result<KeySlot, Error> {
        match &self.keys {
            Keys::Directory(keys) => keys.allocate(shard),
            Keys::Memory(keys) => keys.allocate(shard),
        }
    }

    /// Writes and syncs the next block of `shard` if the newest is nearly used up, while others go on allocating and
    /// sealing. To be called from a thread that may wait, after allocations.
    ///
    /// # Errors
    /// As [`Keyring::allocate`].
    pub fn prepare(&self, shard: ShardId) -> Result<(), Error> {
        match &self.keys {
            Keys::Directory(keys) => keys.prepare(shard),
            Keys::Memory(_) => Ok(()),
        }
    }

    /// Seals `plaintext` with the slot's key. What is sealed opens only with the same shard, slot and `aad`, so bytes
    /// copied to another field or contact do not.
    ///
    /// # Errors
    /// [`Error::UnknownSlot`], [`Error::Shredded`], [`Error::Io`], [`Error::Damaged`] or [`Error::CannotSeal`].
    pub fn seal(
        &self,
        shard: ShardId,
        slot: KeySlot,
        aad: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, Error> {
        let key = self
            .key(shard, slot)?
            .ok_or(Error::Shredded { shard, slot })?;
        let nonce = match &self.keys {
            Keys::Directory(_) => seal_nonce()?,
            Keys::Memory(keys) => keys.next_nonce(shard, slot),
        };
        key.seal((shard, slot), &nonce, aad, plaintext)
    }

    /// Opens what [`Keyring::seal`] sealed.
    ///
    /// # Errors
    /// [`Error::SealBroken`] if the bytes were changed, or sealed for another place; [`Error::UnknownSlot`],
    /// [`Error::Io`] or [`Error::Damaged`].
    pub fn open_sealed(
        &self,
        shard: ShardId,
        slot: KeySlot,
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Opened, Error> {
        match self.key(shard, slot)? {
            None => Ok(Opened::Erased),
            Some(key) => key.open((shard, slot), aad, sealed).map(Opened::Plain),
        }
    }

    /// Destroys the slot's key: what is sealed with it opens as [`Opened::Erased`] from now on, here and in every copy.
    /// Durable when it returns; nothing happens if the key is shredded already.
    ///
    /// The old bytes are overwritten before the file that held them is given up. A disk that remaps what is
    /// overwritten, a copy-on-write file system and a backup keep them for longer: encrypt the first two, and keep
    /// backups of the keyring no longer than an erasure may take.
    ///
    /// # Errors
    /// [`Error::UnknownSlot`], [`Error::Io`], [`Error::Damaged`] or [`Error::Failed`]. After an error it is unknown
    /// whether the key is gone: ask again after a restart.
    pub fn shred(&self, shard: ShardId, slot: KeySlot) -> Result<(), Error> {
        self.shred_all(shard, &[slot])
    }

    /// [`Keyring::shred`] for many slots of a shard, at the price of one.
    ///
    /// # Errors
    /// As [`Keyring::shred`]; with an unknown slot among them none is shredded.
    pub fn shred_all(&self, shard: ShardId, slots: &[KeySlot]) -> Result<(), Error> {
        match &self.keys {
            Keys::Directory(keys) => keys.shred_all(shard, slots),
            Keys::Memory(keys) => keys.shred_all(shard, slots),
        }
    }

    /// The slot's key; `None` if it is shredded.
    fn key(&self, shard: ShardId, slot: KeySlot) -> Result<Option<seal::Key>, Error> {
        match &self.keys {
            Keys::Directory(keys) => keys.key(shard, slot),
            Keys::Memory(keys) => keys.key(shard, slot),
        }
    }
}

#[cfg(test)]
mod tests;
