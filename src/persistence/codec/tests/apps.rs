//! What a tenant sets up for its apps, and how much room it takes.

use super::fixtures;
use crate::domain::apps::{
    Application, Apps, CustomField, Event as Change, FieldEntity, FieldKind, Item, Place,
};
use crate::domain::entity::{Event, State};
use crate::limits::{
    APPLICATION_BYTES_MAX, APPLICATION_LIST_MAX, APPLICATION_PLACES_BYTES_MAX,
    CUSTOM_FIELD_TEXT_BYTES_MAX, ROW_BYTES_MAX,
};
use crate::persistence::codec;
use crate::secrets::SEAL_BYTES;

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

fn application() -> Application {
    Application {
        places: vec![Place {
            platform_id: "com.acme.app".into(),
            cloud_name: Some("eu".into()),
            version: Some("2.1".into()),
        }],
        sealed: vec![1, 2, 3].into(),
    }
}

pub(super) fn state() -> (&'static str, State) {
    let apps = Apps {
        fields: vec![(6, field())],
        applications: vec![(7, application())],
    };
    ("apps", State::Apps(Box::new(apps)))
}

pub(super) fn events() -> Vec<(&'static str, Event)> {
    let set = |number, item| Event::Apps(Change::Set(number, Box::new(item)));
    vec![
        ("apps_field_set", set(6, Item::Field(field()))),
        (
            "apps_application_set",
            set(7, Item::Application(application())),
        ),
        (
            "apps_application_removed",
            Event::Apps(Change::ApplicationRemoved(70_000)),
        ),
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
    let place = Place {
        platform_id: String::new(),
        cloud_name: Some(String::new()),
        version: Some(String::new()),
    };
    let longest = Place {
        platform_id: "x".repeat(APPLICATION_PLACES_BYTES_MAX),
        ..place.clone()
    };
    let mut places = vec![place; APPLICATION_LIST_MAX];
    places[0] = longest;
    let application = Application {
        places,
        sealed: vec![0; APPLICATION_BYTES_MAX + SEAL_BYTES].into(),
    };
    let apps = Apps {
        fields: vec![(u64::MAX, field); Apps::FIELDS_MAX],
        applications: vec![(u64::MAX, application); Apps::APPLICATIONS_MAX],
    };
    let state = State::Apps(Box::new(apps));
    let bytes = codec::encode_entity(&fixtures::entity(state, fixtures::remembered())).len();
    assert!(bytes < ROW_BYTES_MAX / 10 * 9, "{bytes} bytes");
}
