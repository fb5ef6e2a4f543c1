//! Reward offers.
pub(super) mod awards;
pub(super) mod change;
pub(super) mod create;
pub(super) mod get;
mod goal;
pub(super) mod life_cycle;
pub(super) mod list;
mod read;
mod show;
mod wire;

use std::sync::Arc;

use crate::actors::router::Timings;
use crate::domain::address::Address;
use crate::domain::entity::Command;
use crate::domain::ids::Named;
use crate::domain::offer::{self, Offer};
use crate::http::auth::Caller;
use crate::http::problem::Problem;
use crate::http::{Api, failure};

/// The offer of this id, if it is listed in the caller's world.
async fn find(api: &Api, caller: &Caller, id: &str) -> Result<(Address, Arc<Offer>), Problem> {
    let address = api
        .router
        .secrets()
        .public_ids()
        .read_as(Named::Offer, id)
        .map(|id| id.owner(caller.tenant(), caller.mode()))
        .ok_or_else(failure::not_found)?;
    let tenant = caller.tenant_view(api).await?;
    let offers = &tenant.offers;
    let found = offers.iter().find(|(entity, _)| *entity == address.entity);
    let (_, offer) = found.ok_or_else(failure::not_found)?;
    Ok((address, Arc::clone(offer)))
}

/// Changes an offer. The next purchase goes by it.
async fn command(api: &Api, offer: Address, command: offer::Command) -> Result<Timings, Problem> {
    let reply = api
        .router
        .command(offer, Command::Offer(command), None, None)
        .await;
    match reply.result {
        Ok(_) => Ok(reply.timings),
        Err(why) => Err(failure::problem(why)),
    }
}
