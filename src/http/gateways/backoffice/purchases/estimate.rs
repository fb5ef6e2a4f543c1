//! `POST /purchases/estimates` and `POST /purchases/estimates/{id}/cancel`

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::buyer;
use super::cancel::{CancelledPurchase, NoFields};
use super::create::{Prepared, prepare};
use super::wire::NewPurchase;
use crate::actors::router::Failure;
use crate::domain::address::Address;
use crate::domain::api_key::Scope;
use crate::domain::contact::{self, Command as ContactCommand, HoldView};
use crate::domain::context::TenantView;
use crate::domain::entity::{Answer, Command, Query, Rejection};
use crate::domain::ids::{Named, PublicId};
use crate::http::auth::{Authorized, Caller};
use crate::http::extract::{Conditions, ValidJson};
use crate::http::gateways::once;
use crate::http::money_wire::WireAmount;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::shown::purchase::{Shown, WireOfferOutcome, WirePurchase, WireRewards};
use crate::http::{Api, failure, reply};

/// What a purchase would come to.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WireEstimate {
    /// What a purchase names as its `estimate_id`. Null unless funds are blocked.
    id: Option<String>,
    rewards: WireRewards,
    /// What would be left to pay.
    amount_due: WireAmount,
    currency_code: String,
    /// What each offer would make of it: an amount, or a reason why not.
    offers: Vec<WireOfferOutcome>,
    /// What is held for the purchase.
    blocked_amount: WireAmount,
    /// Until when, in Unix seconds.
    blocked_until: Option<i64>,
}

/// Estimate what a purchase would award and spend.
///
/// Nothing changes, unless `block_wallet_funds` is true: then what would be spent is held for 15 minutes, for the purchase that
/// names this estimate in `estimate_id`. Held money can be spent by nothing else, and does not expire meanwhile. That
/// purchase spends as much of it as it asks for, and the rest is free again.
#[utoipa::path(
    post, path = "/purchases/estimates", tag = "Purchases", security(("api_key" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once")),
    request_body = NewPurchase,
    responses(
        (status = 200, description = "What it would come to", body = WireEstimate),
        (status = 400, description = "Not JSON; an unknown contact or organisation; a balance that is too low", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, too many estimates hold funds, or the key was used for another request", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn estimate(
    State(api): State<Api>,
    caller: Authorized<{ Scope::PurchasesWrite.bit() }>,
    headers: Conditions,
    body: ValidJson<NewPurchase>,
) -> Result<Response, Problem> {
    post(&api, &caller, &headers, body).await
}

/// Estimates a purchase that came in the body of either version.
pub(super) async fn post(
    api: &Api,
    caller: &Caller,
    headers: &HeaderMap,
    body: ValidJson<NewPurchase>,
) -> Result<Response, Problem> {
    let Prepared {
        contact,
        tenant,
        mut purchase,
    } = prepare(api, caller, &body).await?;
    let mut hold = HoldView::default();
    if body.block_wallet_funds {
        let place = ("purchases.estimate", Some(contact));
        let remember = once::remember_by_header(api, caller, headers, place, &body.hash)?;
        let command = Command::Contact(ContactCommand::HoldFunds(purchase.clone()));
        let held = api
            .router
            .command(contact, command, remember, Some(Arc::clone(&tenant)))
            .await;
        hold = match held.result {
            Ok(Answer::Hold(hold)) => hold,
            Ok(_) => return Err(failure::not_found()),
            Err(why) => return Err(buyer::refusal(api, caller, why)),
        };
        purchase.estimate = Some(hold.number);
    }
    let command = Command::Contact(ContactCommand::Foresee(purchase));
    let answer = api
        .router
        .command(contact, command, None, Some(Arc::clone(&tenant)))
        .await;
    let timings = reply::timings(caller, answer.timings);
    let view = match answer.result {
        Ok(Answer::Purchase(view)) => view,
        Ok(_) => return Err(failure::not_found()),
        Err(why) => return Ok(reply::refused(buyer::refusal(api, caller, why), timings)),
    };
    let ids = api.router.secrets().public_ids();
    let shown = Shown {
        ids,
        tenant: &tenant,
        contact: contact.entity,
        profile: None,
    };
    let foreseen = WirePurchase::of(&view, shown);
    let estimate = WireEstimate {
        id: body.block_wallet_funds.then(|| {
            ids.write(PublicId {
                named: Named::Estimate,
                entity: contact.entity,
                part: hold.number,
            })
        }),
        rewards: foreseen.rewards,
        amount_due: foreseen.amount_due,
        currency_code: foreseen.currency_code,
        offers: foreseen.offers,
        blocked_amount: WireAmount::from_minor(hold.amount.0, tenant.currency.decimals()),
        blocked_until: hold.until.map(|until| until.unix_seconds()),
    };
    Ok(reply::json(StatusCode::OK, &estimate, timings))
}

/// Whether a key may use what an estimate holds: one of an organisation only what is held for a purchase there or below it. An
/// estimate that is over holds nothing, and is told as it is.
pub(super) async fn is_own(
    api: &Api,
    caller: &Caller,
    tenant: &TenantView,
    contact: Address,
    number: u32,
) -> Result<bool, Problem> {
    if caller.acts_for(tenant, None) {
        return Ok(true);
    }
    match api.router.query(contact, Query::Hold(number)).await.result {
        Ok(Answer::Hold(hold)) => Ok(match hold.organisation {
            Some(organisation) => caller.acts_for(tenant, Some(organisation)),
            None => true,
        }),
        Ok(_) | Err(Failure::Rejected(_)) => Ok(false),
        Err(why) => Err(failure::problem(why)),
    }
}

/// Release the funds that an estimate holds.
///
/// One that is over, since its purchase was made or its time ran out, stays so, and the answer is the same.
#[utoipa::path(
    post, path = "/purchases/estimates/{id}/cancel", tag = "Purchases", security(("api_key" = [])),
    params(("id" = String, Path, description = "The estimate's id")),
    responses(
        (status = 200, description = "Released, now or before", body = CancelledPurchase),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No estimate of this id", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn release(
    State(api): State<Api>,
    caller: Authorized<{ Scope::PurchasesWrite.bit() }>,
    Path(id): Path<String>,
    _body: Option<ValidJson<NoFields>>,
) -> Result<Response, Problem> {
    let named = api
        .router
        .secrets()
        .public_ids()
        .read_as(Named::Estimate, &id)
        .ok_or_else(failure::not_found)?;
    let contact = named.owner(caller.tenant(), caller.mode());
    let tenant = caller.tenant_view(&api).await?;
    if !is_own(&api, &caller, &tenant, contact, named.part).await? {
        return Err(failure::not_found());
    }
    let command = Command::Contact(ContactCommand::ReleaseHold(named.part));
    let answer = api.router.command(contact, command, None, None).await;
    let timings = reply::timings(&caller, answer.timings);
    Ok(match answer.result {
        Ok(_) => reply::json(StatusCode::OK, &CancelledPurchase { id }, timings),
        Err(Failure::Rejected(Rejection::Contact(contact::Rejection::UnknownEstimate))) => {
            reply::refused(failure::not_found(), timings)
        }
        Err(why) => reply::refused(failure::problem(why), timings),
    })
}
