//! Choosing from a list: newest first, by ordinal where nothing is left out, by blocks where something is.

use std::collections::BTreeSet;

use super::ListKey;
use super::blocks::{self, BLOCK, Keys};
use super::lists::Snapshot;
use crate::domain::time::Timestamp;
use crate::limits::{LIST_BLOCKS_LOOKED_INTO_MAX, LIST_TIMES_LOOKED_AT_MAX};
use crate::persistence::codec;
use crate::persistence::listing::{Entry, Times};
use crate::persistence::rows::Rows;
use crate::persistence::store;

/// How many rows of times are read at a time.
const TIMES_A_PAGE: usize = 1_000;

/// What to choose.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Not before.
    pub from: Option<Timestamp>,
    /// Not after.
    pub to: Option<Timestamp>,
    /// Of this class only.
    pub class: Option<u64>,
    /// At these organisations only, by number.
    pub organisations: Option<BTreeSet<u64>>,
    /// How many of those that fit to pass over, from the newest.
    pub skip: u64,
    /// How many to give at most.
    pub take: usize,
    /// Whether to count all that fit.
    pub count: bool,
}

impl Selection {
    fn is_all(&self) -> bool {
        self.is_any_time() && self.class.is_none() && self.organisations.is_none()
    }

    fn is_any_time(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }

    fn fits(&self, entry: &Entry) -> bool {
        self.from.is_none_or(|from| entry.at >= from)
            && self.to.is_none_or(|to| entry.at <= to)
            && self.class.is_none_or(|class| entry.class == class)
            && self
                .organisations
                .as_ref()
                .is_none_or(|those| those.contains(&entry.organisation))
    }

    /// Whether a block of these times may hold what fits.
    fn may_be_in(&self, times: Times) -> bool {
        self.from.is_none_or(|from| times.last >= from)
            && self.to.is_none_or(|to| times.first <= to)
    }
}

/// What was chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// Newest first.
    pub entries: Vec<Entry>,
    /// Whether more fit.
    pub has_more: bool,
    /// How many fit in all, if that was asked.
    pub total: Option<u64>,
}

/// Why nothing was chosen.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// More had to be looked at than one request may; dates that are closer together help.
    #[error("too few of the newest entries fit")]
    TooBroad,
    /// The rows cannot be read.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// A list as of one moment, to choose from.
pub(super) struct Reader<'a> {
    pub(super) rows: &'a dyn Rows,
    pub(super) keys: &'a Keys,
    pub(super) list: ListKey,
    pub(super) snapshot: Snapshot,
}

impl Reader<'_> {
    pub(super) fn select(&self, selection: &Selection) -> Result<Listed, Refused> {
        if selection.is_all() {
            self.by_ordinal(selection)
        } else {
            self.by_looking(selection)
        }
    }

    fn with_block<T>(
        &self,
        first: u64,
        read: impl FnOnce(&[Entry]) -> T,
    ) -> Result<T, store::Error> {
        match self.snapshot.block(first) {
            Some(entries) => Ok(read(entries)),
            None => blocks::read_full(self.rows, self.keys, &self.list, first)
                .map(|entries| read(&entries)),
        }
    }

    fn by_ordinal(&self, selection: &Selection) -> Result<Listed, Refused> {
        let count = self.snapshot.count();
        let take = u64::try_from(selection.take).unwrap_or(u64::MAX);
        // The ordinals of the page lie below `end`, and not below `begin`.
        let end = count.saturating_sub(selection.skip);
        let begin = end.saturating_sub(take);
        let mut entries = Vec::with_capacity(selection.take);
        let mut at = end;
        while at > begin {
            let first = at.saturating_sub(1) / BLOCK * BLOCK;
            self.with_block(first, |block| {
                let within = |ordinal: u64| {
                    usize::try_from(ordinal.saturating_sub(first)).unwrap_or(usize::MAX)
                };
                let page = block.get(within(begin.max(first))..within(at));
                entries.extend(page.unwrap_or_default().iter().rev());
            })?;
            at = first;
        }
        Ok(Listed {
            entries,
            has_more: begin > 0,
            total: selection.count.then_some(count),
        })
    }

    fn by_looking(&self, selection: &Selection) -> Result<Listed, Refused> {
        let mut listed = Listed::default();
        let mut fitting = 0_u64;
        let mut looked_into = 0_usize;
        let mut at = self.snapshot.last_first().checked_add(BLOCK);
        let mut within_dates = if selection.is_any_time() {
            None
        } else {
            Some(self.blocks_within(selection)?)
        };
        loop {
            // The next block, from the newest.
            let first = match &mut within_dates {
                Some(blocks) => blocks.pop_last(),
                None => at.and_then(|at| at.checked_sub(BLOCK)),
            };
            let Some(first) = first else {
                break;
            };
            at = Some(first);
            if looked_into == LIST_BLOCKS_LOOKED_INTO_MAX {
                return Err(Refused::TooBroad);
            }
            looked_into = looked_into.saturating_add(1);
            self.with_block(first, |block| {
                for entry in block.iter().rev().filter(|entry| selection.fits(entry)) {
                    if fitting >= selection.skip {
                        if listed.entries.len() < selection.take {
                            listed.entries.push(*entry);
                        } else {
                            listed.has_more = true;
                        }
                    }
                    fitting = fitting.saturating_add(1);
                }
            })?;
            if listed.has_more && !selection.count {
                break;
            }
        }
        listed.total = selection.count.then_some(fitting);
        Ok(listed)
    }

    /// The first ordinals of the blocks that may hold what lies within the selection's dates.
    fn blocks_within(&self, selection: &Selection) -> Result<BTreeSet<u64>, Refused> {
        let mut found: BTreeSet<u64> = self.snapshot.unwritten().collect();
        found.insert(self.snapshot.last_first());
        let prefix = self.keys.times_prefix(&self.list);
        let mut after: Option<Vec<u8>> = None;
        let mut looked_at = 0_usize;
        loop {
            let page = self
                .rows
                .scan(&prefix, after.as_deref(), TIMES_A_PAGE)
                .map_err(store::Error::from)?;
            looked_at = looked_at.saturating_add(page.len());
            if looked_at > LIST_TIMES_LOOKED_AT_MAX {
                return Err(Refused::TooBroad);
            }
            for (key, row) in &page {
                let times = codec::decode_times(&row.payload).map_err(store::Error::from)?;
                let first = blocks::ordinal(key);
                // Blocks that became full since the snapshot hold nothing that it has.
                let is_known = first.is_some_and(|first| first < self.snapshot.last_first());
                if is_known && selection.may_be_in(times) {
                    found.extend(first);
                }
            }
            match page.last() {
                Some((key, _)) if page.len() == TIMES_A_PAGE => after = Some(key.clone()),
                Some(_) | None => return Ok(found),
            }
        }
    }
}
