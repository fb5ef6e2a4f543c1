//! The manifest: which segments must exist, so that a missing file is told from one never written.

use std::io;

use super::directory::{Directory, damaged, failed};
use super::format::{DirectoryId, Fields};
use crate::persistence::journal::Error;

const MAGIC: [u8; 8] = *b"CLNTMAN\n";
const VERSION: u32 = 1;

/// What the manifest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Manifest {
    /// Names the data directory.
    pub(super) directory: DirectoryId,
    /// The first segment that must exist.
    pub(super) first: u64,
    /// The number of the first batch in it; what lay before was trimmed.
    pub(super) first_batch: u64,
    /// The last segment that must exist. A segment is used only once the manifest says so.
    pub(super) last: u64,
    /// The number of the last batch, if the journal was closed in good order; none while it is open, and so after a
    /// crash or a failed sync.
    pub(super) closed_after: Option<u64>,
}

impl Manifest {
    /// Reads the manifest; none if there is none.
    pub(super) fn load(directory: &Directory) -> Result<Option<Manifest>, Error> {
        let path = directory.manifest();
        match std::fs::read(&path) {
            Ok(bytes) => Manifest::decode(&bytes)
                .map(Some)
                .ok_or_else(|| damaged(format!("{}: not a manifest, or altered", path.display()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("read", &path)(error)),
        }
    }

    /// Makes this the manifest, durably.
    pub(super) fn store(&self, directory: &Directory) -> Result<(), Error> {
        directory.replace_manifest(&self.encode())
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&self.directory);
        bytes.extend_from_slice(&self.first.to_le_bytes());
        bytes.extend_from_slice(&self.first_batch.to_le_bytes());
        bytes.extend_from_slice(&self.last.to_le_bytes());
        bytes.push(u8::from(self.closed_after.is_some()));
        bytes.extend_from_slice(&self.closed_after.unwrap_or_default().to_le_bytes());
        let crc = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(&crc.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Manifest> {
        let covered = bytes.get(..bytes.len().checked_sub(4)?)?;
        let mut fields = Fields(bytes);
        if fields.array::<8>()? != MAGIC || fields.u32()? != VERSION {
            return None;
        }
        let directory = fields.array()?;
        let first = fields.u64()?;
        let first_batch = fields.u64()?;
        let last = fields.u64()?;
        let closed = fields.u8()? != 0;
        let last_batch = fields.u64()?;
        let crc = fields.u32()?;
        let whole = fields.0.is_empty() && crc == crc32c::crc32c(covered);
        whole.then_some(Manifest {
            directory,
            first,
            first_batch,
            last,
            closed_after: closed.then_some(last_batch),
        })
    }
}
