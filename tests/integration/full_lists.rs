//! What a tenant may have so many of: the last one fits, the next is refused, and a retry of what fitted still finds it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::Ask;
use crate::commerce::tried;
use crate::contact_changes::refused;
use crate::node::TestNode;

/// How many requests are under way together.
const AT_A_TIME: usize = 64;

/// Creates as many as fit; how many that were.
async fn fill(create: impl Fn(usize) -> Ask, most: usize) -> usize {
    let mut made = 0;
    for group in (0..most).collect::<Vec<_>>().chunks(AT_A_TIME) {
        let begun: Vec<_> = group.iter().map(|number| create(*number).begin()).collect();
        for pending in begun {
            let answer = pending.answer().await;
            match answer.status {
                201 => made += 1,
                _ => assert_eq!(answer.problem(), refused(409, "limit_reached")),
            }
        }
    }
    made
}

fn offer(number: usize) -> Value {
    let awards = json!([{ "amount": 1, "amount_type": "FIXED" }]);
    json!({ "name": format!("Offer {number}"), "awards": awards })
}

async fn all(ask: Ask) -> (Vec<Value>, Value) {
    let page = ask.send().await.json();
    let content = page["content"].as_array().unwrap().clone();
    (content, page["paging"]["total"].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mode_has_two_hundred_offers_and_the_other_mode_its_own() {
    let mut node = TestNode::start().await;
    let create = |node: &TestNode, number: usize| {
        node.post("/reward_offers", &offer(number))
            .with("idempotency-key", &format!("o{number}"))
    };
    // The demo network has five.
    assert_eq!(fill(|number| create(&node, number), 200).await, 195);
    node.restart().await;
    let (first, total) = all(node.get("/reward_offers?size=100&include_total=true")).await;
    assert_eq!(total, 200);
    let is_ours = |offer: &&Value| offer["name"].as_str().unwrap().starts_with("Offer ");
    let one = first.iter().find(is_ours).unwrap();
    let name = one["name"].as_str().unwrap();
    let number = name.trim_start_matches("Offer ").parse().unwrap();
    let again = create(&node, number).send().await;
    assert_eq!((again.status, &json!(again.text("id"))), (201, &one["id"]));
    let new = node.post("/reward_offers", &offer(200)).send().await;
    assert_eq!(new.problem(), refused(409, "limit_reached"));
    let of_test = tried(&node, node.post("/reward_offers", &offer(0)));
    assert_eq!(of_test.send().await.status, 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_has_five_hundred_keys_of_both_modes_together() {
    let node = TestNode::start().await;
    let body = json!({ "name": "till", "scopes": [] });
    let list = "/api_keys?size=1&include_total=true";
    let mut before = 0;
    for total in [
        all(node.get(list)).await.1,
        all(tried(&node, node.get(list))).await.1,
    ] {
        before += total.as_u64().unwrap();
    }
    let made = fill(|_| node.post("/api_keys", &body), 500).await;
    assert_eq!(u64::try_from(made).unwrap() + before, 500);
    let of_test = tried(&node, node.post("/api_keys", &body)).send().await;
    assert_eq!(of_test.problem(), refused(409, "limit_reached"));
    let (newest, _) = all(node.get("/api_keys?size=100")).await;
    let ids: BTreeSet<_> = newest.iter().map(|key| key["id"].as_str()).collect();
    assert_eq!(ids.len(), 100, "no two are the same");
}
