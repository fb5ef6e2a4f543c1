//! Every bound of the system, each with its derivation beside it.

/// The largest row, in bytes of payload: a row is rewritten whole whenever its entity changes, so its size bounds
/// both the write amplification of a checkpoint and the time of an activation.
pub const ROW_BYTES_MAX: usize = 32 * 1024;

/// The most memory that decoding one stored value may claim, in bytes: four times the largest row, for the room that
/// decoded collections take. Past it the bytes are damaged, whatever their checksum says.
pub const DECODED_BYTES_MAX: usize = 4 * ROW_BYTES_MAX;

/// The largest journal record of an award, in bytes: the rate of the journal goes by it.
pub const AWARD_RECORD_BYTES_MAX: usize = 600;
/// What sled may keep in memory, in bytes: hot entities live in actors and changed rows in the dirty-row table, so only
/// activations read here. 64 MiB holds the index over some millions of rows.
pub const ROWS_CACHE_BYTES: u64 = 64 * 1024 * 1024;

/// How long opening the rows waits for another holder to let go, in milliseconds: a process that was killed releases
/// its locks within a second or so, and a start has 10 s in all.
pub const ROWS_LOCK_WAIT_MS: u64 = 5_000;

/// How long to wait between two tries for that lock, in milliseconds: short against the wait, long against a try.
pub const ROWS_LOCK_RETRY_MS: u64 = 50;
