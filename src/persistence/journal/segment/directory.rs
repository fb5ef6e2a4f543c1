//! The journal's place on disk: names, creation and removal of files, each made durable, and the lock.
//!
//! ```text
//! <directory>/journal.manifest           which segments must exist
//! <directory>/journal/LOCK               held by the one process that serves the directory
//! <directory>/journal/0000000000000001.seg
//! ```
//!
//! The manifest lies outside the folder of the segments, so that losing the whole folder is noticed.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::format::{DirectoryId, SegmentHeader};
use crate::limits;
use crate::persistence::journal::Error;

const REMEDY: &str = "Nothing was changed. Copy the whole data directory back from a backup; or move `journal`, \
                      `journal.manifest` and `rows` away and restore an export with `clientele snapshot restore`, \
                      without what came after it";
/// Zeros are written in such pieces, each synced: no sync of the writer waits behind a whole segment.
const ZERO_PIECE_BYTES: usize = 1024 * 1024;
/// Journals hold personal data (sealed) and money (in the clear): nobody but their owner reads them.
const FILE_MODE: u32 = 0o600;

/// The paths of one journal.
#[derive(Clone, Debug)]
pub(super) struct Directory {
    root: PathBuf,
    segments: PathBuf,
}

impl Directory {
    /// Creates what is missing, durably.
    pub(super) fn create(root: &Path) -> Result<Directory, Error> {
        let segments = root.join("journal");
        if !segments.is_dir() {
            fs::create_dir_all(&segments).map_err(failed("create", &segments))?;
            sync_directory(root)?;
            if let Some(parent) = root.parent().filter(|path| !path.as_os_str().is_empty()) {
                sync_directory(parent)?;
            }
        }
        let root = root.to_path_buf();
        Ok(Directory { root, segments })
    }

    /// Takes the lock; it lasts as long as the file is open. Waits a bounded time for another holder: a process that just died, or what is left
    /// of one that is ending, may have it for a moment more.
    pub(super) fn lock(&self) -> Result<File, Error> {
        let path = self.segments.join("LOCK");
        let mut options = OpenOptions::new();
        options
            .write(true)
            .create(true)
            .truncate(false)
            .mode(FILE_MODE);
        let file = options.open(&path).map_err(failed("open", &path))?;
        let deadline = Instant::now() + Duration::from_millis(limits::LOCK_WAIT_MS);
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(limits::LOCK_RETRY_MS));
                }
                Err(TryLockError::WouldBlock) => {
                    let busy =
                        io::Error::new(io::ErrorKind::WouldBlock, "another process serves it");
                    return Err(failed("lock", &path)(busy));
                }
                Err(TryLockError::Error(error)) => return Err(failed("lock", &path)(error)),
            }
        }
    }

    /// The manifest's path.
    pub(super) fn manifest(&self) -> PathBuf {
        self.root.join("journal.manifest")
    }

    /// The path of a segment.
    pub(super) fn segment(&self, id: u64) -> PathBuf {
        self.segments.join(format!("{id:016}.seg"))
    }

    /// The ids of all segments there are, in order. What an interrupted replacement left is removed.
    pub(super) fn segment_ids(&self) -> Result<Vec<u64>, Error> {
        let listing = failed("list", &self.segments);
        let mut ids = Vec::new();
        for entry in fs::read_dir(&self.segments).map_err(&listing)? {
            let name = entry.map_err(&listing)?.file_name();
            let name = name.to_string_lossy();
            if name.ends_with(".new") {
                let path = self.segments.join(name.as_ref());
                fs::remove_file(&path).map_err(failed("remove", &path))?;
            } else if let Some(Ok(id)) = name.strip_suffix(".seg").map(str::parse) {
                ids.push(id);
            }
        }
        ids.sort_unstable();
        Ok(ids)
    }

    /// Creates a segment full of zeros but for its header, durable with its name.
    pub(super) fn create_segment(&self, header: &SegmentHeader) -> Result<File, Error> {
        let path = self.segment(header.id);
        let file = create(&path)?;
        fill(&file, header, &mut io::empty(), 0).map_err(failed("write", &path))?;
        sync_directory(&self.segments)?;
        Ok(file)
    }

    /// Replaces a segment by a new file with its header and the first `end` bytes, and zeros behind them.
    ///
    /// After a failed sync the page cache may show bytes that the disk never got, and a later sync of the same file
    /// may succeed without writing them; bytes copied to a new file are written in any case.
    pub(super) fn copy_segment(&self, header: &SegmentHeader, end: u64) -> Result<File, Error> {
        let path = self.segment(header.id);
        let mut old = File::open(&path).map_err(failed("open", &path))?;
        let copy = path.with_extension("seg.new");
        let file = create(&copy)?;
        fill(&file, header, &mut old, end).map_err(failed("write", &copy))?;
        fs::rename(&copy, &path).map_err(failed("replace", &path))?;
        sync_directory(&self.segments)?;
        Ok(file)
    }

    /// Removes segments, durably.
    pub(super) fn remove_segments(&self, ids: impl Iterator<Item = u64>) -> Result<(), Error> {
        let mut removed = false;
        for id in ids {
            let path = self.segment(id);
            fs::remove_file(&path).map_err(failed("remove", &path))?;
            removed = true;
        }
        if removed {
            sync_directory(&self.segments)?;
        }
        Ok(())
    }

    /// Puts `bytes` in the manifest's place: a crash leaves the old one or the new one.
    pub(super) fn replace_manifest(&self, bytes: &[u8]) -> Result<(), Error> {
        let path = self.manifest();
        let new = path.with_extension("manifest.new");
        let mut file = create(&new)?;
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        written.map_err(failed("write", &new))?;
        fs::rename(&new, &path).map_err(failed("replace", &path))?;
        sync_directory(&self.root)
    }
}

/// A salt or id that nobody can guess.
pub(super) fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Error::Io {
        action: "draw",
        path: "randomness".to_owned(),
        source: io::Error::other(error),
    })?;
    Ok(bytes)
}

/// A header for a new segment.
pub(super) fn new_header(
    id: u64,
    directory: DirectoryId,
    bytes: u64,
) -> Result<SegmentHeader, Error> {
    let salt = u64::from_le_bytes(random()?);
    Ok(SegmentHeader {
        id,
        salt,
        directory,
        bytes,
    })
}

/// Turns the system's error into ours.
pub(super) fn failed(action: &'static str, path: &Path) -> impl Fn(io::Error) -> Error + use<> {
    let path = path.display().to_string();
    move |source| Error::Io {
        action,
        path: path.clone(),
        source,
    }
}

/// Says that what was durable is gone or altered.
pub(super) fn damaged(detail: String) -> Error {
    Error::Damaged {
        detail,
        remedy: REMEDY.to_owned(),
    }
}

fn create(path: &Path) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true);
    options.mode(FILE_MODE);
    options.open(path).map_err(failed("create", path))
}

fn sync_directory(path: &Path) -> Result<(), Error> {
    // An empty path is the working directory's own name.
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    let synced = File::open(path).and_then(|directory| directory.sync_all());
    synced.map_err(failed("sync", path))
}

/// Writes the header, then `end` bytes of `source` (its own header left out), then zeros; and syncs it all.
fn fill(
    file: &File,
    header: &SegmentHeader,
    source: &mut dyn io::Read,
    end: u64,
) -> io::Result<()> {
    let mut piece = vec![0; ZERO_PIECE_BYTES];
    let mut offset = 0;
    while offset < header.bytes {
        let length = usize::try_from(header.bytes - offset)
            .map_or(ZERO_PIECE_BYTES, |left| left.min(ZERO_PIECE_BYTES));
        let kept =
            usize::try_from(end.saturating_sub(offset)).map_or(length, |kept| kept.min(length));
        let (keep, zero) = piece.split_at_mut(kept);
        source.read_exact(keep)?;
        zero.fill(0);
        let piece = piece.get(..length).unwrap_or_default();
        file.write_all_at(piece, offset)?;
        if offset == 0 {
            file.write_all_at(&header.encode(), 0)?;
        }
        file.sync_data()?;
        offset = offset.saturating_add(padded_len(piece));
    }
    file.sync_all()
}

fn padded_len(piece: &[u8]) -> u64 {
    u64::try_from(piece.len()).unwrap_or(u64::MAX)
}
