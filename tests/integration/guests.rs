//! Guests and devices: who is let in and has proven nothing.

use clientele::domain::access::{RECOGNISED_SESSIONS_MAX, SESSIONS_MAX};
use clientele::limits::GUESTS_PER_ADDRESS;
use http::Method;
use serde_json::{Value, json};

use crate::access::PHONE;
use crate::app::{Person, ada};
use crate::client::{Answer, Ask};
use crate::contact_changes::refused;
use crate::node::TestNode;
use crate::privacy::files_with;

const DEVICE: &str = "00:00:5E:00:53:01";
const EMAIL: &str = "ada@example.test";
const PASSWORD: &str = "vivid turtle 9";

/// A public key that may let guests in.
pub(crate) async fn guest_key(node: &TestNode, mode: &str) -> String {
    let body = json!({
        "name": "app", "type": "PUBLIC", "gateway": "SELF_SERVICE",
        "scopes": ["contacts.register", "contacts.guests"],
    });
    let key = node.post("/api_keys", &body);
    let key = key.with("api_key", &node.secret_key(mode)).send().await;
    assert_eq!(key.status, 201, "{key:?}");
    key.text("value")
}

fn authenticate(node: &TestNode, key: &str, body: &Value) -> Ask {
    let ask = node.app("/contacts/authenticate", body);
    ask.with("api_key", key)
}

pub(crate) async fn guest(node: &TestNode, key: &str) -> Person {
    let body = json!({ "login_as_guest": true });
    Person::of(&authenticate(node, key, &body).send().await)
}

fn by_device() -> Value {
    json!({ "provider": "MAC_ADDRESS", "mac_address": DEVICE })
}

/// Ada, who registers by her device.
fn ada_by_device() -> Value {
    let mut body = ada("");
    body["identification"] = by_device();
    body
}

fn register(node: &TestNode, key: &str) -> Ask {
    let ask = node.app("/contacts/register", &ada_by_device());
    ask.with("api_key", key)
}

/// Who was signed in by `answer`, whatever its status.
fn entered(answer: &Answer) -> Person {
    Person {
        id: answer.json()["contact"]["id"].as_str().unwrap().to_owned(),
        access: answer.text("access_token"),
        refresh: answer.text("refresh_token"),
    }
}

fn writes(node: &TestNode, person: &Person, path: &str, body: &Value) -> Ask {
    let path = format!("/contacts/{}{path}", person.id);
    node.own(Method::POST, &path, &person.access)
        .with("content-type", "application/json")
        .body(body)
}

async fn adds(node: &TestNode, person: &Person, body: &Value, to: &str) {
    let added = writes(node, person, "/identities", body).send().await;
    assert_eq!(added.status, 201, "{added:?}");
    let code = node.code(to).await;
    let answer = node.answered(&added.text("auth_otp"), &code).await;
    assert_eq!(Person::of(&answer).id, person.id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_keeps_its_contact_when_it_says_later_who_it_is() {
    let mut node = TestNode::start().await;
    let key = guest_key(&node, "test").await;
    let first = guest(&node, &key).await;
    let other = guest(&node, &key).await;
    assert_ne!(first.id, other.id, "each guest is a contact of its own");
    let shown = first.read(&node).send().await;
    assert_eq!(shown.status, 200, "{shown:?}");
    assert_eq!(shown.json()["first_name"], Value::Null);
    let refreshed = Person::of(&first.refreshed(&node).send().await);
    let signed_in = refreshed.refreshed(&node).send().await;
    assert_eq!(signed_in.json()["contact"]["is_verified"], false);
    let first = Person::of(&signed_in);
    node.restart().await;

    let phone = json!({ "provider": "PHONE", "phone": { "number": PHONE } });
    adds(&node, &first, &phone, PHONE).await;
    let email = json!({ "provider": "EMAIL", "email": EMAIL, "password": PASSWORD });
    adds(&node, &first, &email, EMAIL).await;
    node.restart().await;
    let by_password = node.entered(EMAIL, PASSWORD).await;
    assert_eq!(by_password.json()["contact"]["is_verified"], true);
    assert_eq!(Person::of(&by_password).id, first.id);
    node.clock
        .advance(clientele::domain::directory_entry::SEND_PAUSE);
    let asked = node.asked(PHONE).await;
    let by_phone = node.answered(&asked, &node.code(PHONE).await).await;
    assert_eq!(Person::of(&by_phone).id, first.id);
    let refusal = other.read(&node).with("authorization", &first.access);
    assert_eq!(refusal.send().await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_proves_nothing_gets_in_by_keys_that_may_let_guests_in_alone() {
    let node = TestNode::start().await;
    let key = guest_key(&node, "test").await;
    let guest_body = json!({ "login_as_guest": true });
    for body in [&guest_body, &by_device()] {
        let closed = node.app("/contacts/authenticate", body).send().await;
        assert_eq!(closed.problem(), refused(403, "insufficient_scope"));
    }
    let closed = node.app("/contacts/register", &ada_by_device());
    assert_eq!(
        closed.send().await.problem(),
        refused(403, "insufficient_scope")
    );
    let person = guest(&node, &key).await;
    let by_token = node.own(Method::POST, "/contacts/register", &person.access);
    let by_token = by_token.with("content-type", "application/json");
    let by_token = by_token.body(&ada_by_device()).send().await;
    assert_eq!(by_token.problem(), refused(403, "insufficient_scope"));
    for (body, code) in [
        (
            json!({ "login_as_guest": true, "phone": { "number": PHONE } }),
            "invalid_request",
        ),
        (
            json!({ "login_as_guest": true, "mac_address": DEVICE }),
            "invalid_request",
        ),
        (json!({ "provider": "MAC_ADDRESS" }), "invalid_request"),
        (
            json!({ "provider": "MAC_ADDRESS", "mac_address": "ff:ff:ff:ff:ff:ff" }),
            "invalid_request",
        ),
        (
            json!({ "provider": "PHONE", "phone": { "number": PHONE }, "mac_address": DEVICE }),
            "invalid_request",
        ),
    ] {
        let answer = authenticate(&node, &key, &body).send().await;
        assert_eq!(answer.problem(), refused(422, code), "{body}");
    }
    assert_eq!(node.inbox().await, Vec::<Value>::new());
    // Of another mode, and so of another world.
    let live = guest_key(&node, "live").await;
    assert_eq!(register(&node, &key).send().await.status, 201);
    let elsewhere = authenticate(&node, &live, &by_device()).send().await;
    assert_eq!(elsewhere.problem(), refused(400, "invalid_login"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_lets_in_so_many_guests_and_devices_an_hour() {
    let node = TestNode::start().await;
    let key = guest_key(&node, "test").await;
    for number in 0..GUESTS_PER_ADDRESS {
        let body = match number % 2 {
            0 => json!({ "login_as_guest": true }),
            _ => {
                json!({ "login_as_guest": true, "provider": "MAC_ADDRESS", "mac_address": DEVICE })
            }
        };
        let answer = authenticate(&node, &key, &body).send().await;
        assert_eq!(answer.status, 200, "{number} {answer:?}");
    }
    let person = node.signed_up(PHONE).await;
    let full = refused(429, "too_many_requests");
    let body = json!({ "login_as_guest": true });
    for ask in [
        authenticate(&node, &key, &body),
        authenticate(&node, &key, &by_device()),
        register(&node, &key),
        writes(&node, &person, "/identities", &by_device()),
    ] {
        let over = ask.send().await;
        assert_eq!(over.problem(), full);
        assert!(over.headers.contains_key("retry-after"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_makes_a_contact_and_is_recognised_later_and_opens_nothing_of_it() {
    let mut node = TestNode::start().await;
    let key = guest_key(&node, "test").await;
    let unknown = authenticate(&node, &key, &by_device()).send().await;
    assert_eq!(unknown.problem(), refused(400, "invalid_login"));
    let registered = register(&node, &key).send().await;
    assert_eq!(registered.status, 201, "{registered:?}");
    let told = registered.json();
    assert_eq!(told["existing_contact"], false);
    assert_eq!(told["contact"]["first_name"], "Ada");
    assert_eq!(told["contact"]["is_verified"], false);
    let owner = entered(&registered);
    assert_eq!(owner.read(&node).send().await.status, 200);
    let merchant = &node.seed.organisations.merchants[0].id;
    let joins = json!({ "organisation_id": merchant, "action": "SIGNUP" });
    let path = format!("/contacts/{}/organisations", owner.id);
    let joins = node.post(&path, &joins);
    let joined = joins.with("api_key", &node.secret_key("test")).send().await;
    assert_eq!(joined.status, 204, "{joined:?}");
    let own = owner.refreshed(&node).send().await.json();
    assert_eq!(own["organisations"][0]["id"], json!(merchant));
    node.restart().await;

    // Whoever knows the address, however it is written, and whatever it says of itself.
    let dashed = json!({ "provider": "MAC_ADDRESS", "mac_address": "00-00-5e-00-53-01" });
    let as_guest =
        json!({ "provider": "MAC_ADDRESS", "mac_address": DEVICE, "login_as_guest": true });
    let document = node.ask(Method::GET, "/self-service/openapi.json");
    let document = document.without("api_key").send().await.json();
    for ask in [
        authenticate(&node, &key, &dashed),
        authenticate(&node, &key, &as_guest),
        register(&node, &key),
    ] {
        let again = ask.send().await;
        let told = again.json();
        assert_eq!(told["existing_contact"], true, "{again:?}");
        assert_eq!(told["contact"]["id"], owner.id);
        assert_eq!(told["contact"]["first_name"], Value::Null);
        assert_eq!(told["organisations"], json!([]));
        let stranger = entered(&again);
        assert_eq!(
            opened(&node, &document, &stranger).await,
            Vec::<String>::new()
        );
        let everywhere = json!({ "all_sessions": true });
        let everywhere = writes(&node, &stranger, "/sign_out", &everywhere)
            .send()
            .await;
        assert_eq!(everywhere.problem(), refused(401, "step_up_required"));
        // Its tokens are as good when they are new.
        let refreshed = stranger.refreshed(&node).send().await;
        assert_eq!(refreshed.json()["contact"]["first_name"], Value::Null);
        let refreshed = Person::of(&refreshed);
        let read = refreshed.read(&node).send().await;
        assert_eq!(read.problem(), refused(401, "step_up_required"));
        let out = writes(&node, &refreshed, "/sign_out", &json!({}));
        assert_eq!(out.send().await.status, 204);
        let read = refreshed.read(&node).send().await;
        assert_eq!(read.problem(), refused(401, "invalid_token"));
    }
    // However often it is imitated, whoever holds the contact stays signed in, and gets more to sign in by.
    for _ in 0..SESSIONS_MAX + RECOGNISED_SESSIONS_MAX {
        let again = authenticate(&node, &key, &by_device()).send().await;
        assert_eq!(again.status, 200);
    }
    let phone = json!({ "provider": "PHONE", "phone": { "number": PHONE } });
    adds(&node, &owner, &phone, PHONE).await;
    let again = entered(&authenticate(&node, &key, &by_device()).send().await);
    let read = again.read(&node).send().await;
    assert_eq!(read.problem(), refused(401, "step_up_required"));
    assert_eq!(owner.read(&node).send().await.status, 200);
}

/// What concerns the session alone, or an app does before anybody is signed in.
const FOR_ALL: [&str; 7] = [
    "/sign_out",
    "/contacts/register",
    "/contacts/otp",
    "/contacts/validate_otp",
    "/contacts/forgot_password",
    "/contacts/request_email_verification",
    "/contacts/oidc/{type}",
];

/// The operations that a token of `person` opens: everything but what has to be refused.
async fn opened(node: &TestNode, document: &Value, person: &Person) -> Vec<String> {
    let mut opened = Vec::new();
    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let name = format!("{} {path}", method.to_uppercase());
            let security = operation["security"].as_array().unwrap();
            let takes_token = security.contains(&json!({ "access_token": [] }));
            if !takes_token || FOR_ALL.iter().any(|end| path.ends_with(end)) {
                continue;
            }
            asked += 1;
            let path = path.replace("{id}", &person.id);
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let ask = node
                .ask(method, &path)
                .without("api_key")
                .with("authorization", &format!("Bearer {}", person.access));
            let answer = ask
                .with("content-type", "application/json")
                .body(&json!({}));
            let answer = answer.send().await;
            if answer.problem() != refused(401, "step_up_required") {
                opened.push(format!("{name} {answer:?}"));
            }
        }
    }
    assert!(asked > 40, "{asked}");
    opened
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_by_a_device_is_repeated_by_who_knows_a_key_that_nobody_guesses() {
    let mut node = TestNode::start().await;
    let key = guest_key(&node, "test").await;
    let short = register(&node, &key).with("idempotency-key", "register-1");
    assert_eq!(
        short.send().await.problem(),
        refused(422, "invalid_request")
    );
    let retried = |node: &TestNode| {
        register(node, &key).with("idempotency-key", "5c1c9b2e-4d5f-4f6a-8a43-6f7c0b1d2e3f")
    };
    let first = entered(&retried(&node).send().await);
    node.restart().await;
    let again = retried(&node).send().await;
    assert_eq!(again.json()["existing_contact"], false, "{again:?}");
    assert_eq!(entered(&again).access, first.access);
    // Requests of guests are all alike, and so are the keys of many apps: each is somebody new.
    let body = json!({ "login_as_guest": true });
    let mut guests = Vec::new();
    for _ in 0..2 {
        let ask = authenticate(&node, &key, &body);
        let ask = ask.with("idempotency-key", "5c1c9b2e-4d5f-4f6a-8a43-6f7c0b1d2e3f");
        guests.push(Person::of(&ask.send().await).id);
    }
    assert_ne!(guests[0], guests[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_is_added_is_recognised_and_one_that_is_anothers_is_refused() {
    let node = TestNode::start().await;
    let key = guest_key(&node, "test").await;
    let ada = node.signed_up(PHONE).await;
    let added = writes(&node, &ada, "/identities", &by_device())
        .send()
        .await;
    assert_eq!(added.status, 201, "{added:?}");
    let recognised = authenticate(&node, &key, &by_device()).send().await;
    assert_eq!(recognised.json()["contact"]["id"], ada.id, "{recognised:?}");
    let read = entered(&recognised).read(&node).send().await;
    assert_eq!(read.problem(), refused(401, "step_up_required"));
    let other = guest(&node, &key).await;
    let taken = writes(&node, &other, "/identities", &by_device())
        .send()
        .await;
    assert_eq!(taken.problem(), refused(400, "contact_not_unique"));
    let again = writes(&node, &ada, "/identities", &by_device())
        .send()
        .await;
    assert_eq!(again.problem(), refused(422, "invalid_request"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_and_a_device_that_are_erased_leave_nothing() {
    let mut node = TestNode::start().await;
    let key = guest_key(&node, "test").await;
    let first = guest(&node, &key).await;
    let named = json!({ "first_name": "Wilhelmine-Xanthippe", "email": EMAIL });
    let path = format!("/contacts/{}", first.id);
    let named = node
        .own(Method::PUT, &path, &first.access)
        .with("content-type", "application/json")
        .body(&named);
    assert_eq!(named.send().await.status, 200);
    let second = entered(&register(&node, &key).send().await);
    let export = node.own(
        Method::GET,
        &format!("/contacts/{}/export", second.id),
        &second.access,
    );
    let export = String::from_utf8(export.send().await.body.to_vec()).unwrap();
    assert!(export.contains("00005e005301"), "{export}");
    for person in [&first, &second] {
        let erase = node.own(
            Method::DELETE,
            &format!("/contacts/{}", person.id),
            &person.access,
        );
        assert_eq!(erase.send().await.status, 200);
    }
    let snapshot = node.control("POST", "/snapshots", "{}").await;
    assert!(snapshot.starts_with("HTTP/1.1 200"), "{snapshot}");
    node.restart().await;
    for text in [
        "Wilhelmine-Xanthippe",
        EMAIL,
        "00005e005301",
        DEVICE,
        "Byron",
    ] {
        let found = files_with(node.data(), text);
        assert_eq!(found, Vec::<String>::new(), "{text}");
    }
    for person in [&first, &second] {
        let gone = person.read(&node).send().await;
        assert_eq!(gone.problem(), refused(401, "invalid_token"));
        let till = format!("/backoffice/v2/contacts/{}", person.id);
        let till = node.ask(Method::GET, &till);
        let till = till.with("api_key", &node.secret_key("test")).send().await;
        assert_eq!(till.status, 404);
    }
    // The device is free again, and whoever has it next finds nothing.
    let anew = register(&node, &key).send().await;
    assert_eq!(anew.json()["existing_contact"], false, "{anew:?}");
    assert_ne!(entered(&anew).id, second.id);
}
