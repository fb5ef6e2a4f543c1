//! `POST /test_clock/advance`

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::WireTestClock;
use crate::actors::router::Timings;
use crate::domain::api_key::Scope;
use crate::domain::tenant::Advance;
use crate::domain::time::{Span, Timestamp};
use crate::http::audit::audited;
use crate::http::auth::Authorized;
use crate::http::extract::{Conditions, Faults, ValidJson, Validate};
use crate::http::gateways::once;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};
use crate::limits;

/// How far to advance: in one of the two ways.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct NewAdvance {
    /// By so many seconds.
    seconds: Option<i64>,
    /// To this time, in Unix seconds.
    to: Option<i64>,
}

impl Validate for NewAdvance {
    fn validate(&self, faults: &mut Faults) {
        faults.require(
            self.seconds.is_some() != self.to.is_some(),
            "",
            "ambiguous",
            "must have exactly one of seconds and to",
        );
        for (member, value) in [("seconds", self.seconds), ("to", self.to)] {
            faults.require(
                value.is_none_or(|value| (1..=limits::UNIX_SECONDS_MAX).contains(&value)),
                member,
                "out_of_range",
                "must be above 0, and before the year 10000",
            );
        }
    }
}

/// Advance the test clock.
///
/// It moves the time of business of the tenant's test mode: what lots, offers and caps go by. API keys and idempotency go by the
/// clock on the wall. The answer comes when everything that became due has happened and is durable, one after the other in the order
/// in which it became due. The clock never goes back.
#[utoipa::path(
    post, path = "/test_clock/advance", tag = "Test clock", security(("api_key" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once")),
    request_body = NewAdvance,
    responses(
        (status = 200, description = "The clock as it is now", body = WireTestClock),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "A live key, or one that does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, the clock would go back, or the key was used for another request", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again: with the same Idempotency-Key, the clock moves once", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn advance(
    State(api): State<Api>,
    caller: Authorized<{ Scope::TestClock.bit() }>,
    headers: Conditions,
    body: ValidJson<NewAdvance>,
) -> Result<Response, Problem> {
    let advance = match (body.seconds, body.to) {
        (_, Some(to)) => {
            let to = Timestamp::from_unix_seconds(to);
            let wall = api.router.wall();
            Advance::ToAhead(Span(to.0.saturating_sub(wall.0)))
        }
        (seconds, None) => Advance::By(Span(seconds.unwrap_or_default().saturating_mul(1_000))),
    };
    let place = ("test_clock.advance", None);
    let remember = once::remember_by_header(&api, &caller, &headers, place, &body.hash)?;
    let act = async {
        let advanced = api
            .router
            .advance_test_clock(caller.tenant(), advance, remember)
            .await;
        let timings = reply::timings(&caller, Timings::default());
        Ok(match advanced {
            Ok(clock) => reply::json(StatusCode::OK, &WireTestClock::from(clock), timings),
            Err(why) => reply::refused(failure::problem(why), timings),
        })
    };
    audited(&api, &caller, "test_clock.advance", None, act).await
}
