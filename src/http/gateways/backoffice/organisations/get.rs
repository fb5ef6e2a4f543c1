//! `GET /organisations/{id}`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;

use super::named;
use super::wire::WireOrganisation;
use crate::actors::router::Timings;
use crate::domain::api_key::Scope;
use crate::domain::context::TenantView;
use crate::http::auth::{Authorized, Caller};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// Get an organisation.
#[utoipa::path(
    get, path = "/organisations/{id}", tag = "Organisations", security(("api_key" = [])),
    params(("id" = String, Path, description = "The organisation's id")),
    responses(
        (status = 200, description = "The organisation", body = WireOrganisation),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No organisation of this id that the key acts for", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn get(
    State(api): State<Api>,
    caller: Authorized<{ Scope::OrganisationsRead.bit() }>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let number = named(&api, &caller, &tenant, &id)?;
    shown(&api, &caller, &tenant, number, Timings::default())
}

/// The organisation of this number, as it stands.
pub(super) fn shown(
    api: &Api,
    caller: &Caller,
    tenant: &TenantView,
    number: u64,
    engine: Timings,
) -> Result<Response, Problem> {
    let found = tenant.organisations.get(&number);
    let organisation = found.ok_or_else(failure::not_found)?;
    let ids = api.router.secrets().public_ids();
    let shown = WireOrganisation::of(number, organisation, tenant, caller, ids);
    let timings = reply::timings(caller, engine);
    Ok(reply::json(StatusCode::OK, &shown, timings))
}
