//! What a till may send for a purchase: where it was made, what kind it is, and the body of version 1.

use http::Method;
use serde_json::{Value, json};

use crate::client::Ask;
use crate::contact_changes::refused;
use crate::lists::classification;
use crate::node::{TestNode, cents};
use crate::organisations::key_of;

fn first_pointer(answer: &crate::client::Answer) -> String {
    assert_eq!(answer.status, 422, "{answer:?}");
    answer.json()["errors"][0]["pointer"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_classification_has_the_same_id_wherever_it_is_shown() {
    let mut node = TestNode::start().await;
    let fuel = classification(&node, "FUEL").await;
    let second = node.get("/customer_event_classifications?size=1&page=2&include_total=true");
    let second = second.send().await.json();
    assert_eq!(second["content"], json!([{ "id": fuel, "name": "FUEL" }]));
    let paging = json!({ "page": 2, "size": 1, "total": 2, "has_more": false });
    assert_eq!(second["paging"], paging);
    let mut body = node.purchase_body(node.contact(0), 20);
    let plain = node.post("/purchases", &body).send().await;
    assert_eq!(
        plain.json()["classification"]["name"],
        "PURCHASE",
        "the first"
    );
    for reference in [json!({ "id": fuel }), json!({ "name": "FUEL" })] {
        body["classification"] = reference;
        let sold = node.post("/purchases", &body).send().await;
        assert_eq!(sold.status, 200, "{sold:?}");
        let expected = json!({ "id": fuel, "name": "FUEL" });
        assert_eq!(sold.json()["classification"], expected);
        node.restart().await;
        let shown = node
            .get(&format!("/purchases/{}", sold.text("id")))
            .send()
            .await;
        assert_eq!(shown.json()["classification"], expected);
    }
    assert_eq!(classification(&node, "FUEL").await, fuel);
    let venue = &node.seed.organisations.merchants[0].venues[0].id;
    for (reference, pointer) in [
        (json!({}), "/classification"),
        (json!({ "id": fuel, "name": "FUEL" }), "/classification"),
        (json!({ "id": "FUEL" }), "/classification/id"),
        (json!({ "id": venue }), "/classification/id"),
        (json!({ "name": "TEA" }), "/classification/name"),
    ] {
        body["classification"] = reference;
        for path in ["/purchases", "/purchases/estimates"] {
            let wrong = node.post(path, &body).send().await;
            assert_eq!(first_pointer(&wrong), pointer, "{body}");
        }
    }
}

/// A body of version 1 for `total` euros.
fn body_1(node: &TestNode, total: u32) -> Value {
    json!({
        "contact_id": node.contact(0).id,
        "organisation_id": node.seed.organisations.merchants[0].venues[0].id,
        "total_amount": total,
    })
}

fn post_1(node: &TestNode, path: &str, body: &Value) -> Ask {
    node.ask(Method::POST, &format!("/backoffice/v1{path}"))
        .with("content-type", "application/json")
        .body(body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_of_version_1_is_the_same_purchase() {
    let node = TestNode::start().await;
    let performed_on = clientele::clock::Clock::wall(&*node.clock).unix_seconds() - 60;
    let funded = post_1(&node, "/purchases", &body_1(&node, 200))
        .send()
        .await;
    assert_eq!(funded.status, 200, "{funded:?}");
    let mut body = body_1(&node, 20);
    for (member, value) in [
        ("net_amount", json!(16.8)),
        ("tax_amount", json!(3.2)),
        ("id", json!("T1-1")),
        ("reference_number", json!("R1")),
        ("performed_on", json!(performed_on)),
        ("currency_code", json!("EUR")),
        ("classification", json!({ "name": "FUEL" })),
        ("payment_medium_identifier", json!("4711")),
        ("products", json!([{ "sku": "TEA" }])),
        (
            "spend_request",
            json!({ "amount": 4, "restrict_fully_covered": true }),
        ),
    ] {
        body[member] = value;
    }
    let mut estimates = Vec::new();
    for method in ["FRONT_END", "BACK_END"] {
        body["reduction_method"] = json!(method);
        let estimate = post_1(&node, "/purchases/estimates", &body).send().await;
        assert_eq!(estimate.status, 200, "{estimate:?}");
        estimates.push(estimate.json());
    }
    assert_eq!(estimates[0], estimates[1], "whoever takes it off");
    let sold = post_1(&node, "/purchases", &body).send().await;
    assert_eq!(sold.status, 200, "{sold:?}");
    assert_eq!(sold.json()["rewards"], estimates[0]["rewards"]);
    assert_eq!(sold.amount("amount_due"), cents(1_600));
    let path = format!("/purchases/{}", sold.text("id"));
    let shown = node.get(&path).send().await.json();
    let amounts = json!({ "total": 20.0, "net": 16.8, "tax": 3.2, "discount": null });
    for (member, expected) in amounts.as_object().unwrap() {
        let shown = shown["transaction_amounts"][member].as_f64();
        assert_eq!(shown, expected.as_f64(), "{member}");
    }
    assert_eq!(shown["classification"]["name"], "FUEL");
    assert_eq!(shown["date"], performed_on);
    assert_eq!(shown["reference_number"], "R1");
    assert_eq!(shown["payment_medium_identifier"], "4711");
    assert_eq!(shown["products"][0]["product_sku"]["sku"], "TEA");
    assert_eq!(shown["contact"]["id"], node.contact(0).id);
    // A retry has no second effect, by the purchase's own id.
    let balance = node.balance(node.contact(0)).await;
    assert_eq!(
        post_1(&node, "/purchases", &body).send().await.body,
        sold.body
    );
    let simulated = post_1(&node, "/purchases?simulate=true", &body_1(&node, 20));
    assert_eq!(simulated.send().await.json()["id"], Value::Null);
    assert_eq!(node.balance(node.contact(0)).await, balance);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_of_version_1_blocks_funds_for_its_purchase() {
    let node = TestNode::start().await;
    let funded = post_1(&node, "/purchases", &body_1(&node, 200))
        .send()
        .await;
    assert_eq!(funded.status, 200, "{funded:?}");
    let mut body = body_1(&node, 20);
    body["spend_request"] = json!({ "amount": 4 });
    body["block_wallet_funds"] = json!(true);
    let held = post_1(&node, "/purchases/estimates", &body).send().await;
    assert_eq!(held.amount("blocked_amount"), cents(400), "{held:?}");
    let not_here = post_1(&node, "/purchases", &body).send().await;
    assert_eq!(first_pointer(&not_here), "/block_wallet_funds");
    body["block_wallet_funds"] = json!(false);
    body["estimate_id"] = json!(held.text("id"));
    let sold = post_1(&node, "/purchases", &body).send().await;
    assert_eq!(sold.amount("amount_due"), cents(1_600), "{sold:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_of_version_1_is_refused_in_its_own_words() {
    let node = TestNode::start().await;
    for (member, value, pointer) in [
        ("total_amount", json!(0), "/total_amount"),
        ("total_amount", json!(1.234), "/total_amount"),
        ("net_amount", json!(-1), "/net_amount"),
        ("tax_amount", json!(1.234), "/tax_amount"),
        ("contact_id", Value::Null, "/contact_id"),
        ("organisation_id", Value::Null, "/organisation_id"),
        ("reduction_method", json!("MIDDLE"), "/reduction_method"),
        ("classification", json!({}), "/classification"),
        ("id", json!(""), "/id"),
        (
            "spend_request",
            json!({ "amount": 30 }),
            "/spend_request/amount",
        ),
    ] {
        let mut body = body_1(&node, 20);
        body[member] = value;
        let wrong = post_1(&node, "/purchases", &body).send().await;
        assert_eq!(first_pointer(&wrong), pointer, "{body}");
    }
    let mixed = post_1(
        &node,
        "/purchases",
        &node.purchase_body(node.contact(0), 20),
    );
    assert_eq!(mixed.send().await.problem(), refused(422, "unknown_field"));
    let version_2 = node.post("/purchases", &body_1(&node, 20)).send().await;
    assert_eq!(version_2.problem(), refused(422, "unknown_field"));
    for (member, code) in [
        ("contact_id", "unknown_contact"),
        ("organisation_id", "unknown_organisation"),
    ] {
        let mut body = body_1(&node, 20);
        body[member] = json!("nobody");
        let unknown = post_1(&node, "/purchases", &body).send().await;
        assert_eq!(unknown.problem(), refused(400, code));
    }
    // A key of a venue need not name it.
    let venue = node.seed.organisations.merchants[0].venues[0].id.clone();
    let key = key_of(&node, &venue, &["purchases.write"]).await;
    let mut body = body_1(&node, 20);
    body.as_object_mut().unwrap().remove("organisation_id");
    let sold = post_1(&node, "/purchases", &body).with("api_key", &key);
    assert_eq!(sold.send().await.json()["organisation"]["id"], venue);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_till_names_where_it_stands_by_its_tap() {
    let mut node = TestNode::start().await;
    let merchants = node.seed.organisations.merchants.clone();
    let (merchant, venue) = (merchants[0].id.clone(), merchants[0].venues[0].id.clone());
    let tap = async |node: &TestNode, id: &str, code: &str| {
        let set = node.put(
            &format!("/organisations/{id}"),
            &json!({ "tap_code": code }),
        );
        let set = set.send().await;
        assert_eq!(set.status, 200, "{set:?}");
        set.json()["tap"]["id"].as_str().unwrap().to_owned()
    };
    let at_merchant = tap(&node, &merchant, "M-1").await;
    let at_venue = tap(&node, &venue, "V-1").await;
    let sell = async |node: &TestNode, organisation: Value| {
        let mut body = node.purchase_body(node.contact(0), 20);
        body["organisation"] = organisation;
        node.post("/purchases", &body).send().await
    };
    let mut sequence = 0;
    for _ in 0..2 {
        for (reference, expected) in [
            (json!({ "merchant_tap": { "code": "M-1" } }), &merchant),
            (json!({ "merchant_tap": { "id": at_merchant } }), &merchant),
            (json!({ "venue_tap": { "code": "V-1" } }), &venue),
            (json!({ "venue_tap": { "id": at_venue } }), &venue),
        ] {
            let sold = sell(&node, reference.clone()).await;
            assert_eq!(sold.status, 200, "{sold:?}");
            assert_eq!(sold.json()["organisation"]["id"], **expected, "{reference}");
            let mut body = node.purchase_body(node.contact(0), 20);
            body["organisation"] = reference;
            let estimate = node.post("/purchases/estimates", &body).send().await;
            assert_eq!(estimate.status, 200, "{estimate:?}");
            sequence += 1;
            let item = json!({ "sequence": sequence, "purchase": body });
            let batch = json!({ "device_id": "d", "purchases": [item] });
            let batch = node.post("/purchases/batch", &batch).send().await.json();
            let sold = &batch["items"][0]["purchase"];
            assert_eq!(sold["organisation"]["id"], **expected, "{batch}");
        }
        node.restart().await;
    }
    for unknown in [
        json!({ "merchant_tap": { "code": "V-1" } }),
        json!({ "venue_tap": { "code": "M-1" } }),
        json!({ "venue_tap": { "id": at_merchant } }),
        json!({ "venue_tap": { "code": "v-1" } }),
        json!({ "venue_tap": { "id": venue } }),
        json!({ "id": at_venue }),
    ] {
        let answer = sell(&node, unknown.clone()).await;
        assert_eq!(
            answer.problem(),
            refused(400, "unknown_organisation"),
            "{unknown}"
        );
    }
    for (wrong, pointer) in [
        (json!({}), "/organisation"),
        (
            json!({ "id": venue, "venue_tap": { "code": "V-1" } }),
            "/organisation",
        ),
        (
            json!({ "merchant_tap": { "code": "M-1" }, "venue_tap": { "code": "V-1" } }),
            "/organisation",
        ),
        (json!({ "venue_tap": {} }), "/organisation/venue_tap"),
        (
            json!({ "venue_tap": { "id": at_venue, "code": "V-1" } }),
            "/organisation/venue_tap",
        ),
    ] {
        let answer = sell(&node, wrong.clone()).await;
        assert_eq!(first_pointer(&answer), pointer, "{wrong}");
    }
    // A till's code moves with it, and a TAP that was taken away is unknown.
    let other = merchants[0].venues[1].id.clone();
    let gone = json!({ "tap_code": null });
    let gone = node
        .put(&format!("/organisations/{venue}"), &gone)
        .send()
        .await;
    assert_eq!(gone.json()["tap"], Value::Null);
    for lost in [json!({ "code": "V-1" }), json!({ "id": at_venue })] {
        let lost = sell(&node, json!({ "venue_tap": lost })).await;
        assert_eq!(lost.problem(), refused(400, "unknown_organisation"));
    }
    tap(&node, &other, "V-1").await;
    let moved = sell(&node, json!({ "venue_tap": { "code": "V-1" } })).await;
    assert_eq!(moved.json()["organisation"]["id"], other);
    // A key of another merchant does not know it.
    let stranger = key_of(&node, &merchants[1].id, &["purchases.write"]).await;
    let mut body = node.purchase_body(node.contact(0), 20);
    body["organisation"] = json!({ "venue_tap": { "code": "V-1" } });
    let strange = node.post("/purchases", &body).with("api_key", &stranger);
    assert_eq!(
        strange.send().await.problem(),
        refused(400, "unknown_organisation")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_is_the_same_however_its_venue_is_named() {
    let node = TestNode::start().await;
    let venue = node.seed.organisations.merchants[0].venues[0].id.clone();
    let set = node.put(
        &format!("/organisations/{venue}"),
        &json!({ "tap_code": "V-1" }),
    );
    assert_eq!(set.send().await.status, 200);
    let mut body = node.purchase_body(node.contact(0), 20);
    body["reference_number"] = json!("R-1");
    let sold = node.post("/purchases", &body).send().await;
    assert_eq!(sold.status, 200, "{sold:?}");
    body["organisation"] = json!({ "venue_tap": { "code": "V-1" } });
    let again = node.post("/purchases", &body).send().await;
    assert_eq!(again.problem(), refused(422, "idempotency_key_reused"));
    body["organisation"] = json!({ "id": node.seed.organisations.merchants[0].venues[1].id });
    let elsewhere = node.post("/purchases", &body).send().await;
    assert_eq!(
        elsewhere.status, 200,
        "a number is printed again at another venue"
    );
}
