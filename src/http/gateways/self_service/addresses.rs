//! `/contacts/{id}/addresses`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::own;
use super::wire::Changed;
use crate::actors::router::Timings;
use crate::domain::contact::{PostalAddress, Profile};
use crate::domain::ids::Named;
use crate::http::auth::bearer::ContactToken;
use crate::http::extract::text::check;
use crate::http::extract::{BodyHash, Conditions, Faults, ValidJson, Validate};
use crate::http::gateways::once::Once;
use crate::http::money_wire::WireAmount;
use crate::http::paging::{Page, Paging};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};
use crate::limits::{NAME_CHARS_MAX, PAGE_SIZE_MAX};

/// How many decimals of a degree are kept: a centimetre.
const DEGREE_DECIMALS: u32 = 7;

/// What an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = AddressType)]
enum AddressType {
    /// Where the contact lives.
    Home,
    /// Where it works.
    Business,
    /// Another.
    Alternative,
}

impl AddressType {
    const ALL: [(AddressType, &'static str); 3] = [
        (AddressType::Home, "HOME"),
        (AddressType::Business, "BUSINESS"),
        (AddressType::Alternative, "ALTERNATIVE"),
    ];

    fn name(self) -> &'static str {
        let mut all = Self::ALL.into_iter();
        all.find(|(known, _)| *known == self)
            .map_or("ALTERNATIVE", |(_, name)| name)
    }

    fn named(name: Option<&str>) -> AddressType {
        let mut all = Self::ALL.into_iter();
        all.find(|(_, known)| Some(*known) == name)
            .map_or(AddressType::Alternative, |(known, _)| known)
    }
}

/// An address of the contact.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewOwnAddress)]
pub(super) struct NewAddress {
    r#type: AddressType,
    name: Option<String>,
    /// Whether it is the one to use: no other is then.
    #[serde(default)]
    is_primary: bool,
    address_line_1: String,
    address_line_2: Option<String>,
    state_province_county: Option<String>,
    town_city: Option<String>,
    postal_code: Option<String>,
    /// ISO 3166-1 alpha-3.
    country_code: Option<String>,
    /// Degrees north.
    lat: Option<WireAmount>,
    /// Degrees east.
    lon: Option<WireAmount>,
    google_place_id: Option<String>,
    /// Whether invoices go there.
    #[serde(default)]
    is_billing_address: bool,
}

impl Validate for NewAddress {
    fn validate(&self, faults: &mut Faults) {
        for (member, value, most) in [
            ("name", self.name.as_deref(), NAME_CHARS_MAX),
            (
                "address_line_1",
                Some(self.address_line_1.as_str()),
                NAME_CHARS_MAX,
            ),
            (
                "address_line_2",
                self.address_line_2.as_deref(),
                NAME_CHARS_MAX,
            ),
            (
                "state_province_county",
                self.state_province_county.as_deref(),
                NAME_CHARS_MAX,
            ),
            ("town_city", self.town_city.as_deref(), NAME_CHARS_MAX),
            ("postal_code", self.postal_code.as_deref(), NAME_CHARS_MAX),
            ("country_code", self.country_code.as_deref(), 3),
            (
                "google_place_id",
                self.google_place_id.as_deref(),
                NAME_CHARS_MAX,
            ),
        ] {
            check(faults, member, value, most);
        }
        for (member, degrees, most) in [("lat", self.lat, 90), ("lon", self.lon, 180)] {
            let read = degrees.map(|degrees| degrees.to_minor(DEGREE_DECIMALS));
            let limit = 10_i64.saturating_pow(DEGREE_DECIMALS).saturating_mul(most);
            faults.require(
                read.is_none_or(|read| read.is_ok_and(|it| (-limit..=limit).contains(&it))),
                member,
                "out_of_range",
                "must be degrees with at most 7 decimals: 90 at most of lat, 180 of lon",
            );
        }
    }
}

impl NewAddress {
    fn as_number(&self, number: u32) -> PostalAddress {
        let degrees = |of: Option<WireAmount>| of.and_then(|it| it.to_minor(DEGREE_DECIMALS).ok());
        PostalAddress {
            number,
            address_type: Some(self.r#type.name().to_owned()),
            name: self.name.clone(),
            is_primary: self.is_primary,
            address_line_1: Some(self.address_line_1.clone()),
            address_line_2: self.address_line_2.clone(),
            state_province_county: self.state_province_county.clone(),
            town_city: self.town_city.clone(),
            postal_code: self.postal_code.clone(),
            country_code: self.country_code.clone(),
            lat: degrees(self.lat),
            lon: degrees(self.lon),
            google_place_id: self.google_place_id.clone(),
            is_billing: self.is_billing_address,
        }
    }

    /// Makes way for it, if it is the one to use.
    fn make_way(&self, profile: &mut Profile) {
        if self.is_primary {
            for other in &mut profile.addresses {
                other.is_primary = false;
            }
        }
    }
}

/// An address of the contact.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnAddress)]
struct WireAddress {
    id: String,
    r#type: AddressType,
    name: Option<String>,
    is_primary: bool,
    address_line_1: Option<String>,
    address_line_2: Option<String>,
    state_province_county: Option<String>,
    town_city: Option<String>,
    postal_code: Option<String>,
    /// ISO 3166-1 alpha-3.
    country_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lat: Option<WireAmount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lon: Option<WireAmount>,
    google_place_id: Option<String>,
    /// Whether invoices go there.
    is_billing_address: bool,
}

/// The contact's addresses.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnAddresses)]
pub(super) struct Addresses {
    content: Vec<WireAddress>,
    paging: Paging,
}

/// List the contact's addresses.
#[utoipa::path(
    get, path = "/contacts/{id}/addresses", tag = "Contact", security(("access_token" = [])),
    params(("id" = String, Path, description = "The contact's own id or code")),
    responses(
        (status = 200, description = "All of them", body = Addresses),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the contact of the token", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(
    State(api): State<Api>,
    token: ContactToken,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let (_, profile) = own::profile(&api, &token, &name).await?;
    let degrees =
        |of: Option<i64>| of.map(|degrees| WireAmount::from_minor(degrees, DEGREE_DECIMALS));
    let shown = profile.addresses.into_iter().map(|address| WireAddress {
        id: own::part_id(&api, &token, Named::Address, address.number),
        r#type: AddressType::named(address.address_type.as_deref()),
        name: address.name,
        is_primary: address.is_primary,
        address_line_1: address.address_line_1,
        address_line_2: address.address_line_2,
        state_province_county: address.state_province_county,
        town_city: address.town_city,
        postal_code: address.postal_code,
        country_code: address.country_code,
        lat: degrees(address.lat),
        lon: degrees(address.lon),
        google_place_id: address.google_place_id,
        is_billing_address: address.is_billing,
    });
    let page = Page::of(None, Some(PAGE_SIZE_MAX));
    let (content, paging) = page.cut(shown.collect(), true);
    let timings = reply::timings(&token, Timings::default());
    Ok(reply::json(
        StatusCode::OK,
        &Addresses { content, paging },
        timings,
    ))
}

/// Add an address.
#[utoipa::path(
    post, path = "/contacts/{id}/addresses", tag = "Contact", security(("access_token" = [])),
    params(
        ("id" = String, Path, description = "The contact's own id or code"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once"),
    ),
    request_body = NewAddress,
    responses(
        (status = 201, description = "Added", body = Changed),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the contact of the token", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The contact has 20 addresses", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn add(
    State(api): State<Api>,
    token: ContactToken,
    Path(name): Path<String>,
    headers: Conditions,
    body: ValidJson<NewAddress>,
) -> Result<Response, Problem> {
    token.named(&api, &name).await?;
    let place = Some(token.signed_in.contact);
    let once = Once::of(
        &token,
        &headers,
        "contacts.addresses.add",
        place,
        &body.hash,
    )?;
    let number = own::part_number(&api, &once);
    let add = |profile: &mut Profile| {
        own::require_room(profile.addresses.len(), "addresses")?;
        body.make_way(profile);
        profile.addresses.push(body.as_number(number));
        Ok(())
    };
    own::change(&api, &token, &once, add).await?;
    let id = own::part_id(&api, &token, Named::Address, number);
    let timings = reply::timings(&token, Timings::default());
    Ok(reply::json(StatusCode::CREATED, &Changed { id }, timings))
}

/// Change an address: all of it.
#[utoipa::path(
    put, path = "/contacts/{id}/addresses/{address_id}", tag = "Contact", security(("access_token" = [])),
    params(
        ("id" = String, Path, description = "The contact's own id or code"),
        ("address_id" = String, Path, description = "The address's id, from the list"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once"),
    ),
    request_body = NewAddress,
    responses(
        (status = 200, description = "Changed", body = Changed),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the contact of the token, or no address of it", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn update(
    State(api): State<Api>,
    token: ContactToken,
    Path((name, id)): Path<(String, String)>,
    headers: Conditions,
    body: ValidJson<NewAddress>,
) -> Result<Response, Problem> {
    token.named(&api, &name).await?;
    let number = own::part(&api, &token, Named::Address, &id).ok_or_else(failure::not_found)?;
    let place = Some(token.signed_in.contact);
    let operation = "contacts.addresses.update";
    let once = Once::of(&token, &headers, operation, place, &body.hash)?;
    let update = |profile: &mut Profile| {
        body.make_way(profile);
        let mut addresses = profile.addresses.iter_mut();
        let address = addresses.find(|address| address.number == number);
        *address.ok_or_else(failure::not_found)? = body.as_number(number);
        Ok(())
    };
    own::change(&api, &token, &once, update).await?;
    let timings = reply::timings(&token, Timings::default());
    Ok(reply::json(StatusCode::OK, &Changed { id }, timings))
}

/// Remove an address.
#[utoipa::path(
    delete, path = "/contacts/{id}/addresses/{address_id}", tag = "Contact", security(("access_token" = [])),
    params(
        ("id" = String, Path, description = "The contact's own id or code"),
        ("address_id" = String, Path, description = "The address's id, from the list"),
        ("Idempotency-Key" = Option<String>, Header, description = "Lets a retry get this answer again"),
    ),
    responses(
        (status = 200, description = "Removed", body = Changed),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the contact of the token, or no address of it", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The Idempotency-Key is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn remove(
    State(api): State<Api>,
    token: ContactToken,
    Path((name, id)): Path<(String, String)>,
    headers: Conditions,
) -> Result<Response, Problem> {
    token.named(&api, &name).await?;
    let number = own::part(&api, &token, Named::Address, &id).ok_or_else(failure::not_found)?;
    let place = Some(token.signed_in.contact);
    let nothing = BodyHash::of_nothing();
    let operation = "contacts.addresses.remove";
    let once = Once::of(&token, &headers, operation, place, &nothing)?;
    let remove = |profile: &mut Profile| {
        let mut addresses = profile.addresses.iter();
        let at = addresses.position(|address| address.number == number);
        profile.addresses.remove(at.ok_or_else(failure::not_found)?);
        Ok(())
    };
    own::change(&api, &token, &once, remove).await?;
    let timings = reply::timings(&token, Timings::default());
    Ok(reply::json(StatusCode::OK, &Changed { id }, timings))
}
