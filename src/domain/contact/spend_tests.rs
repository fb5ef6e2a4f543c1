use std::sync::Arc;

use super::ledger_tests::{at, contact, make, top_up};
use super::tests::{NOW, VENUE, context, purchase, record, tenant};
use super::*;
use crate::domain::context::Context;
use crate::domain::money::Minor;
use crate::domain::offer::{Award, Hours, Offer, SpendConditions};
use crate::domain::time::{Span, Timestamp};

/// The one offer, as `change` makes it of one that gives 1.00.
fn with_offer(now: Timestamp, change: impl FnOnce(&mut Offer)) -> Context {
    let mut view = (*tenant(None)).clone();
    let offer = Arc::make_mut(&mut view.offers[0].1);
    offer.award = Award::Fixed(Minor(100));
    change(offer);
    Context {
        tenant: Some(Arc::new(view)),
        ..context(now, None)
    }
}

fn bound_to(now: Timestamp, conditions: SpendConditions) -> Context {
    with_offer(now, |offer| offer.spend_conditions = Some(conditions))
}

fn buying(total: i64, spend: i64, unbacked: Unbacked, lines: &[(&str, i64)]) -> Command {
    let Command::RecordPurchase(purchase) = purchase(total, Some((spend, unbacked))) else {
        panic!("no purchase");
    };
    let lines = lines.iter().map(|(sku, cents)| Product {
        sku: Some(Arc::from(*sku)),
        total: Some(Minor(*cents)),
        ..Product::default()
    });
    Command::RecordPurchase(RecordPurchase {
        products: lines.collect(),
        ..purchase
    })
}

/// A contact with 1.00 that is bound as `context` says, and 0.50 of open money.
fn with_both(context: &Context) -> Contact {
    let mut contact = contact();
    record(&mut contact, &purchase(1_000, None), context);
    make(&mut contact, &top_up(50), context);
    contact
}

#[test]
fn bound_money_pays_for_the_lines_that_it_may_and_open_money_for_the_rest() {
    let context = bound_to(
        NOW,
        SpendConditions {
            products: vec!["COFFEE".into()],
            ..SpendConditions::default()
        },
    );
    let contact = with_both(&context);
    assert_eq!(contact.wallet.balances(NOW), (Minor(150), Minor(100)));
    let spent_of = |lines: &[(&str, i64)]| {
        let command = buying(1_000, 150, Unbacked::SpendWhatThereIs, lines);
        record(&mut contact.clone(), &command, &context).spent()
    };
    assert_eq!(spent_of(&[]), Minor(50), "without lines, open money only");
    assert_eq!(spent_of(&[("TEA", 500)]), Minor(50));
    assert_eq!(spent_of(&[("COFFEE", 30), ("TEA", 500)]), Minor(80));
    assert_eq!(spent_of(&[("COFFEE", 30), ("COFFEE", 40)]), Minor(120));
    assert_eq!(spent_of(&[("COFFEE", 500)]), Minor(150));
    let refused = buying(1_000, 81, Unbacked::Refuse, &[("COFFEE", 30)]);
    let balance = Minor(80);
    assert_eq!(
        contact.decide(&refused, &context).unwrap_err(),
        Rejection::BalanceTooLow { balance }
    );
}

#[test]
fn bound_money_is_spent_where_and_when_it_may_be_only() {
    let elsewhere = bound_to(
        NOW,
        SpendConditions {
            organisations: vec![VENUE + 1],
            ..SpendConditions::default()
        },
    );
    // 1970-01-01, a Thursday, at 00:16 in UTC.
    let hours = |from, until| {
        let hours = Hours {
            days: 0b000_1000,
            from,
            until,
        };
        let conditions = SpendConditions {
            hours: vec![hours],
            ..SpendConditions::default()
        };
        bound_to(NOW, conditions)
    };
    let spend = purchase(1_000, Some((150, Unbacked::SpendWhatThereIs)));
    let spent = |context: &Context| record(&mut with_both(context), &spend, context).spent();
    assert_eq!(spent(&elsewhere), Minor(50));
    assert_eq!(spent(&hours(0, 60)), Minor(150));
    assert_eq!(spent(&hours(60, 120)), Minor(50));
}

#[test]
fn of_money_that_expires_together_bound_money_goes_first() {
    let here = SpendConditions {
        organisations: vec![VENUE],
        ..SpendConditions::default()
    };
    let context = bound_to(NOW, here);
    let mut contact = with_both(&context);
    let spend = purchase(1_000, Some((100, Unbacked::Refuse)));
    record(&mut contact, &spend, &context);
    // The award of this purchase is bound again.
    assert_eq!(contact.wallet.balances(NOW), (Minor(150), Minor(100)));
    let [bound, open] = contact.wallet.lots[..] else {
        panic!("{:?}", contact.wallet.lots)
    };
    assert_eq!((bound.bound_by, open.bound_by), (Some(1), None));
    // A cancellation takes it back from its own lot, and leaves open money alone.
    let cancel = Command::CancelPurchase(CancelPurchase {
        number: 1,
        found: None,
    });
    make(&mut contact, &cancel, &context);
    assert_eq!(contact.wallet.balances(NOW), (Minor(50), Minor::ZERO));
}

#[test]
fn locked_money_can_be_spent_from_its_time_on_whether_or_not_a_timer_has_fired() {
    let waits = |now| {
        with_offer(now, |offer| {
            offer.unlocks_after = Some(Span::seconds(60));
            offer.award_lasts = Some(Span::seconds(240));
        })
    };
    let mut contact = contact();
    record(&mut contact, &purchase(1_000, None), &waits(NOW));
    let until = contact.next_due().business.unwrap();
    assert!(until >= NOW.after(Span::seconds(60)) && until < NOW.after(Span::seconds(64)));
    let early = until.before(Span(1));
    assert_eq!(
        (contact.wallet.balance(early), contact.wallet.locked(early)),
        (Minor::ZERO, Minor(100))
    );
    assert_eq!(
        (contact.wallet.balance(until), contact.wallet.locked(until)),
        (Minor(100), Minor::ZERO)
    );
    let expires_at = contact.wallet.locked[0].lot.expires_at.unwrap();
    assert!(
        expires_at >= until.after(Span::seconds(240)),
        "its term begins then"
    );

    let spend = purchase(1_000, Some((100, Unbacked::Refuse)));
    assert!(contact.decide(&spend, &context(early, None)).is_err());
    let mut fired = contact.clone();
    make(&mut fired, &Command::FireTimers, &context(until, None));
    let line = fired.ledger.lines.back().unwrap();
    assert_eq!(
        (&line.cause, line.at, line.amount),
        (&Cause::Unlock, until, Minor(100))
    );
    for mut contact in [contact, fired] {
        let spent = record(&mut contact, &spend, &context(until, None)).spent();
        assert_eq!(spent, Minor(100));
        assert!(contact.wallet.locked.is_empty());
    }
}

#[test]
fn a_locked_award_is_taken_back_from_what_is_locked_and_pays_debts_once_it_is_not() {
    let waits = with_offer(NOW, |offer| offer.unlocks_after = Some(Span::seconds(60)));
    let mut contact = contact();
    record(&mut contact, &purchase(1_000, None), &waits);
    record(&mut contact, &purchase(1_000, None), &waits);
    make(&mut contact, &top_up(5), &waits);
    let cancel = |number| {
        Command::CancelPurchase(CancelPurchase {
            number,
            found: None,
        })
    };
    make(&mut contact, &cancel(1), &waits);
    assert_eq!(
        contact.wallet.balance(NOW),
        Minor(5),
        "open money is left alone"
    );
    assert_eq!(contact.wallet.locked(NOW), Minor(100));
    // Owed for another purchase meanwhile.
    let at_once = with_offer(NOW, |_| {});
    record(&mut contact, &purchase(1_000, None), &at_once);
    let spend = purchase(200, Some((105, Unbacked::Refuse)));
    record(&mut contact, &spend, &waits);
    make(&mut contact, &cancel(3), &waits);
    assert_eq!(
        (contact.wallet.owed, contact.wallet.balance(NOW)),
        (Minor(100), Minor::ZERO)
    );
    let later = at(70, None).now;
    assert_eq!(
        contact.wallet.balance(later),
        Minor(100),
        "two were locked, one was owed"
    );
    make(&mut contact, &Command::FireTimers, &context(later, None));
    assert_eq!(
        (contact.wallet.owed, contact.wallet.balance(later)),
        (Minor::ZERO, Minor(100))
    );
}

#[test]
fn an_offline_sale_owes_what_the_wallet_lacks_and_its_cancellation_forgives_it() {
    let mut contact = contact();
    let nothing = with_offer(NOW, |offer| {
        offer.conditions.minimum_total = Some(Minor(10_000))
    });
    make(&mut contact, &top_up(30), &nothing);
    let spend = purchase(1_000, Some((100, Unbacked::Owe)));
    let recorded = record(&mut contact, &spend, &nothing);
    assert_eq!(
        (recorded.spent(), recorded.amount_due()),
        (Minor(100), Minor(900))
    );
    assert_eq!(
        (contact.wallet.owed, contact.wallet.balance(NOW)),
        (Minor(70), Minor::ZERO)
    );
    let cancel = Command::CancelPurchase(CancelPurchase {
        number: 1,
        found: None,
    });
    let mut unpaid = contact.clone();
    make(&mut unpaid, &cancel, &nothing);
    assert_eq!(
        (unpaid.wallet.owed, unpaid.wallet.balance(NOW)),
        (Minor::ZERO, Minor(30))
    );
    make(&mut contact, &top_up(50), &nothing);
    assert_eq!(
        (contact.wallet.owed, contact.wallet.balance(NOW)),
        (Minor(20), Minor::ZERO)
    );
    make(&mut contact, &cancel, &nothing);
    assert_eq!(
        (contact.wallet.owed, contact.wallet.balance(NOW)),
        (Minor::ZERO, Minor(80))
    );
}

fn limited(rules: &[(Direction, Period, Option<u32>, Option<i64>)]) -> Contact {
    let rules = rules
        .iter()
        .map(|(direction, period, number, amount)| LimitRule {
            name: None,
            direction: *direction,
            period: *period,
            maximum_number: *number,
            maximum_amount: amount.map(Minor),
        });
    let mut contact = contact();
    make(
        &mut contact,
        &Command::SetLimits(rules.collect()),
        &context(NOW, None),
    );
    contact
}

#[test]
fn a_limit_refuses_a_covered_spend_and_caps_another_until_its_period_is_over() {
    let mut contact = limited(&[
        (Direction::Spend, Period::Transaction, None, Some(40)),
        (Direction::Spend, Period::Day, None, Some(60)),
        (Direction::Spend, Period::Month, Some(3), None),
    ]);
    let nothing = |days| {
        with_offer(NOW.after(Span::days(days)), |offer| {
            offer.conditions.minimum_total = Some(Minor(10_000));
        })
    };
    make(&mut contact, &top_up(1_000), &nothing(0));
    let spend = |amount, unbacked| purchase(1_000, Some((amount, unbacked)));
    let left = |contact: &Contact, context: &Context| match contact
        .decide(&spend(1_000, Unbacked::Refuse), context)
    {
        Err(Rejection::SpendLimitReached { left }) => left.0,
        other => panic!("{other:?}"),
    };
    assert_eq!(left(&contact, &nothing(0)), 40);
    let all = spend(1_000, Unbacked::SpendWhatThereIs);
    assert_eq!(record(&mut contact, &all, &nothing(0)).spent(), Minor(40));
    assert_eq!(left(&contact, &nothing(0)), 20);
    let mut cancelled = contact.clone();
    let cancel = Command::CancelPurchase(CancelPurchase {
        number: 1,
        found: None,
    });
    make(&mut cancelled, &cancel, &nothing(0));
    assert_eq!(
        left(&cancelled, &nothing(0)),
        40,
        "a cancelled spend counts no longer"
    );
    assert_eq!(record(&mut contact, &all, &nothing(1)).spent(), Minor(40));
    assert_eq!(record(&mut contact, &all, &nothing(2)).spent(), Minor(40));
    assert_eq!(left(&contact, &nothing(3)), 0, "three in January");
    assert_eq!(left(&contact, &nothing(31)), 40);
    let offline = spend(500, Unbacked::Owe);
    assert_eq!(
        record(&mut contact, &offline, &nothing(3)).spent(),
        Minor(500),
        "it was sold"
    );
}

#[test]
fn a_limit_on_top_ups_counts_them_and_nothing_else() {
    let mut contact = limited(&[(Direction::TopUp, Period::Week, Some(2), Some(100))]);
    let on = |days| context(NOW.after(Span::days(days)), None);
    make(&mut contact, &top_up(60), &on(0));
    record(
        &mut contact,
        &purchase(1_000, Some((60, Unbacked::Refuse))),
        &on(0),
    );
    let left = Minor(40);
    assert_eq!(
        contact.decide(&top_up(41), &on(3)).unwrap_err(),
        Rejection::InflowLimitReached { left }
    );
    make(&mut contact, &top_up(10), &on(3));
    let left = Minor::ZERO;
    assert_eq!(
        contact.decide(&top_up(1), &on(3)).unwrap_err(),
        Rejection::InflowLimitReached { left }
    );
    // 1970-01-01 was a Thursday: four days later, it is Monday.
    make(&mut contact, &top_up(100), &on(4));
}

#[test]
fn a_limit_on_credits_by_hand_leaves_top_ups_alone() {
    let mut contact = limited(&[(Direction::Credit, Period::Day, None, Some(100))]);
    let today = context(NOW, None);
    let credit = |amount| {
        Command::MoveMoney(Movement {
            amount: Minor(amount),
            currency: None,
            reason: Reason::Credit(Private::default()),
        })
    };
    make(&mut contact, &top_up(1_000), &today);
    make(&mut contact, &credit(70), &today);
    let left = Minor(30);
    assert_eq!(
        contact.decide(&credit(31), &today).unwrap_err(),
        Rejection::InflowLimitReached { left }
    );
    make(&mut contact, &credit(30), &today);
    make(&mut contact, &top_up(1_000), &today);
    make(
        &mut contact,
        &credit(100),
        &context(NOW.after(Span::days(1)), None),
    );
}

#[test]
fn a_cancelled_award_gives_its_caps_back() {
    use crate::domain::offer::{Cap, Caps};
    let once = Cap {
        awards: Some(1),
        amount: None,
    };
    let cancel = Command::CancelPurchase(CancelPurchase {
        number: 1,
        found: None,
    });
    for (in_all, a_day) in [(once, Cap::default()), (Cap::default(), once)] {
        let capped = with_offer(NOW, |offer| offer.caps = Caps { in_all, a_day });
        let mut contact = contact();
        let awarded =
            |contact: &mut Contact| record(contact, &purchase(1_000, None), &capped).awarded();
        assert_eq!(
            [awarded(&mut contact), awarded(&mut contact)],
            [Minor(100), Minor::ZERO]
        );
        make(&mut contact, &cancel, &capped);
        assert_eq!(
            [awarded(&mut contact), awarded(&mut contact)],
            [Minor(100), Minor::ZERO]
        );
    }
}
