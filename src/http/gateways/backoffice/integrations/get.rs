//! `GET /integrations/{id}`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;

use super::wire::WireIntegration;
use super::{find, require_live};
use crate::actors::router::Timings;
use crate::domain::address::Address;
use crate::domain::api_key::Scope;
use crate::http::auth::Authorized;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// Get an integration, without its secrets.
#[utoipa::path(
    get, path = "/integrations/{id}", tag = "Integrations", security(("api_key" = [])),
    params(("id" = String, Path, description = "The integration's id")),
    responses(
        (status = 200, description = "The integration", body = WireIntegration),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this, is a test one, or belongs to an organisation", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such integration", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn get(
    State(api): State<Api>,
    caller: Authorized<{ Scope::IntegrationsRead.bit() }>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    require_live(&caller)?;
    let integration = find(&api, &caller, &id).await?;
    let tenant = caller.tenant();
    let entity = Address::tenant(tenant).entity;
    let shown = WireIntegration::of(api.router.secrets(), tenant, entity, &integration);
    let shown = shown.ok_or_else(failure::not_found)?;
    let timings = reply::timings(&caller, Timings::default());
    Ok(reply::json(StatusCode::OK, &shown, timings))
}
