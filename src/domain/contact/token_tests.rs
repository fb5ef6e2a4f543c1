use super::ledger_tests::{contact, hold, holds, make, top_up};
use super::tests::{NOW, context, purchase, record};
use super::*;
use crate::domain::access;
use crate::domain::context::Context;
use crate::domain::directory_entry::ValueHash;
use crate::domain::money::Minor;
use crate::domain::time::{Dues, Span, Timestamp};

const CODE: ValueHash = ValueHash([5; 16]);

fn token(intent: Intent, amount: Option<i64>, estimate: Option<u32>) -> Command {
    Command::MakeToken(NewToken {
        intent,
        amount: amount.map(Minor),
        estimate,
        nonce: [6; 16],
        code: CODE,
    })
}

fn with(presented: Option<Presented>, spend: Option<(i64, Unbacked)>) -> RecordPurchase {
    let Command::RecordPurchase(purchase) = purchase(1_000, spend) else {
        panic!("no purchase");
    };
    RecordPurchase {
        token: presented,
        ..purchase
    }
}

fn buy(presented: Presented, spend: Option<(i64, Unbacked)>) -> Command {
    Command::RecordPurchase(with(Some(presented), spend))
}

/// Business as ever, at this time on the wall.
fn on_wall(wall: Timestamp) -> Context {
    Context {
        wall,
        ..context(NOW, None)
    }
}

fn rich() -> Contact {
    let mut contact = contact();
    make(&mut contact, &top_up(500), &context(NOW, None));
    contact
}

#[test]
fn a_token_is_used_up_by_its_purchase_in_one_effect() {
    let mut contact = rich();
    make(
        &mut contact,
        &token(Intent::Spend, None, None),
        &on_wall(NOW),
    );
    let spend = Some((100, Unbacked::Refuse));
    for presented in [Presented::Value(1, [6; 8]), Presented::Code(CODE)] {
        let mut contact = contact.clone();
        let events = contact
            .decide(&buy(presented, spend), &on_wall(NOW))
            .unwrap();
        assert!(matches!(events.last(), Some(Event::TokenUsed(1))));
        events.iter().for_each(|event| contact.apply(event));
        holds(&contact);
        assert_eq!(contact.purchases[0].purchase.spent(), Minor(100));
        for presented in [Presented::Value(1, [6; 8]), Presented::Code(CODE)] {
            let again = contact.decide(&buy(presented, spend), &on_wall(NOW));
            assert_eq!(again.unwrap_err(), Rejection::TokenInvalid);
        }
    }
    for other in [
        Presented::Value(2, [6; 8]),
        Presented::Value(1, [7; 8]),
        Presented::Code(ValueHash([6; 16])),
    ] {
        let refused = contact.decide(&buy(other, spend), &on_wall(NOW));
        assert_eq!(refused.unwrap_err(), Rejection::TokenInvalid);
    }
}

#[test]
fn a_token_runs_out_by_the_wall_alone() {
    let mut contact = rich();
    make(
        &mut contact,
        &token(Intent::Spend, None, None),
        &on_wall(NOW),
    );
    let end = NOW.after(SPEND_TOKEN_LASTS);
    assert_eq!(contact.next_due(), Dues::on_wall(Some(end)));
    let buys = buy(Presented::Code(CODE), None);
    let late = contact.decide(&buys, &on_wall(end));
    assert_eq!(late.unwrap_err(), Rejection::TokenInvalid);
    let in_time = Context {
        now: NOW.after(Span::days(365)),
        ..on_wall(end.before(Span(1)))
    };
    assert!(contact.decide(&buys, &in_time).is_ok());
    make(&mut contact, &Command::FireTimers, &on_wall(end));
    assert_eq!(contact.spend_tokens(), []);
    assert_eq!(contact.next_due(), Dues::default());
    // Its number is not given again.
    make(
        &mut contact,
        &token(Intent::Spend, None, None),
        &on_wall(end),
    );
    assert_eq!(contact.spend_tokens()[0].number, 2);
}

#[test]
fn a_token_for_an_amount_spends_no_more_and_that_much_if_nothing_is_said() {
    let mut contact = rich();
    make(
        &mut contact,
        &token(Intent::Spend, Some(200), None),
        &on_wall(NOW),
    );
    let code = Presented::Code(CODE);
    let spent = |spend| {
        let decided = contact.foresee(&with(Some(code), spend), &on_wall(NOW));
        decided.map(|purchase| purchase.spent())
    };
    assert_eq!(spent(None), Ok(Minor(200)));
    assert_eq!(spent(Some((150, Unbacked::Refuse))), Ok(Minor(150)));
    assert_eq!(
        spent(Some((201, Unbacked::SpendWhatThereIs))),
        Ok(Minor(200))
    );
    let most = Minor(200);
    let refused = Err(Rejection::TokenSpendsLess { most });
    assert_eq!(spent(Some((201, Unbacked::Refuse))), refused);
    // An estimate uses nothing up.
    let purchase = record(&mut contact, &buy(code, None), &on_wall(NOW));
    assert_eq!(purchase.spent(), Minor(200));
}

#[test]
fn an_approval_is_for_its_estimate_and_a_rejection_frees_the_money() {
    let mut contact = rich();
    make(&mut contact, &hold(300), &on_wall(NOW));
    make(&mut contact, &hold(100), &on_wall(NOW));
    let unknown = contact.decide(
        &token(Intent::ApprovePurchase, None, Some(3)),
        &on_wall(NOW),
    );
    assert_eq!(unknown.unwrap_err(), Rejection::UnknownEstimate);
    let mut approved = contact.clone();
    let approve = token(Intent::ApprovePurchase, None, Some(1));
    make(&mut approved, &approve, &on_wall(NOW));
    let of = |estimate, presented| {
        Command::RecordPurchase(RecordPurchase {
            estimate,
            ..with(presented, Some((300, Unbacked::Refuse)))
        })
    };
    let code = Some(Presented::Code(CODE));
    let other = approved.decide(&of(Some(2), code), &on_wall(NOW));
    assert_eq!(other.unwrap_err(), Rejection::TokenInvalid);
    let held_twice = approved.decide(&Command::HoldFunds(with(code, None)), &on_wall(NOW));
    assert_eq!(held_twice.unwrap_err(), Rejection::TokenInvalid);
    let purchase = record(&mut approved, &of(None, code), &on_wall(NOW));
    assert_eq!(purchase.spent(), Minor(300));
    assert_eq!(approved.wallet.held(NOW), Minor(100));

    let reject = token(Intent::RejectPurchase, None, Some(1));
    make(&mut contact, &reject, &on_wall(NOW));
    assert_eq!(contact.wallet.held(NOW), Minor(100));
    for presented in [None, code] {
        let refused = contact.decide(&of(Some(1), presented), &on_wall(NOW));
        let why = match presented {
            None => Rejection::PurchaseRejected,
            Some(_) => Rejection::TokenInvalid,
        };
        assert_eq!(refused.unwrap_err(), why);
    }
    assert!(contact.decide(&of(Some(2), None), &on_wall(NOW)).is_ok());
}

#[test]
fn an_approval_spends_what_is_held_where_it_is_held_while_it_is() {
    let mut contact = rich();
    make(&mut contact, &hold(300), &on_wall(NOW));
    let approve = token(Intent::ApprovePurchase, None, Some(1));
    make(&mut contact, &approve, &on_wall(NOW));
    let asked = |estimate, spend| RecordPurchase {
        estimate,
        ..with(Some(Presented::Code(CODE)), spend)
    };
    for estimate in [None, Some(1)] {
        let all = asked(estimate, Some((400, Unbacked::Refuse)));
        let refused = contact.decide(&Command::RecordPurchase(all), &on_wall(NOW));
        let most = Minor(300);
        assert_eq!(refused.unwrap_err(), Rejection::TokenSpendsLess { most });
        for spend in [Some((400, Unbacked::SpendWhatThereIs)), None] {
            let mut contact = contact.clone();
            let asked = Command::RecordPurchase(asked(estimate, spend));
            let purchase = record(&mut contact, &asked, &on_wall(NOW));
            assert_eq!(purchase.spent(), most, "{spend:?}");
        }
    }
    let elsewhere = RecordPurchase {
        organisation: contact.wallet.holds[0].organisation + 1,
        ..asked(None, None)
    };
    let elsewhere = contact.decide(&Command::RecordPurchase(elsewhere), &on_wall(NOW));
    assert_eq!(elsewhere.unwrap_err(), Rejection::TokenInvalid);
    let over = Context {
        now: NOW.after(Hold::LASTS),
        ..on_wall(NOW)
    };
    let late = contact.decide(&Command::RecordPurchase(asked(None, None)), &over);
    assert_eq!(late.unwrap_err(), Rejection::TokenInvalid);
}

#[test]
fn tokens_go_with_all_sessions_but_not_what_was_said_against_a_purchase() {
    let mut contact = rich();
    make(&mut contact, &hold(300), &on_wall(NOW));
    let reject = token(Intent::RejectPurchase, None, Some(1));
    make(&mut contact, &reject, &on_wall(NOW));
    make(
        &mut contact,
        &token(Intent::Spend, None, None),
        &on_wall(NOW),
    );
    let presented = Presented::Value(2, [6; 8]);
    assert!(contact.decide(&buy(presented, None), &on_wall(NOW)).is_ok());
    let ended = |contact: &Contact, event| {
        let mut contact = contact.clone();
        contact.apply(&Event::Access(Box::new(event)));
        contact
    };
    let one = ended(
        &contact,
        access::Event::SessionEnded(1, access::Ended::SignedOut),
    );
    assert!(one.decide(&buy(presented, None), &on_wall(NOW)).is_ok());
    for event in [
        access::Event::AllSessionsEnded,
        access::Event::SessionEnded(1, access::Ended::Replayed),
    ] {
        let all = ended(&contact, event);
        let refused = all.decide(&buy(presented, None), &on_wall(NOW));
        assert_eq!(refused.unwrap_err(), Rejection::TokenInvalid);
        let rejected = RecordPurchase {
            estimate: Some(1),
            ..with(None, None)
        };
        let rejected = all.decide(&Command::RecordPurchase(rejected), &on_wall(NOW));
        assert_eq!(rejected.unwrap_err(), Rejection::PurchaseRejected);
    }
}

#[test]
fn a_contact_has_so_many_tokens_at_a_time_and_none_once_it_is_erased() {
    let mut contact = rich();
    let spend = token(Intent::Spend, None, None);
    for _ in 0..SPEND_TOKENS_MAX {
        make(&mut contact, &spend, &on_wall(NOW));
    }
    let full = contact.decide(&spend, &on_wall(NOW));
    assert_eq!(full.unwrap_err(), Rejection::TooManyTokens);
    let end = NOW.after(SPEND_TOKEN_LASTS);
    assert!(contact.decide(&spend, &on_wall(end)).is_ok());
    make(&mut contact, &Command::Erase, &on_wall(NOW));
    assert_eq!(contact.spend_tokens, None);
    let erased = contact.decide(&spend, &on_wall(NOW));
    assert_eq!(erased.unwrap_err(), Rejection::UnknownContact);
}
