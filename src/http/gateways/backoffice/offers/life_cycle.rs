//! `PUT /reward_offers/{id}/life_cycle_state`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;

use super::show::shown;
use super::wire::{WireOffer, WrittenLifeCycle};
use super::{command, find};
use crate::domain::api_key::Scope;
use crate::domain::ids::Named;
use crate::domain::offer::Command;
use crate::http::audit::{audited, target};
use crate::http::auth::Authorized;
use crate::http::extract::ValidJson;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, reply};

/// Make a reward offer active or inactive, from the very next purchase on.
#[utoipa::path(
    put, path = "/reward_offers/{id}/life_cycle_state", tag = "Reward offers", security(("api_key" = [])),
    params(("id" = String, Path, description = "The offer's id")),
    request_body = WrittenLifeCycle,
    responses(
        (status = 200, description = "The offer as it is now", body = WireOffer),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No offer of this id", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn change(
    State(api): State<Api>,
    caller: Authorized<{ Scope::OffersWrite.bit() }>,
    Path(id): Path<String>,
    body: ValidJson<WrittenLifeCycle>,
) -> Result<Response, Problem> {
    let (address, _) = find(&api, &caller, &id).await?;
    let act = async {
        let wanted = Command::ChangeLifeCycle(body.life_cycle_state.into());
        let engine = command(&api, address, wanted).await?;
        let (address, offer) = find(&api, &caller, &id).await?;
        let tenant = caller.tenant_view(&api).await?;
        let shown = shown(&api, &tenant, address, &offer).await?;
        let timings = reply::timings(&caller, engine);
        Ok(reply::json(StatusCode::OK, &shown, timings))
    };
    let target = target(&api, Named::Offer, address.entity);
    audited(&api, &caller, "reward_offers.life_cycle", target, act).await
}
