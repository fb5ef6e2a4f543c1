//! Exports of the rows, and rows from an export.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use clientele_cluster::ShardId;

use super::tally::{self, Tally};
use super::{Error, Store, codec, keys};
use crate::persistence::export::{
    self, ExportReader, ExportSummary, ExportWriter, Header, Section,
};
use crate::persistence::journal::Position;
use crate::persistence::listing::Cursor;
use crate::persistence::rows::{Row, Rows, RowsSnapshot, Write};

/// How many rows are moved at a time: at 64 KiB at most each, 16 MiB.
const ROWS_A_BATCH: usize = 256;

/// Why rows cannot be moved.
#[derive(Debug, thiserror::Error)]
pub enum TransferFailed {
    /// The store.
    #[error(transparent)]
    Store(#[from] Error),
    /// The file.
    #[error(transparent)]
    Export(#[from] export::Error),
    /// There is something already where the export is to be restored.
    #[error(
        "the rows are not empty; restore into a data directory whose `rows` folder was moved away"
    )]
    NotEmpty,
    /// The file has something that this build does not know.
    #[error("the export has an item that this build does not know (section {0})")]
    UnknownSection(u8),
}

/// What an export that was read to its end came to.
#[derive(Clone, Copy, Debug)]
pub struct Inspected {
    /// What it was taken of.
    pub header: Header,
    /// What it came to.
    pub summary: ExportSummary,
    /// After here, a restore of it needs the journal: its own position, or that of the earliest cursor in it.
    pub reach: Position,
}

/// Reads the whole export at `path` and checks everything in it.
///
/// # Errors
/// As [`export::verify`]; or a cursor in it cannot be read.
pub fn inspect(path: &Path) -> Result<Inspected, TransferFailed> {
    let mut reader = ExportReader::open(path)?;
    let header = reader.header();
    let mut reach = header.journal_position;
    loop {
        match reader.next_item()? {
            Some(item) if keys::is_cursor(&item.key) => {
                let payload = item.value.get(8..).unwrap_or_default();
                let cursor = codec::decode_cursor(payload).map_err(Error::from)?;
                reach = reach.min(cursor.position);
            }
            Some(_) => {}
            None => {
                if let Some(summary) = reader.summary() {
                    return Ok(Inspected {
                        header,
                        summary,
                        reach,
                    });
                }
            }
        }
    }
}

/// What becomes of a cursor from an export taken at `exported` that is restored with its rows marked at `mark`. `None` has
/// its follower build everything anew.
fn restored_cursor(
    payload: &[u8],
    exported: Position,
    mark: Position,
) -> Result<Option<Vec<u8>>, Error> {
    let cursor = codec::decode_cursor(payload)?;
    if mark == exported {
        return Ok(Some(payload.to_vec()));
    }
    // Beside a new journal there is no catching up, and nothing to take back: the cursor must fit the rows as they are.
    let moved = Cursor {
        position: mark,
        ..cursor
    };
    Ok((cursor.position == exported).then(|| codec::encode_cursor(&moved)))
}

impl Store {
    /// The rows as they are now, for an export while they go on changing. Waits while there is another one.
    pub fn snapshot(&self) -> RowsSnapshot {
        self.rows.snapshot()
    }

    /// Writes every row of `snapshot` to an export at `path`.
    pub fn export(
        &self,
        mut snapshot: RowsSnapshot,
        path: &Path,
        header: Header,
    ) -> Result<(), TransferFailed> {
        let mut writer = ExportWriter::create(path, header)?;
        let mut began = Instant::now();
        while let Some(page) = snapshot.next_page(ROWS_A_BATCH).map_err(Error::from)? {
            for (key, row) in &page {
                let mut value = row.entity_seq.to_be_bytes().to_vec();
                value.extend(&row.payload);
                writer.write(Section::ROWS, key, &value)?;
            }
            self.give_way(began.elapsed(), 1);
            began = Instant::now();
        }
        drop(snapshot);
        writer.finish()?;
        Ok(())
    }

    /// Fills empty `rows` from the export at `path`; how many there were. Replay then starts after `mark`: the export's own
    /// position beside its own journal, the start beside a new one.
    pub fn restore(
        rows: &Arc<dyn Rows>,
        path: &Path,
        mark: Position,
    ) -> Result<usize, TransferFailed> {
        if !rows.scan(&[], None, 1).map_err(Error::from)?.is_empty() {
            return Err(TransferFailed::NotEmpty);
        }
        let mut reader = ExportReader::open(path)?;
        let mut restored = 0_usize;
        // What the export's own tallies were counted with is of no use to the new rows.
        let mut tallies = BTreeMap::new();
        let mut batch = Vec::with_capacity(ROWS_A_BATCH);
        while let Some(item) = reader.next_item()? {
            if item.section != Section::ROWS {
                return Err(TransferFailed::UnknownSection(item.section.0));
            }
            let Some((seq, payload)) = item.value.split_first_chunk::<8>() else {
                return Err(TransferFailed::UnknownSection(item.section.0));
            };
            let kept = if keys::is_cursor(&item.key) {
                restored_cursor(payload, reader.header().journal_position, mark)?
            } else {
                Some(payload.to_vec())
            };
            let Some(payload) = kept else {
                continue;
            };
            restored = restored.saturating_add(1);
            let row = Row {
                entity_seq: u64::from_be_bytes(*seq),
                payload,
            };
            if let Some(shard) = keys::read_head(&item.key) {
                let tally: &mut Tally = tallies.entry(shard).or_default();
                tally.batches = 1;
                tally.replace(&item.key, None, &row);
            }
            batch.push(Write::Put { key: item.key, row });
            if batch.len() == ROWS_A_BATCH {
                rows.write(std::mem::take(&mut batch))
                    .map_err(Error::from)?;
            }
        }
        batch.extend(tallies.iter().map(|(shard, tally)| tally.write(*shard)));
        rows.write(batch).map_err(Error::from)?;
        rows.sync().map_err(Error::from)?;
        let last = tallies.keys().next_back().map_or(0, |shard| shard.0);
        let batches = (0..=last).map(|number| {
            let tally = tallies.get(&ShardId(number));
            tally.map_or(0, |tally| tally.batches)
        });
        rows.write(vec![Write::Put {
            key: keys::mark(),
            row: tally::mark_row(mark, batches),
        }])
        .map_err(Error::from)?;
        rows.sync().map_err(Error::from)?;
        Ok(restored)
    }
}
