//! The network over HTTP: organisations that are created, changed and listed, and what a key sees of them.

use serde_json::{Value, json};

use crate::client::Answer;
use crate::contact_changes::refused;
use crate::node::TestNode;

/// Creates an organisation; its id.
pub(crate) async fn create(node: &TestNode, body: Value) -> String {
    let created = node.post("/organisations", &body).send().await;
    assert_eq!(created.status, 201, "{created:?}");
    created.text("id")
}

/// A key that acts for an organisation.
pub(crate) async fn key_of(node: &TestNode, organisation: &str, scopes: &[&str]) -> String {
    let body = json!({ "name": "bound", "scopes": scopes, "organisation_id": organisation });
    let made = node.post("/api_keys", &body).send().await;
    assert_eq!(made.status, 201, "{made:?}");
    made.text("value")
}

async fn find(node: &TestNode, id: &str) -> Value {
    let found = node.get(&format!("/organisations/{id}")).send().await;
    assert_eq!(found.status, 200, "{found:?}");
    found.json()
}

fn names(page: &Answer) -> Vec<String> {
    assert_eq!(page.status, 200, "{page:?}");
    let page = page.json();
    let content = page["content"].as_array().unwrap().iter();
    content
        .map(|one| one["name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_grows_over_http_and_sells_at_once() {
    let mut node = TestNode::start().await;
    let owner = node.seed.organisations.service_owner.clone();
    let business = create(&node, json!({ "name": "Hill", "type": "BUSINESS" })).await;
    let merchant = json!({ "name": "Baker", "type": "MERCHANT", "parent": { "id": business },
        "time_zone": "Europe/Athens", "tap_code": "BAKER" });
    let merchant = create(&node, merchant).await;
    let venue = json!({ "name": "Baker Gate", "type": "VENUE", "parent": { "id": merchant } });
    let venue = create(&node, venue).await;
    for _ in 0..2 {
        let shown = find(&node, &business).await;
        assert_eq!(shown["parent"], json!({ "id": owner }));
        let shown = find(&node, &merchant).await;
        assert_eq!(shown["type"], "MERCHANT");
        assert_eq!(shown["parent"], json!({ "id": business }));
        assert_eq!(shown["time_zone"], "Europe/Athens");
        assert_eq!(shown["tap"]["code"], "BAKER");
        let shown = find(&node, &venue).await;
        assert_eq!(
            (&shown["time_zone"], &shown["tap"]),
            (&Value::Null, &Value::Null)
        );
        for mode in ["live", "test"] {
            let seeds = &node.seed.contacts;
            let buyer = seeds.iter().find(|one| one.mode == mode).unwrap();
            let mut body = node.purchase_body(buyer, 20);
            body["organisation"] = json!({ "id": venue });
            let sold = node.post("/purchases", &body);
            let sold = sold.with("api_key", &node.secret_key(mode)).send().await;
            assert_eq!(sold.status, 200, "{sold:?}");
            assert_eq!(sold.json()["organisation"]["name"], "Baker Gate");
        }
        node.restart().await;
    }
    let sold = node.get(&format!(
        "/purchases?organisations={business}&include_total=true"
    ));
    assert_eq!(sold.send().await.json()["paging"]["total"], 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_touches_what_it_names() {
    let mut node = TestNode::start().await;
    let venue = node.seed.organisations.merchants[0].venues[0].id.clone();
    let path = format!("/organisations/{venue}");
    let before = find(&node, &venue).await;
    for (change, member, value) in [
        (json!({ "name": "Pier" }), "name", json!("Pier")),
        (
            json!({ "time_zone": "Asia/Tokyo" }),
            "time_zone",
            json!("Asia/Tokyo"),
        ),
        (json!({ "tap_code": "T1" }), "tap", json!("T1")),
        (json!({ "time_zone": null }), "time_zone", Value::Null),
        (json!({ "tap_code": null }), "tap", Value::Null),
        (
            json!({ "name": before["name"] }),
            "name",
            before["name"].clone(),
        ),
        (json!({}), "name", before["name"].clone()),
    ] {
        let changed = node.put(&path, &change).send().await;
        assert_eq!(changed.status, 200, "{changed:?}");
        let mut told = changed.json();
        assert_eq!(told, find(&node, &venue).await);
        if let Some(code) = told["tap"]["code"].as_str() {
            told["tap"] = json!(code);
        }
        assert_eq!(told[member], value, "{change}");
        node.restart().await;
        assert_eq!(changed.json(), find(&node, &venue).await);
    }
    assert_eq!(find(&node, &venue).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_to_a_creation_can_be_asked_for_again() {
    let mut node = TestNode::start().await;
    let owner = node.seed.organisations.service_owner.clone();
    let body = json!({ "name": "Once", "type": "MERCHANT", "tap_code": "ONCE" });
    let ask = |node: &TestNode, body: &Value| {
        let ask = node.post("/organisations", body);
        ask.with("idempotency-key", "o1")
    };
    let first = ask(&node, &body).send().await;
    assert_eq!(first.status, 201, "{first:?}");
    node.restart().await;
    assert_eq!(ask(&node, &body).send().await.body, first.body);
    let other = json!({ "name": "Other", "type": "MERCHANT" });
    let other = ask(&node, &other).send().await;
    assert_eq!(other.problem(), refused(422, "idempotency_key_reused"));
    let all = node.get(&format!("/organisations/{owner}/network?name=once"));
    assert_eq!(names(&all.send().await), ["Once"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_network_is_listed_from_any_of_its_members_down() {
    let node = TestNode::start().await;
    let organisations = &node.seed.organisations;
    let (owner, coffee) = (&organisations.service_owner, &organisations.merchants[0]);
    let page = async |id: &str, query: &str| {
        let page = node.get(&format!("/organisations/{id}/network{query}"));
        page.send().await
    };
    assert_eq!(
        names(&page(&coffee.id, "").await),
        [
            "Corner Coffee",
            "Corner Coffee Quay",
            "Corner Coffee Station"
        ]
    );
    assert_eq!(
        names(&page(&coffee.venues[1].id, "").await),
        ["Corner Coffee Station"]
    );
    let merchants = page(owner, "?type=MERCHANT").await;
    assert_eq!(names(&merchants), ["Corner Coffee", "Old Town Market"]);
    let named = page(owner, "?name=MARKET&type=VENUE").await;
    assert_eq!(
        names(&named),
        ["Old Town Market Hall", "Old Town Market Online"]
    );
    let second = page(owner, "?size=3&page=2&include_total=true").await;
    assert_eq!(names(&second).len(), 3);
    let paging = json!({ "page": 2, "size": 3, "total": 8, "has_more": true });
    assert_eq!(second.json()["paging"], paging);
    assert_eq!(
        page(owner, "?size=3&page=3").await.json()["paging"]["has_more"],
        false
    );
    let set = json!({ "tap_code": "T1" });
    let path = format!("/organisations/{}", coffee.venues[0].id);
    assert_eq!(node.put(&path, &set).send().await.status, 200);
    assert_eq!(
        names(&page(owner, "?tap_code=T1").await),
        ["Corner Coffee Quay"]
    );
    let elsewhere = page(&organisations.merchants[1].id, "?tap_code=T1").await;
    assert!(names(&elsewhere).is_empty());
    for query in ["?type=SHOP", "?size=101", "?page=0"] {
        let wrong = page(owner, query).await;
        assert_eq!(wrong.problem(), refused(422, "invalid_request"), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organisation_is_refused_where_its_fields_are_wrong() {
    let node = TestNode::start().await;
    let network = &node.seed.organisations;
    let venue = &network.merchants[0].venues[0].id;
    let ask = async |body: &Value| node.post("/organisations", body).send().await;
    let venue_below = |id: &str| json!({ "name": "V", "type": "VENUE", "parent": { "id": id } });
    for (body, pointer) in [
        (json!({ "name": " ", "type": "MERCHANT" }), "/name"),
        (
            json!({ "name": "n".repeat(201), "type": "MERCHANT" }),
            "/name",
        ),
        (json!({ "type": "MERCHANT" }), "/name"),
        (json!({ "name": "O", "type": "SERVICE_OWNER" }), "/type"),
        (json!({ "name": "V", "type": "VENUE" }), "/parent"),
        (venue_below(venue), "/parent"),
        (venue_below(&network.business), "/parent"),
        (
            json!({ "name": "B", "type": "BUSINESS", "parent": { "id": network.business } }),
            "/parent",
        ),
        (
            json!({ "name": "M", "type": "MERCHANT", "time_zone": "Europe/Atlantis" }),
            "/time_zone",
        ),
        (
            json!({ "name": "M", "type": "MERCHANT", "tap_code": "a b" }),
            "/tap_code",
        ),
        (
            json!({ "name": "M", "type": "MERCHANT", "tap_code": "" }),
            "/tap_code",
        ),
        (
            json!({ "name": "M", "type": "MERCHANT", "tap_code": "x".repeat(33) }),
            "/tap_code",
        ),
        (
            json!({ "name": "B", "type": "BUSINESS", "tap_code": "B" }),
            "/tap_code",
        ),
    ] {
        let answer = ask(&body).await;
        assert_eq!(answer.problem(), refused(422, "invalid_request"), "{body}");
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{body}");
    }
    for parent in ["nobody", &node.contact(0).id] {
        let unknown = ask(&venue_below(parent)).await;
        assert_eq!(unknown.problem(), refused(400, "unknown_organisation"));
    }
    let moved = json!({ "parent": { "id": network.business } });
    let moved = node
        .put(&format!("/organisations/{venue}"), &moved)
        .send()
        .await;
    assert_eq!(moved.problem(), refused(422, "unknown_field"));
    let tapped = node.put(
        &format!("/organisations/{}", network.business),
        &json!({ "tap_code": "B" }),
    );
    assert_eq!(
        tapped.send().await.json()["errors"][0]["pointer"],
        "/tap_code"
    );
    let all = node.get(&format!(
        "/organisations/{}/network?size=100",
        network.service_owner
    ));
    assert_eq!(names(&all.send().await).len(), 8, "nothing was created");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_of_an_organisation_sees_and_changes_its_own_part_only() {
    let node = TestNode::start().await;
    let network = &node.seed.organisations;
    let (own, other) = (&network.merchants[0], &network.merchants[1]);
    let scopes = ["organisations.read", "organisations.write"];
    let key = key_of(&node, &own.id, &scopes).await;
    let get = async |path: &str| node.get(path).with("api_key", &key).send().await;
    let mine = get(&format!("/organisations/{}", own.id)).await;
    assert_eq!(mine.status, 200, "{mine:?}");
    assert_eq!(
        mine.json()["parent"],
        Value::Null,
        "what is above is not told"
    );
    let below = get(&format!("/organisations/{}", own.venues[0].id)).await;
    assert_eq!(below.json()["parent"], json!({ "id": own.id }));
    assert_eq!(
        names(&get(&format!("/organisations/{}/network", own.id)).await).len(),
        3
    );
    for outside in [
        &network.service_owner,
        &network.business,
        &other.id,
        &other.venues[0].id,
    ] {
        for path in ["", "/network"] {
            let hidden = get(&format!("/organisations/{outside}{path}")).await;
            assert_eq!(hidden.problem(), refused(404, "not_found"), "{path}");
        }
        let change = node.put(
            &format!("/organisations/{outside}"),
            &json!({ "name": "Mine" }),
        );
        let change = change.with("api_key", &key).send().await;
        assert_eq!(change.problem(), refused(404, "not_found"));
        let body = json!({ "name": "V", "type": "VENUE", "parent": { "id": outside } });
        let made = node.post("/organisations", &body).with("api_key", &key);
        assert_eq!(
            made.send().await.problem(),
            refused(400, "unknown_organisation")
        );
    }
    // Left out, the parent is its own organisation.
    let body = json!({ "name": "Corner Coffee Kiosk", "type": "VENUE" });
    let made = node.post("/organisations", &body).with("api_key", &key);
    let made = made.send().await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(
        find(&node, &made.text("id")).await["parent"],
        json!({ "id": own.id })
    );
    let merchant = json!({ "name": "M", "type": "MERCHANT" });
    let above = node.post("/organisations", &merchant).with("api_key", &key);
    assert_eq!(
        above.send().await.problem(),
        refused(422, "invalid_request")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_key_only_reads_the_network() {
    let node = TestNode::start().await;
    let test = node.secret_key("test");
    let path = format!("/organisations/{}", node.seed.organisations.merchants[0].id);
    let seen = node.get(&path).with("api_key", &test).send().await;
    assert_eq!(seen.status, 200, "{seen:?}");
    let body = json!({ "name": "M", "type": "MERCHANT" });
    let create = node.post("/organisations", &body);
    for ask in [create, node.put(&path, &json!({ "name": "M" }))] {
        let refusal = ask.with("api_key", &test).send().await;
        assert_eq!(refusal.problem(), refused(403, "live_key_required"));
    }
    assert_eq!(node.get(&path).send().await.json(), seen.json());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_one_gets_the_tap() {
    let node = TestNode::start().await;
    let owner = node.seed.organisations.service_owner.clone();
    let asked: Vec<_> = (0..8)
        .map(|number| {
            let body =
                json!({ "name": format!("M{number}"), "type": "MERCHANT", "tap_code": "T1" });
            node.post("/organisations", &body).begin()
        })
        .collect();
    let mut made = 0;
    for pending in asked {
        let answer = pending.answer().await;
        match answer.status {
            201 => made += 1,
            _ => assert_eq!(answer.problem(), refused(409, "tap_not_unique")),
        }
    }
    assert_eq!(made, 1);
    let all = node.get(&format!("/organisations/{owner}/network?size=100"));
    assert_eq!(
        names(&all.send().await).len(),
        9,
        "who was refused is not there"
    );
    let venue = &node.seed.organisations.merchants[0].venues[0].id;
    let set = node.put(
        &format!("/organisations/{venue}"),
        &json!({ "tap_code": "T1", "name": "Mine" }),
    );
    assert_eq!(set.send().await.problem(), refused(409, "tap_not_unique"));
    assert_ne!(
        find(&node, venue).await["name"],
        "Mine",
        "a refusal changes nothing"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_network_says_so() {
    let node = TestNode::start().await;
    let create = |number: usize| {
        let body = json!({ "name": format!("M{number}"), "type": "MERCHANT" });
        node.post("/organisations", &body)
    };
    let mut answers = Vec::new();
    for group in (8..500).collect::<Vec<_>>().chunks(64) {
        let begun: Vec<_> = group.iter().map(|number| create(*number).begin()).collect();
        for pending in begun {
            answers.push(pending.answer().await.status);
        }
    }
    assert!(answers.iter().all(|status| *status == 201), "{answers:?}");
    let full = create(500).send().await;
    assert_eq!(full.problem(), refused(409, "limit_reached"));
    let owner = &node.seed.organisations.service_owner;
    let all = node.get(&format!(
        "/organisations/{owner}/network?include_total=true"
    ));
    assert_eq!(all.send().await.json()["paging"]["total"], 500);
}
