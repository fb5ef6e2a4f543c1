//! Goods that come back without their purchase, over HTTP.

use clientele::seeding::SeedContact;
use serde_json::{Value, json};

use crate::client::{Answer, Ask};
use crate::commerce::{merged, tried};
use crate::node::{TestNode, cents};
use crate::organisations::key_of;

/// A return of goods for 20.00, with more about it in `rest`.
fn give_back(node: &TestNode, contact: &SeedContact, rest: &Value) -> Ask {
    let body = json!({ "contact": { "id": contact.id }, "amount": 20 });
    node.post("/purchases/ad_hoc_return", &merged(body, rest))
}

async fn ok(ask: Ask) -> Answer {
    let answer = ask.send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

async fn lines(node: &TestNode, contact: &SeedContact) -> Vec<Value> {
    let path = format!("/journals?wallet_id={}&size=50", contact.wallet_id);
    let page = ok(node.get(&path)).await.json();
    page["content"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_return_takes_back_what_was_earned_and_gives_back_what_was_spent_once() {
    let mut node = TestNode::start().await;
    let buyer = node.contact(0).clone();
    let venue = node.seed.organisations.merchants[0].venues[0].id.clone();
    let top_up = json!({ "wallet_id": buyer.wallet_id, "amount": 3 });
    assert_eq!(node.post("/topups", &top_up).send().await.status, 201);
    let rest = json!({
        "organisation": { "id": venue }, "date": 1_790_000_000, "reference_number": "R-1",
        "return_amount": 1, "return_spent_amount": 5, "currency_code": "EUR",
    });
    let first = ok(give_back(&node, &buyer, &rest)).await.text("id");
    assert_eq!(node.balance(&buyer).await, cents(700));
    node.restart().await;
    assert_eq!(
        ok(give_back(&node, &buyer, &rest)).await.text("id"),
        first,
        "by its receipt"
    );
    assert_eq!(node.balance(&buyer).await, cents(700));
    let other = give_back(
        &node,
        &buyer,
        &merged(rest.clone(), &json!({ "return_amount": 2 })),
    );
    let refused = other.send().await;
    assert_eq!(
        refused.problem(),
        (422, "idempotency_key_reused".to_owned())
    );

    let lines = lines(&node, &buyer).await;
    let told: Vec<_> = lines
        .iter()
        .map(|line| (line["event"].as_str().unwrap(), line["amount"].to_string()))
        .collect();
    let told: Vec<_> = told
        .iter()
        .map(|(event, amount)| (*event, amount.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("RETURNED_AWARD", "-1"),
            ("RETURNED_SPEND", "5"),
            ("TOP_UP", "3")
        ]
    );
    assert_eq!(lines[1]["id"], json!(first));
    let of = json!({
        "organisation": { "id": venue }, "amount": 20, "reference_number": "R-1", "date": 1_790_000_000,
    });
    assert_eq!(
        (&lines[0]["ad_hoc_return"], &lines[1]["ad_hoc_return"]),
        (&of, &of)
    );
    // A key of another merchant sees the money, and not where the goods came back.
    let elsewhere = node.seed.organisations.merchants[1].id.clone();
    let key = key_of(
        &node,
        &elsewhere,
        &["wallets.read", "finance.read", "purchases.write"],
    )
    .await;
    let path = format!("/journals?wallet_id={}", buyer.wallet_id);
    let seen = ok(node.get(&path).with("api_key", &key)).await.json();
    let seen = &seen["content"][0]["ad_hoc_return"];
    assert_eq!(
        (&seen["organisation"], &seen["amount"]),
        (&Value::Null, &json!(20))
    );
    let refused = give_back(&node, &buyer, &rest)
        .with("api_key", &key)
        .send()
        .await;
    assert_eq!(refused.problem(), (400, "unknown_organisation".to_owned()));
    // Its own place is where it takes goods back without saying so.
    let unnamed = json!({ "return_amount": 1 });
    ok(give_back(&node, &buyer, &unnamed).with("api_key", &key)).await;
    let newest = self::lines(&node, &buyer).await.swap_remove(0);
    assert_eq!(
        newest["ad_hoc_return"]["organisation"]["id"],
        json!(elsewhere)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_return_takes_beyond_the_balance_is_owed() {
    let node = TestNode::start().await;
    let buyer = node.contact(0);
    assert_eq!(
        ok(node.purchase(buyer, 20, "earns")).await.json()["rewards"]["award"],
        json!(1)
    );
    ok(give_back(&node, buyer, &json!({ "return_amount": 2.5 }))).await;
    let wallet = ok(node.wallet(buyer)).await;
    assert_eq!(
        (wallet.amount("balance"), wallet.amount("owed")),
        (cents(0), cents(150))
    );
    ok(node.purchase(buyer, 40, "repays")).await;
    let wallet = ok(node.wallet(buyer)).await;
    assert_eq!(
        (wallet.amount("balance"), wallet.amount("owed")),
        (cents(50), cents(0))
    );
    // A receipt's number is of the place that printed it.
    let before = node.balance(buyer).await;
    for merchant in &node.seed.organisations.merchants {
        let place = json!({
            "organisation": { "id": merchant.id }, "reference_number": "R-1", "return_spent_amount": 1,
        });
        ok(give_back(&node, buyer, &place)).await;
    }
    assert_eq!(node.balance(buyer).await, before + cents(200));
    // Without a number on the receipt and a key, each is another.
    for _ in 0..2 {
        ok(give_back(
            &node,
            buyer,
            &json!({ "return_spent_amount": 1 }),
        ))
        .await;
    }
    assert_eq!(node.balance(buyer).await, before + cents(400));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_return_that_says_nothing_or_too_much_is_refused_by_its_field() {
    let node = TestNode::start().await;
    let buyer = node.contact(0);
    for (rest, pointer) in [
        (json!({}), "/return_amount"),
        (json!({ "return_amount": 0 }), "/return_amount"),
        (json!({ "return_amount": -1 }), "/return_amount"),
        (json!({ "return_amount": 0.001 }), "/return_amount"),
        (
            json!({ "return_spent_amount": 20.01 }),
            "/return_spent_amount",
        ),
        (json!({ "return_amount": 1, "amount": 0 }), "/amount"),
        (json!({ "return_amount": 1, "date": -1 }), "/date"),
        (
            json!({ "return_amount": 1, "reference_number": "" }),
            "/reference_number",
        ),
        (json!({ "return_amount": 1, "contact": null }), "/contact"),
        (
            json!({ "return_amount": 1, "organisation": { "id": "x", "venue_tap": { "code": "y" } } }),
            "/organisation",
        ),
        (
            json!({ "return_amount": 1, "currency_code": "euro" }),
            "/currency_code",
        ),
    ] {
        let refused = give_back(&node, buyer, &rest).send().await;
        assert_eq!(
            refused.problem(),
            (422, "invalid_request".to_owned()),
            "{refused:?}"
        );
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer, "{rest}");
    }
    let one = json!({ "return_amount": 1 });
    for (rest, problem) in [
        (
            json!({ "contact": { "code": "nobody" } }),
            (400, "unknown_contact"),
        ),
        (
            json!({ "organisation": { "id": "nowhere" } }),
            (400, "unknown_organisation"),
        ),
        (
            json!({ "currency_code": "USD" }),
            (422, "currency_mismatch"),
        ),
    ] {
        let refused = give_back(&node, buyer, &merged(one.clone(), &rest))
            .send()
            .await;
        assert_eq!(refused.problem(), (problem.0, problem.1.to_owned()));
    }
    let other_mode = tried(&node, give_back(&node, buyer, &one)).send().await;
    assert_eq!(other_mode.problem(), (400, "unknown_contact".to_owned()));
    assert_eq!(node.balance(buyer).await, cents(0));
}
