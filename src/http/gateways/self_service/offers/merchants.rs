//! `GET /rewards/merchants`

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Onlooker;
use super::list::{Order, listed};
use crate::domain::ids::{Named, PublicId};
use crate::domain::organisation::Role;
use crate::http::auth::bearer::ContactToken;
use crate::http::extract::{Faults, ValidQuery, Validate};
use crate::http::paging::{Page, Paging};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, reply};
use crate::limits::ORGANISATION_FILTER_WORDS_MAX;

/// Which merchants.
#[derive(Clone, Debug, Deserialize)]
pub(in super::super) struct MerchantsQuery {
    name: Option<String>,
    organisations: Option<String>,
    order: Option<Order>,
    page: Option<u32>,
    size: Option<u32>,
    #[serde(default)]
    include_total: bool,
}

impl Validate for MerchantsQuery {
    fn validate(&self, faults: &mut Faults) {
        Page::of(self.page, self.size).validate(faults);
        let organisations = listed(self.organisations.as_deref());
        faults.require(
            organisations.count() <= ORGANISATION_FILTER_WORDS_MAX,
            "organisations",
            "too_many",
            "must have at most 50 entries, separated by commas",
        );
    }
}

/// A merchant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RewardMerchant)]
struct WireMerchant {
    id: String,
    name: String,
    description: Option<String>,
}

/// A page of merchants.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RewardMerchants)]
struct Merchants {
    content: Vec<WireMerchant>,
    paging: Paging,
}

/// List the merchants whose customers an offer rewards that the contact sees, by name.
#[utoipa::path(
    get, path = "/rewards/merchants", tag = "Rewards", security(("access_token" = [])),
    params(
        ("name" = Option<String>, Query, description = "With this in their name, in capitals or not"),
        ("organisations" = Option<String>, Query, description = "At or below one of these organisations: ids, separated by commas"),
        ("sort" = Option<String>, Query, description = "By name, whatever it says"),
        ("order" = inline(Option<Order>), Query, description = "ASC by default"),
        ("page" = Option<u32>, Query, description = "From 1, the default", minimum = 1),
        ("size" = Option<u32>, Query, description = "How many a page; 10 by default", minimum = 0, maximum = 100),
        ("include_total" = Option<bool>, Query, description = "Whether to count them all"),
    ),
    responses(
        (status = 200, description = "A page", body = Merchants),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(
    State(api): State<Api>,
    token: ContactToken,
    query: ValidQuery<MerchantsQuery>,
) -> Result<Response, Problem> {
    let onlooker = Onlooker::of(&api, &token).await?;
    let tenant = &onlooker.tenant;
    let ids = api.router.secrets().public_ids();
    let offers = tenant.offers.iter();
    let seen: Vec<_> = offers
        .map(|(_, offer)| offer)
        .filter(|offer| onlooker.sees(offer))
        .map(|offer| &offer.conditions.organisations)
        .collect();
    // An offer for one of its venues is the merchant's, too.
    let is_rewarded = |merchant: u64| {
        seen.iter().any(|targets| {
            let mut targets = targets.iter();
            targets.len() == 0
                || targets
                    .any(|it| tenant.is_within(merchant, *it) || tenant.is_within(*it, merchant))
        })
    };
    let above: Vec<_> = listed(query.organisations.as_deref())
        .map(|id| ids.read_as(Named::Organisation, id).map(|id| id.entity))
        .collect();
    let is_below = |merchant: u64| {
        let mut above = above.iter().flatten();
        query.organisations.is_none() || above.any(|top| tenant.is_within(merchant, *top))
    };
    let name = query.name.as_deref().map(str::to_lowercase);
    let is_named = |of: &str| {
        let part = name.as_ref();
        part.is_none_or(|part| of.to_lowercase().contains(part))
    };
    let all = tenant.organisations.iter();
    let mut merchants: Vec<_> = all
        .filter(|(_, it)| it.role == Role::Merchant && is_named(&it.name))
        .filter(|(number, _)| is_below(**number) && is_rewarded(**number))
        .collect();
    merchants.sort_by(|(one, a), (other, b)| (&a.name, one).cmp(&(&b.name, other)));
    if query.order == Some(Order::Desc) {
        merchants.reverse();
    }
    let page = Page::of(query.page, query.size);
    let (merchants, paging) = page.cut(merchants, query.include_total);
    let content = merchants.into_iter().map(|(number, it)| WireMerchant {
        id: ids.write(PublicId::of(Named::Organisation, *number)),
        name: it.name.clone(),
        description: it.profile.description.clone(),
    });
    let page = Merchants {
        content: content.collect(),
        paging,
    };
    let timings = reply::timings(&token, onlooker.timings);
    Ok(reply::json(StatusCode::OK, &page, timings))
}
