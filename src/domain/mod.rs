//! The domain: what Clientele decides, and nothing else.
//!
//! Every aggregate is a folder with its `state`, `command`, `event`, `decide` and `apply`. [`entity`] joins them
//! into the one shape that the actors drive: decide → effect → apply.
//!
//! Architecture invariant: no I/O, no clock, no randomness, no async and no serde here. Time, ids, keys and the
//! tenant's configuration come in with the [`context::Context`], so that a replay, a simulation and a live node
//! compute the same. `apply` cannot fail: what it is given was decided, and is history.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    clippy::float_arithmetic
)]

pub mod address;
pub mod calendar;
pub mod context;
pub mod ids;
pub mod media;
pub mod money;
pub mod time;

pub mod access;
pub mod api_key;
pub mod apps;
pub mod audit;
pub mod configuration;
pub mod contact;
pub mod directory_entry;
pub mod lease;
pub mod offer;
pub mod organisation;
pub mod receipt;
pub mod tenant;
pub mod user;

pub mod entity;
pub mod remembered;
