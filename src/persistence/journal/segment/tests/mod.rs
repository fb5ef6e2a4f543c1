//! The segment journal passes the suite, and does what a disk and a crash ask of it.

mod damage;
mod faults;
mod files;
mod load;

use std::path::{Path, PathBuf};

use clientele_cluster::Seq;
use tempfile::TempDir;

use super::*;
use crate::persistence::journal::conformance::{
    Appender, Backend, Listener, append, effects, fill, replayed, soon, suite, write,
};
use crate::persistence::journal::faults::FaultGate;
use crate::persistence::journal::{Appended, Body};

/// Small, so that a test fills several.
const SEGMENT: u64 = 64 * 1024;

/// A data directory, opened over and over.
struct Disk {
    directory: TempDir,
    faults: FaultGate,
}

impl Disk {
    fn new() -> Disk {
        Disk {
            directory: tempfile::tempdir().unwrap(),
            faults: FaultGate::new(),
        }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn segment(&self, id: u64) -> PathBuf {
        self.path().join(format!("journal/{id:016}.seg"))
    }

    fn try_open(&self) -> Result<SegmentJournal, Error> {
        let options = Options {
            segment_bytes: SEGMENT,
            sync_delay: Duration::ZERO,
            faults: Some(Arc::new(self.faults.clone())),
        };
        SegmentJournal::open(self.path(), options)
    }

    fn start(&self) -> SegmentJournal {
        self.try_open().unwrap()
    }

    /// Why the directory is refused.
    fn refusal(&self) -> String {
        match self.try_open() {
            Err(error @ Error::Damaged { .. }) => error.to_string(),
            Err(error) => panic!("refused, but not as damaged: {error}"),
            Ok(_) => panic!("opened in spite of the damage"),
        }
    }
}

impl Backend for Disk {
    type Journal = SegmentJournal;

    async fn open(&self) -> SegmentJournal {
        self.start()
    }
}

suite!(Disk::new());

/// The segments in use: their ids, and where their last batch begins and ends.
fn live(journal: &SegmentJournal) -> Vec<(u64, u64, u64)> {
    let mut found = Vec::new();
    let mut wanted = 0;
    while let Some(extent) = journal.shared.live.extent(wanted) {
        let id = extent.header.id;
        let file = std::fs::File::open(journal.shared.directory.segment(id)).unwrap();
        let mut reader = read::BatchReader::new(file, extent.header, 512, extent.end);
        let mut last = 512;
        while reader.offset() < extent.end {
            last = reader.offset();
            reader.next_batch().unwrap().unwrap();
        }
        found.push((id, last, extent.end));
        wanted = extent.next_batch;
    }
    found
}
