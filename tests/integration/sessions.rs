//! What the tokens of a session open, and until when.

use clientele::domain::api_key::Scopes;
use clientele::domain::time::Span;
use data_encoding::BASE64URL_NOPAD;
use http::Method;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use crate::app::Person;
use crate::contact_changes::{looks, refused};
use crate::node::TestNode;
use crate::users::Session;

const PHONE: &str = "+447566224395";
const OTHER: &str = "+442079460018";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_access_token_can_be_verified_by_anybody_and_expires_as_it_says() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let refreshed = person.refreshed(&node).send().await;
    let person = Person::of(&refreshed);
    let keys = node
        .ask(Method::GET, "/.well-known/jwks.json")
        .without("api_key");
    let keys = keys.send().await;
    assert_eq!(keys.header("content-type"), "application/json");
    let keys: JwkSet = serde_json::from_slice(&keys.body).unwrap();
    let kid = jsonwebtoken::decode_header(&person.access)
        .unwrap()
        .kid
        .unwrap();
    let key = DecodingKey::from_jwk(keys.find(&kid).unwrap()).unwrap();
    let mut rules = Validation::new(Algorithm::EdDSA);
    rules.set_audience(&["clientele:self-service"]);
    rules.set_issuer(&["clientele"]);
    let claims = jsonwebtoken::decode::<Value>(&person.access, &key, &rules)
        .unwrap()
        .claims;
    assert_eq!(claims["exp"], refreshed.json()["expiration_date"]);
    assert_eq!(
        (&claims["sub"], &claims["mode"]),
        (&json!(person.id), &json!("TEST"))
    );

    assert_eq!(person.read(&node).send().await.status, 200);
    node.clock.advance(Span::seconds(15 * 60));
    let late = person.read(&node).send().await;
    assert_eq!(late.problem(), refused(401, "token_expired"));
    assert_eq!(late.header("www-authenticate"), "Bearer");
    let person = Person::of(&person.refreshed(&node).send().await);
    assert_eq!(person.read(&node).send().await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_accepted_however_clients_write_it() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    for text in ["Bearer {}", "bearer {}", "Bearer.{}", "{}"] {
        let text = text.replace("{}", &person.access);
        let read = person.read(&node).with("authorization", &text).send().await;
        assert_eq!(read.status, 200, "{text}");
        let refresh = person
            .refreshed(&node)
            .with("authorization", &format!("Bearer.{}", person.refresh));
        assert_eq!(refresh.send().await.status, 200);
    }
    // As version 1 of the contract has it.
    let ask = node.ask(Method::POST, "/self-service/v1/contacts/refresh");
    let ask = ask
        .with("api_key", &node.app_key("test"))
        .with("refresh_token", &person.refresh);
    assert_eq!(ask.send().await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_token_opens_nothing() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let parts: Vec<_> = person.access.split('.').collect();
    let decoded = |part: &str| -> Value {
        serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).unwrap()
    };
    let encoded = |json: &Value| BASE64URL_NOPAD.encode(json.to_string().as_bytes());
    let (header, claims) = (decoded(parts[0]), decoded(parts[1]));
    let mut forged = vec![
        String::new(),
        "x".to_owned(),
        format!("{}.{}.", parts[0], parts[1]),
        format!(
            "{}.{}.{}",
            parts[0],
            parts[1],
            BASE64URL_NOPAD.encode(&[0; 64])
        ),
        person.refresh.clone(),
        node.secret_key("test"),
    ];
    for (member, value) in [
        ("alg", json!("none")),
        ("alg", json!("HS256")),
        ("kid", json!("../../keys")),
        ("typ", json!("JWT")),
        ("jku", json!("http://127.0.0.1:9/jwks.json")),
    ] {
        let mut other = header.clone();
        other[member] = value;
        forged.push(format!("{}.{}.{}", encoded(&other), parts[1], parts[2]));
        forged.push(format!("{}.{}.", encoded(&other), parts[1]));
    }
    for (member, value) in [
        ("mode", json!("LIVE")),
        ("aud", json!("clientele:backoffice")),
        ("iss", json!("x")),
        ("exp", json!(4_000_000_000_u64)),
        ("sid", json!("2")),
    ] {
        let mut other = claims.clone();
        other[member] = value;
        forged.push(format!("{}.{}.{}", parts[0], encoded(&other), parts[2]));
    }
    for token in forged {
        let read = person
            .read(&node)
            .with("authorization", &format!("Bearer {token}"));
        assert_eq!(
            read.send().await.problem(),
            refused(401, "invalid_token"),
            "{token}"
        );
    }
    assert_eq!(person.read(&node).send().await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_and_a_key_must_agree() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    for (key, expected) in [
        (node.app_key("test"), None),
        (node.app_key("live"), Some("credentials_conflict")),
        (node.secret_key("test"), Some("credentials_conflict")),
        ("pk_test_0".to_owned(), Some("invalid_api_key")),
    ] {
        for ask in [person.read(&node), person.refreshed(&node)] {
            let answer = ask.with("api_key", &key).send().await;
            match expected {
                None => assert_eq!(answer.status, 200, "{answer:?}"),
                Some(code) => assert_eq!(answer.problem(), refused(401, code)),
            }
        }
    }
    // A key of the app alone is nobody in particular.
    let ask = person
        .read(&node)
        .without("authorization")
        .with("api_key", &node.app_key("test"));
    assert_eq!(
        ask.send().await.problem(),
        refused(401, "missing_credentials")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_keys_and_tokens_of_one_gateway_do_not_open_the_other() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let read = |key: &str| {
        node.get(&format!("/contacts/{}", person.id))
            .with("api_key", key)
    };
    let by_app = read(&node.app_key("test")).send().await;
    assert_eq!(by_app.problem(), refused(403, "secret_key_required"));
    let by_token = read("x")
        .without("api_key")
        .with("authorization", &format!("Bearer {}", person.access));
    assert_eq!(by_token.send().await.status, 401);
    let body = json!({ "method": "SMS", "credentials": [{ "name": "PHONE", "value": OTHER }] });
    let (_, strong) = node.make_key(Scopes::all(), None).await;
    for key in [strong, node.secret_key("test")] {
        let asked = node
            .app("/contacts/otp", &body)
            .with("api_key", &key)
            .send()
            .await;
        assert_eq!(asked.problem(), refused(403, "insufficient_scope"));
    }
    // A key of this gateway needs the scope.
    let weak = json!({ "name": "app", "type": "PUBLIC", "gateway": "SELF_SERVICE", "scopes": [] });
    let weak = node
        .post("/api_keys", &weak)
        .with("api_key", &node.secret_key("test"))
        .send()
        .await;
    let asked = node
        .app("/contacts/otp", &body)
        .with("api_key", &weak.text("value"))
        .send()
        .await;
    assert_eq!(asked.problem(), refused(403, "insufficient_scope"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_contact_looks_like_nobody() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let other = node.signed_up(OTHER).await;
    let code = other.read(&node).send().await.text("code");
    let nobody = "69691e1e-1d90-4355-8b78-acd41ef577f4";
    let live = &node.contact(0).id;
    for method in [Method::GET, Method::POST] {
        let path = |id: &str| match method {
            Method::GET => format!("/contacts/{id}"),
            _ => format!("/contacts/{id}/sign_out"),
        };
        let ask = async |id: &str| {
            node.own(method.clone(), &path(id), &person.access)
                .send()
                .await
        };
        let unknown = ask(nobody).await;
        assert_eq!(unknown.problem(), refused(404, "not_found"));
        for id in [&other.id, &code, live, &"x".to_owned()] {
            let foreign = ask(id).await;
            assert_eq!(looks(&foreign), looks(&unknown), "{id}");
            let length =
                |answer: &crate::client::Answer| answer.header("content-length").to_owned();
            assert_eq!(length(&foreign), length(&unknown), "{id}");
        }
    }
    assert_eq!(other.read(&node).send().await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_token_works_once_and_a_copy_of_it_ends_the_session() {
    let mut node = TestNode::start().await;
    let first = node.signed_up(PHONE).await;
    let answer = first.refreshed(&node).send().await;
    let second = Person::of(&answer);
    assert_ne!(second.refresh, first.refresh);
    // The answer may be lost: for a moment the same token gets the same one.
    for _ in 0..2 {
        let again = Person::of(&first.refreshed(&node).send().await);
        assert_eq!(
            (again.refresh, again.access),
            (second.refresh.clone(), second.access.clone())
        );
        node.restart().await;
    }
    node.clock.advance(Span::seconds(11));
    let third = Person::of(&second.refreshed(&node).send().await);
    assert_eq!(third.read(&node).send().await.status, 200);
    node.clock.advance(Span::seconds(11));
    let replayed = second.refreshed(&node).send().await;
    assert_eq!(replayed.problem(), refused(401, "invalid_grant"));
    for _ in 0..2 {
        assert_eq!(
            third.read(&node).send().await.problem(),
            refused(401, "invalid_token")
        );
        assert_eq!(
            third.refreshed(&node).send().await.problem(),
            refused(401, "invalid_grant")
        );
        node.restart().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_other_token_refreshes() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    for token in [
        &*person.access,
        "rt_",
        "rt_AAAA",
        "x",
        &person.refresh[..person.refresh.len() - 1],
    ] {
        let ask = node.own(Method::POST, "/contacts/refresh", token);
        assert_eq!(
            ask.send().await.problem(),
            refused(401, "invalid_grant"),
            "{token}"
        );
    }
    let nothing = person
        .refreshed(&node)
        .without("authorization")
        .send()
        .await;
    assert_eq!(nothing.problem(), refused(401, "missing_credentials"));
    node.clock.advance(Span::days(31));
    let late = person.refreshed(&node).send().await;
    assert_eq!(late.problem(), refused(401, "invalid_grant"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_signs_out_is_out_at_once() {
    let mut node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    node.clock.advance(Span::seconds(31));
    let auth_otp = node.asked(PHONE).await;
    let elsewhere = Person::of(&node.answered(&auth_otp, &node.code(PHONE).await).await);
    let bad = person
        .sign_out(&node)
        .with("content-type", "application/json");
    let bad = bad.body(&json!({ "everywhere": true })).send().await;
    assert_eq!(bad.problem(), refused(422, "unknown_field"));
    let out = person.sign_out(&node).send().await;
    assert_eq!((out.status, out.body.len()), (204, 0));
    for _ in 0..2 {
        for ask in [person.read(&node), person.sign_out(&node)] {
            assert_eq!(ask.send().await.problem(), refused(401, "invalid_token"));
        }
        assert_eq!(
            person.refreshed(&node).send().await.problem(),
            refused(401, "invalid_grant")
        );
        assert_eq!(elsewhere.read(&node).send().await.status, 200);
        node.restart().await;
    }
    // The published field has nothing to do with where the answer leads.
    let all = json!({ "rredirectUrl": "https://example.test", "all_sessions": true });
    let all = elsewhere
        .sign_out(&node)
        .with("content-type", "application/json")
        .body(&all);
    let all = all.send().await;
    assert_eq!(all.status, 204);
    assert_eq!(all.header("location"), "");
    assert_eq!(
        elsewhere.read(&node).send().await.problem(),
        refused(401, "invalid_token")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_contact_is_signed_out() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let erase = node.ask(
        Method::DELETE,
        &format!("/backoffice/v2/contacts/{}", person.id),
    );
    let erased = erase.with("api_key", &node.secret_key("test")).send().await;
    assert_eq!(erased.status, 204, "{erased:?}");
    assert_eq!(
        person.read(&node).send().await.problem(),
        refused(401, "invalid_token")
    );
    assert_eq!(
        person.refreshed(&node).send().await.problem(),
        refused(401, "invalid_grant")
    );
    let inbox = node.inbox().await;
    assert_eq!(
        (&inbox[0]["recipient"], &inbox[0]["code"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_test_clock_moves_no_credential() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let advance = node.post("/test_clock/advance", &json!({ "seconds": 400 * 86_400 }));
    let advanced = advance
        .with("api_key", &node.secret_key("test"))
        .send()
        .await;
    assert_eq!(advanced.status, 200, "{advanced:?}");
    assert_eq!(person.read(&node).send().await.status, 200);
    assert_eq!(person.refreshed(&node).send().await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signing_key_that_leaked_is_withdrawn_and_nobody_is_signed_out() {
    let mut node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let owner = node.owner().await;
    let kids = async |node: &TestNode| -> Vec<String> {
        let keys = node
            .ask(Method::GET, "/.well-known/jwks.json")
            .without("api_key");
        let keys = keys.send().await.json();
        let keys = keys["keys"].as_array().unwrap().iter();
        keys.map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect()
    };
    let before = kids(&node).await;
    let leaked = before[1].clone();
    node.configure(|config| config.tokens.withdrawn_keys = leaked.clone())
        .await;
    let after = kids(&node).await;
    assert!(!after.contains(&leaked), "{after:?}");
    assert_eq!((&after[0], &after[2]), (&before[0], &before[2]));
    let read = person.read(&node).send().await;
    assert_eq!(read.problem(), refused(401, "invalid_token"));
    let read = node.by(&owner, Method::GET, "/settings").send().await;
    assert_eq!(read.problem(), refused(401, "invalid_token"));
    let again = Person::of(&person.refreshed(&node).send().await);
    assert_eq!(again.read(&node).send().await.status, 200);
    let again = Session::of(&node.refreshed(&owner.refresh).await);
    let read = node.by(&again, Method::GET, "/settings").send().await;
    assert_eq!(read.status, 200);
}
