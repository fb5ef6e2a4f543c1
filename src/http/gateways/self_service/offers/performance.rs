//! `GET /reward_offers/{id}/performance`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::Onlooker;
use crate::domain::contact::BuyingContact;
use crate::domain::offer::Goal;
use crate::http::auth::bearer::ContactToken;
use crate::http::money_wire::WireAmount;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// How far the contact has got.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OfferPerformance)]
struct Performance {
    r#type: Measured,
    /// In per cent of the way.
    progress: WireAmount,
    current: WireAmount,
    target: WireAmount,
}

/// What is measured.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = PerformanceType)]
enum Measured {
    /// What was paid.
    Amount,
    /// Products that were bought.
    Product,
    /// Purchases, or days of membership.
    Event,
}

/// Get how far the contact has got with an offer's goal.
///
/// Once an award was given that is given once, the goal stays reached.
#[utoipa::path(
    get, path = "/reward_offers/{id}/performance", tag = "Rewards", security(("access_token" = [])),
    params(("id" = String, Path, description = "The offer's id")),
    responses(
        (status = 200, description = "How far it has got", body = Performance),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No offer of this id that the contact sees and that has a goal", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn get(
    State(api): State<Api>,
    token: ContactToken,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let onlooker = Onlooker::of(&api, &token).await?;
    let (number, offer) = onlooker.offer(&api, &id)?;
    let (view, tenant) = (&onlooker.view, &onlooker.tenant);
    let buyer = BuyingContact::of_view(view, tenant);
    let progress = view.loyalty.goal(number).unwrap_or_default();
    let since = buyer.member_since(&offer.conditions);
    let standing = offer.goal.standing(progress, since, view.now);
    let standing = standing.ok_or_else(failure::not_found)?;
    let (r#type, decimals) = match &offer.goal {
        Goal::Amount(_) => (Measured::Amount, tenant.currency.decimals()),
        Goal::Products(..) => (Measured::Product, 0),
        Goal::Spend | Goal::Visits(_) | Goal::Membership(_) => (Measured::Event, 0),
    };
    let per_cent = standing.current.saturating_mul(100);
    let per_cent = per_cent.checked_div(standing.target).unwrap_or(100);
    let shown = Performance {
        r#type,
        progress: WireAmount::from_minor(per_cent, 0),
        current: WireAmount::from_minor(standing.current, decimals),
        target: WireAmount::from_minor(standing.target, decimals),
    };
    let timings = reply::timings(&token, onlooker.timings);
    Ok(reply::json(StatusCode::OK, &shown, timings))
}
