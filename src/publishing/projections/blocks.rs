//! How lists lie in rows. A list is cut into blocks of [`LIST_BLOCK_ENTRIES`] entries by their ordinal, counted from 0.
//!
//! A full block is one row under its first ordinal, beside a small row with its times. Of the last block each write adds
//! a row with the entries that are new, so that an entry is written twice at most: alone, and when its block is full.

use super::ListKey;
use crate::limits::LIST_BLOCK_ENTRIES;
use crate::persistence::codec;
use crate::persistence::listing::{Entry, Times};
use crate::persistence::rows::{self, Row, Rows, Write};
use crate::persistence::store;

const ENTRIES: u8 = b'e';
const TIMES: u8 = b't';
const PARENT: u8 = b'o';
const SORTED: u8 = b's';

/// Entries in a block, as ordinals are counted.
pub(super) const BLOCK: u64 = LIST_BLOCK_ENTRIES as u64;

/// The keys of one projection's rows.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    prefix: Vec<u8>,
}

impl Keys {
    pub(super) fn of(name: &str) -> Keys {
        let prefix = store::projection_prefix(name);
        Keys { prefix }
    }

    /// What all of them begin with.
    pub(super) fn all(&self) -> &[u8] {
        &self.prefix
    }

    fn begin(&self, tag: u8) -> Vec<u8> {
        let mut key = Vec::with_capacity(64);
        key.extend(&self.prefix);
        key.push(tag);
        key
    }

    fn of_list(&self, tag: u8, list: &ListKey) -> Vec<u8> {
        let mut key = self.begin(tag);
        key.extend(list.tenant.0.to_be_bytes());
        key.push(list.mode.number());
        key.push(u8::from(list.organisation.is_some()));
        key.extend(list.organisation.unwrap_or_default().to_be_bytes());
        key
    }

    /// What the rows of a list's entries begin with.
    fn entries_prefix(&self, list: &ListKey) -> Vec<u8> {
        self.of_list(ENTRIES, list)
    }

    /// The row of entries that begins with this ordinal.
    pub(super) fn entries(&self, list: &ListKey, first: u64) -> Vec<u8> {
        let mut key = self.entries_prefix(list);
        key.extend(first.to_be_bytes());
        key
    }

    /// What the rows of the times of a list's full blocks begin with.
    pub(super) fn times_prefix(&self, list: &ListKey) -> Vec<u8> {
        self.of_list(TIMES, list)
    }

    /// The row of the times of the full block that begins with this ordinal.
    pub(super) fn times(&self, list: &ListKey, first: u64) -> Vec<u8> {
        let mut key = self.times_prefix(list);
        key.extend(first.to_be_bytes());
        key
    }

    /// The row that says what is above an organisation.
    pub(super) fn parent(&self, tenant: u64, organisation: u64) -> Vec<u8> {
        let mut key = self.begin(PARENT);
        key.extend(tenant.to_be_bytes());
        key.extend(organisation.to_be_bytes());
        key
    }

    /// What the rows begin with in which a projection that is built anew sorts its lines.
    pub(super) fn sorted_prefix(&self) -> Vec<u8> {
        self.begin(SORTED)
    }
}

/// The ordinal at the end of a key.
pub(super) fn ordinal(key: &[u8]) -> Option<u64> {
    key.last_chunk::<8>()
        .map(|bytes| u64::from_be_bytes(*bytes))
}

/// A row of a projection: its order is its key's, so it needs no sequence.
pub(super) fn put(key: Vec<u8>, payload: Vec<u8>) -> Write {
    Write::Put {
        key,
        row: Row {
            entity_seq: 0,
            payload,
        },
    }
}

/// The last block of a list: its first ordinal, its entries, and the first ordinals of its rows.
pub(super) struct LastBlock {
    pub(super) first: u64,
    pub(super) entries: Vec<Entry>,
    pub(super) rows: Vec<u64>,
}

/// Reads where a list ends.
pub(super) fn read_last(
    rows: &dyn Rows,
    keys: &Keys,
    list: &ListKey,
) -> Result<LastBlock, store::Error> {
    let prefix = keys.entries_prefix(list);
    let newest = rows.last_at_most(&prefix, &keys.entries(list, u64::MAX))?;
    let Some(ordinal_of_newest) = newest.as_ref().and_then(|(key, _)| ordinal(key)) else {
        return Ok(LastBlock {
            first: 0,
            entries: Vec::new(),
            rows: Vec::new(),
        });
    };
    let first = ordinal_of_newest.saturating_sub(ordinal_of_newest % BLOCK);
    let before = first
        .checked_sub(1)
        .map(|ordinal| keys.entries(list, ordinal));
    let mut last = LastBlock {
        first,
        entries: Vec::new(),
        rows: Vec::new(),
    };
    for (key, row) in rows.scan(&prefix, before.as_deref(), LIST_BLOCK_ENTRIES)? {
        last.rows.extend(ordinal(&key));
        last.entries.extend(codec::decode_entries(&row.payload)?);
    }
    if last.entries.len() >= LIST_BLOCK_ENTRIES {
        return Ok(LastBlock {
            first: first.saturating_add(BLOCK),
            entries: Vec::new(),
            rows: Vec::new(),
        });
    }
    Ok(last)
}

/// Reads the full block that begins with ordinal `first`.
pub(super) fn read_full(
    rows: &dyn Rows,
    keys: &Keys,
    list: &ListKey,
    first: u64,
) -> Result<Vec<Entry>, store::Error> {
    let key = keys.entries(list, first);
    match rows.get(&key)? {
        Some(row) => Ok(codec::decode_entries(&row.payload)?),
        None => Err(store::Error::Rows(rows::Error::Damaged {
            key: data_encoding::HEXLOWER.encode(&key),
            detail: "a full block of a list is missing".to_owned(),
        })),
    }
}

/// The writes of a block that has just become full: `rows` are those that its parts have so far.
pub(super) fn full_writes(
    keys: &Keys,
    list: &ListKey,
    first: u64,
    entries: &Vec<Entry>,
    rows: &[u64],
) -> Vec<Write> {
    let parts = rows.iter().filter(|part| **part != first);
    let mut writes: Vec<Write> = parts
        .map(|part| Write::Delete {
            key: keys.entries(list, *part),
        })
        .collect();
    writes.push(put(
        keys.entries(list, first),
        codec::encode_entries(entries),
    ));
    writes.extend(
        Times::of(entries).map(|times| put(keys.times(list, first), codec::encode_times(&times))),
    );
    writes
}
