//! `GET /wallets/{id}/limits`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;

use super::{own, view};
use crate::http::auth::bearer::ContactToken;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::shown::limits::WireLimits;
use crate::http::{Api, reply};

/// Get the limits of the contact's own wallet.
///
/// The business sets them: nobody raises their own.
#[utoipa::path(
    get, path = "/wallets/{id}/limits", tag = "Wallet", security(("access_token" = [])),
    params(("id" = String, Path, description = "The wallet's id, from the contact")),
    responses(
        (status = 200, description = "The limits", body = WireLimits),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the wallet of the token's contact", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn get(
    State(api): State<Api>,
    token: ContactToken,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let contact = own(&api, &token, &id)?;
    let tenant = token.tenant_view(&api).await?;
    let (view, engine) = view(&api, contact).await?;
    let limits = WireLimits::of(&view.limits, tenant.currency);
    let timings = reply::timings(&token, engine);
    Ok(reply::json(StatusCode::OK, &limits, timings))
}
