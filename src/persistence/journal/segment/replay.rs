//! Reads records back: all of them for a start, or one shard's for a cursor that has fallen behind memory.

use std::fs::File;
use std::io;
use std::ops::ControlFlow;

use super::Shared;
use super::directory::{damaged, failed};
use super::format::{Item, batch_of};
use super::live::Extent;
use super::read::BatchReader;
use crate::persistence::journal::{Error, Position, Record};

/// What to do with each record.
pub(super) type Each<'a> = &'a mut dyn FnMut(Position, Record) -> ControlFlow<()>;

/// Reads every durable record after `after`. What the writer adds meanwhile is read too; what a trim removes is not.
pub(super) fn replay(shared: &Shared, after: Position, each: Each<'_>) -> Result<(), Error> {
    let mut wanted = batch_of(after);
    while let Some(extent) = shared.live.extent(wanted) {
        if read(shared, &extent, wanted, after, each)?.is_break() {
            return Ok(());
        }
        wanted = extent.next_batch;
    }
    Ok(())
}

fn read(
    shared: &Shared,
    extent: &Extent,
    wanted: u64,
    after: Position,
    each: Each<'_>,
) -> Result<ControlFlow<()>, Error> {
    let path = shared.directory.segment(extent.header.id);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Trimmed since the extent was made; unless it is live, and so lost.
            return if shared.live.contains(extent.header.id) {
                Err(damaged(format!("{} is missing", path.display())))
            } else {
                Ok(ControlFlow::Continue(()))
            };
        }
        Err(error) => return Err(failed("open", &path)(error)),
    };
    let mut reader = BatchReader::new(file, extent.header, extent.start, extent.end);
    while reader.offset() < extent.end {
        let at = reader.offset();
        let Some((batch, _)) = reader.next_batch().map_err(failed("read", &path))? else {
            let detail = format!(
                "{} at offset {at}: a durable batch is altered",
                path.display()
            );
            return Err(damaged(detail));
        };
        if batch.number < wanted {
            continue;
        }
        for item in batch.items() {
            match item {
                Item::Record(position, record) if position > after => {
                    if each(position, record).is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
                Item::Record(..) | Item::Shard(..) => {}
            }
        }
    }
    Ok(ControlFlow::Continue(()))
}
