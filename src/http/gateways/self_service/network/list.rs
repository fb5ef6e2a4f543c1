//! `GET /organisations/{id}/network`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::distance::{self, Point};
use super::wanted::{Filters, Wanted};
use super::wire::{Including, Showing, WirePublished};
use super::{addresses, named};
use crate::actors::router::Timings;
use crate::domain::address::Mode;
use crate::domain::organisation::Organisation;
use crate::http::auth::bearer::ContactToken;
use crate::http::extract::{Faults, ValidQuery, Validate};
use crate::http::paging::{Page, Paging};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::shown::role::WireRole;
use crate::http::{Api, reply};

/// In which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = OrganisationOrder)]
pub(in super::super) enum Order {
    /// From A to Z, or the nearest first.
    Asc,
    /// The other way round.
    Desc,
}

/// Which organisations. Lists are separated by commas.
#[derive(Clone, Debug, Deserialize)]
pub(in super::super) struct NetworkQuery {
    r#type: Option<WireRole>,
    name: Option<String>,
    tap_code: Option<String>,
    industries: Option<String>,
    industry_sectors: Option<String>,
    business_activities: Option<String>,
    countries: Option<String>,
    town_cities: Option<String>,
    tags: Option<String>,
    custom_fields: Option<String>,
    contact_registry: Option<bool>,
    lat: Option<f64>,
    lon: Option<f64>,
    distance: Option<f64>,
    #[serde(default)]
    include_custom_fields: bool,
    #[serde(default)]
    include_order_catalogs: bool,
    #[serde(default)]
    include_wifi_sites: bool,
    sort: Option<String>,
    order: Option<Order>,
    page: Option<u32>,
    size: Option<u32>,
    #[serde(default)]
    include_total: bool,
}

impl NetworkQuery {
    fn filters(&self) -> Filters<'_> {
        Filters {
            name: self.name.as_deref(),
            industries: self.industries.as_deref(),
            industry_sectors: self.industry_sectors.as_deref(),
            business_activities: self.business_activities.as_deref(),
            countries: self.countries.as_deref(),
            town_cities: self.town_cities.as_deref(),
            tags: self.tags.as_deref(),
            custom_fields: self.custom_fields.as_deref(),
        }
    }

    fn is_by_distance(&self) -> bool {
        self.sort.as_deref() == Some("DISTANCE")
    }
}

impl Validate for NetworkQuery {
    fn validate(&self, faults: &mut Faults) {
        Page::of(self.page, self.size).validate(faults);
        self.filters().validate(faults);
        distance::check(faults, self.lat, self.lon);
        distance::check_radius(faults, "distance", self.distance);
        let needs_a_place = self.distance.is_some() || self.is_by_distance();
        faults.require(
            !needs_a_place || self.lat.is_some(),
            "lat",
            "missing_field",
            "is required, with lon, to tell distances from",
        );
    }
}

/// How far the nearest address of an organisation is, if one says where it is.
fn nearest(organisation: &Organisation, mode: Mode, from: Option<Point>) -> Option<f64> {
    let from = from?;
    let positions = addresses(organisation, mode).filter_map(|it| it.position);
    positions
        .map(|it| from.km_to(Point::at(it)))
        .min_by(f64::total_cmp)
}

/// A page of organisations.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PublishedNetwork)]
pub(super) struct Network {
    content: Vec<WirePublished>,
    paging: Paging,
}

/// List an organisation of the network and all below it, as they publish themselves.
#[utoipa::path(
    get, path = "/organisations/{id}/network", tag = "Organisations", security(("access_token" = [])),
    params(
        ("id" = String, Path, description = "The organisation's id"),
        ("type" = inline(Option<WireRole>), Query, description = "Of this type only"),
        ("name" = Option<String>, Query, description = "With this in their name, in capitals or not"),
        ("tap_code" = Option<String>, Query, description = "The one whose TAP has this code"),
        ("industries" = Option<String>, Query, description = "Of one of these industries: names or ids, separated by commas"),
        ("industry_sectors" = Option<String>, Query, description = "In one of these sectors: names or ids, separated by commas"),
        ("business_activities" = Option<String>, Query, description = "With one of these activities: names or ids, separated by commas"),
        ("countries" = Option<String>, Query, description = "With an address in one of these countries (ISO 3166-1 alpha-3), separated by commas"),
        ("town_cities" = Option<String>, Query, description = "With an address in one of these towns, separated by commas"),
        ("tags" = Option<String>, Query, description = "With one of these tags, separated by commas"),
        ("custom_fields" = Option<String>, Query, description = "With all of these fields: `key:value`, separated by commas"),
        ("contact_registry" = Option<bool>, Query, description = "Whether the contact has joined them"),
        ("lat" = Option<f64>, Query, description = "Degrees north, with `lon`", minimum = -90, maximum = 90),
        ("lon" = Option<f64>, Query, description = "Degrees east, with `lat`", minimum = -180, maximum = 180),
        ("distance" = Option<f64>, Query, description = "With an address within so many kilometres of `lat` and `lon`", minimum = 0),
        ("include_custom_fields" = Option<bool>, Query, description = "Whether to show custom fields"),
        ("include_order_catalogs" = Option<bool>, Query, description = "Whether to show order catalogues, of which there are none"),
        ("include_wifi_sites" = Option<bool>, Query, description = "Whether to show Wi-Fi sites, of which there are none"),
        ("sort" = Option<String>, Query, description = "`DISTANCE`: from `lat` and `lon`, those without a place last; by name otherwise"),
        ("order" = inline(Option<Order>), Query, description = "ASC by default"),
        ("page" = Option<u32>, Query, description = "From 1, the default", minimum = 1),
        ("size" = Option<u32>, Query, description = "How many a page; 10 by default", minimum = 0, maximum = 100),
        ("include_total" = Option<bool>, Query, description = "Whether to count them all"),
    ),
    responses(
        (status = 200, description = "A page", body = Network),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No organisation of this id in the network", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(
    State(api): State<Api>,
    token: ContactToken,
    Path(id): Path<String>,
    query: ValidQuery<NetworkQuery>,
) -> Result<Response, Problem> {
    let tenant = token.tenant_view(&api).await?;
    let top = named(&api, &tenant, &id)?;
    let view = token.view(&api).await?;
    let ids = api.router.secrets().public_ids();
    let mode = token.mode();
    let including = Including {
        custom_fields: query.include_custom_fields,
        order_catalogs: query.include_order_catalogs,
        wifi_sites: query.include_wifi_sites,
    };
    let showing = Showing::of(&tenant, mode, &view.sign_ups, including, ids);
    let wanted = Wanted::of(query.filters(), mode, ids);
    let from = Point::of(query.lat, query.lon);
    let all = tenant.organisations.iter();
    let mut fitting: Vec<_> = all
        .filter(|(number, organisation)| {
            let tap = query.tap_code.as_ref();
            let registered = query.contact_registry;
            tenant.is_within(**number, top)
                && query.r#type.is_none_or(|it| it == organisation.role.into())
                && tap.is_none_or(|code| tenant.taps.get(code) == Some(*number))
                && registered.is_none_or(|it| it == showing.has_joined(**number))
                && wanted.fits(organisation)
        })
        .map(|(number, it)| (nearest(it, mode, from), *number, it))
        .filter(|(km, ..)| {
            let most = query.distance;
            most.is_none_or(|most| km.is_some_and(|km| km <= most))
        })
        .collect();
    fitting.sort_by(|(_, one, a), (_, other, b)| (&a.name, one).cmp(&(&b.name, other)));
    if query.order == Some(Order::Desc) {
        fitting.reverse();
    }
    if query.is_by_distance() {
        let is_descending = query.order == Some(Order::Desc);
        fitting.sort_by(|(one, ..), (other, ..)| by_distance(*one, *other, is_descending));
    }
    let page = Page::of(query.page, query.size);
    let (fitting, paging) = page.cut(fitting, query.include_total);
    let content = fitting.into_iter();
    let content = content.map(|(_, number, it)| showing.published(number, it));
    let network = Network {
        content: content.collect(),
        paging,
    };
    let timings = reply::timings(&token, Timings::default());
    Ok(reply::json(StatusCode::OK, &network, timings))
}

/// The order of two distances: what has none comes last either way.
fn by_distance(one: Option<f64>, other: Option<f64>, is_descending: bool) -> std::cmp::Ordering {
    match (one, other) {
        (Some(one), Some(other)) if is_descending => other.total_cmp(&one),
        (Some(one), Some(other)) => one.total_cmp(&other),
        (one, other) => other.is_some().cmp(&one.is_some()),
    }
}
