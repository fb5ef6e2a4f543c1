//! `GET /organisations/{id}`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;

use super::named;
use super::wire::{Including, Showing, WirePublished};
use crate::actors::router::Timings;
use crate::http::auth::bearer::ContactToken;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// Get an organisation of the network, as it publishes itself.
#[utoipa::path(
    get, path = "/organisations/{id}", tag = "Organisations", security(("access_token" = [])),
    params(("id" = String, Path, description = "The organisation's id")),
    responses(
        (status = 200, description = "The organisation", body = WirePublished),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No organisation of this id in the network", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn get(
    State(api): State<Api>,
    token: ContactToken,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let tenant = token.tenant_view(&api).await?;
    let number = named(&api, &tenant, &id)?;
    let found = tenant.organisations.get(&number);
    let organisation = found.ok_or_else(failure::not_found)?;
    let view = token.view(&api).await?;
    let ids = api.router.secrets().public_ids();
    let showing = Showing::of(&tenant, token.mode(), &view.sign_ups, Including::ALL, ids);
    let timings = reply::timings(&token, Timings::default());
    let shown = showing.published(number, organisation);
    Ok(reply::json(StatusCode::OK, &shown, timings))
}
