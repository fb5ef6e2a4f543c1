//! A stranger learns from no answer who is known: status, headers, the shape of the body, and the work that it takes are the same.

use clientele::domain::time::Span;
use http::Method;
use serde_json::{Value, json};

use crate::app::{Person, ada_by_email};
use crate::client::{Answer, Ask};
use crate::node::TestNode;

const PASSWORD: &str = "vivid turtle 9";
const KNOWN: &str = "ada@example.test";
const DESK: &str = "bob@example.test";
const STRANGER: &str = "eve@example.test";

/// All of an answer that anybody can compare: texts by their length alone.
fn shape(answer: &Answer) -> (u16, Vec<String>, Value) {
    let mut names: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
    names.sort();
    let body = match answer.body.is_empty() {
        true => Value::Null,
        false => lengths(&answer.json()),
    };
    (answer.status, names, body)
}

fn lengths(value: &Value) -> Value {
    match value {
        Value::String(text) => json!(text.chars().count()),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), lengths(value)))
            .collect(),
        Value::Array(items) => items.iter().map(lengths).collect(),
        other => other.clone(),
    }
}

/// The requests of strangers that name `email`.
fn asks(node: &TestNode, person: &Person, email: &str) -> Vec<(&'static str, Ask)> {
    let app = |path: &str, body: Value| node.app(path, &body);
    let identities = format!("/contacts/{}/identities", person.id);
    let add = json!({ "provider": "EMAIL", "email": email, "password": PASSWORD });
    let add = node
        .own(Method::POST, &identities, &person.access)
        .with("content-type", "application/json")
        .body(&add);
    vec![
        (
            "a wrong password",
            app(
                "/contacts/authenticate",
                json!({ "provider": "EMAIL", "username": email, "password": "wrong" }),
            ),
        ),
        (
            "a code by authenticate",
            app(
                "/contacts/authenticate",
                json!({ "provider": "EMAIL", "username": email }),
            ),
        ),
        (
            "a code by otp",
            app(
                "/contacts/otp",
                json!({ "method": "EMAIL", "credentials": [{ "name": "EMAIL", "value": email }] }),
            ),
        ),
        (
            "a code by two details",
            app(
                "/contacts/otp",
                json!({ "method": "EMAIL", "credentials": [
                    { "name": "EMAIL", "value": email }, { "name": "CARD", "value": "978123" },
                ] }),
            ),
        ),
        (
            "a code by what is true of it",
            app(
                "/contacts/otp",
                json!({ "method": "EMAIL", "credentials": [
                    { "name": "EMAIL", "value": email }, { "name": "BIRTHDATE", "value": "1815-12-10" },
                ] }),
            ),
        ),
        (
            "a code by what is true of it, elsewhere",
            app(
                "/contacts/otp",
                json!({ "method": "SMS", "credentials": [
                    { "name": "EMAIL", "value": email }, { "name": "PASSPORT", "value": "P1" },
                ] }),
            ),
        ),
        (
            "a registration",
            app("/contacts/register", ada_by_email(email, None)),
        ),
        (
            "a registration with a password",
            app("/contacts/register", ada_by_email(email, Some(PASSWORD))),
        ),
        (
            "a forgotten password",
            app("/contacts/forgot_password", json!({ "username": email })),
        ),
        (
            "a verification",
            app(
                "/contacts/request_email_verification",
                json!({ "email_address": email }),
            ),
        ),
        ("another identity", add),
        (
            "an address in its own profile",
            person.write(
                node,
                Method::PUT,
                &person.path(""),
                &json!({ "email": email }),
            ),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_known_looks_like_what_is_not_in_every_flow() {
    let node = TestNode::start().await;
    let known = node.signed_up_by_email(KNOWN, PASSWORD).await;
    // By the business's word: codes by two details go there.
    let reached = json!({ "phones": [{ "number": "+442079460019" }] });
    let reached = node.trial(
        Method::PUT,
        &format!("/contacts/{}", known.id),
        Some(&reached),
    );
    assert_eq!(reached.send().await.status, 200);
    let about = json!({ "demographics": {
        "date_of_birth": { "year": 1815, "month": 12, "day": 10 },
        "passport": { "number": "P1", "issuing_country_code": "GBR", "expiration_date": 4_000_000_000_i64 },
    } });
    let about = node
        .own(
            Method::PUT,
            &format!("/contacts/{}", known.id),
            &known.access,
        )
        .with("content-type", "application/json")
        .body(&about);
    let about = about.send().await;
    assert_eq!(about.status, 200, "{about:?}");
    let desk = json!({ "code": "DESK", "email_address": DESK });
    let desk = node.post("/contacts", &desk);
    let desk = desk.with("api_key", &node.secret_key("test")).send().await;
    assert_eq!(desk.status, 201, "{desk:?}");
    let card = json!({ "cim": "978123" });
    let card = node.post(&format!("/contacts/{}/cards", desk.text("id")), &card);
    let card = card.with("api_key", &node.secret_key("test")).send().await;
    assert!((200..300).contains(&card.status), "{card:?}");

    let number_of_flows = asks(&node, &node.signed_up("+442079460018").await, KNOWN).len();
    for flow in 0..number_of_flows {
        let mut seen = Vec::new();
        // So that each address, and each account, may be sent to again; and in a session that is new.
        node.clock.advance(Span::seconds(3_700));
        let auth_otp = node.asked("+442079460018").await;
        let code = node.code("+442079460018").await;
        let person = Person::of(&node.answered(&auth_otp, &code).await);
        let mut name = "";
        for email in [KNOWN, DESK, STRANGER] {
            let (flow_name, ask) = asks(&node, &person, email).swap_remove(flow);
            name = flow_name;
            let before = node.api().passwords.worked();
            let first = ask.clone().send().await;
            let worked = node.api().passwords.worked() - before;
            assert!(
                first.status < 500 && first.status != 429,
                "{name}: {first:?}"
            );
            let mut told = vec![shape(&first)];
            let challenge = serde_json::from_slice::<Value>(&first.body).unwrap_or_default();
            if let Some(auth_otp) = challenge["auth_otp"].as_str() {
                told.push(shape(&node.answered(auth_otp, "12345").await));
            }
            // Too soon, or a second wrong password.
            told.push(shape(&ask.send().await));
            seen.push((worked, told));
        }
        assert_eq!(seen[0], seen[1], "{name}: known, and of the back office");
        assert_eq!(seen[0], seen[2], "{name}: known, and unknown");
    }
}
