//! Every bound of the system, each with its derivation beside it.

/// The largest row, in bytes of payload: a row is rewritten whole whenever its entity changes, so its size bounds
/// both the write amplification of a checkpoint and the time of an activation.
pub const ROW_BYTES_MAX: usize = 32 * 1024;
