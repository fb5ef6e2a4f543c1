//! Reward offers, made and changed over HTTP alone: what purchases make of them, and what is refused.

use clientele::domain::api_key::{Scope, Scopes};
use clientele::domain::time::Span;
use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Ask};
use crate::node::TestNode;

/// Meets no other condition of the demo network.
const TOTAL: u32 = 20;

fn put(node: &TestNode, path: &str, body: &Value) -> Ask {
    node.ask(Method::PUT, &format!("/backoffice/v2{path}"))
        .with("content-type", "application/json")
        .body(body)
}

/// Gives 3.00, with more about it in `rest`.
fn body(name: &str, rest: Value) -> Value {
    let mut body = json!({
        "name": name,
        "awards": [{ "amount": 3, "amount_type": "FIXED", "currency": "EUR" }],
    });
    for (member, value) in rest.as_object().unwrap() {
        body[member] = value.clone();
    }
    body
}

async fn create(node: &TestNode, name: &str, rest: Value) -> String {
    let created = node.post("/reward_offers", &body(name, rest)).send().await;
    assert_eq!(created.status, 201, "{created:?}");
    created.text("id")
}

async fn get(node: &TestNode, id: &str) -> Value {
    let found = node.get(&format!("/reward_offers/{id}")).send().await;
    assert_eq!(found.status, 200, "{found:?}");
    found.json()
}

/// What a purchase's answer says of an offer: what it gave, or why nothing.
fn outcome(purchase: &Answer, name: &str) -> String {
    assert_eq!(purchase.status, 200, "{purchase:?}");
    let json = purchase.json();
    let offers = json["offers"].as_array().unwrap();
    let mut named = offers.iter().filter(|it| it["name"] == name);
    let found = named.next().unwrap_or_else(|| panic!("no {name}: {json}"));
    assert!(named.next().is_none(), "{name} twice: {json}");
    match found["reason"].as_str() {
        Some(reason) => reason.to_owned(),
        None => found["amount"].to_string(),
    }
}

/// A purchase of a contact, with more about it in `rest`.
async fn buy(node: &TestNode, contact: usize, rest: Value) -> Answer {
    let mut body = node.purchase_body(node.contact(contact), TOTAL);
    for (member, value) in rest.as_object().unwrap() {
        body[member] = value.clone();
    }
    node.post("/purchases", &body).send().await
}

async fn names(node: &TestNode, query: &str) -> (Vec<String>, Value) {
    let listed = node.get(&format!("/reward_offers{query}")).send().await;
    assert_eq!(listed.status, 200, "{listed:?}");
    let json = listed.json();
    let names = json["content"].as_array().unwrap().iter();
    let names = names.map(|it| it["name"].as_str().unwrap().to_owned());
    (names.collect(), json["paging"].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_counts_from_the_next_purchase_through_every_change_and_a_restart() {
    let mut node = TestNode::start().await;
    let ask = |node: &TestNode, name: &str| {
        node.post("/reward_offers", &body(name, json!({})))
            .with("idempotency-key", "new")
    };
    let created = join_all((0..4).map(|_| ask(&node, "New").send())).await;
    let id = created[0].text("id");
    for answer in &created {
        assert_eq!((answer.status, answer.text("id")), (201, id.clone()));
    }
    let other = ask(&node, "Newer").send().await;
    assert_eq!(other.problem(), (422, "idempotency_key_reused".to_owned()));
    assert_eq!(outcome(&buy(&node, 0, json!({})).await, "New"), "3");

    let state = json!({ "life_cycle_state": "INACTIVE" });
    let state_path = format!("/reward_offers/{id}/life_cycle_state");
    let inactive = put(&node, &state_path, &state).send().await;
    assert_eq!(inactive.text("life_cycle_state"), "INACTIVE");
    assert_eq!(outcome(&buy(&node, 0, json!({})).await, "New"), "INACTIVE");
    let (listed, paging) = names(&node, "?state=INACTIVE&include_total=true").await;
    assert_eq!(listed, ["New"]);
    assert_eq!(
        (&paging["total"], &paging["has_more"]),
        (&json!(1), &json!(false))
    );
    let (listed, paging) = names(&node, "?state=ACTIVE&size=2").await;
    assert_eq!((listed.len(), &paging["has_more"]), (2, &json!(true)));
    assert!(
        !names(&node, "?state=ACTIVE&size=100")
            .await
            .0
            .contains(&"New".to_owned())
    );

    let awards = json!({ "awards": [{ "amount": 12.5, "amount_type": "PERCENTAGE" }] });
    let awards_path = format!("/reward_offers/{id}/awards");
    let changed = put(&node, &awards_path, &awards).send().await;
    assert_eq!(changed.status, 200, "{changed:?}");
    node.restart().await;
    assert_eq!(outcome(&buy(&node, 0, json!({})).await, "New"), "INACTIVE");
    let state = json!({ "life_cycle_state": "ACTIVE" });
    assert_eq!(put(&node, &state_path, &state).send().await.status, 200);
    assert_eq!(outcome(&buy(&node, 0, json!({})).await, "New"), "2.5");
    let found = node.get(&awards_path).send().await.json();
    assert_eq!(found["awards"][0]["amount"], json!(12.5));

    let renamed = put(
        &node,
        &format!("/reward_offers/{id}"),
        &body("Renamed", json!({})),
    );
    assert_eq!(renamed.send().await.text("name"), "Renamed");
    assert_eq!(outcome(&buy(&node, 0, json!({})).await, "Renamed"), "3");
    let late = ask(&node, "New").send().await;
    assert_eq!(late.text("id"), id, "a late retry");
    assert_eq!(names(&node, "?size=100").await.0.len(), 6, "made once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_condition_awards_and_refuses_with_its_reason() {
    let node = TestNode::start().await;
    let [coffee, market] = [0, 1].map(|at| node.seed.organisations.merchants[at].id.clone());
    let business = node.seed.organisations.business.clone();
    // Monday 2025-07-07, 16:30 UTC: 17:30 in Dublin.
    const MADE_AT: i64 = 1_751_905_800;
    const WINTER: i64 = MADE_AT + 26 * 7 * 86_400;
    let monday_evening =
        |from: &str, to: &str| json!([{ "days": ["MONDAY"], "from": from, "to": to }]);
    let fuel = json!({ "classification": { "name": "FUEL" } });
    let summer = json!({ "performed_on": MADE_AT });
    let winter = json!({ "performed_on": WINTER });
    let tuesday = json!({ "performed_on": MADE_AT + 86_400 });
    // A till whose clock is ahead doesn't sell in the future.
    const FUTURE: i64 = 10_000_000_000;
    let ahead = json!({ "performed_on": FUTURE });
    let plain = json!({});
    let mut expected = Vec::new();
    for (conditions, purchase, expects) in [
        (json!({ "minimum_amount": 20 }), &plain, "3"),
        (json!({ "minimum_amount": 20.01 }), &plain, "BELOW_MINIMUM"),
        (
            json!({ "classifications": ["FUEL", "PURCHASE"] }),
            &plain,
            "3",
        ),
        (
            json!({ "classifications": ["PURCHASE"] }),
            &fuel,
            "OTHER_CLASSIFICATION",
        ),
        (json!({ "organisations": [market, business] }), &plain, "3"),
        (json!({ "organisations": [coffee] }), &plain, "3"),
        (
            json!({ "organisations": [market] }),
            &plain,
            "OTHER_ORGANISATION",
        ),
        (json!({ "products": ["SKU-1"] }), &plain, "OTHER_PRODUCTS"),
        (
            json!({ "valid_from": MADE_AT, "valid_to": MADE_AT + 1 }),
            &summer,
            "3",
        ),
        (json!({ "valid_from": MADE_AT + 1 }), &summer, "NOT_STARTED"),
        (json!({ "valid_from": FUTURE }), &ahead, "NOT_STARTED"),
        (json!({ "valid_to": FUTURE }), &ahead, "3"),
        (json!({ "valid_to": MADE_AT }), &summer, "ENDED"),
        (json!({ "valid_to": MADE_AT }), &plain, "ENDED"),
        (
            json!({ "hours": monday_evening("17:30", "17:31") }),
            &summer,
            "3",
        ),
        (
            json!({ "hours": monday_evening("16:30", "17:30") }),
            &summer,
            "OTHER_HOURS",
        ),
        (
            json!({ "hours": monday_evening("16:30", "16:31") }),
            &winter,
            "3",
        ),
        (
            json!({ "hours": monday_evening("17:00", "18:00") }),
            &winter,
            "OTHER_HOURS",
        ),
        (
            json!({ "hours": monday_evening("22:00", "18:00") }),
            &tuesday,
            "3",
        ),
        (
            json!({ "hours": monday_evening("17:00", "18:00") }),
            &tuesday,
            "OTHER_HOURS",
        ),
        (
            json!({ "hours": [{ "from": "17:00", "to": "18:00" }] }),
            &tuesday,
            "3",
        ),
    ] {
        let name = format!("Condition {}", expected.len());
        create(&node, &name, json!({ "conditions": conditions })).await;
        expected.push((name, purchase.clone(), expects));
    }
    for (name, purchase, expects) in expected {
        let answer = buy(&node, 0, purchase).await;
        assert_eq!(outcome(&answer, &name), expects, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn caps_of_a_contact_hold_in_all_and_by_the_day_and_over_a_restart() {
    let mut node = TestNode::start().await;
    create(
        &node,
        "Two",
        json!({ "caps": { "per_contact": { "awards": 2 } } }),
    )
    .await;
    create(
        &node,
        "Seven euros",
        json!({ "caps": { "per_contact": { "amount": 7 } } }),
    )
    .await;
    let daily = json!({ "caps": { "per_contact_per_day": { "awards": 1 } } });
    create(&node, "Daily", daily).await;
    let (contact, day) = ("CONTACT_CAP_REACHED", "DAY_CAP_REACHED");
    let expected = [
        ["3", "3", "3"],
        ["3", "3", day],
        [contact, contact, day],
        [contact, contact, "3"],
        [contact, contact, day],
    ];
    for (number, expected) in expected.into_iter().enumerate() {
        match number {
            2 => node.restart().await,
            3 => node.clock.advance(Span::days(1)),
            _ => {}
        }
        let answer = buy(&node, 0, json!({})).await;
        let outcomes = ["Two", "Seven euros", "Daily"].map(|name| outcome(&answer, name));
        assert_eq!(outcomes, expected, "purchase {number}");
    }
    let another = buy(&node, 1, json!({})).await;
    assert_eq!(outcome(&another, "Two"), "3", "each contact for itself");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_once_one_contact_is_given_no_more_than_its_cap() {
    let node = TestNode::start().await;
    create(
        &node,
        "Three",
        json!({ "caps": { "per_contact": { "awards": 3 } } }),
    )
    .await;
    let answers = join_all((0..20).map(|_| buy(&node, 0, json!({})))).await;
    let given = answers.iter().filter(|it| outcome(it, "Three") == "3");
    assert_eq!(given.count(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_group_only_the_best_gives_and_the_next_where_its_budget_ends() {
    let node = TestNode::start().await;
    let award = |amount: f64| json!([{ "amount": amount, "amount_type": "FIXED" }]);
    for (name, amount, budget) in [
        ("Less", 1.0, None),
        ("Most", 5.0, Some(5)),
        ("More", 2.0, None),
        ("As much", 2.0, None),
    ] {
        let rest = json!({ "best_of": "spring", "awards": award(amount), "budget": budget });
        create(&node, name, rest).await;
    }
    create(&node, "Other group", json!({ "best_of": "summer" })).await;
    let outcomes = async || {
        let answer = buy(&node, 0, json!({})).await;
        ["Less", "Most", "More", "As much", "Other group"].map(|name| outcome(&answer, name))
    };
    let (better, exhausted) = ("NOT_THE_BEST", "BUDGET_EXHAUSTED");
    assert_eq!(outcomes().await, [better, "5", better, better, "3"]);
    assert_eq!(outcomes().await, [better, exhausted, "2", better, "3"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_budget_made_over_http_is_given_to_the_last_award_and_shown() {
    let node = TestNode::start().await;
    let id = create(&node, "While it lasts", json!({ "budget": 10 })).await;
    let budget = get(&node, &id).await["budget"].clone();
    assert_eq!(budget, json!({ "total": 10, "lent": 0, "available": 10 }));
    let answers = join_all((0..24).map(|contact| buy(&node, contact, json!({})))).await;
    let outcomes: Vec<_> = answers
        .iter()
        .map(|it| outcome(it, "While it lasts"))
        .collect();
    assert_eq!(outcomes.iter().filter(|it| *it == "3").count(), 3);
    assert_eq!(
        outcomes
            .iter()
            .filter(|it| *it == "BUDGET_EXHAUSTED")
            .count(),
        21
    );
    let budget = get(&node, &id).await["budget"].clone();
    assert_eq!(budget, json!({ "total": 10, "lent": 9, "available": 1 }));
    let raised = put(
        &node,
        &format!("/reward_offers/{id}"),
        &body("x", json!({ "budget": 99 })),
    );
    assert_eq!(
        raised.send().await.problem(),
        (422, "invalid_request".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_offer_is_refused_by_its_field() {
    let node = TestNode::start().await;
    let id = create(&node, "Mine", json!({})).await;
    let refused = |rest: Value| {
        let ask = node.post("/reward_offers", &body("Wrong", rest));
        async move {
            let answer = ask.send().await;
            assert_eq!(answer.status, 422, "{answer:?}");
            let json = answer.json();
            json["errors"][0]["pointer"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        }
    };
    let award =
        |amount: f64, kind: &str| json!({ "awards": [{ "amount": amount, "amount_type": kind }] });
    for (rest, pointer) in [
        (json!({ "name": " " }), "/name"),
        (json!({ "awards": [] }), "/awards"),
        (award(0.0, "FIXED"), "/awards/0/amount"),
        (award(1.001, "FIXED"), "/awards/0/amount"),
        (award(100.5, "PERCENTAGE"), "/awards/0/amount"),
        (json!({ "budget": 0 }), "/budget"),
        (json!({ "expires_after_s": 0 }), "/expires_after_s"),
        (
            json!({ "conditions": { "classifications": ["TEA"] } }),
            "/conditions/classifications/0",
        ),
        (
            json!({ "conditions": { "organisations": [id] } }),
            "/conditions/organisations/0",
        ),
        (
            json!({ "conditions": { "valid_from": 9, "valid_to": 9 } }),
            "/conditions/valid_to",
        ),
        (
            json!({ "conditions": { "hours": [{ "from": "24:00", "to": "1:00" }] } }),
            "/conditions/hours/0/from",
        ),
        (
            json!({ "conditions": { "products": vec!["x"; 21] } }),
            "/conditions/products",
        ),
        (
            json!({ "caps": { "per_contact": { "awards": 0 } } }),
            "/caps/per_contact/awards",
        ),
    ] {
        assert_eq!(refused(rest.clone()).await, pointer, "{rest}");
    }
    let dollars = json!({ "awards": [{ "amount": 1, "amount_type": "FIXED", "currency": "USD" }] });
    let dollars = node
        .post("/reward_offers", &body("Wrong", dollars))
        .send()
        .await;
    assert_eq!(dollars.problem(), (422, "currency_mismatch".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_opens_to_keys_of_its_scope_and_mode_only() {
    let node = TestNode::start().await;
    let id = create(&node, "Mine", json!({})).await;
    let path = format!("/reward_offers/{id}");
    let written = body("Theirs", json!({}));
    let state = json!({ "life_cycle_state": "INACTIVE" });
    let all = |node: &TestNode| {
        [
            (Scope::OffersRead, node.get("/reward_offers")),
            (Scope::OffersRead, node.get(&path)),
            (Scope::OffersRead, node.get(&format!("{path}/awards"))),
            (Scope::OffersWrite, node.post("/reward_offers", &written)),
            (Scope::OffersWrite, put(node, &path, &written)),
            (
                Scope::OffersWrite,
                put(
                    node,
                    &format!("{path}/awards"),
                    &json!({ "awards": written["awards"] }),
                ),
            ),
            (
                Scope::OffersWrite,
                put(node, &format!("{path}/life_cycle_state"), &state),
            ),
        ]
    };
    for (scope, ask) in all(&node) {
        let others = Scopes::of(Scope::ALL.into_iter().filter(|it| *it != scope));
        let (_, key) = node.make_key(others, None).await;
        let refused = ask.with("api_key", &key).send().await;
        assert_eq!(refused.problem(), (403, "insufficient_scope".to_owned()));
    }
    let test_key = node.secret_key("test");
    let about_one = all(&node)
        .into_iter()
        .skip(1)
        .filter(|(_, ask)| ask.url.contains(&id));
    for (_, ask) in about_one {
        let unknown = ask.clone().with("api_key", &test_key).send().await;
        assert_eq!(
            unknown.problem(),
            (404, "not_found".to_owned()),
            "{}",
            ask.url
        );
    }
    assert_eq!(get(&node, &id).await["name"], "Mine");
    assert_eq!(get(&node, &id).await["life_cycle_state"], "ACTIVE");
}
