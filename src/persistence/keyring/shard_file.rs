//! The keys of one shard, in a file: a header of one sector, then blocks of 64 keys.
//!
//! Header: magic (8), shard (2), zero (2), blocks committed (4), CRC-32C (4), padded to 512 bytes. Blocks:
//! see [`super::block`]. Numbers are little-endian.
//!
//! *Extending:* the block is written and synced, and only then are its slots handed out and is it counted as committed
//! in the header (written, not synced: the next sync takes it along). A bad last block that is not committed was torn
//! by a crash, and nobody has its slots: it is cut. Anything else that is bad is damage, and is refused.
//!
//! *Shredding:* (1) the file without the keys is written beside the old one and synced, with its name; (2) the keys are
//! overwritten in the old file, synced; (3) the new file takes the old one's name. A crash before (1) is complete leaves
//! an incomplete new file and an untouched old one; after it, a complete new file, with which the next start goes on.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use clientele_cluster::ShardId;

use super::block::{BLOCK_BYTES, BLOCK_HEADER_BYTES, Block, bit, slot_of};
use super::seal::{KEY_BYTES, Key, wipe};
use super::{Error, KeySlot};
use crate::limits::KEYS_PER_BLOCK;
use crate::persistence::durable;

const MAGIC: [u8; 8] = *b"CLKEYS\0\x01";
const HEADER_FIELDS_BYTES: usize = 20;
/// A sector: what a disk writes whole or not at all.
const HEADER_BYTES: usize = 512;

/// The file of one shard, open.
pub(super) struct ShardFile {
    shard: ShardId,
    path: PathBuf,
    file: File,
    /// How many blocks there are, all of them synced.
    blocks: u32,
    /// The blocks with slots to hand out, oldest first.
    unused: VecDeque<Block>,
}

impl ShardFile {
    /// Makes the file anew, synced, its name too. What was there was never used.
    pub(super) fn create(path: &Path, shard: ShardId) -> Result<Self, Error> {
        let create = || {
            let file = durable::create_file(path)?;
            write_header(&file, shard, 0)?;
            file.sync_all()?;
            durable::sync_name(path)?;
            Ok(file)
        };
        Ok(Self {
            shard,
            path: path.to_owned(),
            file: create().map_err(failing("create", path))?,
            blocks: 0,
            unused: VecDeque::new(),
        })
    }

    /// Opens and checks the file, cuts a torn last block, and finishes or forgets an interrupted erasure.
    pub(super) fn open(path: &Path, shard: ShardId) -> Result<Self, Error> {
        let rewritten = rewritten(path);
        if rewritten.exists() {
            match Self::check(&rewritten, shard) {
                Ok(whole) if whole.is_exact => {
                    finish_erasure(path, &rewritten, &whole).map_err(failing("erase in", path))?;
                }
                Ok(_) | Err(Error::Damaged { .. }) => {
                    // Step 1 was not complete, so the old file must be untouched.
                    Self::check(path, shard)?;
                    std::fs::remove_file(&rewritten)
                        .and_then(|()| durable::sync_name(path))
                        .map_err(failing("remove", &rewritten))?;
                }
                Err(error) => return Err(error),
            }
        }
        let checked = Self::check(path, shard)?;
        if !checked.is_exact {
            let settle = || {
                checked.file.set_len(offset_of(checked.blocks))?;
                write_header(&checked.file, shard, checked.blocks)?;
                checked.file.sync_all()
            };
            settle().map_err(failing("cut the torn end of", path))?;
        }
        Ok(Self {
            shard,
            path: path.to_owned(),
            file: checked.file,
            blocks: checked.blocks,
            unused: VecDeque::new(),
        })
    }

    fn check(path: &Path, shard: ShardId) -> Result<Checked, Error> {
        let damaged = |offset: u64, detail: String| Error::Damaged {
            path: path.to_owned(),
            offset,
            detail,
        };
        let file = durable::open_file(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => damaged(0, "the file is missing".to_owned()),
            _ => failing("open", path)(error),
        })?;
        let length = file.metadata().map_err(failing("measure", path))?.len();
        let committed = read_header(&file, shard).map_err(|detail| damaged(0, detail))?;
        let body = length.saturating_sub(HEADER_BYTES as u64);
        let complete = u32::try_from(body / BLOCK_BYTES as u64).unwrap_or(u32::MAX);
        let mut is_torn = body % BLOCK_BYTES as u64 != 0;
        let mut blocks = 0;
        let mut bytes = vec![0; BLOCK_BYTES];
        while blocks < complete {
            let at = offset_of(blocks);
            file.read_exact_at(&mut bytes, at)
                .map_err(failing("read", path))?;
            match Block::decode(shard, blocks, &bytes) {
                Ok(_) => blocks += 1,
                Err(_) if !is_torn && blocks >= committed && blocks + 1 == complete => {
                    is_torn = true;
                    break;
                }
                Err(detail) => return Err(damaged(at, detail)),
            }
        }
        wipe(&mut bytes);
        if blocks < committed {
            let detail = format!("{committed} blocks were committed, {blocks} are whole");
            return Err(damaged(length, detail));
        }
        Ok(Checked {
            file,
            blocks,
            is_exact: !is_torn && committed == blocks,
        })
    }

    /// A slot that nobody has, if a synced block has one left.
    pub(super) fn take(&mut self) -> Option<KeySlot> {
        while let Some(block) = self.unused.front_mut() {
            if let Some(slot) = block.take() {
                return Some(slot);
            }
            self.unused.pop_front();
        }
        None
    }

    /// How many slots can be handed out without a sync.
    pub(super) fn slots_ready(&self) -> u32 {
        self.unused.iter().map(|block| block.slots_left()).sum()
    }

    /// What writing the next block takes, for use without the shard's lock: nobody else may extend meanwhile.
    pub(super) fn extension(&self) -> Result<Extension, Error> {
        // The last slot of the block must fit.
        if slot_of(self.blocks, KEYS_PER_BLOCK).is_none() {
            return Err(Error::Full { shard: self.shard });
        }
        let file = self
            .file
            .try_clone()
            .map_err(failing("extend", &self.path))?;
        let block = Block::random(self.blocks).map_err(failing("make keys for", &self.path))?;
        Ok(Extension {
            shard: self.shard,
            path: self.path.clone(),
            file,
            block,
        })
    }

    /// Takes over a block that [`Extension::write`] has made durable.
    pub(super) fn extended(&mut self, block: Block) {
        self.blocks = block.number().saturating_add(1);
        self.unused.push_back(block);
    }

    /// The key in `slot`; `None` if it is shredded.
    pub(super) fn key(&self, slot: KeySlot) -> Result<Option<Key>, Error> {
        let (number, index) = self.place_of(slot)?;
        match self.unused.iter().find(|block| block.number() == number) {
            Some(block) => Ok(block.key(index)),
            None => Ok(self.read_block(number)?.key(index)),
        }
    }

    /// Shreds the keys in `slots`, in the three steps above. After an error the file must be opened anew.
    pub(super) fn shred_all(&mut self, slots: &[KeySlot]) -> Result<(), Error> {
        let mut places = Vec::with_capacity(slots.len());
        for slot in slots {
            let place = self.place_of(*slot)?;
            if self.key(*slot)?.is_some() {
                places.push(place);
            }
        }
        if places.is_empty() {
            return Ok(());
        }
        for (number, index) in &places {
            let unused = self.unused.iter_mut();
            for block in unused.filter(|block| block.number() == *number) {
                block.shred(*index);
            }
        }
        let rewritten = rewritten(&self.path);
        let new = self.write_without(&places, &rewritten)?;
        let finish = || {
            for place in &places {
                overwrite_key(&self.file, *place)?;
            }
            self.file.sync_data()?;
            std::fs::rename(&rewritten, &self.path)?;
            durable::sync_name(&self.path)
        };
        finish().map_err(failing("erase in", &self.path))?;
        self.file = new;
        Ok(())
    }

    /// Step 1: the whole file, without the keys in `places`, synced, under the name `to`.
    fn write_without(&self, places: &[(u32, u32)], to: &Path) -> Result<File, Error> {
        let writing = failing("write", to);
        let new = durable::create_file(to).map_err(&writing)?;
        for number in 0..self.blocks {
            let mut block = self.read_block(number)?;
            for (_, index) in places.iter().filter(|(of, _)| *of == number) {
                block.shred(*index);
            }
            let mut bytes = block.encode(self.shard);
            new.write_all_at(&bytes, offset_of(number))
                .map_err(&writing)?;
            wipe(&mut bytes);
        }
        write_header(&new, self.shard, self.blocks)
            .and_then(|()| new.sync_all())
            .and_then(|()| durable::sync_name(to))
            .map_err(&writing)?;
        Ok(new)
    }

    fn read_block(&self, number: u32) -> Result<Block, Error> {
        let mut bytes = vec![0; BLOCK_BYTES];
        let at = offset_of(number);
        self.file
            .read_exact_at(&mut bytes, at)
            .map_err(failing("read", &self.path))?;
        let block = Block::decode(self.shard, number, &bytes).map_err(|detail| Error::Damaged {
            path: self.path.clone(),
            offset: at,
            detail,
        });
        wipe(&mut bytes);
        block
    }

    fn place_of(&self, slot: KeySlot) -> Result<(u32, u32), Error> {
        let (number, index) = (slot.0 / KEYS_PER_BLOCK, slot.0 % KEYS_PER_BLOCK);
        if number >= self.blocks {
            return Err(Error::UnknownSlot {
                shard: self.shard,
                slot,
            });
        }
        Ok((number, index))
    }
}

/// A block that is about to be written.
pub(super) struct Extension {
    shard: ShardId,
    path: PathBuf,
    file: File,
    block: Block,
}

impl Extension {
    /// Writes the block, syncs it, and counts it as committed. After an error the file must be opened anew.
    pub(super) fn write(self) -> Result<Block, Error> {
        let mut bytes = self.block.encode(self.shard);
        let number = self.block.number();
        let written = self
            .file
            .write_all_at(&bytes, offset_of(number))
            .and_then(|()| self.file.sync_data())
            .and_then(|()| write_header(&self.file, self.shard, number.saturating_add(1)));
        wipe(&mut bytes);
        written.map_err(failing("extend", &self.path))?;
        Ok(self.block)
    }
}

struct Checked {
    file: File,
    blocks: u32,
    /// Whether the file ends after its last block, and the header counts them all.
    is_exact: bool,
}

/// Steps 2 and 3 after a crash: every key that the complete new file lacks goes from the old one.
fn finish_erasure(old: &Path, new: &Path, checked: &Checked) -> io::Result<()> {
    match durable::open_file(old) {
        Ok(file) => {
            let length = file.metadata()?.len();
            for number in 0..checked.blocks {
                let mut header = [0; BLOCK_HEADER_BYTES];
                checked.file.read_exact_at(&mut header, offset_of(number))?;
                let [.., b0, b1, b2, b3, b4, b5, b6, b7] = header;
                let shredded = u64::from_le_bytes([b0, b1, b2, b3, b4, b5, b6, b7]);
                if offset_of(number) < length {
                    for index in (0..KEYS_PER_BLOCK).filter(|index| shredded & bit(*index) != 0) {
                        overwrite_key(&file, (number, index))?;
                    }
                }
            }
            file.sync_data()?;
        }
        // Nothing to overwrite; the rename below makes the file whole again.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    std::fs::rename(new, old)?;
    durable::sync_name(old)
}

fn overwrite_key(file: &File, (number, index): (u32, u32)) -> io::Result<()> {
    let at = offset_of(number) + BLOCK_HEADER_BYTES as u64 + u64::from(index) * KEY_BYTES as u64;
    file.write_all_at(&[0; KEY_BYTES], at)
}

/// Where a rewritten file lies until it takes the old one's name.
fn rewritten(path: &Path) -> PathBuf {
    durable::with_suffix(path, ".rewritten")
}

fn offset_of(number: u32) -> u64 {
    HEADER_BYTES as u64 + u64::from(number) * BLOCK_BYTES as u64
}

fn encode_header(shard: ShardId, committed: u32) -> [u8; HEADER_FIELDS_BYTES] {
    let [s0, s1] = shard.0.to_le_bytes();
    let [c0, c1, c2, c3] = committed.to_le_bytes();
    let [m0, m1, m2, m3, m4, m5, m6, m7] = MAGIC;
    let fields = [m0, m1, m2, m3, m4, m5, m6, m7, s0, s1, 0, 0, c0, c1, c2, c3];
    let mut header = [0; HEADER_FIELDS_BYTES];
    let (content, sum) = header.split_at_mut(fields.len());
    content.copy_from_slice(&fields);
    sum.copy_from_slice(&crc32c::crc32c(&fields).to_le_bytes());
    header
}

fn write_header(file: &File, shard: ShardId, committed: u32) -> io::Result<()> {
    let mut sector = [0; HEADER_BYTES];
    for (to, from) in sector.iter_mut().zip(encode_header(shard, committed)) {
        *to = from;
    }
    file.write_all_at(&sector, 0)
}

/// How many blocks are committed.
fn read_header(file: &File, shard: ShardId) -> Result<u32, String> {
    let mut sector = [0; HEADER_BYTES];
    file.read_exact_at(&mut sector, 0)
        .map_err(|error| format!("the header cannot be read ({error})"))?;
    let [_, _, _, _, _, _, _, _, _, _, _, _, c0, c1, c2, c3, ..] = sector;
    let committed = u32::from_le_bytes([c0, c1, c2, c3]);
    let (fields, padding) = sector.split_at(HEADER_FIELDS_BYTES);
    if fields != encode_header(shard, committed) || padding.iter().any(|byte| *byte != 0) {
        return Err(format!("the header is not one of shard {shard}"));
    }
    Ok(committed)
}

/// Turns an error of the system into one of ours, which names the file.
pub(super) fn failing<'a>(
    action: &'static str,
    path: &'a Path,
) -> impl Fn(io::Error) -> Error + 'a {
    move |source| Error::Io {
        action,
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
impl ShardFile {
    /// As if there were so many blocks, for the edge that no test can reach by writing them.
    pub(super) fn pretend_blocks(&mut self, blocks: u32) {
        self.blocks = blocks;
    }
}
