//! `POST /integrations/{id}/deactivate`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::{find, require_live};
use crate::domain::address::Address;
use crate::domain::api_key::Scope;
use crate::domain::entity::Command;
use crate::domain::tenant;
use crate::http::audit::audited;
use crate::http::auth::Authorized;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// An integration that was deactivated.
#[derive(Debug, Serialize, ToSchema)]
struct DeactivatedIntegration {
    id: String,
}

/// Deactivate an integration, for good.
///
/// What waits to be delivered goes through the newest that is still active, if there is one. Without any, registering and signing in by a
/// code of its channels is refused.
#[utoipa::path(
    post, path = "/integrations/{id}/deactivate", tag = "Integrations", security(("api_key" = [])),
    params(("id" = String, Path, description = "The integration's id")),
    responses(
        (status = 200, description = "It is deactivated, or was before", body = DeactivatedIntegration),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this, is a test one, or belongs to an organisation", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such integration", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn deactivate(
    State(api): State<Api>,
    caller: Authorized<{ Scope::IntegrationsWrite.bit() }>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    require_live(&caller)?;
    let integration = find(&api, &caller, &id).await?;
    let tenant = Address::tenant(caller.tenant());
    let end = tenant::Command::DeactivateIntegration(integration.number);
    let act = async {
        let ended = api.router.command(tenant, Command::Tenant(end), None, None);
        let ended = ended.await;
        let timings = reply::timings(&caller, ended.timings);
        let id = id.clone();
        Ok(match ended.result {
            Ok(_) => reply::json(StatusCode::OK, &DeactivatedIntegration { id }, timings),
            Err(why) => reply::refused(failure::problem(why), timings),
        })
    };
    let target = super::id(&api, &caller, integration.number);
    audited(&api, &caller, "integrations.deactivate", Some(target), act).await
}
