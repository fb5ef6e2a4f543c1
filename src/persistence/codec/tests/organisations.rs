//! Organisations, and what they show of themselves.

use std::sync::Arc;

use super::fixtures;
use crate::domain::address::Kind;
use crate::domain::calendar::Zone;
use crate::domain::contact::Field;
use crate::domain::entity::{Event, State};
use crate::domain::offer::Hours;
use crate::domain::organisation::{
    self, Address, ContactInfo, Opening, Operation, Organisation, Position, Profile, Reach, Role,
    ShortTerm, Subject, Supply, Word,
};
use crate::limits::{
    NAME_CHARS_MAX, ORGANISATION_ADDRESSES_BYTES_MAX, ORGANISATION_CONTACT_INFO_BYTES_MAX,
    ORGANISATION_DESCRIPTION_BYTES_MAX, ORGANISATION_FIELDS_BYTES_MAX, ORGANISATION_HOURS_MAX,
    ORGANISATION_PARTS_MAX, ORGANISATION_TAGS_MAX, ORGANISATION_WORD_CHARS_MAX,
    ORGANISATION_WORDS_MAX, PROFILE_LIST_MAX, RECORD_BYTES_MAX, ROW_BYTES_MAX, TAG_CHARS_MAX,
};
use crate::persistence::codec;

/// The widest letter.
const WIDE: &str = "\u{1F3C5}";

fn profile() -> Profile {
    Profile {
        description: Some("By the water".into()),
        industry: Some(Word::of(Subject::Industry, "Food")),
        industry_sectors: vec![Word::of(Subject::Sector, "Cafes")],
        business_activities: vec![Word::of(Subject::Activity, "Coffee")],
        addresses: vec![Address {
            number: 1,
            name: Some("Front".into()),
            address_line_1: "1 Quay".into(),
            address_line_2: Some("First floor".into()),
            state_province_county: Some("Kent".into()),
            town_city: "Dover".into(),
            postal_code: "CT16 1AA".into(),
            country_code: "GBR".into(),
            care_of: Some("Harbour master".into()),
            position: Some(Position {
                lat: 511_000_000,
                lon: -13_000_000,
            }),
            google_place_id: Some("ChIJ".into()),
            is_primary: true,
            is_billing: false,
            is_test_mode: true,
        }],
        contact_info: [Reach::Email, Reach::Phone]
            .map(|reach| ContactInfo {
                number: 2,
                name: Some("Desk".into()),
                reach,
                value: "+442079460018".into(),
                country_code: Some("GBR".into()),
            })
            .into(),
        operation: Operation {
            opening_hours: [Supply::Any, Supply::Delivery, Supply::PickUp]
                .map(|supply| opening(supply, 540))
                .into(),
            short_term: vec![ShortTerm {
                supply: Supply::Delivery,
                is_closed: true,
            }],
        },
        tags: vec!["sea".into()],
        custom_fields: vec![field("colour")],
        parts: 2,
    }
}

fn opening(supply: Supply, from: u16) -> Opening {
    let hours = Hours {
        days: 64,
        from,
        until: 1_020,
    };
    Opening { supply, hours }
}

fn field(key: &str) -> Field {
    Field {
        key: key.to_owned(),
        value: "blue".into(),
    }
}

pub(super) fn organisation(role: Role) -> Organisation {
    Organisation {
        name: "Quay".into(),
        role,
        parent: Some(3),
        time_zone: None,
        shares_contacts: true,
        profile: match role {
            Role::Venue => Arc::new(profile()),
            Role::ServiceOwner
            | Role::Operator
            | Role::TransactionProcessor
            | Role::Business
            | Role::Organisation
            | Role::Merchant => Arc::default(),
        },
    }
}

/// An organisation of each type, and none.
pub(super) fn states() -> Vec<(&'static str, State)> {
    let state = |it| State::Organisation(organisation::State(it));
    let of = |role| state(Some(organisation(role)));
    vec![
        ("organisation_absent", state(None)),
        ("organisation_service_owner", of(Role::ServiceOwner)),
        ("organisation_business", of(Role::Business)),
        ("organisation_merchant", of(Role::Merchant)),
        ("organisation_venue", of(Role::Venue)),
        ("organisation_operator", of(Role::Operator)),
        ("organisation_processor", of(Role::TransactionProcessor)),
        ("organisation_grouping", of(Role::Organisation)),
    ]
}

pub(super) fn events() -> Vec<(&'static str, Event)> {
    let event = Event::Organisation;
    let zone = Zone::named("Asia/Tokyo");
    vec![
        (
            "organisation_created",
            event(organisation::Event::Created(organisation(Role::Venue))),
        ),
        (
            "organisation_changed",
            event(organisation::Event::Changed("Pier".into(), zone)),
        ),
        (
            "organisation_sharing_set",
            event(organisation::Event::SharingSet(true)),
        ),
        (
            "organisation_profile_set",
            event(organisation::Event::ProfileSet(Arc::new(profile()))),
        ),
    ]
}

/// As much of everything as its bounds allow, and then some: each of the texts that a sum bounds has all of it.
fn fullest() -> Profile {
    let word = |subject| Word {
        number: u64::MAX,
        ..Word::of(subject, &WIDE.repeat(ORGANISATION_WORD_CHARS_MAX))
    };
    let text = |bytes: usize| "x".repeat(bytes / ORGANISATION_PARTS_MAX);
    let address = Address {
        number: u32::MAX,
        name: Some(String::new()),
        address_line_1: text(ORGANISATION_ADDRESSES_BYTES_MAX),
        position: Some(Position {
            lat: i32::MIN,
            lon: i32::MIN,
        }),
        ..profile().addresses.remove(0)
    };
    let info = ContactInfo {
        number: u32::MAX,
        value: text(ORGANISATION_CONTACT_INFO_BYTES_MAX),
        ..profile().contact_info.remove(0)
    };
    let field = Field {
        key: "x".repeat(ORGANISATION_FIELDS_BYTES_MAX / PROFILE_LIST_MAX),
        value: String::new(),
    };
    Profile {
        description: Some("x".repeat(ORGANISATION_DESCRIPTION_BYTES_MAX)),
        industry: Some(word(Subject::Industry)),
        industry_sectors: vec![word(Subject::Sector); ORGANISATION_WORDS_MAX],
        business_activities: vec![word(Subject::Activity); ORGANISATION_WORDS_MAX],
        addresses: vec![address; ORGANISATION_PARTS_MAX],
        contact_info: vec![info; ORGANISATION_PARTS_MAX],
        operation: Operation {
            opening_hours: vec![opening(Supply::PickUp, 1_439); ORGANISATION_HOURS_MAX],
            short_term: vec![
                ShortTerm {
                    supply: Supply::Any,
                    is_closed: true
                };
                3
            ],
        },
        tags: vec![WIDE.repeat(TAG_CHARS_MAX); ORGANISATION_TAGS_MAX],
        custom_fields: vec![field; PROFILE_LIST_MAX],
        parts: u32::MAX,
    }
}

#[test]
fn the_fullest_organisation_takes_under_half_of_a_row_and_of_a_record() {
    let organisation = Organisation {
        name: WIDE.repeat(NAME_CHARS_MAX),
        profile: Arc::new(fullest()),
        ..organisation(Role::Venue)
    };
    let created = Event::Organisation(organisation::Event::Created(organisation.clone()));
    let record = codec::encode_effect(
        &fixtures::address(Kind::Organisation),
        &fixtures::effect(created),
    );
    assert!(record.len() < RECORD_BYTES_MAX / 2, "{}", record.len());
    let state = State::Organisation(organisation::State(Some(organisation)));
    let row = codec::encode_entity(&fixtures::entity(state, fixtures::remembered()));
    assert!(row.len() < ROW_BYTES_MAX / 2, "{} bytes", row.len());
    assert!(codec::decode_entity(&row).is_ok());
}
