//! `GET /purchases/{id}`

use axum::extract::{Path, State};
use axum::response::Response;

use crate::domain::api_key::Scope;
use crate::domain::entity::{Answer, Query};
use crate::domain::ids::Named;
use crate::http::auth::Authorized;
use crate::http::extract::Conditions;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::shown::purchase::{Shown, WirePurchase};
use crate::http::{Api, failure, reply};

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
    let secrets = api.router.secrets();
    let named = secrets
        .public_ids()
        .read_as(Named::Purchase, &id)
        .ok_or_else(failure::not_found)?;
    let tenant = caller.tenant_view(&api).await?;
    let contact = named.owner(caller.tenant(), caller.mode());
    let answer = api.router.query(contact, Query::Purchase(named.part)).await;
    let timings = reply::timings(&caller, answer.timings);
    let view = match answer.result {
        Ok(Answer::Purchase(view))
            if caller.acts_for(&tenant, Some(view.purchase.organisation)) =>
        {
            view
        }
        Ok(_) => return Err(failure::not_found()),
        Err(why) => return Ok(reply::refused(failure::problem(why), timings)),
    };
    let profile = api
        .router
        .open_profile(&contact, &view.contact_profile)
        .map_err(failure::problem)?;
    let shown = Shown {
        ids: secrets.public_ids(),
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
