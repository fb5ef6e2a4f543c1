//! The layout of an export. Numbers are little-endian.
//!
//! Header: magic (8), data directory (16), journal position (8), created at (8), shards (4), CRC-32C (4). Block: tag 1
//! (1), bytes of its items (4), its number (8), CRC-32C of what is before and of the items (4), the items. Item: section
//! (1), bytes of the key (4), bytes of the value (4), key, value. Footer: tag 2 (1), records (8), blocks (8), CRC-32C
//! (4), BLAKE3 over everything before it (32). The file ends there.

use super::{Header, Item, Section};
use crate::persistence::journal::Position;

/// The last byte is the version of the layout.
pub(super) const MAGIC: [u8; 8] = *b"CLEXPRT\x01";

pub(super) const HEADER_BYTES: usize = 8 + 16 + 8 + 8 + 4 + 4;
pub(super) const TAG_BLOCK: u8 = 1;
pub(super) const TAG_FOOTER: u8 = 2;
/// Of a block, after its tag.
pub(super) const BLOCK_FIELDS_BYTES: usize = 4 + 8 + 4;
/// Of the footer, after its tag and before the digest.
pub(super) const FOOTER_FIELDS_BYTES: usize = 8 + 8 + 4;
pub(super) const DIGEST_BYTES: usize = 32;
pub(super) const ITEM_FIELDS_BYTES: usize = 1 + 4 + 4;

pub(super) fn encode_header(header: &Header) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&header.data_directory_id);
    bytes.extend_from_slice(&header.journal_position.0.to_le_bytes());
    bytes.extend_from_slice(&header.created_at_ms.to_le_bytes());
    bytes.extend_from_slice(&header.shard_count.to_le_bytes());
    append_checksum(&mut bytes);
    bytes
}

pub(super) fn decode_header(bytes: &[u8; HEADER_BYTES]) -> Result<Header, &'static str> {
    let mut fields = Fields(bytes);
    if fields.take() != Some(MAGIC) {
        return Err("this is no export, or one of an unknown version");
    }
    let header = (|| {
        Some(Header {
            data_directory_id: fields.take()?,
            journal_position: Position(u64::from_le_bytes(fields.take()?)),
            created_at_ms: u64::from_le_bytes(fields.take()?),
            shard_count: u32::from_le_bytes(fields.take()?),
        })
    })();
    header
        .filter(|header| encode_header(header) == bytes)
        .ok_or("the header's checksum is wrong")
}

/// Tag and fields of a block that holds `items`.
pub(super) fn encode_block(number: u64, items: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + BLOCK_FIELDS_BYTES);
    bytes.push(TAG_BLOCK);
    let length = u32::try_from(items.len()).unwrap_or(u32::MAX);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&number.to_le_bytes());
    let sum = crc32c::crc32c_append(crc32c::crc32c(&bytes), items);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}

/// Tag and fields of the footer; the digest follows.
pub(super) fn encode_footer(records: u64, blocks: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + FOOTER_FIELDS_BYTES);
    bytes.push(TAG_FOOTER);
    bytes.extend_from_slice(&records.to_le_bytes());
    bytes.extend_from_slice(&blocks.to_le_bytes());
    append_checksum(&mut bytes);
    bytes
}

/// Appends an item to a block's items. Its parts are under a block's limit, so their lengths fit.
pub(super) fn append_item(items: &mut Vec<u8>, section: Section, key: &[u8], value: &[u8]) {
    items.push(section.0);
    for part in [key, value] {
        let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
        items.extend_from_slice(&length.to_le_bytes());
    }
    items.extend_from_slice(key);
    items.extend_from_slice(value);
}

/// The item that `items` begin with, and how many bytes it takes.
pub(super) fn first_item(items: &[u8]) -> Option<(Item, usize)> {
    let mut fields = Fields(items);
    let [section] = fields.take()?;
    let key_bytes = u32::from_le_bytes(fields.take()?);
    let value_bytes = u32::from_le_bytes(fields.take()?);
    let key = fields.take_slice(usize::try_from(key_bytes).ok()?)?;
    let value = fields.take_slice(usize::try_from(value_bytes).ok()?)?;
    let item = Item {
        section: Section(section),
        key: key.to_vec(),
        value: value.to_vec(),
    };
    Some((item, items.len() - fields.0.len()))
}

fn append_checksum(bytes: &mut Vec<u8>) {
    let sum = crc32c::crc32c(bytes);
    bytes.extend_from_slice(&sum.to_le_bytes());
}

/// Bytes that are taken apart from the front.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn take<const BYTES: usize>(&mut self) -> Option<[u8; BYTES]> {
        let (field, rest) = self.0.split_first_chunk::<BYTES>()?;
        self.0 = rest;
        Some(*field)
    }

    fn take_slice(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (field, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(field)
    }
}
