//! `GET /identity_providers`

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::of_whole_network;
use super::wire::WireProvider;
use crate::actors::router::Timings;
use crate::domain::address::Address;
use crate::domain::api_key::Scope;
use crate::http::auth::Authorized;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, reply};

/// The identity providers of a tenant in one mode, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct IdentityProviders {
    content: Vec<WireProvider>,
}

/// List the identity providers of the key's mode, without their secrets.
#[utoipa::path(
    get, path = "/identity_providers", tag = "Identity providers", security(("api_key" = [])),
    responses(
        (status = 200, description = "All of them, newest first", body = IdentityProviders),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this, or belongs to an organisation", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(
    State(api): State<Api>,
    caller: Authorized<{ Scope::IntegrationsRead.bit() }>,
) -> Result<Response, Problem> {
    of_whole_network(&caller)?;
    let tenant = super::tenant(&api, &caller).await?;
    let (secrets, of) = (api.router.secrets(), caller.tenant());
    let entity = Address::tenant(of).entity;
    let newest_first = tenant.integrations.iter().rev();
    let content = newest_first
        .filter(|it| it.mode == caller.mode())
        .filter_map(|it| WireProvider::of(secrets, of, entity, it));
    let providers = IdentityProviders {
        content: content.collect(),
    };
    let timings = reply::timings(&caller, Timings::default());
    Ok(reply::json(StatusCode::OK, &providers, timings))
}
