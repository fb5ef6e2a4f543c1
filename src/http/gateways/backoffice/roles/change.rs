//! `PUT /roles/{id}`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;

use super::changeable;
use super::wire::{RoleChange, WireRole, permissions};
use crate::domain::address::Address;
use crate::domain::api_key::Scope;
use crate::domain::entity::Command;
use crate::domain::tenant::{self, Role, RoleCommand};
use crate::http::audit::audited;
use crate::http::auth::Authorized;
use crate::http::extract::ValidJson;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// Change a role: for everybody who has it, from the answer on.
#[utoipa::path(
    put, path = "/roles/{id}", tag = "Roles", security(("api_key" = [])),
    params(("id" = String, Path, description = "The role's id")),
    request_body = RoleChange,
    responses(
        (status = 200, description = "As it is now", body = WireRole),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No credential, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The credential does not cover this, or not what the role allows", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No role of this id", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn change(
    State(api): State<Api>,
    caller: Authorized<{ Scope::RolesWrite.bit() }>,
    Path(id): Path<String>,
    body: ValidJson<RoleChange>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let role = changeable(&api, &caller, &tenant, &id)?;
    let permissions = permissions(&body.permissions);
    caller.require_all(permissions)?;
    let after = Role {
        name: body.name.clone(),
        permissions,
        ..role.clone()
    };
    let change = RoleCommand::Change(role.number, after.name.clone(), permissions);
    let change = Command::Tenant(tenant::Command::Role(change));
    let place = Address::tenant(caller.tenant());
    let act = async {
        let changed = api.router.command(place, change, None, None).await;
        let timings = reply::timings(&caller, changed.timings);
        Ok(match changed.result {
            Ok(_) => {
                let ids = api.router.secrets().public_ids();
                let shown = WireRole::of(ids, caller.tenant(), &after);
                reply::json(StatusCode::OK, &shown, timings)
            }
            Err(why) => reply::refused(failure::problem(why), timings),
        })
    };
    audited(&api, &caller, "roles.change", Some(id.clone()), act).await
}
