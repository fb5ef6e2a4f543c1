//! The bounds of the demo network.

/// The most live contacts of the demo network: what one node is built for, so that its figures can be taken with them.
pub const SEEDED_CONTACTS_MAX: u32 = 1_000_000;

/// How many contacts of the demo network are created at a time: a hundred fill a sync, and a mailbox holds many more.
pub const SEEDED_CONTACTS_AT_A_TIME: usize = 128;
