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
// ---- http: the edge

/// The most faults that one 422 names: a person mends a handful at a time, and a hostile body must not buy an answer
/// larger than itself (32 faults of 256 characters stay under 16 KiB).
pub const FAULTS_MAX: usize = 32;

/// The longest pointer of a fault, in characters: our own deepest one is under 80; the rest is room for free-form maps.
pub const FAULT_POINTER_CHARS_MAX: usize = 256;

/// The longest detail of a fault that quotes what was expected, in characters: our longest enum lists under 20 values
/// of 25 characters.
pub const FAULT_DETAIL_CHARS_MAX: usize = 512;

/// `Retry-After` on a 429 or 503 that knows no better: queues drain within milliseconds, so the smallest value that the
/// header can say is already generous.
pub const RETRY_AFTER_DEFAULT: std::time::Duration = std::time::Duration::from_secs(1);

/// The largest body of an ordinary request, in bytes. The largest one of the contract, a purchase with 500 lines of 400
/// bytes, is 200 KiB; 64 connections that all send the maximum hold 16 MiB.
pub const BODY_BYTES_MAX: usize = 256 * 1024;

/// The deepest nesting of arrays and objects in a body. The contract's deepest is 6; parsing recurses, at under 1 KiB of
/// stack a level, so 128 levels stay far below the 2 MiB of a worker thread.
pub const JSON_DEPTH_MAX: usize = 128;
