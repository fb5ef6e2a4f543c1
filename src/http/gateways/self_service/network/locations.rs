//! `GET /locations`

use std::cmp::Ordering;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::distance::{self, Point};
use super::places;
use super::wanted::{Filters, Wanted};
use crate::actors::router::Timings;
use crate::domain::calendar::Local;
use crate::domain::ids::{Named, PublicId, PublicIds};
use crate::domain::organisation::{Address, Organisation};
use crate::http::auth::bearer::ContactToken;
use crate::http::extract::{Faults, ValidQuery, Validate};
use crate::http::hours::text_of;
use crate::http::money_wire::WireAmount;
use crate::http::paging::{Page, Paging};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::shown::organisation::{
    WireAddress, WireContactInfo, WireOrganisationField, WireSupply, WireTag, fields, tags,
};
use crate::http::{Api, failure, reply};

/// Which places. Lists are separated by commas.
#[derive(Clone, Debug, Deserialize)]
pub(in super::super) struct LocationsQuery {
    lat: f64,
    lon: f64,
    within: Option<f64>,
    name: Option<String>,
    organisation_id: Option<String>,
    industries: Option<String>,
    industry_sectors: Option<String>,
    business_activities: Option<String>,
    town_cities: Option<String>,
    tags: Option<String>,
    custom_fields: Option<String>,
    supply_method: Option<WireSupply>,
    is_open: Option<bool>,
    #[serde(default)]
    include_creatives: bool,
    #[serde(default)]
    include_custom_fields: bool,
    #[serde(default)]
    include_opening_hours: bool,
    #[serde(default)]
    include_order_catalogs: bool,
    #[serde(default)]
    include_tags: bool,
    page: Option<u32>,
    size: Option<u32>,
}

impl LocationsQuery {
    fn filters(&self) -> Filters<'_> {
        Filters {
            name: self.name.as_deref(),
            industries: self.industries.as_deref(),
            industry_sectors: self.industry_sectors.as_deref(),
            business_activities: self.business_activities.as_deref(),
            town_cities: self.town_cities.as_deref(),
            tags: self.tags.as_deref(),
            custom_fields: self.custom_fields.as_deref(),
            ..Filters::default()
        }
    }

    fn supply(&self) -> WireSupply {
        self.supply_method.unwrap_or_default()
    }

    /// Whether a place is open as it is asked for, at its own time.
    fn is_so(&self, organisation: &Organisation, local: Local) -> bool {
        let operation = &organisation.profile.operation;
        let supply = self.supply().read();
        let supplies = || operation.openings(supply).next().is_some();
        self.is_open
            .is_none_or(|wanted| operation.is_open(supply, local) == wanted)
            && (self.supply_method.is_none() || supplies())
    }
}

impl Validate for LocationsQuery {
    fn validate(&self, faults: &mut Faults) {
        Page::of(self.page, self.size).validate(faults);
        self.filters().validate(faults);
        distance::check(faults, Some(self.lat), Some(self.lon));
        distance::check_radius(faults, "within", self.within);
    }
}

/// Where a place is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LocationAddress)]
struct WirePlaceAddress {
    id: Option<String>,
    address_line_1: String,
    address_line_2: Option<String>,
    state_province_county: Option<String>,
    town_city: String,
    postal_code: String,
    /// ISO 3166-1 alpha-3.
    country_code: String,
    /// Degrees north.
    lat: Option<WireAmount>,
    /// Degrees east.
    lon: Option<WireAmount>,
    /// How far it is from where the request says, in kilometres; null where nothing says where it lies.
    distance: Option<f64>,
    google_place_id: Option<String>,
}

/// Hours of today.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LocationHours)]
struct WireToday {
    supply_method: WireSupply,
    /// `HH:MM`.
    open: String,
    /// `HH:MM`; at or before `open`, it is on the next day.
    close: String,
}

/// A place to buy at.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Location)]
struct WirePlace {
    /// The organisation's.
    id: String,
    name: String,
    description: Option<String>,
    address: WirePlaceAddress,
    /// Those that begin today, on the place's calendar.
    #[serde(skip_serializing_if = "Option::is_none")]
    opening_hours: Option<Vec<WireToday>>,
    contact_info: Vec<WireContactInfo>,
    /// None: organisations have no images.
    #[serde(skip_serializing_if = "Option::is_none")]
    creatives: Option<Vec<serde_json::Value>>,
    /// None: orders are not built.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_catalogs: Option<Vec<serde_json::Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<WireTag>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_fields: Option<Vec<WireOrganisationField>>,
}

/// A page of places.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Locations)]
pub(super) struct Locations {
    content: Vec<WirePlace>,
    paging: Paging,
}

/// A place that is found.
struct Place<'a> {
    km: Option<f64>,
    number: u64,
    organisation: &'a Organisation,
    address: &'a Address,
    local: Local,
}

impl Place<'_> {
    /// The nearest first, and those last of which nobody knows where they are.
    fn order(&self, other: &Place<'_>) -> Ordering {
        let by_distance = match (self.km, other.km) {
            (Some(one), Some(other)) => one.total_cmp(&other),
            (one, other) => other.is_some().cmp(&one.is_some()),
        };
        let by_name = || self.organisation.name.cmp(&other.organisation.name);
        by_distance
            .then_with(by_name)
            .then(self.number.cmp(&other.number))
    }

    fn shown(&self, query: &LocationsQuery, ids: &PublicIds) -> WirePlace {
        let profile = &self.organisation.profile;
        let address = WireAddress::of(self.address, self.number, ids);
        let hours = || {
            let all = profile.operation.openings(query.supply().read());
            let today = all.filter(|it| it.is_on(self.local.weekday));
            let shown = today.map(|it| WireToday {
                supply_method: WireSupply::of(it.supply),
                open: text_of(it.hours.from),
                close: text_of(it.hours.until),
            });
            shown.collect()
        };
        WirePlace {
            id: ids.write(PublicId::of(Named::Organisation, self.number)),
            name: self.organisation.name.clone(),
            description: profile.description.clone(),
            address: WirePlaceAddress {
                id: address.id,
                address_line_1: address.address_line_1,
                address_line_2: address.address_line_2,
                state_province_county: address.state_province_county,
                town_city: address.town_city,
                postal_code: address.postal_code,
                country_code: address.country_code,
                lat: address.lat,
                lon: address.lon,
                distance: self.km,
                google_place_id: address.google_place_id,
            },
            opening_hours: query.include_opening_hours.then(hours),
            contact_info: WireContactInfo::all(&profile.contact_info, self.number, ids),
            creatives: query.include_creatives.then(Vec::new),
            order_catalogs: query.include_order_catalogs.then(Vec::new),
            tags: query.include_tags.then(|| tags(&profile.tags)),
            custom_fields: query
                .include_custom_fields
                .then(|| fields(&profile.custom_fields)),
        }
    }
}

/// List the places to buy at, the nearest first.
///
/// A place is a merchant or a venue that has an address: its primary one, or the first.
#[utoipa::path(
    get, path = "/locations", tag = "Organisations", security(("access_token" = [])),
    params(
        ("lat" = f64, Query, description = "Degrees north of where to look from", minimum = -90, maximum = 90),
        ("lon" = f64, Query, description = "Degrees east of where to look from", minimum = -180, maximum = 180),
        ("within" = Option<f64>, Query, description = "At most so many kilometres away, along the great circle", minimum = 0),
        ("name" = Option<String>, Query, description = "With this in their name, in capitals or not"),
        ("organisation_id" = Option<String>, Query, description = "Of this organisation or below it"),
        ("industries" = Option<String>, Query, description = "Of one of these industries: names or ids, separated by commas"),
        ("industry_sectors" = Option<String>, Query, description = "In one of these sectors: names or ids, separated by commas"),
        ("business_activities" = Option<String>, Query, description = "With one of these activities: names or ids, separated by commas"),
        ("town_cities" = Option<String>, Query, description = "With an address in one of these towns, separated by commas"),
        ("tags" = Option<String>, Query, description = "With one of these tags, separated by commas"),
        ("custom_fields" = Option<String>, Query, description = "With all of these fields: `key:value`, separated by commas"),
        ("supply_method" = inline(Option<WireSupply>), Query, description = "With opening hours for this"),
        ("is_open" = Option<bool>, Query, description = "Whether they are open now by their own clock, for `supply_method` if it is there; one without opening hours is not"),
        ("include_creatives" = Option<bool>, Query, description = "Whether to show images, of which there are none"),
        ("include_custom_fields" = Option<bool>, Query, description = "Whether to show custom fields"),
        ("include_opening_hours" = Option<bool>, Query, description = "Whether to show the hours of today"),
        ("include_order_catalogs" = Option<bool>, Query, description = "Whether to show order catalogues, of which there are none"),
        ("include_tags" = Option<bool>, Query, description = "Whether to show tags"),
        ("page" = Option<u32>, Query, description = "From 1, the default", minimum = 1),
        ("size" = Option<u32>, Query, description = "How many a page; 10 by default", minimum = 0, maximum = 100),
    ),
    responses(
        (status = 200, description = "A page", body = Locations),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(
    State(api): State<Api>,
    token: ContactToken,
    query: ValidQuery<LocationsQuery>,
) -> Result<Response, Problem> {
    let tenant = token.tenant_view(&api).await?;
    let mode = token.mode();
    let now = api.router.business_time(token.tenant(), mode).await;
    let now = now.map_err(failure::problem)?;
    let ids = api.router.secrets().public_ids();
    let wanted = Wanted::of(query.filters(), mode, ids);
    let top = query.organisation_id.as_deref();
    let top = top.map(|id| ids.read_as(Named::Organisation, id).map(|id| id.entity));
    let from = Point::of(Some(query.lat), Some(query.lon));
    let mut found: Vec<_> = places(&tenant, mode)
        .filter(|(number, ..)| {
            top.is_none_or(|top| top.is_some_and(|top| tenant.is_within(*number, top)))
        })
        .filter(|(_, organisation, _)| wanted.fits(organisation))
        .map(|(number, organisation, address)| Place {
            km: from
                .zip(address.position)
                .map(|(from, at)| from.km_to(Point::at(at))),
            number,
            organisation,
            address,
            local: tenant.zone_of(number).local(now),
        })
        .filter(|place| query.is_so(place.organisation, place.local))
        .filter(|place| {
            let most = query.within;
            most.is_none_or(|most| place.km.is_some_and(|km| km <= most))
        })
        .collect();
    found.sort_by(Place::order);
    let (found, paging) = Page::of(query.page, query.size).cut(found, true);
    let content = found.iter().map(|place| place.shown(&query, ids));
    let locations = Locations {
        content: content.collect(),
        paging,
    };
    let timings = reply::timings(&token, Timings::default());
    Ok(reply::json(StatusCode::OK, &locations, timings))
}
