//! `GET /roles` and `GET /roles/{id}`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::wire::WireRole;
use super::{is_known, named};
use crate::actors::router::Timings;
use crate::domain::api_key::Scope;
use crate::http::auth::Authorized;
use crate::http::extract::{Faults, ValidQuery, Validate};
use crate::http::paging::{Page, Paging};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// Which page.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct RolesQuery {
    /// From 1.
    page: Option<u32>,
    /// How many entries a page has: 10 unless stated, at most 100.
    size: Option<u32>,
    /// Whether all entries are counted.
    #[serde(default)]
    include_total: bool,
}

impl Validate for RolesQuery {
    fn validate(&self, faults: &mut Faults) {
        Page::of(self.page, self.size).validate(faults);
    }
}

/// A page of roles, by name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserRolePage)]
pub(super) struct RolePage {
    content: Vec<WireRole>,
    paging: Paging,
}

/// List the roles that users of the caller's organisations may have.
#[utoipa::path(
    get, path = "/roles", tag = "Roles", security(("api_key" = [])),
    params(RolesQuery),
    responses(
        (status = 200, description = "A page, by name", body = RolePage),
        (status = 401, description = "No credential, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The credential does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(
    State(api): State<Api>,
    caller: Authorized<{ Scope::RolesRead.bit() }>,
    query: ValidQuery<RolesQuery>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let known = tenant
        .roles
        .iter()
        .filter(|role| is_known(&caller, &tenant, role));
    let mut known: Vec<_> = known.collect();
    known.sort_by(|one, other| one.name.cmp(&other.name));
    let page = Page::of(query.page, query.size);
    let (roles, paging) = page.cut(known, query.include_total);
    let ids = api.router.secrets().public_ids();
    let content = roles
        .into_iter()
        .map(|role| WireRole::of(ids, caller.tenant(), role));
    let page = RolePage {
        content: content.collect(),
        paging,
    };
    let timings = reply::timings(&caller, Timings::default());
    Ok(reply::json(StatusCode::OK, &page, timings))
}

/// Get a role.
#[utoipa::path(
    get, path = "/roles/{id}", tag = "Roles", security(("api_key" = [])),
    params(("id" = String, Path, description = "The role's id")),
    responses(
        (status = 200, description = "The role", body = WireRole),
        (status = 401, description = "No credential, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The credential does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No role of this id", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn get(
    State(api): State<Api>,
    caller: Authorized<{ Scope::RolesRead.bit() }>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let role = named(&api, &caller, &tenant, &id).ok_or_else(failure::not_found)?;
    let shown = WireRole::of(api.router.secrets().public_ids(), caller.tenant(), role);
    let timings = reply::timings(&caller, Timings::default());
    Ok(reply::json(StatusCode::OK, &shown, timings))
}
