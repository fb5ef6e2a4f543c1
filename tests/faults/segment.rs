//! Journal segments as bytes, read independently of the code under test (src/persistence/journal/segment/format.rs
//! describes them), so that a test can hit a batch of its choice.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const BLOCK: usize = 512;
const BATCH_HEADER: usize = 40;

/// Where a batch lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batch {
    /// Its first byte.
    pub(crate) offset: usize,
    /// The bytes of its header and records, without padding.
    pub(crate) length: usize,
}

/// The segments that hold batches, oldest first.
pub(crate) fn segments(data: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(data.join("journal"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "seg"))
        .filter(|path| !batches(path).is_empty())
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "no segments in {}", data.display());
    paths
}

/// The batches of a segment, in order.
pub(crate) fn batches(path: &Path) -> Vec<Batch> {
    let bytes = std::fs::read(path).unwrap();
    let mut found = Vec::new();
    let mut offset = BLOCK;
    while let Some(header) = bytes.get(offset..offset + BATCH_HEADER) {
        // Segment id and salt bind a batch to its file.
        if &header[..4] != b"CLB1" || header[8..24] != bytes[12..28] {
            break;
        }
        let payload = u32::from_le_bytes(*header[32..].first_chunk().unwrap());
        let length = BATCH_HEADER + usize::try_from(payload).unwrap();
        found.push(Batch { offset, length });
        offset += length.next_multiple_of(BLOCK);
    }
    found
}

/// Changes the bytes of a file.
pub(crate) fn alter(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).unwrap();
    let before = bytes.clone();
    change(&mut bytes);
    assert_ne!(bytes, before, "{} is as before", path.display());
    std::fs::write(path, bytes).unwrap();
}

/// Every file below `directory` with its bytes.
pub(crate) fn contents(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            files.extend(contents(&entry.path()));
        } else if kind.is_file() {
            files.insert(entry.path(), std::fs::read(entry.path()).unwrap());
        }
    }
    files
}

/// Whether nothing was added, removed or changed, for a message that names the file and not its bytes.
pub(crate) fn assert_untouched(directory: &Path, before: &BTreeMap<PathBuf, Vec<u8>>) {
    let after = contents(directory);
    for path in before.keys().chain(after.keys()) {
        assert!(
            before.get(path) == after.get(path),
            "{} was touched",
            path.display()
        );
    }
}
