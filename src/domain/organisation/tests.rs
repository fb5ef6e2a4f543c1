use super::*;
use crate::domain::calendar::Local;
use crate::domain::offer::Hours;

fn venue() -> Organisation {
    Organisation {
        name: "Quay".into(),
        role: Role::Venue,
        parent: Some(3),
        time_zone: Zone::named("Europe/Athens"),
        shares_contacts: false,
        profile: Default::default(),
    }
}

#[test]
fn an_organisation_is_created_once_and_changes_only_then() {
    let mut state = State::default();
    let create = Command::Create(venue());
    let change = Command::Change(Box::default());
    assert_eq!(state.decide(&change), Err(Rejection::UnknownOrganisation));
    let events = state.decide(&create).unwrap();
    events.iter().for_each(|event| state.apply(event));
    assert_eq!(state.decide(&create), Err(Rejection::OrganisationExists));
    assert_eq!(state.decide(&change), Ok(Vec::new()));
}

#[test]
fn what_a_change_does_not_name_stays() {
    let mut state = State(Some(venue()));
    let changes = [
        Change {
            name: Some("Pier".into()),
            ..Change::default()
        },
        Change {
            time_zone: Some(None),
            ..Change::default()
        },
        Change {
            shares_contacts: Some(true),
            ..Change::default()
        },
        Change {
            profile: ProfileChange {
                description: Some(Some("By the water".into())),
                tags: Some(vec!["sea".into()]),
                ..ProfileChange::default()
            },
            ..Change::default()
        },
        Change {
            profile: ProfileChange {
                description: Some(None),
                ..ProfileChange::default()
            },
            ..Change::default()
        },
    ];
    for change in changes {
        let events = state.decide(&Command::Change(Box::new(change))).unwrap();
        events.iter().for_each(|event| state.apply(event));
    }
    let expected = Organisation {
        name: "Pier".into(),
        time_zone: None,
        shares_contacts: true,
        profile: Arc::new(Profile {
            tags: vec!["sea".into()],
            ..Profile::default()
        }),
        ..venue()
    };
    assert_eq!(state.0, Some(expected));
}

const ROLES: [Role; 7] = [
    Role::ServiceOwner,
    Role::Operator,
    Role::TransactionProcessor,
    Role::Business,
    Role::Organisation,
    Role::Merchant,
    Role::Venue,
];

#[test]
fn a_network_goes_from_its_owner_down_to_venues() {
    let below = |part| ROLES.into_iter().filter(move |role| role.lies_below(part));
    assert!(below(Role::ServiceOwner).eq([
        Role::Operator,
        Role::TransactionProcessor,
        Role::Business,
        Role::Organisation,
        Role::Merchant,
    ]));
    assert!(below(Role::Operator).eq([
        Role::TransactionProcessor,
        Role::Business,
        Role::Organisation,
        Role::Merchant,
    ]));
    assert!(below(Role::TransactionProcessor).eq([
        Role::Business,
        Role::Organisation,
        Role::Merchant,
    ]));
    assert!(below(Role::Business).eq([Role::Organisation, Role::Merchant]));
    assert!(below(Role::Merchant).eq([Role::Organisation, Role::Venue]));
    assert!(below(Role::Venue).eq([]));
    // What only holds others together has no part of its own: that of the one above it counts.
    assert!(below(Role::Organisation).eq([]));
}

#[test]
fn who_runs_or_holds_together_sells_nothing() {
    let sell = ROLES.into_iter().filter(|role| role.sells());
    assert!(sell.eq([Role::Merchant, Role::Venue]));
    let take = ROLES.into_iter().filter(|role| role.takes_purchases());
    assert!(take.eq([
        Role::ServiceOwner,
        Role::Business,
        Role::Merchant,
        Role::Venue
    ]));
}

/// The numbers of the addresses, and of the ways to reach it.
fn numbers(profile: &Profile) -> (Vec<u32>, Vec<u32>) {
    (
        profile.addresses.iter().map(|it| it.number).collect(),
        profile.contact_info.iter().map(|it| it.number).collect(),
    )
}

#[test]
fn the_number_of_a_part_is_never_used_again() {
    let address = |number| Address {
        number,
        ..Address::default()
    };
    let info = ContactInfo {
        number: 0,
        name: None,
        reach: Reach::Phone,
        value: "+442079460018".into(),
        country_code: None,
    };
    let set = |before: &Profile, addresses: &[u32]| {
        let change = ProfileChange {
            addresses: Some(addresses.iter().copied().map(address).collect()),
            ..ProfileChange::default()
        };
        change.on(before)
    };
    let two = set(&Profile::default(), &[0, 0]);
    assert_eq!(numbers(&two), (vec![1, 2], vec![]));
    let reached = ProfileChange {
        contact_info: Some(vec![info]),
        ..ProfileChange::default()
    };
    let three = reached.on(&two);
    assert_eq!(numbers(&three), (vec![1, 2], vec![3]));
    let none = set(&three, &[]);
    let other = set(&none, &[0, 2]);
    assert_eq!(numbers(&other), (vec![4, 2], vec![3]));
}

fn opening(supply: Supply, weekday: u8, from: u16, until: u16) -> Opening {
    let hours = Hours {
        days: 1 << weekday,
        from,
        until,
    };
    Opening { supply, hours }
}

const fn at(weekday: u8, minute: u16) -> Local {
    Local {
        day: 0,
        weekday,
        minute,
    }
}

#[test]
fn a_place_is_open_by_its_hours_over_midnight_and_for_what_they_are() {
    const NOON: u16 = 12 * 60;
    let operation = Operation {
        opening_hours: vec![
            opening(Supply::PickUp, 0, NOON, NOON + 60),
            // Sunday night, into Monday.
            opening(Supply::Any, 6, 23 * 60, 60),
        ],
        short_term: Vec::new(),
    };
    for (supply, local, expected) in [
        (Supply::PickUp, at(0, NOON), true),
        (Supply::Any, at(0, NOON), true),
        (Supply::Delivery, at(0, NOON), false),
        (Supply::PickUp, at(0, NOON + 60), false),
        (Supply::PickUp, at(0, NOON - 1), false),
        (Supply::PickUp, at(1, NOON), false),
        (Supply::Delivery, at(6, 23 * 60), true),
        (Supply::Delivery, at(0, 59), true),
        (Supply::Delivery, at(0, 60), false),
        (Supply::Any, at(6, 59), false),
    ] {
        let is_open = operation.is_open(supply, local);
        assert_eq!(is_open, expected, "{supply:?} {local:?}");
    }
    assert!(!Operation::default().is_open(Supply::Any, at(0, NOON)));
}

#[test]
fn what_is_closed_for_the_time_being_is_closed_whatever_the_hours_are() {
    let closed = |supply, is_closed| Operation {
        opening_hours: vec![
            opening(Supply::Any, 0, 0, 0),
            opening(Supply::Delivery, 0, 0, 0),
        ],
        short_term: vec![ShortTerm { supply, is_closed }],
    };
    for (operation, supply, expected) in [
        (closed(Supply::Delivery, true), Supply::Delivery, false),
        (closed(Supply::Delivery, true), Supply::PickUp, true),
        (closed(Supply::Delivery, true), Supply::Any, true),
        (closed(Supply::Any, true), Supply::PickUp, false),
        (closed(Supply::Any, true), Supply::Any, false),
        (closed(Supply::Any, false), Supply::Any, true),
    ] {
        let is_open = operation.is_open(supply, at(0, 1));
        assert_eq!(is_open, expected, "{supply:?} {operation:?}");
    }
}

#[test]
fn a_word_has_one_number_for_each_thing_that_it_says() {
    let number = Word::of(Subject::Activity, "Coffee").number;
    assert_eq!(Word::number_of(Subject::Activity, " COFFEE "), number);
    assert_ne!(Word::number_of(Subject::Industry, "Coffee"), number);
    assert_ne!(Word::number_of(Subject::Sector, "Coffee"), number);
    assert_ne!(Word::number_of(Subject::Activity, "Tea"), number);
}
