//! Values that are parts of others.

use std::sync::Arc;

use super::fixtures::NOW;
use crate::domain::contact::{
    Agreement, Card, Company, Demographics, Device, Document, Field, Gender, Image, ImageFormat,
    OwnDetails, Phone, Platform, PostalAddress, Preference, PreferredFor, Profile, SealedProfile,
};
use crate::domain::remembered::{Answered, KeyHash, Outcome, Remembered, RequestHash};
use crate::domain::time::Timestamp;
use crate::domain::{api_key, audit, media};

pub(super) fn sealed() -> SealedProfile {
    SealedProfile {
        slot: 70,
        sealed: Arc::from([1_u8, 2, 3, 4]),
    }
}

pub(super) fn profile() -> Profile {
    let text = |text: &str| Some(text.to_owned());
    Profile {
        title: text("Dr"),
        first_name: text("Ada"),
        middle_name: text("M"),
        last_name: text("Löw"),
        company_name: text("Löw & Co"),
        email_address: text("ada@example.com"),
        phones: vec![Phone {
            is_primary: true,
            country_code: text("DEU"),
            number: "+49 30 1".to_owned(),
            phone_type: text("MOBILE"),
        }],
        addresses: vec![PostalAddress {
            address_type: text("HOME"),
            name: text("Flat"),
            is_primary: true,
            address_line_1: text("Quay 1"),
            address_line_2: text("Back"),
            state_province_county: text("BE"),
            town_city: text("Berlin"),
            postal_code: text("10115"),
            country_code: text("DEU"),
            number: 51,
            lat: Some(525_200_000),
            lon: Some(-134_050_000),
            google_place_id: text("place"),
            is_billing: true,
        }],
        custom_fields: vec![Field {
            key: "shoe".to_owned(),
            value: "42".to_owned(),
        }],
        cards: vec![Card {
            identifier: "9000".to_owned(),
            added_at: NOW,
        }],
        agreement: Agreement {
            language_code: text("DE"),
            country: text("DEU"),
            email_opt_out: true,
            sms_opt_out: false,
        },
        own: Some(Box::new(own_details())),
    }
}

fn own_details() -> OwnDetails {
    let text = |text: &str| Some(text.to_owned());
    let document = |number: &str| Document {
        number: number.to_owned(),
        issuing_country_code: "DEU".to_owned(),
        expires_at: NOW,
    };
    OwnDetails {
        demographics: Demographics {
            gender: Some(Gender::Other),
            name_day: Some((12, 4)),
            date_of_birth: Some((1_815, 12, 10)),
            passport: Some(document("P")),
            id_details: Some(document("I")),
            statutory_number: text("S"),
        },
        company: Company {
            registration_number: text("HRB"),
            registration_country: text("DEU"),
            tax_reference_number: text("T"),
            vat_registration_number: text("V"),
        },
        devices: vec![Device {
            number: 52,
            platform: Platform::Browser,
            mac_address: text("00:00:5e:00:53:01"),
            serial_number: text("SN"),
            electronic_id: text("E"),
            registration_token: text("token"),
            application_id: text("app"),
            custom_fields: vec![Field {
                key: "colour".to_owned(),
                value: "red".to_owned(),
            }],
            registered_at: NOW,
        }],
        preferences: vec![Preference {
            purpose: PreferredFor::Rewards,
            organisation: 53,
        }],
        image: Some(Image {
            number: 61,
            format: ImageFormat::Webp,
            bytes: 62,
            size: Some((640, 480)),
            hash: [63; 16],
        }),
    }
}

pub(super) fn answered(number: u32) -> Answered {
    let digest = blake3::hash(&number.to_be_bytes());
    let mut key = [0; 16];
    key.copy_from_slice(&digest.as_bytes()[..16]);
    Answered {
        key: KeyHash(key),
        request: RequestHash([9; 16]),
        outcome: Outcome::Purchased(number),
        at: NOW,
    }
}

/// As it is after its first spill: the newest, and a filter of the others.
pub(super) fn remembered() -> Remembered {
    let mut remembered = Remembered::default();
    for number in 1..=128 {
        remembered.add(answered(number));
    }
    let [spilled] = &remembered.spill(64)[..] else {
        panic!("more layers than one");
    };
    assert_eq!((spilled.layer, spilled.answered.len()), (0, 64));
    remembered.recent = [answered(65)].into_iter().collect();
    remembered.add(Answered {
        outcome: Outcome::Created,
        ..answered(2)
    });
    remembered.add(Answered {
        outcome: Outcome::Done,
        ..answered(3)
    });
    remembered
}

pub(super) fn key_details(visibility: api_key::Visibility) -> api_key::Details {
    api_key::Details {
        name: "till".into(),
        visibility,
        gateway: api_key::Gateway::SelfService,
        scopes: api_key::Scopes(0b1_0101),
        organisation: Some(5),
        value_hash: [0xAB; 32],
        public_value: Some("pk_test_x".into()),
        lineage: 77,
        expires_at: Some(Timestamp(NOW.0 + 1)),
    }
}

/// A piece of an image.
pub(super) fn piece() -> media::Piece {
    media::Piece {
        of: 7,
        contact: 404,
        sealed: Arc::from([1, 2, 3]),
        asks_at: Some(NOW),
    }
}

pub(super) fn audit_page() -> audit::Page {
    let start = audit::Start {
        lines: 100,
        hash: [7; 32],
    };
    let entry = audit::Entry {
        actor: "key:1".to_owned(),
        masquerader: Some("user:2".to_owned()),
        operation: "api_keys.revoke".to_owned(),
        target: Some("3".to_owned()),
        outcome: audit::Outcome::Done,
    };
    audit::Page {
        start: Some(start),
        lines: vec![audit::Line::after(100, &start.hash, NOW, entry)],
    }
}
