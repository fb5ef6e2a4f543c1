//! A profile, and a change of one.

use super::fixtures::{NOW, sealed};
use crate::domain::contact::{Card, Change, ContactType, Field, Phone, PostalAddress, Profile};
use crate::domain::directory_entry::ValueHash;

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
        }],
        custom_fields: vec![Field {
            key: "shoe".to_owned(),
            value: "42".to_owned(),
        }],
        cards: vec![Card {
            identifier: "9000".to_owned(),
            added_at: NOW,
        }],
    }
}

pub(super) fn change() -> Change {
    Change {
        from_version: 3,
        attempt: 2,
        contact_type: ContactType::Company,
        profile: sealed(),
        code: "C-1003".into(),
        adds: vec![ValueHash([1; 16])],
        removes: vec![ValueHash([2; 16]), ValueHash([3; 16])],
    }
}
