//! `/contacts/{id}/devices` and `PUT /devices/{id}`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::own;
use super::wallets::query::{WireOrder, validate_sort};
use super::wire::{Changed, WireField, check_fields, fields, not_built, pairs};
use crate::actors::router::Timings;
use crate::domain::apps::FieldEntity;
use crate::domain::contact::{Device, Platform, Profile};
use crate::domain::ids::Named;
use crate::http::auth::bearer::ContactToken;
use crate::http::extract::text::check;
use crate::http::extract::{BodyHash, Conditions, Faults, ValidJson, ValidQuery, Validate};
use crate::http::gateways::custom_fields;
use crate::http::gateways::once::Once;
use crate::http::paging::{Page, Paging};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};
use crate::limits::{DEVICE_TOKEN_CHARS_MAX, NAME_CHARS_MAX};

/// What a device is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = DevicePlatform)]
enum WirePlatform {
    /// A phone or tablet.
    Mobile,
    /// A browser.
    Browser,
    /// Anything else.
    #[default]
    Other,
}

impl From<WirePlatform> for Platform {
    fn from(of: WirePlatform) -> Platform {
        match of {
            WirePlatform::Mobile => Platform::Mobile,
            WirePlatform::Browser => Platform::Browser,
            WirePlatform::Other => Platform::Other,
        }
    }
}

impl From<Platform> for WirePlatform {
    fn from(of: Platform) -> WirePlatform {
        match of {
            Platform::Mobile => WirePlatform::Mobile,
            Platform::Browser => WirePlatform::Browser,
            Platform::Other => WirePlatform::Other,
        }
    }
}

/// A device to add.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewOwnDevice)]
pub(super) struct NewDevice {
    mac_address: Option<String>,
    platform: Option<WirePlatform>,
    /// By which messages are pushed to it. A device of the contact that has it already is the same device.
    registration_token: Option<String>,
    serial_number: Option<String>,
    electronic_id: Option<String>,
    application_id: Option<String>,
    /// Not built.
    product_id: Option<String>,
    #[serde(default)]
    custom_fields: Vec<WireField>,
}

impl Validate for NewDevice {
    fn validate(&self, faults: &mut Faults) {
        let names = [
            ("mac_address", &self.mac_address),
            ("serial_number", &self.serial_number),
            ("electronic_id", &self.electronic_id),
            ("application_id", &self.application_id),
        ];
        for (member, value) in names {
            check(faults, member, value.as_deref(), NAME_CHARS_MAX);
        }
        let token = self.registration_token.as_deref();
        check(faults, "registration_token", token, DEVICE_TOKEN_CHARS_MAX);
        faults.require(
            token.is_some() || names.iter().any(|(_, value)| value.is_some()),
            "registration_token",
            "missing",
            "must be there, or something else that tells the device from others",
        );
        check_fields(faults, &self.custom_fields);
    }
}

/// What to change of a device.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangedOwnDevice)]
pub(super) struct ChangedDevice {
    /// The same as in the path, if it is there.
    id: Option<String>,
    /// All of them, in place of those that are there.
    custom_fields: Option<Vec<WireField>>,
}

impl Validate for ChangedDevice {
    fn validate(&self, faults: &mut Faults) {
        check_fields(faults, self.custom_fields.as_deref().unwrap_or_default());
    }
}

/// A device of the contact.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnDevice)]
struct WireDevice {
    id: String,
    mac_address: Option<String>,
    platform: WirePlatform,
    serial_number: Option<String>,
    electronic_id: Option<String>,
    registration_token: Option<String>,
    /// Unix seconds.
    registration_date: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_fields: Option<Vec<WireField>>,
}

/// A page of devices.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnDevices)]
pub(super) struct Devices {
    content: Vec<WireDevice>,
    paging: Paging,
}

/// Which devices.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct DevicesQuery {
    search_value: Option<String>,
    serial_number: Option<String>,
    electronic_id: Option<String>,
    custom_fields: Option<String>,
    owned_by_contact: Option<bool>,
    rented_by_contact: Option<bool>,
    include_custom_fields: Option<bool>,
    page: Option<u32>,
    size: Option<u32>,
    sort: Option<String>,
    order: Option<WireOrder>,
    #[serde(default)]
    include_total: bool,
}

impl Validate for DevicesQuery {
    fn validate(&self, faults: &mut Faults) {
        Page::of(self.page, self.size).validate(faults);
        validate_sort(faults, self.sort.as_deref());
        faults.require(
            self.wanted_fields().all(|field| field.is_some()),
            "custom_fields",
            "invalid_value",
            "must be key:value, with commas between several",
        );
    }
}

impl DevicesQuery {
    /// The custom fields that a device must have; none for what is no field.
    fn wanted_fields(&self) -> impl Iterator<Item = Option<(&str, &str)>> {
        let fields = self.custom_fields.iter();
        let fields = fields.flat_map(|text| text.split(','));
        fields.map(|field| field.split_once(':'))
    }

    /// Whether only what is rented is asked for: nothing is rented here, all devices are the contact's own.
    fn is_of_rented_only(&self) -> bool {
        self.rented_by_contact == Some(true) && self.owned_by_contact != Some(true)
    }

    fn fits(&self, device: &Device) -> bool {
        let is = |wanted: &Option<String>, own: &Option<String>| wanted.is_none() || wanted == own;
        let texts = [
            &device.mac_address,
            &device.serial_number,
            &device.electronic_id,
        ];
        let has = |wanted: &str| {
            let wanted = wanted.to_lowercase();
            let mut texts = texts.iter().filter_map(|text| text.as_deref());
            texts.any(|text| text.to_lowercase().contains(&wanted))
        };
        let has_field = |(key, value): (&str, &str)| {
            let mut fields = device.custom_fields.iter();
            fields.any(|field| field.key == key && field.value == value)
        };
        !self.is_of_rented_only()
            && self.wanted_fields().flatten().all(has_field)
            && is(&self.serial_number, &device.serial_number)
            && is(&self.electronic_id, &device.electronic_id)
            && self.search_value.as_deref().is_none_or(has)
    }
}

fn devices(profile: &Profile) -> &[Device] {
    profile.own.as_ref().map_or(&[], |own| &own.devices)
}

/// List the contact's devices.
#[utoipa::path(
    get, path = "/contacts/{id}/devices", tag = "Contact", security(("access_token" = [])),
    params(
        ("id" = String, Path, description = "The contact's own id or code"),
        ("search_value" = Option<String>, Query, description = "Only those with this in a number or address of theirs"),
        ("serial_number" = Option<String>, Query, description = "Only of this serial number"),
        ("electronic_id" = Option<String>, Query, description = "Only of this electronic id"),
        ("page" = Option<u32>, Query, description = "From 1, the default", minimum = 1),
        ("size" = Option<u32>, Query, description = "How many a page; 10 by default", minimum = 0, maximum = 100),
        ("custom_fields" = Option<String>, Query, description = "Only those with these custom fields: `key:value`, with commas between several"),
        ("owned_by_contact" = Option<bool>, Query, description = "Whether to list what is the contact's own, as all devices here are"),
        ("rented_by_contact" = Option<bool>, Query, description = "Whether to list what it rents: alone, it finds nothing"),
        ("include_custom_fields" = Option<bool>, Query, description = "Whether to show custom fields, as without it"),
        ("include_characteristics" = Option<bool>, Query, description = "Nothing is shown for it: products are not built"),
        ("include_subscription" = Option<bool>, Query, description = "Nothing is shown for it: subscriptions are not built"),
        ("include_total" = Option<bool>, Query, description = "Whether to count them all"),
        ("sort" = Option<String>, Query, description = "CREATED_DATE, the default"),
        ("order" = inline(Option<WireOrder>), Query, description = "ASC, the default: the oldest first"),
    ),
    responses(
        (status = 200, description = "A page", body = Devices),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the contact of the token", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(
    State(api): State<Api>,
    token: ContactToken,
    Path(name): Path<String>,
    query: ValidQuery<DevicesQuery>,
) -> Result<Response, Problem> {
    let (_, profile) = own::profile(&api, &token, &name).await?;
    let fitting = devices(&profile).iter().filter(|it| query.fits(it));
    let shows_fields = query.include_custom_fields != Some(false);
    let shown = fitting.map(|device| WireDevice {
        id: own::part_id(&api, &token, Named::Device, device.number),
        mac_address: device.mac_address.clone(),
        platform: device.platform.into(),
        serial_number: device.serial_number.clone(),
        electronic_id: device.electronic_id.clone(),
        registration_token: device.registration_token.clone(),
        registration_date: device.registered_at.unix_seconds(),
        custom_fields: shows_fields.then(|| WireField::all(&device.custom_fields)),
    });
    let mut shown: Vec<_> = shown.collect();
    if query.order == Some(WireOrder::Desc) {
        shown.reverse();
    }
    let page = Page::of(query.page, query.size);
    let (content, paging) = page.cut(shown, query.include_total);
    let timings = reply::timings(&token, Timings::default());
    Ok(reply::json(
        StatusCode::OK,
        &Devices { content, paging },
        timings,
    ))
}

/// Add a device.
#[utoipa::path(
    post, path = "/contacts/{id}/devices", tag = "Contact", security(("access_token" = [])),
    params(
        ("id" = String, Path, description = "The contact's own id or code"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once"),
    ),
    request_body = NewDevice,
    responses(
        (status = 201, description = "Added, or changed if the contact had it", body = Changed),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the contact of the token", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The contact has 20 devices", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "Products are not built", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn add(
    State(api): State<Api>,
    token: ContactToken,
    Path(name): Path<String>,
    headers: Conditions,
    body: ValidJson<NewDevice>,
) -> Result<Response, Problem> {
    token.named(&api, &name).await?;
    if body.product_id.is_some() {
        return Err(not_built("product_id", "a device without a product"));
    }
    let written = pairs(&body.custom_fields);
    custom_fields::check(&api, &token, FieldEntity::Devices, written).await?;
    let place = Some(token.signed_in.contact);
    let once = Once::of(&token, &headers, "contacts.devices.add", place, &body.hash)?;
    let number = own::part_number(&api, &once);
    let now = api.router.wall();
    let is_same = |device: &Device| {
        body.registration_token.is_some() && device.registration_token == body.registration_token
    };
    let add = |profile: &mut Profile| {
        let devices = &mut profile.own_mut().devices;
        let known = devices.iter().position(is_same);
        let known = known.map(|at| devices.remove(at).number);
        own::require_room(devices.len(), "devices")?;
        devices.push(Device {
            number: known.unwrap_or(number),
            platform: body.platform.unwrap_or_default().into(),
            mac_address: body.mac_address.clone(),
            serial_number: body.serial_number.clone(),
            electronic_id: body.electronic_id.clone(),
            registration_token: body.registration_token.clone(),
            application_id: body.application_id.clone(),
            custom_fields: fields(&body.custom_fields),
            registered_at: now,
        });
        Ok(())
    };
    let view = own::change(&api, &token, &once, add).await?;
    let profile = own::opened(&api, &token, &view)?;
    let known = devices(&profile).iter().find(|it| is_same(it));
    let number = known.map_or(number, |device| device.number);
    let id = own::part_id(&api, &token, Named::Device, number);
    let timings = reply::timings(&token, Timings::default());
    Ok(reply::json(StatusCode::CREATED, &Changed { id }, timings))
}

/// Remove a device.
#[utoipa::path(
    delete, path = "/contacts/{id}/devices/{fcm_token}", tag = "Contact", security(("access_token" = [])),
    params(
        ("id" = String, Path, description = "The contact's own id or code"),
        ("fcm_token" = String, Path, description = "The device's registration token, or its id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Lets a retry get this answer again"),
    ),
    responses(
        (status = 200, description = "Removed", body = Changed),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the contact of the token, or no device of it", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The Idempotency-Key is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn remove(
    State(api): State<Api>,
    token: ContactToken,
    Path((name, device)): Path<(String, String)>,
    headers: Conditions,
) -> Result<Response, Problem> {
    let (_, profile) = own::profile(&api, &token, &name).await?;
    let number = own::part(&api, &token, Named::Device, &device);
    let is_named = |it: &Device| {
        Some(it.number) == number || it.registration_token.as_deref() == Some(device.as_str())
    };
    let known = devices(&profile).iter().find(|it| is_named(it));
    let known = known.map(|it| it.number).or(number).unwrap_or_default();
    let place = Some(token.signed_in.contact);
    let nothing = BodyHash::of_nothing();
    let operation = "contacts.devices.remove";
    let once = Once::of(&token, &headers, operation, place, &nothing)?;
    let remove = |profile: &mut Profile| {
        let devices = &mut profile.own_mut().devices;
        let at = devices.iter().position(is_named);
        devices.remove(at.ok_or_else(failure::not_found)?);
        Ok(())
    };
    own::change(&api, &token, &once, remove).await?;
    let id = own::part_id(&api, &token, Named::Device, known);
    let timings = reply::timings(&token, Timings::default());
    Ok(reply::json(StatusCode::OK, &Changed { id }, timings))
}

/// Change what the app keeps with a device.
#[utoipa::path(
    put, path = "/devices/{id}", tag = "Contact", security(("access_token" = [])),
    params(
        ("id" = String, Path, description = "The device's id, from the list"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once"),
    ),
    request_body = ChangedDevice,
    responses(
        (status = 200, description = "Changed", body = Changed),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No device of the token's contact", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn update(
    State(api): State<Api>,
    token: ContactToken,
    Path(id): Path<String>,
    headers: Conditions,
    body: ValidJson<ChangedDevice>,
) -> Result<Response, Problem> {
    let number = own::part(&api, &token, Named::Device, &id).ok_or_else(failure::not_found)?;
    if body.id.as_ref().is_some_and(|named| *named != id) {
        return Err(failure::invalid_field(
            "/id",
            "contradiction",
            "must be the id in the path, or be left out",
        ));
    }
    let written = pairs(body.custom_fields.as_deref().unwrap_or_default());
    custom_fields::check(&api, &token, FieldEntity::Devices, written).await?;
    let place = Some(token.signed_in.contact);
    let once = Once::of(&token, &headers, "devices.update", place, &body.hash)?;
    let update = |profile: &mut Profile| {
        let mut devices = profile.own_mut().devices.iter_mut();
        let device = devices.find(|device| device.number == number);
        let device = device.ok_or_else(failure::not_found)?;
        if let Some(changed) = &body.custom_fields {
            device.custom_fields = fields(changed);
        }
        Ok(())
    };
    own::change(&api, &token, &once, update).await?;
    let timings = reply::timings(&token, Timings::default());
    Ok(reply::json(StatusCode::OK, &Changed { id }, timings))
}
