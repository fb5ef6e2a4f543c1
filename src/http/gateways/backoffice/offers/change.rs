//! `PUT /reward_offers/{id}`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;

use super::show::shown;
use super::wire::{WireOffer, WrittenOffer};
use super::{command, find, read};
use crate::domain::api_key::Scope;
use crate::domain::ids::Named;
use crate::domain::offer::Command;
use crate::http::audit::{audited, target};
use crate::http::auth::Authorized;
use crate::http::extract::{Faults, ValidJson};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, reply};

/// Change a reward offer as a whole, but for its life cycle, its goal, its budget and its conditions of spending.
///
/// What is left out is as in a new offer. The very next purchase goes by it; awards that were given stay as they are.
#[utoipa::path(
    put, path = "/reward_offers/{id}", tag = "Reward offers", security(("api_key" = [])),
    params(("id" = String, Path, description = "The offer's id")),
    request_body = WrittenOffer,
    responses(
        (status = 200, description = "The offer as it is now", body = WireOffer),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No offer of this id", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, or is not changed here", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn change(
    State(api): State<Api>,
    caller: Authorized<{ Scope::OffersWrite.bit() }>,
    Path(id): Path<String>,
    body: ValidJson<WrittenOffer>,
) -> Result<Response, Problem> {
    let (address, _) = find(&api, &caller, &id).await?;
    let mut faults = Faults::new();
    faults.require(
        body.budget.is_none(),
        "budget",
        "fixed",
        "is fixed when the offer is created; leave it out",
    );
    faults.require(
        body.goal.is_none(),
        "goal",
        "fixed",
        "is fixed when the offer is created; leave it out",
    );
    faults.require(
        body.spend_conditions.is_none(),
        "spend_conditions",
        "fixed",
        "are fixed when the offer is created; leave them out",
    );
    faults.require(
        body.life_cycle_state.is_none(),
        "life_cycle_state",
        "not_here",
        "is changed by PUT /reward_offers/{id}/life_cycle_state; leave it out",
    );
    faults.into_result()?;
    let tenant = caller.tenant_view(&api).await?;
    let wanted = read::offer(&body, &tenant, api.router.secrets().public_ids())?;
    let act = async {
        let engine = command(&api, address, Command::Change(Box::new(wanted))).await?;
        let (address, offer) = find(&api, &caller, &id).await?;
        let shown = shown(&api, &tenant, address, &offer).await?;
        let timings = reply::timings(&caller, engine);
        Ok(reply::json(StatusCode::OK, &shown, timings))
    };
    let target = target(&api, Named::Offer, address.entity);
    audited(&api, &caller, "reward_offers.update", target, act).await
}
