//! Rows that can be read as a whole, as they were at one moment, while they go on being written.
//!
//! The store has no snapshots of its own. So while one is read, in the order of keys, whoever writes a row that was not read yet keeps
//! what was there first. A row that was read, or was kept already, costs nothing more.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};

use super::{Error, Keyed, Row, Rows, Write};
use crate::limits;

/// Rows around others, of which one snapshot at a time may be read. Nobody may write the others past them.
pub struct SnapshotRows {
    inner: Arc<dyn Rows>,
    /// While a snapshot is read.
    kept: Mutex<Option<Kept>>,
    /// Something that was kept was read, or the snapshot is over.
    freed: Condvar,
    /// How many bytes may be kept before checkpoints wait.
    bytes_max: usize,
}

/// What a snapshot will read otherwise than it is stored.
#[derive(Default)]
struct Kept {
    /// Everything up to here was read.
    read_to: Option<Vec<u8>>,
    /// All was read: nothing more need be kept.
    is_over: bool,
    /// What was there before, of the keys beyond that were written since; `None` where nothing was.
    before: BTreeMap<Vec<u8>, Option<Row>>,
    /// What that takes, about.
    bytes: usize,
}

/// What an entry of the map takes beside its key and its row: two vectors and a sequence, and the map's own share.
const ENTRY_BYTES: usize = 96;

fn bytes_of(key: &[u8], row: Option<&Row>) -> usize {
    let payload = row.map_or(0, |row| row.payload.len());
    ENTRY_BYTES
        .saturating_add(key.len())
        .saturating_add(payload)
}

fn has_room(kept: Option<&Kept>, bytes_max: usize) -> bool {
    kept.is_none_or(|kept| kept.bytes < bytes_max)
}

impl Kept {
    fn is_read(&self, key: &[u8]) -> bool {
        self.is_over || self.read_to.as_deref().is_some_and(|to| key <= to)
    }

    /// Keeps what is under `key` before it is written for the first time.
    fn keep(&mut self, key: &[u8], inner: &dyn Rows) -> Result<(), Error> {
        if self.is_read(key) || self.before.contains_key(key) {
            return Ok(());
        }
        let row = inner.get(key)?;
        self.bytes = self.bytes.saturating_add(bytes_of(key, row.as_ref()));
        self.before.insert(key.to_vec(), row);
        Ok(())
    }

    /// Takes the stored rows from where reading was, `max_rows` unless they are the last: as they were when the snapshot began.
    fn read(&mut self, page: Vec<Keyed>, max_rows: usize) -> Vec<Keyed> {
        let to = page.last().map(|(key, _)| key.clone());
        let mut kept = std::mem::take(&mut self.before);
        if page.len() < max_rows {
            self.is_over = true;
        } else if let Some(to) = to {
            self.before = kept.split_off(&to);
            kept.extend(self.before.remove_entry(&to));
            self.read_to = Some(to);
        }
        for (key, row) in &kept {
            self.bytes = self.bytes.saturating_sub(bytes_of(key, row.as_ref()));
        }
        let stored = page.into_iter().map(|(key, row)| (key, Some(row)));
        let mut rows: BTreeMap<_, _> = stored.collect();
        rows.extend(kept);
        rows.into_iter()
            .filter_map(|(key, row)| Some((key, row?)))
            .collect()
    }
}

impl SnapshotRows {
    /// Around `inner`.
    #[must_use]
    pub fn new(inner: Arc<dyn Rows>) -> SnapshotRows {
        SnapshotRows::keeping(inner, limits::SNAPSHOT_KEPT_BYTES_MAX)
    }

    fn keeping(inner: Arc<dyn Rows>, bytes_max: usize) -> SnapshotRows {
        SnapshotRows {
            inner,
            kept: Mutex::new(None),
            freed: Condvar::new(),
            bytes_max,
        }
    }

    /// The rows as they are now. Waits while another snapshot is read.
    #[must_use]
    pub fn snapshot(self: &Arc<Self>) -> RowsSnapshot {
        let mut kept = self.kept.lock();
        self.freed.wait_while(&mut kept, |kept| kept.is_some());
        *kept = Some(Kept::default());
        RowsSnapshot {
            rows: Arc::clone(self),
        }
    }

    /// Waits while a snapshot has had so much kept that memory matters more than how long a checkpoint takes. Called by a checkpoint
    /// between its writes, and by nobody on whom a request waits.
    pub fn wait_for_room(&self) {
        let is_full = |kept: &mut Option<Kept>| !has_room(kept.as_ref(), self.bytes_max);
        let mut kept = self.kept.lock();
        self.freed.wait_while(&mut kept, is_full);
    }
}

/// The rows as they were when it was made. While it is there, what is written costs a read more.
pub struct RowsSnapshot {
    rows: Arc<SnapshotRows>,
}

impl RowsSnapshot {
    /// The next rows in the order of keys, about `max_rows`; `None` at the end.
    ///
    /// # Errors
    /// As [`Rows::scan`].
    pub fn next_page(&mut self, max_rows: usize) -> Result<Option<Vec<Keyed>>, Error> {
        let mut kept = self.rows.kept.lock();
        let Some(kept) = kept.as_mut().filter(|kept| !kept.is_over) else {
            return Ok(None);
        };
        let page = self
            .rows
            .inner
            .scan(&[], kept.read_to.as_deref(), max_rows)?;
        let page = kept.read(page, max_rows);
        self.rows.freed.notify_all();
        Ok(Some(page))
    }
}

impl Drop for RowsSnapshot {
    fn drop(&mut self) {
        *self.rows.kept.lock() = None;
        self.rows.freed.notify_all();
    }
}

impl Rows for SnapshotRows {
    fn may_block(&self) -> bool {
        self.inner.may_block()
    }

    fn get(&self, key: &[u8]) -> Result<Option<Row>, Error> {
        self.inner.get(key)
    }

    fn last_at_most(&self, prefix: &[u8], key: &[u8]) -> Result<Option<Keyed>, Error> {
        self.inner.last_at_most(prefix, key)
    }

    fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        max_rows: usize,
    ) -> Result<Vec<Keyed>, Error> {
        self.inner.scan(prefix, after, max_rows)
    }

    fn write(&self, writes: Vec<Write>) -> Result<(), Error> {
        // Held until it is written, or the snapshot would read what is not kept yet. Writers are few: checkpoints, and followers.
        let mut kept = self.kept.lock();
        if let Some(kept) = &mut *kept {
            for write in &writes {
                let (Write::Put { key, .. } | Write::Delete { key }) = write;
                kept.keep(key, &*self.inner)?;
            }
        }
        self.inner.write(writes)
    }

    fn sync(&self) -> Result<(), Error> {
        self.inner.sync()
    }
}

#[cfg(test)]
mod tests;
