//! A contact's personal fields in clear. They exist so only between the wire and the seal.

use super::OwnDetails;
use crate::domain::time::Timestamp;

/// A contact's personal fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// How the contact is addressed.
    pub title: Option<String>,
    /// Given name.
    pub first_name: Option<String>,
    /// Middle name.
    pub middle_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// The name of a company.
    pub company_name: Option<String>,
    /// E-mail address.
    pub email_address: Option<String>,
    /// Phone numbers.
    pub phones: Vec<Phone>,
    /// Postal addresses.
    pub addresses: Vec<PostalAddress>,
    /// What the tenant adds.
    pub custom_fields: Vec<Field>,
    /// Cards and other media that identify the contact at a till.
    pub cards: Vec<Card>,
    /// What the contact said when it registered.
    pub agreement: Agreement,
    /// What it keeps there itself. Boxed, since most have none.
    pub own: Option<Box<OwnDetails>>,
}

/// What a contact agreed to when it registered, and how it wants to be spoken to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Its language, two letters of ISO 639-1.
    pub language_code: Option<String>,
    /// Under which country's terms, ISO 3166-1 alpha-3.
    pub country: Option<String>,
    /// Whether it wants no e-mail.
    pub email_opt_out: bool,
    /// Whether it wants no text messages.
    pub sms_opt_out: bool,
}

/// A loyalty identifier.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Card {
    /// What is printed or stored on it.
    pub identifier: String,
    /// When the contact got it.
    pub added_at: Timestamp,
}

/// A phone number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phone {
    /// Whether it is the one to use.
    pub is_primary: bool,
    /// The country that the number is dialled in, ISO 3166-1 alpha-3.
    pub country_code: Option<String>,
    /// The number as it was given.
    pub number: String,
    /// Mobile, landline or as the caller says.
    pub phone_type: Option<String>,
}

/// A postal address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PostalAddress {
    /// Its number among the contact's addresses; 0 until it gets one.
    pub number: u32,
    /// Home, business or as the caller says.
    pub address_type: Option<String>,
    /// What the contact calls it.
    pub name: Option<String>,
    /// Whether it is the one to use.
    pub is_primary: bool,
    /// Street and number.
    pub address_line_1: Option<String>,
    /// More of it.
    pub address_line_2: Option<String>,
    /// State, province or county.
    pub state_province_county: Option<String>,
    /// Town or city.
    pub town_city: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-3.
    pub country_code: Option<String>,
    /// Degrees north, in ten millionths.
    pub lat: Option<i64>,
    /// Degrees east, in ten millionths.
    pub lon: Option<i64>,
    /// What a map service calls it.
    pub google_place_id: Option<String>,
    /// Whether invoices go there.
    pub is_billing: bool,
}

/// A field that the tenant adds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: String,
}

impl Profile {
    /// The name to show: that of the company, or the parts of the person's.
    pub fn display_name(&self) -> String {
        match &self.company_name {
            Some(name) => name.clone(),
            None => [&self.first_name, &self.middle_name, &self.last_name]
                .into_iter()
                .flatten()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(" "),
        }
    }
}
