//! `POST /identity_providers/{id}/deactivate`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::wire::id_of;
use super::{of_whole_network, tenant};
use crate::domain::address::Address;
use crate::domain::api_key::Scope;
use crate::domain::entity::Command;
use crate::domain::ids::Named;
use crate::domain::tenant::{self as tenants, Service};
use crate::http::audit::audited;
use crate::http::auth::Authorized;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// A provider that was deactivated.
#[derive(Debug, Serialize, ToSchema)]
struct DeactivatedIdentityProvider {
    id: String,
}

/// Deactivate an identity provider, for good.
///
/// Nobody registers or signs in by it any more, unless another of its type is active. Sessions that are open stay open.
#[utoipa::path(
    post, path = "/identity_providers/{id}/deactivate", tag = "Identity providers", security(("api_key" = [])),
    params(("id" = String, Path, description = "The provider's id")),
    responses(
        (status = 200, description = "It is deactivated, or was before", body = DeactivatedIdentityProvider),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this, or belongs to an organisation", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such provider in this mode", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn deactivate(
    State(api): State<Api>,
    caller: Authorized<{ Scope::IntegrationsWrite.bit() }>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    of_whole_network(&caller)?;
    let address = Address::tenant(caller.tenant());
    let ids = api.router.secrets().public_ids();
    let named = ids.read_as(Named::Provider, &id);
    let named = named.filter(|named| named.entity == address.entity);
    let known = tenant(&api, &caller).await?;
    let number = named
        .and_then(|named| known.integration(named.part))
        .filter(|it| it.connector.service() == Service::Identity && it.mode == caller.mode())
        .map(|it| it.number)
        .ok_or_else(failure::not_found)?;
    let end = Command::Tenant(tenants::Command::DeactivateIntegration(number));
    let act = async {
        let ended = api.router.command(address, end, None, None).await;
        let timings = reply::timings(&caller, ended.timings);
        let id = id.clone();
        Ok(match ended.result {
            Ok(_) => reply::json(StatusCode::OK, &DeactivatedIdentityProvider { id }, timings),
            Err(why) => reply::refused(failure::problem(why), timings),
        })
    };
    // The id as we write it, however the caller did.
    let target = id_of(api.router.secrets(), address.entity, number);
    let operation = "identity_providers.deactivate";
    audited(&api, &caller, operation, Some(target), act).await
}
