//! `DELETE /roles/{id}`

use axum::extract::{Path, State};
use axum::response::Response;

use super::changeable;
use crate::domain::address::Address;
use crate::domain::api_key::Scope;
use crate::domain::entity::Command;
use crate::domain::tenant::{self, RoleCommand};
use crate::http::audit::audited;
use crate::http::auth::Authorized;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// Remove a role: from everybody who has it, from the answer on.
#[utoipa::path(
    delete, path = "/roles/{id}", tag = "Roles", security(("api_key" = [])),
    params(("id" = String, Path, description = "The role's id")),
    responses(
        (status = 204, description = "Removed"),
        (status = 401, description = "No credential, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The credential does not cover this, or not what the role allows", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No role of this id", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn remove(
    State(api): State<Api>,
    caller: Authorized<{ Scope::RolesWrite.bit() }>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let role = changeable(&api, &caller, &tenant, &id)?;
    let remove = tenant::Command::Role(RoleCommand::Remove(role.number));
    let place = Address::tenant(caller.tenant());
    let act = async {
        let removed = api
            .router
            .command(place, Command::Tenant(remove), None, None)
            .await;
        let timings = reply::timings(&caller, removed.timings);
        Ok(match removed.result {
            Ok(_) => reply::no_content(timings),
            Err(why) => reply::refused(failure::problem(why), timings),
        })
    };
    audited(&api, &caller, "roles.remove", Some(id.clone()), act).await
}
