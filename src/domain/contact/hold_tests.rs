use super::ledger_tests::{at, capture, contact, hold, holds, make, top_up};
use super::tests::{NOW, context, purchase, record};
use super::*;
use crate::domain::money::Minor;
use crate::domain::time::{Dues, Span};

#[test]
fn held_money_is_spent_by_its_own_purchase_only() {
    let mut contact = contact();
    make(&mut contact, &top_up(100), &context(NOW, None));
    make(&mut contact, &hold(80), &context(NOW, None));
    assert_eq!(contact.wallet.balance(NOW), Minor(20));
    assert_eq!(contact.wallet.held(NOW), Minor(80));
    let other = purchase(1_000, Some((21, Unbacked::Refuse)));
    let refused = contact.decide(&other, &context(NOW, None)).unwrap_err();
    let balance = Minor(20);
    assert_eq!(refused, Rejection::BalanceTooLow { balance });

    // A part of it, and a part of what is free besides.
    let mut part = contact.clone();
    let spent = record(&mut part, &capture(30, 1), &context(NOW, None)).spent();
    assert_eq!((spent, part.wallet.held(NOW)), (Minor(30), Minor::ZERO));
    let mut all = contact.clone();
    let spent = record(&mut all, &capture(100, 1), &context(NOW, None)).spent();
    assert_eq!(spent, Minor(100));
    let refused = contact.decide(&capture(1, 2), &context(NOW, None));
    assert_eq!(refused.unwrap_err(), Rejection::UnknownEstimate);

    make(&mut contact, &Command::ReleaseHold(1), &context(NOW, None));
    assert_eq!(contact.wallet.balance(NOW), Minor(100));
    let again = contact.decide(&Command::ReleaseHold(1), &context(NOW, None));
    assert!(again.unwrap().is_empty());
}

#[test]
fn a_hold_runs_out_whether_or_not_a_timer_has_fired() {
    let mut contact = contact();
    make(&mut contact, &top_up(100), &context(NOW, None));
    make(&mut contact, &hold(80), &context(NOW, None));
    let end = NOW.after(Hold::LASTS);
    assert_eq!(contact.next_due().business, Some(end));
    assert_eq!(contact.wallet.balance(end.before(Span(1))), Minor(20));
    assert_eq!(contact.wallet.balance(end), Minor(100));
    let mut fired = contact.clone();
    make(&mut fired, &Command::FireTimers, &context(end, None));
    assert_eq!(fired.next_due(), Dues::default());
    for mut contact in [contact, fired] {
        let spend = purchase(1_000, Some((100, Unbacked::Refuse)));
        let spent = record(&mut contact, &spend, &context(end, None)).spent();
        assert_eq!(spent, Minor(100));
        holds(&contact);
    }
}

#[test]
fn held_money_does_not_expire_and_has_a_day_when_it_comes_back_late() {
    let mut contact = contact();
    let lasts = Some(Span::seconds(60));
    record(&mut contact, &purchase(2_000, None), &context(NOW, lasts));
    make(&mut contact, &hold(80), &context(NOW, None));
    let later = at(100, None);
    make(&mut contact, &Command::FireTimers, &later);
    assert_eq!(contact.wallet.balance(later.now), Minor::ZERO);
    assert_eq!(contact.wallet.held(later.now), Minor(80));
    let mut captured = contact.clone();
    let spent = record(&mut captured, &capture(80, 1), &later).spent();
    assert_eq!(spent, Minor(80));
    make(&mut contact, &Command::ReleaseHold(1), &later);
    let lot = contact.wallet.lots[0];
    assert!(lot.is_open(later.now.after(Span::days(1)).before(Span(1))));
}

#[test]
fn only_so_many_holds_are_open() {
    let mut contact = contact();
    for _ in 0..Wallet::HOLDS_MAX {
        make(&mut contact, &hold(1), &context(NOW, None));
    }
    let refused = contact.decide(&hold(1), &context(NOW, None)).unwrap_err();
    assert_eq!(refused, Rejection::TooManyHolds);
    let end = context(NOW.after(Hold::LASTS), None);
    make(&mut contact, &hold(1), &end);
    assert_eq!(contact.wallet.holds.len(), 1);
}

#[test]
fn what_is_foreseen_is_what_is_recorded() {
    let mut contact = contact();
    make(&mut contact, &top_up(100), &context(NOW, None));
    make(&mut contact, &hold(80), &context(NOW, None));
    let Command::RecordPurchase(asked) = capture(90, 1) else {
        panic!("no purchase");
    };
    let before = contact.clone();
    let foreseen = contact.foresee(&asked, &context(NOW, None)).unwrap();
    assert_eq!(contact, before);
    let recorded = record(&mut contact, &capture(90, 1), &context(NOW, None));
    assert_eq!(foreseen, *recorded);
    // When its time has come, whether or not a timer has fired.
    let mut contact = before;
    let end = context(NOW.after(Hold::LASTS), None);
    let spend = purchase(1_000, Some((100, Unbacked::Refuse)));
    let Command::RecordPurchase(asked) = &spend else {
        panic!("no purchase");
    };
    let foreseen = contact.foresee(asked, &end).unwrap();
    assert_eq!(foreseen.spent(), Minor(100));
    assert_eq!(foreseen, *record(&mut contact, &spend, &end));
}
