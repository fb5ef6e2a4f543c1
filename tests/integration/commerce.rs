//! Money with conditions, money that waits, products, and limits: set up and refused over HTTP alone.

use clientele::seeding::SeedContact;
use http::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Ask};
use crate::node::TestNode;

pub(crate) fn put(node: &TestNode, path: &str, body: &Value) -> Ask {
    node.ask(Method::PUT, &format!("/backoffice/v2{path}"))
        .with("content-type", "application/json")
        .body(body)
}

/// With the secret key of test mode.
pub(crate) fn tried(node: &TestNode, ask: Ask) -> Ask {
    ask.with("api_key", &node.secret_key("test"))
}

/// An offer that gives 3.00, with more about it in `rest`; its id.
pub(crate) async fn offer(node: &TestNode, name: &str, rest: Value) -> String {
    let created = node
        .post("/reward_offers", &offer_body(name, &rest))
        .send()
        .await;
    assert_eq!(created.status, 201, "{created:?}");
    created.text("id")
}

pub(crate) fn offer_body(name: &str, rest: &Value) -> Value {
    merged(
        json!({ "name": name, "awards": [{ "amount": 3, "amount_type": "FIXED" }] }),
        rest,
    )
}

pub(crate) fn merged(mut body: Value, rest: &Value) -> Value {
    for (member, value) in rest.as_object().unwrap() {
        body[member] = value.clone();
    }
    body
}

/// A purchase of 20.00, with more about it in `rest`.
pub(crate) async fn buy(node: &TestNode, contact: &SeedContact, rest: &Value) -> Answer {
    let body = merged(node.purchase_body(contact, 20), rest);
    node.post("/purchases", &body).send().await
}

/// The same, recorded; its answer.
pub(crate) async fn bought(node: &TestNode, contact: &SeedContact, rest: &Value) -> Value {
    let answer = buy(node, contact, rest).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

pub(crate) fn of<'a>(purchase: &'a Value, name: &str) -> &'a Value {
    let offers = purchase["offers"].as_array().unwrap();
    offers.iter().find(|it| it["name"] == name).unwrap()
}

pub(crate) async fn wallet(node: &TestNode, contact: &SeedContact) -> Value {
    let answer = node.wallet(contact).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

pub(crate) fn spend(euros: u32, restrict: bool) -> Value {
    json!({ "spend_request": { "amount": euros, "restrict_fully_covered": restrict } })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_product_earns_its_offer_and_is_shown_with_its_purchase() {
    let node = TestNode::start().await;
    offer(
        &node,
        "Beans",
        json!({ "conditions": { "products": ["BEAN-1", "4006381333931"] } }),
    )
    .await;
    let buyer = node.contact(0);
    let lines = json!({ "products": [
        { "sku": "TEA-1", "quantity": 2, "amount": 7 },
        { "sku": "BEAN-1", "id": "p-9", "quantity": 0.25, "net_amount": 9.5, "tax_amount": 0.5, "total_amount": 10 },
    ] });
    let purchase = bought(&node, buyer, &lines).await;
    assert_eq!(of(&purchase, "Beans")["amount"], json!(3));
    let shown = json!([
        { "product_sku": { "sku": "TEA-1" }, "quantity": 2, "total_amount": 7 },
        { "id": "p-9", "product_sku": { "sku": "BEAN-1" }, "quantity": 0.25, "net_amount": 9.5, "tax_amount": 0.5, "total_amount": 10 },
    ]);
    assert_eq!(purchase["products"], shown);
    let path = format!("/purchases/{}", purchase["id"].as_str().unwrap());
    assert_eq!(node.get(&path).send().await.json()["products"], shown);
    let by_id = json!({ "products": [{ "id": "4006381333931" }] });
    assert_eq!(
        of(&bought(&node, buyer, &by_id).await, "Beans")["amount"],
        json!(3)
    );
    let other = json!({ "products": [{ "sku": "bean-1" }] });
    assert_eq!(
        of(&bought(&node, buyer, &other).await, "Beans")["reason"],
        "OTHER_PRODUCTS"
    );

    let many = vec![json!({ "sku": "x" }); 101];
    for (products, pointer) in [
        (json!([{ "quantity": 1 }]), "/products/0"),
        (json!([{ "sku": "" }]), "/products/0/sku"),
        (
            json!([{ "sku": "a" }, { "id": "x".repeat(65) }]),
            "/products/1/id",
        ),
        (
            json!([{ "sku": "a", "quantity": 0 }]),
            "/products/0/quantity",
        ),
        (
            json!([{ "sku": "a", "quantity": 0.0001 }]),
            "/products/0/quantity",
        ),
        (json!([{ "sku": "a", "amount": -1 }]), "/products/0/amount"),
        (
            json!([{ "sku": "a", "amount": 0.001 }]),
            "/products/0/amount",
        ),
        (json!(many), "/products"),
    ] {
        let refused = buy(&node, buyer, &json!({ "products": products })).await;
        assert_eq!(
            refused.problem(),
            (422, "invalid_request".to_owned()),
            "{refused:?}"
        );
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commerce_money_is_spent_on_what_it_may_be_through_a_restart() {
    let mut node = TestNode::start().await;
    let [coffee, market] = [0, 1].map(|at| node.seed.organisations.merchants[at].id.clone());
    // Each offer gives its 3.00 to one contact, by the classification of a first purchase.
    let conditions = [
        json!({ "organisations": [coffee] }),
        json!({ "organisations": [market] }),
        json!({ "products": ["BEAN-1"] }),
        json!({ "hours": [{ "from": "00:00", "to": "00:00" }] }),
        json!({ "hours": [{ "days": ["MONDAY"], "from": "17:30", "to": "17:31" }] }),
    ];
    let mut names = Vec::new();
    for (number, spend_conditions) in conditions.iter().enumerate() {
        let name = format!("Bound {number}");
        let rest = json!({
            "conditions": { "products": [name] }, "spend_conditions": spend_conditions,
        });
        let id = offer(&node, &name, rest).await;
        let shown = node
            .get(&format!("/reward_offers/{id}"))
            .send()
            .await
            .json();
        for (member, value) in spend_conditions.as_object().unwrap() {
            if member != "hours" {
                assert_eq!(&shown["spend_conditions"][member], value);
            }
        }
        let changed = put(
            &node,
            &format!("/reward_offers/{id}"),
            &offer_body(&name, &json!({ "spend_conditions": spend_conditions })),
        );
        let refused = changed.send().await;
        assert_eq!(
            refused.json()["errors"][0]["pointer"],
            "/spend_conditions",
            "fixed"
        );
        names.push(name);
    }
    for (number, name) in names.iter().enumerate() {
        let buyer = node.contact(number);
        let first = bought(&node, buyer, &json!({ "products": [{ "sku": name }] })).await;
        assert_eq!(of(&first, name)["amount"], json!(3));
        let balances = wallet(&node, buyer).await;
        // The demo network's offers give 1.00 of open money.
        assert_eq!(balances["balance"], json!(4));
        let balance = &balances["balances"][0];
        assert_eq!(
            (&balance["total"], &balance["open"], &balance["commerce"]),
            (&json!(4), &json!(1), &json!(3))
        );
    }
    node.restart().await;
    // Monday 2025-07-07, 16:30 UTC: 17:30 in Dublin.
    let monday = json!({ "performed_on": 1_751_905_800 });
    let beans =
        json!({ "products": [{ "sku": "BEAN-1", "amount": 2 }, { "sku": "TEA-1", "amount": 9 }] });
    let plain = json!({});
    for (number, rest, bound) in [
        (0, &plain, 3),
        (1, &plain, 0),
        (2, &plain, 0),
        (2, &beans, 2),
        (3, &plain, 3),
        (4, &plain, 0),
        (4, &monday, 3),
    ] {
        let buyer = node.contact(number);
        assert_eq!(
            bound_spent(&node, buyer, rest).await,
            bound,
            "{number}, {rest}"
        );
        let wish = merged(spend(5, true), rest);
        let refused = buy(&node, buyer, &wish).await;
        assert_eq!(
            refused.problem(),
            (400, "wallet_balance_too_low".to_owned())
        );
    }
    let real = bought(&node, node.contact(0), &spend(4, true)).await;
    assert_eq!(real["rewards"]["spend"], json!(4));
}

/// What of commerce money a purchase of 20.00 would spend, beside the 1.00 of open money, in whole euros.
async fn bound_spent(node: &TestNode, contact: &SeedContact, rest: &Value) -> u64 {
    let wish = merged(spend(19, false), rest);
    let body = merged(node.purchase_body(contact, 20), &wish);
    let foreseen = node.post("/purchases?simulate=true", &body).send().await;
    let spent = &foreseen.json()["rewards"]["spend"];
    spent.as_u64().unwrap_or_else(|| panic!("{foreseen:?}")) - 1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conditions_of_spending_that_say_nothing_are_refused_by_their_field() {
    let node = TestNode::start().await;
    for (rest, pointer) in [
        (json!({}), "/spend_conditions"),
        (
            json!({ "organisations": ["nowhere"] }),
            "/spend_conditions/organisations/0",
        ),
        (json!({ "products": [""] }), "/spend_conditions/products/0"),
        (
            json!({ "hours": [{ "from": "25:00", "to": "26:00" }] }),
            "/spend_conditions/hours/0/from",
        ),
        (
            json!({ "products": vec!["x"; 21] }),
            "/spend_conditions/products",
        ),
    ] {
        let body = offer_body("Wrong", &json!({ "spend_conditions": rest }));
        let refused = node.post("/reward_offers", &body).send().await;
        assert_eq!(
            refused.problem(),
            (422, "invalid_request".to_owned()),
            "{refused:?}"
        );
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_advance_of_the_test_clock_unlocks_expires_and_releases_and_leaves_live_money_alone() {
    let mut node = TestNode::start().await;
    let trial = node
        .seed
        .contacts
        .iter()
        .find(|it| it.mode == "test")
        .unwrap()
        .clone();
    let real = node.contact(0).clone();
    let rest = |unlocks: i64, expires: i64| json!({ "unlocks_after_s": unlocks, "expires_after_s": expires });
    for (name, rest) in [
        ("Waits", rest(3_600, 86_400)),
        ("Waits and goes", rest(60, 600)),
    ] {
        let ask = node.post("/reward_offers", &offer_body(name, &rest));
        for ask in [ask.clone(), tried(&node, ask)] {
            assert_eq!(ask.send().await.status, 201);
        }
    }
    for (buyer, test) in [(&trial, true), (&real, false)] {
        let ask = node.purchase(buyer, 20, "first");
        let answer = if test { tried(&node, ask) } else { ask }.send().await;
        let json = answer.json();
        let waits = of(&json, "Waits");
        let date = json["date"].as_i64().unwrap();
        let unlocks = waits["unlocks_at"].as_i64().unwrap();
        assert!(
            (date + 3_600..=date + 3_600 + 600).contains(&unlocks),
            "{json}"
        );
        assert!(waits["expires_at"].as_i64().unwrap() >= unlocks + 86_400);
    }
    let seen = |answer: Answer| {
        assert_eq!(answer.status, 200, "{answer:?}");
        let json = answer.json();
        ["balance", "locked", "held"].map(|member| json[member].to_string())
    };
    let trial_wallet = tried(&node, node.wallet(&trial)).send().await;
    assert_eq!(seen(trial_wallet), ["1", "6", "0"]);
    // A hold of the 1.00 that is open.
    let wish = merged(node.purchase_body(&trial, 20), &spend(1, true));
    let wish = merged(wish, &json!({ "block_wallet_funds": true }));
    let held = tried(&node, node.post("/purchases/estimates", &wish))
        .send()
        .await;
    assert_eq!(held.json()["blocked_amount"], json!(1), "{held:?}");
    let early = merged(node.purchase_body(&trial, 20), &spend(1, true));
    let refused = tried(&node, node.post("/purchases", &early)).send().await;
    assert_eq!(
        refused.problem(),
        (400, "wallet_balance_too_low".to_owned()),
        "locked money is not spent"
    );

    node.restart().await;
    let advance = json!({ "seconds": 2 * 3_600 });
    let moved = tried(&node, node.post("/test_clock/advance", &advance))
        .send()
        .await;
    assert_eq!(moved.status, 200, "{moved:?}");
    // 3.00 came free, 3.00 came free and went, and the hold ran out.
    let trial_wallet = tried(&node, node.wallet(&trial)).send().await;
    assert_eq!(seen(trial_wallet), ["4", "0", "0"]);
    let path = format!(
        "/journals?entity=WALLET&wallet_id={}&size=20",
        trial.wallet_id
    );
    let lines = tried(&node, node.get(&path)).send().await.json();
    let mut events: Vec<_> = lines["content"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["event"].as_str().unwrap().to_owned())
        .collect();
    events.reverse();
    // In the order of their times, on record and not only in view: the version of the wallet says so below.
    assert_eq!(
        events,
        ["AWARD", "HOLD", "UNLOCK", "EXPIRY", "RELEASE", "UNLOCK"]
    );
    assert_eq!(seen(node.wallet(&real).send().await), ["1", "6", "0"]);
    let spent = tried(
        &node,
        node.post(
            "/purchases",
            &merged(node.purchase_body(&trial, 20), &spend(4, true)),
        ),
    )
    .send()
    .await;
    assert_eq!(spent.status, 200, "{spent:?}");
    let again = tried(&node, node.purchase(&trial, 20, "first"))
        .send()
        .await;
    assert_eq!(again.status, 200, "idempotency is of the wall clock");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_award_can_be_given_again_under_its_cap() {
    let node = TestNode::start().await;
    let once = json!({ "caps": { "per_contact": { "awards": 1 }, "per_contact_per_day": { "amount": 3 } } });
    offer(&node, "Once", once).await;
    let buyer = node.contact(0);
    let first = bought(&node, buyer, &json!({})).await;
    assert_eq!(of(&first, "Once")["amount"], json!(3));
    let second = bought(&node, buyer, &json!({})).await;
    assert_eq!(of(&second, "Once")["reason"], "CONTACT_CAP_REACHED");
    for (purchase, expected) in [(&second, json!(null)), (&first, json!(3))] {
        let id = purchase["id"].as_str().unwrap();
        let cancelled = node
            .post(&format!("/purchases/{id}/cancel"), &json!({}))
            .send()
            .await;
        assert_eq!(cancelled.status, 200);
        let next = bought(&node, buyer, &json!({})).await;
        assert_eq!(of(&next, "Once")["amount"], expected);
    }
}
