//! `GET /wallets/{id}`

use axum::extract::{Path, State};
use axum::response::Response;

use super::find;
use crate::domain::api_key::Scope;
use crate::domain::entity::{Answer, Query};
use crate::http::auth::Authorized;
use crate::http::extract::Conditions;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::shown::wallet::WireWallet;
use crate::http::{Api, failure, reply};

/// Get a wallet.
#[utoipa::path(
    get, path = "/wallets/{id}", tag = "Wallets", security(("api_key" = [])),
    params(
        ("id" = String, Path, description = "The wallet's id, from the contact"),
        ("If-None-Match" = Option<String>, Header, description = "An ETag: 304 if it is still the newest"),
    ),
    responses(
        (status = 200, description = "The wallet", body = WireWallet),
        (status = 304, description = "Unchanged"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No wallet of this id", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn get(
    State(api): State<Api>,
    caller: Authorized<{ Scope::WalletsRead.bit() }>,
    Path(id): Path<String>,
    headers: Conditions,
) -> Result<Response, Problem> {
    let address = find(&api, &caller, &id)?;
    let tenant = caller.tenant_view(&api).await?;
    let answer = api.router.query(address, Query::Wallet).await;
    let timings = reply::timings(&caller, answer.timings);
    let view = match answer.result {
        Ok(Answer::Wallet(view)) => view,
        Ok(_) => return Err(failure::not_found()),
        Err(why) => return Ok(reply::refused(failure::problem(why), timings)),
    };
    let code = api.router.wallet_code(&address, view.code_slot);
    let ids = api.router.secrets().public_ids();
    let wallet = WireWallet::of((id, code), &view, ids, &tenant);
    let etag = WireWallet::etag(&view);
    Ok(reply::representation(&wallet, &etag, &headers, timings))
}
