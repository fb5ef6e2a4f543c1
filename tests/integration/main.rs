//! A node as its callers see it: real sockets, a real data directory, a disk and a clock that the test commands.
//!
//! One binary; a module a promise. [`node`] is what they all stand on.

mod answers;
mod durability;
mod idempotency;
mod keys;
mod node;
mod panics;
mod privacy;
mod residency;
mod time;
mod uniqueness;
