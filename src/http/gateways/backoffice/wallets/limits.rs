//! `GET` and `PUT /wallets/{id}/limits`

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::fields::check_code;
use super::{find, refusal};
use crate::domain::address::Address;
use crate::domain::api_key::Scope;
use crate::domain::contact::{Command as ContactCommand, Direction, LimitRule, Limits, Period};
use crate::domain::entity::{Answer, Command, Query};
use crate::domain::ids::Named;
use crate::domain::money::Currency;
use crate::http::audit::{audited, target};
use crate::http::auth::{Authorized, Caller};
use crate::http::extract::{Faults, ValidJson, Validate};
use crate::http::money_wire::not_negative;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::shown::limits::{NewLimits, WireDirection, WireLimitRule, WireLimits, WirePeriod};
use crate::http::{Api, failure, reply};

/// The wallet whose limits were set.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::gateways) struct LimitedWallet {
    id: String,
}

impl Validate for NewLimits {
    fn validate(&self, faults: &mut Faults) {
        let rules = self.limit_rules.as_deref().unwrap_or_default();
        faults.require(
            rules.len() <= Limits::RULES_MAX,
            "limit_rules",
            "too_many",
            "must have at most 16 entries",
        );
        faults.within("limit_rules", |faults| {
            for (index, rule) in rules.iter().enumerate() {
                faults.at(index, |faults| rule.validate(faults));
            }
        });
    }
}

impl WireLimitRule {
    fn validate(&self, faults: &mut Faults) {
        faults.require(
            self.applies_for.len() == 1,
            "applies_for",
            "not_one",
            "must have exactly one entry: DEBIT, TOP_UP or CREDIT",
        );
        faults.require(
            self.maximum_number.is_some() || self.maximum_amount.is_some(),
            "maximum_amount",
            "missing",
            "must be there, or maximum_number, or both",
        );
        faults.require(
            self.maximum_number.is_none() || self.period != WirePeriod::Transaction,
            "maximum_number",
            "not_here",
            "says nothing about one TRANSACTION; leave it out",
        );
        check_code(faults, "name", self.name.as_deref());
    }

    fn read(&self, currency: Currency, faults: &mut Faults) -> LimitRule {
        let decimals = currency.decimals();
        let maximum_amount = not_negative(faults, "maximum_amount", self.maximum_amount, decimals);
        LimitRule {
            name: self.name.as_deref().map(Arc::from),
            direction: match self.applies_for.first() {
                Some(WireDirection::TopUp) => Direction::TopUp,
                Some(WireDirection::Credit) => Direction::Credit,
                Some(WireDirection::Debit) | None => Direction::Spend,
            },
            period: match self.period {
                WirePeriod::Transaction => Period::Transaction,
                WirePeriod::Daily => Period::Day,
                WirePeriod::Weekly => Period::Week,
                WirePeriod::Monthly => Period::Month,
            },
            maximum_number: self.maximum_number,
            maximum_amount,
        }
    }
}

/// Get the limits of a wallet.
#[utoipa::path(
    get, path = "/wallets/{id}/limits", tag = "Wallets", security(("api_key" = [])),
    params(("id" = String, Path, description = "The wallet's id, from the contact")),
    responses(
        (status = 200, description = "The limits", body = WireLimits),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No wallet of this id", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn get(
    State(api): State<Api>,
    caller: Authorized<{ Scope::WalletsRead.bit() }>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let address = find(&api, &caller, &id)?;
    let tenant = caller.tenant_view(&api).await?;
    let answer = api.router.query(address, Query::Wallet).await;
    let timings = reply::timings(&caller, answer.timings);
    Ok(match answer.result {
        Ok(Answer::Wallet(view)) => {
            let limits = WireLimits::of(&view.limits, tenant.currency);
            reply::json(StatusCode::OK, &limits, timings)
        }
        Ok(_) => reply::refused(failure::not_found(), timings),
        Err(why) => reply::refused(refusal(why), timings),
    })
}

/// Set the limits of a wallet, all of them at once.
///
/// A purchase spends no more than they leave: with `restrict_fully_covered` it is refused, without it spends what is left. Movements
/// count from when a wallet has limits. What a till sold offline is never refused, but counts.
#[utoipa::path(
    put, path = "/wallets/{id}/limits", tag = "Wallets", security(("api_key" = [])),
    params(("id" = String, Path, description = "The wallet's id, from the contact")),
    request_body = NewLimits,
    responses(
        (status = 200, description = "Set", body = LimitedWallet),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
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

/// Sets the limits of the wallet of this id, which is in the caller's world, and writes it down.
pub(in crate::http::gateways) async fn set_limits(
    api: &Api,
    caller: &Caller,
    id: String,
    body: &NewLimits,
) -> Result<Response, Problem> {
    let address = find(api, caller, &id)?;
    let target = target(api, Named::Contact, address.entity);
    let act = set_those_of(api, caller, address, id, body);
    audited(api, caller, "wallets.limits.set", target, act).await
}

async fn set_those_of(
    api: &Api,
    caller: &Caller,
    address: Address,
    id: String,
    body: &NewLimits,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(api).await?;
    let currency = tenant.currency;
    let Some(written) = &body.limit_rules else {
        return as_they_are(api, caller, id, address).await;
    };
    let mut faults = Faults::new();
    let mut rules = Vec::new();
    faults.within("limit_rules", |faults| {
        for (index, rule) in written.iter().enumerate() {
            faults.at(index, |faults| rules.push(rule.read(currency, faults)));
        }
    });
    faults.into_result()?;
    let is_other = |rule: &WireLimitRule| match &rule.currency_code {
        Some(code) => code != currency.code(),
        None => false,
    };
    if written.iter().any(is_other) {
        return Err(Problem::new(
            Code::CurrencyMismatch,
            format!(
                "limit_rules.currency_code must be {}, the wallet's, or be left out",
                currency.code()
            ),
        ));
    }
    let command = Command::Contact(ContactCommand::SetLimits(rules));
    let answer = api
        .router
        .command(address, command, None, Some(tenant))
        .await;
    let timings = reply::timings(caller, answer.timings);
    Ok(match answer.result {
        Ok(_) => reply::json(StatusCode::OK, &LimitedWallet { id }, timings),
        Err(why) => reply::refused(refusal(why), timings),
    })
}

/// The answer to who names no limits: those of the wallet stay, if there is one.
async fn as_they_are(
    api: &Api,
    caller: &Caller,
    id: String,
    wallet: Address,
) -> Result<Response, Problem> {
    let answer = api.router.query(wallet, Query::Wallet).await;
    let timings = reply::timings(caller, answer.timings);
    Ok(match answer.result {
        Ok(_) => reply::json(StatusCode::OK, &LimitedWallet { id }, timings),
        Err(why) => reply::refused(refusal(why), timings),
    })
}
