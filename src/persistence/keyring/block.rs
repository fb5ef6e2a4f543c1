//! A block of keys: what is written, synced and checked as one.
//!
//! CRC-32C (4), the block's number (4), which of its keys are shredded (8, a bit each), the keys (64 x 32), a shredded
//! one being zero. The checksum covers the shard too, so that no file passes for another's. Numbers are little-endian.

use std::io;

use clientele_cluster::ShardId;

use super::KeySlot;
use super::seal::{KEY_BYTES, Key, wipe};
use crate::limits::KEYS_PER_BLOCK;

pub(super) const BLOCK_HEADER_BYTES: usize = 4 + 4 + 8;
pub(super) const BLOCK_BYTES: usize = BLOCK_HEADER_BYTES + KEYS_PER_BLOCK as usize * KEY_BYTES;

/// A block in memory.
pub(super) struct Block {
    number: u32,
    /// Bit `i` is set if key `i` is shredded.
    shredded: u64,
    keys: Box<[u8]>,
    /// How many of its slots are handed out.
    used: u32,
}

impl Drop for Block {
    fn drop(&mut self) {
        wipe(&mut self.keys);
    }
}

impl Block {
    /// A block of new keys, of which nobody has a slot.
    pub(super) fn random(number: u32) -> io::Result<Self> {
        let mut keys = vec![0; KEYS_PER_BLOCK as usize * KEY_BYTES].into_boxed_slice();
        getrandom::fill(&mut keys)?;
        Ok(Self {
            number,
            shredded: 0,
            keys,
            used: 0,
        })
    }

    /// The block that `bytes` hold, none of whose slots is handed out again.
    pub(super) fn decode(shard: ShardId, number: u32, bytes: &[u8]) -> Result<Self, String> {
        let (header, keys) = bytes
            .split_first_chunk::<BLOCK_HEADER_BYTES>()
            .ok_or("it is too short")?;
        let [s0, s1, s2, s3, n0, n1, n2, n3, shredded @ ..] = *header;
        let block = Self {
            number,
            shredded: u64::from_le_bytes(shredded),
            keys: keys.into(),
            used: KEYS_PER_BLOCK,
        };
        let stored = u32::from_le_bytes([s0, s1, s2, s3]);
        let found = block.checksum(shard);
        if stored != found {
            return Err(format!(
                "the checksum of block {number} is {found:08x}, {stored:08x} was stored"
            ));
        }
        if u32::from_le_bytes([n0, n1, n2, n3]) != number {
            return Err(format!("this is not block {number}"));
        }
        Ok(block)
    }

    pub(super) fn encode(&self, shard: ShardId) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(BLOCK_BYTES);
        bytes.extend_from_slice(&self.checksum(shard).to_le_bytes());
        bytes.extend_from_slice(&self.number.to_le_bytes());
        bytes.extend_from_slice(&self.shredded.to_le_bytes());
        bytes.extend_from_slice(&self.keys);
        bytes
    }

    fn checksum(&self, shard: ShardId) -> u32 {
        let mut sum = crc32c::crc32c(&shard.0.to_le_bytes());
        sum = crc32c::crc32c_append(sum, &self.number.to_le_bytes());
        sum = crc32c::crc32c_append(sum, &self.shredded.to_le_bytes());
        crc32c::crc32c_append(sum, &self.keys)
    }

    /// The key at `index`; `None` if it is shredded.
    pub(super) fn key(&self, index: u32) -> Option<Key> {
        if self.shredded & bit(index) != 0 {
            return None;
        }
        let at = index as usize * KEY_BYTES;
        let key = self.keys.get(at..at + KEY_BYTES)?;
        key.as_array().map(|key| Key(*key))
    }

    pub(super) fn shred(&mut self, index: u32) {
        self.shredded |= bit(index);
        let at = index as usize * KEY_BYTES;
        if let Some(key) = self.keys.get_mut(at..at + KEY_BYTES) {
            wipe(key);
        }
    }

    /// The next slot that nobody has.
    pub(super) fn take(&mut self) -> Option<KeySlot> {
        let slot = slot_of(self.number, self.used)?;
        if self.used == KEYS_PER_BLOCK {
            return None;
        }
        self.used += 1;
        Some(slot)
    }

    pub(super) fn number(&self) -> u32 {
        self.number
    }

    pub(super) fn slots_left(&self) -> u32 {
        KEYS_PER_BLOCK.saturating_sub(self.used)
    }
}

/// The bit of key `index` among the shredded ones.
pub(super) fn bit(index: u32) -> u64 {
    1_u64.checked_shl(index).unwrap_or(0)
}

/// The slot of key `index` of block `number`; `None` past the last slot there can be.
pub(super) fn slot_of(number: u32, index: u32) -> Option<KeySlot> {
    let first = number.checked_mul(KEYS_PER_BLOCK)?;
    first.checked_add(index).map(KeySlot)
}
