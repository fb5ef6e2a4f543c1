//! A contact on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::contact::{ContactType, Field, Phone, PostalAddress, Profile};
use crate::http::extract::text::check;
use crate::http::extract::{Faults, Validate};
use crate::http::gateways::demographics::WireDemographics;
use crate::http::{email, phone};
use crate::limits;

/// Who a contact is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(in super::super) enum WireContactType {
    /// A person.
    #[default]
    Person,
    /// A company.
    Company,
}

/// A contact to create. Credentials are not part of it: the contact adds them in self-service.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct NewContact {
    /// An id of your own, of at most 36 characters; one is made if it is left out.
    #[schema(max_length = 36)]
    pub(super) id: Option<String>,
    /// A code for people to use; one is made if it is left out.
    #[schema(max_length = 64)]
    pub(super) code: Option<String>,
    #[serde(default)]
    pub(super) contact_type: WireContactType,
    pub(super) title: Option<String>,
    pub(super) first_name: Option<String>,
    pub(super) middle_name: Option<String>,
    pub(super) last_name: Option<String>,
    pub(super) company_name: Option<String>,
    /// Unique among the tenant's contacts.
    #[schema(max_length = 254)]
    pub(super) email_address: Option<String>,
    #[serde(default)]
    pub(super) phones: Vec<WirePhone>,
    #[serde(default)]
    pub(super) addresses: Vec<WireAddress>,
    #[serde(default)]
    pub(super) custom_fields: Vec<WireField>,
    /// About a person. `contacts/otp` of self-service finds nobody by it, and demands that it is true.
    pub(super) demographics: Option<WireDemographics>,
}

/// A phone number.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct WirePhone {
    #[serde(default)]
    is_primary: bool,
    /// ISO 3166-1 alpha-3: where a number without `+` is dialled.
    pub(super) country_code: Option<String>,
    /// With `+` and country, or as it is dialled within `country_code`. Unique among the tenant's contacts.
    pub(super) number: String,
    phone_type: Option<String>,
}

/// A postal address.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct WireAddress {
    address_type: Option<String>,
    name: Option<String>,
    #[serde(default)]
    is_primary: bool,
    address_line_1: Option<String>,
    address_line_2: Option<String>,
    state_province_county: Option<String>,
    town_city: Option<String>,
    postal_code: Option<String>,
    /// ISO 3166-1 alpha-3.
    country_code: Option<String>,
    /// What only self-service tells of it.
    #[serde(skip)]
    kept: KeptOfAddress,
}

/// What a change of a contact here leaves as it is of an address that stays.
#[derive(Clone, Debug, Default)]
struct KeptOfAddress {
    number: u32,
    lat: Option<i64>,
    lon: Option<i64>,
    google_place_id: Option<String>,
    is_billing: bool,
}

/// A field that the tenant adds.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct WireField {
    key: String,
    value: String,
}

/// The answer to a creation.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CreatedContact {
    /// The contact's id.
    pub(super) id: String,
    /// The contact's code.
    pub(super) code: String,
}

/// A contact.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WireContact {
    pub(super) id: String,
    pub(super) code: String,
    pub(super) contact_type: WireContactType,
    /// The name to show.
    pub(super) name: String,
    pub(super) title: Option<String>,
    pub(super) first_name: Option<String>,
    pub(super) middle_name: Option<String>,
    pub(super) last_name: Option<String>,
    pub(super) company_name: Option<String>,
    pub(super) email_address: Option<String>,
    pub(super) phones: Vec<WirePhone>,
    pub(super) addresses: Vec<WireAddress>,
    pub(super) custom_fields: Vec<WireField>,
    /// Null where nothing of it is known.
    pub(super) demographics: Option<WireDemographics>,
    /// The organisations that the contact has signed up to, of those that the key acts for.
    pub(super) organisations: Vec<WireMembership>,
    pub(super) wallet: WalletReference,
    /// Unix seconds.
    pub(super) created_date: i64,
}

/// An organisation that a contact has signed up to.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WireMembership {
    pub(super) id: String,
    pub(super) email_opt_out: bool,
    pub(super) sms_opt_out: bool,
    /// `ACCEPTED`, or null.
    pub(super) consent_state: Option<&'static str>,
    /// Unix seconds.
    pub(super) sign_up_date: i64,
}

/// Where the contact's money is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WalletReference {
    /// For `GET /wallets/{id}`.
    pub(super) id: String,
}

impl Validate for NewContact {
    fn validate(&self, faults: &mut Faults) {
        let name_max = limits::NAME_CHARS_MAX;
        check(faults, "id", self.id.as_deref(), limits::OWN_ID_CHARS_MAX);
        check(faults, "code", self.code.as_deref(), limits::CODE_CHARS_MAX);
        for (member, value) in [
            ("title", &self.title),
            ("first_name", &self.first_name),
            ("middle_name", &self.middle_name),
            ("last_name", &self.last_name),
            ("company_name", &self.company_name),
        ] {
            check(faults, member, value.as_deref(), name_max);
        }
        if let Some(email_address) = &self.email_address {
            email::check(faults, "email_address", email_address);
        }
        check_lists(self, faults);
        if let Some(demographics) = &self.demographics {
            faults.within("demographics", |faults| demographics.validate(faults));
        }
    }
}

fn check_lists(contact: &NewContact, faults: &mut Faults) {
    let name_max = limits::NAME_CHARS_MAX;
    for (member, length) in [
        ("phones", contact.phones.len()),
        ("addresses", contact.addresses.len()),
        ("custom_fields", contact.custom_fields.len()),
    ] {
        faults.require(
            length <= limits::PROFILE_LIST_MAX,
            member,
            "too_many",
            "must have at most 20 entries",
        );
    }
    let (longest, bytes) = text_of_lists(contact);
    faults.require(
        bytes <= limits::PROFILE_LISTS_BYTES_MAX,
        longest,
        "too_long",
        "must have less text: phones, addresses and custom fields together at most 8 KiB",
    );
    faults.within("phones", |faults| {
        for (index, phone) in contact.phones.iter().enumerate() {
            faults.at(index, |faults| {
                check(faults, "number", Some(&phone.number), name_max);
                check(faults, "country_code", phone.country_code.as_deref(), 3);
                check(faults, "phone_type", phone.phone_type.as_deref(), name_max);
                let country = phone.country_code.as_deref();
                phone::check(faults, "number", &phone.number, country);
            });
        }
    });
    faults.within("addresses", |faults| {
        for (index, address) in contact.addresses.iter().enumerate() {
            faults.at(index, |faults| {
                for (member, value) in [
                    ("address_type", &address.address_type),
                    ("name", &address.name),
                    ("address_line_1", &address.address_line_1),
                    ("address_line_2", &address.address_line_2),
                    ("state_province_county", &address.state_province_county),
                    ("town_city", &address.town_city),
                    ("postal_code", &address.postal_code),
                    ("country_code", &address.country_code),
                ] {
                    check(faults, member, value.as_deref(), name_max);
                }
            });
        }
    });
    faults.within("custom_fields", |faults| {
        for (index, field) in contact.custom_fields.iter().enumerate() {
            faults.at(index, |faults| {
                check(faults, "key", Some(&field.key), name_max);
                let fits = field.value.chars().count() <= name_max;
                faults.require(
                    fits,
                    "value",
                    "too_long",
                    "must have at most 200 characters",
                );
            });
        }
    });
}

/// Custom fields by key.
pub(super) fn pairs(fields: &[WireField]) -> impl Iterator<Item = (&str, &str)> {
    fields.iter().map(|field| (&*field.key, &*field.value))
}

/// Which list has the most text, and how much all have, in bytes.
fn text_of_lists(contact: &NewContact) -> (&'static str, usize) {
    let optional = |texts: &[&Option<String>]| -> usize {
        texts.iter().copied().flatten().map(String::len).sum()
    };
    let phones = contact.phones.iter().map(|phone| {
        let others = optional(&[&phone.country_code, &phone.phone_type]);
        phone.number.len().saturating_add(others)
    });
    let addresses = contact.addresses.iter().map(|address| {
        optional(&[
            &address.address_type,
            &address.name,
            &address.address_line_1,
            &address.address_line_2,
            &address.state_province_county,
            &address.town_city,
            &address.postal_code,
            &address.country_code,
        ])
    });
    let fields = contact
        .custom_fields
        .iter()
        .map(|field| field.key.len().saturating_add(field.value.len()));
    let lists = [
        ("phones", phones.sum::<usize>()),
        ("addresses", addresses.sum()),
        ("custom_fields", fields.sum()),
    ];
    let all = lists.iter().map(|(_, bytes)| bytes).sum();
    let longest = lists.into_iter().max_by_key(|(_, bytes)| *bytes);
    (longest.map_or("addresses", |(name, _)| name), all)
}

impl From<WireContactType> for ContactType {
    fn from(wire: WireContactType) -> ContactType {
        match wire {
            WireContactType::Person => ContactType::Person,
            WireContactType::Company => ContactType::Company,
        }
    }
}

impl From<ContactType> for WireContactType {
    fn from(contact_type: ContactType) -> WireContactType {
        match contact_type {
            ContactType::Person => WireContactType::Person,
            ContactType::Company => WireContactType::Company,
        }
    }
}

impl NewContact {
    /// The personal fields.
    pub(super) fn profile(self) -> Profile {
        let mut profile = Profile {
            title: self.title,
            first_name: self.first_name,
            middle_name: self.middle_name,
            last_name: self.last_name,
            company_name: self.company_name,
            email_address: self.email_address.map(|email| email.trim().to_owned()),
            phones: self
                .phones
                .into_iter()
                .map(WirePhone::into_domain)
                .collect(),
            addresses: self
                .addresses
                .into_iter()
                .map(WireAddress::into_domain)
                .collect(),
            custom_fields: self
                .custom_fields
                .into_iter()
                .map(|field| Field {
                    key: field.key,
                    value: field.value,
                })
                .collect(),
            ..Profile::default()
        };
        profile.number_addresses();
        if let Some(demographics) = self.demographics {
            profile.own_mut().demographics = demographics.read();
        }
        profile
    }
}

impl WirePhone {
    fn into_domain(self) -> Phone {
        Phone {
            is_primary: self.is_primary,
            country_code: self.country_code,
            number: self.number,
            phone_type: self.phone_type,
        }
    }

    fn of(phone: Phone) -> WirePhone {
        WirePhone {
            is_primary: phone.is_primary,
            country_code: phone.country_code,
            number: phone.number,
            phone_type: phone.phone_type,
        }
    }
}

impl WireAddress {
    fn into_domain(self) -> PostalAddress {
        PostalAddress {
            address_type: self.address_type,
            name: self.name,
            is_primary: self.is_primary,
            address_line_1: self.address_line_1,
            address_line_2: self.address_line_2,
            state_province_county: self.state_province_county,
            town_city: self.town_city,
            postal_code: self.postal_code,
            country_code: self.country_code,
            number: self.kept.number,
            lat: self.kept.lat,
            lon: self.kept.lon,
            google_place_id: self.kept.google_place_id,
            is_billing: self.kept.is_billing,
        }
    }

    fn of(address: PostalAddress) -> WireAddress {
        WireAddress {
            address_type: address.address_type,
            name: address.name,
            is_primary: address.is_primary,
            address_line_1: address.address_line_1,
            address_line_2: address.address_line_2,
            state_province_county: address.state_province_county,
            town_city: address.town_city,
            postal_code: address.postal_code,
            country_code: address.country_code,
            kept: KeptOfAddress {
                number: address.number,
                lat: address.lat,
                lon: address.lon,
                google_place_id: address.google_place_id,
                is_billing: address.is_billing,
            },
        }
    }
}

/// The lists of a profile, as the wire writes them.
pub(super) fn lists(profile: &mut Profile) -> (Vec<WirePhone>, Vec<WireAddress>, Vec<WireField>) {
    let phones = std::mem::take(&mut profile.phones);
    let addresses = std::mem::take(&mut profile.addresses);
    let fields = std::mem::take(&mut profile.custom_fields);
    (
        phones.into_iter().map(WirePhone::of).collect(),
        addresses.into_iter().map(WireAddress::of).collect(),
        fields
            .into_iter()
            .map(|field| WireField {
                key: field.key,
                value: field.value,
            })
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::persistence::codec;

    fn with_fields(bytes_each: usize) -> NewContact {
        let fields: Vec<_> = (10..10 + limits::PROFILE_LIST_MAX)
            .map(|number| {
                let value = "x".repeat(bytes_each - 2);
                serde_json::json!({"key": number.to_string(), "value": value})
            })
            .collect();
        serde_json::from_value(serde_json::json!({ "custom_fields": fields })).unwrap()
    }

    fn is_valid(contact: &NewContact) -> bool {
        let mut faults = Faults::new();
        contact.validate(&mut faults);
        faults.is_empty()
    }

    #[test]
    fn the_lists_of_a_profile_hold_so_much_text_and_no_more() {
        let most = limits::PROFILE_LISTS_BYTES_MAX / limits::PROFILE_LIST_MAX;
        // Each may be as long as it likes in characters of four bytes; together they may not.
        let mut contact = with_fields(150);
        assert!(is_valid(&contact));
        for field in &mut contact.custom_fields {
            field.value = "\u{1F600}".repeat((most - 2) / 4);
        }
        assert!(is_valid(&contact));
        for field in &mut contact.custom_fields {
            field.value.push('\u{1F600}');
        }
        assert!(!is_valid(&contact));
        assert!(codec::encode_profile(&contact.profile()).len() < limits::ROW_BYTES_MAX / 4);
    }
}
