//! What lasts: the journal, the rows, the keyring, the codec, checkpoints and exports; and the feed of what has become
//! durable, for those who follow the journal.
pub mod codec;
pub mod export;
pub mod feed;
pub mod follower;
pub mod journal;
pub mod keyring;
pub mod listing;
pub mod profiles;
pub mod rows;
pub mod store;
pub mod undelivered;

pub(crate) mod durable;
