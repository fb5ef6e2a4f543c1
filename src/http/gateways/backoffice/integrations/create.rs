//! `POST /integrations`

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::wire::{NewIntegration, fresh_secret};
use super::{require_live, sealed};
use crate::domain::access::Channel;
use crate::domain::address::Address;
use crate::domain::api_key::{Scope, Scopes};
use crate::domain::entity::Command;
use crate::domain::tenant::{self, Connector, Integration};
use crate::http::audit::audited;
use crate::http::auth::{Authorized, Caller};
use crate::http::extract::{Conditions, ValidJson};
use crate::http::gateways::once::Once;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// An integration that was made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CreatedIntegration)]
struct Created {
    id: String,
    /// What calls are signed with, where it was made here. It is shown now and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// Demands a caller who may do everything: by e-mail go the letters that choose an owner's password.
fn require_everything(caller: &Caller) -> Result<(), Problem> {
    let all = caller.require_all(Scopes::all());
    all.map_err(|_one_of_them| {
        Problem::new(
            Code::InsufficientScope,
            "letters that let users in leave by EMAIL, so that connecting it takes every permission: have an owner do it, or a key with all scopes",
        )
    })
}

/// Create an integration.
///
/// From its answer on, messages of live mode by its channels leave through it: of several, through the newest that is active. Addresses
/// are judged here and again at each call: by TLS and to public addresses only, unless the server's operator has opened a
/// network. Passwords and tokens are sealed, and never shown again.
#[utoipa::path(
    post, path = "/integrations", tag = "Integrations", security(("api_key" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once")),
    request_body = NewIntegration,
    responses(
        (status = 201, description = "Created", body = Created),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The caller does not cover this (EMAIL takes every permission), is of test mode, or belongs to an organisation", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "There are as many active integrations as there may be", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, an address must not be called, or the key was used for another request", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn create(
    State(api): State<Api>,
    caller: Authorized<{ Scope::IntegrationsWrite.bit() }>,
    headers: Conditions,
    body: ValidJson<NewIntegration>,
) -> Result<Response, Problem> {
    require_live(&caller)?;
    let made = fresh_secret().map_err(|error| {
        tracing::error!(%error, "the system gives no random bytes");
        Problem::from(Code::Internal)
    })?;
    let asked = body.asked(&made);
    let asked = asked.ok_or_else(|| Problem::from(Code::InvalidRequest))?;
    if asked.channels.contains(&Channel::Email) {
        require_everything(&caller)?;
    }
    if asked.connector == Connector::File && !api.connectors.has_file_sink() {
        return Err(failure::invalid_field(
            "/connector",
            "not_kept",
            "this server keeps no file sink; its operator can set outbound.file_sink_dir",
        ));
    }
    body.judge(api.connectors.egress())
        .await
        .map_err(|(field, why)| failure::invalid_field(field, "not_callable", why.to_string()))?;
    let once = Once::of(&caller, &headers, "integrations.create", None, &body.hash)?;
    let (number, sealed) = sealed(&api, &caller, &once, &asked.settings.to_bytes())?;
    let tenant = Address::tenant(caller.tenant());
    let add = tenant::Command::AddIntegration(Arc::new(Integration {
        number,
        mode: caller.mode(),
        connector: asked.connector,
        name: body.name().to_owned(),
        channels: asked.channels,
        sealed: sealed.into(),
        created_at: api.router.wall(),
        is_active: true,
    }));
    let remember = Some(once.remember(&api));
    let id = super::id(&api, &caller, number);
    let act = async {
        let added = api
            .router
            .command(tenant, Command::Tenant(add), remember, None);
        let added = added.await;
        let timings = reply::timings(&caller, added.timings);
        if let Err(why) = added.result {
            return Ok(reply::refused(failure::problem(why), timings));
        }
        let created = Created {
            id: id.clone(),
            secret: body.wants_secret().then_some(made),
        };
        Ok(reply::json(StatusCode::CREATED, &created, timings))
    };
    audited(&api, &caller, "integrations.create", Some(id.clone()), act).await
}
