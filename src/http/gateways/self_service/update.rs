//! `PUT /contacts/{id}`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::languages::LANGUAGES;
use super::own;
use super::wire::{Changed, WireField, check_fields, fields, pairs};
use crate::actors::router::Timings;
use crate::domain::apps::FieldEntity;
use crate::domain::contact::{Phone, Profile};
use crate::domain::ids::{Named, PublicId};
use crate::http::auth::bearer::ContactToken;
use crate::http::extract::lenient::maybe_boolean;
use crate::http::extract::text::check;
use crate::http::extract::{Conditions, Faults, ValidJson, Validate, given};
use crate::http::gateways::custom_fields;
use crate::http::gateways::demographics::{WireCompany, WireDemographics};
use crate::http::gateways::once::Once;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, email, failure, phone, reply};
use crate::limits::NAME_CHARS_MAX;

/// What a phone is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = PhoneType)]
enum PhoneType {
    Landline,
    Mobile,
    Fax,
}

impl PhoneType {
    const fn name(self) -> &'static str {
        match self {
            PhoneType::Landline => "LANDLINE",
            PhoneType::Mobile => "MOBILE",
            PhoneType::Fax => "FAX",
        }
    }
}

/// The phone of the profile.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProfilePhone {
    r#type: PhoneType,
    /// ISO 3166-1 alpha-3: where a number without `+` is dialled.
    country_code: Option<String>,
    number: String,
}

/// What to change: what is left out stays as it is, and null removes.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangedOwnContact)]
pub(super) struct ChangedContact {
    /// The same as in the path, if it is there.
    id: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    first_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    middle_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    last_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    company_name: Option<Option<String>>,
    /// One of `GET /languages`.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    language_code: Option<Option<String>>,
    /// The e-mail address of the profile: a text until it is proven. What the contact signs in by stays what it is.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 254)]
    email: Option<Option<String>>,
    /// The phone of the profile, in place of the one that is shown: a text until it is proven. What the contact signs in by stays what it is.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<ProfilePhone>)]
    phone: Option<Option<ProfilePhone>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<WireDemographics>)]
    demographics: Option<Option<WireDemographics>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<WireCompany>)]
    company_profile: Option<Option<WireCompany>>,
    #[serde(default, deserialize_with = "maybe_boolean")]
    #[schema(value_type = Option<bool>)]
    sms_opt_out: Option<bool>,
    #[serde(default, deserialize_with = "maybe_boolean")]
    #[schema(value_type = Option<bool>)]
    email_opt_out: Option<bool>,
    /// All of them, in place of those that are there.
    custom_fields: Option<Vec<WireField>>,
}

impl Validate for ChangedContact {
    fn validate(&self, faults: &mut Faults) {
        for (member, value) in [
            ("first_name", &self.first_name),
            ("middle_name", &self.middle_name),
            ("last_name", &self.last_name),
            ("company_name", &self.company_name),
        ] {
            let value = value.as_ref().and_then(Option::as_deref);
            check(faults, member, value, NAME_CHARS_MAX);
        }
        if let Some(Some(language)) = &self.language_code {
            let language = language.to_ascii_uppercase();
            faults.require(
                LANGUAGES.split_ascii_whitespace().any(|it| it == language),
                "language_code",
                "unknown_language",
                "must be one of GET /languages: two letters of ISO 639-1",
            );
        }
        if let Some(Some(address)) = &self.email {
            email::check(faults, "email", address);
        }
        if let Some(Some(new)) = &self.phone {
            let country = new.country_code.as_deref();
            faults.within("phone", |faults| {
                check(faults, "number", Some(&new.number), NAME_CHARS_MAX);
                phone::check(faults, "number", &new.number, country);
            });
        }
        if let Some(Some(demographics)) = &self.demographics {
            faults.within("demographics", |faults| demographics.validate(faults));
        }
        if let Some(Some(company)) = &self.company_profile {
            faults.within("company_profile", |faults| company.validate(faults));
        }
        if let Some(fields) = &self.custom_fields {
            check_fields(faults, fields);
        }
    }
}

impl ChangedContact {
    fn apply(&self, profile: &mut Profile) {
        for (member, change) in [
            (&mut profile.first_name, &self.first_name),
            (&mut profile.middle_name, &self.middle_name),
            (&mut profile.last_name, &self.last_name),
            (&mut profile.company_name, &self.company_name),
        ] {
            if let Some(value) = change {
                member.clone_from(value);
            }
        }
        if let Some(address) = &self.email {
            profile.email_address = address.as_deref().map(|it| it.trim().to_owned());
        }
        if let Some(new) = &self.phone {
            change_phone(&mut profile.phones, new.as_ref());
        }
        let agreement = &mut profile.agreement;
        if let Some(language) = &self.language_code {
            agreement.language_code = language.as_deref().map(str::to_ascii_uppercase);
        }
        agreement.sms_opt_out = self.sms_opt_out.unwrap_or(agreement.sms_opt_out);
        agreement.email_opt_out = self.email_opt_out.unwrap_or(agreement.email_opt_out);
        if let Some(wire) = &self.custom_fields {
            profile.custom_fields = fields(wire);
        }
        if let Some(demographics) = &self.demographics {
            let demographics = demographics.as_ref().map(WireDemographics::read);
            profile.own_mut().demographics = demographics.unwrap_or_default();
        }
        if let Some(company) = &self.company_profile {
            let company = company.as_ref().map(WireCompany::read);
            profile.own_mut().company = company.unwrap_or_default();
        }
    }
}

/// Changes the phone that is shown: the primary one, or else the first.
fn change_phone(phones: &mut Vec<Phone>, new: Option<&ProfilePhone>) {
    let shown = phones.iter().position(|phone| phone.is_primary);
    let shown = shown.unwrap_or_default();
    if shown < phones.len() {
        phones.remove(shown);
    }
    if let Some(new) = new {
        phones.insert(
            0,
            Phone {
                is_primary: true,
                country_code: new.country_code.clone(),
                number: new.number.clone(),
                phone_type: Some(new.r#type.name().to_owned()),
            },
        );
    }
}

/// Change the profile of the token's contact.
///
/// What is left out of the body stays as it is; null removes a field. An e-mail address or a phone that is written here is a text of the profile, whoever else
/// has it: nobody finds the contact by it before the contact has added it with `POST /contacts/{id}/identities`, or the business has written it.
/// What the contact signs in by does not change with them.
#[utoipa::path(
    put, path = "/contacts/{id}", tag = "Contact", security(("access_token" = [])),
    params(
        ("id" = String, Path, description = "The contact's own id or code"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once"),
    ),
    request_body = ChangedContact,
    responses(
        (status = 200, description = "Changed", body = Changed),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the contact of the token", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn update(
    State(api): State<Api>,
    token: ContactToken,
    Path(name): Path<String>,
    headers: Conditions,
    body: ValidJson<ChangedContact>,
) -> Result<Response, Problem> {
    let view = token.named(&api, &name).await?;
    let own = PublicId::of(Named::Contact, token.signed_in.contact.entity);
    let id = match view.own_id.as_deref() {
        Some(own_id) => own_id.to_owned(),
        None => api.router.secrets().public_ids().write(own),
    };
    if body.id.as_ref().is_some_and(|named| *named != id) {
        return Err(failure::invalid_field(
            "/id",
            "contradiction",
            "must be the contact's own id, or be left out",
        ));
    }
    let written = pairs(body.custom_fields.as_deref().unwrap_or_default());
    custom_fields::check(&api, &token, FieldEntity::Contacts, written).await?;
    let place = Some(token.signed_in.contact);
    let once = Once::of(&token, &headers, "contacts.update_own", place, &body.hash)?;
    let apply = |profile: &mut Profile| {
        body.apply(profile);
        Ok(())
    };
    own::change(&api, &token, &once, apply).await?;
    let timings = reply::timings(&token, Timings::default());
    Ok(reply::json(StatusCode::OK, &Changed { id }, timings))
}
