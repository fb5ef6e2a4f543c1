//! Gives space back: whole segments whose records nobody needs.

use super::Shared;
use crate::persistence::journal::{Error, Position};

/// Drops the segments that hold nothing after `to`.
///
/// The manifest changes first: a crash in between leaves files that the next start removes. What the dropped claims
/// said of the shards is in the table that every later segment begins with.
pub(super) fn trim(shared: &Shared, to: Position) -> Result<(), Error> {
    // Held over the whole trim, so that two trims, or a trim and a new segment, come one after the other.
    let mut manifest = shared.manifest.lock();
    if *shared.stopped.borrow() {
        return Err(Error::Stopped);
    }
    let Some((dropped, first)) = shared.live.behind(to) else {
        return Ok(());
    };
    let mut changed = manifest.clone();
    changed.first = first.header.id;
    changed.first_batch = first.first_batch;
    changed.store(&shared.directory)?;
    *manifest = changed;
    shared.live.forget_before(first.header.id);
    tracing::info!(segments = dropped.len(), "trimmed the journal");
    shared.directory.remove_segments(dropped.into_iter())
}
