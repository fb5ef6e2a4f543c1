//! How bytes lie in a segment: a header block, then batches, each padded to whole blocks, then zeros.
//!
//! Integers are little-endian. The batch is the checksum unit: its CRC covers all that follows it, padding included.
//! Segment id and salt in each batch header bind a batch to its file, so neither stale nor crafted bytes that look
//! like a batch (a payload may hold any bytes) are taken for one.

use bytes::Bytes;
use clientele_cluster::{Epoch, NodeId, Seq, ShardId, ShardLog};

use crate::persistence::journal::{Body, Position, Record};

/// The alignment of everything in a segment: the smallest unit that a disk writes whole.
pub(super) const BLOCK_BYTES: u64 = 512;
/// The bytes of a batch's header.
pub(super) const BATCH_HEADER_BYTES: usize = 40;
/// The bytes of a record besides its payload.
pub(super) const RECORD_HEADER_BYTES: usize = 23;
/// The bytes of one line of the shard table.
pub(super) const SHARD_LINE_BYTES: usize = 28;

const SEGMENT_MAGIC: [u8; 8] = *b"CLNTSEG\n";
const BATCH_MAGIC: [u8; 4] = *b"CLB1";
const FORMAT_VERSION: u32 = 1;
const SEGMENT_HEADER_BYTES: usize = 512;
const _: () = assert!(BLOCK_BYTES == 512, "the header is one block");
/// Where the CRC of a segment's header lies: after magic, version, id, salt, data directory and size.
const SEGMENT_CRC_AT: usize = 52;
const CRC_AT: usize = 4;
const CRC_FROM: usize = 8;

const KIND_CLAIM: u8 = 1;
const KIND_EFFECT: u8 = 2;
const KIND_SHARD_LINE: u8 = 3;

/// Names the data directory that a file was made for, so that a file of another one is refused.
pub(super) type DirectoryId = [u8; 16];

/// The first block of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    /// The number in the file's name.
    pub(super) id: u64,
    /// Random for each file, and known to nobody outside: see the module's own words.
    pub(super) salt: u64,
    /// The data directory that the file belongs to.
    pub(super) directory: DirectoryId,
    /// The size of the file, in bytes.
    pub(super) bytes: u64,
}

impl SegmentHeader {
    /// The block as written.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut block = Vec::with_capacity(SEGMENT_HEADER_BYTES);
        block.extend_from_slice(&SEGMENT_MAGIC);
        block.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        block.extend_from_slice(&self.id.to_le_bytes());
        block.extend_from_slice(&self.salt.to_le_bytes());
        block.extend_from_slice(&self.directory);
        block.extend_from_slice(&self.bytes.to_le_bytes());
        let crc = crc32c::crc32c(&block);
        block.extend_from_slice(&crc.to_le_bytes());
        block.resize(SEGMENT_HEADER_BYTES, 0);
        block
    }

    /// Reads the block; says what is wrong with it otherwise.
    pub(super) fn decode(block: &[u8]) -> Result<SegmentHeader, &'static str> {
        const SHORT: &str = "its header is cut short";
        let covered = block.get(..SEGMENT_CRC_AT).ok_or(SHORT)?;
        let mut fields = Fields(block);
        if fields.array::<8>().ok_or(SHORT)? != SEGMENT_MAGIC {
            return Err("it is no journal segment");
        }
        if fields.u32().ok_or(SHORT)? != FORMAT_VERSION {
            return Err("its format is of another version");
        }
        let header = SegmentHeader {
            id: fields.u64().ok_or(SHORT)?,
            salt: fields.u64().ok_or(SHORT)?,
            directory: fields.array().ok_or(SHORT)?,
            bytes: fields.u64().ok_or(SHORT)?,
        };
        if fields.u32().ok_or(SHORT)? != crc32c::crc32c(covered) {
            return Err("the checksum of its header is wrong");
        }
        if fields.0.iter().any(|byte| *byte != 0) {
            return Err("its header is altered");
        }
        Ok(header)
    }
}

/// The number of a batch, over all segments, from 1 and gapless; and the index of a record in it.
pub(super) fn position(batch: u64, index: u16) -> Position {
    // 48 bits of batches last 8,900 years at 1,000 a second. Index 0 is nobody's, so that START lies before all.
    Position((batch << 16) | u64::from(index).saturating_add(1))
}

/// The batch that `position` lies in.
pub(super) fn batch_of(position: Position) -> u64 {
    position.0 >> 16
}

/// Rounds up to whole blocks.
pub(super) fn padded(bytes: usize) -> u64 {
    u64::try_from(bytes).map_or(u64::MAX, |bytes| bytes.next_multiple_of(BLOCK_BYTES))
}

/// The encoded size of `record`.
pub(super) fn record_bytes(record: &Record) -> usize {
    RECORD_HEADER_BYTES.saturating_add(match &record.body {
        Body::Claim { .. } => 0,
        Body::Effect { payload, .. } => payload.len(),
    })
}

/// Builds one batch in a buffer that is used again for the next.
#[derive(Debug, Default)]
pub(super) struct BatchBuilder {
    bytes: Vec<u8>,
    records: u16,
}

impl BatchBuilder {
    /// Begins batch `number` of `segment`.
    pub(super) fn start(&mut self, segment: &SegmentHeader, number: u64) {
        self.records = 0;
        self.bytes.clear();
        self.bytes.extend_from_slice(&BATCH_MAGIC);
        self.bytes.extend_from_slice(&[0; 4]);
        self.bytes.extend_from_slice(&segment.id.to_le_bytes());
        self.bytes.extend_from_slice(&segment.salt.to_le_bytes());
        self.bytes.extend_from_slice(&number.to_le_bytes());
        self.bytes.extend_from_slice(&[0; 8]);
    }

    /// Adds what is known of a shard: only before all records.
    pub(super) fn push_shard(&mut self, shard: ShardId, log: &ShardLog) {
        self.bytes.push(KIND_SHARD_LINE);
        self.bytes.extend_from_slice(&shard.0.to_le_bytes());
        self.bytes.extend_from_slice(&log.epoch().0.to_le_bytes());
        let next_seq = log.next_seq().map_or(0, |seq| seq.0);
        self.bytes.extend_from_slice(&next_seq.to_le_bytes());
        self.bytes.push(u8::from(log.owner().is_some()));
        let owner = log.owner().map_or(0, |node| node.0);
        self.bytes.extend_from_slice(&owner.to_le_bytes());
    }

    /// Adds `record` and gives its index in the batch.
    pub(super) fn push(&mut self, record: &Record) -> u16 {
        let (kind, number, payload): (u8, u64, &[u8]) = match &record.body {
            Body::Claim { node } => (KIND_CLAIM, node.0, &[]),
            Body::Effect { seq, payload } => (KIND_EFFECT, seq.0, payload),
        };
        self.bytes.push(kind);
        self.bytes.extend_from_slice(&record.shard.0.to_le_bytes());
        self.bytes.extend_from_slice(&record.epoch.0.to_le_bytes());
        self.bytes.extend_from_slice(&number.to_le_bytes());
        // The writer lets no payload over RECORD_BYTES_MAX through.
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(payload);
        let index = self.records;
        self.records = self.records.saturating_add(1);
        index
    }

    /// How many records the batch holds.
    pub(super) fn records(&self) -> u16 {
        self.records
    }

    /// Completes the batch: what this returns is written as it is.
    pub(super) fn finish(&mut self) -> &[u8] {
        let payload = self.bytes.len().saturating_sub(BATCH_HEADER_BYTES);
        let payload = u32::try_from(payload).unwrap_or(u32::MAX);
        let padded = usize::try_from(padded(self.bytes.len())).unwrap_or(usize::MAX);
        self.bytes.resize(padded, 0);
        self.put(32, payload);
        self.put(36, u32::from(self.records));
        let crc = crc32c::crc32c(self.bytes.get(CRC_FROM..).unwrap_or_default());
        self.put(CRC_AT, crc);
        &self.bytes
    }

    fn put(&mut self, at: usize, value: u32) {
        if let Some(field) = self.bytes.get_mut(at..at.saturating_add(4)) {
            field.copy_from_slice(&value.to_le_bytes());
        }
    }
}

/// The header of a batch that may be one: its checksum is not verified yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BatchHeader {
    /// The batch's number.
    pub(super) number: u64,
    /// The size on disk, in bytes: whole blocks.
    pub(super) padded: u64,
    payload: usize,
    records: u32,
    crc: u32,
}

impl BatchHeader {
    /// Reads the header of a batch of `segment`; none if the bytes cannot be one.
    pub(super) fn decode(bytes: &[u8], segment: &SegmentHeader) -> Option<BatchHeader> {
        let mut fields = Fields(bytes);
        if fields.array::<4>()? != BATCH_MAGIC {
            return None;
        }
        let crc = fields.u32()?;
        if fields.u64()? != segment.id || fields.u64()? != segment.salt {
            return None;
        }
        let number = fields.u64()?;
        let payload = usize::try_from(fields.u32()?).ok()?;
        let padded = padded(payload.checked_add(BATCH_HEADER_BYTES)?);
        let records = fields.u32()?;
        (padded <= segment.bytes).then_some(BatchHeader {
            number,
            padded,
            payload,
            records,
            crc,
        })
    }

    /// Whether `bytes` (all of the batch's blocks) bear out the checksum.
    pub(super) fn is_borne_out_by(&self, bytes: &[u8]) -> bool {
        bytes.get(CRC_FROM..).map(crc32c::crc32c) == Some(self.crc)
    }

    /// The batch in `bytes`, which bear out the checksum.
    pub(super) fn batch<'a>(&self, bytes: &'a [u8]) -> Option<Batch<'a>> {
        let end = BATCH_HEADER_BYTES.checked_add(self.payload)?;
        Some(Batch {
            number: self.number,
            records: self.records,
            payload: bytes.get(BATCH_HEADER_BYTES..end)?,
        })
    }
}

/// A batch whose checksum is right.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batch<'a> {
    /// The batch's number.
    pub(super) number: u64,
    /// How many records it says it holds.
    pub(super) records: u32,
    payload: &'a [u8],
}

/// One item of a batch.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// What was known of a shard before the batch.
    Shard(ShardId, ShardLog),
    /// A record.
    Record(Position, Record),
}

impl<'a> Batch<'a> {
    /// The items in order. Ends early at bytes that are no item: compare [`Items::remaining`] and the records' number.
    pub(super) fn items(&self) -> Items<'a> {
        Items {
            batch: self.number,
            index: 0,
            fields: Fields(self.payload),
        }
    }
}

/// Walks over a batch's items.
pub(super) struct Items<'a> {
    batch: u64,
    index: u16,
    fields: Fields<'a>,
}

impl Items<'_> {
    /// The bytes not read yet: some are left at the end only when the batch was badly encoded.
    pub(super) fn remaining(&self) -> usize {
        self.fields.0.len()
    }

    fn item(&mut self) -> Option<Item> {
        let fields = &mut self.fields;
        let kind = fields.u8()?;
        let shard = ShardId(fields.u16()?);
        let epoch = Epoch(fields.u64()?);
        let number = fields.u64()?;
        let body = match kind {
            KIND_SHARD_LINE => {
                let owned = fields.u8()? != 0;
                let owner = NodeId(fields.u64()?);
                let next_seq = (number != 0).then_some(Seq(number));
                let log = ShardLog::resume(epoch, next_seq, owned.then_some(owner));
                return Some(Item::Shard(shard, log));
            }
            KIND_CLAIM => {
                fields.u32()?;
                Body::Claim {
                    node: NodeId(number),
                }
            }
            KIND_EFFECT => {
                let length = usize::try_from(fields.u32()?).ok()?;
                // Copied, not sliced: a record that a reader keeps must not keep the whole read buffer alive.
                let payload = Bytes::copy_from_slice(fields.take(length)?);
                let seq = Seq(number);
                Body::Effect { seq, payload }
            }
            _ => return None,
        };
        let position = position(self.batch, self.index);
        self.index = self.index.saturating_add(1);
        Some(Item::Record(position, Record { shard, epoch, body }))
    }
}

impl Iterator for Items<'_> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        self.item()
    }
}

/// Takes fixed-size fields off the front of a slice.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }
}
