//! The keys of rows. All head rows of a shard lie together, and so do all other rows of an entity.

use clientele_cluster::ShardId;

use crate::domain::address::Address;
use crate::domain::remembered::KeyHash;
use crate::domain::time::Timestamp;

const META: u8 = 0;
const HEAD: u8 = 1;
const TIMER: u8 = 2;
const PIECE: u8 = 3;
const PROJECTION: u8 = 4;

const ANSWERED: u8 = b'k';
const ANSWERS: u8 = b'a';
const PURCHASES: u8 = b'p';
const LINES: u8 = b'l';
const FILTER: u8 = b'f';
const LAST_USE: u8 = b'u';

/// Where the checkpoint's mark is kept.
pub(super) fn mark() -> Vec<u8> {
    vec![META, b'm']
}

/// Where the cursor of the follower `name` is kept.
pub(super) fn cursor(name: &str) -> Vec<u8> {
    let mut key = vec![META, b'c'];
    key.extend(name.as_bytes());
    key
}

/// Whether a row is some follower's cursor.
pub(super) fn is_cursor(key: &[u8]) -> bool {
    key.starts_with(&[META, b'c'])
}

/// What all rows of the projection `name` begin with.
pub(super) fn projection_prefix(name: &str) -> Vec<u8> {
    let mut key = vec![PROJECTION];
    key.extend(name.as_bytes());
    // No name has this byte, so that no projection's rows lie among another's.
    key.push(0);
    key
}

/// Where the tally of a shard's head rows is kept.
pub(super) fn tally(shard: ShardId) -> Vec<u8> {
    let mut key = vec![META, b't'];
    key.extend(shard.0.to_be_bytes());
    key
}

/// What all head rows of a shard begin with.
pub(super) fn heads_prefix(shard: ShardId) -> Vec<u8> {
    let mut key = Vec::with_capacity(24);
    key.push(HEAD);
    key.extend(shard.0.to_be_bytes());
    key
}

/// An entity's head row.
pub(super) fn head(shard: ShardId, address: &Address) -> Vec<u8> {
    let mut key = heads_prefix(shard);
    key.extend(address.to_bytes());
    key
}

/// The shard in the key of a head row, or `None` for any other row.
pub(super) fn read_head(key: &[u8]) -> Option<ShardId> {
    let (tag, rest) = key.split_first()?;
    let shard = rest.first_chunk()?;
    (*tag == HEAD).then(|| ShardId(u16::from_be_bytes(*shard)))
}

fn piece(shard: ShardId, address: &Address, tag: u8) -> Vec<u8> {
    let mut key = Vec::with_capacity(40);
    key.push(PIECE);
    key.extend(shard.0.to_be_bytes());
    key.extend(address.to_bytes());
    key.push(tag);
    key
}

/// What all rows of answered requests begin with that left their entity's memory, and are traced by this layer of its filter.
pub(super) fn answers_of_layer(shard: ShardId, address: &Address, layer: usize) -> Vec<u8> {
    let mut row = piece(shard, address, ANSWERS);
    row.extend(u32::try_from(layer).unwrap_or(u32::MAX).to_be_bytes());
    row
}

/// What those rows of a layer begin with that were written together, at this sequence of the entity.
pub(super) fn answers_written(mut of_layer: Vec<u8>, seq: u64) -> Vec<u8> {
    of_layer.extend(seq.to_be_bytes());
    of_layer
}

/// Such a row, whose answers have this key or one after it.
pub(super) fn answers(mut written: Vec<u8>, first: &KeyHash) -> Vec<u8> {
    written.extend(first.0);
    written
}

/// The row of one answered request, as builds before these rows wrote it.
pub(super) fn answered(shard: ShardId, address: &Address, key: &KeyHash) -> Vec<u8> {
    let mut row = piece(shard, address, ANSWERED);
    row.extend(key.0);
    row
}

/// The row of a large layer of the filter of those keys.
pub(super) fn filter(shard: ShardId, address: &Address, layer: usize) -> Vec<u8> {
    let mut row = piece(shard, address, FILTER);
    row.extend(u32::try_from(layer).unwrap_or(u32::MAX).to_be_bytes());
    row
}

/// What all rows of an entity's older purchases begin with.
pub(super) fn purchases_prefix(shard: ShardId, address: &Address) -> Vec<u8> {
    piece(shard, address, PURCHASES)
}

/// The row of older purchases that begins with number `first`.
pub(super) fn purchases(shard: ShardId, address: &Address, first: u32) -> Vec<u8> {
    let mut row = purchases_prefix(shard, address);
    row.extend(first.to_be_bytes());
    row
}

/// What all rows of older lines of a wallet's journal begin with.
pub(super) fn lines_prefix(shard: ShardId, address: &Address) -> Vec<u8> {
    piece(shard, address, LINES)
}

/// The row of older lines that begins with number `first`.
pub(super) fn lines(shard: ShardId, address: &Address, first: u32) -> Vec<u8> {
    let mut row = lines_prefix(shard, address);
    row.extend(first.to_be_bytes());
    row
}

/// The row of an API key's last use.
pub(super) fn last_use(shard: ShardId, address: &Address) -> Vec<u8> {
    piece(shard, address, LAST_USE)
}

/// What all timer rows of a shard begin with.
pub(super) fn timers_prefix(shard: ShardId) -> Vec<u8> {
    let mut key = vec![TIMER];
    key.extend(shard.0.to_be_bytes());
    key
}

/// The row that says that an entity is due: in the order of time within its shard.
pub(super) fn timer(shard: ShardId, due: Timestamp, address: &Address) -> Vec<u8> {
    let mut key = timers_prefix(shard);
    // Flipping the sign bit makes the order of the bytes that of the numbers.
    key.extend((due.0 ^ i64::MIN).to_be_bytes());
    key.extend(address.to_bytes());
    key
}

/// The address in a timer row's key.
pub(super) fn read_timer(key: &[u8]) -> Option<Address> {
    let (_, rest) = key.split_first_chunk::<3>()?;
    let (_due, address) = rest.split_first_chunk::<8>()?;
    Address::from_bytes(address)
}

/// What all head rows begin with.
pub(super) fn all_heads_prefix() -> Vec<u8> {
    vec![HEAD]
}

/// What all rows of entities beside their heads begin with.
pub(super) fn pieces_prefix() -> Vec<u8> {
    vec![PIECE]
}

/// The address in the key of a head row.
pub(super) fn address_of_head(key: &[u8]) -> Option<Address> {
    Address::from_bytes(key.get(3..)?)
}

/// A key behind all head rows of the shard, tenant and mode of this one.
pub(super) fn after_world(head: &[u8]) -> Vec<u8> {
    // Tag and shard, tenant, mode; then no kind has this number.
    let world = head.len().min(12);
    let mut key = head.get(..world).unwrap_or_default().to_vec();
    key.push(u8::MAX);
    key
}

/// The address of the contact whose older purchases a piece holds, or `None` for other pieces.
pub(super) fn read_purchases(key: &[u8]) -> Option<Address> {
    let (_, rest) = key.split_first_chunk::<3>()?;
    let (address, rest) = rest.split_at_checked(18)?;
    rest.starts_with(&[PURCHASES]).then_some(())?;
    Address::from_bytes(address)
}
