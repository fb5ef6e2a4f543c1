//! A contact that registers, on the wire: in the form of either version of the contract.

use serde::Deserialize;
use utoipa::ToSchema;

use super::identification::{Identification, Identity, IdentityVersion1};
use super::wire::{WireContactType, WireField, pairs};
use crate::domain::contact::{Agreement, ContactType, Field, Phone, Profile};
use crate::http::extract::lenient::boolean;
use crate::http::extract::text::check;
use crate::http::extract::{Faults, Validate};
use crate::http::problem::{Code, Problem};
use crate::limits;

/// A contact that registers.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Registration)]
pub(super) struct NewRegistration {
    #[schema(max_length = 200)]
    first_name: String,
    #[schema(max_length = 200)]
    last_name: String,
    identification: Identification,
    title: Option<String>,
    #[serde(default)]
    contact_type: WireContactType,
    company_name: Option<String>,
    #[serde(rename = "accept_terms_&_conditions", default = "yes")]
    accepts_terms: bool,
    #[serde(default)]
    email_opt_out: bool,
    #[serde(default)]
    sms_opt_out: bool,
    /// Not built.
    referral_code: Option<String>,
    /// Not built.
    pass_code: Option<String>,
    /// Not built.
    pass_pin: Option<String>,
    /// ISO 3166-1 alpha-3.
    country_of_agreement: Option<String>,
    #[serde(default)]
    custom_fields: Vec<WireField>,
    /// Two letters of ISO 639-1.
    #[serde(default = "english")]
    language_code: String,
}

/// A contact that registers, as older clients write it: booleans may be text, and `identity` may stand for `identification`.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RegistrationVersion1)]
pub(super) struct NewRegistrationVersion1 {
    #[schema(max_length = 200)]
    first_name: String,
    #[schema(max_length = 200)]
    last_name: String,
    identity: Option<IdentityVersion1>,
    identification: Option<Identification>,
    title: Option<String>,
    #[serde(default)]
    contact_type: WireContactType,
    company_name: Option<String>,
    /// The same as `accept_terms_&_conditions`.
    #[serde(default = "yes", deserialize_with = "boolean")]
    #[schema(value_type = bool)]
    service_acceptance: bool,
    #[serde(
        rename = "accept_terms_&_conditions",
        default = "yes",
        deserialize_with = "boolean"
    )]
    #[schema(value_type = bool)]
    accepts_terms: bool,
    #[serde(default, deserialize_with = "boolean")]
    #[schema(value_type = bool)]
    email_opt_out: bool,
    #[serde(default, deserialize_with = "boolean")]
    #[schema(value_type = bool)]
    sms_opt_out: bool,
    /// Not built.
    referral_code: Option<String>,
    /// Not built.
    pass_code: Option<String>,
    /// Not built.
    pass_pin: Option<String>,
    country_of_agreement: Option<String>,
    #[serde(default)]
    custom_fields: Vec<WireField>,
    #[serde(default = "english")]
    language_code: String,
}

const fn yes() -> bool {
    true
}

fn english() -> String {
    "EN".to_owned()
}

/// What both versions say of the contact, beside what it signs in by.
pub(super) struct About {
    first_name: String,
    last_name: String,
    title: Option<String>,
    contact_type: WireContactType,
    company_name: Option<String>,
    accepts_terms: bool,
    email_opt_out: bool,
    sms_opt_out: bool,
    country_of_agreement: Option<String>,
    custom_fields: Vec<WireField>,
    language_code: String,
    unbuilt: Option<&'static str>,
}

/// The first of these fields that was sent; none of them is built.
fn unbuilt(
    referral_code: &Option<String>,
    pass_code: &Option<String>,
    pass_pin: &Option<String>,
) -> Option<&'static str> {
    let fields = [
        ("referral_code", referral_code),
        ("pass_code", pass_code),
        ("pass_pin", pass_pin),
    ];
    let mut sent = fields.into_iter().filter(|(_, value)| value.is_some());
    sent.next().map(|(name, _)| name)
}

impl NewRegistration {
    fn about(&self) -> About {
        let of = self.clone();
        About {
            unbuilt: unbuilt(&of.referral_code, &of.pass_code, &of.pass_pin),
            first_name: of.first_name,
            last_name: of.last_name,
            title: of.title,
            contact_type: of.contact_type,
            company_name: of.company_name,
            accepts_terms: of.accepts_terms,
            email_opt_out: of.email_opt_out,
            sms_opt_out: of.sms_opt_out,
            country_of_agreement: of.country_of_agreement,
            custom_fields: of.custom_fields,
            language_code: of.language_code,
        }
    }
}

impl NewRegistrationVersion1 {
    fn about(&self) -> About {
        let of = self.clone();
        About {
            unbuilt: unbuilt(&of.referral_code, &of.pass_code, &of.pass_pin),
            first_name: of.first_name,
            last_name: of.last_name,
            title: of.title,
            contact_type: of.contact_type,
            company_name: of.company_name,
            accepts_terms: of.accepts_terms && of.service_acceptance,
            email_opt_out: of.email_opt_out,
            sms_opt_out: of.sms_opt_out,
            country_of_agreement: of.country_of_agreement,
            custom_fields: of.custom_fields,
            language_code: of.language_code,
        }
    }
}

/// A contact that registers, whichever version it was written in: who it is, and what it signs in by.
pub(super) trait Registers: Validate {
    /// Who it is.
    fn who(&self) -> About;

    /// What it signs in by.
    ///
    /// # Errors
    /// It is not what its validation demands.
    fn identity(&self) -> Result<Identity, Problem>;
}

impl Registers for NewRegistration {
    fn who(&self) -> About {
        self.about()
    }

    fn identity(&self) -> Result<Identity, Problem> {
        self.identification.identity()
    }
}

impl Registers for NewRegistrationVersion1 {
    fn who(&self) -> About {
        self.about()
    }

    fn identity(&self) -> Result<Identity, Problem> {
        match (&self.identity, &self.identification) {
            (Some(identity), _) => identity.identity(),
            (None, Some(identification)) => identification.identity(),
            (None, None) => Err(Problem::from(Code::InvalidRequest)),
        }
    }
}

impl Validate for NewRegistration {
    fn validate(&self, faults: &mut Faults) {
        self.about().validate("accept_terms_&_conditions", faults);
        faults.within("identification", |faults| {
            self.identification.validate(faults);
        });
    }
}

impl Validate for NewRegistrationVersion1 {
    fn validate(&self, faults: &mut Faults) {
        self.about().validate("service_acceptance", faults);
        faults.require(
            self.identity.is_some() != self.identification.is_some(),
            "",
            "ambiguous",
            "must have exactly one of identity and identification",
        );
        if let Some(identity) = &self.identity {
            faults.within("identity", |faults| identity.validate(faults));
        }
        if let Some(identification) = &self.identification {
            faults.within("identification", |faults| identification.validate(faults));
        }
    }
}

impl About {
    fn validate(&self, terms: &str, faults: &mut Faults) {
        let max = limits::NAME_CHARS_MAX;
        check(faults, "first_name", Some(&self.first_name), max);
        check(faults, "last_name", Some(&self.last_name), max);
        check(faults, "title", self.title.as_deref(), max);
        check(faults, "company_name", self.company_name.as_deref(), max);
        faults.require(
            self.accepts_terms,
            terms,
            "not_accepted",
            "must be true: nobody registers without the terms",
        );
        let is_word = |text: &str, length| {
            text.len() == length && text.bytes().all(|letter| letter.is_ascii_alphabetic())
        };
        faults.require(
            is_word(&self.language_code, 2),
            "language_code",
            "not_a_language",
            "must be a two-letter code of ISO 639-1",
        );
        faults.require(
            self.country_of_agreement
                .as_deref()
                .is_none_or(|country| is_word(country, 3)),
            "country_of_agreement",
            "not_a_country",
            "must be a three-letter code of ISO 3166-1",
        );
        faults.require(
            self.custom_fields.len() <= limits::PROFILE_LIST_MAX,
            "custom_fields",
            "too_many",
            "must have at most 20 entries",
        );
        let fields = self.custom_fields.iter();
        let bytes: usize = fields
            .map(|field| field.key.len() + field.value.len())
            .sum();
        faults.require(
            bytes <= limits::PROFILE_LISTS_BYTES_MAX / 2,
            "custom_fields",
            "too_long",
            "must have less text: at most 4 KiB in all",
        );
        faults.within("custom_fields", |faults| {
            for (index, field) in self.custom_fields.iter().enumerate() {
                faults.at(index, |faults| {
                    check(faults, "key", Some(&field.key), max);
                    check(faults, "value", Some(&field.value), max);
                });
            }
        });
    }

    /// The custom fields, by key.
    pub(super) fn custom_fields(&self) -> impl Iterator<Item = (&str, &str)> {
        pairs(&self.custom_fields)
    }

    /// Which field that is not built was sent.
    pub(super) const fn unbuilt(&self) -> Option<&'static str> {
        self.unbuilt
    }

    /// Who the contact is.
    pub(super) const fn contact_type(&self) -> ContactType {
        match self.contact_type {
            WireContactType::Person => ContactType::Person,
            WireContactType::Company => ContactType::Company,
        }
    }

    /// The personal fields of the contact, with what it signs in by.
    pub(super) fn profile(self, identity: Identity) -> Profile {
        let (phones, email_address) = match identity {
            Identity::Phone(phone) => {
                let phone = Phone {
                    is_primary: true,
                    country_code: phone.country_code,
                    number: phone.number,
                    phone_type: Some(MOBILE.to_owned()),
                };
                (vec![phone], None)
            }
            Identity::Email { address, .. } => (Vec::new(), Some(address.trim().to_owned())),
            Identity::External { .. } | Identity::Device(_) => (Vec::new(), None),
        };
        let fields = self.custom_fields.into_iter();
        Profile {
            title: self.title,
            first_name: Some(self.first_name),
            last_name: Some(self.last_name),
            company_name: self.company_name,
            phones,
            email_address,
            custom_fields: fields
                .map(|field| Field {
                    key: field.key,
                    value: field.value,
                })
                .collect(),
            agreement: Agreement {
                language_code: Some(self.language_code.to_ascii_uppercase()),
                country: self.country_of_agreement,
                email_opt_out: self.email_opt_out,
                sms_opt_out: self.sms_opt_out,
            },
            ..Profile::default()
        }
    }
}

/// A phone that takes text messages.
const MOBILE: &str = "MOBILE";
