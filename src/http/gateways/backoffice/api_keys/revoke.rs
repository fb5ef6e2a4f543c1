//! `POST /api_keys/{id}/revoke`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;

use super::governed;
use super::wire::WireApiKey;
use crate::actors::router;
use crate::domain::api_key::Scope;
use crate::domain::ids::Named;
use crate::http::audit::{audited, target};
use crate::http::auth::Authorized;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, api_keys, failure, reply};

/// Stop an API key from working, now and for ever.
///
/// It stays in the list as `REVOKED`, so that a key which turns up in a log can still be told. Revoking it again changes
/// nothing.
#[utoipa::path(
    post, path = "/api_keys/{id}/revoke", tag = "API keys", security(("api_key" = [])),
    params(("id" = String, Path, description = "The API key's id")),
    responses(
        (status = 200, description = "Revoked", body = WireApiKey),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No API key of this id in this mode", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn revoke(
    State(api): State<Api>,
    caller: Authorized<{ Scope::KeysWrite.bit() }>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (address, _) = governed(&api, &caller, &id).await?;
    let act = async {
        let key = api_keys::revoke(&api, address)
            .await
            .map_err(failure::problem)?;
        let shown = WireApiKey::of(&api, address, *key, None).await?;
        let timings = reply::timings(&caller, router::Timings::default());
        Ok(reply::json(StatusCode::OK, &shown, timings))
    };
    let target = target(&api, Named::ApiKey, address.entity);
    audited(&api, &caller, "api_keys.revoke", target, act).await
}
