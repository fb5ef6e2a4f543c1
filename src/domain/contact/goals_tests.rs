use std::sync::Arc;

use super::ledger_tests::{contact, make};
use super::tests::{NOW, context, purchase, record, tenant};
use super::*;
use crate::domain::context::Context;
use crate::domain::money::Minor;
use crate::domain::offer::{Award, Cap, Goal, NoAward, Offer, Progress, Target};
use crate::domain::time::{Span, Timestamp};

/// At a time, with one offer that gives 1.00 for reaching `goal`, and what `change` makes of it.
fn at(now: Timestamp, goal: Goal, change: impl FnOnce(&mut Offer)) -> Context {
    let mut view = (*tenant(None)).clone();
    let offer = Arc::make_mut(&mut view.offers[0].1);
    offer.award = Award::Fixed(Minor(100));
    offer.goal = goal;
    change(offer);
    Context {
        tenant: Some(Arc::new(view)),
        ..context(now, None)
    }
}

fn target<T>(amount: T, repeats: bool) -> Target<T> {
    Target { amount, repeats }
}

const NOT_YET: OfferOutcome = Err(NoAward::GoalNotReached);

/// What purchases of these totals are given.
fn outcomes(contact: &mut Contact, context: &Context, totals: &[i64]) -> Vec<OfferOutcome> {
    let totals = totals.iter();
    totals
        .map(|total| record(contact, &purchase(*total, None), context).offers[0])
        .collect()
}

fn awards(outcomes: &[OfferOutcome]) -> Vec<bool> {
    outcomes.iter().map(Result::is_ok).collect()
}

fn cancel(contact: &mut Contact, number: u32, context: &Context) {
    let cancel = Command::CancelPurchase(CancelPurchase {
        number,
        found: None,
    });
    make(contact, &cancel, context);
}

fn progress(contact: &Contact) -> Progress {
    let loyalty = contact.loyalty.as_ref();
    loyalty.and_then(|it| it.goal(1)).unwrap_or_default()
}

#[test]
fn the_purchase_that_reaches_the_goal_is_given_the_award() {
    let visits = |repeats| at(NOW, Goal::Visits(target(3, repeats)), |_| {});
    let mut contact = contact();
    let given = outcomes(&mut contact, &visits(true), &[500; 7]);
    let expected = [false, false, true, false, false, true, false];
    assert_eq!(awards(&given), expected);
    assert_eq!(given[0], NOT_YET);
    let mut once = self::contact();
    let given = outcomes(&mut once, &visits(false), &[500; 4]);
    assert_eq!(awards(&given), [false, false, true, false]);
    assert_eq!(given[3], Err(NoAward::ContactCapReached));
    assert_eq!(progress(&once).reached, 1);
}

#[test]
fn what_is_over_the_goal_counts_towards_the_next() {
    let amount = at(NOW, Goal::Amount(target(Minor(1_000), true)), |_| {});
    let mut contact = contact();
    let given = outcomes(&mut contact, &amount, &[900, 1_300, 1, 800]);
    assert_eq!(awards(&given), [false, true, true, true]);
    assert_eq!(progress(&contact).current, 1);
}

#[test]
fn products_count_by_their_quantity() {
    let goal = Goal::Products(target(4, true), vec!["TEA".into(), "BREAD".into()]);
    let context = at(NOW, goal, |_| {});
    let mut contact = contact();
    let bought = |lines: &[(&str, Option<i64>)]| {
        let Command::RecordPurchase(purchase) = purchase(500, None) else {
            panic!("no purchase");
        };
        let lines = lines.iter().map(|(sku, quantity)| Product {
            sku: Some(Arc::from(*sku)),
            quantity: *quantity,
            ..Product::default()
        });
        Command::RecordPurchase(RecordPurchase {
            products: lines.collect(),
            ..purchase
        })
    };
    let mut give = |lines: &[(&str, Option<i64>)]| {
        record(&mut contact, &bought(lines), &context).offers[0].is_ok()
    };
    assert!(!give(&[("TEA", Some(1_500)), ("SOAP", Some(9_000))]));
    assert!(!give(&[("BREAD", None), ("TEA", Some(1_000))]));
    assert!(give(&[("TEA", Some(500))]));
    assert_eq!(progress(&contact).current, 0);
}

#[test]
fn a_membership_is_awarded_after_its_days_and_only_to_members() {
    let day = |days| NOW.after(Span::days(days));
    let context = |days, repeats| {
        at(day(days), Goal::Membership(target(30, repeats)), |offer| {
            offer.conditions.organisations = vec![super::tests::VENUE];
        })
    };
    let mut contact = contact();
    let stranger = outcomes(&mut contact, &context(40, true), &[500]);
    assert_eq!(stranger, [Err(NoAward::NotAMember)]);
    let sign_up = SignUp {
        organisation: super::tests::VENUE,
        email_opt_out: false,
        sms_opt_out: false,
        has_consented: true,
        at: NOW,
    };
    make(&mut contact, &Command::SignUp(sign_up), &context(40, true));
    let mut given = |days| outcomes(&mut contact, &context(days, true), &[500])[0];
    assert_eq!(given(69), NOT_YET);
    assert!(given(70).is_ok());
    assert_eq!(given(99), NOT_YET);
    assert!(given(140).is_ok(), "the second term");
    assert!(given(140).is_ok(), "the third");
    assert_eq!(given(141), NOT_YET);
}

#[test]
fn a_cancellation_gives_back_what_it_counted_and_what_the_award_took() {
    let context = at(NOW, Goal::Visits(target(3, true)), |_| {});
    let mut contact = contact();
    outcomes(&mut contact, &context, &[500; 2]);
    cancel(&mut contact, 1, &context);
    assert_eq!(progress(&contact).current, 1);
    assert_eq!(
        awards(&outcomes(&mut contact, &context, &[500; 2])),
        [false, true]
    );
    // The award goes, and the two visits before count again.
    cancel(&mut contact, 4, &context);
    let expected = Progress {
        current: 2,
        reached: 0,
    };
    assert_eq!(progress(&contact), expected);
    assert_eq!(awards(&outcomes(&mut contact, &context, &[500])), [true]);
    // A visit that an award went by leaves less than nothing.
    cancel(&mut contact, 2, &context);
    assert_eq!(progress(&contact).current, -1);
    let given = outcomes(&mut contact, &context, &[500; 4]);
    assert_eq!(awards(&given), [false, false, false, true]);
    cancel(&mut contact, 2, &context);
    assert_eq!(progress(&contact).current, 0, "once");
}

#[test]
fn what_is_given_nothing_for_another_reason_counts_nothing() {
    let goal = Goal::Visits(target(2, true));
    let context = |minimum| {
        at(NOW, goal.clone(), |offer| {
            offer.conditions.minimum_total = Some(Minor(minimum));
            offer.caps.in_all = Cap {
                awards: Some(1),
                amount: None,
            };
        })
    };
    let mut contact = contact();
    let given = outcomes(&mut contact, &context(1_000), &[500, 1_000]);
    assert_eq!(given[0], Err(NoAward::BelowMinimum));
    assert_eq!(given[1], NOT_YET);
    let given = outcomes(&mut contact, &context(0), &[500; 4]);
    assert_eq!(awards(&given), [true, false, false, false]);
    assert_eq!(given[1], NOT_YET);
    assert_eq!(given[2], Err(NoAward::ContactCapReached));
    assert_eq!(progress(&contact).current, 1);
}

#[test]
fn as_many_goals_are_counted_as_there_is_room_for() {
    let context = at(NOW, Goal::Visits(target(2, true)), |_| {});
    let mut contact = contact();
    let other = |offer| GoalCount {
        offer,
        progress: Progress {
            current: 1,
            reached: 0,
        },
    };
    let loyalty = contact.loyalty.get_or_insert_default();
    loyalty.goals = (2..).map(other).take(GOALS_MAX).collect();
    let full = outcomes(&mut contact, &context, &[500]);
    assert_eq!(full, [Err(NoAward::WalletFull)]);
    contact.loyalty.get_or_insert_default().goals.pop();
    assert_eq!(outcomes(&mut contact, &context, &[500]), [NOT_YET]);
}
