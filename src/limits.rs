//! Every bound of the system, each with its derivation beside it.

/// The largest row, in bytes of payload: a row is rewritten whole whenever its entity changes, so its size bounds
/// both the write amplification of a checkpoint and the time of an activation.
pub const ROW_BYTES_MAX: usize = 32 * 1024;

/// What sled may keep in memory, in bytes: hot entities live in actors and changed rows in the dirty-row table, so only
/// activations read here. 64 MiB holds the index over some millions of rows.
pub const ROWS_CACHE_BYTES: u64 = 64 * 1024 * 1024;

/// How long opening the rows waits for another holder to let go, in milliseconds: a process that was killed releases
/// its locks within a second or so, and a start has 10 s in all.
pub const ROWS_LOCK_WAIT_MS: u64 = 5_000;

/// How long to wait between two tries for that lock, in milliseconds: short against the wait, long against a try.
pub const ROWS_LOCK_RETRY_MS: u64 = 50;

/// How many keys the keyring adds to a shard at a time. A restart leaves up to two blocks of a shard unused, so it
/// wastes at most 1 MiB over 256 shards; and a sync of 150 us for 64 new contacts is 2.4 us each. One bit each in the
/// block's `u64` of shredded keys.
pub const KEYS_PER_BLOCK: u32 = 64;

/// How many slots of a shard should be ready without a sync: `Keyring::prepare` adds a block below this. A quarter of a
/// block, several times what a shard creates during the millisecond that a block takes.
pub const KEY_SLOTS_READY_MIN: u32 = 16;

/// The largest block of an export, in bytes: large enough that its frame and checksum cost nothing beside a disk's
/// speed, small enough that a reader's memory does not matter; 31 rows of the largest size fit.
pub const EXPORT_BLOCK_BYTES_MAX: usize = 1024 * 1024;
