//! A contact whose turn panics is rebuilt from what is durable; its neighbours do not notice.

use crate::node::{TestNode, cents, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_loses_nothing_and_touches_nobody_else() {
    let node = TestNode::start().await;
    let (unlucky, bystander) = (node.contact(0), node.contact(1));
    let funded = node.purchase(unlucky, 20, "fund").send().await;
    assert_eq!(funded.status, 200, "{funded:?}");

    node.probe.panic_at(node.address_of(unlucky), 1);
    let lost = node.purchase(unlucky, 40, "retried");
    let elsewhere = node.purchase(bystander, 20, "fund").begin();
    let first = lost.clone().send().await;
    assert_eq!(first.problem(), (500, "unknown_outcome".to_owned()));
    assert_eq!(elsewhere.answer().await.status, 200);
    // Until the actor is buried, a message may still be lost with it.
    eventually("the contact answers again", async || {
        node.wallet(unlucky).send().await.status == 200
    })
    .await;
    assert_eq!(node.balance(unlucky).await, cents(100));
    let retried = lost.clone().send().await;
    assert_eq!(retried.status, 200, "{retried:?}");
    assert_eq!(lost.send().await.body, retried.body);
    assert_eq!(node.balance(unlucky).await, cents(300));
    assert_eq!(node.balance(bystander).await, cents(100));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_panics_quarantine_one_contact_only() {
    let mut node = TestNode::start().await;
    let (unlucky, bystander) = (node.contact(0).clone(), node.contact(1).clone());
    let funded = node.purchase(&unlucky, 20, "fund").send().await;
    assert_eq!(funded.status, 200, "{funded:?}");

    node.probe.panic_at(node.address_of(&unlucky), 3);
    for left in [2, 1, 0] {
        assert_ne!(node.wallet(&unlucky).send().await.status, 503);
        eventually("another panic", async || {
            let lost = node.purchase(&unlucky, 40, "retried").send().await;
            assert_eq!(lost.problem(), (500, "unknown_outcome".to_owned()));
            node.probe.panics_left() == left
        })
        .await;
    }
    eventually("the quarantine", async || {
        node.wallet(&unlucky).send().await.status == 503
    })
    .await;
    for request in [
        node.wallet(&unlucky),
        node.purchase(&unlucky, 40, "retried"),
    ] {
        let refused = request.send().await;
        assert_eq!(refused.problem(), (503, "entity_quarantined".to_owned()));
        assert_ne!(refused.header("retry-after"), "");
    }
    let elsewhere = node.purchase(&bystander, 20, "fund").send().await;
    assert_eq!(elsewhere.status, 200, "{elsewhere:?}");

    node.restart().await;
    assert_eq!(node.balance(&unlucky).await, cents(100));
    let retried = node.purchase(&unlucky, 40, "retried").send().await;
    assert_eq!(retried.status, 200, "{retried:?}");
    assert_eq!(node.balance(&unlucky).await, cents(300));
}
