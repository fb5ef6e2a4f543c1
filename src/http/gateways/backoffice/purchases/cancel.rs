//! `POST /purchases/{id}/cancel`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::actors::router::Timings;
use crate::domain::address::Address;
use crate::domain::api_key::Scope;
use crate::domain::contact::{CancelPurchase, Command as ContactCommand};
use crate::domain::context::TenantView;
use crate::domain::entity::{Answer, Command, Query};
use crate::domain::ids::Named;
use crate::http::auth::{Authorized, Caller};
use crate::http::extract::{BodyHash, Conditions, Faults, ValidJson, Validate};
use crate::http::gateways::once;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// A cancellation has nothing to say beside the purchase's id.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct NoFields {}

impl Validate for NoFields {
    fn validate(&self, _: &mut Faults) {}
}

/// The purchase that was cancelled.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CancelledPurchase {
    pub(super) id: String,
}

/// Cancel a purchase: what it awarded and spent is reverted.
///
/// What was spent comes back with the expiry that it had, or for a day where that has passed. What was awarded is taken back
/// from the award itself, then from other money, what expires first before the rest; what the wallet does not hold is owed, and paid
/// from what comes in next. Budgets of offers get their part back. One that nobody has claimed can be claimed no longer. A purchase that is cancelled already stays so, and the
/// answer is the same.
#[utoipa::path(
    post, path = "/purchases/{id}/cancel", tag = "Purchases", security(("api_key" = [])),
    params(
        ("id" = String, Path, description = "The purchase's id, from the answer to its post"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once"),
    ),
    responses(
        (status = 200, description = "Cancelled, now or before", body = CancelledPurchase),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No purchase of this id", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The key was used for another request", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn cancel(
    State(api): State<Api>,
    caller: Authorized<{ Scope::PurchasesWrite.bit() }>,
    Path(id): Path<String>,
    headers: Conditions,
    _body: Option<ValidJson<NoFields>>,
) -> Result<Response, Problem> {
    let read = api.router.secrets().public_ids().read(&id);
    let named = read
        .filter(|id| matches!(id.named, Named::Purchase | Named::Receipt))
        .ok_or_else(failure::not_found)?;
    let tenant = caller.tenant_view(&api).await?;
    let owner = named.owner(caller.tenant(), caller.mode());
    let (contact, number) = match named.named {
        Named::Receipt => match take_back(&api, &caller, &tenant, owner).await? {
            Some(claimed) => claimed,
            None => {
                let timings = reply::timings(&caller, Timings::default());
                return Ok(reply::json(
                    StatusCode::OK,
                    &CancelledPurchase { id },
                    timings,
                ));
            }
        },
        _ => (owner, named.part),
    };
    demand_own(&api, &caller, &tenant, (contact, number)).await?;
    let place = ("purchases.cancel", Some(contact));
    let request = BodyHash::of_text(&id);
    let remember = once::remember_by_header(&api, &caller, &headers, place, &request)?;
    let command = Command::Contact(ContactCommand::CancelPurchase(CancelPurchase {
        number,
        found: None,
    }));
    let answer = api
        .router
        .command(contact, command, remember, Some(tenant))
        .await;
    let timings = reply::timings(&caller, answer.timings);
    Ok(match answer.result {
        Ok(_) => reply::json(StatusCode::OK, &CancelledPurchase { id }, timings),
        Err(why) => reply::refused(failure::problem(why), timings),
    })
}

/// Takes a purchase back that nobody has claimed. Where somebody has: whose it is, and its number there.
async fn take_back(
    api: &Api,
    caller: &Caller,
    tenant: &TenantView,
    receipt: Address,
) -> Result<Option<(Address, u32)>, Problem> {
    let view = api
        .router
        .receipt(receipt)
        .await
        .map_err(failure::problem)?;
    if !caller.acts_for(tenant, Some(view.sale.organisation)) {
        return Err(failure::not_found());
    }
    let void = api.router.void_receipt(receipt);
    void.await.map_err(failure::problem)
}

/// A key of an organisation cancels what was sold there or below it; other purchases are unknown to it.
async fn demand_own(
    api: &Api,
    caller: &Caller,
    tenant: &TenantView,
    (contact, number): (Address, u32),
) -> Result<(), Problem> {
    if caller.bound_to().is_none() {
        return Ok(());
    }
    match api
        .router
        .query(contact, Query::Purchase(number))
        .await
        .result
    {
        Ok(Answer::Purchase(view)) if caller.acts_for(tenant, Some(view.purchase.organisation)) => {
            Ok(())
        }
        Ok(_) => Err(failure::not_found()),
        Err(why) => Err(failure::problem(why)),
    }
}
