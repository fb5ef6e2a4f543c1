//! Custom fields: what is defined, who reads it, and what it means for what contacts and devices are written with.

use http::Method;
use serde_json::{Value, json};

use crate::app::{Person, ada};
use crate::client::Answer;
use crate::commerce::merged;
use crate::contact_changes::{looks, refused};
use crate::node::TestNode;

const PHONE: &str = "+447566224395";

fn shoe() -> Value {
    json!({
        "entity": "CONTACTS", "key": "shoe", "label": "Shoe size", "tooltip": "As in Europe",
        "field": "SELECTION", "options": ["39", "40"],
    })
}

fn defined(key: &str, field: &str) -> Value {
    json!({ "entity": "CONTACTS", "key": key, "label": key, "field": field })
}

/// What self-service says of the custom fields of `entity`.
async fn seen(node: &TestNode, person: &Person, entity: &str) -> Value {
    let path = format!("/custom_fields?entity={entity}");
    let seen = node.own(Method::GET, &path, &person.access).send().await;
    assert_eq!(seen.status, 200, "{seen:?}");
    seen.json()
}

async fn written(node: &TestNode, method: Method, path: &str, body: &Value) -> Answer {
    node.trial(method, path, Some(body)).send().await
}

/// Writes custom fields into the profile of the token's contact.
async fn fill_in(node: &TestNode, person: &Person, fields: &Value) -> Answer {
    let path = format!("/contacts/{}", person.id);
    let ask = node.own(Method::PUT, &path, &person.access);
    let ask = ask.with("content-type", "application/json");
    ask.body(&json!({ "custom_fields": fields })).send().await
}

/// The code and the pointer of each fault.
fn faults(answer: &Answer) -> Vec<(String, String)> {
    assert_eq!(answer.status, 422, "{answer:?}");
    let problem = answer.json();
    let faults = problem["errors"].as_array().unwrap().iter();
    let text = |fault: &Value, member: &str| fault[member].as_str().unwrap().to_owned();
    faults
        .map(|it| (text(it, "code"), text(it, "pointer")))
        .collect()
}

fn fault(code: &str, pointer: &str) -> (String, String) {
    (code.to_owned(), pointer.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_defined_is_read_by_apps_and_secret_keys_and_outlasts_a_restart() {
    let mut node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    assert_eq!(seen(&node, &person, "CONTACTS").await["content"], json!([]));
    let id = node.set_up("/custom_fields", &shoe()).await;
    let of_device = merged(
        defined("colour", "SINGLE_LINE"),
        &json!({ "entity": "DEVICES", "visible": false }),
    );
    node.set_up("/custom_fields", &of_device).await;
    for _ in 0..2 {
        let contacts = seen(&node, &person, "CONTACTS").await;
        let expected = merged(shoe(), &json!({ "id": id, "visible": true }));
        assert_eq!(contacts["content"], json!([expected]));
        let of_contract = expected.as_object().unwrap().iter();
        for (member, value) in of_contract.filter(|(member, _)| *member != "options") {
            assert_eq!(&contacts[member], value, "as the contract has it");
        }
        let devices = seen(&node, &person, "DEVICES").await;
        assert_eq!(devices["content"][0]["visible"], false);
        assert_eq!(devices["content"].as_array().unwrap().len(), 1);
        node.restart().await;
    }
    let ask = |key: &str| {
        let ask = node.ask(
            Method::GET,
            "/self-service/v2/custom_fields?entity=CONTACTS",
        );
        ask.with("api_key", key)
    };
    let by_key = ask(&node.secret_key("test")).send().await.json();
    assert_eq!(by_key["id"], json!(id));
    // Of the other mode, nothing is defined.
    let live = ask(&node.secret_key("live")).send().await.json();
    assert_eq!((&live["id"], &live["content"]), (&Value::Null, &json!([])));
    let app = ask(&node.app_key("test")).send().await;
    assert_eq!(app.problem(), refused(403, "secret_key_required"));
    for query in ["", "?entity=SHOES"] {
        let path = format!("/custom_fields{query}");
        let wrong = node.own(Method::GET, &path, &person.access).send().await;
        assert_eq!(wrong.problem(), refused(422, "invalid_request"), "{query}");
        assert!(wrong.text("detail").contains("entity") || format!("{wrong:?}").contains("entity"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_definition_is_changed_and_removed_and_its_meaning_is_not() {
    let node = TestNode::start().await;
    let id = node.set_up("/custom_fields", &shoe()).await;
    let path = format!("/custom_fields/{id}");
    let other = merged(
        shoe(),
        &json!({ "label": "Foot", "visible": false, "options": ["41"] }),
    );
    let changed = written(&node, Method::PUT, &path, &other).await;
    let expected = merged(other, &json!({ "id": id }));
    assert_eq!((changed.status, changed.json()), (200, expected.clone()));
    let shown = node.trial(Method::GET, &path, None).send().await;
    assert_eq!(shown.json(), expected);
    for change in [
        json!({ "key": "foot" }),
        json!({ "entity": "DEVICES" }),
        json!({ "field": "RADIO_BUTTONS" }),
    ] {
        let refusal = written(&node, Method::PUT, &path, &merged(shoe(), &change)).await;
        assert_eq!(faults(&refusal), [fault("fixed", "")], "{change}");
    }
    let twice = written(&node, Method::POST, "/custom_fields", &shoe()).await;
    assert_eq!(faults(&twice), [fault("not_unique", "/key")]);
    let listed = node.trial(Method::GET, "/custom_fields?entity=DEVICES", None);
    assert_eq!(listed.send().await.json()["content"], json!([]));
    let listed = node.trial(Method::GET, "/custom_fields", None);
    assert_eq!(listed.send().await.json()["content"], json!([expected]));

    let gone = node.trial(Method::DELETE, &path, None).send().await;
    assert_eq!(gone.status, 204);
    let unknown = node
        .trial(Method::GET, "/custom_fields/none", None)
        .send()
        .await;
    assert_eq!(unknown.problem(), refused(404, "not_found"));
    for method in [Method::GET, Method::DELETE] {
        let again = node.trial(method, &path, None).send().await;
        assert_eq!(looks(&again), looks(&unknown));
    }
    node.set_up("/custom_fields", &shoe()).await;
    let log = node
        .trial(Method::GET, "/audit_log?size=100", None)
        .send()
        .await;
    let log = String::from_utf8_lossy(&log.body).into_owned();
    for operation in ["create", "update", "remove"] {
        assert!(log.contains(&format!("custom_fields.{operation}")), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_definition_may_be_is_refused_with_its_pointer() {
    let node = TestNode::start().await;
    for (change, code, pointer) in [
        (json!({ "key": "shoe size" }), "not_a_key", "/key"),
        (json!({ "key": "x".repeat(65) }), "not_a_key", "/key"),
        (json!({ "label": " " }), "empty_or_control", "/label"),
        (json!({ "tooltip": "x".repeat(390) }), "too_long", ""),
        (json!({ "options": [] }), "not_of_its_kind", "/options"),
        (json!({ "field": "DATE" }), "not_of_its_kind", "/options"),
        (json!({ "options": ["1", "1"] }), "duplicate", "/options/1"),
        (json!({ "colour": "red" }), "unknown_field", "/colour"),
    ] {
        let refusal = written(
            &node,
            Method::POST,
            "/custom_fields",
            &merged(shoe(), &change),
        )
        .await;
        assert_eq!(faults(&refusal), [fault(code, pointer)], "{change}");
    }
    let many: Vec<_> = (0..21).map(|it| it.to_string()).collect();
    let many = merged(shoe(), &json!({ "options": many }));
    let refusal = written(&node, Method::POST, "/custom_fields", &many).await;
    assert_eq!(faults(&refusal), [fault("too_many", "/options")]);
    let venue = &node.seed.organisations.merchants[0].id;
    let bound = json!({ "name": "till", "type": "SECRET", "scopes": ["settings.read", "settings.write"], "organisation_id": venue });
    let bound = written(&node, Method::POST, "/api_keys", &bound)
        .await
        .text("value");
    let ask = node.trial(Method::POST, "/custom_fields", Some(&shoe()));
    let refusal = ask.with("api_key", &bound).send().await;
    assert_eq!(refusal.problem(), refused(403, "insufficient_scope"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_are_checked_wherever_they_are_written_once_something_is_defined() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let any = json!([{ "key": "anything", "value": "goes" }]);
    assert_eq!(fill_in(&node, &person, &any).await.status, 200);
    node.set_up("/custom_fields", &shoe()).await;
    node.set_up("/custom_fields", &defined("born", "DATE"))
        .await;

    let wrong = json!([
        { "key": "shoe", "value": "40" }, { "key": "born", "value": "yesterday" },
        { "key": "anything", "value": "goes" }, { "key": "shoe", "value": "39" },
    ]);
    let expected = [
        fault("not_of_its_kind", "/custom_fields/1/value"),
        fault("unknown_custom_field", "/custom_fields/2/key"),
        fault("duplicate", "/custom_fields/3/key"),
    ];
    assert_eq!(faults(&fill_in(&node, &person, &wrong).await), expected);
    let contact = json!({ "first_name": "Grace", "custom_fields": wrong });
    let created = written(&node, Method::POST, "/contacts", &contact).await;
    assert_eq!(faults(&created), expected);
    let path = format!("/contacts/{}", person.id);
    let changed = written(
        &node,
        Method::PUT,
        &path,
        &json!({ "custom_fields": wrong }),
    )
    .await;
    assert_eq!(faults(&changed), expected);
    let mut body = ada("+447566224396");
    body["custom_fields"] = wrong;
    for version in ["v1", "v2"] {
        let path = format!("/self-service/{version}/contacts/register");
        let ask = node.ask(Method::POST, &path);
        let ask = ask.with("api_key", &node.app_key("test"));
        let registered = ask.with("content-type", "application/json").body(&body);
        assert_eq!(faults(&registered.send().await), expected, "{version}");
    }
    assert_eq!(node.inbox().await.len(), 1, "no code was sent for them");

    // What was there stays, and changes of something else do not ask for it.
    let renamed = written(&node, Method::PUT, &path, &json!({ "first_name": "Grace" })).await;
    assert_eq!(renamed.status, 200, "{renamed:?}");
    assert_eq!(person.read(&node).send().await.json()["custom_fields"], any);
    let right = json!([{ "key": "born", "value": "1815-12-10" }, { "key": "shoe", "value": "" }]);
    assert_eq!(fill_in(&node, &person, &right).await.status, 200);
    assert_eq!(
        person.read(&node).send().await.json()["custom_fields"],
        right
    );
    body["custom_fields"] = json!([{ "key": "shoe", "value": "39" }]);
    let registered = node.app("/contacts/register", &body).send().await;
    assert_eq!(registered.status, 201, "{registered:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn devices_have_definitions_of_their_own() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    node.set_up("/custom_fields", &shoe()).await;
    let device = |value: &str| json!({ "registration_token": "t", "custom_fields": [{ "key": "floor", "value": value }] });
    let add = async |value: &str| {
        let path = format!("/contacts/{}/devices", person.id);
        let ask = node.own(Method::POST, &path, &person.access);
        let ask = ask.with("content-type", "application/json");
        ask.body(&device(value)).send().await
    };
    let added = add("any").await;
    assert_eq!(added.status, 201, "{added:?}");
    let floor = merged(defined("floor", "NUMBER"), &json!({ "entity": "DEVICES" }));
    node.set_up("/custom_fields", &floor).await;
    let wrong = [fault("not_of_its_kind", "/custom_fields/0/value")];
    assert_eq!(faults(&add("any").await), wrong);
    assert_eq!(add("-1").await.status, 201);
    let change = async |value: &str| {
        let path = format!("/devices/{}", added.text("id"));
        let ask = node.own(Method::PUT, &path, &person.access);
        let ask = ask.with("content-type", "application/json");
        let fields = json!({ "custom_fields": device(value)["custom_fields"] });
        ask.body(&fields).send().await
    };
    assert_eq!(faults(&change("ground").await), wrong);
    assert_eq!(change("0").await.status, 200);
}
