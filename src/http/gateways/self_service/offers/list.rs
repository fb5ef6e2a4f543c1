//! `GET /reward_offers`

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::network::wanted::{Filters, Wanted};
use super::Onlooker;
use super::wire::{WireGoal, WireOffer, WireType};
use crate::domain::address::Mode;
use crate::domain::context::TenantView;
use crate::domain::ids::{Named, PublicIds};
use crate::domain::offer::Offer;
use crate::http::auth::bearer::ContactToken;
use crate::http::extract::{Faults, ValidQuery, Validate};
use crate::http::paging::{Page, Paging};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, reply};

/// In which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = OfferOrder)]
pub(in super::super) enum Order {
    /// The oldest first.
    Asc,
    /// The newest first.
    Desc,
}

/// Which offers. Lists are separated by commas.
#[derive(Clone, Debug, Deserialize)]
pub(in super::super) struct ListQuery {
    goals: Option<String>,
    types: Option<String>,
    organisations: Option<String>,
    owner: Option<String>,
    is_featured: Option<bool>,
    performance_enabled: Option<bool>,
    search_value: Option<String>,
    order: Option<Order>,
    page: Option<u32>,
    size: Option<u32>,
    #[serde(default)]
    include_total: bool,
    // Of the organisations where an offer is given.
    countries: Option<String>,
    industries: Option<String>,
    industry_sectors: Option<String>,
    towns_cities: Option<String>,
    // An offer has none of these, so that one that is asked for by them is not there.
    reward_offer_tags: Option<String>,
    tags: Option<String>,
}

impl Validate for ListQuery {
    fn validate(&self, faults: &mut Faults) {
        Page::of(self.page, self.size).validate(faults);
        self.places().validate(faults);
        let goals: &[WireGoal] = &[
            WireGoal::Achievement,
            WireGoal::Spend,
            WireGoal::Visits,
            WireGoal::Membership,
        ];
        let are_goals = listed(self.goals.as_deref())
            .all(|text| goals.iter().any(|goal| is_written(goal, text)));
        faults.require(
            are_goals,
            "goals",
            "unknown",
            "must be some of ACHIEVEMENT, SPEND, VISITS and MEMBERSHIP, separated by commas",
        );
    }
}

/// The entries of a list in a parameter.
pub(in super::super) fn listed(text: Option<&str>) -> impl Iterator<Item = &str> {
    let entries = text.into_iter().flat_map(|text| text.split(','));
    entries.map(str::trim).filter(|entry| !entry.is_empty())
}

/// Whether this is what `value` is called on the wire.
fn is_written<T: Serialize>(value: &T, text: &str) -> bool {
    serde_json::to_value(value).is_ok_and(|written| written == text)
}

impl ListQuery {
    /// What is asked of the organisations where an offer is given.
    fn places(&self) -> Filters<'_> {
        Filters {
            countries: self.countries.as_deref(),
            industries: self.industries.as_deref(),
            industry_sectors: self.industry_sectors.as_deref(),
            town_cities: self.towns_cities.as_deref(),
            ..Filters::default()
        }
    }

    /// The organisations that are so; none is named where nothing is asked of them.
    fn wanted_places(&self, tenant: &TenantView, mode: Mode, ids: &PublicIds) -> Option<Vec<u64>> {
        let wanted = Wanted::of(self.places(), mode, ids);
        let all = tenant.organisations.iter();
        let so = all.filter(|(_, organisation)| wanted.fits(organisation));
        wanted
            .is_anything()
            .then(|| so.map(|(number, _)| *number).collect())
    }

    fn wants(&self, offer: &Offer, tenant: &TenantView, ids: &PublicIds) -> bool {
        let is_listed = |list: &Option<String>, is_it: &dyn Fn(&str) -> bool| {
            let mut entries = listed(list.as_deref()).peekable();
            entries.peek().is_none() || entries.any(is_it)
        };
        let number = |text: &str| Some(ids.read_as(Named::Organisation, text)?.entity);
        let targets = &offer.conditions.organisations;
        let is_at = |text: &str| {
            number(text).is_some_and(|organisation| {
                tenant.organisations.contains_key(&organisation)
                    && (targets.is_empty()
                        || targets.iter().any(|it| tenant.is_within(organisation, *it)))
            })
        };
        let has_nothing_of = [&self.reward_offer_tags, &self.tags];
        let searched = self.search_value.as_deref().map(str::to_lowercase);
        let has = |text: &str, searched: &str| text.to_lowercase().contains(searched);
        let short = offer.texts.short_description.as_deref().unwrap_or_default();
        is_listed(&self.goals, &|text| {
            is_written(&WireGoal::of(&offer.goal), text)
        }) && is_listed(&self.types, &|text| is_written(&WireType::of(offer), text))
            && is_listed(&self.organisations, &is_at)
            && is_listed(&self.owner, &|text| number(text) == Some(tenant.owner()))
            && has_nothing_of
                .into_iter()
                .all(|list| listed(list.as_deref()).next().is_none())
            && self
                .is_featured
                .is_none_or(|wanted| wanted == offer.texts.is_featured)
            && self
                .performance_enabled
                .is_none_or(|wanted| wanted == offer.goal.is_counted())
            && searched.is_none_or(|it| has(&offer.name, &it) || has(short, &it))
    }
}

/// Whether a purchase at one of these organisations can get what an offer gives.
fn is_given_at_one_of(places: &[u64], offer: &Offer, tenant: &TenantView) -> bool {
    let targets = &offer.conditions.organisations;
    let is_given_at = |place: &u64| {
        let mut targets = targets.iter();
        targets.len() == 0 || targets.any(|target| tenant.is_within(*place, *target))
    };
    places.iter().any(is_given_at)
}

/// A page of offers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VisibleOffers)]
struct Offers {
    content: Vec<WireOffer>,
    paging: Paging,
}

/// List the reward offers that the contact sees: those that give, and are not for others only.
#[utoipa::path(
    get, path = "/reward_offers", tag = "Rewards", security(("access_token" = [])),
    params(
        ("goals" = Option<String>, Query, description = "With one of these goals, separated by commas"),
        ("types" = Option<String>, Query, description = "Of one of these types, separated by commas"),
        ("organisations" = Option<String>, Query, description = "Given by a purchase at one of these organisations, ids separated by commas"),
        ("owner" = Option<String>, Query, description = "Made by this organisation"),
        ("is_featured" = Option<bool>, Query, description = "Whether it is to be seen before others"),
        ("performance_enabled" = Option<bool>, Query, description = "Whether there is a goal to get on with"),
        ("search_value" = Option<String>, Query, description = "Part of its name or short description"),
        ("countries" = Option<String>, Query, description = "Given at an organisation with an address in one of these countries (ISO 3166-1 alpha-3), separated by commas"),
        ("industries" = Option<String>, Query, description = "Given at an organisation of one of these industries: names or ids, separated by commas"),
        ("industry_sectors" = Option<String>, Query, description = "Given at an organisation in one of these sectors: names or ids, separated by commas"),
        ("reward_offer_tags" = Option<String>, Query, description = "Offers have none: nothing is found"),
        ("tags" = Option<String>, Query, description = "Offers have none: nothing is found"),
        ("towns_cities" = Option<String>, Query, description = "Given at an organisation with an address in one of these towns, separated by commas"),
        ("lat" = Option<String>, Query, description = "Not used: offers have no place"),
        ("lon" = Option<String>, Query, description = "Not used: offers have no place"),
        ("sort" = Option<String>, Query, description = "DEFAULT_SORTING, ORGANISATION_NAME or DISTANCE: all by creation, as one organisation makes them all"),
        ("order" = inline(Option<Order>), Query, description = "The newest first, by default"),
        ("page" = Option<u32>, Query, description = "From 1, the default", minimum = 1),
        ("size" = Option<u32>, Query, description = "How many a page; 10 by default", minimum = 0, maximum = 100),
        ("include_total" = Option<bool>, Query, description = "Whether to count them all"),
    ),
    responses(
        (status = 200, description = "A page", body = Offers),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(
    State(api): State<Api>,
    token: ContactToken,
    query: ValidQuery<ListQuery>,
) -> Result<Response, Problem> {
    let onlooker = Onlooker::of(&api, &token).await?;
    let tenant = &onlooker.tenant;
    let ids = api.router.secrets().public_ids();
    let places = query.wanted_places(tenant, token.mode(), ids);
    let mut fitting: Vec<_> = tenant
        .offers
        .iter()
        .filter(|(_, offer)| onlooker.sees(offer) && query.wants(offer, tenant, ids))
        .filter(|(_, offer)| {
            let places = places.as_ref();
            places.is_none_or(|places| is_given_at_one_of(places, offer, tenant))
        })
        .collect();
    if query.order != Some(Order::Asc) {
        fitting.reverse();
    }
    let page = Page::of(query.page, query.size);
    let (offers, paging) = page.cut(fitting, query.include_total);
    let content = offers.into_iter();
    let content = content
        .map(|(number, offer)| WireOffer::of(*number, offer, tenant, ids))
        .collect();
    let timings = reply::timings(&token, onlooker.timings);
    let page = Offers { content, paging };
    Ok(reply::json(StatusCode::OK, &page, timings))
}
