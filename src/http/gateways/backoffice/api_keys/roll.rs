//! `POST /api_keys/{id}/roll`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;

use super::governed;
use super::wire::{RolledApiKey, WireApiKey};
use crate::actors::router;
use crate::domain::api_key::Scope;
use crate::domain::ids::Named;
use crate::domain::time::Timestamp;
use crate::http::api_keys::{self, Minted};
use crate::http::audit::{audited, target};
use crate::http::auth::Authorized;
use crate::http::extract::{Conditions, ValidJson};
use crate::http::gateways::once::Once;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// Roll an API key: make a new one in its place.
///
/// The new key is all that the current one is, but has another value and no expiration date. Both work until
/// `expire_current_at`; then the current one gets a 401 `api_key_expired`. What was sent with an `Idempotency-Key` under
/// the one has no second effect under the other. A secret key's `value` is in this answer only; a retry with the same
/// `Idempotency-Key` gets it again.
#[utoipa::path(
    post, path = "/api_keys/{id}/roll", tag = "API keys", security(("api_key" = [])),
    params(
        ("id" = String, Path, description = "The current API key's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once"),
    ),
    request_body = RolledApiKey,
    responses(
        (status = 201, description = "The new API key", body = WireApiKey),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No API key of this id in this mode", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The key has expired, was revoked, or was rolled before", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again with the same Idempotency-Key", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn roll(
    State(api): State<Api>,
    caller: Authorized<{ Scope::KeysWrite.bit() }>,
    Path(id): Path<String>,
    headers: Conditions,
    body: ValidJson<RolledApiKey>,
) -> Result<Response, Problem> {
    let (current, key) = governed(&api, &caller, &id).await?;
    let now = api.router.wall();
    let ends = body
        .expire_current_at
        .map_or(now, Timestamp::from_unix_seconds);
    let once = Once::of(
        &caller,
        &headers,
        "api_keys.roll",
        Some(current),
        &body.hash,
    )?;
    let minted = Minted::derived(&api, &once.scope(), key.details.visibility);
    let act = async {
        let remember = once.remember(&api);
        let made = api_keys::roll(&api, current, &minted, ends, Some(remember)).await;
        let timings = reply::timings(&caller, router::Timings::default());
        Ok(match made {
            Ok(key) => {
                let shown = WireApiKey::of(&api, minted.address, *key, Some(minted.value)).await?;
                reply::json(StatusCode::CREATED, &shown, timings)
            }
            Err(why) => reply::refused(failure::problem(why), timings),
        })
    };
    let target = target(&api, Named::ApiKey, current.entity);
    audited(&api, &caller, "api_keys.roll", target, act).await
}
