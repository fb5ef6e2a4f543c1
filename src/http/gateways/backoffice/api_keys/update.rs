//! `PUT /api_keys/{id}`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;

use super::governed;
use super::wire::{ChangedApiKey, WireApiKey, check_kind, scopes};
use crate::actors::router;
use crate::domain::api_key::Scope;
use crate::domain::ids::Named;
use crate::http::audit::{audited, target};
use crate::http::auth::Authorized;
use crate::http::extract::{Faults, ValidJson};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, api_keys, failure, reply};

/// Change an API key's name and scopes.
///
/// It holds for the next request of the key. No key can be given more than the key that is sent may do itself.
#[utoipa::path(
    put, path = "/api_keys/{id}", tag = "API keys", security(("api_key" = [])),
    params(("id" = String, Path, description = "The API key's id")),
    request_body = ChangedApiKey,
    responses(
        (status = 200, description = "As it is now", body = WireApiKey),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No API key of this id in this mode", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The key has expired or was revoked", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn update(
    State(api): State<Api>,
    caller: Authorized<{ Scope::KeysWrite.bit() }>,
    Path(id): Path<String>,
    body: ValidJson<ChangedApiKey>,
) -> Result<Response, Problem> {
    let (address, key) = governed(&api, &caller, &id).await?;
    let before = key.details;
    let mut faults = Faults::new();
    let names = body.scopes.as_deref().unwrap_or_default();
    check_kind(&mut faults, before.visibility, before.gateway, names);
    faults.into_result()?;
    let asked = body.scopes.as_deref().map_or(before.scopes, scopes);
    caller.require_all(asked.beyond(before.scopes))?;
    let name = body.name.clone().unwrap_or(before.name);
    let act = async {
        let key = api_keys::change(&api, address, name, asked)
            .await
            .map_err(failure::problem)?;
        let shown = WireApiKey::of(&api, address, *key, None).await?;
        let timings = reply::timings(&caller, router::Timings::default());
        Ok(reply::json(StatusCode::OK, &shown, timings))
    };
    let target = target(&api, Named::ApiKey, address.entity);
    audited(&api, &caller, "api_keys.update", target, act).await
}
