//! `GET /purchases/{id}/rewards`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::own;
use crate::domain::api_key::Scope;
use crate::domain::context::TenantView;
use crate::domain::entity::PurchaseView;
use crate::domain::ids::{Named, PublicId, PublicIds};
use crate::domain::money::Minor;
use crate::http::auth::ContactOrBusiness;
use crate::http::extract::{Faults, ValidQuery, Validate};
use crate::http::gateways::backoffice::reached_purchase;
use crate::http::money_wire::WireAmount;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::shown::purchase::WireNamed;
use crate::http::{Api, reply};

/// What a purchase did with rewards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(in super::super) enum RewardType {
    /// It was given.
    Award,
    /// A pass was redeemed.
    Redeem,
    /// It was spent.
    Spend,
}

/// Which rewards.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(in super::super) struct RewardsQuery {
    r#type: Option<RewardType>,
}

impl Validate for RewardsQuery {
    fn validate(&self, _: &mut Faults) {}
}

/// A reward.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PurchaseReward)]
struct WireReward {
    r#type: RewardType,
    /// The offer that gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    reward_offer: Option<WireNamed>,
    amount: WireAmount,
    /// ISO 4217.
    currency_code: String,
    /// What binds the money; open money is bound by nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    commerce_pool: Option<WireNamed>,
}

/// The rewards of a purchase.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct PurchaseRewards {
    content: Vec<WireReward>,
}

/// An offer by its number.
fn named(ids: &PublicIds, tenant: &TenantView, number: u64) -> WireNamed {
    let mut offers = tenant.offers.iter();
    let found = offers.find(|(other, _)| *other == number);
    WireNamed {
        id: ids.write(PublicId::of(Named::Offer, number)),
        name: found.map_or_else(String::new, |(_, offer)| offer.name.clone()),
    }
}

fn rewards(view: &PurchaseView, ids: &PublicIds, tenant: &TenantView) -> Vec<WireReward> {
    let purchase = &view.purchase;
    let offer = |number| named(ids, tenant, number);
    let reward = |of, given_by: Option<u64>, amount: Minor, bound_by: Option<u64>| WireReward {
        r#type: of,
        reward_offer: given_by.map(offer),
        amount: WireAmount::from_minor(amount.0, purchase.currency.decimals()),
        currency_code: purchase.currency.code().to_owned(),
        commerce_pool: bound_by.map(offer),
    };
    let outcomes = purchase.offers.iter().zip(&tenant.offers);
    let awards = outcomes.filter_map(|(outcome, (number, _))| {
        let given = outcome.ok()?;
        let (amount, bound_by) = (given.lot.left, given.lot.bound_by);
        Some(reward(RewardType::Award, Some(*number), amount, bound_by))
    });
    let from = purchase.spent.iter().flat_map(|spent| &spent.from);
    let spends = from.map(|lot| reward(RewardType::Spend, None, lot.left, lot.bound_by));
    let owed = purchase.spent.iter().map(|spent| spent.owed);
    let owed = owed.filter(|owed| *owed > Minor::ZERO);
    let owed = owed.map(|owed| reward(RewardType::Spend, None, owed, None));
    awards.chain(spends).chain(owed).collect()
}

/// Get what a purchase awarded and spent: one of the contact; or, by a user's token or a secret key with `purchases.read`, any that was made where
/// that acts.
#[utoipa::path(
    get, path = "/purchases/{id}/rewards", tag = "Purchases", security(("access_token" = []), ("secret_key" = []), ("user_token" = [])),
    params(
        ("id" = String, Path, description = "The purchase's id, from the list"),
        ("type" = Option<RewardType>, Query, description = "Only of this kind"),
    ),
    responses(
        (status = 200, description = "Its rewards", body = PurchaseRewards),
        (status = 401, description = "No token or key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key, or the user's role, does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not a purchase of the token's contact, or none that the business made there", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn get(
    State(api): State<Api>,
    caller: ContactOrBusiness<{ Scope::PurchasesRead.bit() }>,
    Path(id): Path<String>,
    query: ValidQuery<RewardsQuery>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let (view, engine) = match &caller {
        ContactOrBusiness::Contact(token) => own(&api, token, &id).await?,
        ContactOrBusiness::Business(business) => {
            let (_, view, engine) = reached_purchase(&api, business, &tenant, &id).await?;
            (view, engine)
        }
    };
    let mut content = rewards(&view, api.router.secrets().public_ids(), &tenant);
    content.retain(|reward| query.r#type.is_none_or(|wanted| wanted == reward.r#type));
    let timings = reply::timings(&caller, engine);
    Ok(reply::json(
        StatusCode::OK,
        &PurchaseRewards { content },
        timings,
    ))
}
