//! Every bound of the system, each with its derivation beside it.

/// The largest row, in bytes of payload: a row is rewritten whole whenever its entity changes, so its size bounds
/// both the write amplification of a checkpoint and the time of an activation.
pub const ROW_BYTES_MAX: usize = 32 * 1024;

/// The most memory that decoding one stored value may claim, in bytes: four times the largest row, for the room that
/// decoded collections take. Past it the bytes are damaged, whatever their checksum says.
pub const DECODED_BYTES_MAX: usize = 4 * ROW_BYTES_MAX;

/// The largest journal record of an award, in bytes: the rate of the journal goes by it.
pub const AWARD_RECORD_BYTES_MAX: usize = 600;
