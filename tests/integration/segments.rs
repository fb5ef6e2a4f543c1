//! Offers for those who belong to a segment: by tags and by rules, over HTTP alone.

use http::Method;
use serde_json::{Value, json};

use crate::contact_changes::{looks, refused};
use crate::node::TestNode;
use crate::rewards::outcome;

const REFUSED: &str = "OTHER_SEGMENT";

async fn tag(node: &TestNode, contact: &str, tags: &[&str]) {
    let path = format!("/contacts/{contact}/tags");
    let body = json!({ "tags": tags });
    let set = node.trial(Method::PUT, &path, Some(&body)).send().await;
    assert_eq!((set.status, set.json()), (200, body));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_for_tagged_contacts_awards_them_and_nobody_else() {
    let mut node = TestNode::start().await;
    let contacts = node.trial_contacts();
    let (vip, other) = (contacts[0].id.clone(), contacts[1].id.clone());
    node.set_up("/tags", &json!({ "name": "vip" })).await;
    node.set_up("/tags", &json!({ "name": "staff" })).await;
    let segment = json!({ "name": "Friends", "tags": ["vip", "staff"] });
    let segment = node.set_up("/segments", &segment).await;
    let conditions = json!({ "conditions": { "segments": [segment] } });
    let offer = node.gift("For friends", conditions).await;
    let offer = node.trial(Method::GET, &format!("/reward_offers/{offer}"), None);
    let shown = offer.send().await.json();
    assert_eq!(shown["conditions"]["segments"], json!([segment]));

    tag(&node, &vip, &["vip"]).await;
    for _ in 0..2 {
        let bought = node.bought(&vip, 20).await;
        assert_eq!(outcome(&bought, "For friends"), "3");
        let bought = node.bought(&other, 20).await;
        assert_eq!(outcome(&bought, "For friends"), REFUSED);
        node.restart().await;
    }
    tag(&node, &other, &["staff"]).await;
    assert_eq!(outcome(&node.bought(&other, 20).await, "For friends"), "3");
    tag(&node, &vip, &[]).await;
    let bought = node.bought(&vip, 20).await;
    assert_eq!(outcome(&bought, "For friends"), REFUSED);

    // Changed, it counts from the next purchase on.
    let path = format!("/segments/{segment}");
    let body = json!({ "name": "Friends", "contact_types": ["PERSON"] });
    let changed = node.trial(Method::PUT, &path, Some(&body)).send().await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(changed.json()["tags"], json!([]));
    assert_eq!(outcome(&node.bought(&vip, 20).await, "For friends"), "3");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_for_regulars_awards_those_who_bought_enough_of_late() {
    let node = TestNode::start().await;
    let contacts = node.trial_contacts();
    let (regular, other) = (contacts[0].id.clone(), contacts[1].id.clone());
    let activity = json!({ "months": 2, "minimum_amount": 50, "minimum_visits": 2 });
    let segment = json!({ "name": "Regulars", "activity": activity });
    let segment = node.set_up("/segments", &segment).await;
    let rest = json!({ "conditions": { "segments": [segment] } });
    node.gift("For regulars", rest).await;
    let of =
        async |contact: &str, total| outcome(&node.bought(contact, total).await, "For regulars");
    assert_eq!(of(&regular, 30).await, REFUSED);
    let second = node.bought(&regular, 20).await;
    assert_eq!(outcome(&second, "For regulars"), REFUSED, "not itself");
    assert_eq!(of(&other, 100).await, REFUSED);
    assert_eq!(of(&regular, 5).await, "3");
    assert_eq!(of(&other, 5).await, REFUSED, "enough money, but one visit");

    // What is cancelled was not bought.
    let cancel = format!("/purchases/{}/cancel", second.text("id"));
    let cancelled = node.trial(Method::POST, &cancel, Some(&json!({})));
    assert_eq!(cancelled.send().await.status, 200);
    let foreseen = |contact: &str| {
        let body = json!({ "contact": { "id": contact }, "transaction_amounts": { "total": 9 },
            "organisation": { "id": node.seed.organisations.merchants[0].venues[0].id } });
        node.trial(Method::POST, "/purchases?simulate=true", Some(&body))
    };
    let foreseen_now = foreseen(&regular).send().await;
    assert_eq!(outcome(&foreseen_now, "For regulars"), REFUSED);
    assert_eq!(of(&regular, 20).await, REFUSED);
    assert_eq!(of(&regular, 5).await, "3");
    node.days_pass(62).await;
    let later = foreseen(&regular).send().await;
    assert_eq!(outcome(&later, "For regulars"), REFUSED, "long ago");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_segment_takes_in_members_and_newcomers() {
    let node = TestNode::start().await;
    let merchant = node.seed.organisations.merchants[0].id.clone();
    let body = json!({ "name": "Members", "organisations": [merchant] });
    let members = node.set_up("/segments", &body).await;
    let body = json!({ "name": "New", "registered_within_days": 30 });
    let newcomers = node.set_up("/segments", &body).await;
    for (name, segment) in [("For members", &members), ("For newcomers", &newcomers)] {
        let rest = json!({ "conditions": { "segments": [segment] } });
        node.gift(name, rest).await;
    }
    let body = json!({ "first_name": "Zoe", "code": "ZOE" });
    let zoe = node.set_up("/contacts", &body).await;
    let bought = node.bought(&zoe, 20).await;
    assert_eq!(outcome(&bought, "For members"), REFUSED);
    assert_eq!(outcome(&bought, "For newcomers"), "3");
    let body = json!({ "organisation_id": merchant, "action": "SIGNUP" });
    let path = format!("/contacts/{zoe}/organisations");
    let signed = node.trial(Method::POST, &path, Some(&body)).send().await;
    assert_eq!(signed.status, 204, "{signed:?}");
    node.days_pass(30).await;
    let bought = node.bought(&zoe, 20).await;
    assert_eq!(outcome(&bought, "For members"), "3");
    assert_eq!(outcome(&bought, "For newcomers"), REFUSED);
}

/// The refusal of a write, with the pointer of what is wrong.
async fn wrong(node: &TestNode, method: Method, path: &str, body: &Value) -> String {
    let answer = node.trial(method, path, Some(body)).send().await;
    assert_eq!(answer.problem(), refused(422, "invalid_request"), "{body}");
    answer.json()["errors"][0]["pointer"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_segment_names_must_be_there_in_the_same_world() {
    let node = TestNode::start().await;
    let contact = node.trial_contacts()[0].id.clone();
    node.set_up("/tags", &json!({ "name": "vip" })).await;
    let real = json!({ "name": "real" });
    let real_tag = node.post("/tags", &real).send().await;
    assert_eq!(real_tag.status, 201, "{real_tag:?}");
    let body = json!({ "name": "Real", "contact_types": ["PERSON"] });
    let real = node.post("/segments", &body).send().await.text("id");

    for (pointer, rest) in [
        ("", json!({})),
        ("/tags/0", json!({ "tags": ["real"] })),
        ("/tags/1", json!({ "tags": ["vip", "unheard"] })),
        ("/organisations/0", json!({ "organisations": [real] })),
        ("/tiers/0", json!({ "tiers": [real] })),
        ("/tags", json!({ "tags": vec!["vip"; 11] })),
        (
            "/activity/months",
            json!({ "activity": { "months": 25, "minimum_visits": 1 } }),
        ),
        ("/activity", json!({ "activity": { "months": 1 } })),
        (
            "/registered_within_days",
            json!({ "registered_within_days": 0 }),
        ),
        ("/contact_types/0", json!({ "contact_types": ["ROBOT"] })),
    ] {
        let mut body = json!({ "name": "Odd" });
        for (member, value) in rest.as_object().unwrap() {
            body[member] = value.clone();
        }
        let found = wrong(&node, Method::POST, "/segments", &body).await;
        assert_eq!(found, pointer, "{body}");
    }
    let taken = json!({ "name": "vip" });
    assert_eq!(wrong(&node, Method::POST, "/tags", &taken).await, "/name");
    let tags = format!("/contacts/{contact}/tags");
    let body = json!({ "tags": ["vip", "real"] });
    assert_eq!(wrong(&node, Method::PUT, &tags, &body).await, "/tags/1");
    let offer = json!({ "name": "Odd", "awards": [{ "amount": 3, "amount_type": "FIXED" }],
        "conditions": { "segments": [real] } });
    let found = wrong(&node, Method::POST, "/reward_offers", &offer).await;
    assert_eq!(found, "/conditions/segments/0");

    // Of the other mode, and of nobody: the same.
    let foreign = node.trial(Method::GET, &format!("/segments/{real}"), None);
    let nothing = node.trial(Method::GET, "/segments/nothing", None);
    let (foreign, nothing) = (foreign.send().await, nothing.send().await);
    assert_eq!(foreign.problem(), refused(404, "not_found"));
    assert_eq!(looks(&foreign), looks(&nothing));
    let listed = node.trial(Method::GET, "/segments?include_total=true", None);
    assert_eq!(listed.send().await.json()["paging"]["total"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retried_creation_is_one_creation() {
    let node = TestNode::start().await;
    let body = json!({ "name": "Friends", "contact_types": ["PERSON"] });
    let ask = |body: &Value| {
        let ask = node.trial(Method::POST, "/segments", Some(body));
        ask.with("idempotency-key", "segment-1")
    };
    let first = ask(&body).send().await.text("id");
    assert_eq!(ask(&body).send().await.text("id"), first);
    let listed = node.trial(Method::GET, "/segments", None).send().await;
    assert_eq!(listed.json()["content"].as_array().unwrap().len(), 1);
    let mut other = body.clone();
    other["name"] = json!("Others");
    let reused = ask(&other).send().await;
    assert_eq!(reused.problem(), refused(422, "idempotency_key_reused"));
}
