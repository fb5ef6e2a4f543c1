//! What the writer has done: for tests and the operator's view; the same goes to the metrics.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What a journal has done since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Batches synced: as many as there were syncs.
    pub batches: u64,
    /// Records in them.
    pub records: u64,
    /// Bytes written, padding included.
    pub bytes: u64,
    /// How long the last sync took, in microseconds.
    pub last_sync_micros: u64,
}

/// Counts for [`Stats`].
#[derive(Debug, Default)]
pub(super) struct Counters {
    batches: AtomicU64,
    records: AtomicU64,
    bytes: AtomicU64,
    last_sync_micros: AtomicU64,
}

impl Counters {
    /// A batch was synced.
    pub(super) fn synced(&self, records: u16, bytes: usize, sync: Duration) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let micros = u64::try_from(sync.as_micros()).unwrap_or(u64::MAX);
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.records
            .fetch_add(u64::from(records), Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.last_sync_micros.store(micros, Ordering::Relaxed);
        metrics::histogram!("clientele_journal_sync_seconds").record(sync.as_secs_f64());
        metrics::histogram!("clientele_journal_batch_records").record(f64::from(records));
        metrics::counter!("clientele_journal_records_total").increment(u64::from(records));
        metrics::counter!("clientele_journal_bytes_total").increment(bytes);
    }

    /// The counts now.
    pub(super) fn read(&self) -> Stats {
        Stats {
            batches: self.batches.load(Ordering::Relaxed),
            records: self.records.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            last_sync_micros: self.last_sync_micros.load(Ordering::Relaxed),
        }
    }
}
