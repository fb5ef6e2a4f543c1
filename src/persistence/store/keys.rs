//! The keys of rows. All rows of an entity lie together, and all entities of a shard.

use clientele_cluster::ShardId;

use crate::domain::address::Address;
use crate::domain::remembered::KeyHash;
use crate::domain::time::Timestamp;

const META: u8 = 0;
const ENTITY: u8 = 1;
const TIMER: u8 = 2;
const PROJECTION: u8 = 3;

const HEAD: u8 = b'h';
const ANSWERED: u8 = b'k';
const PURCHASES: u8 = b'p';
const FILTER: u8 = b'f';

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

fn entity(shard: ShardId, address: &Address, tag: u8) -> Vec<u8> {
    let mut key = Vec::with_capacity(40);
    key.push(ENTITY);
    key.extend(shard.0.to_be_bytes());
    key.extend(address.to_bytes());
    key.push(tag);
    key
}

/// An entity's head row.
pub(super) fn head(shard: ShardId, address: &Address) -> Vec<u8> {
    entity(shard, address, HEAD)
}

/// The row of one answered request that left its entity's memory.
pub(super) fn answered(shard: ShardId, address: &Address, key: &KeyHash) -> Vec<u8> {
    let mut row = entity(shard, address, ANSWERED);
    row.extend(key.0);
    row
}

/// The row of a large layer of the filter of those keys.
pub(super) fn filter(shard: ShardId, address: &Address, layer: usize) -> Vec<u8> {
    let mut row = entity(shard, address, FILTER);
    row.extend(u32::try_from(layer).unwrap_or(u32::MAX).to_be_bytes());
    row
}

/// What all rows of an entity's older purchases begin with.
pub(super) fn purchases_prefix(shard: ShardId, address: &Address) -> Vec<u8> {
    entity(shard, address, PURCHASES)
}

/// The row of older purchases that begins with number `first`.
pub(super) fn purchases(shard: ShardId, address: &Address, first: u32) -> Vec<u8> {
    let mut row = purchases_prefix(shard, address);
    row.extend(first.to_be_bytes());
    row
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

/// The due time and address in a timer row's key.
pub(super) fn read_timer(key: &[u8]) -> Option<(Timestamp, Address)> {
    let (_, rest) = key.split_first_chunk::<3>()?;
    let (due, address) = rest.split_first_chunk::<8>()?;
    Some((
        Timestamp(i64::from_be_bytes(*due) ^ i64::MIN),
        Address::from_bytes(address)?,
    ))
}

/// What all rows of entities begin with.
pub(super) fn entities_prefix() -> Vec<u8> {
    vec![ENTITY]
}

/// The address of the contact whose older purchases a row holds, or `None` for other rows.
pub(super) fn read_purchases(key: &[u8]) -> Option<Address> {
    let (_, rest) = key.split_first_chunk::<3>()?;
    let (address, rest) = rest.split_at_checked(18)?;
    rest.starts_with(&[PURCHASES]).then_some(())?;
    Address::from_bytes(address)
}

/// The shard and address of an entity's head row, or `None` for its other rows.
pub(super) fn read_head(key: &[u8]) -> Option<(ShardId, Address)> {
    let (_, rest) = key.split_first()?;
    let (shard, rest) = rest.split_first_chunk::<2>()?;
    let (address, tag) = rest.split_at_checked(18)?;
    (tag == [HEAD]).then_some(())?;
    Some((
        ShardId(u16::from_be_bytes(*shard)),
        Address::from_bytes(address)?,
    ))
}
