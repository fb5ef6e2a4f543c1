use super::*;

fn create() -> Command {
    Command::Create(Details {
        name: "Harbour".into(),
        currency: Currency::from_code("EUR").unwrap(),
        classifications: vec!["PURCHASE".into()],
        time_zone: crate::domain::calendar::Zone::utc(),
    })
}

/// A tenant that lived through `commands`, each of which must be accepted.
fn given(commands: impl IntoIterator<Item = Command>) -> Tenant {
    let mut tenant = Tenant::default();
    for command in commands {
        let events = tenant.decide(&command).unwrap();
        events.iter().for_each(|event| tenant.apply(event));
    }
    tenant
}

/// One way to list the entity of a number.
type Listing = fn(u64) -> Command;

const LISTINGS: [Listing; 4] = [
    |number| Command::ListOrganisation(number, None),
    |number| Command::ListOffer(Mode::Live, number),
    |number| Command::ListOffer(Mode::Test, number),
    |number| Command::ListApiKey(Mode::Live, number),
];

#[test]
fn a_tenant_is_created_once_and_lists_nothing_before() {
    assert_eq!(
        given([create()]).decide(&create()),
        Err(Rejection::TenantExists)
    );
    for listing in LISTINGS {
        assert_eq!(
            Tenant::default().decide(&listing(1)),
            Err(Rejection::UnknownTenant)
        );
    }
}

#[test]
fn what_is_listed_is_not_listed_again() {
    for listing in LISTINGS {
        let tenant = given([create(), listing(1), listing(2)]);
        assert_eq!(tenant.decide(&listing(1)), Ok(Vec::new()));
        assert!(
            tenant
                .decide(&listing(3))
                .is_ok_and(|events| events.len() == 1)
        );
    }
}

#[test]
fn the_same_number_in_another_mode_is_another_entity() {
    let tenant = given([
        create(),
        Command::ListOffer(Mode::Live, 1),
        Command::ListOffer(Mode::Test, 1),
    ]);
    assert_eq!(tenant.offers, [(Mode::Live, 1), (Mode::Test, 1)]);
}

#[test]
fn a_full_list_refuses_what_is_new_and_knows_what_it_has() {
    let [listed, offers] = [LISTED_MAX, OFFERS_A_MODE_MAX].map(|max| u64::try_from(max).unwrap());
    for (listing, max) in LISTINGS.into_iter().zip([listed, offers, offers, listed]) {
        let tenant = given(std::iter::once(create()).chain((1..=max).map(listing)));
        assert_eq!(tenant.decide(&listing(0)), Err(Rejection::ListFull));
        assert_eq!(tenant.decide(&listing(max)), Ok(Vec::new()));
    }
    let tenant = given(
        std::iter::once(create())
            .chain((1..=listed).map(|number| Command::ListOrganisation(number, None))),
    );
    assert!(
        tenant.decide(&Command::ListOffer(Mode::Live, 1)).is_ok(),
        "each list has its own room"
    );
}

#[test]
fn the_test_clock_only_goes_forward_and_not_beyond_its_end() {
    let by = |span| Command::AdvanceTestClock(Advance::By(span));
    let to = |ahead| Command::AdvanceTestClock(Advance::ToAhead(ahead));
    let day = Span::days(1);
    assert_eq!(
        Tenant::default().decide(&by(day)),
        Err(Rejection::UnknownTenant)
    );
    let tenant = given([
        create(),
        by(day),
        by(day),
        to(Span::days(5)),
        to(Span::days(5)),
    ]);
    assert_eq!(tenant.test_clock_ahead, Span::days(5));
    assert_eq!(tenant.decide(&to(day)), Err(Rejection::ClockGoesBack));
    assert_eq!(tenant.decide(&by(Span(-1))), Err(Rejection::ClockGoesBack));
    assert_eq!(
        tenant.decide(&by(TEST_CLOCK_AHEAD_MAX)),
        Err(Rejection::ClockTooFar)
    );
}

#[test]
fn no_two_organisations_have_a_tap_of_one_code() {
    let listed =
        |number, code: Option<&str>| Command::ListOrganisation(number, code.map(str::to_owned));
    let set = |number, code: Option<&str>| Command::SetTap(number, code.map(str::to_owned));
    let mut tenant = given([create(), listed(1, Some("A")), listed(2, None)]);
    for refused in [listed(3, Some("A")), set(2, Some("A"))] {
        assert_eq!(tenant.decide(&refused), Err(Rejection::TapTaken));
    }
    assert_eq!(
        tenant.decide(&set(3, Some("B"))),
        Err(Rejection::UnknownOrganisation)
    );
    assert_eq!(tenant.decide(&set(1, Some("A"))), Ok(Vec::new()));
    for command in [set(1, Some("B")), set(2, Some("A")), set(1, None)] {
        let events = tenant.decide(&command).unwrap();
        events.iter().for_each(|event| tenant.apply(event));
    }
    assert_eq!(tenant.taps, [(2, "A".to_owned())]);
    assert_eq!(
        tenant.decide(&listed(1, Some("A"))),
        Ok(Vec::new()),
        "it is listed"
    );
}
