//! `GET` and `PUT /settings`: how the platform behaves towards the tenant, in the key's mode.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::actors::router::Timings;
use crate::domain::address::Address;
use crate::domain::api_key::Scope;
use crate::domain::context::TenantView;
use crate::domain::entity::Command;
use crate::domain::tenant::{self, Rate, RateLimits, Uncovered};
use crate::http::audit::audited;
use crate::http::auth::{Authorized, Caller};
use crate::http::extract::{Faults, ValidJson, Validate};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::{Api, failure, reply};
use crate::limits;

/// How the platform behaves towards the tenant, in one mode.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Settings)]
pub(super) struct WireSettings {
    uncovered_offline_spend: WireUncovered,
    /// How much callers may ask for. What is left out is as the platform has it.
    #[serde(default)]
    rate_limits: WireRateLimits,
}

/// How much callers may ask for before they are answered 429, each by its own count.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RateLimits)]
struct WireRateLimits {
    /// Each secret key. It has no limit unless one is set here.
    secret_key: Option<WireRate>,
    /// Each public key: all apps together that carry it. 10,000 a second unless set.
    public_key: Option<WireRate>,
    /// Each address that public keys and tokens come from; a /64 of IPv6 is one. 6,000 a minute unless set.
    address: Option<WireRate>,
    /// Each contact and user. 600 a minute unless set.
    account: Option<WireRate>,
    /// The messages to each phone number and e-mail address, within one in 30 seconds and five an hour.
    destination: Option<WireRate>,
    /// The codes and letters that each address has sent, by public keys and tokens of contacts. 300 an hour unless set.
    address_codes: Option<WireRate>,
    /// Those of all of them together. 10,000 an hour unless set.
    public_codes: Option<WireRate>,
    /// Those that secret keys and users have sent, together. 10,000 an hour unless set.
    secret_codes: Option<WireRate>,
}

/// So many in so long: all at once after a quiet time, spread over it otherwise.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Rate)]
struct WireRate {
    /// How many.
    #[schema(minimum = 1, maximum = 10_000_000)]
    requests: u32,
    /// In how many seconds.
    #[schema(minimum = 1, maximum = 86_400)]
    seconds: u32,
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
    fn validate(&self, faults: &mut Faults) {
        let rates = &self.rate_limits;
        let named = [
            ("secret_key", rates.secret_key),
            ("public_key", rates.public_key),
            ("address", rates.address),
            ("account", rates.account),
            ("destination", rates.destination),
            ("address_codes", rates.address_codes),
            ("public_codes", rates.public_codes),
            ("secret_codes", rates.secret_codes),
        ];
        faults.within("rate_limits", |faults| {
            for (name, rate) in named {
                if let Some(rate) = rate {
                    faults.within(name, |faults| rate.validate(faults));
                }
            }
        });
    }
}

impl WireRate {
    fn validate(self, faults: &mut Faults) {
        faults.require(
            (1..=limits::RATE_REQUESTS_MAX).contains(&self.requests),
            "requests",
            "out_of_range",
            "must be from 1 to 10,000,000",
        );
        faults.require(
            (1..=limits::RATE_SECONDS_MAX).contains(&self.seconds),
            "seconds",
            "out_of_range",
            "must be from 1 to 86,400, a day",
        );
    }
}

impl From<Rate> for WireRate {
    fn from(Rate { requests, seconds }: Rate) -> WireRate {
        WireRate { requests, seconds }
    }
}

impl From<WireRate> for Rate {
    fn from(WireRate { requests, seconds }: WireRate) -> Rate {
        Rate { requests, seconds }
    }
}

impl From<RateLimits> for WireRateLimits {
    fn from(set: RateLimits) -> WireRateLimits {
        WireRateLimits {
            secret_key: set.secret_key.map(Into::into),
            public_key: set.public_key.map(Into::into),
            address: set.address.map(Into::into),
            account: set.account.map(Into::into),
            destination: set.destination.map(Into::into),
            address_codes: set.address_codes.map(Into::into),
            public_codes: set.public_codes.map(Into::into),
            secret_codes: set.secret_codes.map(Into::into),
        }
    }
}

impl From<WireRateLimits> for RateLimits {
    fn from(asked: WireRateLimits) -> RateLimits {
        RateLimits {
            secret_key: asked.secret_key.map(Into::into),
            public_key: asked.public_key.map(Into::into),
            address: asked.address.map(Into::into),
            account: asked.account.map(Into::into),
            destination: asked.destination.map(Into::into),
            address_codes: asked.address_codes.map(Into::into),
            public_codes: asked.public_codes.map(Into::into),
            secret_codes: asked.secret_codes.map(Into::into),
        }
    }
}

impl From<&TenantView> for WireSettings {
    fn from(tenant: &TenantView) -> WireSettings {
        WireSettings {
            uncovered_offline_spend: match tenant.uncovered_offline {
                Uncovered::Reject => WireUncovered::Reject,
                Uncovered::Owe => WireUncovered::Owe,
            },
            rate_limits: tenant.rate_limits.into(),
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
    let settings = WireSettings::from(&*tenant);
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
    let act = async {
        let uncovered = match body.uncovered_offline_spend {
            WireUncovered::Reject => Uncovered::Reject,
            WireUncovered::Owe => Uncovered::Owe,
        };
        let set = tenant::Command::Set(caller.mode(), uncovered, body.rate_limits.into());
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
    };
    audited(&api, &caller, "settings.update", None, act).await
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
