//! Offers with goals: what a contact has to reach before they give anything, and how far it sees itself to be.

use http::Method;
use serde_json::{Value, json};

use crate::app::Person;
use crate::client::Answer;
use crate::contact_changes::{looks, refused};
use crate::node::TestNode;
use crate::rewards::outcome;

const PHONE: &str = "+447566224395";
const NOT_YET: &str = "GOAL_NOT_REACHED";

/// A read of the contact's own.
async fn own(node: &TestNode, person: &Person, path: &str) -> Answer {
    node.own(Method::GET, path, &person.access).send().await
}

/// How far the contact sees itself to be with an offer: type, current, target, per cent.
async fn performance(node: &TestNode, person: &Person, offer: &str) -> Value {
    let path = format!("/reward_offers/{offer}/performance");
    let shown = own(node, person, &path).await;
    assert_eq!(shown.status, 200, "{shown:?}");
    let shown = shown.json();
    json!([
        shown["type"],
        shown["current"],
        shown["target"],
        shown["progress"]
    ])
}

async fn cancel(node: &TestNode, purchase: &Answer) {
    let path = format!("/purchases/{}/cancel", purchase.text("id"));
    let cancelled = node.trial(Method::POST, &path, Some(&json!({})));
    assert_eq!(cancelled.send().await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_third_visit_is_given_an_award_and_a_cancelled_one_is_none() {
    let mut node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let goal = json!({ "goal": { "type": "VISITS", "visits": 3, "repeats": true } });
    let offer = node.gift("Every third", goal).await;
    let shown = node.trial(Method::GET, &format!("/reward_offers/{offer}"), None);
    let shown = shown.send().await.json();
    assert_eq!(
        shown["goal"],
        json!({ "type": "VISITS", "visits": 3, "repeats": true })
    );
    assert_eq!(
        performance(&node, &person, &offer).await,
        json!(["EVENT", 0, 3, 0])
    );
    let first = node.bought(&person.id, 5).await;
    assert_eq!(outcome(&first, "Every third"), NOT_YET);
    node.restart().await;
    let second = node.bought(&person.id, 5).await;
    assert_eq!(outcome(&second, "Every third"), NOT_YET);
    assert_eq!(
        performance(&node, &person, &offer).await,
        json!(["EVENT", 2, 3, 66])
    );
    cancel(&node, &first).await;
    assert_eq!(
        performance(&node, &person, &offer).await,
        json!(["EVENT", 1, 3, 33])
    );
    let third = node.bought(&person.id, 5).await;
    assert_eq!(outcome(&third, "Every third"), NOT_YET);
    let fourth = node.bought(&person.id, 5).await;
    assert_eq!(outcome(&fourth, "Every third"), "3");
    assert_eq!(
        performance(&node, &person, &offer).await,
        json!(["EVENT", 0, 3, 0])
    );
    // Its award and its visit go together.
    cancel(&node, &fourth).await;
    assert_eq!(
        performance(&node, &person, &offer).await,
        json!(["EVENT", 2, 3, 66])
    );
    let fifth = node.bought(&person.id, 5).await;
    assert_eq!(outcome(&fifth, "Every third"), "3");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_achievement_goes_by_money_or_by_products() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let goal = json!({ "goal": { "type": "ACHIEVEMENT", "amount": 50 } });
    let spender = node.gift("Fifty", goal).await;
    let goal =
        json!({ "type": "ACHIEVEMENT", "quantity": 2, "products": ["TEA"], "repeats": true });
    let teas = node.gift("Two teas", json!({ "goal": goal })).await;
    let bought = node.bought(&person.id, 30).await;
    assert_eq!(outcome(&bought, "Fifty"), NOT_YET);
    assert_eq!(outcome(&bought, "Two teas"), NOT_YET);
    assert_eq!(
        performance(&node, &person, &spender).await,
        json!(["AMOUNT", 30, 50, 60])
    );
    assert_eq!(
        performance(&node, &person, &teas).await,
        json!(["PRODUCT", 0, 2, 0])
    );
    let body = json!({
        "contact": { "id": person.id }, "transaction_amounts": { "total": 20 },
        "organisation": { "id": node.seed.organisations.merchants[0].venues[0].id },
        "products": [{ "sku": "TEA", "quantity": 3 }],
    });
    let bought = node
        .trial(Method::POST, "/purchases", Some(&body))
        .send()
        .await;
    assert_eq!(outcome(&bought, "Fifty"), "3");
    assert_eq!(outcome(&bought, "Two teas"), "3");
    assert_eq!(
        performance(&node, &person, &spender).await,
        json!(["AMOUNT", 50, 50, 100])
    );
    assert_eq!(
        performance(&node, &person, &teas).await,
        json!(["PRODUCT", 1, 2, 50])
    );
    let again = node.bought(&person.id, 60).await;
    assert_eq!(outcome(&again, "Fifty"), "CONTACT_CAP_REACHED", "once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_membership_is_awarded_after_its_days_and_to_members_only() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let merchant = node.seed.organisations.merchants[0].id.clone();
    let rest = json!({
        "goal": { "type": "MEMBERSHIP", "days": 30 },
        "conditions": { "organisations": [merchant] },
    });
    let offer = node.gift("A month", rest).await;
    let bought = node.bought(&person.id, 5).await;
    assert_eq!(outcome(&bought, "A month"), "NOT_A_MEMBER");
    let body = json!({ "organisation_id": merchant, "action": "SIGNUP" });
    let path = format!("/contacts/{}/organisations", person.id);
    let signed = node.trial(Method::POST, &path, Some(&body)).send().await;
    assert_eq!(signed.status, 204);
    assert_eq!(
        outcome(&node.bought(&person.id, 5).await, "A month"),
        NOT_YET
    );
    node.days_pass(15).await;
    assert_eq!(
        performance(&node, &person, &offer).await,
        json!(["EVENT", 15, 30, 50])
    );
    node.days_pass(15).await;
    let bought = node.bought(&person.id, 5).await;
    assert_eq!(outcome(&bought, "A month"), "3");
    let bought_again = node.bought(&person.id, 5).await;
    assert_eq!(outcome(&bought_again, "A month"), "CONTACT_CAP_REACHED");
    cancel(&node, &bought).await;
    assert_eq!(outcome(&node.bought(&person.id, 5).await, "A month"), "3");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_sees_the_offers_that_are_for_it() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    node.set_up("/tags", &json!({ "name": "vip" })).await;
    let segment = json!({ "name": "VIPs", "tags": ["vip"] });
    let segment = node.set_up("/segments", &segment).await;
    let rest = json!({ "conditions": { "segments": [segment] } });
    let others = node.gift("For others", rest).await;
    let merchant = node.seed.organisations.merchants[0].id.clone();
    let rest = json!({
        "goal": { "type": "VISITS", "visits": 2 }, "is_featured": true, "short_description": "Come back",
        "terms_and_conditions": "Not on Sundays", "conditions": { "organisations": [merchant], "valid_to": 4102444800_i64 },
    });
    let offer = node.gift("Twice", rest).await;
    let names = async |query: &str| {
        let listed = own(&node, &person, &format!("/reward_offers{query}")).await;
        assert_eq!(listed.status, 200, "{listed:?}");
        let listed = listed.json();
        let names = listed["content"].as_array().unwrap().iter();
        let names: Vec<_> = names
            .map(|it| it["name"].as_str().unwrap().to_owned())
            .collect();
        (names, listed["content"][0].clone())
    };
    let (all, newest) = names("").await;
    assert!(!all.contains(&"For others".to_owned()), "{all:?}");
    assert_eq!(all[0], "Twice", "the newest first");
    assert_eq!(
        (&newest["id"], &newest["goal"]),
        (&json!(offer), &json!("VISITS"))
    );
    assert_eq!(newest["type"], "ACHIEVEMENT");
    assert_eq!(
        newest["owner"]["id"],
        json!(node.seed.organisations.service_owner)
    );
    assert_eq!(newest["short_description"], "Come back");
    for (query, found) in [
        ("?is_featured=true", true),
        ("?goals=VISITS,MEMBERSHIP&performance_enabled=true", true),
        ("?types=ACHIEVEMENT&search_value=come", true),
        ("?goals=SPEND", false),
        ("?types=GIFT", false),
        ("?search_value=nowhere", false),
        ("?tags=none", false),
        ("?organisations=nothing", false),
    ] {
        assert_eq!(
            names(query).await.0.contains(&"Twice".to_owned()),
            found,
            "{query}"
        );
    }
    let (at_merchant, _) = names(&format!(
        "?organisations={merchant}&owner={}",
        node.seed.organisations.service_owner
    ))
    .await;
    assert!(at_merchant.contains(&"Twice".to_owned()));
    let wrong = own(&node, &person, "/reward_offers?goals=FUN").await;
    assert_eq!(wrong.problem(), refused(422, "invalid_request"));

    let shown = own(&node, &person, &format!("/reward_offers/{offer}"))
        .await
        .json();
    assert_eq!(shown["targets"]["organisations"][0]["id"], json!(merchant));
    assert_eq!(shown["availability"]["to"], 4_102_444_800_i64);
    assert_eq!(shown["terms_and_conditions"], "Not on Sundays");
    let hidden = own(&node, &person, &format!("/reward_offers/{others}")).await;
    let unknown = own(&node, &person, "/reward_offers/nothing").await;
    assert_eq!(hidden.problem(), refused(404, "not_found"));
    assert_eq!(looks(&hidden), looks(&unknown));
    let path = format!("/contacts/{}/tags", person.id);
    let tagged = node.trial(Method::PUT, &path, Some(&json!({ "tags": ["vip"] })));
    assert_eq!(tagged.send().await.status, 200);
    let shown = own(&node, &person, &format!("/reward_offers/{others}")).await;
    assert_eq!(shown.status, 200);
    // One without a goal has no performance.
    let path = format!("/reward_offers/{others}/performance");
    let without = own(&node, &person, &path).await;
    assert_eq!(without.problem(), refused(404, "not_found"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_goal_is_whole_and_stays_as_it_was_made() {
    let node = TestNode::start().await;
    let body = |goal: Value| json!({ "name": "Odd", "awards": [{ "amount": 3, "amount_type": "FIXED" }], "goal": goal });
    for (pointer, goal) in [
        ("/goal/visits", json!({ "type": "VISITS" })),
        ("/goal/visits", json!({ "type": "VISITS", "visits": 0 })),
        (
            "/goal/days",
            json!({ "type": "VISITS", "visits": 2, "days": 3 }),
        ),
        ("/goal/amount", json!({ "type": "ACHIEVEMENT" })),
        (
            "/goal/amount",
            json!({ "type": "ACHIEVEMENT", "amount": 0 }),
        ),
        (
            "/goal/products",
            json!({ "type": "ACHIEVEMENT", "quantity": 2 }),
        ),
        (
            "/goal/amount",
            json!({ "type": "ACHIEVEMENT", "quantity": 2, "products": ["A"], "amount": 3 }),
        ),
        (
            "/goal/days",
            json!({ "type": "MEMBERSHIP", "days": 0, "repeats": true }),
        ),
        ("/goal/repeats", json!({ "type": "SPEND", "repeats": true })),
    ] {
        let wrong = node.trial(Method::POST, "/reward_offers", Some(&body(goal)));
        let wrong = wrong.send().await;
        assert_eq!(
            wrong.problem(),
            refused(422, "invalid_request"),
            "{pointer}"
        );
        assert_eq!(wrong.json()["errors"][0]["pointer"], pointer, "{wrong:?}");
    }
    let goal = json!({ "type": "VISITS", "visits": 2 });
    let offer = node.gift("Twice", json!({ "goal": goal })).await;
    let path = format!("/reward_offers/{offer}");
    let fixed = node
        .trial(Method::PUT, &path, Some(&body(goal)))
        .send()
        .await;
    assert_eq!(fixed.json()["errors"][0]["pointer"], "/goal");
    let mut other = body(Value::Null);
    other["long_description"] = json!("Come twice");
    let changed = node.trial(Method::PUT, &path, Some(&other)).send().await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(changed.json()["goal"]["visits"], 2);
    assert_eq!(changed.json()["long_description"], "Come twice");
}
