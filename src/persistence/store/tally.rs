//! What the head rows of each shard come to, so that rows which are older than what was written are found.
//!
//! A store that loses a part of its log may come back with older rows, each of them sound by itself. So every batch of
//! writes also writes its shard's tally: how many batches there were, and the sum of a hash of each head row. The mark of a
//! checkpoint says how many batches each shard had had, which a store that lost a whole batch cannot reach. The sum is
//! compared with the rows themselves before the shard is used.

use std::sync::atomic::{AtomicBool, Ordering};

use clientele_cluster::ShardId;
use parking_lot::Mutex;

use super::{Error, Store, keys};
use crate::persistence::journal::Position;
use crate::persistence::rows::{Row, Rows, Write};

/// The sum over a shard's head rows, after so many batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) batches: u64,
    pub(super) sum: u128,
}

/// One shard's tally.
#[derive(Default)]
pub(super) struct ShardTally {
    /// Held while a batch of the shard is put together and written, so that it describes the rows at any moment.
    newest: Mutex<Tally>,
    /// Whether the rows were compared with it since they were opened.
    is_checked: AtomicBool,
}

impl Tally {
    /// Takes the change of one head row in.
    pub(super) fn replace(&mut self, key: &[u8], before: Option<&Row>, after: &Row) {
        if let Some(before) = before {
            self.sum = self.sum.wrapping_sub(hash(key, before));
        }
        self.sum = self.sum.wrapping_add(hash(key, after));
    }

    /// The write that stores it.
    pub(super) fn write(&self, shard: ShardId) -> Write {
        Write::Put {
            key: keys::tally(shard),
            row: Row {
                entity_seq: self.batches,
                payload: self.sum.to_be_bytes().to_vec(),
            },
        }
    }

    fn read(row: &Row) -> Tally {
        let sum = row.payload.first_chunk().copied().unwrap_or_default();
        Tally {
            batches: row.entity_seq,
            sum: u128::from_be_bytes(sum),
        }
    }
}

/// 128 bits of a row under its key. The row's own checksum stands for the payload.
fn hash(key: &[u8], row: &Row) -> u128 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(key);
    hasher.update(&row.entity_seq.to_be_bytes());
    hasher.update(&crc32c::crc32c(&row.payload).to_be_bytes());
    let mut sum = [0; 16];
    hasher.finalize_xof().fill(&mut sum);
    u128::from_be_bytes(sum)
}

/// The mark's row: the position, then how many batches each shard has had.
pub(super) fn mark_row(mark: Position, batches: impl Iterator<Item = u64>) -> Row {
    let numbers = std::iter::once(mark.0).chain(batches);
    Row {
        entity_seq: 0,
        payload: numbers.flat_map(u64::to_be_bytes).collect(),
    }
}

/// What [`mark_row`] wrote; the start, if there is none.
fn read_mark(row: Option<Row>) -> (Position, Vec<u64>) {
    let payload = row.map(|row| row.payload).unwrap_or_default();
    let mut numbers = payload
        .as_chunks()
        .0
        .iter()
        .copied()
        .map(u64::from_be_bytes);
    let mark = numbers.next().map_or(Position::START, Position);
    (mark, numbers.collect())
}

/// Reads the mark and the tallies; the rows of a shard that lacks batches are older than the mark.
pub(super) fn open(rows: &dyn Rows, shards: u16) -> Result<(Position, Vec<ShardTally>), Error> {
    let (mark, batches) = read_mark(rows.get(&keys::mark())?);
    let mut tallies = Vec::with_capacity(usize::from(shards));
    for number in 0..shards {
        let shard = ShardId(number);
        let row = rows.get(&keys::tally(shard))?;
        let newest = row.as_ref().map(Tally::read).unwrap_or_default();
        let expected = batches.get(usize::from(number)).copied().unwrap_or(0);
        if newest.batches < expected {
            return Err(Error::OlderRows { shard });
        }
        tallies.push(ShardTally {
            newest: Mutex::new(newest),
            is_checked: AtomicBool::new(false),
        });
    }
    Ok((mark, tallies))
}

impl Store {
    /// Compares the shard's head rows with their tally, unless that is done; how many were read. Blocks, for about 2 us a row.
    ///
    /// # Errors
    /// [`Error::OlderRows`] unless they agree.
    pub fn check(&self, shard: ShardId) -> Result<usize, Error> {
        match self.tallies.get(usize::from(shard.0)) {
            Some(tally) if !tally.is_checked.load(Ordering::Acquire) => {
                let newest = tally.newest.lock();
                self.check_against(shard, tally, *newest)
            }
            Some(_) | None => Ok(0),
        }
    }

    fn check_against(
        &self,
        shard: ShardId,
        tally: &ShardTally,
        newest: Tally,
    ) -> Result<usize, Error> {
        if tally.is_checked.load(Ordering::Acquire) {
            return Ok(0);
        }
        let (mut found, mut read) = (Tally::default(), 0_usize);
        self.each_row(&keys::heads_prefix(shard), &mut |key, row| {
            found.replace(key, None, row);
            read = read.saturating_add(1);
        })?;
        if found.sum != newest.sum {
            return Err(Error::OlderRows { shard });
        }
        tally.is_checked.store(true, Ordering::Release);
        Ok(read)
    }

    /// Writes one batch of a shard's rows together with the tally that they come to. `batch` puts it together and counts its
    /// head rows.
    pub(super) fn write_batch(
        &self,
        shard: ShardId,
        batch: impl FnOnce(&mut Tally) -> Result<Vec<Write>, Error>,
    ) -> Result<(), Error> {
        let Some(tally) = self.tallies.get(usize::from(shard.0)) else {
            return Ok(());
        };
        let mut newest = tally.newest.lock();
        self.check_against(shard, tally, *newest)?;
        let mut next = *newest;
        let mut writes = batch(&mut next)?;
        next.batches = next.batches.saturating_add(1);
        writes.push(next.write(shard));
        self.rows.write(writes)?;
        *newest = next;
        Ok(())
    }

    /// How many batches each shard has had.
    pub(super) fn batches(&self) -> impl Iterator<Item = u64> {
        self.tallies.iter().map(|tally| tally.newest.lock().batches)
    }
}
