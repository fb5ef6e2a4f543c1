//! What several operations have on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::contact::{ContactType, Field};
use crate::domain::context::TenantView;
use crate::domain::ids::Named;
use crate::external_login::Service;
use crate::http::Api;
use crate::http::extract::Faults;
use crate::http::extract::text::check;
use crate::http::phone;
use crate::http::problem::{Code, Problem};
use crate::limits::{NAME_CHARS_MAX, PROFILE_LIST_MAX};

/// By what a contact is known to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Provider {
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
    /// An account there.
    Facebook,
    /// An account there.
    Apple,
    /// An account there.
    Google,
    /// A device, which proves nothing.
    MacAddress,
    /// An account at another provider of OpenID Connect.
    OidcOauth,
}

impl Provider {
    /// As it is written.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Provider::Email => "EMAIL",
            Provider::Phone => "PHONE",
            Provider::Facebook => "FACEBOOK",
            Provider::Apple => "APPLE",
            Provider::Google => "GOOGLE",
            Provider::MacAddress => "MAC_ADDRESS",
            Provider::OidcOauth => "OIDC_OAUTH",
        }
    }

    /// Who vouches for accounts there; nobody, where there are none.
    pub(super) const fn service(self) -> Option<Service> {
        match self {
            Provider::Facebook => Some(Service::Facebook),
            Provider::Apple => Some(Service::Apple),
            Provider::Google => Some(Service::Google),
            Provider::OidcOauth => Some(Service::Oidc),
            Provider::Email | Provider::Phone | Provider::MacAddress => None,
        }
    }
}

/// Only `works` is built of what `member` may be.
pub(super) fn not_built(member: &str, works: &str) -> Problem {
    Problem::new(
        Code::NotBuilt,
        format!("{member}: only {works} is built; nothing happened"),
    )
}

/// A phone number.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PhoneNumber)]
pub(super) struct WirePhone {
    /// With `+` and country, or as it is dialled within `country_code`.
    pub(super) number: String,
    /// ISO 3166-1 alpha-3: where a number without `+` is dialled.
    pub(super) country_code: Option<String>,
}

impl WirePhone {
    /// The number as E.164 has it.
    pub(super) fn e164(&self) -> Option<String> {
        phone::e164(&self.number, self.country_code.as_deref())
    }

    pub(super) fn validate(&self, faults: &mut Faults) {
        let country = self.country_code.as_deref();
        phone::check(faults, "number", &self.number, country);
    }
}

/// A field that the tenant adds.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CustomField)]
pub(super) struct WireField {
    pub(super) key: String,
    pub(super) value: String,
}

/// Who a contact is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = ContactType)]
pub(super) enum WireContactType {
    /// A person.
    #[default]
    Person,
    /// A company.
    Company,
}

impl From<ContactType> for WireContactType {
    fn from(of: ContactType) -> WireContactType {
        match of {
            ContactType::Person => WireContactType::Person,
            ContactType::Company => WireContactType::Company,
        }
    }
}

/// What was added or changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChangedById)]
pub(super) struct Changed {
    /// Its id.
    pub(super) id: String,
}

impl WireField {
    /// Fields as they are shown.
    pub(super) fn all(fields: &[Field]) -> Vec<WireField> {
        let shown = fields.iter().map(|field| WireField {
            key: field.key.clone(),
            value: field.value.clone(),
        });
        shown.collect()
    }
}

/// Fields in the domain's terms.
pub(super) fn fields(wire: &[WireField]) -> Vec<Field> {
    let fields = wire.iter().map(|field| Field {
        key: field.key.clone(),
        value: field.value.clone(),
    });
    fields.collect()
}

/// Fields by key.
pub(super) fn pairs(wire: &[WireField]) -> impl Iterator<Item = (&str, &str)> {
    wire.iter().map(|field| (&*field.key, &*field.value))
}

/// Checks `custom_fields`.
pub(super) fn check_fields(faults: &mut Faults, fields: &[WireField]) {
    faults.require(
        fields.len() <= PROFILE_LIST_MAX,
        "custom_fields",
        "too_many",
        "must have at most 20 entries",
    );
    faults.within("custom_fields", |faults| {
        for (index, field) in fields.iter().enumerate() {
            faults.at(index, |faults| {
                check(faults, "key", Some(&field.key), NAME_CHARS_MAX);
                faults.require(
                    field.value.chars().count() <= NAME_CHARS_MAX,
                    "value",
                    "too_long",
                    "must have at most 200 characters",
                );
            });
        }
    });
}

/// The organisation of the contact's network that has this id, by entity number.
pub(super) fn organisation(api: &Api, tenant: &TenantView, id: &str) -> Result<u64, Problem> {
    let read = api
        .router
        .secrets()
        .public_ids()
        .read_as(Named::Organisation, id);
    read.map(|id| id.entity)
        .filter(|number| tenant.organisations.contains_key(number))
        .ok_or_else(|| {
            Problem::new(
                Code::UnknownOrganisation,
                "organisation_id names none of the network",
            )
        })
}
