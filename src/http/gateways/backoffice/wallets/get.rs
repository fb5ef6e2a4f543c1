//! `GET /wallets/{id}`

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::find;
use crate::domain::api_key::Scope;
use crate::domain::entity::{Answer, Query};
use crate::http::auth::Authorized;
use crate::http::extract::Conditions;
use crate::http::money_wire::WireAmount;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// A wallet.
#[derive(Debug, Serialize, ToSchema)]
struct WireWallet {
    id: String,
    /// 16 digits, of which the last is a check digit (Luhn). No other wallet has it, and it never changes.
    code: String,
    /// What can be spent, in the wallet's currency.
    balance: WireAmount,
    /// What was awarded and cannot be spent yet; no part of the balance.
    locked: WireAmount,
    /// What estimates hold for purchases to come; no part of the balance.
    held: WireAmount,
    /// What cancellations had to take back, or offline sales spent, beyond the balance: paid from what comes in next.
    owed: WireAmount,
    balances: Vec<WireBalance>,
}

/// What can be spent of one kind of money.
#[derive(Debug, Serialize, ToSchema)]
struct WireBalance {
    r#type: BalanceType,
    /// ISO 4217.
    currency_code: String,
    total: WireAmount,
    /// Money without conditions.
    open: WireAmount,
    /// Money that is bound to products, places or times.
    commerce: WireAmount,
}

/// Who backs the money.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
enum BalanceType {
    /// The business that runs the scheme.
    Business,
}

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
    let amount = |minor| WireAmount::from_minor(minor, tenant.currency.decimals());
    let wallet = WireWallet {
        id,
        code: api.router.wallet_code(&address, view.code_slot),
        balance: amount(view.balance.0),
        locked: amount(view.locked.0),
        held: amount(view.held.0),
        owed: amount(view.owed.0),
        balances: vec![WireBalance {
            r#type: BalanceType::Business,
            currency_code: tenant.currency.code().to_owned(),
            total: amount(view.balance.0),
            open: amount(view.balance.less(view.commerce).0),
            commerce: amount(view.commerce.0),
        }],
    };
    // Weak: expiry changes the balance without a new version, so the balance is part of the tag.
    let etag = format!("W/\"{}.{}\"", view.version, view.balance.0);
    Ok(reply::representation(&wallet, &etag, &headers, timings))
}
