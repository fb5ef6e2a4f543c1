//! `GET /wallets/{id}/code`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::{own, view};
use crate::http::auth::bearer::ContactToken;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, reply};

/// What is shown at a till.
#[derive(Debug, Serialize, ToSchema)]
struct WalletCode {
    /// 16 digits, of which the last is a check digit (Luhn).
    code: String,
}

/// Get the code of the contact's own wallet.
#[utoipa::path(
    get, path = "/wallets/{id}/code", tag = "Wallet", security(("access_token" = [])),
    params(("id" = String, Path, description = "The wallet's id, from the contact")),
    responses(
        (status = 200, description = "The code", body = WalletCode),
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
    let (view, engine) = view(&api, contact).await?;
    let code = api.router.wallet_code(&contact, view.code_slot);
    let timings = reply::timings(&token, engine);
    Ok(reply::json(StatusCode::OK, &WalletCode { code }, timings))
}
