//! A keyring's directory: a lock, a list of the shards that have a file, and the files.
//!
//! `shards` lists them: magic (8), a bit for each of 65,536 shards (8,192), CRC-32C (4, little-endian). A shard joins
//! the list after its file is durable and before any of its slots is handed out. So a listed shard without a file has
//! lost it, and is refused; a file that is not listed was never used, and is made anew.

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clientele_cluster::ShardId;
use parking_lot::{Mutex, MutexGuard, RwLock};

use super::seal::Key;
use super::shard_file::{ShardFile, failing};
use super::{Error, KeySlot};
use crate::limits::KEY_SLOTS_READY_MIN;
use crate::persistence::durable;

const MAGIC: [u8; 8] = *b"CLKEYRNG";
const BITMAP_BYTES: usize = 65_536 / 8;
const LIST_BYTES: usize = 8 + BITMAP_BYTES + 4;

pub(super) struct DirectoryKeys {
    directory: PathBuf,
    shards: RwLock<HashMap<ShardId, Arc<Shard>>>,
    /// The list on the disk; held while a shard's file is created.
    list: Mutex<List>,
    /// Holds the lock on the directory for as long as it is open.
    _lock: File,
}

struct Shard {
    id: ShardId,
    /// Held while a block is written, or keys are shredded: by one thread at a time. Taken before `state`.
    change: Mutex<Change>,
    state: Mutex<ShardFile>,
}

/// Whether the shard's file takes changes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Accepted,
    /// A write or sync failed: what the file holds is unknown until a start has read it again.
    Refused,
}

impl DirectoryKeys {
    pub(super) fn open(directory: &Path) -> Result<Self, Error> {
        durable::create_directory(directory).map_err(failing("create", directory))?;
        let lock = hold(directory)?;
        let list = List::open(directory)?;
        let mut shards = HashMap::new();
        for id in list.shards() {
            let file = ShardFile::open(&file_of(directory, id), id)?;
            shards.insert(id, Arc::new(Shard::new(id, file)));
        }
        Ok(Self {
            directory: directory.to_owned(),
            shards: RwLock::new(shards),
            list: Mutex::new(list),
            _lock: lock,
        })
    }

    pub(super) fn allocate(&self, shard: ShardId) -> Result<KeySlot, Error> {
        let shard = self.shard_or_new(shard)?;
        if let Some(slot) = shard.state.lock().take() {
            return Ok(slot);
        }
        let mut change = shard.change()?;
        // Another thread may have extended while this one waited.
        if let Some(slot) = shard.state.lock().take() {
            return Ok(slot);
        }
        shard.extend(&mut change)?;
        let slot = shard.state.lock().take();
        slot.ok_or(Error::Full { shard: shard.id })
    }

    pub(super) fn prepare(&self, shard: ShardId) -> Result<(), Error> {
        let shard = self.shard_or_new(shard)?;
        if shard.state.lock().slots_ready() >= KEY_SLOTS_READY_MIN {
            return Ok(());
        }
        let mut change = shard.change()?;
        if shard.state.lock().slots_ready() >= KEY_SLOTS_READY_MIN {
            return Ok(());
        }
        shard.extend(&mut change)
    }

    pub(super) fn key(&self, shard: ShardId, slot: KeySlot) -> Result<Option<Key>, Error> {
        // The lock stays held over the read, so that an erasure is never seen half done.
        self.shard(shard, slot)?.state.lock().key(slot)
    }

    pub(super) fn shred_all(&self, shard: ShardId, slots: &[KeySlot]) -> Result<(), Error> {
        let Some(first) = slots.first() else {
            return Ok(());
        };
        let shard = self.shard(shard, *first)?;
        let mut change = shard.change()?;
        let mut state = shard.state.lock();
        match state.shred_all(slots) {
            // Nothing was touched yet.
            Err(error @ Error::UnknownSlot { .. }) => Err(error),
            Err(error) => {
                *change = Change::Refused;
                Err(error)
            }
            Ok(()) => Ok(()),
        }
    }

    fn shard(&self, id: ShardId, slot: KeySlot) -> Result<Arc<Shard>, Error> {
        let shards = self.shards.read();
        shards
            .get(&id)
            .cloned()
            .ok_or(Error::UnknownSlot { shard: id, slot })
    }

    fn shard_or_new(&self, id: ShardId) -> Result<Arc<Shard>, Error> {
        if let Some(shard) = self.shards.read().get(&id) {
            return Ok(shard.clone());
        }
        let mut list = self.list.lock();
        if let Some(shard) = self.shards.read().get(&id) {
            return Ok(shard.clone());
        }
        let file = ShardFile::create(&file_of(&self.directory, id), id)?;
        list.add(id)?;
        let shard = Arc::new(Shard::new(id, file));
        self.shards.write().insert(id, shard.clone());
        Ok(shard)
    }
}

impl Shard {
    fn new(id: ShardId, file: ShardFile) -> Self {
        Self {
            id,
            change: Mutex::new(Change::Accepted),
            state: Mutex::new(file),
        }
    }

    fn change(&self) -> Result<MutexGuard<'_, Change>, Error> {
        let change = self.change.lock();
        match *change {
            Change::Accepted => Ok(change),
            Change::Refused => Err(Error::Failed { shard: self.id }),
        }
    }

    /// Writes and syncs one more block. The state stays free meanwhile, so that others go on.
    fn extend(&self, change: &mut Change) -> Result<(), Error> {
        let extension = self.state.lock().extension()?;
        match extension.write() {
            Ok(block) => {
                self.state.lock().extended(block);
                Ok(())
            }
            Err(error) => {
                *change = Change::Refused;
                Err(error)
            }
        }
    }
}

/// Which shards have a file, as on the disk.
struct List {
    path: PathBuf,
    bitmap: Vec<u8>,
}

impl List {
    fn open(directory: &Path) -> Result<Self, Error> {
        let path = directory.join("shards");
        let damaged = |detail: &str| Error::Damaged {
            path: path.clone(),
            offset: 0,
            detail: detail.to_owned(),
        };
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if holds_key_files(directory)? {
                    return Err(damaged(
                        "the file is missing, though there are files of keys",
                    ));
                }
                let list = Self {
                    path,
                    bitmap: vec![0; BITMAP_BYTES],
                };
                list.store()?;
                return Ok(list);
            }
            Err(error) => return Err(failing("read", &path)(error)),
        };
        let bitmap = bytes.get(8..8 + BITMAP_BYTES).unwrap_or_default().to_vec();
        let list = Self {
            path: path.clone(),
            bitmap,
        };
        if list.encode() != bytes {
            return Err(damaged("it is not as it was written"));
        }
        Ok(list)
    }

    fn shards(&self) -> impl Iterator<Item = ShardId> + '_ {
        (0..=u16::MAX)
            .filter(|number| self.byte(*number) & Self::bit(*number) != 0)
            .map(ShardId)
    }

    fn add(&mut self, shard: ShardId) -> Result<(), Error> {
        if let Some(byte) = self.bitmap.get_mut(usize::from(shard.0 / 8)) {
            *byte |= Self::bit(shard.0);
        }
        self.store()
    }

    fn store(&self) -> Result<(), Error> {
        durable::replace_file(&self.path, &self.encode()).map_err(failing("write", &self.path))
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(LIST_BYTES);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&self.bitmap);
        let sum = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        bytes
    }

    fn byte(&self, number: u16) -> u8 {
        let byte = self.bitmap.get(usize::from(number / 8));
        byte.copied().unwrap_or(0)
    }

    fn bit(number: u16) -> u8 {
        1 << (number % 8)
    }
}

/// Takes the lock on the directory, which ends with the process at the latest.
fn hold(directory: &Path) -> Result<File, Error> {
    let path = directory.join("lock");
    let lock = durable::create_file(&path).map_err(failing("open", &path))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Error::Held {
            directory: directory.to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(failing("lock", &path)(error)),
    }
}

fn file_of(directory: &Path, shard: ShardId) -> PathBuf {
    directory.join(format!("{:05}.keys", shard.0))
}

fn holds_key_files(directory: &Path) -> Result<bool, Error> {
    let listing = failing("list", directory);
    for entry in std::fs::read_dir(directory).map_err(&listing)? {
        let path = entry.map_err(&listing)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "keys")
        {
            return Ok(true);
        }
    }
    Ok(false)
}
