//! `GET` and `PUT /settings`: how the platform behaves towards the tenant, in the key's mode.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::actors::router::Timings;
use crate::domain::address::Address;
use crate::domain::api_key::Scope;
use crate::domain::entity::Command;
use crate::domain::tenant::{self, Uncovered};
use crate::http::auth::{Authorized, Caller};
use crate::http::extract::{Faults, ValidJson, Validate};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// How the platform behaves towards the tenant, in one mode.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Settings)]
pub(super) struct WireSettings {
    uncovered_offline_spend: WireUncovered,
}

/// What becomes of a purchase of an offline batch with `restrict_fully_covered` that the wallet does not cover.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = UncoveredOfflineSpend)]
enum WireUncovered {
    /// It is refused, as any purchase is. A tenant begins with this.
    Reject,
    /// It is recorded as spent, and the wallet owes what it lacks: paid from what comes in next.
    Owe,
}

impl Validate for WireSettings {
    fn validate(&self, _: &mut Faults) {}
}

impl From<Uncovered> for WireSettings {
    fn from(uncovered: Uncovered) -> WireSettings {
        WireSettings {
            uncovered_offline_spend: match uncovered {
                Uncovered::Reject => WireUncovered::Reject,
                Uncovered::Owe => WireUncovered::Owe,
            },
        }
    }
}

/// Get the settings of the tenant.
#[utoipa::path(
    get, path = "/settings", tag = "Settings", security(("api_key" = [])),
    responses(
        (status = 200, description = "The settings of the key's mode", body = WireSettings),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get(
    State(api): State<Api>,
    caller: Authorized<{ Scope::SettingsRead.bit() }>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let settings = WireSettings::from(tenant.uncovered_offline);
    let timings = reply::timings(&caller, Timings::default());
    Ok(reply::json(StatusCode::OK, &settings, timings))
}

/// Set the settings of the tenant, all of them at once.
#[utoipa::path(
    put, path = "/settings", tag = "Settings", security(("api_key" = [])),
    request_body = WireSettings,
    responses(
        (status = 200, description = "As they are now", body = WireSettings),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this, or belongs to an organisation", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn set(
    State(api): State<Api>,
    caller: Authorized<{ Scope::SettingsWrite.bit() }>,
    body: ValidJson<WireSettings>,
) -> Result<Response, Problem> {
    of_whole_network(&caller)?;
    let uncovered = match body.uncovered_offline_spend {
        WireUncovered::Reject => Uncovered::Reject,
        WireUncovered::Owe => Uncovered::Owe,
    };
    let set = tenant::Command::SetUncoveredOffline(caller.mode(), uncovered);
    let tenant = Address::tenant(caller.tenant());
    let answer = api
        .router
        .command(tenant, Command::Tenant(set), None, None)
        .await;
    let timings = reply::timings(&caller, answer.timings);
    Ok(match answer.result {
        Ok(_) => reply::json(StatusCode::OK, &*body, timings),
        Err(why) => reply::refused(failure::problem(why), timings),
    })
}

fn of_whole_network(caller: &Caller) -> Result<(), Problem> {
    match caller.bound_to() {
        None => Ok(()),
        Some(_) => Err(Problem::new(
            Code::InsufficientScope,
            "settings are of the whole network; send a key that belongs to no organisation",
        )),
    }
}
