//! `GET /wallets/{id}`

use axum::extract::{Path, State};
use axum::response::Response;

use super::{reached, view};
use crate::domain::api_key::Scope;
use crate::http::auth::ContactOrBusiness;
use crate::http::extract::Conditions;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::shown::wallet::WireWallet;
use crate::http::{Api, reply};

/// Get a wallet: the contact's own; or, by a secret key with `wallets.read` or a user's token, any of the business.
#[utoipa::path(
    get, path = "/wallets/{id}", tag = "Wallet", security(("access_token" = []), ("secret_key" = []), ("user_token" = [])),
    params(
        ("id" = String, Path, description = "The wallet's id, from the contact"),
        ("If-None-Match" = Option<String>, Header, description = "An ETag: 304 if it is still the newest"),
    ),
    responses(
        (status = 200, description = "The wallet", body = WireWallet),
        (status = 304, description = "Unchanged"),
        (status = 401, description = "No token or key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key, or the user's role, does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the wallet of the token's contact, or none of the business", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn get(
    State(api): State<Api>,
    caller: ContactOrBusiness<{ Scope::WalletsRead.bit() }>,
    Path(id): Path<String>,
    headers: Conditions,
) -> Result<Response, Problem> {
    let contact = reached(&api, &caller, &id)?;
    let tenant = caller.tenant_view(&api).await?;
    let (view, engine) = view(&api, contact).await?;
    let code = api.router.wallet_code(&contact, view.code_slot);
    let ids = api.router.secrets().public_ids();
    let wallet = WireWallet::of((id, code), &view, ids, &tenant);
    let etag = WireWallet::etag(&view);
    let timings = reply::timings(&caller, engine);
    Ok(reply::representation(&wallet, &etag, &headers, timings))
}
