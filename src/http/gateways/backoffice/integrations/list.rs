//! `GET /integrations`

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::require_live;
use super::wire::WireIntegration;
use crate::actors::router::Timings;
use crate::domain::address::Address;
use crate::domain::api_key::Scope;
use crate::http::auth::Authorized;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, reply};

/// The integrations of a tenant, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct Integrations {
    content: Vec<WireIntegration>,
}

/// List the integrations.
///
/// Of those that were deactivated, the oldest give way to new ones.
#[utoipa::path(
    get, path = "/integrations", tag = "Integrations", security(("api_key" = [])),
    responses(
        (status = 200, description = "All of them, newest first", body = Integrations),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this, is a test one, or belongs to an organisation", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(
    State(api): State<Api>,
    caller: Authorized<{ Scope::IntegrationsRead.bit() }>,
) -> Result<Response, Problem> {
    require_live(&caller)?;
    let tenant = super::tenant(&api, &caller).await?;
    let (secrets, of) = (api.router.secrets(), caller.tenant());
    let entity = Address::tenant(of).entity;
    let newest_first = tenant.integrations.iter().rev();
    let content = newest_first
        .filter(|it| it.mode == caller.mode())
        .filter_map(|it| WireIntegration::of(secrets, of, entity, it));
    let integrations = Integrations {
        content: content.collect(),
    };
    let timings = reply::timings(&caller, Timings::default());
    Ok(reply::json(StatusCode::OK, &integrations, timings))
}
