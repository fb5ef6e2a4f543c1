//! What a tenant sets up for its apps, and how much room it takes.

use super::fixtures;
use crate::domain::apps::{Apps, CustomField, Event as Change, FieldEntity, FieldKind, Item};
use crate::domain::entity::{Event, State};
use crate::limits::{CUSTOM_FIELD_TEXT_BYTES_MAX, ROW_BYTES_MAX};
use crate::persistence::codec;

fn field() -> CustomField {
    CustomField {
        entity: FieldEntity::Devices,
        key: "shoe".into(),
        label: "Shoe size".into(),
        tooltip: Some("As in Europe".into()),
        visible: true,
        kind: FieldKind::Selection,
        options: vec!["39".into(), "40".into()],
    }
}

pub(super) fn state() -> (&'static str, State) {
    let apps = Apps {
        fields: vec![(6, field())],
    };
    ("apps", State::Apps(Box::new(apps)))
}

pub(super) fn events() -> Vec<(&'static str, Event)> {
    let set = |number, item| Event::Apps(Change::Set(number, Box::new(item)));
    vec![
        ("apps_field_set", set(6, Item::Field(field()))),
        (
            "apps_field_removed",
            Event::Apps(Change::FieldRemoved(70_000)),
        ),
    ]
}

#[test]
fn the_fullest_apps_take_under_nine_tenths_of_a_row() {
    let field = CustomField {
        label: "x".repeat(CUSTOM_FIELD_TEXT_BYTES_MAX),
        options: vec![String::new(); CustomField::OPTIONS_MAX],
        ..field()
    };
    let apps = Apps {
        fields: vec![(u64::MAX, field); Apps::FIELDS_MAX],
    };
    let state = State::Apps(Box::new(apps));
    let bytes = codec::encode_entity(&fixtures::entity(state, fixtures::remembered())).len();
    assert!(bytes < ROW_BYTES_MAX / 10 * 9, "{bytes} bytes");
}
