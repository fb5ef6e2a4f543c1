//! `GET /api_keys/{id}`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;

use super::named;
use super::wire::WireApiKey;
use crate::actors::router;
use crate::domain::api_key::Scope;
use crate::http::auth::Authorized;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, reply};

/// Get an API key. A secret key's value is not told.
#[utoipa::path(
    get, path = "/api_keys/{id}", tag = "API keys", security(("api_key" = [])),
    params(("id" = String, Path, description = "The API key's id")),
    responses(
        (status = 200, description = "The API key", body = WireApiKey),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No API key of this id in this mode", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn get(
    State(api): State<Api>,
    caller: Authorized<{ Scope::KeysRead.bit() }>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (address, key, _) = named(&api, &caller, &id).await?;
    let shown = WireApiKey::of(&api, address, *key, None).await?;
    let timings = reply::timings(&caller, router::Timings::default());
    Ok(reply::json(StatusCode::OK, &shown, timings))
}
