//! An offer's budget is spent to the end and never beyond it, wherever the contacts live and whatever fails.

use std::collections::BTreeSet;
use std::future::pending;

use clientele::app::Error;
use clientele::domain::address::{Address, Kind, Mode};
use clientele::domain::entity::{Answer as Told, BudgetView, Command, Query};
use clientele::domain::money::{Minor, Percent};
use clientele::domain::offer::{self, Award, Offer};
use clientele::domain::tenant;
use clientele::seeding::{SeedContact, TENANT};
use clientele_cluster::{ShardCount, ShardId, shard_of};
use futures_util::future::join_all;
use rust_decimal::Decimal;
use tokio::net::TcpStream;

use crate::node::{Answer, PATIENCE, TestNode, cents, eventually};

/// A purchase of so many euros meets no other condition of the demo network.
const TOTAL: u32 = 20;

const OFFER: Address = Address {
    tenant: TENANT,
    mode: Mode::Live,
    kind: Kind::Offer,
    entity: 100,
};

async fn list_offer(node: &TestNode, award: Award, budget: i64) {
    let create = offer::Command::Create(Box::new(Offer {
        budget: Some(Minor(budget)),
        ..Offer::new("While it lasts", award)
    }));
    node.command(OFFER, Command::Offer(create)).await;
    let list = Command::Tenant(tenant::Command::ListOffer(Mode::Live, OFFER.entity));
    node.command(Address::tenant(TENANT), list).await;
}

async fn budget(node: &TestNode) -> BudgetView {
    let reply = node.api().router.query(OFFER, Query::Budget).await;
    match reply.result {
        Ok(Told::Budget(view)) => *view,
        other => panic!("no budget but {other:?}"),
    }
}

/// What the offer gave for a purchase; nothing only because its budget is exhausted.
fn given(answer: &Answer) -> Option<Decimal> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = answer.json();
    let offers = body["offers"].as_array().unwrap();
    let outcome = offers.iter().find(|it| it["name"] == "While it lasts");
    let outcome = outcome.unwrap();
    if outcome["amount"].is_null() {
        assert_eq!(outcome["reason"], "BUDGET_EXHAUSTED", "{body}");
        return None;
    }
    Some(outcome["amount"].to_string().parse().unwrap())
}

fn shard(node: &TestNode, contact: &SeedContact, shards: u64) -> ShardId {
    let entity = node.address_of(contact).entity;
    shard_of(TENANT.0, entity, ShardCount::new(shards).unwrap())
}

/// Live contacts that live in as many different shards.
fn scattered(node: &TestNode, count: usize) -> Vec<SeedContact> {
    let mut shards = BTreeSet::new();
    let contacts = node.seed.contacts.iter().filter(|it| it.mode == "live");
    let scattered: Vec<_> = contacts
        .filter(|contact| shards.insert(shard(node, contact, 16)))
        .take(count)
        .cloned()
        .collect();
    assert_eq!(scattered.len(), count);
    scattered
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_budget_for_two_awards_gives_exactly_two() {
    let node = TestNode::start().await;
    list_offer(&node, Award::Fixed(Minor(700)), 2 * 700 + 699).await;
    let contacts = scattered(&node, 8);
    let purchases = (0..40).map(|number| {
        let contact = &contacts[number % contacts.len()];
        node.purchase(contact, TOTAL, &number.to_string()).send()
    });
    let answers = join_all(purchases).await;
    assert_eq!(answers.iter().filter_map(given).count(), 2);
    let balances = join_all(contacts.iter().map(|contact| node.balance(contact))).await;
    assert_eq!(
        balances.iter().sum::<Decimal>(),
        cents(40 * 100 + 2 * 700),
        "5% of each, and the two awards"
    );
    let view = budget(&node).await;
    assert_eq!(view.available, Minor(699));
    assert_eq!(view.lent.0 - view.returned.0, 2 * 700);

    // What was found out once is not found out again and again.
    let asked = node.probe.of_offers();
    for contact in &contacts {
        let purchase = node.purchase(contact, TOTAL, "too late").send().await;
        assert_eq!(given(&purchase), None);
    }
    assert_eq!(node.probe.of_offers(), asked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_percentage_is_given_to_the_last_cent_that_fits() {
    let node = TestNode::start().await;
    list_offer(&node, Award::Percentage(Percent(10.into())), 100).await;
    let contacts = scattered(&node, 8);
    // What is refused is remembered, and must not stand in the way of less.
    let expected = [
        (6, Some(60)),
        (5, None),
        (9, None),
        (3, Some(30)),
        (2, None),
        (1, Some(10)),
        (1, None),
    ];
    for (number, (euros, awarded)) in expected.into_iter().enumerate() {
        let purchase = node.purchase(&contacts[number], euros, "only").send().await;
        assert_eq!(given(&purchase), awarded.map(cents), "of {euros} euros");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_lies_idle_elsewhere_is_recalled_before_an_award_is_refused() {
    let node = TestNode::start_with(|config| config.actors.shards = 2).await;
    list_offer(&node, Award::Fixed(Minor(100)), 1_200).await;
    let in_shard = |number| {
        let mut contacts = node.seed.contacts.iter().filter(|it| it.mode == "live");
        contacts.find(|it| shard(&node, it, 2) == ShardId(number))
    };
    let (here, elsewhere) = (in_shard(0).unwrap(), in_shard(1).unwrap());
    let first = node.purchase(elsewhere, TOTAL, "0").send().await;
    assert_eq!(given(&first), Some(cents(100)));
    let view = budget(&node).await;
    let lent = view.lending.of(1).lent;
    assert!(lent > Minor(100), "nothing lies idle there: {view:?}");

    for number in 1..12 {
        let purchase = node.purchase(here, TOTAL, &number.to_string()).send().await;
        assert_eq!(given(&purchase), Some(cents(100)), "award {number}");
    }
    for contact in [here, elsewhere] {
        let beyond = node.purchase(contact, TOTAL, "beyond").send().await;
        assert_eq!(given(&beyond), None);
    }
    let view = budget(&node).await;
    assert_eq!(view.available, Minor(0));
    assert_eq!(view.lending.of(1).out(), Minor(100), "all but the award");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_and_a_failed_disk_keep_the_sum() {
    const AWARDS: usize = 12;
    let mut node = TestNode::start().await;
    list_offer(&node, Award::Fixed(Minor(100)), 1_200).await;
    let contacts = scattered(&node, 8);
    let mut awarded = 0;
    let mut number = 0;
    for phase in 0..4 {
        for contact in &contacts[..3] {
            number += 1;
            let purchase = node.purchase(contact, TOTAL, &number.to_string());
            awarded += usize::from(given(&purchase.send().await).is_some());
        }
        match phase {
            0 => node.restart().await,
            1 => {
                // The disk fails under several at once: whatever was lost of them, a retry finds out.
                node.gate.fail_next_sync(5);
                let cut_short = contacts.iter().map(|contact| {
                    let key = format!("cut short by the disk, {}", contact.code);
                    node.purchase(contact, TOTAL, &key).send()
                });
                let answers = join_all(cut_short).await;
                assert!(answers.iter().any(|answer| answer.status >= 500));
                let ended = tokio::time::timeout(PATIENCE, node.take_running().until(pending()));
                assert!(matches!(ended.await, Ok(Err(Error::JournalFailed))));
                node.start_again().await;
                let retried = contacts.iter().zip(answers).map(async |(contact, answer)| {
                    let key = format!("cut short by the disk, {}", contact.code);
                    let retried = node.purchase(contact, TOTAL, &key).send().await;
                    assert!(answer.status >= 500 || answer.body == retried.body);
                    usize::from(given(&retried).is_some())
                });
                awarded += join_all(retried).await.into_iter().sum::<usize>();
            }
            _ => {}
        }
        assert!(awarded <= AWARDS, "{awarded} in phase {phase}");
    }
    for contact in &contacts {
        for _ in 0..2 {
            number += 1;
            let purchase = node.purchase(contact, TOTAL, &number.to_string());
            awarded += usize::from(given(&purchase.send().await).is_some());
        }
    }
    assert_eq!(awarded, AWARDS);
    node.restart().await;
    let beyond = node.purchase(&contacts[7], TOTAL, "beyond").send().await;
    assert_eq!(given(&beyond), None, "a restart makes no money");
    let view = budget(&node).await;
    assert_eq!(
        (view.available, view.lent.0 - view.returned.0),
        (Minor(0), 1_200)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_during_a_loan_has_one_effect_and_the_first_answer() {
    let node = TestNode::start().await;
    list_offer(&node, Award::Fixed(Minor(100)), 300).await;
    let (buyer, bystander) = (node.contact(0), node.contact(1));
    assert_eq!(node.balance(bystander).await, cents(0));

    // The record that is held is that of the loan: the purchase was decided once, and is not recorded.
    let decided = node.probe.purchases();
    let (held, first) = node
        .begin_with_syncs_held(node.purchase(buyer, TOTAL, "same"))
        .await;
    assert_eq!(node.probe.purchases(), decided + 1);
    let mut waiting = [
        first,
        node.purchase(buyer, TOTAL, "same").begin(),
        node.purchase(buyer, TOTAL, "same").begin(),
    ];
    for _ in 0..30 {
        assert_eq!(node.balance(bystander).await, cents(0));
    }
    for request in &mut waiting {
        assert!(!request.is_answered(), "the actor was asked meanwhile");
    }
    assert_eq!(node.balance(buyer).await, cents(0), "nothing happened yet");
    drop(held);
    let [first, second, third] = waiting;
    let first = first.answer().await;
    assert_eq!(given(&first), Some(cents(100)));
    assert_eq!(second.answer().await.body, first.body);
    assert_eq!(third.answer().await.body, first.body);
    assert_eq!(node.balance(buyer).await, cents(200));
    let reuse = node.purchase(buyer, TOTAL + 1, "same").send().await;
    assert_eq!(reuse.problem(), (422, "idempotency_key_reused".to_owned()));
    // The other two had borrowed as well; that is idle, not lost.
    for number in 0..3 {
        let purchase = node.purchase(bystander, TOTAL, &number.to_string());
        assert_eq!(given(&purchase.send().await).is_some(), number < 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lending_changes_no_configuration() {
    let node = TestNode::start().await;
    list_offer(&node, Award::Fixed(Minor(100)), 300).await;
    let router = node.api().router.clone();
    let before = router.tenant_view(TENANT, Mode::Live).await.unwrap();
    let purchase = node.purchase(node.contact(0), TOTAL, "0").send().await;
    assert_eq!(given(&purchase), Some(cents(100)));
    assert!(budget(&node).await.lent > Minor(0));
    let after = router.tenant_view(TENANT, Mode::Live).await.unwrap();
    assert!(std::sync::Arc::ptr_eq(&before, &after));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_finishes_the_loans_of_what_it_has_accepted() {
    let mut node = TestNode::start().await;
    list_offer(&node, Award::Fixed(Minor(100)), 300).await;
    let public = node.public();
    let purchase = node.purchase(node.contact(0), TOTAL, "0");
    let (held, accepted) = node.begin_with_syncs_held(purchase).await;

    let ending = node.take_running().shut_down();
    let answered = async {
        eventually("the listener is closed", async || {
            TcpStream::connect(public).await.is_err()
        })
        .await;
        drop(held);
        assert_eq!(given(&accepted.answer().await), Some(cents(100)));
    };
    let (ended, ()) = tokio::join!(ending, answered);
    ended.unwrap();
    node.start_again().await;
    assert_eq!(node.balance(node.contact(0)).await, cents(200));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_cancelled_award_gives_back_is_given_again_elsewhere() {
    let mut node = TestNode::start().await;
    list_offer(&node, Award::Fixed(Minor(700)), 700).await;
    let contacts = scattered(&node, 3);
    let first = node.purchase(&contacts[0], TOTAL, "first").send().await;
    assert_eq!(given(&first), Some(7.into()));
    let refused = node.purchase(&contacts[1], TOTAL, "early").send().await;
    assert_eq!(given(&refused), None);
    node.restart().await;
    let path = format!("/purchases/{}/cancel", first.text("id"));
    for _ in 0..2 {
        let cancelled = node.post(&path, &serde_json::json!({})).send().await;
        assert_eq!(cancelled.status, 200, "{cancelled:?}");
    }
    let again = node.purchase(&contacts[1], TOTAL, "again").send().await;
    assert_eq!(given(&again), Some(7.into()));
    let refused = node.purchase(&contacts[2], TOTAL, "late").send().await;
    assert_eq!(given(&refused), None, "it came back once");
}
