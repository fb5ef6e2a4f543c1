//! Nothing is acknowledged before it is durable, and nothing acknowledged is lost.

use std::future::pending;

use clientele::app::Error;
use tokio::net::TcpStream;

use crate::node::{PATIENCE, TestNode, cents, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_wait_for_the_journal() {
    let node = TestNode::start().await;
    let (buyer, bystander) = (node.contact(0), node.contact(1));
    let first = node.purchase(buyer, 20, "first").send().await;
    assert_eq!(first.status, 200, "{first:?}");
    assert_eq!(node.balance(bystander).await, cents(0));

    let award = node.purchase(buyer, 40, "second");
    let (held, award) = node.begin_with_syncs_held(award).await;
    let mut waiting = [
        award,
        node.wallet(buyer).begin(),
        node.spend(buyer, 1_000, "poor").begin(),
        node.purchase(buyer, 40, "second").begin(),
        node.purchase(buyer, 41, "second").begin(),
        node.purchase(buyer, 20, "first").begin(),
    ];
    // Each is a whole way through the server: whatever could be answered by now has been.
    for _ in 0..30 {
        assert_eq!(node.balance(bystander).await, cents(0));
    }
    for (number, request) in waiting.iter_mut().enumerate() {
        assert!(!request.is_answered(), "request {number} did not wait");
    }

    drop(held);
    let [award, wallet, poor, replay, reuse, replay_of_first] = waiting;
    let award = award.answer().await;
    assert_eq!(award.status, 200, "{award:?}");
    assert_eq!(wallet.answer().await.amount("balance"), cents(300));
    assert_eq!(
        poor.answer().await.problem(),
        (400, "wallet_balance_too_low".to_owned())
    );
    assert_eq!(replay.answer().await.body, award.body);
    assert_eq!(
        reuse.answer().await.problem(),
        (422, "idempotency_key_reused".to_owned())
    );
    assert_eq!(replay_of_first.answer().await.body, first.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_sync_stops_the_node_and_a_retry_converges() {
    let mut node = TestNode::start().await;
    let (acknowledged, unlucky) = (node.contact(0).clone(), node.contact(1).clone());
    let award = node.purchase(&acknowledged, 20, "kept").send().await;
    assert_eq!(award.status, 200, "{award:?}");

    node.gate.fail_next_sync(5);
    let lost = node.purchase(&unlucky, 40, "unknown").send().await;
    assert_eq!(lost.problem(), (500, "unknown_outcome".to_owned()));
    assert_eq!(node.gate.fired().failed_syncs, 1);
    // Nobody is kept waiting by what has failed, nor told that something happened.
    for _ in 0..10 {
        for contact in [&acknowledged, &unlucky] {
            let refused = node.purchase(contact, 60, "later").send().await;
            let (status, code) = refused.problem();
            let known = ["shutting_down", "unknown_outcome", "over_capacity"];
            assert!(status >= 500 && known.contains(&&*code), "{refused:?}");
        }
    }
    let ended = tokio::time::timeout(PATIENCE, node.take_running().until(pending())).await;
    assert!(matches!(ended, Ok(Err(Error::JournalFailed))));

    node.start_again().await;
    assert_eq!(node.balance(&acknowledged).await, cents(100));
    let replay = node.purchase(&acknowledged, 20, "kept").send().await;
    assert_eq!(replay.body, award.body);
    let retried = node.purchase(&unlucky, 40, "unknown").send().await;
    assert_eq!(retried.status, 200, "{retried:?}");
    let again = node.purchase(&unlucky, 40, "unknown").send().await;
    assert_eq!(again.body, retried.body);
    // 5% of 40.00: once.
    assert_eq!(node.balance(&unlucky).await, cents(200));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_over_the_cap_is_refused_without_effect() {
    let node = TestNode::start_with(|config| config.actors.under_way_per_entity = 1).await;
    let buyer = node.contact(0);
    assert_eq!(node.balance(buyer).await, cents(0));

    let (held, award) = node
        .begin_with_syncs_held(node.purchase(buyer, 20, "first"))
        .await;
    let refused = node.purchase(buyer, 40, "second").send().await;
    assert_eq!(refused.problem(), (503, "over_capacity".to_owned()));
    assert_ne!(refused.header("retry-after"), "");
    let bystander = node.contact(1);
    assert_eq!(node.balance(bystander).await, cents(0));

    drop(held);
    assert_eq!(award.answer().await.status, 200);
    assert_eq!(node.balance(buyer).await, cents(100));
    let second = node.purchase(buyer, 40, "second").send().await;
    assert_eq!(second.status, 200, "{second:?}");
    assert_eq!(node.balance(buyer).await, cents(300));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_answers_what_it_has_accepted() {
    let mut node = TestNode::start().await;
    let public = node.public();
    let decided = node.probe.purchases();
    let first = node.purchase(node.contact(0), 20, "0");
    let (held, first) = node.begin_with_syncs_held(first).await;
    let mut accepted = vec![first];
    for number in 1..6 {
        let purchase = node.purchase(node.contact(number), 20, &number.to_string());
        accepted.push(purchase.begin());
    }
    eventually("all are decided", async || {
        node.probe.purchases() == decided + 6
    })
    .await;

    let ending = node.take_running().shut_down();
    let answered = async {
        eventually("the listener is closed", async || {
            TcpStream::connect(public).await.is_err()
        })
        .await;
        drop(held);
        for request in accepted {
            let answer = request.answer().await;
            assert_eq!(answer.status, 200, "{answer:?}");
        }
    };
    let (ended, ()) = tokio::join!(ending, answered);
    ended.unwrap();

    node.start_again().await;
    for number in 0..6 {
        assert_eq!(node.balance(node.contact(number)).await, cents(100));
    }
}
