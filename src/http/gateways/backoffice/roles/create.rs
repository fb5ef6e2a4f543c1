//! `POST /roles`

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::wire::{NewRole, WireRole, permissions, role_id};
use crate::domain::address::Address;
use crate::domain::api_key::Scope;
use crate::domain::entity::Command;
use crate::domain::tenant::{self, OWNER_ROLE, Role, RoleCommand};
use crate::http::audit::audited;
use crate::http::auth::Authorized;
use crate::http::extract::{Conditions, ValidJson};
use crate::http::gateways::once::Once;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// Make a role.
///
/// It belongs to an organisation; users there and below may have it. Nobody makes one that allows more than they may do.
#[utoipa::path(
    post, path = "/roles", tag = "Roles", security(("api_key" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once")),
    request_body = NewRole,
    responses(
        (status = 201, description = "Made", body = WireRole),
        (status = 400, description = "Not JSON, or an organisation that is not known", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No credential, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The credential does not cover this, or not what the role would allow", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "There are 50 roles", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again with the same Idempotency-Key", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn create(
    State(api): State<Api>,
    caller: Authorized<{ Scope::RolesWrite.bit() }>,
    headers: Conditions,
    body: ValidJson<NewRole>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let ids = api.router.secrets().public_ids();
    let organisation = match &body.organisation_id {
        Some(id) => caller.organisation(ids, &tenant, id),
        None => Some(caller.bound_to().unwrap_or_else(|| tenant.owner())),
    };
    let organisation = organisation.ok_or_else(|| {
        Problem::new(
            Code::UnknownOrganisation,
            "organisation_id names none that the caller acts for",
        )
    })?;
    let permissions = permissions(&body.permissions);
    caller.require_all(permissions)?;
    let once = Once::of(&caller, &headers, "roles.create", None, &body.hash)?;
    // Half of the bits: 50 of two thousand million never meet.
    let number = api.router.secrets().derived_entity(&once.scope(), 0) >> 33;
    let role = Role {
        number: u32::try_from(number)
            .unwrap_or(u32::MAX)
            .max(OWNER_ROLE + 1),
        organisation,
        name: body.name.clone(),
        permissions,
    };
    let add = Command::Tenant(tenant::Command::Role(RoleCommand::Add(role.clone())));
    let remember = Some(once.remember(&api));
    let place = Address::tenant(caller.tenant());
    let act = async {
        let made = api.router.command(place, add, remember, None).await;
        let timings = reply::timings(&caller, made.timings);
        Ok(match made.result {
            Ok(_) => {
                let shown = WireRole::of(ids, caller.tenant(), &role);
                reply::json(StatusCode::CREATED, &shown, timings)
            }
            Err(why) => reply::refused(failure::problem(why), timings),
        })
    };
    audited(
        &api,
        &caller,
        "roles.create",
        Some(role_id(ids, caller.tenant(), role.number)),
        act,
    )
    .await
}
