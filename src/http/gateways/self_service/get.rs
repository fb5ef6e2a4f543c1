//! `GET /contacts/{id}`

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::image;
use super::own::part_id;
use super::wire::{WireContactType, WireField};
use crate::actors::router::OpenedProfile;
use crate::domain::contact::{Image, Profile};
use crate::domain::entity::{Answer, Query};
use crate::domain::ids::{Named, PublicId};
use crate::http::auth::bearer::ContactToken;
use crate::http::extract::Conditions;
use crate::http::gateways::demographics::{WireCompany, WireDemographics};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::reached::Reached;
use crate::http::{Api, failure, reply};

/// The contact, as it sees itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnContact)]
pub(super) struct WireOwnContact {
    id: String,
    code: String,
    r#type: WireContactType,
    title: Option<String>,
    first_name: Option<String>,
    middle_name: Option<String>,
    last_name: Option<String>,
    company_name: Option<String>,
    language_code: Option<String>,
    email: Option<String>,
    /// The phone number of its profile: what it signs in by does not change with it.
    phone: Option<OwnPhone>,
    /// What identifies it at a till.
    loyalty_identifiers: Vec<LoyaltyIdentifier>,
    /// Whether the contact wants no text messages.
    sms_opt_out: bool,
    /// Whether the contact wants no e-mail.
    email_opt_out: bool,
    /// ISO 3166-1 alpha-3.
    country_of_agreement: Option<String>,
    custom_fields: Vec<WireField>,
    demographics: Option<WireDemographics>,
    company_profile: Option<WireCompany>,
    /// Where its image is shown; null where it has none.
    avatar_url: Option<String>,
    /// The same image, as lists of images have it; empty where it has none.
    creatives: Vec<WireCreative>,
    wallet: OwnWallet,
}

/// An image.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnCreative)]
struct WireCreative {
    /// What setting it answered.
    id: String,
    media_id: String,
    usage_type: UsageType,
    /// `png`, `jpeg` or `webp`.
    format: &'static str,
    url: String,
    /// In pixels, as the image itself says; null where it says nothing.
    width: Option<u16>,
    /// In pixels, as the image itself says; null where it says nothing.
    height: Option<u16>,
    /// The sizes in which it is kept: the one in which it came.
    media: [WireSized; 1],
}

/// An image in one size.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnSizedImage)]
struct WireSized {
    /// In pixels, as the image itself says; null where it says nothing.
    width: Option<u16>,
    /// In pixels, as the image itself says; null where it says nothing.
    height: Option<u16>,
    url: String,
}

/// What an image is for.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = OwnCreativeUsage)]
enum UsageType {
    /// To show whoever it is.
    Avatar,
}

/// A phone number.
#[derive(Debug, Serialize, ToSchema)]
struct OwnPhone {
    /// `MOBILE`, `LANDLINE` or `FAX`, where it is known.
    r#type: Option<&'static str>,
    /// ISO 3166-1 alpha-3.
    country_code: Option<String>,
    number: String,
}

/// A card or another medium.
#[derive(Debug, Serialize, ToSchema)]
struct LoyaltyIdentifier {
    identifier: String,
}

/// Where the contact's money is.
#[derive(Debug, Serialize, ToSchema)]
struct OwnWallet {
    id: String,
    /// What is shown at a till.
    code: String,
}

/// Get the contact itself.
#[utoipa::path(
    get, path = "/contacts/{id}", tag = "Contact", security(("access_token" = [])),
    params(
        ("id" = String, Path, description = "The contact's own id or code"),
        ("If-None-Match" = Option<String>, Header, description = "An ETag: 304 if it is still the newest"),
    ),
    responses(
        (status = 200, description = "The contact", body = WireOwnContact),
        (status = 304, description = "Unchanged"),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the contact of the token", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get(
    State(api): State<Api>,
    reached: Reached,
    token: ContactToken,
    Path(name): Path<String>,
    headers: Conditions,
) -> Result<Response, Problem> {
    let address = token.signed_in.contact;
    let view = token.named(&api, &name).await?;
    let opened = api.router.open_profile(&address, &view.profile);
    let mut profile = match opened.map_err(failure::problem)? {
        OpenedProfile::Plain(profile) => *profile,
        OpenedProfile::Erased => return Err(failure::not_found()),
    };
    let wallet = api.router.query(address, Query::Wallet).await;
    let timings = reply::timings(&token, wallet.timings);
    let code_slot = match wallet.result.map_err(failure::problem)? {
        Answer::Wallet(wallet) => wallet.code_slot,
        _ => return Err(failure::not_found()),
    };
    let ids = api.router.secrets().public_ids();
    let id = |named| ids.write(PublicId::of(named, address.entity));
    let cards = profile.cards.iter();
    let fields = std::mem::take(&mut profile.custom_fields).into_iter();
    let own = profile.own.take();
    let own = own.as_deref();
    let image = own.and_then(|own| own.image);
    let avatar = image.map(|image| (image, image::url(&api, &reached, &address, &image)));
    let creative = |(image, url): &(Image, String)| {
        let id = part_id(&api, &token, Named::Media, image.number);
        let (width, height) = image.size.unzip();
        WireCreative {
            media_id: id.clone(),
            id,
            usage_type: UsageType::Avatar,
            format: image::media_type(image.format).trim_start_matches("image/"),
            url: url.clone(),
            width,
            height,
            media: [WireSized {
                width,
                height,
                url: url.clone(),
            }],
        }
    };
    let contact = WireOwnContact {
        id: match view.own_id.as_deref() {
            Some(own) => own.to_owned(),
            None => id(Named::Contact),
        },
        code: view.code.to_string(),
        r#type: view.contact_type.into(),
        loyalty_identifiers: cards
            .map(|card| LoyaltyIdentifier {
                identifier: card.identifier.clone(),
            })
            .collect(),
        custom_fields: fields
            .map(|field| WireField {
                key: field.key,
                value: field.value,
            })
            .collect(),
        demographics: own.map(|own| WireDemographics::of(&own.demographics)),
        company_profile: own.map(|own| WireCompany::of(&own.company)),
        phone: phone(&mut profile),
        title: profile.title,
        first_name: profile.first_name,
        middle_name: profile.middle_name,
        last_name: profile.last_name,
        company_name: profile.company_name,
        email: profile.email_address,
        language_code: profile.agreement.language_code,
        sms_opt_out: profile.agreement.sms_opt_out,
        email_opt_out: profile.agreement.email_opt_out,
        country_of_agreement: profile.agreement.country,
        creatives: avatar.iter().map(creative).collect(),
        avatar_url: avatar.map(|(_, url)| url),
        wallet: OwnWallet {
            id: id(Named::Wallet),
            code: api.router.wallet_code(&address, code_slot),
        },
    };
    let etag = format!("\"{}.{}\"", view.version, view.sign_up_version);
    Ok(reply::representation(&contact, &etag, &headers, timings))
}

/// The phone to show: the primary one, or else the first.
fn phone(profile: &mut Profile) -> Option<OwnPhone> {
    let mut phones = std::mem::take(&mut profile.phones);
    let primary = phones.iter().position(|phone| phone.is_primary);
    let at = primary.unwrap_or_default();
    let phone = (at < phones.len()).then(|| phones.swap_remove(at))?;
    let types = ["MOBILE", "LANDLINE", "FAX"];
    Some(OwnPhone {
        r#type: types
            .into_iter()
            .find(|known| phone.phone_type.as_deref() == Some(known)),
        country_code: phone.country_code,
        number: phone.number,
    })
}
