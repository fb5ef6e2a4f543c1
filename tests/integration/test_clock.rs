//! The test clock moves the time of business of test mode, and nothing else.

use clientele::domain::address::{Address, Mode};
use clientele::domain::api_key::Scopes;
use clientele::domain::time::Span;
use clientele::http::control::{WireVisibility, fresh_key, make_key};
use clientele::seeding::{SeedContact, TENANT};
use http::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Ask};
use crate::node::TestNode;

/// With the secret key of test mode.
fn tried(node: &TestNode, ask: Ask) -> Ask {
    ask.with("api_key", &node.secret_key("test"))
}

fn advance(node: &TestNode, body: &Value) -> Ask {
    tried(node, node.post("/test_clock/advance", body))
}

async fn ahead_s(node: &TestNode) -> i64 {
    let clock = tried(node, node.get("/test_clock")).send().await;
    assert_eq!(clock.status, 200, "{clock:?}");
    clock.json()["ahead_s"].as_i64().unwrap()
}

fn contacts(node: &TestNode, mode: &str) -> Vec<SeedContact> {
    let all = node.seed.contacts.iter().filter(|it| it.mode == mode);
    all.cloned().collect()
}

/// In both modes, an offer that gives 3.00 for an hour.
async fn offer_for_an_hour(node: &TestNode) {
    let body = json!({
        "name": "For an hour",
        "awards": [{ "amount": 3, "amount_type": "FIXED" }],
        "expires_after_s": 3600,
    });
    let ask = node.post("/reward_offers", &body);
    assert_eq!(ask.clone().send().await.status, 201);
    assert_eq!(tried(node, ask).send().await.status, 201);
}

/// The wallet's count of changes, which expiry alone leaves as it is, and its balance.
fn wallet(answer: &Answer) -> (u32, String) {
    let tag = answer.header("etag").trim_start_matches("W/\"");
    let version = tag.split('.').next().unwrap().parse().unwrap();
    (version, answer.json()["balance"].to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_advance_expires_lots_of_test_mode_before_it_answers_and_survives_a_restart() {
    let mut node = TestNode::start().await;
    offer_for_an_hour(&node).await;
    let (trial, real) = (contacts(&node, "test")[0].clone(), node.contact(0).clone());
    let bought = tried(&node, node.purchase(&trial, 20, "first"))
        .send()
        .await;
    assert_eq!(bought.status, 200, "{bought:?}");
    assert_eq!(node.purchase(&real, 20, "first").send().await.status, 200);
    let before = wallet(&tried(&node, node.wallet(&trial)).send().await);
    assert_eq!(before.1, "4");

    let moved = advance(&node, &json!({ "seconds": 7200 })).send().await;
    assert_eq!(moved.status, 200, "{moved:?}");
    assert_eq!(moved.json()["ahead_s"], 7200);
    let after = wallet(&tried(&node, node.wallet(&trial)).send().await);
    assert_eq!(
        after,
        (before.0 + 1, "1".to_owned()),
        "written off, on record"
    );
    assert_eq!(
        wallet(&node.wallet(&real).send().await).1,
        "4",
        "live time stands still"
    );

    // Known from before, whatever time it is in test mode.
    let days = advance(&node, &json!({ "seconds": 40 * 86_400 }))
        .send()
        .await;
    assert_eq!(days.status, 200, "{days:?}");
    let again = tried(&node, node.purchase(&trial, 20, "first"))
        .send()
        .await;
    assert_eq!(again.body, bought.body);

    node.restart().await;
    assert_eq!(ahead_s(&node).await, 7200 + 40 * 86_400);
    let late = tried(&node, node.purchase(&trial, 20, "late")).send().await;
    let between = late.json()["date"].as_i64().unwrap() - bought.json()["date"].as_i64().unwrap();
    assert_eq!(between, 7200 + 40 * 86_400);
    node.restart().await;
    let version = wallet(&tried(&node, node.wallet(&trial)).send().await).0;
    let moved = advance(&node, &json!({ "seconds": 7200 })).send().await;
    assert_eq!(moved.status, 200, "{moved:?}");
    let expired = wallet(&tried(&node, node.wallet(&trial)).send().await);
    assert_eq!(
        expired,
        (version + 1, "2".to_owned()),
        "after a restart as well"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_became_due_happens_in_its_order_over_all_shards() {
    let node = TestNode::start().await;
    offer_for_an_hour(&node).await;
    let mut expected: Vec<Address> = Vec::new();
    let mut buyers = contacts(&node, "test");
    buyers.truncate(8);
    // By number downwards: neither the order of their numbers nor that of the list.
    buyers.sort_by_key(|buyer| std::cmp::Reverse(node.address_of(buyer).entity));
    for buyer in &buyers {
        let bought = tried(&node, node.purchase(buyer, 20, "only")).send().await;
        assert_eq!(bought.status, 200, "{bought:?}");
        expected.push(Address {
            mode: Mode::Test,
            ..node.address_of(buyer)
        });
        let moved = advance(&node, &json!({ "seconds": 120 })).send().await;
        assert_eq!(moved.status, 200, "{moved:?}");
    }
    assert_eq!(node.probe.fired(), []);
    assert_eq!(
        advance(&node, &json!({ "seconds": 7200 }))
            .send()
            .await
            .status,
        200
    );
    assert_eq!(node.probe.fired(), expected);
    for buyer in &buyers {
        let answer = tried(&node, node.wallet(buyer)).send().await;
        assert_eq!(wallet(&answer), (2, "1".to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_advance_leaves_keys_alone_counts_once_and_never_goes_back() {
    let node = TestNode::start().await;
    let now = clientele::clock::Clock::wall(&*node.clock);
    let api = node.api();
    let secret = WireVisibility::Secret;
    let minted = fresh_key(&api, TENANT, Mode::Test, secret).unwrap();
    let (name, expires_at) = ("made by a test".to_owned(), now.after(Span::seconds(600)));
    make_key(&api, &minted, secret, name, Scopes::all(), Some(expires_at))
        .await
        .unwrap();
    let day = json!({ "seconds": 86_400 });
    let once = advance(&node, &day).with("idempotency-key", "once");
    for _ in 0..3 {
        assert_eq!(once.clone().send().await.status, 200);
    }
    assert_eq!(ahead_s(&node).await, 86_400, "moved once");
    let clock = node.get("/test_clock").with("api_key", &minted.value);
    assert_eq!(clock.send().await.status, 200, "a key goes by the wall");

    let to = |seconds: i64| json!({ "to": now.unix_seconds() + seconds });
    assert_eq!(advance(&node, &to(2 * 86_400)).send().await.status, 200);
    for wrong in [
        to(86_400),
        json!({ "seconds": 0 }),
        json!({ "seconds": -1 }),
        json!({}),
        json!({ "seconds": 1, "to": 9_999_999_999_i64 }),
        json!({ "seconds": 100 * 366 * 86_400_i64 }),
    ] {
        let refused = advance(&node, &wrong).send().await;
        assert_eq!(
            refused.problem(),
            (422, "invalid_request".to_owned()),
            "{wrong}"
        );
    }
    let ahead = ahead_s(&node).await;
    assert!((2 * 86_400 - 1..=2 * 86_400).contains(&ahead), "{ahead}");
    for live in [
        node.post("/test_clock/advance", &day),
        node.get("/test_clock"),
    ] {
        let refused = live.send().await;
        assert_eq!(refused.problem(), (403, "test_key_required".to_owned()));
    }
    let public = node.seed.keys["test"].public.clone().unwrap();
    let refused = advance(&node, &day).with("api_key", &public).send().await;
    assert_eq!(refused.problem(), (403, "secret_key_required".to_owned()));
    let moved = node.ask(Method::GET, "/backoffice/v1/test_clock");
    assert_eq!(tried(&node, moved).send().await.json()["ahead_s"], ahead);
}
