use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::domain::address::Kind;
use crate::domain::context::{Budget, Context, TenantView};
use crate::domain::directory_entry::ValueHash;
use crate::domain::entity::{self, Entity, State};
use crate::domain::lease::{Change, Movement};
use crate::domain::money::{Currency, Minor, Percent};
use crate::domain::offer::{Award, Cap, Caps, NoAward, Offer};
use crate::domain::organisation::{Organisation, Role};
use crate::domain::time::{Dues, Span, Timestamp};

pub(super) const VENUE: u64 = 9;
pub(super) const NOW: Timestamp = Timestamp(1_000_000);

pub(super) fn tenant(award_lasts: Option<Span>) -> Arc<TenantView> {
    Arc::new(TenantView {
        currency: Currency::from_code("EUR").unwrap(),
        classifications: vec!["PURCHASE".into()],
        time_zone: crate::domain::calendar::Zone::utc(),
        organisations: BTreeMap::from([(
            VENUE,
            Organisation {
                name: "Harbour Street".into(),
                role: Role::Venue,
                parent: None,
                time_zone: None,
                shares_contacts: false,
                profile: Default::default(),
            },
        )]),
        taps: BTreeMap::new(),
        uncovered_offline: Default::default(),
        rate_limits: Default::default(),
        roles: Vec::new(),
        offers: vec![(
            1,
            Arc::new(Offer {
                award_lasts,
                ..Offer::new("Five back", Award::Percentage(Percent(Decimal::from(5))))
            }),
        )],
        rewards: Arc::default(),
        apps: Arc::default(),
    })
}

pub(super) fn context(now: Timestamp, award_lasts: Option<Span>) -> Context {
    Context {
        now,
        wall: now,
        tenant: Some(tenant(award_lasts)),
        budgets: Vec::new(),
    }
}

pub(super) fn purchase(total: i64, spend: Option<(i64, Unbacked)>) -> Command {
    Command::RecordPurchase(RecordPurchase {
        organisation: VENUE,
        amounts: Amounts {
            total: Minor(total),
            ..Amounts::default()
        },
        currency: None,
        classification: None,
        texts: Private::default(),
        performed_on: None,
        products: Vec::new(),
        estimate: None,
        token: None,
        spend: spend.map(|(amount, unbacked)| SpendRequest {
            amount: Minor(amount),
            unbacked,
        }),
    })
}

pub(super) fn proposal() -> Command {
    Command::Propose(Propose {
        contact_type: ContactType::Person,
        profile: SealedProfile::default(),
        own_id: None,
        code: "C1".into(),
        claims: vec![ValueHash([7; 16])],
    })
}

/// A contact that lived through `commands`, each of which must be accepted.
pub(super) fn given(commands: &[Command]) -> Contact {
    let mut contact = Contact::default();
    for command in commands {
        let events = contact.decide(command, &context(NOW, None)).unwrap();
        events.iter().for_each(|event| contact.apply(event));
    }
    contact
}

fn with_balance(cents: i64) -> Contact {
    given(&[proposal(), Command::Confirm, purchase(cents * 20, None)])
}

pub(super) fn record(contact: &mut Contact, command: &Command, context: &Context) -> Arc<Purchase> {
    let events = contact.decide(command, context).unwrap();
    events.iter().for_each(|event| contact.apply(event));
    Arc::clone(&contact.purchases.back().unwrap().purchase)
}

#[test]
fn a_purchase_awards_its_share() {
    assert_eq!(with_balance(50).wallet.balance(NOW), Minor(50));
}

#[test]
fn a_covered_spend_takes_exactly_what_was_asked() {
    let mut contact = with_balance(50);
    let spend = purchase(1_000, Some((30, Unbacked::Refuse)));
    let purchase = record(&mut contact, &spend, &context(NOW, None));
    assert_eq!(purchase.spent(), Minor(30));
    assert_eq!(purchase.amount_due(), Minor(970));
    assert_eq!(purchase.awarded(), Minor(49), "5% of 9.70, rounded");
    assert_eq!(contact.wallet.balance(NOW), Minor(50 - 30 + 49));
}

#[test]
fn an_uncovered_spend_is_refused_or_spends_what_there_is() {
    let mut contact = with_balance(50);
    let refused = purchase(1_000, Some((51, Unbacked::Refuse)));
    assert_eq!(
        contact.decide(&refused, &context(NOW, None)).unwrap_err(),
        Rejection::BalanceTooLow { balance: Minor(50) }
    );
    let partial = purchase(1_000, Some((51, Unbacked::SpendWhatThereIs)));
    let purchase = record(&mut contact, &partial, &context(NOW, None));
    assert_eq!(purchase.spent(), Minor(50));
}

#[test]
fn an_unconfirmed_contact_is_unknown_to_a_purchase() {
    let contact = given(&[proposal()]);
    assert_eq!(
        contact
            .decide(&purchase(100, None), &context(NOW, None))
            .unwrap_err(),
        Rejection::UnknownContact
    );
}

#[test]
fn a_lapsed_reservation_voids_the_creation_for_good() {
    let value = ValueHash([7; 16]);
    let contact = given(&[proposal(), Command::SettleReservation(value, 1)]);
    assert_eq!(contact.stage, Stage::Void);
    assert_eq!(
        contact
            .decide(&Command::Confirm, &context(NOW, None))
            .unwrap_err(),
        Rejection::ReservationLapsed
    );
    let again = [
        proposal(),
        Command::Refuse,
        proposal(),
        Command::SettleReservation(value, 1),
    ];
    let stage = given(&again).stage;
    assert_eq!(stage, Stage::Proposed, "an earlier attempt's is none of it");
    let created = given(&[
        proposal(),
        Command::Confirm,
        Command::SettleReservation(value, 1),
    ]);
    assert_eq!(
        created.stage,
        Stage::Active,
        "a created contact keeps its values"
    );
}

#[test]
fn money_that_expires_first_is_spent_first_and_expired_money_not_at_all() {
    let mut contact = given(&[proposal(), Command::Confirm]);
    record(&mut contact, &purchase(200, None), &context(NOW, None));
    let short = context(NOW, Some(Span::seconds(60)));
    record(&mut contact, &purchase(400, None), &short);
    assert_eq!(contact.wallet.balance(NOW), Minor(30));

    let spend = purchase(100, Some((25, Unbacked::Refuse)));
    let spent = record(&mut contact, &spend, &context(NOW, None))
        .spent
        .clone();
    let from: Vec<_> = spent
        .unwrap()
        .from
        .iter()
        .map(|l| (l.expires_at.is_some(), l.left.0))
        .collect();
    assert_eq!(from, [(true, 20), (false, 5)]);

    record(&mut contact, &purchase(400, None), &short);
    let later = NOW.after(Span::seconds(120));
    let before = contact.wallet.balance(NOW).0;
    assert_eq!(contact.wallet.balance(later).0, before - 20);
    let events = contact
        .decide(&Command::FireTimers, &context(later, None))
        .unwrap();
    events.iter().for_each(|event| contact.apply(event));
    assert_eq!(contact.next_due(), Dues::default());
    assert_eq!(contact.wallet.balance(later).0, before - 20);
}

#[test]
fn an_expiry_is_never_earlier_than_promised_and_lots_stay_few() {
    for lasts in [Span::seconds(5), Span::seconds(86_400), Span::days(365)] {
        let mut wallet = Wallet::default();
        for step in 0..5_000_i64 {
            let now = Timestamp(step * (lasts.0 / 5_000));
            let expires_at = expiry_at_grain(now, lasts);
            assert!(expires_at >= now.after(lasts));
            wallet.credit(Lot {
                expires_at: Some(expires_at),
                left: Minor(1),
                ..Lot::default()
            });
        }
        assert!(
            wallet.lots.len() < Wallet::LOTS_MAX,
            "{}",
            wallet.lots.len()
        );
    }
}

proptest! {
    #[test]
    fn the_balance_is_what_was_awarded_less_what_was_spent_and_never_negative(
        steps in prop::collection::vec((1_i64..100_000, 0_i64..200_000), 1..40)
    ) {
        let mut contact = given(&[proposal(), Command::Confirm]);
        let mut expected = 0;
        for (total, wish) in steps {
            let wish = wish.min(total);
            let spend = (wish > 0).then_some((wish, Unbacked::SpendWhatThereIs));
            let recorded = record(&mut contact, &purchase(total, spend), &context(NOW, None));
            expected += recorded.awarded().0 - recorded.spent().0;
            prop_assert_eq!(contact.wallet.balance(NOW).0, expected);
            prop_assert!(contact.wallet.lots.iter().all(|lot| lot.left > Minor::ZERO));
        }
    }
}

/// What a purchase of 20.00 makes of the offer's 1.00 where the shard's lease holds so much, and no more than so much is left
/// anywhere.
fn on_a_budget(
    held: i64,
    no_more_than: Option<i64>,
) -> Result<Result<Minor, NoAward>, entity::Rejection> {
    let mut context = context(NOW, None);
    let mut view = (*tenant(None)).clone();
    let offer = Arc::make_mut(&mut view.offers[0].1);
    offer.budget = Some(Minor(5_000));
    context.tenant = Some(Arc::new(view));
    context.budgets = vec![Budget {
        offer: 1,
        lease_seq: 8,
        held: Minor(held),
        no_more_than: no_more_than.map(Minor),
    }];
    let contact = given(&[proposal(), Command::Confirm]);
    let command = entity::Command::Contact(purchase(2_000, None));
    let mut entity = Entity::new(Kind::Contact);
    entity.state = State::Contact(Box::new(contact));
    let effect = entity.decide(&command, None, &context)?;
    let purchase = match &effect.events[..] {
        [entity::Event::Contact(Event::PurchaseRecorded(purchase))] => purchase,
        other => panic!("{other:?}"),
    };
    let result = purchase.offers[0].map(|given| given.lot.left);
    let debit = result.ok().map(|amount| Movement {
        offer: 1,
        seq: 9,
        change: Change::Debit(amount),
    });
    assert_eq!(effect.leases, Vec::from_iter(debit));
    Ok(result)
}

#[test]
fn an_award_on_a_budget_is_debited_in_the_same_effect() {
    assert_eq!(on_a_budget(100, None), Ok(Ok(Minor(100))));
    assert_eq!(on_a_budget(100, Some(0)), Ok(Ok(Minor(100))));
}

#[test]
fn an_award_is_given_whole_or_not_at_all() {
    assert_eq!(on_a_budget(99, Some(99)), Ok(Err(NoAward::BudgetExhausted)));
}

#[test]
fn an_offer_that_may_have_more_is_asked_before_an_award_is_refused() {
    let (offer, amount) = (1, Minor(100));
    let rejection = Rejection::LeaseShort { offer, amount };
    let short = Err(entity::Rejection::Contact(rejection));
    assert_eq!(on_a_budget(99, None), short);
    assert_eq!(on_a_budget(0, Some(100)), short);
}

/// What offers of these amounts, groups and caps make of one purchase after another; each award in cents.
fn given_by(offers: &[(i64, Option<&str>, Caps)], days: &[i32]) -> Vec<Vec<Result<i64, NoAward>>> {
    let mut view = (*tenant(None)).clone();
    view.offers = (1..)
        .zip(offers.iter().map(|(amount, best_of, caps)| {
            Arc::new(Offer {
                best_of: best_of.map(str::to_owned),
                caps: *caps,
                ..Offer::new("Offer", Award::Fixed(Minor(*amount)))
            })
        }))
        .collect();
    let mut contact = given(&[proposal(), Command::Confirm]);
    let purchases = days.iter().map(|day| {
        let now = Timestamp(NOW.0 + i64::from(*day) * 86_400_000);
        let context = Context {
            tenant: Some(Arc::new(view.clone())),
            ..context(now, None)
        };
        let recorded = record(&mut contact, &purchase(2_000, None), &context);
        let results = recorded.offers.iter();
        results
            .map(|result| result.map(|given| given.lot.left.0))
            .collect()
    });
    purchases.collect()
}

const NO_CAPS: Caps = Caps {
    in_all: Cap {
        awards: None,
        amount: None,
    },
    a_day: Cap {
        awards: None,
        amount: None,
    },
};

#[test]
fn of_equals_in_a_group_the_first_gives_and_what_is_in_no_group_gives_beside_it() {
    let offers = [
        (3, Some("a"), NO_CAPS),
        (5, Some("a"), NO_CAPS),
        (5, Some("a"), NO_CAPS),
        (1, Some("b"), NO_CAPS),
        (2, None, NO_CAPS),
    ];
    let not = Err(NoAward::NotTheBest);
    assert_eq!(given_by(&offers, &[0]), [[not, Ok(5), not, Ok(1), Ok(2)]]);
}

#[test]
fn caps_count_what_was_given_and_nothing_else() {
    let cap = |awards, amount: Option<i64>| Cap {
        awards,
        amount: amount.map(Minor),
    };
    let in_all = |cap| Caps {
        in_all: cap,
        ..NO_CAPS
    };
    let a_day = |cap| Caps {
        a_day: cap,
        ..NO_CAPS
    };
    let offers = [
        (10, None, in_all(cap(Some(2), None))),
        (10, None, in_all(cap(None, Some(29)))),
        (10, None, a_day(cap(Some(1), None))),
        (10, None, a_day(cap(None, Some(20)))),
        // Capped, but never the best: what it does not give does not count.
        (5, Some("a"), in_all(cap(Some(1), None))),
        (9, Some("a"), in_all(cap(Some(3), None))),
    ];
    let (all, day) = (Err(NoAward::ContactCapReached), Err(NoAward::DayCapReached));
    let (ten, not) = (Ok(10), Err(NoAward::NotTheBest));
    assert_eq!(
        given_by(&offers, &[0, 0, 0, 1, 1]),
        [
            [ten, ten, ten, ten, not, Ok(9)],
            [ten, ten, day, ten, not, Ok(9)],
            [all, all, day, day, not, Ok(9)],
            [all, all, ten, ten, Ok(5), all],
            [all, all, day, ten, all, all],
        ]
    );
}

#[test]
fn no_more_offers_are_counted_than_there_is_room_for_and_yesterdays_make_room() {
    let cap = Cap {
        awards: Some(1),
        amount: None,
    };
    let both = Caps {
        in_all: cap,
        a_day: cap,
    };
    let a_day = Caps {
        a_day: cap,
        ..NO_CAPS
    };
    let most = Counts::OFFERS_MAX;
    let mut offers = vec![(1, None, both); most];
    offers.extend([(1, None, a_day); 2]);
    let purchases = given_by(&offers, &[0, 1]);
    let expected = [
        (Ok(1), Err(NoAward::WalletFull)),
        (Err(NoAward::ContactCapReached), Ok(1)),
    ];
    for (results, (first, rest)) in purchases.iter().zip(expected) {
        assert!(results[..most].iter().all(|result| *result == first));
        assert_eq!(results[most..], [rest; 2]);
    }
}
