//! Who vouches for contacts: the identity providers of a tenant, in the key's mode.

pub(super) mod create;
pub(super) mod deactivate;
pub(super) mod list;
mod wire;

use crate::domain::address::Address;
use crate::domain::entity::{Answer, Query};
use crate::domain::tenant::Tenant;
use crate::http::auth::Caller;
use crate::http::problem::{Code, Problem};
use crate::http::{Api, failure};

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

/// The tenant of the caller.
async fn tenant(api: &Api, caller: &Caller) -> Result<Tenant, Problem> {
    let tenant = Address::tenant(caller.tenant());
    let reply = api.router.query(tenant, Query::Tenant).await;
    match reply.result.map_err(failure::problem)? {
        Answer::Tenant(tenant) => Ok(*tenant),
        _ => Err(failure::not_found()),
    }
}
