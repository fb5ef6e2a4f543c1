//! The engine: every entity is an actor with live state; every change is a journal record before it is an answer.
//!
//! Calls flow one way: [`router`] finds the owning shard, admission lets the message in or refuses it, the entity's
//! actor decides and appends, the journal's completion answers. The map, in that order:
//!
//! - [`router`]: the one door: commands, queries, authentication, creations that span entities.
//! - [`admission`]: how much may be under way.
//! - `series`: several commands to one entity, one after the other, that do not wait for each other to be durable.
//! - [`shard`]: one slice of entities: its appender, its actors, its supervisor.
//! - [`entity`], `turn`: one actor an entity; in each message's turn: decide → append → apply → answer.
//! - [`append`]: what waits for a record to become durable.
//! - `leases`, `lender`, `on_budgets`: what a shard holds of offers' budgets, how it gets it, and how awards draw on it.
//! - [`publications`]: what every request needs, published by its owner.
//! - [`timers`], [`residency`]: what time makes due, and who may stay in memory.
//! - [`node`], `catch_up`: starts all of it, checkpoints it and stops it.
//! - [`exports`]: copies of it outside the store, and what the journal may therefore forget.
//!
//! Architecture invariant: no wire types and no HTTP here, and no decision either: those are the domain's.

pub mod access;
pub mod admission;
pub mod append;
mod audit;
mod catch_up;
pub mod entity;
pub mod envelope;
pub mod exports;
mod images;
mod leases;
mod lender;
mod listed_creation;
pub mod node;
mod obligations;
mod on_budgets;
pub mod publications;
mod receipts;
pub mod residency;
mod role_changes;
pub mod router;
mod schemes;
mod series;
pub mod shard;
pub mod spawn;
pub mod spend_tokens;
mod test_clock;
mod texts;
pub mod timers;

pub mod contact_change;
pub mod contact_creation;
mod supervisor;
mod turn;
pub mod users;
