//! `GET /reward_offers/{id}`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;

use super::find;
use super::show::shown;
use super::wire::WireOffer;
use crate::actors::router::Timings;
use crate::domain::api_key::Scope;
use crate::http::auth::Authorized;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, reply};

/// Get a reward offer, with where its budget is.
#[utoipa::path(
    get, path = "/reward_offers/{id}", tag = "Reward offers", security(("api_key" = [])),
    params(("id" = String, Path, description = "The offer's id")),
    responses(
        (status = 200, description = "The offer", body = WireOffer),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No offer of this id", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn get(
    State(api): State<Api>,
    caller: Authorized<{ Scope::OffersRead.bit() }>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (address, offer) = find(&api, &caller, &id).await?;
    let tenant = caller.tenant_view(&api).await?;
    let shown = shown(&api, &tenant, address, &offer).await?;
    let timings = reply::timings(&caller, Timings::default());
    Ok(reply::json(StatusCode::OK, &shown, timings))
}
