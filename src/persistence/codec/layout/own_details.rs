//! What a contact keeps with its profile.

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};

use crate::domain::{contact, media};

stored!(choice contact::Gender { 0 => Female, 1 => Male, 2 => Other });
stored!(choice contact::Platform { 0 => Mobile, 1 => Browser, 2 => Other });
stored!(choice contact::PreferredFor { 0 => Orders, 1 => Rewards });
stored!(record contact::Document { number, issuing_country_code, expires_at });
stored!(record contact::Demographics {
    gender, name_day, date_of_birth, passport, id_details, statutory_number,
});
stored!(record contact::Company {
    registration_number, registration_country, tax_reference_number, vat_registration_number,
});
stored!(record contact::Device {
    number, platform, mac_address, serial_number, electronic_id, registration_token, application_id,
    custom_fields, registered_at,
});
stored!(record contact::Preference { purpose, organisation });
stored!(choice contact::ImageFormat { 0 => Png, 1 => Jpeg, 2 => Webp });
stored!(record contact::Image { number, format, bytes, size, hash });
stored!(record contact::OwnDetails { demographics, company, devices, preferences, image });
stored!(record media::Piece { of, contact, sealed, asks_at });
stored!(choice media::Event { 0 => Kept(piece), 1 => Cleared, 2 => Doubted(asks_at), 3 => Settled });
stored!(wrap media::State);
