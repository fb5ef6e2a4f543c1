//! `GET /test_clock`

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::WireTestClock;
use crate::actors::router::Timings;
use crate::domain::api_key::Scope;
use crate::http::auth::Authorized;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// Get the test clock.
#[utoipa::path(
    get, path = "/test_clock", tag = "Test clock", security(("api_key" = [])),
    responses(
        (status = 200, description = "The clock", body = WireTestClock),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "A live key, or one that does not cover this", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn get(
    State(api): State<Api>,
    caller: Authorized<{ Scope::TestClock.bit() }>,
) -> Result<Response, Problem> {
    let clock = api.router.test_clock(caller.tenant()).await;
    let clock = clock.map_err(failure::problem)?;
    let timings = reply::timings(&caller, Timings::default());
    Ok(reply::json(
        StatusCode::OK,
        &WireTestClock::from(clock),
        timings,
    ))
}
