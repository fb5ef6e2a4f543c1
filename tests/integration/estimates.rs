//! What a purchase would come to, and money that is held for it.

use clientele::domain::time::Span;
use clientele::seeding::SeedContact;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::client::{Answer, Ask};
use crate::node::{TestNode, cents, eventually};

fn spending(node: &TestNode, contact: &SeedContact, total: u32, euros: u32) -> Value {
    let mut body = node.purchase_body(contact, total);
    body["spend_request"] = json!({ "amount": euros, "restrict_fully_covered": true });
    body
}

fn estimate(node: &TestNode, contact: &SeedContact, euros: u32) -> Ask {
    let mut body = spending(node, contact, 20, euros);
    body["block_wallet_funds"] = json!(true);
    node.post("/purchases/estimates", &body)
}

fn capture(node: &TestNode, contact: &SeedContact, euros: u32, estimate: &str) -> Ask {
    let mut body = spending(node, contact, 20, euros);
    body["estimate_id"] = json!(estimate);
    node.post("/purchases", &body)
}

async fn ok(ask: Ask) -> Answer {
    let answer = ask.send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

/// A node and a contact with 10.00.
async fn funded() -> (TestNode, SeedContact) {
    let node = TestNode::start().await;
    let buyer = node.contact(0).clone();
    let body = json!({ "wallet_id": buyer.wallet_id, "amount": 10 });
    assert_eq!(node.post("/topups", &body).send().await.status, 201);
    (node, buyer)
}

async fn wallet(node: &TestNode, contact: &SeedContact) -> (Decimal, Decimal) {
    let wallet = ok(node.wallet(contact)).await;
    (wallet.amount("balance"), wallet.amount("held"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_simulated_purchase_tells_what_the_real_one_does_and_changes_nothing() {
    let (node, buyer) = funded().await;
    let body = spending(&node, &buyer, 60, 4);
    let before = ok(node.wallet(&buyer)).await;
    let simulate = || {
        node.post("/purchases?simulate=true", &body)
            .with("idempotency-key", "k")
    };
    let first = ok(simulate()).await.json();
    assert_eq!(ok(simulate()).await.json(), first);
    let after = ok(node.wallet(&buyer)).await;
    assert_eq!(
        (after.header("etag"), &after.body),
        (before.header("etag"), &before.body)
    );
    assert_eq!(first["id"], Value::Null);
    let estimate = ok(node.post("/purchases/estimates", &body)).await.json();
    let real = ok(node.post("/purchases", &body).with("idempotency-key", "k"))
        .await
        .json();
    for member in ["rewards", "amount_due", "offers"] {
        assert_eq!(first[member], real[member], "{member}");
        assert_eq!(estimate[member], real[member], "{member}");
    }
    assert_eq!(
        (&estimate["id"], &estimate["blocked_amount"]),
        (&Value::Null, &json!(0))
    );
    let list = ok(node.get(&format!("/purchases?contact_id={}", buyer.code))).await;
    assert_eq!(list.json()["content"].as_array().unwrap().len(), 1);
    // A refusal is foretold as well, whatever the key was used for: it is not looked at.
    let body = spending(&node, &buyer, 60, 50);
    let simulate = node.post("/purchases?simulate=true", &body);
    let refused = simulate.with("idempotency-key", "k").send().await;
    assert_eq!(
        refused.problem(),
        (400, "wallet_balance_too_low".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn held_money_waits_for_its_purchase_through_a_restart() {
    let (mut node, buyer) = funded().await;
    let asked = estimate(&node, &buyer, 8).with("idempotency-key", "e");
    let held = ok(asked).await;
    assert_eq!(held.amount("blocked_amount"), cents(800));
    node.restart().await;
    let again = ok(estimate(&node, &buyer, 8).with("idempotency-key", "e")).await;
    assert_eq!(again.json(), held.json());
    assert_eq!(wallet(&node, &buyer).await, (cents(200), cents(800)));
    let other = node.spend(&buyer, 3, "other").send().await;
    assert_eq!(other.problem(), (400, "wallet_balance_too_low".to_owned()));
    let id = held.text("id");
    let captured = capture(&node, &buyer, 5, &id).with("idempotency-key", "p");
    let purchase = ok(captured).await;
    assert_eq!(purchase.json()["rewards"]["spend"], 5);
    node.restart().await;
    let retried = capture(&node, &buyer, 5, &id).with("idempotency-key", "p");
    assert_eq!(ok(retried).await.body, purchase.body);
    let award: Decimal = purchase.json()["rewards"]["award"]
        .to_string()
        .parse()
        .unwrap();
    assert_eq!(wallet(&node, &buyer).await, (cents(500) + award, cents(0)));
    let journal = ok(node.get(&format!("/journals?wallet_id={}", buyer.wallet_id))).await;
    let lines = journal.json()["content"].as_array().unwrap().clone();
    let events: Vec<_> = lines
        .iter()
        .map(|line| line["event"].as_str().unwrap())
        .collect();
    assert_eq!(events, ["AWARD", "SPEND", "RELEASE", "HOLD", "TOP_UP"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_ends_when_it_is_cancelled_or_runs_out() {
    let (mut node, buyer) = funded().await;
    let first = ok(estimate(&node, &buyer, 8)).await.text("id");
    for _ in 0..2 {
        let path = format!("/purchases/estimates/{first}/cancel");
        let cancelled = ok(node.post(&path, &json!({}))).await;
        assert_eq!(cancelled.json(), json!({ "id": first }));
        assert_eq!(wallet(&node, &buyer).await, (cents(1_000), cents(0)));
    }
    let second = ok(estimate(&node, &buyer, 8)).await.text("id");
    node.restart().await;
    assert_eq!(wallet(&node, &buyer).await, (cents(200), cents(800)));
    node.clock.advance(Span::seconds(15 * 60));
    assert_eq!(wallet(&node, &buyer).await, (cents(1_000), cents(0)));
    eventually("the timer has released it", async || {
        let path = format!("/journals?wallet_id={}&event=RELEASE", buyer.wallet_id);
        let lines = ok(node.get(&path)).await.json();
        let version = ok(node.wallet(&buyer)).await.header("etag").to_owned();
        lines["content"].as_array().unwrap().len() == 2 && version.starts_with("W/\"5.")
    })
    .await;
    // Its purchase is none the worse for it.
    assert_eq!(
        ok(capture(&node, &buyer, 10, &second)).await.json()["rewards"]["spend"],
        10
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_estimate_is_refused_like_its_purchase_and_is_its_contacts_own() {
    let (node, buyer) = funded().await;
    let invalid = (422, "invalid_request".to_owned());
    let too_much = estimate(&node, &buyer, 11).send().await;
    assert_eq!(
        too_much.problem(),
        (400, "wallet_balance_too_low".to_owned())
    );
    let id = ok(estimate(&node, &buyer, 1)).await.text("id");
    // Another contact has as many estimates as this one.
    let other = node.contact(1).clone();
    let funds = json!({ "wallet_id": other.wallet_id, "amount": 10 });
    assert_eq!(node.post("/topups", &funds).send().await.status, 201);
    ok(estimate(&node, &other, 1)).await;
    let others = capture(&node, &other, 1, &id).send().await;
    assert_eq!(others.problem(), invalid);
    assert_eq!(wallet(&node, &other).await, (cents(900), cents(100)));
    assert_eq!(
        capture(&node, &buyer, 1, "E-1").send().await.problem(),
        invalid
    );
    let mut body = node.purchase_body(&buyer, 20);
    body["block_wallet_funds"] = json!(true);
    assert_eq!(
        node.post("/purchases", &body).send().await.problem(),
        invalid
    );
    let foreign = node.secret_key("test");
    let path = format!("/purchases/estimates/{id}/cancel");
    let unknown = (404, "not_found".to_owned());
    let refused = node
        .post(&path, &json!({}))
        .with("api_key", &foreign)
        .send()
        .await;
    assert_eq!(refused.problem(), unknown);
    let refused = node
        .post("/purchases/estimates/E-1/cancel", &json!({}))
        .send()
        .await;
    assert_eq!(refused.problem(), unknown);
    for _ in 1..16 {
        ok(estimate(&node, &buyer, 9).with("idempotency-key", "once")).await;
    }
    assert_eq!(wallet(&node, &buyer).await, (cents(0), cents(1_000)));
    let none_left = estimate(&node, &buyer, 1).send().await;
    assert_eq!(
        none_left.problem(),
        (400, "wallet_balance_too_low".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wallet_has_sixteen_holds_at_a_time() {
    let (node, buyer) = funded().await;
    let more = json!({ "wallet_id": buyer.wallet_id, "amount": 10 });
    assert_eq!(node.post("/topups", &more).send().await.status, 201);
    let mut ids = Vec::new();
    for _ in 0..16 {
        ids.push(ok(estimate(&node, &buyer, 1)).await.text("id"));
    }
    let refused = estimate(&node, &buyer, 1).send().await;
    let pointer = refused.json()["errors"][0]["pointer"].clone();
    assert_eq!(
        (refused.status, pointer),
        (422, json!("/block_wallet_funds"))
    );
    let path = format!("/purchases/estimates/{}/cancel", ids[0]);
    ok(node.post(&path, &json!({}))).await;
    ok(estimate(&node, &buyer, 1)).await;
}
