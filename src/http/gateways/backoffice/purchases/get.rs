//! `GET /purchases/{id}`

use axum::extract::{Path, State};
use axum::response::Response;

use crate::actors::router::Timings;
use crate::domain::address::Address;
use crate::domain::api_key::Scope;
use crate::domain::context::TenantView;
use crate::domain::entity::{Answer, PurchaseView, Query};
use crate::domain::ids::Named;
use crate::http::auth::{Authorized, Caller};
use crate::http::extract::Conditions;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::shown::purchase::{Shown, WirePurchase};
use crate::http::{Api, failure, reply};

/// The purchase of this id and whose it is, if it was made where the caller acts.
///
/// # Errors
/// 404 for any other; no answer.
pub(in crate::http::gateways) async fn reached(
    api: &Api,
    caller: &Caller,
    tenant: &TenantView,
    id: &str,
) -> Result<(Address, Box<PurchaseView>, Timings), Problem> {
    let ids = api.router.secrets().public_ids();
    let named = ids.read_as(Named::Purchase, id);
    let named = named.ok_or_else(failure::not_found)?;
    let contact = named.owner(caller.tenant(), caller.mode());
    let answer = api.router.query(contact, Query::Purchase(named.part)).await;
    match answer.result.map_err(failure::problem)? {
        Answer::Purchase(view) if caller.acts_for(tenant, Some(view.purchase.organisation)) => {
            Ok((contact, view, answer.timings))
        }
        _ => Err(failure::not_found()),
    }
}

/// Get a purchase.
///
/// A key that acts for an organisation gets those that were made there or below it.
#[utoipa::path(
    get, path = "/purchases/{id}", tag = "Purchases", security(("api_key" = [])),
    params(
        ("id" = String, Path, description = "The purchase's id, from the answer to its post"),
        ("If-None-Match" = Option<String>, Header, description = "An ETag: 304 if it is still the newest"),
    ),
    responses(
        (status = 200, description = "The purchase", body = WirePurchase),
        (status = 304, description = "Unchanged"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No purchase of this id", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn get(
    State(api): State<Api>,
    caller: Authorized<{ Scope::PurchasesRead.bit() }>,
    Path(id): Path<String>,
    headers: Conditions,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let (contact, view, engine) = reached(&api, &caller, &tenant, &id).await?;
    let timings = reply::timings(&caller, engine);
    let profile = api
        .router
        .open_profile(&contact, &view.contact_profile)
        .map_err(failure::problem)?;
    let shown = Shown {
        ids: api.router.secrets().public_ids(),
        tenant: &tenant,
        contact: contact.entity,
        profile: Some(profile),
    };
    // A purchase changes when it is cancelled, and when its contact is erased. Its contact's name may change as well, so the tag is
    // weak.
    let cancelled = view.cancelled_at.map_or("", |_| ".cancelled");
    let erased = if view.contact_is_erased {
        ".erased"
    } else {
        ""
    };
    let etag = format!("W/\"{}{cancelled}{erased}\"", view.purchase.number);
    let purchase = WirePurchase::of(&view, shown);
    Ok(reply::representation(&purchase, &etag, &headers, timings))
}
