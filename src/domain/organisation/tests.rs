use super::*;

fn venue() -> Organisation {
    Organisation {
        name: "Quay".into(),
        role: Role::Venue,
        parent: Some(3),
        time_zone: Zone::named("Europe/Athens"),
        shares_contacts: false,
    }
}

#[test]
fn an_organisation_is_created_once_and_changes_only_then() {
    let mut state = State::default();
    let create = Command::Create(venue());
    let change = Command::Change(Change::default());
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
    ];
    for change in changes {
        let events = state.decide(&Command::Change(change)).unwrap();
        events.iter().for_each(|event| state.apply(event));
    }
    let expected = Organisation {
        name: "Pier".into(),
        time_zone: None,
        shares_contacts: true,
        ..venue()
    };
    assert_eq!(state.0, Some(expected));
}

#[test]
fn a_network_goes_from_its_owner_down_to_venues() {
    let roles = [
        Role::ServiceOwner,
        Role::Business,
        Role::Merchant,
        Role::Venue,
    ];
    let below = |parent| {
        roles
            .into_iter()
            .filter(move |role| role.lies_below(parent))
    };
    assert!(below(Role::ServiceOwner).eq([Role::Business, Role::Merchant]));
    assert!(below(Role::Business).eq([Role::Merchant]));
    assert!(below(Role::Merchant).eq([Role::Venue]));
    assert!(below(Role::Venue).eq([]));
}
