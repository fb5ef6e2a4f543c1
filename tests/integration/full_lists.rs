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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_of_five_hundred_is_searched_a_page_at_a_time() {
    let node = TestNode::start().await;
    let merchant = &node.seed.organisations.merchants[0].id;
    let body = |number: usize| {
        // One after the other on the equator, a hundredth of a degree apart.
        let address = json!({ "address_line_1": "1", "town_city": format!("Town {}", number % 7), "postal_code": "1",
            "country_code": "ECU", "lat": 0, "lon": f64::from(u32::try_from(number).unwrap()) / 100.0 });
        json!({ "name": format!("Venue {number:03}"), "type": "VENUE", "parent": { "id": merchant }, "addresses": [address],
            "tags": [{ "name": format!("t{}", number % 100) }] })
    };
    // The demo network has eight.
    let made = fill(|number| node.post("/organisations", &body(number)), 493).await;
    assert_eq!(made, 492);
    let person = node.signed_up(crate::own_data::PHONE).await;
    let nearest = person.sees(&node, "/locations?lat=0&lon=0&size=100&page=2");
    let nearest = nearest.await;
    assert_eq!(nearest["paging"]["total"], 492);
    let rows = nearest["content"].as_array().unwrap();
    assert_eq!(rows.len(), 100);
    let distances: Vec<_> = rows
        .iter()
        .map(|row| row["address"]["distance"].as_f64().unwrap())
        .collect();
    assert!(distances.is_sorted(), "{distances:?}");
    let path = format!("/organisations/{merchant}/network?tags=t7&size=2&include_total=true");
    let tagged = person.sees(&node, path).await;
    assert_eq!(tagged["paging"]["total"], 5);
    assert_eq!(tagged["content"][1]["tags"], json!([{ "name": "t7" }]));
    let towns = person.sees(&node, "/locations/towns").await;
    assert_eq!(towns["content"].as_array().unwrap().len(), 7);
}
