//! `POST /identity_providers`

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::wire::{NewProvider, id_of};
use super::{of_whole_network, sealed};
use crate::domain::address::Address;
use crate::domain::api_key::Scope;
use crate::domain::entity::Command;
use crate::domain::tenant::{self, Integration};
use crate::http::audit::audited;
use crate::http::auth::Authorized;
use crate::http::extract::{Conditions, ValidJson};
use crate::http::gateways::once::Once;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// A provider that was set up.
#[derive(Debug, Serialize, ToSchema)]
struct CreatedIdentityProvider {
    id: String,
}

/// Set up an identity provider.
///
/// From its answer on, contacts register and sign in by accounts there, in the key's mode: of several of a type, the newest is asked. Accounts are
/// linked on the issuer and its subject, never on an e-mail address.
#[utoipa::path(
    post, path = "/identity_providers", tag = "Identity providers", security(("api_key" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once")),
    request_body = NewProvider,
    responses(
        (status = 201, description = "Set up", body = CreatedIdentityProvider),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this, or belongs to an organisation", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "There are as many active ones as there may be", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, the issuer must not be called, or the key was used for another request", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn create(
    State(api): State<Api>,
    caller: Authorized<{ Scope::IntegrationsWrite.bit() }>,
    headers: Conditions,
    body: ValidJson<NewProvider>,
) -> Result<Response, Problem> {
    of_whole_network(&caller)?;
    body.judge(api.connectors.egress())
        .await
        .map_err(|why| failure::invalid_field("/issuer", "not_callable", why.to_string()))?;
    let operation = "identity_providers.create";
    let once = Once::of(&caller, &headers, operation, None, &body.hash)?;
    let secrets = api.router.secrets();
    let (number, sealed) = sealed(&api, &caller, &once, &body.settings().to_bytes())?;
    let tenant = Address::tenant(caller.tenant());
    let add = tenant::Command::AddIntegration(Arc::new(Integration {
        number,
        mode: caller.mode(),
        connector: body.connector(),
        name: String::new(),
        channels: Vec::new(),
        sealed: sealed.into(),
        created_at: api.router.wall(),
        is_active: true,
    }));
    let remember = Some(once.remember(&api));
    let id = id_of(secrets, tenant.entity, number);
    let act = async {
        let added = api
            .router
            .command(tenant, Command::Tenant(add), remember, None);
        let added = added.await;
        let timings = reply::timings(&caller, added.timings);
        if let Err(why) = added.result {
            return Ok(reply::refused(failure::problem(why), timings));
        }
        let created = CreatedIdentityProvider { id: id.clone() };
        Ok(reply::json(StatusCode::CREATED, &created, timings))
    };
    audited(&api, &caller, operation, Some(id.clone()), act).await
}
