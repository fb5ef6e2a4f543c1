//! The audit log of the tenant, in the key's mode.

pub(super) mod export;
pub(super) mod list;

use crate::http::auth::Caller;
use crate::http::problem::{Code, Problem};

/// Demands a key that acts for the whole network: the log tells of all of it.
fn of_whole_network(caller: &Caller) -> Result<(), Problem> {
    match caller.bound_to() {
        None => Ok(()),
        Some(_) => Err(Problem::new(
            Code::InsufficientScope,
            "the audit log is of the whole network; send a key that belongs to no organisation",
        )),
    }
}
