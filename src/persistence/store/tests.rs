//! The store keeps what was acknowledged: through checkpoints, crashes between any two writes, spills and exports.

mod bounds;
mod crashes;
mod history;
mod leases;
mod older;
mod spills;
mod timers;
mod transfers;
