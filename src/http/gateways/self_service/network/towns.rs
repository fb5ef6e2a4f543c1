//! `GET /locations/towns`

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::places;
use crate::actors::router::Timings;
use crate::http::auth::bearer::ContactToken;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, reply};

/// The towns of the network's places.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Towns)]
pub(super) struct Towns {
    /// From A to Z.
    content: Vec<String>,
}

/// List the towns and cities in which the network has places to buy at.
#[utoipa::path(
    get, path = "/locations/towns", tag = "Organisations", security(("access_token" = [])),
    responses(
        (status = 200, description = "Each once, in capitals or not", body = Towns),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn towns(
    State(api): State<Api>,
    token: ContactToken,
) -> Result<Response, Problem> {
    let tenant = token.tenant_view(&api).await?;
    let places = places(&tenant, token.mode());
    let towns: BTreeMap<_, _> = places
        .map(|(_, _, address)| (address.town_city.to_lowercase(), &address.town_city))
        .collect();
    let towns = Towns {
        content: towns.into_values().cloned().collect(),
    };
    let timings = reply::timings(&token, Timings::default());
    Ok(reply::json(StatusCode::OK, &towns, timings))
}
