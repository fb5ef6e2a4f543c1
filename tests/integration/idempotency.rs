//! One key, one effect: whatever is retried, whenever, and whoever was told what.

use serde_json::json;

use crate::node::{TestNode, cents};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_has_one_effect_and_the_first_answer_even_after_a_restart() {
    let mut node = TestNode::start().await;
    let buyer = node.contact(0).clone();
    let first = node.purchase(&buyer, 20, "till-1").send().await;
    assert_eq!(first.status, 200, "{first:?}");
    let other = node.purchase(&buyer, 20, "till-2").send().await;
    assert_ne!(other.text("id"), first.text("id"));
    for _ in 0..2 {
        let retry = node.purchase(&buyer, 20, "till-1").send().await;
        assert_eq!((retry.status, &retry.body), (200, &first.body));
        let reuse = node.purchase(&buyer, 30, "till-1").send().await;
        let reused = (422, "idempotency_key_reused".to_owned());
        assert_eq!(reuse.problem(), reused);
        assert_eq!(node.balance(&buyer).await, cents(200));
        node.restart().await;
    }
    // The same key of another contact is another key.
    let elsewhere = node.purchase(node.contact(1), 20, "till-1").send().await;
    assert_eq!(elsewhere.status, 200, "{elsewhere:?}");
    assert_eq!(node.balance(node.contact(1)).await, cents(100));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_own_id_or_a_receipt_number_stands_in_for_the_key() {
    let mut node = TestNode::start().await;
    let buyer = node.contact(0).clone();
    for (member, value, total) in [("id", "T1-77", 100), ("reference_number", "77", 200)] {
        let mut body = node.purchase_body(&buyer, 20);
        body[member] = json!(value);
        let first = node.post("/purchases", &body).send().await;
        assert_eq!(first.status, 200, "{first:?}");
        for _ in 0..2 {
            let retry = node.post("/purchases", &body).send().await;
            assert_eq!((retry.status, &retry.body), (200, &first.body));
            node.restart().await;
        }
        body["transaction_amounts"] = json!({ "total": 21 });
        let reuse = node.post("/purchases", &body).send().await;
        let reused = (422, "idempotency_key_reused".to_owned());
        assert_eq!(reuse.problem(), reused);
        assert_eq!(node.balance(&buyer).await, cents(total));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_left_memory_is_still_known() {
    const PURCHASES: u32 = 220;
    let mut node = TestNode::start().await;
    let buyer = node.contact(0).clone();
    let first = node.purchase(&buyer, 20, "0").send().await;
    assert_eq!(first.status, 200, "{first:?}");
    let path = format!("/purchases/{}", first.text("id"));
    let shown = node.get(&path).send().await;
    assert_eq!(shown.status, 200, "{shown:?}");
    for number in 1..PURCHASES {
        let purchase = node.purchase(&buyer, 20, &number.to_string()).send().await;
        assert_eq!(purchase.status, 200, "{purchase:?}");
    }
    for _ in 0..2 {
        let retry = node.purchase(&buyer, 20, "0").send().await;
        assert_eq!((retry.status, &retry.body), (200, &first.body));
        let reuse = node.purchase(&buyer, 21, "0").send().await;
        let reused = (422, "idempotency_key_reused".to_owned());
        assert_eq!(reuse.problem(), reused);
        let cold = node.get(&path).send().await;
        assert_eq!((cold.status, &cold.body), (200, &shown.body));
        assert_eq!(
            node.balance(&buyer).await,
            cents(100 * i64::from(PURCHASES))
        );
        node.restart().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rejection_is_not_remembered() {
    let node = TestNode::start().await;
    let buyer = node.contact(0);
    let poor = node.spend(buyer, 1, "spend").send().await;
    assert_eq!(poor.problem(), (400, "wallet_balance_too_low".to_owned()));
    let funded = node.purchase(buyer, 40, "fund").send().await;
    assert_eq!(funded.status, 200, "{funded:?}");
    assert_eq!(node.balance(buyer).await, cents(200));
    let spent = node.spend(buyer, 1, "spend").send().await;
    assert_eq!(spent.status, 200, "{spent:?}");
    assert_eq!(node.balance(buyer).await, cents(100));
    let again = node.spend(buyer, 1, "spend").send().await;
    assert_eq!(again.body, spent.body);
    assert_eq!(node.balance(buyer).await, cents(100));
}
