//! What lasts: the journal, the rows, the keyring, the codec, checkpoints and exports.
pub mod codec;
pub mod export;
pub mod journal;
pub mod keyring;
pub mod rows;
pub mod store;

pub(crate) mod durable;
