//! Bounds on what moves in and out of a wallet, set and refused over HTTP alone.

use clientele::clock::Clock;
use clientele::domain::time::{Span, Timestamp};
use clientele::seeding::SeedContact;
use serde_json::{Value, json};

use crate::client::Answer;
use crate::commerce::{bought, buy, merged, put, spend, tried};
use crate::node::TestNode;

async fn top_up(node: &TestNode, contact: &SeedContact, euros: u32) -> Answer {
    let body = json!({ "wallet_id": contact.wallet_id, "amount": euros });
    node.post("/topups", &body).send().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_bound_spending_and_paying_in_through_a_restart() {
    let mut node = TestNode::start().await;
    let buyer = node.contact(0).clone();
    let path = format!("/wallets/{}/limits", buyer.wallet_id);
    assert_eq!(
        node.get(&path).send().await.json(),
        json!({ "limit_rules": [] })
    );
    assert_eq!(top_up(&node, &buyer, 50).await.status, 201);
    let rules = json!({ "limit_rules": [
        { "name": "at a time", "maximum_amount": 8, "period": "TRANSACTION", "applies_for": ["DEBIT"], "currency_code": "EUR" },
        { "maximum_amount": 10, "period": "DAILY", "applies_for": ["DEBIT"] },
        { "maximum_number": 1, "period": "MONTHLY", "applies_for": ["TOP_UP"] },
    ] });
    let set = put(&node, &path, &rules).send().await;
    assert_eq!((set.status, set.text("id")), (200, buyer.wallet_id.clone()));
    let shown = node.get(&path).send().await.json();
    assert_eq!(
        shown["limit_rules"][0],
        json!({
            "id": "1", "name": "at a time", "maximum_number": null, "maximum_amount": 8, "period": "TRANSACTION",
            "applies_for": ["DEBIT"], "currency_code": "EUR",
        })
    );
    let limit = (400, "wallet_limit_reached".to_owned());
    assert_eq!(buy(&node, &buyer, &spend(9, true)).await.problem(), limit);
    let spent = bought(&node, &buyer, &spend(9, false)).await;
    assert_eq!(spent["rewards"]["spend"], json!(8));
    node.restart().await;
    assert_eq!(buy(&node, &buyer, &spend(3, true)).await.problem(), limit);
    let rest = bought(&node, &buyer, &spend(3, false)).await;
    assert_eq!(rest["rewards"]["spend"], json!(2));
    let id = rest["id"].as_str().unwrap();
    let cancelled = node
        .post(&format!("/purchases/{id}/cancel"), &json!({}))
        .send()
        .await;
    assert_eq!(cancelled.status, 200);
    assert_eq!(
        bought(&node, &buyer, &spend(2, true)).await["rewards"]["spend"],
        json!(2),
        "given back"
    );
    assert_eq!(buy(&node, &buyer, &spend(1, true)).await.problem(), limit);
    assert_eq!(
        top_up(&node, &buyer, 1).await.status,
        201,
        "counted since there are limits"
    );
    assert_eq!(top_up(&node, &buyer, 1).await.problem(), limit);
    // Another contact has its own.
    assert_eq!(top_up(&node, node.contact(1), 1).await.status, 201);
    // Who names none changes none.
    let before = node.get(&path).send().await.json();
    let set = put(&node, &path, &json!({})).send().await;
    assert_eq!((set.status, set.text("id")), (200, buyer.wallet_id.clone()));
    assert_eq!(node.get(&path).send().await.json(), before);
    let none = json!({ "limit_rules": [] });
    assert_eq!(put(&node, &path, &none).send().await.status, 200);
    assert_eq!(
        bought(&node, &buyer, &spend(12, true)).await["rewards"]["spend"],
        json!(12)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_that_says_nothing_is_refused_by_its_field() {
    let node = TestNode::start().await;
    let path = format!("/wallets/{}/limits", node.contact(0).wallet_id);
    let none = json!({ "limit_rules": [] });
    let rule = |rest: Value| {
        let rule = json!({ "maximum_amount": 8, "period": "DAILY", "applies_for": ["DEBIT"] });
        json!({ "limit_rules": [merged(rule, &rest)] })
    };
    for (body, pointer) in [
        (
            rule(json!({ "applies_for": [] })),
            "/limit_rules/0/applies_for",
        ),
        (
            rule(json!({ "maximum_amount": null })),
            "/limit_rules/0/maximum_amount",
        ),
        (
            rule(json!({ "maximum_amount": -1 })),
            "/limit_rules/0/maximum_amount",
        ),
        (
            rule(json!({ "maximum_amount": 0.001 })),
            "/limit_rules/0/maximum_amount",
        ),
        (
            rule(json!({ "maximum_number": 1, "period": "TRANSACTION" })),
            "/limit_rules/0/maximum_number",
        ),
        (rule(json!({ "name": "" })), "/limit_rules/0/name"),
        (
            json!({ "limit_rules": vec![rule(json!({}))["limit_rules"][0].clone(); 17] }),
            "/limit_rules",
        ),
    ] {
        let refused = put(&node, &path, &body).send().await;
        assert_eq!(
            refused.problem(),
            (422, "invalid_request".to_owned()),
            "{refused:?}"
        );
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer);
    }
    let other = put(&node, &path, &rule(json!({ "currency_code": "USD" })))
        .send()
        .await;
    assert_eq!(other.problem(), (422, "currency_mismatch".to_owned()));
    let nowhere = put(&node, "/wallets/none/limits", &none).send().await;
    assert_eq!(nowhere.problem(), (404, "not_found".to_owned()));
    let of_live = tried(&node, put(&node, &path, &none)).send().await;
    assert_eq!(
        of_live.problem(),
        (404, "not_found".to_owned()),
        "of another mode"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_is_over_with_its_day_week_and_month() {
    let node = TestNode::start().await;
    let buyer = node.contact(0);
    // Monday 2035-01-01, noon in Dublin.
    const MONDAY: i64 = 2_051_265_600;
    let day = |day: i64| {
        let at = Timestamp::from_unix_seconds(MONDAY + (day - 1) * 86_400);
        node.clock.advance(Span(at.0 - node.clock.wall().0));
    };
    let rules = |more: Value| {
        let rule = |period: &str, bound: &str, most: u32| {
            let mut rule = json!({ "period": period, "applies_for": ["DEBIT"] });
            rule[bound] = json!(most);
            rule
        };
        json!({ "limit_rules": [
            rule("DAILY", "maximum_number", 1), rule("WEEKLY", "maximum_amount", 6),
            rule("MONTHLY", "maximum_number", 4), more,
        ] })
    };
    let path = format!("/wallets/{}/limits", buyer.wallet_id);
    let top_ups = |most: u32| json!({ "period": "WEEKLY", "applies_for": ["TOP_UP"], "maximum_amount": most });
    let paid = async || {
        let answer = buy(&node, buyer, &spend(3, true)).await;
        match answer.status {
            200 => true,
            _ => {
                assert_eq!(answer.problem(), (400, "wallet_limit_reached".to_owned()));
                false
            }
        }
    };
    day(1);
    assert_eq!(top_up(&node, buyer, 50).await.status, 201);
    let before = bought(&node, buyer, &spend(3, true)).await;
    node.clock.advance(Span::seconds(1));
    assert_eq!(
        put(&node, &path, &rules(top_ups(10))).send().await.status,
        200
    );
    assert!(paid().await, "what was spent before does not count");
    let id = before["id"].as_str().unwrap();
    let cancelled = node.post(&format!("/purchases/{id}/cancel"), &json!({}));
    assert_eq!(cancelled.send().await.status, 200);
    assert!(
        !paid().await,
        "one a day, and what did not count is not given back"
    );
    assert_eq!(
        top_up(&node, buyer, 9).await.status,
        201,
        "spends are no top-ups"
    );
    assert_eq!(top_up(&node, buyer, 2).await.status, 400);
    // Other rules count what has moved already.
    assert_eq!(
        put(&node, &path, &rules(top_ups(11))).send().await.status,
        200
    );
    assert!(!paid().await);
    assert_eq!(top_up(&node, buyer, 3).await.status, 400);
    assert_eq!(top_up(&node, buyer, 2).await.status, 201);
    for (on, is_paid) in [
        (2, true),
        (3, false),
        (7, false),
        (8, true),
        (9, true),
        (15, false),
        (31, false),
        (32, true),
    ] {
        day(on);
        assert_eq!(paid().await, is_paid, "day {on}");
    }
    assert_eq!(top_up(&node, buyer, 11).await.status, 201, "another week");
}
