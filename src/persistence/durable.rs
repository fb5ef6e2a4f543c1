//! Files that survive a power cut: the few steps that every file of ours shares, so that none of them is forgotten.
//!
//! Architecture invariant: nothing here decides what a file means; it only makes names and bytes last.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Access for the owner alone: what we store is personal, or opens what is personal.
const OWNER_ONLY: u32 = 0o600;

/// Makes the names in `directory` (creations, renames, removals) durable.
pub(crate) fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Makes the name of `path` itself durable, by syncing the directory that holds it.
pub(crate) fn sync_name(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_directory(parent),
        Some(_) | None => sync_directory(Path::new(".")),
    }
}

/// Creates `directory` and what is missing above it, each name synced; nothing happens if it is there.
pub(crate) fn create_directory(directory: &Path) -> io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    if let Some(parent) = directory.parent()
        && !parent.as_os_str().is_empty()
    {
        create_directory(parent)?;
    }
    match std::fs::DirBuilder::new().mode(0o700).create(directory) {
        Ok(()) => sync_name(directory),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Opens `path` for reading and writing, created empty or emptied, for the owner alone.
pub(crate) fn create_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .mode(OWNER_ONLY)
        .open(path)
}

/// Opens `path` for reading and writing, created for the owner alone if it is not there, and left as it is if it is.
pub(crate) fn create_or_open_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(OWNER_ONLY)
        .open(path)
}

/// Opens `path` for reading and writing; it must be there.
pub(crate) fn open_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(path)
}

/// `path` with `suffix` behind its name: the name of a file that is not finished yet.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Puts `bytes` under `path`, so that after a crash the name holds either what it held or all of `bytes`.
pub(crate) fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = with_suffix(path, ".partial");
    let mut file = create_file(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)?;
    sync_name(path)
}
