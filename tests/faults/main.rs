//! What must hold when the process is killed, its files are damaged, or many ask at once.
//!
//! Every test drives the real binary as a child process over real sockets, keeps its own ledger of what was
//! acknowledged, and holds the node to it after a restart.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends at the first thing that is not as it must be"
)]

mod client;
mod ledger;
mod load;
mod process;
mod segment;
mod volume;

mod abuse;
mod audit;
mod benches;
mod budgets;
mod commands;
mod concurrency;
mod crashes;
mod damage;
mod delivery;
mod disks;
mod external_login;
mod flips;
mod fuzzing;
mod guesses;
mod guides;
mod letters;
mod overload;
mod power;
mod reclaims;
mod residency;
mod restarts;
mod rows_lost;

#[path = "../support/recorder.rs"]
#[allow(dead_code, reason = "two binaries share it, and each uses a part")]
mod recorder;
