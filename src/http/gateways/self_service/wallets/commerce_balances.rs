//! `GET /wallets/{id}/commerce_balances`

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::network::addresses;
use super::own;
use crate::domain::address::Mode;
use crate::domain::contact::Lot;
use crate::domain::context::TenantView;
use crate::domain::entity::{Answer, Query};
use crate::domain::ids::{Named, PublicId, PublicIds};
use crate::domain::offer::Hours;
use crate::domain::time::{Span, Timestamp};
use crate::http::auth::bearer::ContactToken;
use crate::http::extract::{Faults, ValidQuery, Validate};
use crate::http::hours::text_of;
use crate::http::money_wire::WireAmount;
use crate::http::paging::{Page, Paging};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::shown::organisation::WireAddress;
use crate::http::shown::role::WireRole;
use crate::http::{Api, failure, reply};
use crate::limits::PAGE_SIZE_MAX;

/// Which balances.
#[derive(Clone, Debug, Deserialize)]
pub(in super::super) struct BalancesQuery {
    commerce_pool_id: Option<String>,
    #[serde(default)]
    include_expiration: bool,
    is_active: Option<bool>,
}

impl Validate for BalancesQuery {
    fn validate(&self, _: &mut Faults) {}
}

/// Money that is bound alike: it was awarded by one offer, whose conditions say what it buys.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CommerceBalance)]
struct WireCommerceBalance {
    /// The offer's id.
    id: String,
    name: String,
    /// What the offer says of itself in short.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    amount: WireAmount,
    /// ISO 4217.
    currency_code: String,
    /// Within how many days how much of it expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration: Option<WireExpiration>,
    /// Where it may be spent; anywhere in the network, if none is named.
    organisations: Vec<WirePlace>,
    /// What it may be spent on; on anything, if none is named.
    products: Vec<WireProductReference>,
    /// When it may be spent; at any time, if none is named.
    timings: Vec<WireTiming>,
    /// It can be spent.
    is_active: bool,
}

/// An organisation where it may be spent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CommercePlace)]
struct WirePlace {
    id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<WireRole>,
    /// Where it is.
    locations: Vec<WireAddress>,
}

/// What expires when, in days from now. What never expires counts as last.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CommerceExpiration)]
struct WireExpiration {
    zero_to_thirty: WireAmount,
    thirty_to_sixty: WireAmount,
    sixty_to_ninety: WireAmount,
    ninety_plus: WireAmount,
}

/// A product, as tills name it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CommerceProduct)]
struct WireProductReference {
    sku: String,
}

/// Some hours of a day of the week, on the calendar of who sells.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CommerceTiming)]
struct WireTiming {
    /// 1 is Monday, 7 Sunday.
    day: u8,
    start_time: String,
    /// At or before `start_time`, it is on the next day.
    end_time: String,
}

/// What is bound in a wallet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CommerceBalances)]
pub(in super::super) struct WireCommerceBalances {
    content: Vec<WireCommerceBalance>,
    paging: Paging,
}

fn timings(hours: &[Hours]) -> Vec<WireTiming> {
    let each = |hours: &Hours| {
        let of_day = *hours;
        let days = (0..7_u8).filter(move |day| of_day.days >> day & 1 == 1);
        days.map(move |day| WireTiming {
            day: day.saturating_add(1),
            start_time: text_of(of_day.from),
            end_time: text_of(of_day.until),
        })
        .collect::<Vec<_>>()
    };
    hours.iter().flat_map(each).collect()
}

/// What the lots come to that expire from `from` days on and before `until` days.
fn expiring(lots: &[Lot], now: Timestamp, from: u32, until: Option<u32>) -> i64 {
    let is_there = |lot: &&Lot| {
        let at = |days: u32| now.after(Span::days(days));
        let Some(expires_at) = lot.expires_at else {
            return until.is_none();
        };
        expires_at >= at(from) && until.is_none_or(|until| expires_at < at(until))
    };
    let lots = lots.iter().filter(is_there);
    lots.fold(0_i64, |sum, lot| sum.saturating_add(lot.left.0))
}

impl WireCommerceBalance {
    fn of(
        (pool, lots): (u64, Vec<Lot>),
        now: Timestamp,
        ids: &PublicIds,
        (tenant, mode): (&TenantView, Mode),
        with_expiration: bool,
    ) -> WireCommerceBalance {
        let amount = |minor| WireAmount::from_minor(minor, tenant.currency.decimals());
        let within = |from, until| amount(expiring(&lots, now, from, until));
        let mut offers = tenant.offers.iter();
        let offer = offers.find(|(number, _)| *number == pool);
        let conditions = offer.and_then(|(_, offer)| offer.spend_conditions.clone());
        let conditions = conditions.unwrap_or_default();
        let organisations = conditions.organisations.iter().map(|number| {
            let known = tenant.organisations.get(number);
            WirePlace {
                id: ids.write(PublicId::of(Named::Organisation, *number)),
                name: known.map_or_else(String::new, |it| it.name.clone()),
                r#type: known.map(|it| it.role.into()),
                locations: known
                    .into_iter()
                    .flat_map(|it| addresses(it, mode))
                    .map(|address| WireAddress::of(address, *number, ids))
                    .collect(),
            }
        });
        WireCommerceBalance {
            id: ids.write(PublicId::of(Named::Offer, pool)),
            name: offer.map_or_else(String::new, |(_, offer)| offer.name.clone()),
            description: offer.and_then(|(_, offer)| offer.texts.short_description.clone()),
            amount: amount(
                lots.iter()
                    .fold(0_i64, |sum, lot| sum.saturating_add(lot.left.0)),
            ),
            currency_code: tenant.currency.code().to_owned(),
            expiration: with_expiration.then(|| WireExpiration {
                zero_to_thirty: within(0, Some(30)),
                thirty_to_sixty: within(30, Some(60)),
                sixty_to_ninety: within(60, Some(90)),
                ninety_plus: within(90, None),
            }),
            organisations: organisations.collect(),
            products: conditions
                .products
                .into_iter()
                .map(|sku| WireProductReference { sku })
                .collect(),
            timings: timings(&conditions.hours),
            is_active: true,
        }
    }
}

/// List the commerce money of the contact's own wallet, by what binds it.
#[utoipa::path(
    get, path = "/wallets/{id}/commerce_balances", tag = "Wallet", security(("access_token" = [])),
    params(
        ("id" = String, Path, description = "The wallet's id, from the contact"),
        ("commerce_pool_id" = Option<String>, Query, description = "Only this one"),
        ("include_expiration" = Option<bool>, Query, description = "Whether to tell when it expires"),
        ("is_active" = Option<bool>, Query, description = "Only what can be spent, or cannot; all that is listed can"),
    ),
    responses(
        (status = 200, description = "The balances", body = WireCommerceBalances),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the wallet of the token's contact", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(
    State(api): State<Api>,
    token: ContactToken,
    Path(id): Path<String>,
    query: ValidQuery<BalancesQuery>,
) -> Result<Response, Problem> {
    let contact = own(&api, &token, &id)?;
    let tenant = token.tenant_view(&api).await?;
    let ids = api.router.secrets().public_ids();
    let answer = api.router.query(contact, Query::Lots).await;
    let (now, lots) = match answer.result.map_err(failure::problem)? {
        Answer::Lots(now, lots) => (now, lots),
        _ => return Err(failure::not_found()),
    };
    let only = query.commerce_pool_id.as_deref();
    let only = only.map(|id| ids.read_as(Named::Offer, id).map(|id| id.entity));
    let mut pools: BTreeMap<u64, Vec<Lot>> = BTreeMap::new();
    for lot in lots {
        let is_wanted = |pool: &u64| only.is_none_or(|only| only == Some(*pool));
        if let Some(pool) = lot.bound_by.filter(is_wanted)
            && query.is_active != Some(false)
        {
            pools.entry(pool).or_default().push(lot);
        }
    }
    let world = (&*tenant, token.mode());
    let shown = pools
        .into_iter()
        .map(|pool| WireCommerceBalance::of(pool, now, ids, world, query.include_expiration));
    // There are no more than offers, which are fewer than a page may hold.
    let page = Page::of(None, Some(PAGE_SIZE_MAX));
    let (content, paging) = page.cut(shown.collect(), true);
    let body = WireCommerceBalances { content, paging };
    let timings = reply::timings(&token, answer.timings);
    Ok(reply::json(StatusCode::OK, &body, timings))
}
