//! Every bound of the system, each with its derivation beside it.

/// The largest row, in bytes of payload: a row is rewritten whole whenever its entity changes, so its size bounds
/// both the write amplification of a checkpoint and the time of an activation.
pub const ROW_BYTES_MAX: usize = 32 * 1024;

/// The largest journal record, in bytes, its header included: an award's record stays under 600 bytes, the largest effects
/// (an import's, a plugin's) under a row; twice a row leaves room, and 16 of them still fit a batch.
pub const RECORD_BYTES_MAX: usize = 64 * 1024;

/// The most bytes of records in a batch of the journal: the disk writes 1 MiB in about a millisecond, so a full batch
/// no more than doubles the wait for the sync.
pub const BATCH_BYTES_MAX: usize = 1024 * 1024;

/// The most records in a batch of the journal: the completions of a batch run one after the other, at under 0.2 us
/// each, so that the last waits for the others no longer than for the sync. Below 65,535, which a position can tell
/// apart.
pub const BATCH_RECORDS_MAX: usize = 8_192;

/// The most records that wait for the journal's writer. Admission bounds them long before (512 permits an entity, and
/// far fewer in all); beyond this the caller has lost count, and an append resolves as unknown at once. At 600 bytes a
/// record it is 150 MB.
pub const JOURNAL_WAITING_MAX: usize = 262_144;

/// The bytes of the newest journal records kept in memory for cursors. At 50,000 awards a second it is over a second
/// of history, and a healthy cursor is milliseconds behind; a slower one reads the files.
pub const RECENT_BYTES_MAX: usize = 32 * 1024 * 1024;

/// The default size of a journal segment, in bytes: six seconds of awards at full speed, so that creating and zeroing
/// the next costs little beside them, while trimming still gives space back in small pieces.
pub const SEGMENT_BYTES: u64 = 64 * 1024 * 1024;

/// The smallest segment, in bytes: the table of 256 shards and a few records.
pub const SEGMENT_BYTES_MIN: u64 = 32 * 1024;

/// The largest segment, in bytes: a start copies the newest after a crash, which must stay within the ten seconds that
/// a start may take.
pub const SEGMENT_BYTES_MAX: u64 = 1024 * 1024 * 1024;
