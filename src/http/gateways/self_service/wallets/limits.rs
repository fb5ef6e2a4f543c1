//! `GET /wallets/{id}/limits`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;

use super::{reached, view};
use crate::domain::api_key::Scope;
use crate::http::auth::{Authorized, ContactOrBusiness};
use crate::http::extract::ValidJson;
use crate::http::gateways::backoffice::{LimitedWallet, set_limits};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::shown::limits::{NewLimits, WireLimits};
use crate::http::{Api, reply};

/// Get the limits of a wallet: the contact's own; or, by a secret key with `wallets.read` or a user's token, any of the business.
///
/// The business sets them: nobody raises their own.
#[utoipa::path(
    get, path = "/wallets/{id}/limits", tag = "Wallet", security(("access_token" = []), ("secret_key" = []), ("user_token" = [])),
    params(("id" = String, Path, description = "The wallet's id, from the contact")),
    responses(
        (status = 200, description = "The limits", body = WireLimits),
        (status = 401, description = "No token or key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the wallet of the token's contact, or none of the business", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn get(
    State(api): State<Api>,
    caller: ContactOrBusiness<{ Scope::WalletsRead.bit() }>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let contact = reached(&api, &caller, &id)?;
    let tenant = caller.tenant_view(&api).await?;
    let (view, engine) = view(&api, contact).await?;
    let limits = WireLimits::of(&view.limits, tenant.currency);
    let timings = reply::timings(&caller, engine);
    Ok(reply::json(StatusCode::OK, &limits, timings))
}

/// Set the limits of a wallet, all of them at once.
///
/// As `PUT /backoffice/v2/wallets/{id}/limits`: by a secret key or a user's token, and never by the contact's.
#[utoipa::path(
    put, path = "/wallets/{id}/limits", tag = "Wallet", security(("secret_key" = []), ("user_token" = [])),
    params(("id" = String, Path, description = "The wallet's id, from the contact")),
    request_body = NewLimits,
    responses(
        (status = 200, description = "Set", body = LimitedWallet),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key or token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No wallet of this id", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn set(
    State(api): State<Api>,
    caller: Authorized<{ Scope::WalletsWrite.bit() }>,
    Path(id): Path<String>,
    body: ValidJson<NewLimits>,
) -> Result<Response, Problem> {
    set_limits(&api, &caller, id, &body).await
}
