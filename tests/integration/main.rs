//! A node as its callers see it: real sockets, a real data directory, a disk and a clock that the test commands.
//!
//! One binary; a module a promise. [`node`] and [`client`] are what they all stand on.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends at the first thing that is not as it must be"
)]

mod access;
mod answers;
mod api_keys;
mod app;
mod applications;
mod at_once;
mod audit;
mod audited_rewards;
mod bound_keys;
mod browsers;
mod budgets;
mod changes;
mod client;
mod code_caps;
mod commerce;
mod conformance;
mod contact_changes;
mod contact_exports;
mod contact_lists;
mod custom_fields;
mod delivery;
mod durability;
mod emails;
mod erasure;
mod estimates;
mod exports;
mod foreign;
mod full_lists;
mod goals;
mod guests;
mod idempotency;
mod identities;
mod images;
mod invitations;
mod keys;
mod letter_pages;
mod limits;
mod lists;
mod lookup;
mod masquerade;
mod needs;
mod node;
mod offers;
mod offline;
mod older_clients;
mod on_file;
mod organisation_types;
mod organisations;
mod own_changes;
mod own_data;
mod own_wallets;
mod own_words;
mod panics;
mod passwords;
mod places;
mod privacy;
mod rates;
mod reclaims;
mod registrations;
mod residency;
mod returns;
mod rewards;
mod roles;
mod routes;
mod rows;
mod schemes;
mod second_factor;
mod segments;
mod session_rules;
mod sessions;
mod sign_in_log;
mod sign_ups;
mod signing_in;
mod spend_tokens;
mod spending;
mod stale_tokens;
mod step_up;
mod strangers;
mod test_clock;
mod tiers;
mod till_codes;
mod tills;
mod time;
mod trimming;
mod undelivered;
mod uniqueness;
mod user_access;
mod user_reads;
mod users;
mod venues;
mod wallet_proofs;
mod wallets;

#[path = "../support/recorder.rs"]
#[allow(dead_code, reason = "two binaries share it, and each uses a part")]
mod recorder;
