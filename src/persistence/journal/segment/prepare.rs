//! The thread that creates and zeroes the next segment while the writer fills this one.

use std::fs::File;
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};

use super::directory::{Directory, new_header};
use super::format::SegmentHeader;
use super::manifest::Manifest;
use crate::persistence::journal::Error;

/// A segment that is durable, zeroed, in the manifest, and empty.
pub(super) struct Prepared {
    /// Its header.
    pub(super) header: SegmentHeader,
    /// Open for writing.
    pub(super) file: File,
}

enum Slot {
    Wanted(u64),
    Ready(Prepared),
    Failed(Error),
    Ended,
}

/// Where writer and preparer meet.
pub(super) struct Preparer {
    directory: Directory,
    manifest: Arc<Mutex<Manifest>>,
    segment_bytes: u64,
    slot: Mutex<Slot>,
    changed: Condvar,
}

impl Preparer {
    /// Will prepare segment `next` first.
    pub(super) fn new(
        directory: Directory,
        manifest: Arc<Mutex<Manifest>>,
        segment_bytes: u64,
        next: u64,
    ) -> Preparer {
        Preparer {
            directory,
            manifest,
            segment_bytes,
            slot: Mutex::new(Slot::Wanted(next)),
            changed: Condvar::new(),
        }
    }

    /// The thread's work, until [`Preparer::end`].
    pub(super) fn run(&self) {
        loop {
            let mut slot = self.slot.lock();
            let id = loop {
                match &*slot {
                    Slot::Wanted(id) => break *id,
                    Slot::Ready(_) | Slot::Failed(_) => self.changed.wait(&mut slot),
                    Slot::Ended => return,
                }
            };
            drop(slot);
            let prepared = self.prepare(id).map_or_else(Slot::Failed, Slot::Ready);
            let mut slot = self.slot.lock();
            if matches!(&*slot, Slot::Ended) {
                return;
            }
            *slot = prepared;
            drop(slot);
            self.changed.notify_all();
        }
    }

    /// The next segment; waits if it isn't ready, and has the one after it prepared.
    pub(super) fn take(&self) -> Result<Prepared, Error> {
        let mut slot = self.slot.lock();
        self.changed
            .wait_while(&mut slot, |slot| matches!(slot, Slot::Wanted(_)));
        match std::mem::replace(&mut *slot, Slot::Ended) {
            Slot::Ready(prepared) => {
                *slot = Slot::Wanted(prepared.header.id.saturating_add(1));
                drop(slot);
                self.changed.notify_all();
                Ok(prepared)
            }
            Slot::Failed(error) => {
                drop(slot);
                self.changed.notify_all();
                Err(error)
            }
            Slot::Wanted(_) | Slot::Ended => Err(Error::Stopped),
        }
    }

    /// Ends the thread.
    pub(super) fn end(&self) {
        *self.slot.lock() = Slot::Ended;
        self.changed.notify_all();
    }

    fn prepare(&self, id: u64) -> Result<Prepared, Error> {
        let directory = self.manifest.lock().directory;
        let header = new_header(id, directory, self.segment_bytes)?;
        let file = self.directory.create_segment(&header)?;
        // Only now must the segment exist: before this a crash leaves a file that the next start removes.
        let mut manifest = self.manifest.lock();
        let mut changed = manifest.clone();
        changed.last = id;
        changed.store(&self.directory)?;
        *manifest = changed;
        Ok(Prepared { header, file })
    }
}
