use super::*;
use crate::domain::money::Currency;

fn field(key: &str, kind: FieldKind) -> CustomField {
    CustomField {
        entity: FieldEntity::Contacts,
        key: key.into(),
        label: "Shoe size".into(),
        tooltip: None,
        visible: true,
        kind,
        options: vec!["39".into(), "40".into()],
    }
}

fn make(apps: &mut Apps, command: &Command) -> Result<usize, Rejection> {
    let events = apps.decide(command)?;
    events.iter().for_each(|event| apps.apply(event));
    Ok(events.len())
}

fn create(apps: &mut Apps, number: u64, field: CustomField) -> Result<usize, Rejection> {
    make(apps, &Command::Create(number, Box::new(Item::Field(field))))
}

fn change(apps: &mut Apps, number: u64, field: CustomField) -> Result<usize, Rejection> {
    make(apps, &Command::Change(number, Box::new(Item::Field(field))))
}

#[test]
fn a_key_is_defined_once_for_an_entity_and_free_again_once_it_is_removed() {
    let mut it = Apps::default();
    let shoe = field("shoe", FieldKind::Selection);
    assert_eq!(create(&mut it, 1, shoe.clone()), Ok(1));
    assert_eq!(create(&mut it, 1, shoe.clone()), Ok(0), "a retry");
    assert_eq!(create(&mut it, 2, shoe.clone()), Err(Rejection::KeyTaken));
    let of_devices = CustomField {
        entity: FieldEntity::Devices,
        ..shoe.clone()
    };
    assert_eq!(create(&mut it, 2, of_devices), Ok(1));
    let found: Vec<_> = it
        .fields_of(FieldEntity::Devices)
        .map(|(of, _)| of)
        .collect();
    assert_eq!(found, [&2]);
    assert_eq!(make(&mut it, &Command::RemoveField(1)), Ok(1));
    let again = make(&mut it, &Command::RemoveField(1));
    assert_eq!(again, Err(Rejection::Unknown));
    assert_eq!(create(&mut it, 3, shoe), Ok(1));
    assert_eq!(it.field(3).map(|it| &*it.key), Some("shoe"));
}

#[test]
fn what_values_mean_is_never_changed_under_them() {
    let mut it = Apps::default();
    let shoe = field("shoe", FieldKind::Number);
    create(&mut it, 1, shoe.clone()).unwrap();
    let renamed = CustomField {
        label: "Foot".into(),
        visible: false,
        ..shoe.clone()
    };
    assert_eq!(change(&mut it, 1, renamed.clone()), Ok(1));
    assert_eq!(it.field(1), Some(&renamed));
    for other in [
        field("foot", FieldKind::Number),
        field("shoe", FieldKind::Date),
        CustomField {
            entity: FieldEntity::Devices,
            ..shoe.clone()
        },
    ] {
        assert_eq!(change(&mut it, 1, other), Err(Rejection::Fixed));
    }
    assert_eq!(change(&mut it, 2, shoe.clone()), Err(Rejection::Unknown));
    assert_eq!(create(&mut it, 1, shoe), Err(Rejection::Exists));
}

#[test]
fn fields_have_an_end() {
    let mut it = Apps::default();
    let numbers = (0_u64..).take(Apps::FIELDS_MAX);
    for number in numbers {
        let one = field(&number.to_string(), FieldKind::Number);
        assert_eq!(create(&mut it, number, one), Ok(1));
    }
    let last = create(&mut it, 99, field("last", FieldKind::Number));
    assert_eq!(last, Err(Rejection::ListFull));
}

#[test]
fn values_are_of_the_kind_of_their_field() {
    let cases: [(FieldKind, &[&str], &[&str]); 11] = [
        (FieldKind::SingleLine, &["a b"], &["a\nb"]),
        (FieldKind::MultipleLines, &["a\nb"], &["a\u{0}"]),
        (FieldKind::Content, &["<b>a</b>\n"], &["\u{7}"]),
        (FieldKind::NumberingScheme, &["C-17"], &["C\n17"]),
        (FieldKind::Selection, &["39", "40"], &["41", "39 "]),
        (FieldKind::RadioButtons, &["40"], &["4"]),
        (
            FieldKind::Checkbox,
            &["true", "false"],
            &["yes", "True", "1"],
        ),
        (
            FieldKind::Timestamp,
            &["0", "1700000000"],
            &["-1", "1.5", "253402300800", "today", "+1"],
        ),
        (
            FieldKind::Date,
            &["2024-02-29", "1970-01-01"],
            &["2023-02-29", "20240229", "29.02.2024", "2024-2-29"],
        ),
        (
            FieldKind::Number,
            &["0", "-17.25", "1000000"],
            &["1,5", "1e3", "1_000", ".", "-", "1-2", "NaN"],
        ),
        (
            FieldKind::Amount,
            &["12.50", "-3", "1.500"],
            &["1.005", "x"],
        ),
    ];
    let euro = Currency::from_code("EUR").unwrap();
    for (kind, good, bad) in cases {
        let field = field("it", kind);
        let accepts = |value: &&str| field.accepts(value, euro);
        assert!(good.iter().all(accepts), "{kind:?} {good:?}");
        for value in bad {
            assert!(!accepts(value), "{kind:?} {value:?}");
        }
        assert!(field.accepts("", euro), "{kind:?}: none");
    }
    let yen = Currency::from_code("JPY").unwrap();
    assert!(!field("it", FieldKind::Amount).accepts("1.5", yen));
}

fn place(platform_id: &str, cloud_name: Option<&str>, version: Option<&str>) -> Place {
    Place {
        platform_id: platform_id.into(),
        cloud_name: cloud_name.map(Into::into),
        version: version.map(Into::into),
    }
}

fn application(places: Vec<Place>) -> Item {
    Item::Application(Application {
        places,
        sealed: vec![1].into(),
    })
}

#[test]
fn an_app_finds_the_application_that_says_most_of_what_it_does() {
    let mut it = Apps::default();
    for (number, places) in [
        (
            1,
            vec![place("a", None, None), place("b", Some("west"), Some("1"))],
        ),
        (2, vec![place("a", None, Some("2"))]),
        (3, vec![place("a", Some("west"), Some("2"))]),
    ] {
        let create = Command::Create(number, Box::new(application(places)));
        assert_eq!(make(&mut it, &create), Ok(1));
    }
    for (at, found) in [
        (place("a", None, None), Some(1)),
        (place("a", None, Some("2")), Some(2)),
        (place("a", Some("west"), Some("2")), Some(3)),
        (place("a", Some("east"), Some("2")), Some(2)),
        (place("a", None, Some("3")), Some(1)),
        (place("b", None, None), Some(1)),
        (place("b", Some("east"), None), None),
        (place("b", None, Some("2")), None),
        (place("c", None, None), None),
    ] {
        let of = it.application_at(&at).map(|(number, _)| *number);
        assert_eq!(of, found, "{at:?}");
    }
    assert_eq!(make(&mut it, &Command::RemoveApplication(3)), Ok(1));
    let gone = it.application_at(&place("a", Some("west"), Some("2")));
    assert_eq!(gone.map(|(number, _)| *number), Some(2));
    let again = make(&mut it, &Command::RemoveApplication(3));
    assert_eq!(again, Err(Rejection::Unknown));
}

#[test]
fn no_place_has_two_applications_and_applications_have_an_end() {
    let mut it = Apps::default();
    let a = || vec![place("a", None, None)];
    let create = |number, places| Command::Create(number, Box::new(application(places)));
    assert_eq!(make(&mut it, &create(1, a())), Ok(1));
    assert_eq!(make(&mut it, &create(2, a())), Err(Rejection::PlaceTaken));
    let twice = create(2, vec![place("b", None, None), place("b", None, None)]);
    assert_eq!(make(&mut it, &twice), Err(Rejection::PlaceTaken));
    let changed = vec![place("a", None, None), place("c", None, None)];
    let change = Command::Change(1, Box::new(application(changed)));
    assert_eq!(make(&mut it, &change), Ok(1), "its own place");
    for number in (2_u64..).take(Apps::APPLICATIONS_MAX - 1) {
        let own = vec![place(&number.to_string(), None, None)];
        assert_eq!(make(&mut it, &create(number, own)), Ok(1));
    }
    let last = create(99, vec![place("last", None, None)]);
    assert_eq!(make(&mut it, &last), Err(Rejection::ListFull));
}
