//! The followers of the journal: each builds something of its own from durable effects, at its own pace, with a durable
//! cursor: projections and what is to be delivered, kept in rows; the index of contacts and the test inbox, kept in memory. Publishers of
//! events come beside them.
//!
//! Calls flow in from the feed and out to rows. What this layer deliberately does not do: decide anything, change an
//! entity, or stand in the way of an answer. A follower that is slow or stopped delays nobody but its own readers, and
//! holds the trimming of the journal.

mod brake;
pub mod contacts;
pub mod delivery;
pub mod inbox;
mod message_rows;
pub mod progress;
pub mod projections;
