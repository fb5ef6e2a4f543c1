use std::sync::Arc;

use super::ledger_tests::{contact, make};
use super::tests::{VENUE, context, purchase, record, tenant};
use super::*;
use crate::domain::calendar;
use crate::domain::configuration::{
    ActivityRule, Configuration, Measure, Segment, Tier, TierPeriod, Tiering,
};
use crate::domain::context::Context;
use crate::domain::money::Minor;
use crate::domain::offer::NoAward;
use crate::domain::time::{Span, Timestamp};

const SILVER: u64 = 21;
const GOLD: u64 = 22;

/// The beginning of a month, counted from January 1970.
fn month(number: i32) -> Timestamp {
    let day = calendar::first_day_of(calendar::month_of(0) + number);
    calendar::Zone::utc().begin_of(day)
}

/// At a time, in a tenant with silver from 100 units on and gold from 200, a unit a euro, by the quarter; and what `change` makes
/// of that.
fn at(now: Timestamp, change: impl FnOnce(&mut Configuration)) -> Context {
    let tier = |value_units| Tier {
        value_units,
        ..Tier::default()
    };
    let mut rewards = Configuration {
        tiers: vec![(SILVER, tier(100)), (GOLD, tier(200))],
        tiering: Tiering {
            period: TierPeriod::Quarter,
            ..Tiering::default()
        },
        ..Configuration::default()
    };
    change(&mut rewards);
    let mut view = (*tenant(None)).clone();
    view.rewards = Arc::new(rewards);
    Context {
        tenant: Some(Arc::new(view)),
        ..context(now, None)
    }
}

fn tier(contact: &Contact, context: &Context) -> Option<u64> {
    let loyalty = contact.loyalty.as_ref()?;
    loyalty.tier_at(context.tenant.as_ref().unwrap(), context.now)
}

fn since(contact: &Contact, context: &Context) -> Option<Timestamp> {
    let loyalty = contact.loyalty.as_ref()?;
    loyalty.tier_since(context.tenant.as_ref().unwrap(), context.now)
}

#[test]
fn nothing_is_counted_where_nothing_goes_by_it() {
    let mut contact = contact();
    record(
        &mut contact,
        &purchase(50_000, None),
        &context(month(1), None),
    );
    assert_eq!(contact.loyalty, None);
}

#[test]
fn a_tier_is_reached_by_a_purchase_and_lost_after_the_period_that_follows() {
    let mut contact = contact();
    let now = |number| at(month(number), |_| {});
    record(&mut contact, &purchase(9_999, None), &now(1));
    assert_eq!(tier(&contact, &now(1)), None);
    let events = contact.decide(&purchase(1, None), &now(2)).unwrap();
    let told = events.iter().any(|event| {
        matches!(event, Event::TierReached(Reached { tier: Some(SILVER), at }) if *at == month(2))
    });
    assert!(told, "{events:?}");
    record(&mut contact, &purchase(1, None), &now(2));
    // January to March, and April to June.
    for number in [2, 3, 5] {
        assert_eq!(tier(&contact, &now(number)), Some(SILVER), "{number}");
        assert_eq!(since(&contact, &now(number)), Some(month(2)));
    }
    let just_before = Timestamp(month(6).0 - 1);
    assert_eq!(tier(&contact, &at(just_before, |_| {})), Some(SILVER));
    assert_eq!(tier(&contact, &now(6)), None);
    assert_eq!(since(&contact, &now(8)), Some(month(6)), "when it fell");

    // What is bought in the second quarter alone keeps no tier that the first reached.
    let mut contact = self::contact();
    record(&mut contact, &purchase(20_000, None), &now(0));
    record(&mut contact, &purchase(15_000, None), &now(4));
    assert_eq!(tier(&contact, &now(5)), Some(GOLD));
    assert_eq!(tier(&contact, &now(6)), Some(SILVER));
    assert_eq!(since(&contact, &now(7)), Some(month(6)));
    let events = contact.decide(&purchase(100, None), &now(7)).unwrap();
    let fell = events.iter().find_map(|event| {
        if let Event::TierReached(reached) = event {
            return Some(*reached);
        }
        None
    });
    let told = Reached {
        tier: Some(SILVER),
        at: month(6),
    };
    assert_eq!(fell, Some(told), "told with the next purchase");
}

#[test]
fn what_is_cancelled_or_returned_counts_no_longer() {
    let mut contact = contact();
    let now = |number| at(month(number), |_| {});
    record(&mut contact, &purchase(12_000, None), &now(0));
    record(&mut contact, &purchase(3_000, None), &now(1));
    let rate = |it: &mut Configuration| it.tiering.conversion_rate = 100;
    // The rate has changed since: what was counted is taken back.
    let later = at(month(1), rate);
    let cancel = Command::CancelPurchase(CancelPurchase {
        number: 1,
        found: None,
    });
    make(&mut contact, &cancel, &later);
    let loyalty = contact.loyalty.clone().unwrap();
    assert_eq!(loyalty.lifetime, Minor(3_000));
    assert_eq!(loyalty.months[0].visits, 0);
    assert_eq!(tier(&contact, &now(1)), None);
    make(&mut contact, &cancel, &later);
    assert_eq!(contact.loyalty.clone().unwrap(), loyalty, "once");

    let back = Command::TakeReturn(AdHocReturn {
        of: ReturnOf {
            organisation: VENUE,
            amount: Minor(1_000),
            ..ReturnOf::default()
        },
        currency: None,
        award: Minor::ZERO,
        spend: Minor::ZERO,
    });
    make(&mut contact, &back, &now(1));
    assert_eq!(contact.loyalty.unwrap().lifetime, Minor(2_000));
}

#[test]
fn who_falls_by_a_cancellation_or_a_return_has_the_lower_tier_from_then_on() {
    let mut contact = contact();
    let now = |number| at(month(number), |_| {});
    record(&mut contact, &purchase(15_000, None), &now(0));
    record(&mut contact, &purchase(6_000, None), &now(1));
    assert_eq!(tier(&contact, &now(1)), Some(GOLD));
    assert_eq!(since(&contact, &now(1)), Some(month(1)));
    let back = |amount| {
        Command::TakeReturn(AdHocReturn {
            of: ReturnOf {
                organisation: VENUE,
                amount: Minor(amount),
                ..ReturnOf::default()
            },
            currency: None,
            award: Minor::ZERO,
            spend: Minor::ZERO,
        })
    };
    // It keeps gold by 200 of 210, and loses it by 199.
    make(&mut contact, &back(1_000), &now(2));
    assert_eq!(since(&contact, &now(2)), Some(month(1)));
    make(&mut contact, &back(100), &now(2));
    assert_eq!(tier(&contact, &now(2)), Some(SILVER));
    assert_eq!(since(&contact, &now(2)), Some(month(2)));

    record(&mut contact, &purchase(100, None), &now(2));
    assert_eq!(tier(&contact, &now(2)), Some(GOLD));
    let cancel = Command::CancelPurchase(CancelPurchase {
        number: 1,
        found: None,
    });
    let later = Timestamp(month(2).0 + 1);
    make(&mut contact, &cancel, &at(later, |_| {}));
    assert_eq!(tier(&contact, &now(2)), None);
    assert_eq!(since(&contact, &now(2)), Some(later));
}

#[test]
fn the_newest_months_are_kept_whatever_is_bought() {
    let mut contact = contact();
    for number in 0..40 {
        let visits = |it: &mut Configuration| it.tiering.measure = Measure::Visits;
        record(
            &mut contact,
            &purchase(100, None),
            &at(month(number), visits),
        );
    }
    let loyalty = contact.loyalty.unwrap();
    assert_eq!(loyalty.months.len(), 24);
    assert_eq!(loyalty.lifetime, Minor(40 * 100));
    let months: Vec<_> = loyalty.months.iter().map(|it| it.month).collect();
    let first = calendar::month_of(0) + 16;
    assert_eq!(months, (first..first + 24).collect::<Vec<_>>());
}

/// A member with a tag that was created in March, paid 60.00 in it with two purchases, and 100.00 in April.
fn regular() -> Contact {
    let mut contact = contact();
    let now = month(3);
    make(
        &mut contact,
        &Command::SetTags(vec![6]),
        &context(now, None),
    );
    let member = SignUp {
        organisation: VENUE,
        email_opt_out: false,
        sms_opt_out: false,
        has_consented: true,
        at: now,
    };
    make(&mut contact, &Command::SignUp(member), &context(now, None));
    contact.created_at = month(2);
    for (number, total) in [(2, 3_000), (2, 3_000), (3, 10_000)] {
        record(
            &mut contact,
            &purchase(total, None),
            &at(month(number), |_| {}),
        );
    }
    contact
}

/// What the contact is given in April of an offer for a segment.
fn outcome(contact: &Contact, segment: &Segment) -> Result<Minor, NoAward> {
    let mut context = at(month(3), |it| it.segments = vec![(5, segment.clone())]);
    let view = Arc::make_mut(context.tenant.as_mut().unwrap());
    Arc::make_mut(&mut view.offers[0].1).conditions.segments = vec![5];
    let mut contact = contact.clone();
    let bought = record(&mut contact, &purchase(2_000, None), &context);
    bought.offers[0].map(|given| given.lot.left)
}

/// Of the months from March on, or from April on.
fn active(months: u8, minimum_amount: i64, minimum_visits: u32) -> Option<ActivityRule> {
    Some(ActivityRule {
        months,
        minimum_amount: Minor(minimum_amount),
        minimum_visits,
    })
}

#[test]
fn a_segment_takes_in_who_is_all_that_it_demands() {
    type Demand = fn(&mut Segment);
    let demanding = |demand: Demand| {
        let mut segment = Segment::default();
        demand(&mut segment);
        segment
    };
    let contact = regular();
    let pairs: [(Demand, Demand); 8] = [
        (|it| it.tags = vec![7, 6], |it| it.tags = vec![7]),
        (
            |it| it.contact_types = vec![ContactType::Person],
            |it| it.contact_types = vec![ContactType::Company],
        ),
        (
            |it| it.organisations = vec![VENUE],
            |it| it.organisations = vec![VENUE + 1],
        ),
        (|it| it.tiers = vec![SILVER], |it| it.tiers = vec![GOLD]),
        (
            |it| it.registered_within_days = Some(32),
            |it| it.registered_within_days = Some(31),
        ),
        (
            |it| it.activity = active(2, 0, 2),
            |it| it.activity = active(1, 0, 2),
        ),
        (
            |it| it.activity = active(2, 16_000, 0),
            |it| it.activity = active(2, 16_001, 0),
        ),
        (
            |it| it.activity = active(2, 0, 3),
            |it| it.activity = active(2, 0, 4),
        ),
    ];
    for (at, (inside, outside)) in pairs.into_iter().enumerate() {
        let inside = demanding(inside);
        assert_eq!(outcome(&contact, &inside), Ok(Minor(100)), "{inside:?}");
        let refused = outcome(&contact, &demanding(outside));
        assert_eq!(refused, Err(NoAward::OtherSegment), "{at}");
        let all_of_it = Segment {
            tags: vec![7],
            ..inside
        };
        let refused = outcome(&contact, &all_of_it);
        assert_eq!(refused, Err(NoAward::OtherSegment), "{at}");
    }
    assert_eq!(Span::days(31), Span(month(3).0 - month(2).0));
}
