//! Writing an export.

use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::format::{
    BLOCK_FIELDS_BYTES, ITEM_FIELDS_BYTES, append_item, encode_block, encode_footer, encode_header,
};
use super::{Error, ExportSummary, Header, Section};
use crate::limits::{EXPORT_BLOCK_BYTES_MAX, EXPORT_UNSYNCED_BYTES_MAX};
use crate::persistence::durable;

/// An export that is being written. Dropped unfinished, or after an error, it leaves nothing behind.
pub struct ExportWriter {
    /// The name that the finished export takes.
    path: PathBuf,
    partial: PathBuf,
    file: File,
    digest: blake3::Hasher,
    bytes: u64,
    /// Of these, what is on the disk.
    synced: u64,
    records: u64,
    blocks: u64,
    /// The items of the block that is being filled.
    items: Vec<u8>,
}

impl ExportWriter {
    /// Begins an export that will be at `path`. Until it is finished it lies beside it, as `<path>.partial`, in place of
    /// what a crash may have left there.
    ///
    /// # Errors
    /// [`Error::Exists`], also if an export of this name is being written; or [`Error::Io`].
    pub fn create(path: &Path, header: Header) -> Result<Self, Error> {
        refuse_existing(path)?;
        let partial = durable::with_suffix(path, ".partial");
        let file = claim(path, &partial)?;
        let mut writer = Self {
            path: path.to_owned(),
            partial,
            file,
            digest: blake3::Hasher::new(),
            bytes: 0,
            synced: 0,
            records: 0,
            blocks: 0,
            items: Vec::with_capacity(EXPORT_BLOCK_BYTES_MAX),
        };
        writer.put(&encode_header(&header))?;
        Ok(writer)
    }

    /// Adds an item. Items are read back in the order in which they were written.
    ///
    /// # Errors
    /// [`Error::ItemTooLarge`], which leaves the export as it was, or [`Error::Io`], after which it cannot be finished
    /// soundly: drop it.
    pub fn write(&mut self, section: Section, key: &[u8], value: &[u8]) -> Result<(), Error> {
        let bytes = ITEM_FIELDS_BYTES
            .saturating_add(key.len())
            .saturating_add(value.len());
        let limit = EXPORT_BLOCK_BYTES_MAX - 1 - BLOCK_FIELDS_BYTES;
        if bytes > limit {
            return Err(Error::ItemTooLarge { bytes, limit });
        }
        if self.items.len().saturating_add(bytes) > limit {
            self.put_block()?;
        }
        append_item(&mut self.items, section, key, value);
        self.records = self.records.saturating_add(1);
        Ok(())
    }

    /// Ends the export: durable, and under its own name, when this returns.
    ///
    /// # Errors
    /// [`Error::Exists`] if the name was taken meanwhile, or [`Error::Io`].
    pub fn finish(mut self) -> Result<ExportSummary, Error> {
        self.put_block()?;
        let footer = encode_footer(self.records, self.blocks);
        self.put(&footer)?;
        let digest = *self.digest.finalize().as_bytes();
        self.put(&digest)?;
        self.file.sync_all().map_err(|source| self.failed(source))?;
        refuse_existing(&self.path)?;
        std::fs::rename(&self.partial, &self.path)
            .and_then(|()| durable::sync_name(&self.path))
            .map_err(|source| self.failed(source))?;
        Ok(ExportSummary {
            records: self.records,
            bytes: self.bytes,
            digest,
        })
    }

    fn put_block(&mut self) -> Result<(), Error> {
        if self.items.is_empty() {
            return Ok(());
        }
        let items = std::mem::take(&mut self.items);
        self.put(&encode_block(self.blocks, &items))?;
        self.put(&items)?;
        self.blocks = self.blocks.saturating_add(1);
        self.sync_now_and_then()?;
        self.items = items;
        self.items.clear();
        Ok(())
    }

    /// What is written and not synced piles up in the system's memory, until it makes every writer wait for the disk: the journal too, for
    /// seconds.
    fn sync_now_and_then(&mut self) -> Result<(), Error> {
        if self.bytes.saturating_sub(self.synced) < EXPORT_UNSYNCED_BYTES_MAX {
            return Ok(());
        }
        self.file
            .sync_data()
            .map_err(|source| self.failed(source))?;
        self.synced = self.bytes;
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.file
            .write_all(bytes)
            .map_err(|source| self.failed(source))?;
        self.digest.update(bytes);
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        Ok(())
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::Io {
            done: "written",
            path: self.partial.clone(),
            source,
        }
    }
}

impl Drop for ExportWriter {
    fn drop(&mut self) {
        // After a finish the name is gone, and another export's partial file cannot have taken it while this one ran.
        // What cannot be removed is overwritten by the next export of this name.
        std::fs::remove_file(&self.partial).ok();
    }
}

/// Opens the unfinished file for this writer alone, and empties it. Another that writes under the same name holds its
/// lock; one that finished while this one waited for nothing has renamed it, which the second look finds.
fn claim(path: &Path, partial: &Path) -> Result<File, Error> {
    let failed = |source| Error::Io {
        done: "created",
        path: partial.to_owned(),
        source,
    };
    let file = durable::create_or_open_file(partial).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(Error::Exists {
                path: partial.to_owned(),
            });
        }
        Err(TryLockError::Error(source)) => return Err(failed(source)),
    }
    refuse_existing(path)?;
    file.set_len(0).map_err(failed)?;
    Ok(file)
}

fn refuse_existing(path: &Path) -> Result<(), Error> {
    match path.symlink_metadata() {
        Ok(_) => Err(Error::Exists {
            path: path.to_owned(),
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(Error::Io {
            done: "created",
            path: path.to_owned(),
            source,
        }),
    }
}
