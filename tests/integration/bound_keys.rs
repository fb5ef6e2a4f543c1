//! A key of an organisation is held to it, in reading as in writing; what is the network's, it sees.

use clientele::domain::api_key::Scope;
use serde_json::{Value, json};

use crate::client::Answer;
use crate::contact_changes::refused;
use crate::node::{TestNode, eventually};
use crate::organisations::key_of;

/// Buys at a venue; the purchase's id.
async fn buy(node: &TestNode, contact: usize, venue: &str) -> String {
    let mut body = node.purchase_body(node.contact(contact), 20);
    body["organisation"] = json!({ "id": venue });
    let sold = node.post("/purchases", &body).send().await;
    assert_eq!(sold.status, 200, "{sold:?}");
    sold.text("id")
}

fn ids(page: &Answer) -> Vec<String> {
    assert_eq!(page.status, 200, "{page:?}");
    let page = page.json();
    let content = page["content"].as_array().unwrap().iter();
    content
        .map(|one| one["id"].as_str().unwrap().to_owned())
        .collect()
}

/// Everything but the request's own name.
fn looks(answer: &Answer) -> (u16, Value) {
    let mut body = answer.json();
    body["request_id"] = Value::Null;
    (answer.status, body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bound_key_reads_the_purchases_of_its_own_part_only() {
    let mut node = TestNode::start().await;
    let merchants = node.seed.organisations.merchants.clone();
    let (own, other) = (&merchants[0], &merchants[1]);
    let mine = [
        buy(&node, 0, &own.venues[0].id).await,
        buy(&node, 0, &own.venues[1].id).await,
        buy(&node, 1, &own.id).await,
    ];
    let theirs = [
        buy(&node, 0, &other.venues[0].id).await,
        buy(&node, 1, &other.id).await,
        buy(&node, 0, &node.seed.organisations.business).await,
    ];
    let key = key_of(&node, &own.id, &["purchases.read"]).await;
    for _ in 0..2 {
        let ask = async |path: &str| node.get(path).with("api_key", &key).send().await;
        let mut nobodys = mine[0].clone();
        nobodys.replace_range(0..8, "00000000");
        let unknown = looks(&ask(&format!("/purchases/{nobodys}")).await);
        for id in &mine {
            assert_eq!(ask(&format!("/purchases/{id}")).await.text("id"), *id);
        }
        for id in &theirs {
            assert_eq!(looks(&ask(&format!("/purchases/{id}")).await), unknown);
        }
        let newest_first: Vec<_> = mine.iter().rev().cloned().collect();
        eventually("the list is current", async || {
            let all = ask("/purchases?include_total=true").await;
            all.header("clientele-freshness") == "current"
        })
        .await;
        let all = ask("/purchases?include_total=true").await;
        assert_eq!(ids(&all), newest_first);
        assert_eq!(all.json()["paging"]["total"], 3);
        let (one, two) = (&own.venues[0].id, &own.venues[1].id);
        let venues = ask(&format!("/purchases?organisations={one},{two}")).await;
        assert_eq!(ids(&venues), [&*mine[1], &*mine[0]]);
        let contact = &node.contact(0).id;
        let of_contact = ask(&format!(
            "/purchases?contact_id={contact}&include_total=true"
        ))
        .await;
        assert_eq!(ids(&of_contact), [&*mine[1], &*mine[0]]);
        assert_eq!(of_contact.json()["paging"]["total"], 2);
        let network = &node.seed.organisations;
        for outside in [
            &network.service_owner,
            &network.business,
            &other.id,
            &other.venues[0].id,
        ] {
            for query in [
                format!("organisations={outside}"),
                format!("organisations={one},{outside}"),
                format!("organisations={outside}&contact_id={contact}"),
            ] {
                let hidden = ask(&format!("/purchases?{query}")).await;
                assert_eq!(
                    hidden.problem(),
                    refused(400, "unknown_organisation"),
                    "{query}"
                );
            }
        }
        node.restart().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bound_key_serves_every_contact_of_the_network() {
    let node = TestNode::start().await;
    let merchants = node.seed.organisations.merchants.clone();
    let (own, other) = (&merchants[0], &merchants[1]);
    let scopes = ["contacts.read", "wallets.read", "purchases.write"];
    let key = key_of(&node, &own.venues[0].id, &scopes).await;
    buy(&node, 0, &other.venues[0].id).await;
    let buyer = node.contact(0);
    let ask = async |path: &str| node.get(path).with("api_key", &key).send().await;
    let found = ask(&format!("/contacts?code={}", buyer.code)).await;
    assert_eq!(ids(&found), [&*buyer.id]);
    let wallet = ask(&format!("/wallets/{}", buyer.wallet_id)).await;
    assert_eq!(wallet.json(), node.wallet(buyer).send().await.json());
    // What was earned elsewhere is spent here.
    let mut body = node.purchase_body(buyer, 20);
    body["spend_request"] = json!({ "amount": 1, "restrict_fully_covered": true });
    let sold = node.post("/purchases", &body).with("api_key", &key);
    assert_eq!(sold.send().await.status, 200);
    // Where else it is a member is not told.
    for organisation in [&own.venues[0].id, &own.id, &other.id] {
        let up = json!({ "organisation_id": organisation, "action": "SIGNUP" });
        let signed = node.post(&format!("/contacts/{}/organisations", buyer.id), &up);
        assert_eq!(signed.send().await.status, 204);
    }
    let contact = format!("/contacts/{}", buyer.id);
    let all = node.get(&contact).send().await.json();
    assert_eq!(all["organisations"].as_array().unwrap().len(), 3);
    let seen = ask(&contact).await.json();
    let seen = seen["organisations"].as_array().unwrap();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0]["id"], own.venues[0].id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bound_key_uses_and_releases_what_is_held_for_its_own_part_only() {
    let node = TestNode::start().await;
    let merchants = node.seed.organisations.merchants.clone();
    let venues = [0, 1].map(|at| merchants[at].venues[0].id.clone());
    let own = key_of(&node, &merchants[0].id, &["purchases.write"]).await;
    let buyer = node.contact(0);
    let funds = json!({ "wallet_id": buyer.wallet_id, "amount": 10 });
    assert_eq!(node.post("/topups", &funds).send().await.status, 201);
    let wish = |venue: &str| {
        let mut body = node.purchase_body(buyer, 20);
        body["organisation"] = json!({ "id": venue });
        body["spend_request"] = json!({ "amount": 4, "restrict_fully_covered": true });
        body
    };
    let mut held = Vec::new();
    for venue in &venues {
        let mut body = wish(venue);
        body["block_wallet_funds"] = json!(true);
        let estimate = node.post("/purchases/estimates", &body).send().await;
        assert_eq!(estimate.status, 200, "{estimate:?}");
        held.push(estimate.text("id"));
    }
    let capture = async |estimate: &str| {
        let mut body = wish(&venues[0]);
        body["estimate_id"] = json!(estimate);
        node.post("/purchases", &body)
            .with("api_key", &own)
            .send()
            .await
    };
    let release = async |estimate: &str| {
        let path = format!("/purchases/estimates/{estimate}/cancel");
        let ask = node.post(&path, &json!({})).with("api_key", &own);
        ask.send().await
    };
    assert_eq!(
        capture(&held[1]).await.problem(),
        refused(422, "invalid_request")
    );
    assert_eq!(release(&held[1]).await.problem(), refused(404, "not_found"));
    assert_eq!(node.wallet(buyer).send().await.json()["held"], json!(8));
    let sold = capture(&held[0]).await;
    assert_eq!(sold.status, 200, "{sold:?}");
    assert_eq!(sold.json()["rewards"]["spend"], json!(4));
    assert_eq!(node.wallet(buyer).send().await.json()["held"], json!(4));
    assert_eq!(release(&held[0]).await.status, 200, "it is over");
}

#[test]
fn every_scope_is_explained() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/keys.md");
    let page = std::fs::read_to_string(page).unwrap();
    for scope in Scope::ALL {
        let row = format!("| `{}` |", scope.name());
        assert!(page.contains(&row), "{row}");
    }
}
