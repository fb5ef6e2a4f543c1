//! What a contact says about itself: as a person, or as a company.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::contact::{Company, Demographics, Document, Gender};
use crate::domain::time::Timestamp;
use crate::http::extract::Faults;
use crate::http::extract::text::check;
use crate::limits::{NAME_CHARS_MAX, UNIX_SECONDS_MAX};

/// As the contract has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = Gender)]
enum WireGender {
    Female,
    Male,
    Other,
}

/// A day of every year.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DayOfYear)]
struct WireNameDay {
    month: u8,
    day: u8,
}

/// A day.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CalendarDay)]
struct WireDay {
    year: u16,
    month: u8,
    day: u8,
}

/// A document that says who somebody is.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IdentityDocument)]
struct WireDocument {
    number: String,
    /// ISO 3166-1 alpha-3.
    issuing_country_code: String,
    /// Unix seconds.
    expiration_date: i64,
}

/// About a person.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = Demographics)]
pub(in crate::http::gateways) struct WireDemographics {
    gender: Option<WireGender>,
    name_day: Option<WireNameDay>,
    date_of_birth: Option<WireDay>,
    passport: Option<WireDocument>,
    statutory_number: Option<String>,
    id_details: Option<WireDocument>,
}

/// About a company.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = CompanyProfile)]
pub(in crate::http::gateways) struct WireCompany {
    registration_number: Option<String>,
    /// ISO 3166-1 alpha-3.
    registration_country: Option<String>,
    tax_reference_number: Option<String>,
    vat_registration_number: Option<String>,
}

/// How many days the longest February, and so on, have.
const DAYS: [u8; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

fn is_day(month: u8, day: u8) -> bool {
    let of_month = usize::from(month).checked_sub(1);
    let days = of_month.and_then(|month| DAYS.get(month));
    days.is_some_and(|days| (1..=*days).contains(&day))
}

/// The year, month and day that `text` writes as ISO 8601 has it, if there is such a day.
pub(in crate::http::gateways) fn day(text: &str) -> Option<(u16, u8, u8)> {
    let mut parts = text.split('-');
    let mut digits = |count: usize| {
        let part = parts.next()?;
        let is_written = part.len() == count && part.bytes().all(|it| it.is_ascii_digit());
        is_written.then(|| part.parse::<u16>().ok())?
    };
    let (year, month, day) = (digits(4)?, digits(2)?, digits(2)?);
    let (month, day) = (u8::try_from(month).ok()?, u8::try_from(day).ok()?);
    (parts.next().is_none() && year > 0 && is_day(month, day)).then_some((year, month, day))
}

impl WireDocument {
    fn validate(&self, faults: &mut Faults) {
        check(faults, "number", Some(&self.number), NAME_CHARS_MAX);
        let country = Some(self.issuing_country_code.as_str());
        check(faults, "issuing_country_code", country, 3);
        faults.require(
            (0..=UNIX_SECONDS_MAX).contains(&self.expiration_date),
            "expiration_date",
            "out_of_range",
            "must be a date in Unix seconds, before the year 10000",
        );
    }

    fn read(&self) -> Document {
        Document {
            number: self.number.clone(),
            issuing_country_code: self.issuing_country_code.clone(),
            expires_at: Timestamp::from_unix_seconds(self.expiration_date),
        }
    }

    fn of(document: &Document) -> WireDocument {
        WireDocument {
            number: document.number.clone(),
            issuing_country_code: document.issuing_country_code.clone(),
            expiration_date: document.expires_at.unix_seconds(),
        }
    }
}

impl WireDemographics {
    pub(in crate::http::gateways) fn validate(&self, faults: &mut Faults) {
        let name_day = self.name_day.is_none_or(|it| is_day(it.month, it.day));
        let born = self.date_of_birth;
        let born = born.is_none_or(|it| (1..=9_999).contains(&it.year) && is_day(it.month, it.day));
        for (member, is_one) in [("name_day", name_day), ("date_of_birth", born)] {
            faults.require(
                is_one,
                member,
                "no_such_day",
                "must be a day that there is: month 1 to 12, and a day that it has",
            );
        }
        for (member, document) in [
            ("passport", &self.passport),
            ("id_details", &self.id_details),
        ] {
            if let Some(document) = document {
                faults.within(member, |faults| document.validate(faults));
            }
        }
        let number = self.statutory_number.as_deref();
        check(faults, "statutory_number", number, NAME_CHARS_MAX);
    }

    pub(in crate::http::gateways) fn read(&self) -> Demographics {
        let born = self.date_of_birth;
        Demographics {
            gender: self.gender.map(|gender| match gender {
                WireGender::Female => Gender::Female,
                WireGender::Male => Gender::Male,
                WireGender::Other => Gender::Other,
            }),
            name_day: self.name_day.map(|it| (it.month, it.day)),
            date_of_birth: born.map(|it| (it.year, it.month, it.day)),
            passport: self.passport.as_ref().map(WireDocument::read),
            id_details: self.id_details.as_ref().map(WireDocument::read),
            statutory_number: self.statutory_number.clone(),
        }
    }

    pub(in crate::http::gateways) fn of(known: &Demographics) -> WireDemographics {
        let name_day = known.name_day;
        let born = known.date_of_birth;
        WireDemographics {
            gender: known.gender.map(|gender| match gender {
                Gender::Female => WireGender::Female,
                Gender::Male => WireGender::Male,
                Gender::Other => WireGender::Other,
            }),
            name_day: name_day.map(|(month, day)| WireNameDay { month, day }),
            date_of_birth: born.map(|(year, month, day)| WireDay { year, month, day }),
            passport: known.passport.as_ref().map(WireDocument::of),
            id_details: known.id_details.as_ref().map(WireDocument::of),
            statutory_number: known.statutory_number.clone(),
        }
    }
}

impl WireCompany {
    pub(in crate::http::gateways) fn validate(&self, faults: &mut Faults) {
        for (member, value, most) in [
            (
                "registration_number",
                &self.registration_number,
                NAME_CHARS_MAX,
            ),
            ("registration_country", &self.registration_country, 3),
            (
                "tax_reference_number",
                &self.tax_reference_number,
                NAME_CHARS_MAX,
            ),
            (
                "vat_registration_number",
                &self.vat_registration_number,
                NAME_CHARS_MAX,
            ),
        ] {
            check(faults, member, value.as_deref(), most);
        }
    }

    pub(in crate::http::gateways) fn read(&self) -> Company {
        Company {
            registration_number: self.registration_number.clone(),
            registration_country: self.registration_country.clone(),
            tax_reference_number: self.tax_reference_number.clone(),
            vat_registration_number: self.vat_registration_number.clone(),
        }
    }

    pub(in crate::http::gateways) fn of(known: &Company) -> WireCompany {
        WireCompany {
            registration_number: known.registration_number.clone(),
            registration_country: known.registration_country.clone(),
            tax_reference_number: known.tax_reference_number.clone(),
            vat_registration_number: known.vat_registration_number.clone(),
        }
    }
}
