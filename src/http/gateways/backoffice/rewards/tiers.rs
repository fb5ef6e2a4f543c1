//! `/reward_tiers`: what loyalty reaches.

use axum::extract::{Path, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CreatedReward, tier};
use crate::actors::router::Timings;
use crate::domain::api_key::Scope;
use crate::domain::configuration::{Command, Item, Measure, Tier, TierPeriod, Tiering};
use crate::domain::context::TenantView;
use crate::domain::ids::{Named, PublicId, PublicIds};
use crate::http::audit::{audited, target};
use crate::http::auth::{Authorized, Caller};
use crate::http::extract::{Conditions, Faults, ValidJson, Validate};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure};
use crate::limits;

/// A tier, as it is written.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct WrittenTier {
    name: String,
    description: Option<String>,
    /// `#` and six hexadecimal digits.
    color: Option<String>,
    /// From how many units of a period on a contact has it. No two tiers begin at as many.
    #[schema(maximum = 2147483647)]
    value_units: u32,
}

/// How units are reckoned.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct WrittenTiering {
    based_on: WireMeasure,
    /// How many units a whole unit of the currency makes, or a visit.
    #[schema(minimum = 1, maximum = 1000000)]
    conversion_rate: u32,
    period: WirePeriod,
}

/// What makes units.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = TierMeasure)]
enum WireMeasure {
    /// What is paid for purchases, after what was spent from the wallet.
    Spend,
    /// What purchases are awarded.
    Award,
    /// Purchases as such.
    Visits,
}

/// For how long units count together, from January on.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = TierPeriod)]
enum WirePeriod {
    /// A month of the tenant's calendar.
    Month,
    /// Three.
    Quarter,
    /// Twelve.
    Year,
}

impl Validate for WrittenTier {
    fn validate(&self, faults: &mut Faults) {
        super::check_texts(faults, &self.name, self.description.as_deref());
        let is_colour = |text: &str| {
            text.strip_prefix('#')
                .is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|it| it.is_ascii_hexdigit()))
        };
        faults.require(
            self.color.as_deref().is_none_or(is_colour),
            "color",
            "not_a_colour",
            "must be # and six hexadecimal digits, or be left out",
        );
        faults.require(
            self.value_units <= limits::VALUE_UNITS_MAX,
            "value_units",
            "too_large",
            "must be at most 2147483647",
        );
    }
}

impl Validate for WrittenTiering {
    fn validate(&self, faults: &mut Faults) {
        faults.require(
            (1..=limits::CONVERSION_RATE_MAX).contains(&self.conversion_rate),
            "conversion_rate",
            "out_of_range",
            "must be between 1 and 1000000",
        );
    }
}

impl WrittenTier {
    fn read(&self) -> Item {
        Item::Tier(Tier {
            name: self.name.trim().to_owned(),
            description: self.description.clone(),
            colour: self.color.clone(),
            value_units: self.value_units,
        })
    }
}

/// A tier.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RewardTier)]
struct WireTier {
    id: String,
    name: String,
    description: Option<String>,
    color: Option<String>,
    value_units: u32,
}

impl WireTier {
    fn of(number: u64, tier: &Tier, ids: &PublicIds) -> WireTier {
        WireTier {
            id: ids.write(PublicId::of(Named::Tier, number)),
            name: tier.name.clone(),
            description: tier.description.clone(),
            color: tier.colour.clone(),
            value_units: tier.value_units,
        }
    }
}

/// Every tier, lowest first, and how units are reckoned.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RewardTiers)]
struct WireTiers {
    based_on: WireMeasure,
    conversion_rate: u32,
    period: WirePeriod,
    tiers: Vec<WireTier>,
}

/// Create a tier.
///
/// A contact has the highest tier that its units of the period under way, or of the one before it, reach.
#[utoipa::path(
    post, path = "/reward_tiers", tag = "Reward tiers", security(("api_key" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once")),
    request_body = WrittenTier,
    responses(
        (status = 201, description = "Created", body = CreatedReward),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "There are 10 tiers", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, another tier begins at as many units, or the key was used for another request", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn create(
    State(api): State<Api>,
    caller: Authorized<{ Scope::OffersWrite.bit() }>,
    headers: Conditions,
    body: ValidJson<WrittenTier>,
) -> Result<Response, Problem> {
    let what = ("reward_tiers.create", Named::Tier);
    super::create(&api, &caller, &headers, what, (body.read(), &body.hash)).await
}

/// List tiers, lowest first, and how units are reckoned.
#[utoipa::path(
    get, path = "/reward_tiers", tag = "Reward tiers", security(("api_key" = [])),
    responses(
        (status = 200, description = "All of them, at most 10", body = WireTiers),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(
    State(api): State<Api>,
    caller: Authorized<{ Scope::OffersRead.bit() }>,
) -> Result<Response, Problem> {
    answer_all(&api, &caller, Timings::default()).await
}

/// Say how units are reckoned, from the very next purchase on. Units that were made stay.
#[utoipa::path(
    put, path = "/reward_tiers", tag = "Reward tiers", security(("api_key" = [])),
    request_body = WrittenTiering,
    responses(
        (status = 200, description = "As it is now", body = WireTiers),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn set(
    State(api): State<Api>,
    caller: Authorized<{ Scope::OffersWrite.bit() }>,
    body: ValidJson<WrittenTiering>,
) -> Result<Response, Problem> {
    let tiering = Tiering {
        measure: match body.based_on {
            WireMeasure::Spend => Measure::Spend,
            WireMeasure::Award => Measure::Award,
            WireMeasure::Visits => Measure::Visits,
        },
        conversion_rate: body.conversion_rate,
        period: match body.period {
            WirePeriod::Month => TierPeriod::Month,
            WirePeriod::Quarter => TierPeriod::Quarter,
            WirePeriod::Year => TierPeriod::Year,
        },
    };
    let act = async {
        let engine = super::command(&api, &caller, Command::SetTiering(tiering)).await?;
        answer_all(&api, &caller, engine).await
    };
    audited(&api, &caller, "reward_tiers.set", None, act).await
}

async fn answer_all(api: &Api, caller: &Caller, engine: Timings) -> Result<Response, Problem> {
    let show = |tenant: &TenantView, ids: &PublicIds| {
        let Tiering {
            measure,
            conversion_rate,
            period,
        } = tenant.rewards.tiering;
        let tiers = tenant.rewards.tiers.iter();
        Some(WireTiers {
            based_on: match measure {
                Measure::Spend => WireMeasure::Spend,
                Measure::Award => WireMeasure::Award,
                Measure::Visits => WireMeasure::Visits,
            },
            conversion_rate,
            period: match period {
                TierPeriod::Month => WirePeriod::Month,
                TierPeriod::Quarter => WirePeriod::Quarter,
                TierPeriod::Year => WirePeriod::Year,
            },
            tiers: tiers
                .map(|(number, tier)| WireTier::of(*number, tier, ids))
                .collect(),
        })
    };
    super::answer(api, caller, engine, show).await
}

/// Get a tier.
#[utoipa::path(
    get, path = "/reward_tiers/{id}", tag = "Reward tiers", security(("api_key" = [])),
    params(("id" = String, Path, description = "The tier's id")),
    responses(
        (status = 200, description = "The tier", body = WireTier),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No tier of this id", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn get(
    State(api): State<Api>,
    caller: Authorized<{ Scope::OffersRead.bit() }>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    answer(&api, &caller, &id, Timings::default()).await
}

/// Change a tier as a whole, from the very next purchase on. Contacts may be in another tier then.
#[utoipa::path(
    put, path = "/reward_tiers/{id}", tag = "Reward tiers", security(("api_key" = [])),
    params(("id" = String, Path, description = "The tier's id")),
    request_body = WrittenTier,
    responses(
        (status = 200, description = "The tier as it is now", body = WireTier),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No tier of this id", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, or another tier begins at as many units", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn change(
    State(api): State<Api>,
    caller: Authorized<{ Scope::OffersWrite.bit() }>,
    Path(id): Path<String>,
    body: ValidJson<WrittenTier>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let ids = api.router.secrets().public_ids();
    let number = tier(ids, &tenant, &id).ok_or_else(failure::not_found)?;
    let command = Command::Change(number, Box::new(body.read()));
    let act = async {
        let engine = super::command(&api, &caller, command).await?;
        answer(&api, &caller, &id, engine).await
    };
    let target = target(&api, Named::Tier, number);
    audited(&api, &caller, "reward_tiers.update", target, act).await
}

async fn answer(
    api: &Api,
    caller: &Caller,
    id: &str,
    engine: Timings,
) -> Result<Response, Problem> {
    let show = |tenant: &TenantView, ids: &PublicIds| {
        let number = tier(ids, tenant, id)?;
        Some(WireTier::of(number, tenant.rewards.tier(number)?, ids))
    };
    super::answer(api, caller, engine, show).await
}
