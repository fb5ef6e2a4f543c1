//! Who vouches for contacts: the identity providers of a tenant, in the key's mode.

pub(super) mod create;
pub(super) mod deactivate;
pub(super) mod list;
mod wire;

use super::integrations::{sealed, tenant};
use crate::http::auth::Caller;
use crate::http::problem::{Code, Problem};

/// Demands a key that belongs to no organisation.
fn of_whole_network(caller: &Caller) -> Result<(), Problem> {
    match caller.bound_to() {
        None => Ok(()),
        Some(_) => Err(Problem::new(
            Code::InsufficientScope,
            "identity providers are of the whole network; send a key that belongs to no organisation",
        )),
    }
}
