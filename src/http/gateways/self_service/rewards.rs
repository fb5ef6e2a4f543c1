//! `GET /contacts/{id}/rewards`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::actors::router::OpenedProfile;
use crate::domain::address::Mode;
use crate::domain::configuration::{Tier, whole_units};
use crate::domain::contact::{BuyingContact, LoyaltyView, Profile, SealedProfile, period_ends};
use crate::domain::context::TenantView;
use crate::domain::entity::{Answer, Query};
use crate::domain::ids::{Named, PublicId, PublicIds};
use crate::domain::money::Minor;
use crate::http::auth::bearer::ContactToken;
use crate::http::gateways::schemes::{SignUpOption, described};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// What a contact's loyalty has come to.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ContactRewards {
    /// The contact's id.
    id: String,
    /// What it is a member of.
    reward_schemes: Vec<OwnScheme>,
    /// When the contact was created, in Unix seconds.
    sign_up_date: i64,
    spend_blocked: SpendBlocked,
    /// The tier that it has; null where there are no tiers.
    reward_tier: Option<OwnTier>,
    reward_tiers: AllTiers,
}

/// A scheme that the contact is a member of.
#[derive(Debug, Serialize, ToSchema)]
struct OwnScheme {
    id: String,
    name: String,
    /// In Unix seconds.
    signed_up_on: i64,
    /// The address by which it was let in.
    email_address: Option<String>,
    sign_up_option: SignUpOption,
    /// The code by which it was let in.
    sign_up_code: Option<String>,
}

/// Whether the contact's money is kept from being spent.
#[derive(Debug, Serialize, ToSchema)]
struct SpendBlocked {
    date: Option<i64>,
    status: bool,
}

/// The tier that a contact has.
#[derive(Debug, Serialize, ToSchema)]
struct OwnTier {
    /// Null while it is below every tier.
    id: Option<String>,
    name: Option<String>,
    colour: Option<String>,
    /// Since when it has it, in Unix seconds, where that is known.
    achieved_date: Option<i64>,
    /// The units that it has made in the period under way.
    period_value_units: i64,
    /// The units that it has made in all.
    lifetime_value_units: i64,
    /// What keeps the tier for the period that follows.
    maintain_tier: Option<Maintain>,
    /// What reaches the next tier; null in the highest.
    progress: Option<NextTier>,
    creatives: Vec<serde_json::Value>,
}

/// What keeps a tier.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MaintainTier)]
struct Maintain {
    /// How many units are missing.
    points_needed: i64,
    /// By when, in Unix seconds, excluded.
    collected_by: i64,
}

/// What reaches the next tier.
#[derive(Debug, Serialize, ToSchema)]
struct NextTier {
    id: String,
    name: String,
    /// How many units are missing.
    points_needed: i64,
    /// By when, in Unix seconds, excluded.
    collected_by: i64,
}

/// Every tier, lowest first.
#[derive(Debug, Serialize, ToSchema)]
struct AllTiers {
    id: String,
    /// How many units a whole unit of the currency makes, or a visit.
    conversion_rate: u32,
    tiers: Vec<OneTier>,
}

/// A tier.
#[derive(Debug, Serialize, ToSchema)]
struct OneTier {
    id: String,
    name: String,
    description: Option<String>,
    color: Option<String>,
    /// From how many units of a period on a contact has it.
    value_units: u32,
    creatives: Vec<serde_json::Value>,
}

/// Get what the contact's loyalty has come to: its tier, what keeps it, and what is missing to the next.
#[utoipa::path(
    get, path = "/contacts/{id}/rewards", tag = "Rewards", security(("access_token" = [])),
    params(("id" = String, Path, description = "The contact's own id or code")),
    responses(
        (status = 200, description = "What it has come to", body = ContactRewards),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the contact of the token", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get(
    State(api): State<Api>,
    token: ContactToken,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let contact = token.named(&api, &name).await?;
    let address = token.signed_in.contact;
    let reply = api.router.query(address, Query::Loyalty).await;
    let timings = reply::timings(&token, reply.timings);
    let view = match reply.result.map_err(failure::problem)? {
        Answer::Loyalty(view) => view,
        _ => return Err(failure::not_found()),
    };
    let tenant = token.tenant_view(&api).await?;
    let ids = api.router.secrets().public_ids();
    let own = || ids.write(PublicId::of(Named::Contact, address.entity));
    let tiers = tenant.rewards.tiers.iter();
    let buyer = BuyingContact::of_view(&view, &tenant);
    let mut reward_schemes = Vec::new();
    for (number, scheme) in &tenant.rewards.schemes {
        let Some(since) = buyer.member_of(*number) else {
            continue;
        };
        let shown = shown_for(&api, &token, &contact.profile, &view, *number)?;
        reward_schemes.push(OwnScheme {
            id: ids.write(PublicId::of(Named::Scheme, *number)),
            name: scheme.name.clone(),
            signed_up_on: since.unix_seconds(),
            email_address: shown.email_address,
            sign_up_option: described(&scheme.opening).0,
            sign_up_code: shown.title,
        });
    }
    let shown = ContactRewards {
        id: contact.own_id.as_deref().map_or_else(own, str::to_owned),
        reward_schemes,
        sign_up_date: view.created_at.unix_seconds(),
        spend_blocked: SpendBlocked {
            date: None,
            status: false,
        },
        reward_tier: own_tier(&view, &tenant, ids),
        reward_tiers: AllTiers {
            id: ids.write(PublicId {
                named: Named::Tier,
                entity: address.tenant.0,
                part: match address.mode {
                    Mode::Live | Mode::Shared => 1,
                    Mode::Test => 2,
                },
            }),
            conversion_rate: tenant.rewards.tiering.conversion_rate,
            tiers: tiers
                .map(|(number, tier)| OneTier {
                    id: ids.write(PublicId::of(Named::Tier, *number)),
                    name: tier.name.clone(),
                    description: tier.description.clone(),
                    color: tier.colour.clone(),
                    value_units: tier.value_units,
                    creatives: Vec::new(),
                })
                .collect(),
        },
    };
    Ok(reply::json(StatusCode::OK, &shown, timings))
}

/// What the contact showed when it signed up to a scheme; nothing, mostly.
fn shown_for(
    api: &Api,
    token: &ContactToken,
    profile: &SealedProfile,
    view: &LoyaltyView,
    scheme: u64,
) -> Result<Profile, Problem> {
    let mut members = view.loyalty.schemes.iter();
    let member = members.find(|member| member.scheme == scheme);
    let Some(sealed) = member.and_then(|member| member.sealed.clone()) else {
        return Ok(Profile::default());
    };
    let slot = profile.slot;
    let opened = api
        .router
        .open_profile(&token.signed_in.contact, &SealedProfile { slot, sealed });
    match opened.map_err(failure::problem)? {
        OpenedProfile::Plain(shown) => Ok(*shown),
        OpenedProfile::Erased => Err(failure::not_found()),
    }
}

fn own_tier(view: &LoyaltyView, tenant: &TenantView, ids: &PublicIds) -> Option<OwnTier> {
    let LoyaltyView { loyalty, now, .. } = view;
    let tiers = &tenant.rewards.tiers;
    if tiers.is_empty() {
        return None;
    }
    let decimals = tenant.currency.decimals();
    let units = loyalty.units_of_now(tenant, *now);
    let collected_by = period_ends(tenant, *now).unix_seconds();
    // A part of a unit that is missing takes a whole one.
    let missing = |tier: &Tier| {
        let whole = whole_units(units, decimals);
        i64::from(tier.value_units).saturating_sub(whole).max(0)
    };
    let number = loyalty.tier_at(tenant, *now);
    let tier = number.and_then(|number| tenant.rewards.tier(number));
    let above = tier.map_or(-1, |tier| i64::from(tier.value_units));
    let mut higher = tiers.iter();
    let next = higher.find(|(_, tier)| i64::from(tier.value_units) > above);
    let shown = |units: Minor| whole_units(units, decimals).max(0);
    Some(OwnTier {
        id: number.map(|number| ids.write(PublicId::of(Named::Tier, number))),
        name: tier.map(|tier| tier.name.clone()),
        colour: tier.and_then(|tier| tier.colour.clone()),
        achieved_date: tier
            .and_then(|_| loyalty.tier_since(tenant, *now))
            .map(|at| at.unix_seconds()),
        period_value_units: shown(units),
        lifetime_value_units: shown(loyalty.lifetime),
        maintain_tier: tier.map(|tier| Maintain {
            points_needed: missing(tier),
            collected_by,
        }),
        progress: next.map(|(number, tier)| NextTier {
            id: ids.write(PublicId::of(Named::Tier, *number)),
            name: tier.name.clone(),
            points_needed: missing(tier),
            collected_by,
        }),
        creatives: Vec::new(),
    })
}
