//! Rows in sled 0.34.7, with the syncs that sled leaves out.
//!
//! On Linux sled's `flush` calls `sync_file_range`, which leaves the disk's cache and the file's metadata alone: what
//! it reports as flushed can be lost in a power cut. So [`SledRows::sync`] syncs by itself, in this order: sled's
//! flush (which writes), new blob files and their directory (sled never syncs those), then `<directory>/db`.
//!
//! sled recovers from a damaged log by cutting it at the damage, silently. So every sync counts a generation, inside
//! sled and, once that is durable, in the file `synced` beside it: a start that finds less in sled than was synced
//! refuses, instead of serving an older state. Rows carry checksums of their own (`frame.rs`).
//!
//! *What it cannot notice:* a damaged message in an older segment of the log that sled wrote since it was opened. sled
//! takes such a segment for one that was being reused, drops the rest of it and goes on with the next, so rows come back
//! as they were before, with sound checksums, and the newest generation is there. With a sync every hundred writes, 9
//! of 62 flipped bytes ended so; in the newest segment, and behind sled's snapshot, none did. Whoever activates an entity
//! must therefore hold its rows against the journal's sequence where it can, and the rest waits for checksums of whole
//! segments (docs/decisions/0004).
//!
//! `flush_every_ms` is off: sled's background thread logs a failed sync and goes on. Some space is still reclaimed, since
//! sled 0.34.7 rewrites a page of a mostly dead segment with each page that it replaces. `Mode` is left alone:
//! 0.34.7 stores it and never reads it.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::generation::Synced;
use super::{Error, Keyed, Row, Rows, Write, frame, range};
use crate::limits::{LOCK_RETRY_MS, LOCK_WAIT_MS, ROWS_CACHE_BYTES};
use crate::persistence::durable;

/// The tree that holds the generation, apart from the rows.
const SYNCED_TREE: &[u8] = b"synced";
/// The one key in it.
const GENERATION_KEY: &[u8] = b"generation";

/// What a store is opened with.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many bytes sled may keep in memory. Hot entities live in actors, so this serves activation only.
    pub cache_bytes: u64,
    /// How long to wait for another holder of the directory to let go of it.
    pub lock_wait: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cache_bytes: ROWS_CACHE_BYTES,
            lock_wait: Duration::from_millis(LOCK_WAIT_MS),
        }
    }
}

/// An ordered store of rows in a directory of its own.
pub struct SledRows {
    database: sled::Db,
    synced_tree: sled::Tree,
    directory: PathBuf,
    sync_state: Mutex<SyncState>,
    /// Set by a failed sync or flush: which writes are durable is unknown from then on, so nothing more is accepted.
    failed: AtomicBool,
}

struct SyncState {
    /// A descriptor of our own on sled's data file: the system reports a failed write-back once to each.
    data: File,
    synced: Synced,
    generation: u64,
    blobs_synced: HashSet<OsString>,
}

impl SledRows {
    /// Opens the store in `directory`, or creates it there, with the default [`Options`].
    ///
    /// # Errors
    /// As [`SledRows::open_with`].
    pub fn open(directory: &Path) -> Result<Self, Error> {
        Self::open_with(directory, &Options::default())
    }

    /// Opens the store in `directory`, or creates it there; every file and name is durable when it returns.
    ///
    /// # Errors
    /// [`Error::Store`] if another process holds the directory for longer than the wait, if a file is missing or
    /// damaged, or if sled holds less than was synced. The message says what to do.
    pub fn open_with(directory: &Path, options: &Options) -> Result<Self, Error> {
        let opening = |error: io::Error| cannot("open", directory, &error.to_string());
        durable::create_directory(directory).map_err(opening)?;
        let synced = Synced::open(directory)?;
        let data_path = directory.join("db");
        if synced.generation().is_some() && !data_path.exists() {
            return Err(lost(directory, "its file `db` is missing"));
        }
        let database = open_database(directory, options)?;
        let data = durable::open_file(&data_path).map_err(opening)?;
        sync_layout(directory, &data).map_err(opening)?;
        let synced_tree = database
            .open_tree(SYNCED_TREE)
            .map_err(|error| cannot("open", directory, &error.to_string()))?;
        let generation = stored_generation(&synced_tree, directory)?;
        // The first sync writes generation 1 to sled and then the file; a crash between the two leaves no file.
        match synced.generation() {
            Some(reached) if generation < reached => {
                return Err(lost(
                    directory,
                    &format!("it holds generation {generation}, but {reached} was synced"),
                ));
            }
            None if generation > 1 => {
                return Err(lost(directory, "its file `synced` is missing"));
            }
            Some(_) | None => {}
        }
        let rows = Self {
            database,
            synced_tree,
            directory: directory.to_owned(),
            sync_state: Mutex::new(SyncState {
                data,
                synced,
                generation,
                blobs_synced: HashSet::new(),
            }),
            failed: AtomicBool::new(false),
        };
        rows.sync()?;
        Ok(rows)
    }

    /// The bytes that the store takes on the disk.
    ///
    /// # Errors
    /// [`Error::Store`] if the directory cannot be read.
    pub fn bytes_on_disk(&self) -> Result<u64, Error> {
        self.database
            .size_on_disk()
            .map_err(|error| cannot("measure", &self.directory, &error.to_string()))
    }

    fn refuse_after_failure(&self, action: &'static str) -> Result<(), Error> {
        if self.failed.load(Ordering::Acquire) {
            return Err(cannot(
                action,
                &self.directory,
                "an earlier sync failed; restart the node, and it recovers from the journal",
            ));
        }
        Ok(())
    }

    /// Runs `work` on sled, which asserts on some damage instead of returning it.
    fn guarded<T>(
        &self,
        action: &'static str,
        work: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        // Nothing of ours is changed by it, and sled is not written to again.
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or_else(|_panic| {
            self.failed.store(true, Ordering::Release);
            let detail = remedy(&self.directory, "the store found itself damaged");
            Err(Error::Store { action, detail })
        })
    }

    fn try_sync(&self, state: &mut SyncState) -> Result<(), Error> {
        let failing = |error: io::Error| cannot("sync", &self.directory, &error.to_string());
        let of_sled = |error: sled::Error| cannot("sync", &self.directory, &error.to_string());
        let generation = state.generation.saturating_add(1);
        self.synced_tree
            .insert(GENERATION_KEY, &generation.to_le_bytes())
            .map_err(of_sled)?;
        self.database.flush().map_err(of_sled)?;
        sync_new_blobs(&self.directory.join("blobs"), &mut state.blobs_synced).map_err(failing)?;
        state.data.sync_data().map_err(failing)?;
        state.synced.record(generation).map_err(failing)?;
        state.generation = generation;
        Ok(())
    }

    /// The error for what sled could not read: its own checksums found damage, or the system refused.
    fn unreadable(&self, key: &[u8], error: &sled::Error) -> Error {
        match error {
            sled::Error::Corruption { .. } => Error::Damaged {
                key: frame::hex(key),
                detail: format!(
                    "{error}; {}",
                    remedy(&self.directory, "the store's own checksum is wrong")
                ),
            },
            sled::Error::CollectionNotFound(_)
            | sled::Error::Unsupported(_)
            | sled::Error::ReportableBug(_)
            | sled::Error::Io(_) => cannot("read", &self.directory, &error.to_string()),
        }
    }

    fn keyed(
        &self,
        key: &[u8],
        found: sled::Result<(sled::IVec, sled::IVec)>,
    ) -> Result<Keyed, Error> {
        let (key, framed) = found.map_err(|error| self.unreadable(key, &error))?;
        let row = frame::decode(&key, &framed)?;
        Ok((key.to_vec(), row))
    }
}

impl Rows for SledRows {
    fn may_block(&self) -> bool {
        true
    }

    fn get(&self, key: &[u8]) -> Result<Option<Row>, Error> {
        self.guarded("read", || {
            let found = self.database.get(key);
            let found = found.map_err(|error| self.unreadable(key, &error))?;
            found.map(|framed| frame::decode(key, &framed)).transpose()
        })
    }

    fn last_at_most(&self, prefix: &[u8], key: &[u8]) -> Result<Option<Keyed>, Error> {
        let Some((lower, upper)) = range::at_most(prefix, key) else {
            return Ok(None);
        };
        self.guarded("read", || {
            self.database
                .range((Bound::Included(lower.into()), upper))
                .next_back()
                .map(|found| self.keyed(key, found))
                .transpose()
        })
    }

    fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        max_rows: usize,
    ) -> Result<Vec<Keyed>, Error> {
        self.guarded("read", || {
            let mut rows = Vec::new();
            for found in self
                .database
                .range::<&[u8], _>((range::above(prefix, after), Bound::Unbounded))
                .take(max_rows)
            {
                let (key, framed) =
                    found.map_err(|error| self.unreadable(after.unwrap_or(prefix), &error))?;
                if !key.starts_with(prefix) {
                    break;
                }
                let row = frame::decode(&key, &framed)?;
                rows.push((key.to_vec(), row));
            }
            Ok(rows)
        })
    }

    fn write(&self, writes: Vec<Write>) -> Result<(), Error> {
        self.refuse_after_failure("write")?;
        let mut batch = sled::Batch::default();
        for (key, framed) in frame::encode_all(writes)? {
            match framed {
                Some(framed) => batch.insert(key, framed),
                None => batch.remove(key),
            }
        }
        self.guarded("write", || {
            self.database
                .apply_batch(batch)
                .map_err(|error| cannot("write", &self.directory, &error.to_string()))
        })
    }

    fn sync(&self) -> Result<(), Error> {
        let mut state = self.sync_state.lock();
        // Asked under the lock: a sync that waited for one that failed must not report success.
        self.refuse_after_failure("sync")?;
        let outcome = self.try_sync(&mut state);
        if outcome.is_err() {
            self.failed.store(true, Ordering::Release);
        }
        outcome
    }
}

/// Opens sled, and waits a bounded time for the lock: a process that just died may hold it for a moment more.
fn open_database(directory: &Path, options: &Options) -> Result<sled::Db, Error> {
    let deadline = Instant::now() + options.lock_wait;
    loop {
        let config = sled::Config::new()
            .path(directory)
            .cache_capacity(options.cache_bytes)
            .flush_every_ms(None);
        // sled asserts on some damage instead of returning it. Nothing of ours is shared with it here.
        let opened = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| config.open()));
        match opened {
            Ok(Ok(database)) => return Ok(database),
            Ok(Err(error)) if is_locked(&error) => {
                if Instant::now() >= deadline {
                    let detail = format!(
                        "another process holds it (waited {} ms): stop that process, or give this one another data \
                         directory",
                        options.lock_wait.as_millis()
                    );
                    return Err(cannot("open", directory, &detail));
                }
                std::thread::sleep(Duration::from_millis(LOCK_RETRY_MS));
            }
            Ok(Err(error)) => return Err(cannot("open", directory, &error.to_string())),
            Err(_) => return Err(lost(directory, "sled cannot make sense of its files")),
        }
    }
}

/// Whether sled was refused its lock. 0.34.7, pinned, tells only by its message; a test holds it to that.
fn is_locked(error: &sled::Error) -> bool {
    matches!(error, sled::Error::Io(error) if error.to_string().contains("could not acquire lock"))
}

/// Makes the files durable that opening made or changed, and their names.
fn sync_layout(directory: &Path, data: &File) -> io::Result<()> {
    data.sync_all()?;
    File::open(directory.join("conf"))?.sync_all()?;
    durable::sync_directory(&directory.join("blobs"))?;
    durable::sync_directory(directory)
}

/// Syncs the blob files that were not seen before. sled keeps a page of over 128 KiB in such a file, and writes each
/// once, before the log that points to it.
fn sync_new_blobs(blobs: &Path, synced: &mut HashSet<OsString>) -> io::Result<()> {
    let mut present = HashSet::new();
    let mut found_new = false;
    for entry in std::fs::read_dir(blobs)? {
        let entry = entry?;
        if !synced.contains(&entry.file_name()) {
            found_new = true;
            match File::open(entry.path()) {
                Ok(file) => file.sync_all()?,
                // sled has replaced it since the directory was read; then nothing points to it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            }
        }
        present.insert(entry.file_name());
    }
    if found_new {
        durable::sync_directory(blobs)?;
    }
    *synced = present;
    Ok(())
}

fn stored_generation(tree: &sled::Tree, directory: &Path) -> Result<u64, Error> {
    let stored = tree
        .get(GENERATION_KEY)
        .map_err(|error| cannot("open", directory, &error.to_string()))?;
    match stored {
        None => Ok(0),
        Some(bytes) => bytes
            .as_ref()
            .as_array()
            .copied()
            .map(u64::from_le_bytes)
            .ok_or_else(|| lost(directory, "its generation is not a number")),
    }
}

fn cannot(action: &'static str, directory: &Path, detail: &str) -> Error {
    Error::Store {
        action,
        detail: format!("{}: {detail}", directory.display()),
    }
}

/// The error for a store that lost or garbled what was synced.
pub(super) fn lost(directory: &Path, what: &str) -> Error {
    Error::Store {
        action: "open",
        detail: remedy(directory, what),
    }
}

fn remedy(directory: &Path, what: &str) -> String {
    format!(
        "{}: {what}. Move the directory away: the rows are rebuilt from the journal and the last verified export",
        directory.display()
    )
}

#[cfg(test)]
#[path = "sled_tests.rs"]
mod tests;
