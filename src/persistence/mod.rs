//! What lasts: the journal, the rows, the keyring, the codec, checkpoints and exports.
pub mod export;
pub mod journal;
pub mod keyring;
pub mod rows;

pub(crate) mod durable;
