//! `GET /reward_offers/{id}`

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::network::addresses;
use super::Onlooker;
use super::wire::{Owner, Scheme};
use crate::domain::ids::{Named, PublicId};
use crate::http::auth::bearer::ContactToken;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::shown::organisation::WireAddress;
use crate::http::shown::role::WireRole;
use crate::http::{Api, reply};

/// An offer, with when and where it gives.
#[derive(Debug, Serialize, ToSchema)]
struct OfferInFull {
    id: String,
    name: String,
    short_description: Option<String>,
    long_description: Option<String>,
    terms_and_conditions: Option<String>,
    availability: Availability,
    is_featured: bool,
    owner: Owner,
    /// Whether there is a goal to get on with.
    performance_enabled: bool,
    scheme: Option<Scheme>,
    creatives: BTreeMap<String, serde_json::Value>,
    targets: Targets,
}

/// When an offer gives, in Unix seconds.
#[derive(Debug, Serialize, ToSchema)]
struct Availability {
    from: Option<i64>,
    /// Excluded.
    to: Option<i64>,
}

/// Where an offer gives; everywhere, if nothing is named.
#[derive(Debug, Serialize, ToSchema)]
struct Targets {
    organisations: Vec<Target>,
}

/// An organisation at or below which an offer gives.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OfferTarget)]
struct Target {
    id: String,
    name: String,
    locations: Vec<WireAddress>,
    r#type: WireRole,
}

/// Get a reward offer that the contact sees.
#[utoipa::path(
    get, path = "/reward_offers/{id}", tag = "Rewards", security(("access_token" = [])),
    params(("id" = String, Path, description = "The offer's id")),
    responses(
        (status = 200, description = "The offer", body = OfferInFull),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No offer of this id that the contact sees", body = ProblemBody, content_type = "application/problem+json"),
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
    let tenant = &onlooker.tenant;
    let ids = api.router.secrets().public_ids();
    let conditions = &offer.conditions;
    let targets = conditions.organisations.iter().filter_map(|number| {
        let organisation = tenant.organisations.get(number)?;
        Some(Target {
            id: ids.write(PublicId::of(Named::Organisation, *number)),
            name: organisation.name.clone(),
            locations: addresses(organisation, token.mode())
                .map(|address| WireAddress::of(address, *number, ids))
                .collect(),
            r#type: organisation.role.into(),
        })
    });
    let shown = OfferInFull {
        id: ids.write(PublicId::of(Named::Offer, number)),
        name: offer.name.clone(),
        short_description: offer.texts.short_description.clone(),
        long_description: offer.texts.long_description.clone(),
        terms_and_conditions: offer.texts.terms_and_conditions.clone(),
        availability: Availability {
            from: conditions.starts_at.map(|at| at.unix_seconds()),
            to: conditions.ends_at.map(|at| at.unix_seconds()),
        },
        is_featured: offer.texts.is_featured,
        owner: Owner::of(tenant, ids),
        performance_enabled: offer.goal.is_counted(),
        scheme: Scheme::of(offer, tenant, ids),
        creatives: BTreeMap::new(),
        targets: Targets {
            organisations: targets.collect(),
        },
    };
    let timings = reply::timings(&token, onlooker.timings);
    Ok(reply::json(StatusCode::OK, &shown, timings))
}
