//! Schemes: who becomes a member and how, and what offers make of it.

use clientele::persistence::journal::Position;
use http::Method;
use serde_json::{Value, json};

use crate::app::Person;
use crate::client::Answer;
use crate::contact_changes::{looks, refused};
use crate::lists::restore;
use crate::node::TestNode;
use crate::rewards::outcome;

const PHONE: &str = "+447566224395";
const STRANGER: &str = "NOT_A_MEMBER";
const CODE: &str = "ACME-FRIENDS-26";

/// A scheme, and an offer of 3.00 for its members that has its name: its id.
async fn scheme(node: &TestNode, name: &str, rest: Value) -> String {
    let mut body = rest;
    body["name"] = json!(name);
    let id = node.set_up("/reward_schemes", &body).await;
    let rest = json!({ "conditions": { "schemes": [id] } });
    node.gift(name, rest).await;
    id
}

async fn sign(node: &TestNode, person: &Person, action: &str, id: &str, rest: Value) -> Answer {
    let mut body = rest;
    body["action"] = json!(action);
    body["reward_scheme_id"] = json!(id);
    let path = format!("/contacts/{}/reward_schemes", person.id);
    let ask = node.own(Method::POST, &path, &person.access);
    let ask = ask.with("content-type", "application/json").body(&body);
    ask.send().await
}

async fn own(node: &TestNode, person: &Person, path: &str) -> Value {
    let shown = node.own(Method::GET, path, &person.access).send().await;
    assert_eq!(shown.status, 200, "{path}: {shown:?}");
    shown.json()
}

/// The schemes that the contact sees, with whether it is a member.
async fn seen(node: &TestNode, person: &Person, query: &str) -> Vec<(String, bool)> {
    let listed = own(node, person, &format!("/reward_schemes{query}")).await;
    let content = listed["content"].as_array().unwrap().iter();
    let row = |it: &Value| {
        let name = it["name"].as_str().unwrap().to_owned();
        (name, it["is_signed"].as_bool().unwrap())
    };
    content.map(row).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_automatic_scheme_has_everybody_and_one_by_self_sign_up_who_wants_to() {
    let mut node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let all = json!({ "sign_up_option": "AUTO_SIGN_UP" });
    let all = scheme(&node, "All", all).await;
    let club = json!({ "sign_up_option": "SELF_SIGN_UP", "description": "For friends", "terms_and_conditions": "Be kind" });
    let club = scheme(&node, "Club", club).await;
    let bought = node.bought(&person.id, 5).await;
    assert_eq!(outcome(&bought, "All"), "3");
    assert_eq!(outcome(&bought, "Club"), STRANGER);
    let in_both = vec![("All".to_owned(), true), ("Club".to_owned(), true)];
    assert_eq!(
        seen(&node, &person, "").await,
        [in_both[0].clone(), ("Club".to_owned(), false)]
    );
    for _ in 0..2 {
        let signed = sign(&node, &person, "SIGN_UP", &club, json!({})).await;
        assert_eq!((signed.status, signed.text("id")), (201, club.clone()));
        assert_eq!(seen(&node, &person, "?is_signed=true").await, in_both);
        assert_eq!(outcome(&node.bought(&person.id, 5).await, "Club"), "3");
        node.restart().await;
    }
    assert_eq!(seen(&node, &person, "?name=clu").await, in_both[1..]);
    let rewards = own(&node, &person, &format!("/contacts/{}/rewards", person.id)).await;
    let schemes = rewards["reward_schemes"].as_array().unwrap();
    let ids: Vec<_> = schemes.iter().map(|it| &it["id"]).collect();
    assert_eq!(ids, [&json!(all), &json!(club)]);
    assert!(schemes[1]["signed_up_on"].as_i64().unwrap() > 0);
    assert_eq!(schemes[1]["sign_up_option"], "SELF_SIGN_UP");
    let offers = own(&node, &person, "/reward_offers?search_value=club").await;
    assert_eq!(
        offers["content"][0]["scheme"],
        json!({ "id": club, "name": "Club" })
    );

    for _ in 0..2 {
        let out = sign(&node, &person, "SIGN_OUT", &club, json!({})).await;
        assert_eq!((out.status, out.body.len()), (204, 0));
    }
    assert_eq!(outcome(&node.bought(&person.id, 5).await, "Club"), STRANGER);
    let out = sign(&node, &person, "SIGN_OUT", &all, json!({})).await;
    assert_eq!(out.problem(), refused(400, "scheme_closed"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_scheme_opens_to_its_code_and_not_to_guesses() {
    let mut node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let body = json!({ "sign_up_option": "CLOSE_LOOP_SIGN_UP", "sign_up_method": "CODE", "sign_up_code": CODE });
    let id = scheme(&node, "Staff", body).await;
    let shown = node.trial(Method::GET, &format!("/reward_schemes/{id}"), None);
    let shown = shown.send().await;
    assert_eq!(shown.text("sign_up_method"), "CODE");
    assert!(!shown.text("name").is_empty() && !format!("{shown:?}").contains(CODE));
    let with = |code: &str| json!({ "sign_up_code": code });
    let none = sign(&node, &person, "SIGN_UP", &id, json!({})).await;
    assert_eq!(none.problem(), refused(400, "scheme_closed"));
    assert_eq!(
        outcome(&node.bought(&person.id, 5).await, "Staff"),
        STRANGER
    );
    let check = async |node: &TestNode, code: &str| {
        let path = format!("/contacts/reward_schemes/verification/{code}");
        node.own(Method::GET, &path, &person.access).send().await
    };
    assert_eq!(check(&node, CODE).await.status, 200);
    let wrong = check(&node, "ACME-FRIENDS-27").await;
    assert_eq!(wrong.problem(), refused(400, "scheme_closed"));
    for _ in 0..4 {
        node.restart().await;
        let guess = sign(&node, &person, "SIGN_UP", &id, with("ACME-FRIENDS-25")).await;
        assert_eq!(guess.problem(), refused(400, "scheme_closed"));
    }
    let right = sign(&node, &person, "SIGN_UP", &id, with(CODE)).await;
    assert_eq!(right.problem(), refused(429, "too_many_requests"));
    assert_eq!(right.header("retry-after"), "900");
    assert_eq!(check(&node, CODE).await.status, 429);
    let other = node.signed_up("+442079460018").await;
    let signed = sign(&node, &other, "SIGN_UP", &id, with(&format!(" {CODE} "))).await;
    assert_eq!(signed.status, 201, "{signed:?}");
    node.restart().await;
    assert_eq!(outcome(&node.bought(&other.id, 5).await, "Staff"), "3");
    let rewards = own(&node, &other, &format!("/contacts/{}/rewards", other.id)).await;
    assert_eq!(rewards["reward_schemes"][0]["sign_up_code"], CODE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_scheme_opens_to_a_proven_address_of_its_domain() {
    let node = TestNode::start().await;
    let body = json!({ "sign_up_option": "CLOSE_LOOP_SIGN_UP", "sign_up_method": "EMAIL_DOMAIN", "email_domains": ["Acme.example"] });
    let id = scheme(&node, "Staff", body).await;
    let outsider = node.signed_up(PHONE).await;
    let with = |address: &str| json!({ "email_address": address });
    let foreign = with("eve@acme.example");
    let unproven = sign(&node, &outsider, "SIGN_UP", &id, foreign).await;
    assert_eq!(unproven.problem(), refused(400, "scheme_closed"));
    let member = node
        .signed_up_by_email("ada@acme.example", "vivid turtle 9")
        .await;
    let other = sign(&node, &member, "SIGN_UP", &id, with("ada@other.example")).await;
    assert_eq!(other.problem(), refused(400, "scheme_closed"));
    assert_eq!(
        outcome(&node.bought(&member.id, 5).await, "Staff"),
        STRANGER
    );
    let signed = sign(&node, &member, "SIGN_UP", &id, with("Ada@ACME.example")).await;
    assert_eq!(signed.status, 201, "{signed:?}");
    assert_eq!(outcome(&node.bought(&member.id, 5).await, "Staff"), "3");
    assert_eq!(
        outcome(&node.bought(&outsider.id, 5).await, "Staff"),
        STRANGER
    );
    let rewards = own(&node, &member, &format!("/contacts/{}/rewards", member.id)).await;
    let own_scheme = &rewards["reward_schemes"][0];
    assert_eq!(own_scheme["email_address"], "ada@acme.example");
    let listed = own(&node, &member, "/reward_schemes").await;
    assert_eq!(
        listed["content"][0]["email_domains"],
        json!(["acme.example"])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_membership_goal_counts_from_the_sign_up_to_the_scheme() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let club = json!({ "sign_up_option": "SELF_SIGN_UP" });
    let club = scheme(&node, "Club", club).await;
    let rest = json!({ "conditions": { "schemes": [club] }, "goal": { "type": "MEMBERSHIP", "days": 30 } });
    node.gift("A month", rest).await;
    node.days_pass(40).await;
    assert_eq!(
        outcome(&node.bought(&person.id, 5).await, "A month"),
        STRANGER
    );
    let signed = sign(&node, &person, "SIGN_UP", &club, json!({})).await;
    assert_eq!(signed.status, 201);
    let bought = node.bought(&person.id, 5).await;
    assert_eq!(outcome(&bought, "A month"), "GOAL_NOT_REACHED");
    node.days_pass(30).await;
    assert_eq!(outcome(&node.bought(&person.id, 5).await, "A month"), "3");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scheme_is_whole_and_nobody_signs_up_to_what_is_not_there() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    for (pointer, rest) in [
        (
            "/sign_up_method",
            json!({ "sign_up_option": "CLOSE_LOOP_SIGN_UP" }),
        ),
        (
            "/sign_up_code",
            json!({ "sign_up_option": "CLOSE_LOOP_SIGN_UP", "sign_up_method": "CODE" }),
        ),
        (
            "/sign_up_code",
            json!({ "sign_up_option": "CLOSE_LOOP_SIGN_UP", "sign_up_method": "CODE", "sign_up_code": "short" }),
        ),
        (
            "/email_domains",
            json!({ "sign_up_option": "CLOSE_LOOP_SIGN_UP", "sign_up_method": "EMAIL_DOMAIN" }),
        ),
        (
            "/email_domains/0",
            json!({ "sign_up_option": "CLOSE_LOOP_SIGN_UP", "sign_up_method": "EMAIL_DOMAIN", "email_domains": ["@x"] }),
        ),
        (
            "/sign_up_code",
            json!({ "sign_up_option": "SELF_SIGN_UP", "sign_up_code": CODE }),
        ),
    ] {
        let mut body = rest;
        body["name"] = json!("Odd");
        let wrong = node.trial(Method::POST, "/reward_schemes", Some(&body));
        let wrong = wrong.send().await;
        assert_eq!(wrong.problem(), refused(422, "invalid_request"), "{body}");
        assert_eq!(wrong.json()["errors"][0]["pointer"], pointer, "{body}");
    }
    let live = json!({ "name": "Live", "sign_up_option": "SELF_SIGN_UP" });
    let live = node.post("/reward_schemes", &live).send().await.text("id");
    let foreign = sign(&node, &person, "SIGN_UP", &live, json!({})).await;
    let unknown = sign(&node, &person, "SIGN_UP", "nothing", json!({})).await;
    assert_eq!(foreign.problem(), refused(422, "invalid_request"));
    assert_eq!(looks(&foreign), looks(&unknown));
    let there = json!({ "sign_up_option": "SELF_SIGN_UP" });
    let there = scheme(&node, "There", there).await;
    let other = node.trial_contacts()[0].id.clone();
    let stranger = Person {
        id: other,
        ..person.clone()
    };
    let not_mine = sign(&node, &stranger, "SIGN_UP", &there, json!({})).await;
    assert_eq!(not_mine.problem(), refused(404, "not_found"));
    let changed = json!({ "name": "There now", "sign_up_option": "AUTO_SIGN_UP" });
    let path = format!("/reward_schemes/{there}");
    let changed = node.trial(Method::PUT, &path, Some(&changed)).send().await;
    assert_eq!(changed.text("sign_up_option"), "AUTO_SIGN_UP");
    assert_eq!(
        seen(&node, &person, "").await,
        [("There now".to_owned(), true)]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_brings_back_what_loyalty_has_come_to() {
    let mut node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let body = json!({ "sign_up_option": "CLOSE_LOOP_SIGN_UP", "sign_up_method": "CODE", "sign_up_code": CODE });
    let id = scheme(&node, "Staff", body).await;
    let with = json!({ "sign_up_code": CODE });
    assert_eq!(sign(&node, &person, "SIGN_UP", &id, with).await.status, 201);
    let silver = json!({ "name": "Silver", "value_units": 5 });
    node.set_up("/reward_tiers", &silver).await;
    let goal = json!({ "goal": { "type": "VISITS", "visits": 3 } });
    let third = node.gift("The third", goal).await;
    for _ in 0..2 {
        node.bought(&person.id, 5).await;
    }
    let rewards = format!("/contacts/{}/rewards", person.id);
    let performance = format!("/reward_offers/{third}/performance");
    let before = [
        own(&node, &person, &rewards).await,
        own(&node, &person, &performance).await,
    ];
    assert_eq!(before[0]["reward_tier"]["name"], "Silver");
    assert_eq!(before[0]["reward_schemes"][0]["sign_up_code"], CODE);
    assert_eq!(before[1]["current"], 2);
    let file = node.data().with_extension("export");
    let path = json!({ "path": file }).to_string();
    let made = node.control("POST", "/snapshots", &path).await;
    assert!(made.contains("200 OK"), "{made}");
    node.bought(&person.id, 5).await;
    node.take_running().shut_down().await.unwrap();
    for lost in ["rows", "journal"] {
        std::fs::remove_dir_all(node.data().join(lost)).unwrap();
    }
    std::fs::remove_file(node.data().join("journal.manifest")).unwrap();
    restore(node.data(), &file, Position::START);
    node.start_again().await;
    let after = [
        own(&node, &person, &rewards).await,
        own(&node, &person, &performance).await,
    ];
    assert_eq!(after, before);
    let bought = node.bought(&person.id, 5).await;
    assert_eq!(outcome(&bought, "The third"), "3");
    assert_eq!(outcome(&bought, "Staff"), "3");
}
