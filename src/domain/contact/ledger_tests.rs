use proptest::prelude::*;

use super::tests::{NOW, VENUE, context, given, proposal, purchase, record, tenant};
use super::*;
use crate::domain::context::{Budget, Context};
use crate::domain::entity::{self, Entity, State};
use crate::domain::lease::{Change, Movement as LeaseMovement};
use crate::domain::money::Minor;
use crate::domain::offer::SpendConditions;
use crate::domain::time::{Span, Timestamp};
use std::sync::Arc;

fn cancel(number: u32) -> Command {
    Command::CancelPurchase(CancelPurchase {
        number,
        found: None,
    })
}

fn moved(cents: i64, reason: Reason) -> Command {
    Command::MoveMoney(Movement {
        amount: Minor(cents),
        currency: None,
        reason,
    })
}

pub(super) fn top_up(cents: i64) -> Command {
    moved(cents, Reason::TopUp(Arc::default()))
}

fn debit(cents: i64) -> Command {
    moved(cents, Reason::Debit(Some("by hand").into()))
}

fn spending(cents: i64) -> RecordPurchase {
    let Command::RecordPurchase(purchase) =
        purchase(10_000, Some((cents, Unbacked::SpendWhatThereIs)))
    else {
        panic!("no purchase");
    };
    purchase
}

pub(super) fn hold(cents: i64) -> Command {
    Command::HoldFunds(spending(cents))
}

pub(super) fn capture(cents: i64, number: u32) -> Command {
    Command::RecordPurchase(RecordPurchase {
        estimate: Some(number),
        ..spending(cents)
    })
}

fn take_return(award: i64, spend: i64) -> Command {
    Command::TakeReturn(AdHocReturn {
        of: ReturnOf {
            organisation: VENUE,
            ..ReturnOf::default()
        },
        currency: None,
        award: Minor(award),
        spend: Minor(spend),
    })
}

pub(super) fn contact() -> Contact {
    given(&[proposal(), Command::Confirm])
}

pub(super) fn at(seconds: u32, award_lasts: Option<Span>) -> Context {
    context(NOW.after(Span::seconds(seconds)), award_lasts)
}

pub(super) fn make(contact: &mut Contact, command: &Command, context: &Context) {
    let events = contact.decide(command, context).unwrap();
    events.iter().for_each(|event| contact.apply(event));
    holds(contact);
}

/// What is true of every wallet at any moment.
pub(super) fn holds(contact: &Contact) {
    let lots: i64 = contact.wallet.lots.iter().map(|lot| lot.left.0).sum();
    assert_eq!(contact.ledger.balance, Minor(lots));
    let mut before = None;
    for line in &contact.ledger.lines {
        assert!(line.balance >= Minor::ZERO, "{line:?}");
        if let Some((number, balance)) = before {
            assert_eq!(line.number, number + 1);
            assert_eq!(line.balance.0, balance + line.amount.0);
        }
        before = Some((line.number, line.balance.0));
    }
    assert!(contact.wallet.owed >= Minor::ZERO);
    assert!(contact.wallet.lots.iter().all(|lot| lot.left > Minor::ZERO));
    let locked = &contact.wallet.locked;
    assert!(locked.iter().all(|it| it.lot.left > Minor::ZERO));
    assert!(locked.is_sorted_by_key(|it| it.until));
}

fn causes(contact: &Contact) -> Vec<(Cause, i64)> {
    let lines = contact.ledger.lines.iter();
    lines
        .map(|line| (line.cause.clone(), line.amount.0))
        .collect()
}

#[test]
fn a_cancelled_purchase_leaves_the_wallet_as_it_was() {
    let mut contact = contact();
    record(&mut contact, &purchase(2_000, None), &context(NOW, None));
    let before = contact.wallet.lots.clone();
    let spend = purchase(1_000, Some((30, Unbacked::Refuse)));
    record(&mut contact, &spend, &context(NOW, None));
    make(&mut contact, &cancel(2), &at(5, None));
    assert_eq!(contact.wallet.lots, before);
    assert_eq!(contact.wallet.owed, Minor::ZERO);
    assert_eq!(
        contact.purchases[1].cancelled_at,
        Some(NOW.after(Span::seconds(5)))
    );
    assert_eq!(contact.purchases[0].cancelled_at, None);
    assert_eq!(
        causes(&contact)[3..],
        [(Cause::Restore(2), 30), (Cause::Cancel(2), -49)]
    );
    let again = contact.decide(&cancel(2), &at(6, None)).unwrap();
    assert!(again.is_empty(), "a second time changes nothing");
}

#[test]
fn an_award_is_taken_from_its_own_lot_before_money_that_expires_sooner() {
    let mut contact = contact();
    let (soon, late) = (Some(Span::seconds(60)), Some(Span::seconds(600)));
    record(&mut contact, &purchase(400, None), &context(NOW, soon));
    let first = contact.wallet.lots.clone();
    record(&mut contact, &purchase(600, None), &context(NOW, late));
    make(&mut contact, &cancel(2), &context(NOW, None));
    assert_eq!(
        contact.wallet.lots, first,
        "the 0.30 that expire later are gone"
    );
}

#[test]
fn what_is_missing_is_taken_from_what_expires_first_and_the_rest_is_owed() {
    let mut contact = contact();
    let (first, then) = (Some(Span::seconds(60)), Some(Span::seconds(120)));
    record(&mut contact, &purchase(2_000, None), &context(NOW, first));
    let spend = purchase(100, Some((90, Unbacked::Refuse)));
    record(&mut contact, &spend, &context(NOW, then));
    record(&mut contact, &purchase(400, None), &context(NOW, None));
    // 0.10 of the first award, 0.01 of the second (5% of 0.10), and 0.20 that never expire.
    assert_eq!(contact.wallet.balance(NOW), Minor(31));
    make(&mut contact, &cancel(1), &context(NOW, None));
    assert_eq!(contact.wallet.balance(NOW), Minor::ZERO);
    assert_eq!(contact.wallet.owed, Minor(69));
    let newest = causes(&contact);
    assert_eq!(
        newest[newest.len() - 2..],
        [(Cause::Owed(1), 69), (Cause::Cancel(1), -100)]
    );

    // The next awards pay it, then top-ups.
    record(&mut contact, &purchase(1_000, None), &context(NOW, None));
    assert_eq!(contact.wallet.owed, Minor(19));
    assert_eq!(contact.wallet.balance(NOW), Minor::ZERO);
    make(&mut contact, &top_up(100), &context(NOW, None));
    assert_eq!(contact.wallet.owed, Minor::ZERO);
    assert_eq!(contact.wallet.balance(NOW), Minor(81));
    let newest = causes(&contact);
    assert_eq!(newest[newest.len() - 1], (Cause::Repaid, -19));
}

#[test]
fn restored_money_keeps_its_expiry_or_gets_a_day() {
    let lasts = Some(Span::seconds(600));
    let spend = purchase(100, Some((40, Unbacked::Refuse)));
    let mut early = contact();
    record(&mut early, &purchase(1_000, None), &context(NOW, lasts));
    let expires_at = early.wallet.lots[0].expires_at;
    record(&mut early, &spend, &context(NOW, None));
    let mut late = early.clone();

    make(&mut early, &cancel(2), &at(10, None));
    assert_eq!(early.wallet.lots.len(), 1);
    assert_eq!(early.wallet.lots[0].expires_at, expires_at);
    assert_eq!(early.wallet.lots[0].left, Minor(50));

    let passed = at(700, None);
    make(&mut late, &Command::FireTimers, &passed);
    make(&mut late, &cancel(2), &passed);
    let day = passed.now.after(Span::days(1));
    // 0.40 come back, 0.03 that were awarded are taken: from their own lot, which never expires.
    let lot = late.wallet.lots[0];
    assert_eq!(lot.left, Minor(40));
    assert!(lot.is_open(day.before(Span(1))), "not less than a day");
    assert!(!lot.is_open(day.after(Span::seconds(3_600))));
}

#[test]
fn an_expired_award_is_taken_from_other_money_whether_or_not_a_timer_has_fired() {
    let mut fired = contact();
    let lasts = Some(Span::seconds(60));
    record(&mut fired, &purchase(2_000, None), &context(NOW, lasts));
    make(&mut fired, &top_up(30), &context(NOW, None));
    let mut unfired = fired.clone();
    let later = at(100, None);
    make(&mut fired, &Command::FireTimers, &later);
    for contact in [&mut fired, &mut unfired] {
        make(contact, &cancel(1), &later);
        assert_eq!(contact.wallet.balance(later.now), Minor::ZERO);
        assert_eq!(contact.wallet.owed, Minor(70));
    }
}

#[test]
fn only_what_the_balance_covers_is_taken_by_hand() {
    let mut contact = contact();
    make(&mut contact, &top_up(50), &context(NOW, None));
    let refused = contact.decide(&debit(51), &context(NOW, None)).unwrap_err();
    assert_eq!(refused, Rejection::DebitNotCovered);
    make(&mut contact, &debit(50), &context(NOW, None));
    assert_eq!(contact.wallet.balance(NOW), Minor::ZERO);
}

#[test]
fn an_unknown_purchase_and_an_unconfirmed_contact_are_refused() {
    let refused = contact().decide(&cancel(1), &context(NOW, None));
    assert_eq!(refused.unwrap_err(), Rejection::UnknownPurchase);
    let proposed = given(&[proposal()]);
    let refused = proposed.decide(&top_up(1), &context(NOW, None));
    assert_eq!(refused.unwrap_err(), Rejection::UnknownContact);
}

#[test]
fn a_cancellation_credits_the_budget_that_gave() {
    let mut view = (*tenant(None)).clone();
    Arc::make_mut(&mut view.offers[0].1).budget = Some(Minor(5_000));
    let mut context = context(NOW, None);
    context.tenant = Some(Arc::new(view));
    let mut contact = contact();
    let lease = |held| Budget {
        offer: 1,
        lease_seq: 8,
        held: Minor(held),
        no_more_than: None,
    };
    context.budgets = vec![lease(100)];
    record(&mut contact, &purchase(2_000, None), &context);
    let mut entity = Entity::new(crate::domain::address::Kind::Contact);
    entity.state = State::Contact(Box::new(contact));
    let command = entity::Command::Contact(cancel(1));

    context.budgets.clear();
    let (offer, amount) = (1, Minor(100));
    let short = Rejection::LeaseShort { offer, amount };
    assert_eq!(
        entity.decide(&command, None, &context).unwrap_err(),
        entity::Rejection::Contact(short),
        "it asks for the lease"
    );
    context.budgets = vec![lease(0)];
    let effect = entity.decide(&command, None, &context).unwrap();
    let change = Change::Credit(amount);
    assert_eq!(
        effect.leases,
        [LeaseMovement {
            offer,
            seq: 9,
            change
        }]
    );
}

#[test]
fn a_page_counts_back_from_the_newest_and_shows_expired_money_as_expired() {
    let mut contact = contact();
    let lasts = Some(Span::seconds(60));
    for _ in 0..3 {
        record(&mut contact, &purchase(100, None), &context(NOW, lasts));
    }
    let page = |newest, skip, take| JournalPage { newest, skip, take };
    let numbers = |page, now| -> Vec<u32> {
        let view = contact.journal(page, now, &[]).unwrap();
        view.lines.iter().map(|line| line.number).collect()
    };
    assert_eq!(numbers(page(None, 0, 10), NOW), [3, 2, 1]);
    assert_eq!(numbers(page(None, 1, 1), NOW), [2]);
    assert_eq!(numbers(page(Some(2), 0, 9), NOW), [2, 1]);
    assert!(numbers(page(None, 3, 9), NOW).is_empty());
    let later = NOW.after(Span::seconds(100));
    let view = contact.journal(page(None, 0, 9), later, &[]).unwrap();
    let expiry = &view.lines[0];
    assert_eq!(
        (expiry.number, expiry.amount.0, expiry.balance.0),
        (4, -15, 0)
    );
    assert_eq!(expiry.cause, Cause::Expiry);
    assert_eq!(expiry.at, contact.wallet.lots[0].expires_at.unwrap());

    let mut spilled = contact.clone();
    let older: Vec<_> = spilled.ledger.lines.drain(..2).collect();
    assert!(spilled.journal(page(None, 0, 9), NOW, &[]).is_none());
    assert_eq!(
        spilled.journal(page(None, 0, 9), NOW, &older),
        contact.journal(page(None, 0, 9), NOW, &[])
    );
}

/// How the one offer awards.
#[derive(Clone, Copy, Debug, Default)]
struct Awarding {
    lasts: Option<u32>,
    unlocks: Option<u32>,
    is_bound: bool,
}

impl Awarding {
    fn context(self, now: Timestamp) -> Context {
        let mut context = context(now, self.lasts.map(Span::seconds));
        let mut view = (*tenant(self.lasts.map(Span::seconds))).clone();
        let offer = Arc::make_mut(&mut view.offers[0].1);
        offer.unlocks_after = self.unlocks.map(Span::seconds);
        offer.spend_conditions = self.is_bound.then(|| SpendConditions {
            organisations: vec![VENUE],
            ..SpendConditions::default()
        });
        context.tenant = Some(Arc::new(view));
        context
    }
}

#[derive(Clone, Debug)]
enum Step {
    Purchase(i64, Option<(i64, Unbacked)>, Awarding),
    Cancel(u32),
    TopUp(i64),
    Debit(i64),
    Hold(i64),
    Capture(i64, u32),
    Release(u32),
    Return(i64, i64),
    FireTimers,
    Wait(u32),
}

fn step() -> impl Strategy<Value = Step> {
    use proptest::option::of;
    let awarding = (of(1_u32..200), of(1_u32..200), any::<bool>());
    let awarding = awarding.prop_map(|(lasts, unlocks, is_bound)| Awarding {
        lasts,
        unlocks,
        is_bound,
    });
    let unbacked = prop_oneof![Just(Unbacked::SpendWhatThereIs), Just(Unbacked::Owe)];
    prop_oneof![
        4 => (1_i64..100_000, of((1_i64..100_000, unbacked)), awarding)
            .prop_map(|(total, spend, awarding)| Step::Purchase(total, spend, awarding)),
        3 => (1_u32..30).prop_map(Step::Cancel),
        1 => (1_i64..5_000).prop_map(Step::TopUp),
        1 => (1_i64..5_000).prop_map(Step::Debit),
        2 => (1_i64..5_000).prop_map(Step::Hold),
        1 => (1_i64..5_000, 1_u32..10).prop_map(|(spend, hold)| Step::Capture(spend, hold)),
        1 => (1_u32..10).prop_map(Step::Release),
        1 => (0_i64..5_000, 0_i64..5_000).prop_map(|(award, spend)| Step::Return(award, spend)),
        1 => Just(Step::FireTimers),
        2 => (0_u32..400).prop_map(Step::Wait),
    ]
}

/// Sums of the accounts, kept by the lines alone.
#[derive(Default)]
struct Accounts {
    balance: i64,
    owed: i64,
    read: u32,
}

impl Accounts {
    fn read(&mut self, contact: &Contact, now: Timestamp) {
        let unread = contact.ledger.lines.iter();
        for line in unread.filter(|line| line.number > self.read) {
            self.balance += line.amount.0;
            match line.cause {
                Cause::Owed(_) | Cause::ReturnOwed(_) | Cause::Repaid => self.owed += line.amount.0,
                Cause::Award(_)
                | Cause::Spend(_)
                | Cause::Unlock
                | Cause::ReturnedSpend(_)
                | Cause::ReturnedAward(_)
                | Cause::Expiry
                | Cause::Cancel(_)
                | Cause::Restore(_)
                | Cause::TopUp(_)
                | Cause::Credit(_)
                | Cause::Debit(_)
                | Cause::Hold(_)
                | Cause::Release(_) => {}
            }
        }
        self.read = contact.ledger.count;
        assert_eq!(self.owed, contact.wallet.owed.0);
        let page = JournalPage {
            newest: None,
            skip: 0,
            take: contact
                .journal_range(JournalPage::line(u32::MAX), now)
                .map_or(0, |it| it.1)
                - contact.ledger.count,
        };
        let pending = contact.journal(page, now, &[]).unwrap().lines;
        let expired: i64 = pending.iter().map(|line| line.amount.0).sum();
        assert_eq!(self.balance + expired, contact.wallet.balance(now).0);
        let held = contact.wallet.holds.iter().map(|hold| hold.amount().0);
        let run_out = contact.wallet.holds.iter().filter(|hold| hold.until <= now);
        let run_out: i64 = run_out.map(|hold| hold.amount().0).sum();
        assert_eq!(contact.wallet.held(now).0, held.sum::<i64>() - run_out);
    }
}

proptest! {
    #[test]
    fn the_sum_of_the_lines_is_the_balance_whatever_happens(
        steps in prop::collection::vec(step(), 1..60)
    ) {
        let mut contact = contact();
        let mut accounts = Accounts::default();
        let bound = Awarding { is_bound: true, ..Awarding::default() };
        let mut now = NOW;
        let mut cancelled = std::collections::BTreeSet::new();
        for step in steps {
            let (command, awarding) = match step {
                Step::Wait(seconds) => {
                    now = now.after(Span::seconds(seconds));
                    accounts.read(&contact, now);
                    continue;
                }
                Step::Purchase(total, spend, awarding) => {
                    let spend = spend.map(|(amount, unbacked)| (amount.min(total), unbacked));
                    (purchase(total, spend), awarding)
                }
                Step::Cancel(number) => (cancel(number), Awarding::default()),
                Step::TopUp(cents) => (top_up(cents), Awarding::default()),
                Step::Debit(cents) => (debit(cents), Awarding::default()),
                Step::Hold(cents) => (hold(cents), bound),
                Step::Capture(cents, number) => (capture(cents, number), Awarding::default()),
                Step::Release(number) => (Command::ReleaseHold(number), Awarding::default()),
                Step::Return(award, spend) => (take_return(award, spend), Awarding::default()),
                Step::FireTimers => (Command::FireTimers, Awarding::default()),
            };
            match contact.decide(&command, &awarding.context(now)) {
                Ok(events) => {
                    if let Step::Cancel(number) = step {
                        prop_assert_eq!(events.is_empty(), !cancelled.insert(number));
                    }
                    events.iter().for_each(|event| contact.apply(event));
                }
                Err(refused) => prop_assert!(matches!(
                    refused,
                    Rejection::DebitNotCovered
                        | Rejection::UnknownPurchase
                        | Rejection::UnknownEstimate
                        | Rejection::TooManyHolds
                )),
            }
            holds(&contact);
            accounts.read(&contact, now);
            contact.ledger.spill();
        }
        let of_venue = contact.purchases.iter().all(|kept| kept.purchase.organisation == VENUE);
        prop_assert!(of_venue);
    }
}
