//! The segment journal: the embedded default, for one machine. Why it is as it is: docs/decisions/0002.
//!
//! Calls flow from the callers' threads through `queue` to the one `writer`, which alone appends; readers follow
//! it through `live` and `recent` and never see what isn't synced. `prepare` keeps the next file ready.
//!
//! Architecture invariant: a failed write or sync is never retried. The journal stops, and only a start
//! (`recovery`) decides what is durable.

mod directory;
mod format;
mod live;
mod manifest;
mod prepare;
mod queue;
mod read;
mod recent;
mod recovery;
mod replay;
mod stats;
#[cfg(test)]
mod tests;
mod trim;
mod writer;

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use clientele_cluster::{NodeId, ShardId};
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::watch;

pub use self::stats::Stats;

use self::directory::{Directory, failed};
use self::live::Live;
use self::manifest::Manifest;
use self::prepare::Preparer;
use self::queue::{Phase, Queue};
use self::recent::{Recent, Remembered};
use self::recovery::{Recovered, recover};
use self::stats::Counters;
use self::writer::{Work, Writer};
use super::faults::Faults;
use super::handover::{self, Handover};
use super::{Claimed, Completion, Error, Journal, Position, Record};
use crate::limits;

/// The writer's niceness, where the system allows it: with two CPU hogs beside it, it halves the p99 of a sync.
const WRITER_NICE: i32 = -15;

/// How a segment journal is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// The size of new segments, in bytes: a multiple of 512 from [`limits::SEGMENT_BYTES_MIN`] to
    /// [`limits::SEGMENT_BYTES_MAX`].
    pub segment_bytes: u64,
    /// Added to every sync, to develop against a slow disk; zero in production.
    pub sync_delay: Duration,
    /// Where a test makes the disk fail; none in production.
    pub faults: Option<Arc<dyn Faults>>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            segment_bytes: limits::SEGMENT_BYTES,
            sync_delay: Duration::ZERO,
            faults: None,
        }
    }
}

/// What the journal's threads and callers share.
struct Shared {
    directory: Directory,
    manifest: Arc<Mutex<Manifest>>,
    queue: Queue,
    live: Live,
    recent: Recent,
    durable: AtomicU64,
    stats: Counters,
    failed: watch::Sender<bool>,
    stopped: watch::Sender<bool>,
    /// Why a close could not leave its mark.
    unmarked: Mutex<Option<Error>>,
}

/// A journal in segment files. Dropped without [`Journal::close`] it stops as a crash would, but between batches.
pub struct SegmentJournal {
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl SegmentJournal {
    /// Opens the journal in the data directory `directory`, or creates it, and starts its threads. Blocks: it reads
    /// all that was not trimmed.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] if anything that was durable is gone or altered, [`Error::Io`] if the system refuses
    /// something, another process holds the directory, or the options are out of bounds.
    pub fn open(directory: impl AsRef<Path>, options: Options) -> Result<SegmentJournal, Error> {
        let bytes = options.segment_bytes;
        let bounds = limits::SEGMENT_BYTES_MIN..=limits::SEGMENT_BYTES_MAX;
        if !bounds.contains(&bytes) || !bytes.is_multiple_of(format::BLOCK_BYTES) {
            let refused = std::io::Error::new(
                std::io::ErrorKind::InvalidInput,
                format!("segments of {bytes} bytes are out of bounds"),
            );
            return Err(failed("open", directory.as_ref())(refused));
        }
        let directory = Directory::create(directory.as_ref())?;
        let lock = directory.lock()?;
        let recovered = recover(&directory, bytes)?;
        start(directory, lock, recovered, options)
    }

    /// What the journal has done since it was opened.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.stats.read()
    }
}

/// Starts the threads on what a start found.
fn start(
    directory: Directory,
    lock: std::fs::File,
    recovered: Recovered,
    options: Options,
) -> Result<SegmentJournal, Error> {
    let Some(tail) = recovered.segments.back().cloned() else {
        return Err(Error::Stopped);
    };
    let next = tail.header.id.saturating_add(1);
    let manifest = Arc::new(Mutex::new(recovered.manifest));
    let preparer = Arc::new(Preparer::new(
        directory.clone(),
        Arc::clone(&manifest),
        options.segment_bytes,
        next,
    ));
    let unstartable = failed("start", &directory.manifest());
    let shared = Arc::new(Shared {
        directory,
        manifest,
        queue: Queue::new(),
        live: Live::new(recovered.segments),
        recent: Recent::new(recovered.lasts, recovered.last),
        durable: AtomicU64::new(recovered.last.0),
        stats: Counters::default(),
        failed: watch::Sender::new(false),
        stopped: watch::Sender::new(false),
        unmarked: Mutex::new(None),
    });
    let writer = Writer {
        shared: Arc::clone(&shared),
        preparer: Arc::clone(&preparer),
        faults: options.faults,
        sync_delay: options.sync_delay,
        shards: recovered.shards,
        file: recovered.file,
        offset: tail.end,
        next_batch: tail.next_batch,
        header: tail.header,
        work: Work::default(),
    };
    let preparing = thread::Builder::new()
        .name("journal-prepare".to_owned())
        .spawn({
            let preparer = Arc::clone(&preparer);
            move || preparer.run()
        })
        .map_err(&unstartable)?;
    let writer = thread::Builder::new()
        .name("journal-writer".to_owned())
        .spawn(move || serve(writer, preparing, lock));
    let writer = writer.map_err(|error| {
        preparer.end();
        unstartable(error)
    })?;
    let writer = Mutex::new(Some(writer));
    Ok(SegmentJournal { shared, writer })
}

/// The writer's thread, from its start to the mark of good order.
fn serve(mut writer: Writer, preparing: JoinHandle<()>, lock: std::fs::File) {
    let thread = Some(rustix::thread::gettid());
    if let Err(error) = rustix::process::setpriority_process(thread, WRITER_NICE) {
        tracing::debug!(%error, "the journal's writer keeps its usual priority");
    }
    let shared = Arc::clone(&writer.shared);
    // A completion must not panic. If one does, nobody may be left waiting, and nothing more be acknowledged.
    let ended = catch_unwind(AssertUnwindSafe(|| writer.run()));
    if ended.is_err() {
        tracing::error!("a completion panicked: the journal stops");
        shared.failed.send_replace(true);
    }
    while catch_unwind(AssertUnwindSafe(|| writer.refuse_all())).is_err() {}
    writer.preparer.end();
    if preparing.join().is_err() {
        tracing::error!("preparing a segment panicked");
    }
    if ended.is_ok_and(|in_good_order| in_good_order) {
        let mut manifest = shared.manifest.lock();
        manifest.closed_after = Some(writer.next_batch.saturating_sub(1));
        if let Err(error) = manifest.store(&shared.directory) {
            tracing::warn!(%error, "the journal's close left no mark; the next start copies its tail");
            *shared.unmarked.lock() = Some(error);
        }
    }
    // Nothing is written any more: now another may open the directory, and then the journal is said to have stopped.
    drop(writer);
    drop(lock);
    shared.stopped.send_replace(true);
}

impl Journal for SegmentJournal {
    fn claim(&self, shard: ShardId, node: NodeId) -> BoxFuture<'_, Result<Claimed, Error>> {
        let (item, claimed) = handover::claim(shard, node);
        self.shared.queue.push(item);
        Box::pin(async move { claimed.await.unwrap_or(Err(Error::Stopped)) })
    }

    fn append(&self, record: Record, completion: Arc<dyn Completion>) {
        self.shared.queue.push(Handover::Append(record, completion));
    }

    fn replay(
        &self,
        after: Position,
        each: &mut dyn FnMut(Position, Record) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        if self.has_failed() {
            return Err(Error::Stopped);
        }
        replay::replay(&self.shared, after, each)
    }

    fn tail(
        &self,
        shard: ShardId,
        after: Position,
        max_records: usize,
    ) -> BoxFuture<'_, Result<Vec<(Position, Record)>, Error>> {
        Box::pin(async move {
            if self.has_failed() {
                return Err(Error::Stopped);
            }
            match self.shared.recent.after(shard, after, max_records) {
                Remembered::Records(records) => return Ok(records),
                Remembered::Older if max_records == 0 => return Ok(Vec::new()),
                Remembered::Older => {}
            }
            let shared = Arc::clone(&self.shared);
            let reading = tokio::task::spawn_blocking(move || {
                let mut records = Vec::new();
                let mut each = |position, record: Record| {
                    if record.shard == shard {
                        records.push((position, record));
                    }
                    if records.len() < max_records {
                        ControlFlow::Continue(())
                    } else {
                        ControlFlow::Break(())
                    }
                };
                replay::replay(&shared, after, &mut each).map(|()| records)
            });
            // Reading neither panics nor is aborted, but by a runtime that ends.
            reading.await.unwrap_or(Err(Error::Stopped))
        })
    }

    fn durable(&self) -> Position {
        Position(self.shared.durable.load(Ordering::Acquire))
    }

    fn trim(&self, to: Position) -> Result<(), Error> {
        trim::trim(&self.shared, to)
    }

    fn trimmed_to(&self) -> Position {
        // The first segment does not say which record was the last before it, only which batch; and nothing is
        // trimmed in the midst of one.
        match self.shared.live.first_batch().saturating_sub(1) {
            0 => Position::START,
            dropped => format::position(dropped, 0),
        }
    }

    fn has_failed(&self) -> bool {
        *self.shared.failed.borrow()
    }

    fn failed(&self) -> BoxFuture<'_, ()> {
        let mut failed = self.shared.failed.subscribe();
        Box::pin(async move {
            if failed.wait_for(|failed| *failed).await.is_err() {
                std::future::pending::<()>().await;
            }
        })
    }

    fn close(&self) -> BoxFuture<'_, Result<(), Error>> {
        self.shared.queue.end(Phase::Closing);
        let mut stopped = self.shared.stopped.subscribe();
        Box::pin(async move {
            // The sender is ours, so this ends only when the writer has stopped.
            drop(stopped.wait_for(|stopped| *stopped).await);
            join(&self.writer);
            if self.has_failed() {
                return Err(Error::Stopped);
            }
            self.shared.unmarked.lock().take().map_or(Ok(()), Err)
        })
    }
}

impl Drop for SegmentJournal {
    fn drop(&mut self) {
        self.shared.queue.end(Phase::Abandoned);
        join(&self.writer);
    }
}

fn join(writer: &Mutex<Option<JoinHandle<()>>>) {
    let writer = writer.lock().take();
    if writer.is_some_and(|writer| writer.join().is_err()) {
        tracing::error!("the journal's writer panicked");
    }
}
