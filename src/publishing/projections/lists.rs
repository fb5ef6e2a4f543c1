//! The lists' ends in memory: what is in no row yet, and the last blocks of lists that grow.

use std::collections::HashMap;
use std::sync::Arc;

use super::blocks::{self, BLOCK, Keys, LastBlock};
use super::{Line, ListKey};
use crate::limits::{LIST_BLOCK_ENTRIES, LIST_ENTRIES_KEPT_MAX};
use crate::persistence::codec;
use crate::persistence::listing::Entry;
use crate::persistence::rows::{Rows, Write};
use crate::persistence::store;

/// What a list takes in memory beside its entries, in entries.
const LIST_IN_ENTRIES: usize = 8;

/// A full block that is in no row yet.
#[derive(Clone)]
struct Full {
    first: u64,
    entries: Arc<Vec<Entry>>,
    /// The rows that its parts have.
    rows: Vec<u64>,
}

/// The end of one list.
struct End {
    full: Vec<Full>,
    last: LastBlock,
    /// How many entries of the last block are in rows.
    written: usize,
}

impl End {
    fn is_written(&self) -> bool {
        self.full.is_empty() && self.written == self.last.entries.len()
    }

    fn weight(&self) -> usize {
        let full = self.full.len().saturating_mul(LIST_BLOCK_ENTRIES);
        full.saturating_add(self.last.entries.len())
            .saturating_add(LIST_IN_ENTRIES)
    }

    fn push(&mut self, entry: Entry) {
        self.last.entries.push(entry);
        if self.last.entries.len() < LIST_BLOCK_ENTRIES {
            return;
        }
        let next = LastBlock {
            first: self.last.first.saturating_add(BLOCK),
            entries: Vec::new(),
            rows: Vec::new(),
        };
        let full = std::mem::replace(&mut self.last, next);
        self.written = 0;
        self.full.push(Full {
            first: full.first,
            entries: Arc::new(full.entries),
            rows: full.rows,
        });
    }
}

/// What a reader needs of a list beside its rows, as of one moment.
pub(super) struct Snapshot {
    full: Vec<Full>,
    last: Vec<Entry>,
    /// The first ordinal of the last block.
    last_first: u64,
}

impl Snapshot {
    /// How many entries the list has.
    pub(super) fn count(&self) -> u64 {
        let last = u64::try_from(self.last.len()).unwrap_or(u64::MAX);
        self.last_first.saturating_add(last)
    }

    /// The first ordinal of the last block.
    pub(super) fn last_first(&self) -> u64 {
        self.last_first
    }

    /// The block that begins with ordinal `first`, if it is in memory.
    pub(super) fn block(&self, first: u64) -> Option<&[Entry]> {
        if first == self.last_first {
            return Some(&self.last);
        }
        let full = self.full.iter().find(|full| full.first == first)?;
        Some(&full.entries)
    }

    /// The first ordinals of the full blocks that are in no row.
    pub(super) fn unwritten(&self) -> impl Iterator<Item = u64> {
        self.full.iter().map(|full| full.first)
    }
}

/// All lists of a projection.
pub(super) struct Lists {
    rows: Arc<dyn Rows>,
    keys: Keys,
    ends: HashMap<ListKey, End>,
    /// How many entries are in no row yet.
    unwritten: usize,
    /// What the ends in memory weigh.
    weight: usize,
}

impl Lists {
    pub(super) fn new(rows: Arc<dyn Rows>, keys: Keys) -> Lists {
        Lists {
            rows,
            keys,
            ends: HashMap::new(),
            unwritten: 0,
            weight: 0,
        }
    }

    /// Forgets what is in memory.
    pub(super) fn clear(&mut self) {
        self.ends.clear();
        self.unwritten = 0;
        self.weight = 0;
    }

    /// How many entries are in no row yet.
    pub(super) fn unwritten(&self) -> usize {
        self.unwritten
    }

    /// Adds all of `lines`, or none after an error.
    pub(super) fn add(&mut self, lines: &[Line]) -> Result<(), store::Error> {
        for line in lines {
            self.load(&line.list)?;
        }
        for line in lines {
            if let Some(end) = self.ends.get_mut(&line.list) {
                end.push(line.entry);
                self.unwritten = self.unwritten.saturating_add(1);
                self.weight = self.weight.saturating_add(1);
            }
        }
        Ok(())
    }

    fn load(&mut self, list: &ListKey) -> Result<(), store::Error> {
        if self.ends.contains_key(list) {
            return Ok(());
        }
        let last = blocks::read_last(&*self.rows, &self.keys, list)?;
        let end = End {
            full: Vec::new(),
            written: last.entries.len(),
            last,
        };
        self.weight = self.weight.saturating_add(end.weight());
        self.ends.insert(*list, end);
        Ok(())
    }

    /// Forgets the ends that rows hold as well, if all weigh too much. Not between the two steps of `add`.
    pub(super) fn shrink(&mut self) {
        if self.weight <= LIST_ENTRIES_KEPT_MAX {
            return;
        }
        self.ends.retain(|_, end| !end.is_written());
        self.weight = self.ends.values().map(End::weight).sum();
    }

    /// The writes that bring the rows up to what is in memory.
    pub(super) fn writes(&self) -> Vec<Write> {
        let mut writes = Vec::new();
        for (list, end) in &self.ends {
            for full in &end.full {
                let Full {
                    first,
                    entries,
                    rows,
                } = full;
                writes.extend(blocks::full_writes(&self.keys, list, *first, entries, rows));
            }
            let new = end.last.entries.get(end.written..).unwrap_or_default();
            if !new.is_empty() {
                let key = self.keys.entries(list, end.first_unwritten());
                writes.push(blocks::put(key, codec::encode_entries(&new.to_vec())));
            }
        }
        writes
    }

    /// The writes are made.
    pub(super) fn written(&mut self) {
        for end in self.ends.values_mut() {
            end.full.clear();
            if end.written < end.last.entries.len() {
                let part = end.first_unwritten();
                end.last.rows.push(part);
                end.written = end.last.entries.len();
            }
        }
        self.unwritten = 0;
        self.weight = self.ends.values().map(End::weight).sum();
        self.shrink();
    }

    /// What a reader needs of `list`.
    pub(super) fn snapshot(&mut self, list: &ListKey) -> Result<Snapshot, store::Error> {
        self.load(list)?;
        let end = self.ends.get(list);
        let snapshot = Snapshot {
            full: end.map(|end| end.full.clone()).unwrap_or_default(),
            last: end.map(|end| end.last.entries.clone()).unwrap_or_default(),
            last_first: end.map_or(0, |end| end.last.first),
        };
        self.shrink();
        Ok(snapshot)
    }
}

impl End {
    /// The ordinal of the first entry of the last block that is in no row.
    fn first_unwritten(&self) -> u64 {
        let written = u64::try_from(self.written).unwrap_or(u64::MAX);
        self.last.first.saturating_add(written)
    }
}
