use super::*;
use rust_decimal::Decimal;

use crate::domain::calendar::{Local, Zone};
use crate::domain::time::Timestamp;

fn offer(conditions: Conditions) -> Offer {
    Offer {
        conditions,
        ..Offer::new("Five back", Award::Percentage(Percent(Decimal::from(5))))
    }
}

/// 2026-06-01, a Monday, at 12:00 UTC.
const NOON: Timestamp = Timestamp(1_780_315_200_000);

const BASIS: Basis<'_> = Basis {
    total: Minor(2_000),
    paid: Minor(1_000),
    classification: "PURCHASE",
    made_at: NOON,
};

/// Somebody of segment 5, tier 6 and scheme 7.
struct Somebody;

impl Buyer for Somebody {
    fn is_in_segment(&self, segment: u64) -> bool {
        segment == 5
    }

    fn has_tier(&self, tier: u64) -> bool {
        tier == 6
    }

    fn is_member_of(&self, scheme: u64) -> bool {
        scheme == 7
    }
}

/// A sale of one product at organisation 4, which lies below 3.
struct Sold(Zone);

impl Sale for Sold {
    fn is_within(&self, organisation: u64) -> bool {
        [3, 4].contains(&organisation)
    }

    fn has_product(&self, product: &str) -> bool {
        product == "SKU-1"
    }

    fn zone(&self) -> &Zone {
        &self.0
    }
}

fn evaluate(conditions: Conditions) -> Result<Minor, NoAward> {
    offer(conditions).evaluate(BASIS, &Sold(Zone::utc()), &Somebody)
}

#[test]
fn a_share_is_of_what_is_paid() {
    assert_eq!(evaluate(Conditions::default()), Ok(Minor(50)));
}

#[test]
fn each_condition_qualifies_and_refuses_with_its_own_reason() {
    let any = Conditions::default;
    let texts = |texts: &[&str]| texts.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    let after = |ms| Timestamp(NOON.0 + ms);
    let hours = |days, from, until| vec![Hours { days, from, until }];
    const MONDAY: u8 = 1;
    let minimum = |cents| Conditions {
        minimum_total: Some(Minor(cents)),
        ..any()
    };
    let classified = |names: &[&str]| Conditions {
        classifications: texts(names),
        ..any()
    };
    let at = |organisations: &[u64]| Conditions {
        organisations: organisations.to_vec(),
        ..any()
    };
    let of = |products: &[&str]| Conditions {
        products: texts(products),
        ..any()
    };
    let from = |starts_at| Conditions {
        starts_at: Some(starts_at),
        ..any()
    };
    let until = |ends_at| Conditions {
        ends_at: Some(ends_at),
        ..any()
    };
    let during = |hours| Conditions { hours, ..any() };
    let in_segments = |segments: &[u64]| Conditions {
        segments: segments.to_vec(),
        ..any()
    };
    let members = |schemes: &[u64]| Conditions {
        schemes: schemes.to_vec(),
        ..any()
    };
    let of_tiers = |tiers: &[u64]| Conditions {
        tiers: tiers.to_vec(),
        ..any()
    };
    for (qualifies, refuses, why) in [
        (
            in_segments(&[1, 5]),
            in_segments(&[1]),
            NoAward::OtherSegment,
        ),
        (members(&[1, 7]), members(&[1]), NoAward::NotAMember),
        (of_tiers(&[1, 6]), of_tiers(&[1]), NoAward::OtherTier),
        (minimum(2_000), minimum(2_001), NoAward::BelowMinimum),
        (
            classified(&["FUEL", "PURCHASE"]),
            classified(&["FUEL"]),
            NoAward::OtherClassification,
        ),
        (at(&[9, 3]), at(&[9]), NoAward::OtherOrganisation),
        (
            of(&["SKU-9", "SKU-1"]),
            of(&["SKU-9"]),
            NoAward::OtherProducts,
        ),
        (from(NOON), from(after(1)), NoAward::NotStarted),
        (until(after(1)), until(NOON), NoAward::Ended),
        (
            during(hours(MONDAY, 720, 721)),
            during(hours(MONDAY, 700, 720)),
            NoAward::OtherHours,
        ),
        (
            during([hours(MONDAY, 0, 60), hours(127, 700, 800)].concat()),
            during(hours(127 - MONDAY, 720, 721)),
            NoAward::OtherHours,
        ),
    ] {
        assert_eq!(evaluate(qualifies.clone()), Ok(Minor(50)), "{qualifies:?}");
        assert_eq!(evaluate(refuses), Err(why));
    }
    let tiny = Basis {
        paid: Minor(9),
        ..BASIS
    };
    let tiny = offer(any()).evaluate(tiny, &Sold(Zone::utc()), &Somebody);
    assert_eq!(tiny, Err(NoAward::RoundsToNothing));
    let inactive = Offer {
        life_cycle: LifeCycle::Inactive,
        ..offer(any())
    };
    let refused = inactive.evaluate(BASIS, &Sold(Zone::utc()), &Somebody);
    assert_eq!(refused, Err(NoAward::Inactive));
}

#[test]
fn hours_past_midnight_belong_to_the_day_on_which_they_begin() {
    const SUNDAY: u8 = 64;
    let night = Hours {
        days: SUNDAY,
        from: 22 * 60,
        until: 2 * 60,
    };
    let contain = |weekday, minute| {
        night.contain(Local {
            day: 0,
            weekday,
            minute,
        })
    };
    assert!(contain(6, 22 * 60) && contain(6, 1_439) && contain(0, 119));
    assert!(!contain(6, 22 * 60 - 1) && !contain(0, 120) && !contain(6, 119) && !contain(0, 1_320));
}

#[test]
fn a_happy_hour_is_that_of_the_clock_on_the_wall_in_summer_and_in_winter() {
    let happy = offer(Conditions {
        hours: vec![Hours {
            days: 127,
            from: 17 * 60,
            until: 18 * 60,
        }],
        ..Conditions::default()
    });
    let berlin = Sold(Zone::named("Europe/Berlin").unwrap());
    let given = |at: &str| {
        let at: jiff::Timestamp = at.parse().unwrap();
        let basis = Basis {
            made_at: Timestamp(at.as_millisecond()),
            ..BASIS
        };
        happy.evaluate(basis, &berlin, &Somebody).is_ok()
    };
    // Summer time ends on 2026-10-25.
    assert!(given("2026-10-24T15:30:00Z") && !given("2026-10-24T16:30:00Z"));
    assert!(!given("2026-10-25T15:30:00Z") && given("2026-10-25T16:30:00Z"));
}

#[test]
fn an_offer_changes_all_but_its_life_cycle_and_budget() {
    let mut state = state(Some(100));
    state.apply(&Event::LifeCycleChanged(LifeCycle::Inactive));
    let wanted = Offer::new("Ten", Award::Fixed(Minor(10)));
    let events = state
        .decide(&Command::Change(Box::new(wanted.clone())))
        .unwrap();
    events.iter().for_each(|event| state.apply(event));
    let changed = Offer {
        life_cycle: LifeCycle::Inactive,
        budget: Some(Minor(100)),
        ..wanted.clone()
    };
    assert_eq!(state.offer.as_deref(), Some(&changed));
    let again = [
        Command::Change(Box::new(wanted)),
        Command::ChangeAward(Award::Fixed(Minor(10))),
        Command::ChangeLifeCycle(LifeCycle::Inactive),
    ];
    for command in &again {
        assert_eq!(state.decide(command), Ok(Vec::new()), "it is so already");
        assert_eq!(
            State::default().decide(command),
            Err(Rejection::UnknownOffer)
        );
    }
    let other = state
        .decide(&Command::ChangeAward(Award::Fixed(Minor(11))))
        .unwrap();
    other.iter().for_each(|event| state.apply(event));
    assert_eq!(state.offer.unwrap().award, Award::Fixed(Minor(11)));
}

fn state(budget: Option<i64>) -> State {
    let mut state = State::default();
    state.apply(&Event::Created(Box::new(Offer {
        budget: budget.map(Minor),
        ..offer(Conditions::default())
    })));
    state
}

fn lend(state: &State, shards: u16, at_least: i64) -> Result<Vec<Event>, Rejection> {
    state.decide(&Command::Lend {
        shard: 3,
        shards,
        at_least: Minor(at_least),
    })
}

#[test]
fn a_slice_leaves_something_for_every_shard() {
    let lent = |budget, shards, at_least| match &lend(&state(Some(budget)), shards, at_least)
        .unwrap()[..]
    {
        [Event::Lent(3, total)] => total.0,
        other => panic!("{other:?}"),
    };
    assert_eq!(lent(80_000, 4, 100), 10_000);
    assert_eq!(lent(700, 4, 100), 100, "but what is needed, in any case");
    assert_eq!(lent(100, 4, 100), 100);
}

#[test]
fn what_is_short_is_not_lent_in_part() {
    let available = Minor(100);
    assert_eq!(
        lend(&state(Some(100)), 4, 101),
        Err(Rejection::BudgetShort { available })
    );
    assert_eq!(lend(&state(None), 4, 1), Err(Rejection::NoBudget));
    assert_eq!(lend(&State::default(), 4, 1), Err(Rejection::NoBudget));
}

#[test]
fn a_shard_is_lent_no_more_than_can_be_stored() {
    let mut state = state(Some(i64::MAX));
    state.apply(&Event::Lent(3, Lending::TOTAL_MAX));
    assert!(matches!(
        lend(&state, 4096, 1),
        Err(Rejection::BudgetShort { .. })
    ));
}

#[test]
fn what_comes_back_can_be_lent_again_and_counts_once() {
    let mut state = state(Some(100));
    state.apply(&Event::Lent(3, Minor(100)));
    assert_eq!(state.available(), Some(Minor::ZERO));
    let take_back = Command::TakeBack(vec![(3, Minor(60)), (4, Minor(9))]);
    let events = state.decide(&take_back).unwrap();
    assert_eq!(
        events,
        [Event::TakenBack(vec![(3, Minor(60))])],
        "shard 4 has nothing to return"
    );
    events.iter().for_each(|event| state.apply(event));
    assert_eq!(state.available(), Some(Minor(60)));
    assert_eq!(state.decide(&take_back), Ok(Vec::new()));
}
