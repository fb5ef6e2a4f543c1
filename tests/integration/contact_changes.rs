//! Contacts that change what they are and are known by, and their cards.

use clientele::domain::address::{Address, Kind, Mode};
use clientele::domain::contact::{self, Change};
use clientele::domain::directory_entry::{self, Holder};
use clientele::domain::entity::{Answer as Told, Command};
use clientele::domain::time::Span;
use clientele::secrets::UniqueValue;
use clientele::seeding::TENANT;
use http::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Ask};
use crate::node::{TestNode, eventually};

const NOT_UNIQUE: &str = "COM.CRM.EXCEPTIONS.CONTACTUNIQUELYIDENTIFYEXCEPTION";
const CARD_TAKEN: &str = "COM.CRM.EXCEPTIONS.CIMALREADYEXISTSFORANOTHERCONTACTEXCEPTION";

pub(crate) fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

pub(crate) fn delete(node: &TestNode, path: &str) -> Ask {
    node.ask(Method::DELETE, &format!("/backoffice/v2{path}"))
}

pub(crate) async fn created(node: &TestNode, body: Value) -> String {
    let answer = node.post("/contacts", &body).send().await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.text("id")
}

pub(crate) async fn changed(node: &TestNode, id: &str, body: Value) -> Answer {
    node.put(&format!("/contacts/{id}"), &body).send().await
}

/// The ids of whom `query` finds.
pub(crate) async fn found(node: &TestNode, query: &str) -> Vec<String> {
    let page = node.get(&format!("/contacts?{query}")).send().await;
    assert_eq!(page.status, 200, "{page:?}");
    let content = page.json()["content"].as_array().unwrap().clone();
    let id = |one: &Value| one["id"].as_str().unwrap().to_owned();
    content.iter().map(id).collect()
}

/// Status and body, without the request's own name.
pub(crate) fn looks(answer: &Answer) -> (u16, Value) {
    let mut body = answer.json();
    body["request_id"] = Value::Null;
    (answer.status, body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_keeps_what_it_does_not_mention() {
    let mut node = TestNode::start().await;
    let body = json!({
        "id": "OWN", "code": "ADA", "first_name": "Ada", "last_name": "Byron", "title": "Ms",
        "email_address": "ada@example.test", "phones": [{ "number": "+442079460018" }],
        "custom_fields": [{ "key": "shoe", "value": "39" }],
    });
    created(&node, body).await;
    let change = json!({ "last_name": "Lovelace", "title": null, "contact_type": "COMPANY" });
    let answer = changed(&node, "ADA", change).await;
    assert_eq!(
        (answer.status, answer.json()),
        (200, json!({ "id": "OWN" }))
    );
    for _ in 0..2 {
        let shown = node.get("/contacts/OWN").send().await.json();
        assert_eq!(shown["name"], "Ada Lovelace");
        assert_eq!(shown["title"], Value::Null);
        assert_eq!(shown["contact_type"], "COMPANY");
        assert_eq!(shown["email_address"], "ada@example.test");
        assert_eq!(shown["phones"][0]["number"], "+442079460018");
        assert_eq!(shown["custom_fields"][0]["value"], "39");
        assert_eq!(
            found(&node, "email_address=ada@example.test").await,
            ["OWN"]
        );
        node.restart().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_moves_from_one_contact_to_another_and_never_lies_with_both() {
    let mut node = TestNode::start().await;
    created(
        &node,
        json!({ "id": "A", "code": "CA", "email_address": "a@example.test" }),
    )
    .await;
    created(
        &node,
        json!({ "id": "B", "code": "CB", "phones": [{ "number": "+442079460018" }] }),
    )
    .await;
    for taken in [
        json!({ "email_address": "A@example.test" }),
        json!({ "code": "CA" }),
        json!({ "code": "CB2", "first_name": "B", "email_address": "a@example.test" }),
    ] {
        let answer = changed(&node, "B", taken).await;
        assert_eq!(answer.problem(), refused(400, "contact_not_unique"));
        assert_eq!(answer.text("error"), NOT_UNIQUE);
    }
    let before = node.get("/contacts/B").send().await.json();
    assert_eq!(
        (&before["code"], &before["name"]),
        (&json!("CB"), &json!(""))
    );
    // What a refused change asked for is free for others at once.
    created(&node, json!({ "id": "C", "code": "CB2" })).await;

    assert_eq!(
        changed(&node, "A", json!({ "email_address": null, "code": "CA9" }))
            .await
            .status,
        200
    );
    assert_eq!(
        changed(&node, "B", json!({ "email_address": "a@example.test" }))
            .await
            .status,
        200
    );
    assert_eq!(
        changed(&node, "C", json!({ "code": "CA" })).await.status,
        200
    );
    for _ in 0..2 {
        assert_eq!(found(&node, "email_address=a@example.test").await, ["B"]);
        assert_eq!(found(&node, "phone=%2B442079460018").await, ["B"]);
        assert_eq!(found(&node, "code=CA").await, ["C"]);
        assert_eq!(found(&node, "code=CA9").await, ["A"]);
        assert!(found(&node, "code=CB2").await.is_empty());
        node.restart().await;
    }
    let back = changed(&node, "A", json!({ "email_address": "a@example.test" })).await;
    assert_eq!(back.problem(), refused(400, "contact_not_unique"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_want_a_value_at_once_one_has_it() {
    let node = TestNode::start().await;
    let mut ids = Vec::new();
    for number in 0..8 {
        ids.push(created(&node, json!({ "code": format!("W{number}") })).await);
    }
    let body = json!({ "email_address": "wanted@example.test" });
    let asked: Vec<_> = ids
        .iter()
        .map(|id| node.put(&format!("/contacts/{id}"), &body).begin())
        .collect();
    let mut winners = Vec::new();
    for (id, pending) in ids.iter().zip(asked) {
        let answer = pending.answer().await;
        if answer.status == 200 {
            winners.push(id.clone());
        } else {
            assert_eq!(answer.problem(), refused(400, "contact_not_unique"));
        }
    }
    assert_eq!(winners.len(), 1);
    assert_eq!(
        found(&node, "email_address=wanted@example.test").await,
        winners
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_one_contact_at_once_all_hold() {
    let node = TestNode::start().await;
    let id = created(&node, json!({ "code": "BUSY" })).await;
    let path = format!("/contacts/{id}/cards");
    let asked: Vec<_> = (0..4)
        .map(|number| {
            node.post(&path, &json!({ "cim": format!("card-{number}") }))
                .begin()
        })
        .collect();
    for pending in asked {
        let answer = pending.answer().await;
        assert_eq!(answer.status, 201, "{answer:?}");
    }
    for number in 0..4 {
        assert_eq!(
            found(&node, &format!("cim=card-{number}")).await.join(""),
            id
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_belongs_to_one_contact_until_it_is_taken_away() {
    let mut node = TestNode::start().await;
    created(&node, json!({ "id": "A" })).await;
    created(&node, json!({ "id": "B" })).await;
    let add = async |node: &TestNode, id: &str| {
        let ask = node.post(
            &format!("/contacts/{id}/cards"),
            &json!({ "cim": "9000 17" }),
        );
        ask.send().await
    };
    for _ in 0..2 {
        let mine = add(&node, "A").await;
        assert_eq!(mine.status, 201, "{mine:?}");
        let listed = node.get("/contacts/A/cards").send().await.json();
        assert_eq!(listed["content"].as_array().unwrap().len(), 1);
        assert_eq!(listed["content"][0]["cim"], "9000 17");
        let theirs = add(&node, "B").await;
        assert_eq!(theirs.problem(), refused(400, "card_not_unique"));
        assert_eq!(theirs.text("error"), CARD_TAKEN);
        assert_eq!(found(&node, "cim=9000%2017").await, ["A"]);
        node.restart().await;
    }
    let not_theirs = delete(&node, "/contacts/B/cards/9000%2017").send().await;
    assert_eq!(not_theirs.problem(), refused(404, "not_found"));
    let taken = delete(&node, "/contacts/A/cards/9000%2017").send().await;
    assert_eq!((taken.status, taken.body.len()), (204, 0));
    assert!(found(&node, "cim=9000%2017").await.is_empty());
    assert_eq!(add(&node, "B").await.status, 201);
    assert_eq!(found(&node, "cim=9000%2017").await, ["B"]);
    let empty = node.get("/contacts/A/cards").send().await.json();
    assert_eq!(empty["content"], json!([]));
    let bad = node
        .post("/contacts/A/cards", &json!({ "cim": " " }))
        .send()
        .await;
    assert_eq!(bad.json()["errors"][0]["pointer"], "/cim");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_made_once_for_its_key() {
    let node = TestNode::start().await;
    let id = created(&node, json!({ "code": "ONCE" })).await;
    let other = created(&node, json!({ "code": "OTHER" })).await;
    let change = json!({ "email_address": "once@example.test" });
    let path = format!("/contacts/{id}");
    let ask = || node.put(&path, &change).with("idempotency-key", "k");
    assert_eq!(ask().send().await.status, 200);
    assert_eq!(
        changed(&node, &id, json!({ "email_address": null }))
            .await
            .status,
        200
    );
    assert_eq!(changed(&node, &other, change.clone()).await.status, 200);
    assert_eq!(ask().send().await.status, 200, "a replay");
    assert_eq!(
        found(&node, "email_address=once@example.test").await,
        [other]
    );
    let another = node
        .put(&path, &json!({ "title": "Dr" }))
        .with("idempotency-key", "k");
    assert_eq!(
        another.send().await.problem(),
        refused(422, "idempotency_key_reused")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_and_wrong_fields_are_refused_where_they_stand() {
    let node = TestNode::start().await;
    let id = created(&node, json!({ "code": "STRICT", "first_name": "Ada" })).await;
    for field in ["password", "otp", "username", "pin", "id"] {
        let body = json!({ field: "secret" });
        if field != "id" {
            let create = node.post("/contacts", &body).send().await;
            assert_eq!(create.problem(), refused(422, "unknown_field"), "{field}");
            assert_eq!(create.json()["errors"][0]["pointer"], format!("/{field}"));
        }
        let change = changed(&node, &id, body).await;
        assert_eq!(change.problem(), refused(422, "unknown_field"), "{field}");
        assert_eq!(change.json()["errors"][0]["pointer"], format!("/{field}"));
    }
    for (body, pointer) in [
        (json!({ "email_address": "nowhere" }), "/email_address"),
        (
            json!({ "phones": [{ "number": "12" }] }),
            "/phones/0/number",
        ),
        (json!({ "first_name": "" }), "/first_name"),
    ] {
        let change = changed(&node, &id, body).await;
        assert_eq!(change.problem(), refused(422, "invalid_request"));
        assert_eq!(change.json()["errors"][0]["pointer"], pointer);
    }
    let shown = node.get(&format!("/contacts/{id}")).send().await.json();
    assert_eq!(shown["first_name"], "Ada");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_of_another_mode_is_neither_changed_nor_erased() {
    let node = TestNode::start().await;
    let id = created(&node, json!({ "code": "LIVE-ONE", "first_name": "Ada" })).await;
    let test = node.secret_key("test");
    let unknown = created(&node, json!({ "code": "LIVE-TWO" })).await;
    assert_eq!(
        delete(&node, &format!("/contacts/{unknown}"))
            .send()
            .await
            .status,
        204
    );
    for rest in ["", "/cards"] {
        for method in [Method::GET, Method::PUT, Method::POST, Method::DELETE] {
            let ask = async |id: &str| {
                let path = format!("/backoffice/v2/contacts/{id}{rest}");
                let body = if rest.is_empty() {
                    json!({ "title": "X" })
                } else {
                    json!({ "cim": "1" })
                };
                let ask = node.ask(method.clone(), &path).with("api_key", &test);
                let ask = ask.with("content-type", "application/json").body(&body);
                looks(&ask.send().await)
            };
            let foreign = ask(&id).await;
            assert!(
                matches!(foreign.0, 404 | 405),
                "{method} {rest}: {foreign:?}"
            );
            assert_eq!(foreign, ask(&unknown).await, "{method} {rest}");
        }
    }
    let shown = node.get(&format!("/contacts/{id}")).send().await.json();
    assert_eq!(
        (&shown["name"], &shown["title"]),
        (&json!("Ada"), &Value::Null)
    );
}

/// Where the contact of this id lives.
pub(crate) fn address_of(node: &TestNode, id: &str) -> Address {
    let api = node.api();
    let id = api.router.secrets().public_ids().read(id).unwrap();
    id.owner(TENANT, Mode::Live)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_was_cut_short_frees_its_values_and_comes_too_late() {
    let mut node = TestNode::start().await;
    let id = created(&node, json!({ "code": "SLOW" })).await;
    let contact = address_of(&node, &id);
    let hash = |text: &str| {
        let secrets = std::sync::Arc::clone(node.api().router.secrets());
        secrets.value_hash(TENANT, Mode::Live, UniqueValue::Code, text)
    };
    let value = hash("FAST");
    let begin = contact::Command::BeginChange(vec![value]);
    let Told::Contact(begun) = node.command(contact, Command::Contact(begin)).await else {
        panic!("no contact");
    };
    let holder = Holder {
        contact: contact.entity,
        attempt: begun.attempt,
    };
    let entry = Address {
        kind: Kind::DirectoryEntry,
        entity: value.entry(),
        ..contact
    };
    let reserve = directory_entry::Command::Reserve(value, holder);
    node.command(entry, Command::DirectoryEntry(reserve)).await;
    let taken = node
        .post("/contacts", &json!({ "code": "FAST" }))
        .send()
        .await;
    assert_eq!(taken.problem(), refused(400, "contact_not_unique"));

    node.clock.advance(directory_entry::RESERVED_FOR);
    node.clock.advance(Span::seconds(1));
    node.restart().await;
    eventually("the value is free", async || {
        let free = node.post("/contacts", &json!({ "code": "FAST" }));
        free.send().await.status == 201
    })
    .await;
    let late = contact::Command::Change(std::sync::Arc::new(Change {
        from_version: begun.version,
        attempt: begun.attempt,
        contact_type: begun.contact_type,
        profile: begun.profile.clone(),
        code: "FAST".into(),
        adds: vec![value],
        removes: Vec::new(),
    }));
    let router = node.api().router.clone();
    let late = router.command(contact, Command::Contact(late), None, None);
    assert!(late.await.result.is_err(), "two contacts have one code");
    drop(router);
    assert_eq!(
        changed(&node, &id, json!({ "title": "Dr" })).await.status,
        200
    );
}
