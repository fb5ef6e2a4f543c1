//! The writer: the one thread that appends. Its steps, over and over:
//!
//! 1. take what waits, and sleep only if nothing does;
//! 2. judge and encode as much as fits one batch;
//! 3. one write, one `fdatasync`;
//! 4. show the records to readers, then run the completions in order.
//!
//! There is never more than one unsynced batch, so only the last batch of a journal can be torn. While it syncs the
//! next one gathers, so the batches grow with the load. Under load a sync costs its callers less than it costs the processor, which they
//! need too: then syncs begin [`limits::SYNC_PACE`] apart. A record that comes alone waits for no timer.

use std::collections::VecDeque;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::Shared;
use super::directory::failed;
use super::format::{
    BATCH_HEADER_BYTES, BLOCK_BYTES, BatchBuilder, SHARD_LINE_BYTES, SegmentHeader, padded,
    position, record_bytes,
};
use super::prepare::{Prepared, Preparer};
use super::queue::Phase;
use crate::limits;
use crate::persistence::journal::faults::{Fault, Faults};
use crate::persistence::journal::handover::{ClaimAnswer, Handover};
use crate::persistence::journal::shards::Shards;
use crate::persistence::journal::{Appended, Body, Claimed, Completion, Error, Position, Record};

/// What is owed once the batch is durable.
enum Owed {
    /// An append: none if the record was refused.
    Append(Arc<dyn Completion>, Option<Position>),
    /// A claim.
    Claim(ClaimAnswer, Claimed),
}

/// The writer's own state.
pub(super) struct Writer {
    pub(super) shared: Arc<Shared>,
    pub(super) preparer: Arc<Preparer>,
    pub(super) faults: Option<Arc<dyn Faults>>,
    pub(super) sync_delay: Duration,
    pub(super) shards: Shards,
    pub(super) file: File,
    pub(super) header: SegmentHeader,
    /// Where the next batch goes.
    pub(super) offset: u64,
    pub(super) next_batch: u64,
    pub(super) work: Work,
}

/// What the writer has in hand.
#[derive(Default)]
pub(super) struct Work {
    taken: VecDeque<Handover>,
    batch: BatchBuilder,
    owed: VecDeque<Owed>,
    records: Vec<(Position, Record)>,
}

impl Writer {
    /// The thread's work, until the journal ends; says whether it ended in good order.
    pub(super) fn run(&mut self) -> bool {
        loop {
            let phase = self.shared.queue.take(&mut self.work.taken);
            if phase == Phase::Abandoned {
                return false;
            }
            if self.work.taken.is_empty() {
                return true;
            }
            let began = Instant::now();
            let had_company = self.work.taken.len() >= limits::SYNC_PACE_FROM_RECORDS;
            if let Err(error) = self.write_batch() {
                tracing::error!(%error, "the journal has failed and stops; restart to recover");
                self.shared.failed.send_replace(true);
                return false;
            }
            if had_company && self.work.taken.is_empty() {
                self.shared.queue.gather_until(began + limits::SYNC_PACE);
            }
        }
    }

    /// Answers everything that is left: none of it is known to be durable.
    pub(super) fn refuse_all(&mut self) {
        while let Some(owed) = self.work.owed.pop_front() {
            match owed {
                Owed::Append(completion, _) => completion.resolve(Appended::Unknown),
                // A caller that no longer waits for its claim needs no answer.
                Owed::Claim(answer, _) => drop(answer.send(Err(Error::Stopped))),
            }
        }
        while let Some(item) = self.work.taken.pop_front() {
            item.refuse();
        }
        self.shared.queue.stop();
    }

    fn write_batch(&mut self) -> Result<(), Error> {
        let table = self.shards.len().saturating_mul(SHARD_LINE_BYTES);
        let (count, bytes) = self.fitting(table)?;
        let fresh = if self.is_fresh() { table } else { 0 };
        let size = BATCH_HEADER_BYTES
            .saturating_add(fresh)
            .saturating_add(bytes);
        if self.offset.saturating_add(padded(size)) > self.header.bytes {
            let Prepared { header, file } = self.preparer.take()?;
            self.header = header;
            self.file = file;
            self.offset = BLOCK_BYTES;
        }
        self.encode(count);
        if self.work.batch.records() > 0 {
            self.write_and_sync()?;
        }
        self.settle();
        Ok(())
    }

    /// Whether nothing is in the segment yet: its first batch begins with what is known of every shard, so that the
    /// segments before it can go.
    fn is_fresh(&self) -> bool {
        self.offset == BLOCK_BYTES
    }

    /// How many of the items in hand go into one batch, and the bytes of their records.
    fn fitting(&self, table: usize) -> Result<(usize, usize), Error> {
        let capacity = usize::try_from(self.header.bytes.saturating_sub(BLOCK_BYTES));
        let capacity = capacity.unwrap_or(usize::MAX);
        let room = capacity
            .saturating_sub(table)
            .saturating_sub(BATCH_HEADER_BYTES);
        let room = room.min(limits::BATCH_BYTES_MAX);
        let (mut count, mut bytes) = (0_usize, 0_usize);
        for item in self.work.taken.iter().take(limits::BATCH_RECORDS_MAX) {
            let size = match item {
                Handover::Append(record, _) if self.is_too_large(record) => 0,
                Handover::Append(record, _) => record_bytes(record),
                Handover::Claim(..) => super::format::RECORD_HEADER_BYTES,
                Handover::Late(_) => 0,
            };
            if bytes.saturating_add(size) > room {
                break;
            }
            bytes = bytes.saturating_add(size);
            count = count.saturating_add(1);
        }
        if count == 0 {
            let full = std::io::Error::other("the table of shards leaves no room in a segment");
            return Err(failed(
                "fill",
                &self.shared.directory.segment(self.header.id),
            )(full));
        }
        Ok((count, bytes))
    }

    fn is_too_large(&self, record: &Record) -> bool {
        let quarter = usize::try_from(self.header.bytes / 4).unwrap_or(usize::MAX);
        record_bytes(record) > quarter.min(limits::RECORD_BYTES_MAX)
    }

    fn encode(&mut self, count: usize) {
        self.work.batch.start(&self.header, self.next_batch);
        if self.is_fresh() {
            for (shard, log) in self.shards.iter() {
                self.work.batch.push_shard(shard, log);
            }
        }
        for _ in 0..count {
            match self.work.taken.pop_front() {
                Some(Handover::Append(record, completion)) => {
                    let position = self.accept(record);
                    self.work.owed.push_back(Owed::Append(completion, position));
                }
                Some(Handover::Claim(shard, node, answer)) => {
                    let epoch = self.shards.get(shard).next_claim();
                    let body = Body::Claim { node };
                    let claim = Record { shard, epoch, body };
                    let position = self.accept(claim).zip(self.shards.get(shard).next_seq());
                    let Some((position, next_seq)) = position else {
                        // Only after 2^64 claims.
                        drop(answer.send(Err(Error::Fenced { shard, epoch })));
                        continue;
                    };
                    let claimed = Claimed {
                        epoch,
                        next_seq,
                        position,
                    };
                    self.work.owed.push_back(Owed::Claim(answer, claimed));
                }
                Some(Handover::Late(completion)) => {
                    self.work.owed.push_back(Owed::Append(completion, None));
                }
                None => return,
            }
        }
    }

    /// Adds `record` to the batch if it counts; what doesn't count never reaches the file.
    fn accept(&mut self, record: Record) -> Option<Position> {
        let shard = record.shard;
        if self.is_too_large(&record) {
            // Not judged either: so what follows it in its epoch is a gap, and is refused too.
            tracing::error!(%shard, bytes = record_bytes(&record), "a record is over the size limit");
            return None;
        }
        let verdict = self.shards.observe(&record);
        if !verdict.counts() {
            tracing::warn!(%shard, ?verdict, "a record was refused");
            return None;
        }
        let position = position(self.next_batch, self.work.batch.push(&record));
        self.work.records.push((position, record));
        Some(position)
    }

    fn write_and_sync(&mut self) -> Result<(), Error> {
        let records = self.work.batch.records();
        let last = position(self.next_batch, records.saturating_sub(1));
        let bytes = self.work.batch.finish();
        let size = bytes.len();
        let path = self.shared.directory.segment(self.header.id);
        write(&self.file, bytes, self.offset, self.faults.as_deref())
            .map_err(failed("write", &path))?;
        let started = Instant::now();
        if !self.sync_delay.is_zero() {
            std::thread::sleep(self.sync_delay);
        }
        sync(&self.file, self.faults.as_deref()).map_err(failed("sync", &path))?;
        self.shared.stats.synced(records, size, started.elapsed());
        let size = padded(size);
        self.shared
            .live
            .synced(&self.header, self.next_batch, size, last);
        self.shared.recent.extend(&mut self.work.records);
        self.offset = self.offset.saturating_add(size);
        self.next_batch = self.next_batch.saturating_add(1);
        Ok(())
    }

    /// Tells everyone, in order, what became of their records.
    fn settle(&mut self) {
        while let Some(owed) = self.work.owed.pop_front() {
            let settled = match owed {
                Owed::Append(completion, None) => {
                    completion.resolve(Appended::Unknown);
                    continue;
                }
                Owed::Append(completion, Some(position)) => {
                    completion.resolve(Appended::Durable(position));
                    position
                }
                Owed::Claim(answer, claimed) => {
                    // A claim that nobody waits for any more holds all the same.
                    drop(answer.send(Ok(claimed)));
                    claimed.position
                }
            };
            self.shared.durable.store(settled.0, Ordering::Release);
        }
    }
}

fn write(file: &File, bytes: &[u8], at: u64, faults: Option<&dyn Faults>) -> std::io::Result<()> {
    let fault = faults.map_or(Fault::Proceed, |faults| faults.before_write(bytes.len()));
    if let Fault::Torn { bytes: kept } = fault {
        file.write_all_at(bytes.get(..kept).unwrap_or(bytes), at)?;
    }
    fault.error().map_or(Ok(()), Err)?;
    file.write_all_at(bytes, at)
}

fn sync(file: &File, faults: Option<&dyn Faults>) -> std::io::Result<()> {
    let fault = faults.map_or(Fault::Proceed, Faults::before_sync);
    fault.error().map_or(Ok(()), Err)?;
    file.sync_data()
}
