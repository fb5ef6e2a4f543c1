//! What a contact keeps with its profile in self-service. It is sealed with the profile, and shredded with it.

use super::{Field, PostalAddress, Profile};
use crate::domain::time::Timestamp;

/// What a contact keeps with its profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnDetails {
    /// About the person.
    pub demographics: Demographics,
    /// About the company.
    pub company: Company,
    /// Its devices.
    pub devices: Vec<Device>,
    /// Where it likes to be served: one for each purpose.
    pub preferences: Vec<Preference>,
    /// What it looks like.
    pub image: Option<Image>,
}

/// In which format an image is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageFormat {
    /// Portable Network Graphics.
    Png,
    /// As cameras have it.
    Jpeg,
    /// As browsers like it.
    Webp,
}

/// An image, whose pieces lie elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its number among the contact's images, never 0.
    pub number: u32,
    /// In which format it is.
    pub format: ImageFormat,
    /// How many bytes it has.
    pub bytes: u32,
    /// How wide and how high it says that it is, in pixels, if it says so.
    pub size: Option<(u16, u16)>,
    /// The hash of its bytes.
    pub hash: [u8; 16],
}

impl Image {
    /// The hash of an image of these bytes.
    pub fn hash_of(bytes: &[u8]) -> [u8; 16] {
        let hash = blake3::hash(bytes);
        hash.as_bytes().first_chunk().copied().unwrap_or_default()
    }

    /// The number that an image of these bytes gets from the request of this number: another for each content.
    pub fn number_of(request: u32, bytes: &[u8]) -> u32 {
        let hash = Self::hash_of(bytes);
        let own = hash.first_chunk().copied().unwrap_or_default();
        (request ^ u32::from_be_bytes(own)).max(1)
    }
}

/// About a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demographics {
    /// As the person says.
    pub gender: Option<Gender>,
    /// Month and day.
    pub name_day: Option<(u8, u8)>,
    /// Year, month and day.
    pub date_of_birth: Option<(u16, u8, u8)>,
    /// Its passport.
    pub passport: Option<Document>,
    /// Its identity card.
    pub id_details: Option<Document>,
    /// Its number with an authority.
    pub statutory_number: Option<String>,
}

/// As the contract has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gender {
    /// Female.
    Female,
    /// Male.
    Male,
    /// Other.
    Other,
}

/// A document that says who somebody is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// Its number.
    pub number: String,
    /// ISO 3166-1 alpha-3.
    pub issuing_country_code: String,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// About a company.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Company {
    /// Its number in a register.
    pub registration_number: Option<String>,
    /// Of which country, ISO 3166-1 alpha-3.
    pub registration_country: Option<String>,
    /// Its number with the tax office.
    pub tax_reference_number: Option<String>,
    /// Its number for value added tax.
    pub vat_registration_number: Option<String>,
}

/// What a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// A phone or tablet.
    Mobile,
    /// A browser.
    Browser,
    /// Anything else.
    Other,
}

/// A device of the contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its number among the contact's devices.
    pub number: u32,
    /// What it is.
    pub platform: Platform,
    /// Its address on a network.
    pub mac_address: Option<String>,
    /// Its maker's number.
    pub serial_number: Option<String>,
    /// Another number of its own.
    pub electronic_id: Option<String>,
    /// By which messages are pushed to it.
    pub registration_token: Option<String>,
    /// The app on it.
    pub application_id: Option<String>,
    /// What the app keeps with it.
    pub custom_fields: Vec<Field>,
    /// When the contact added it.
    pub registered_at: Timestamp,
}

/// What an organisation is liked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreferredFor {
    /// To order there.
    Orders,
    /// To get rewards there.
    Rewards,
}

/// An organisation that the contact likes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preference {
    /// What for.
    pub purpose: PreferredFor,
    /// The organisation, by entity number.
    pub organisation: u64,
}

impl Profile {
    /// What the contact keeps with its profile; it has nothing before something is put there.
    pub fn own_mut(&mut self) -> &mut OwnDetails {
        self.own.get_or_insert_default()
    }

    /// Gives each address that has no number the next that is free. A number is what its id is made of.
    pub fn number_addresses(&mut self) {
        let highest = self.addresses.iter().map(|address| address.number).max();
        let mut next = highest.unwrap_or_default();
        for address in &mut self.addresses {
            if address.number == 0 {
                next = next.wrapping_add(1).max(1);
                address.number = next;
            }
        }
    }

    /// How much text its lists hold, in bytes: of phones, addresses, custom fields and devices.
    pub fn lists_bytes(&self) -> usize {
        fn texts(texts: &[&Option<String>]) -> usize {
            let lengths = texts.iter().copied().flatten().map(String::len);
            lengths.fold(0, usize::saturating_add)
        }
        fn fields(fields: &[Field]) -> usize {
            fields.iter().fold(0, |sum: usize, field| {
                sum.saturating_add(field.key.len())
                    .saturating_add(field.value.len())
            })
        }
        let phones = self.phones.iter().map(|phone| {
            let rest = texts(&[&phone.country_code, &phone.phone_type]);
            phone.number.len().saturating_add(rest)
        });
        let addresses = self.addresses.iter().map(|address: &PostalAddress| {
            texts(&[
                &address.address_type,
                &address.name,
                &address.address_line_1,
                &address.address_line_2,
                &address.state_province_county,
                &address.town_city,
                &address.postal_code,
                &address.country_code,
                &address.google_place_id,
            ])
        });
        let devices = self.own.iter().flat_map(|own| &own.devices);
        let devices = devices.map(|device| {
            let rest = texts(&[
                &device.mac_address,
                &device.serial_number,
                &device.electronic_id,
                &device.registration_token,
                &device.application_id,
            ]);
            fields(&device.custom_fields).saturating_add(rest)
        });
        phones
            .chain(addresses)
            .chain(devices)
            .fold(fields(&self.custom_fields), usize::saturating_add)
    }
}
