//! `GET /purchases/{id}`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;

use super::own;
use crate::http::auth::bearer::ContactToken;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::shown::purchase::{Shown, WirePurchase};
use crate::http::{Api, failure, reply};

/// Get a purchase of the contact.
#[utoipa::path(
    get, path = "/purchases/{id}", tag = "Purchases", security(("access_token" = [])),
    params(("id" = String, Path, description = "The purchase's id, from the list")),
    responses(
        (status = 200, description = "The purchase", body = WirePurchase),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not a purchase of the token's contact", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn get(
    State(api): State<Api>,
    token: ContactToken,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (view, engine) = own(&api, &token, &id).await?;
    let tenant = token.tenant_view(&api).await?;
    let contact = token.signed_in.contact;
    let profile = api.router.open_profile(&contact, &view.contact_profile);
    let shown = Shown {
        ids: api.router.secrets().public_ids(),
        tenant: &tenant,
        contact: contact.entity,
        profile: Some(profile.map_err(failure::problem)?),
    };
    let purchase = WirePurchase::of(&view, shown);
    let timings = reply::timings(&token, engine);
    Ok(reply::json(StatusCode::OK, &purchase, timings))
}
