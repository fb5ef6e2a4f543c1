//! Tiers: reached by what is bought, lost by time, and what offers make of them, over HTTP alone.

use http::Method;
use serde_json::{Value, json};

use crate::app::Person;
use crate::contact_changes::refused;
use crate::node::TestNode;
use crate::rewards::outcome;

const PHONE: &str = "+447566224395";

/// Silver from 100 units of a month on, and gold from 300: their ids.
async fn tiers(node: &TestNode, conversion_rate: u32, based_on: &str) -> (String, String) {
    let tiering =
        json!({ "based_on": based_on, "conversion_rate": conversion_rate, "period": "MONTH" });
    let set = node.trial(Method::PUT, "/reward_tiers", Some(&tiering));
    assert_eq!(set.send().await.status, 200);
    let gold = json!({ "name": "Gold", "value_units": 300, "color": "#ffd700" });
    let gold = node.set_up("/reward_tiers", &gold).await;
    let silver = json!({ "name": "Silver", "value_units": 100 });
    (node.set_up("/reward_tiers", &silver).await, gold)
}

/// What the contact sees of its rewards.
async fn own(node: &TestNode, person: &Person) -> Value {
    let path = format!("/contacts/{}/rewards", person.id);
    let shown = node.own(Method::GET, &path, &person.access).send().await;
    assert_eq!(shown.status, 200, "{shown:?}");
    shown.json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tier_is_reached_by_purchases_awards_more_and_is_lost_by_time() {
    let mut node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    assert_eq!(own(&node, &person).await["reward_tier"], Value::Null);
    let (silver, gold) = tiers(&node, 2, "SPEND").await;
    let for_silver = json!({ "conditions": { "tiers": [silver, gold] } });
    node.gift("For silver", for_silver).await;
    let bought = node.bought(&person.id, 49).await;
    assert_eq!(outcome(&bought, "For silver"), "OTHER_TIER");
    let shown = own(&node, &person).await;
    let tier = &shown["reward_tier"];
    assert_eq!(
        (&tier["id"], &tier["period_value_units"]),
        (&Value::Null, &json!(98))
    );
    assert_eq!(tier["progress"]["id"], json!(silver));
    assert_eq!(tier["progress"]["points_needed"], 2);
    assert_eq!(shown["reward_tiers"]["conversion_rate"], 2);
    let all = shown["reward_tiers"]["tiers"].as_array().unwrap();
    let names: Vec<_> = all.iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["Silver", "Gold"]);

    let reaches = node.bought(&person.id, 1).await;
    assert_eq!(
        outcome(&reaches, "For silver"),
        "OTHER_TIER",
        "not before it"
    );
    node.restart().await;
    let shown = own(&node, &person).await;
    let tier = &shown["reward_tier"];
    assert_eq!(
        (&tier["id"], &tier["name"]),
        (&json!(silver), &json!("Silver"))
    );
    assert_eq!(tier["maintain_tier"]["points_needed"], 0);
    assert_eq!(tier["progress"]["name"], "Gold");
    assert_eq!(tier["progress"]["points_needed"], 200);
    assert!(tier["achieved_date"].as_i64().unwrap() > 0);
    let collected_by = tier["progress"]["collected_by"].as_i64().unwrap();
    let bought = node.bought(&person.id, 1).await;
    assert_eq!(outcome(&bought, "For silver"), "3");

    // Kept for the month that follows, and lost with it.
    let clock = node.trial(Method::GET, "/test_clock", None).send().await;
    let now = clock.json()["now"].as_i64().unwrap();
    let to_next = u32::try_from((collected_by - now) / 86_400 + 1).unwrap();
    node.days_pass(to_next).await;
    let shown = own(&node, &person).await;
    assert_eq!(shown["reward_tier"]["id"], json!(silver));
    assert_eq!(shown["reward_tier"]["period_value_units"], 0);
    assert_eq!(shown["reward_tier"]["lifetime_value_units"], 102);
    assert_eq!(shown["reward_tier"]["maintain_tier"]["points_needed"], 100);
    node.days_pass(31).await;
    let shown = own(&node, &person).await;
    assert_eq!(shown["reward_tier"]["id"], Value::Null);
    let bought = node.bought(&person.id, 1).await;
    assert_eq!(outcome(&bought, "For silver"), "OTHER_TIER");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_cancelled_takes_its_units_and_the_tier_with_it() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let (silver, _) = tiers(&node, 100, "VISITS").await;
    let rest = json!({ "conditions": { "tiers": [silver] } });
    node.gift("For silver", rest).await;
    let first = node.bought(&person.id, 5).await;
    assert_eq!(
        outcome(&node.bought(&person.id, 5).await, "For silver"),
        "3"
    );
    assert_eq!(
        own(&node, &person).await["reward_tier"]["period_value_units"],
        200
    );
    for _ in 0..2 {
        let cancel = format!("/purchases/{}/cancel", first.text("id"));
        let cancel = node.trial(Method::POST, &cancel, Some(&json!({})));
        assert_eq!(cancel.send().await.status, 200);
        let shown = own(&node, &person).await;
        assert_eq!(shown["reward_tier"]["period_value_units"], 100, "once");
        assert_eq!(shown["reward_tier"]["lifetime_value_units"], 100);
    }
    let other = node.trial_contacts()[0].id.clone();
    let bought = node.bought(&other, 5).await;
    assert_eq!(outcome(&bought, "For silver"), "OTHER_TIER");
    assert_eq!(outcome(&node.bought(&other, 5).await, "For silver"), "3");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn units_can_be_made_by_awards_and_a_tier_can_be_set_up_otherwise() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let (silver, gold) = tiers(&node, 100, "AWARD").await;
    // The demo network gives 5% of 20.00.
    node.bought(&person.id, 20).await;
    let shown = own(&node, &person).await;
    assert_eq!(shown["reward_tier"]["id"], json!(silver));
    let body = json!({ "name": "Gold", "value_units": 50, "description": "Nearly all" });
    let path = format!("/reward_tiers/{gold}");
    let changed = node.trial(Method::PUT, &path, Some(&body)).send().await;
    assert_eq!(changed.status, 200, "{changed:?}");
    let higher = json!({ "name": "Silver", "value_units": 1_000 });
    let path = format!("/reward_tiers/{silver}");
    let changed = node.trial(Method::PUT, &path, Some(&higher)).send().await;
    assert_eq!(changed.json()["value_units"], 1_000);
    let shown = own(&node, &person).await;
    assert_eq!(shown["reward_tier"]["id"], json!(gold));
    assert_eq!(shown["reward_tier"]["progress"]["name"], "Silver");

    for (pointer, body) in [
        (
            "/value_units",
            json!({ "name": "Other", "value_units": 50 }),
        ),
        (
            "/color",
            json!({ "name": "Other", "value_units": 60, "color": "red" }),
        ),
        ("/name", json!({ "name": " ", "value_units": 60 })),
    ] {
        let wrong = node.trial(Method::POST, "/reward_tiers", Some(&body));
        let wrong = wrong.send().await;
        assert_eq!(wrong.problem(), refused(422, "invalid_request"), "{body}");
        assert_eq!(wrong.json()["errors"][0]["pointer"], pointer);
    }
    // Live mode has tiers of its own.
    let live = node.get("/reward_tiers").send().await.json();
    assert_eq!(
        (&live["tiers"], &live["conversion_rate"]),
        (&json!([]), &json!(1))
    );
    let foreign = node.get(&format!("/reward_tiers/{gold}")).send().await;
    assert_eq!(foreign.problem(), refused(404, "not_found"));
    // Another contact's rewards are nobody's.
    let other = node.trial_contacts()[0].id.clone();
    let path = format!("/contacts/{other}/rewards");
    let foreign = node.own(Method::GET, &path, &person.access).send().await;
    assert_eq!(foreign.problem(), refused(404, "not_found"));
}
