//! Contacts register and sign in by phone.

use std::time::Instant;

use clientele::domain::time::Span;
use clientele::limits::TELLING_TIME_STEP;
use http::Method;
use serde_json::{Value, json};

use crate::app::{Person, ada};
use crate::client::Answer;
use crate::contact_changes::{looks, refused};
use crate::node::TestNode;

const PHONE: &str = "+447566224395";
const OTHER: &str = "+442079460018";

/// The names of an answer's headers, in order.
fn header_names(answer: &Answer) -> Vec<String> {
    let mut names: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_registers_by_phone_and_is_there_once_the_code_came_back() {
    let mut node = TestNode::start().await;
    let mut body = ada("07566 224395");
    body["sms_opt_out"] = json!(true);
    body["custom_fields"] = json!([{ "key": "shoe", "value": "39" }]);
    let registered = node.app("/contacts/register", &body).send().await;
    assert_eq!(registered.status, 201, "{registered:?}");
    assert_eq!(registered.text("obfuscated_value"), "***********95");
    let auth_otp = registered.text("auth_otp");
    assert!(auth_otp.len() <= 64);
    assert_eq!(registered.json().as_object().unwrap().len(), 2);
    let nobody = node
        .get("/contacts?search_value=Ada")
        .with("api_key", &node.secret_key("test"));
    assert_eq!(nobody.send().await.json()["content"], json!([]));

    let message = node.inbox().await.remove(0);
    assert_eq!(message["channel"], "SMS");
    assert_eq!(message["recipient"], PHONE);
    let code = node.code(PHONE).await;
    assert!(message["body"].as_str().unwrap().contains(&code));
    let answer = node.answered(&auth_otp, &code).await;
    let person = Person::of(&answer);
    let shown = answer.json();
    assert_eq!(shown["existing_contact"], false);
    assert_eq!(shown["organisations"], json!([]));
    assert_eq!(shown["contact"]["first_name"], "Ada");
    assert_eq!(shown["contact"]["type"], "PERSON");
    assert_eq!(shown["contact"]["is_verified"], true);

    for _ in 0..2 {
        let own = person.read(&node).send().await;
        assert_eq!(own.status, 200, "{own:?}");
        let own = own.json();
        assert_eq!(
            own["phone"],
            json!({ "type": "MOBILE", "country_code": "GBR", "number": "07566 224395" })
        );
        assert_eq!(
            (&own["sms_opt_out"], &own["email_opt_out"]),
            (&json!(true), &json!(false))
        );
        assert_eq!(own["language_code"], "EN");
        assert_eq!(
            own["custom_fields"],
            json!([{ "key": "shoe", "value": "39" }])
        );
        // The till finds the same contact and wallet.
        let till = node.get(&format!("/contacts/{}", person.id));
        let till = till.with("api_key", &node.secret_key("test")).send().await;
        assert_eq!(till.json()["wallet"]["id"], own["wallet"]["id"]);
        let code = own["code"].as_str().unwrap();
        let by_code = node.own(Method::GET, &format!("/contacts/{code}"), &person.access);
        assert_eq!(by_code.send().await.json(), own);
        node.restart().await;
    }
    let again = node.answered(&auth_otp, &code).await;
    assert_eq!(again.problem(), refused(401, "otp_invalid"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_published_registration_works_as_it_stands() {
    let node = TestNode::start().await;
    let body = r#"{ "first_name" : "Jimmy", "last_name" : "Connors", "identity" : { "provider" : "PHONE", "phone_number" : "07566224395", "country_code" : "GBR" }, "service_acceptance" : "true", "email_opt_out" : "true", "sms_opt_out" : "true" }"#;
    let mut ask = node.ask(Method::POST, "/self-service/v1/contacts/register");
    ask.body = body.into();
    let ask = ask
        .with("api_key", &node.app_key("test"))
        .with("content-type", "application/json");
    let registered = ask.send().await;
    assert_eq!(registered.status, 201, "{registered:?}");
    let code = node.code(PHONE).await;
    let answer = node.answered(&registered.text("auth_otp"), &code).await;
    let own = Person::of(&answer).read(&node).send().await.json();
    assert_eq!(
        (&own["first_name"], &own["last_name"]),
        (&json!("Jimmy"), &json!("Connors"))
    );
    assert_eq!(
        (&own["sms_opt_out"], &own["email_opt_out"]),
        (&json!(true), &json!(true))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_known_signs_in_again_in_either_way() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let mut sessions = vec![person.access.clone()];
    for published in [false, true] {
        node.clock.advance(Span::seconds(31));
        let auth_otp = if published {
            // curl's own media type, as it is published for signing in.
            let body = json!({ "provider": "PHONE", "phone": { "number": "07566224395", "country_code": "GBR" } });
            let ask = node
                .app("/contacts/authenticate", &body)
                .with("content-type", "application/x-www-form-urlencoded");
            let asked = ask.send().await;
            assert_eq!(asked.status, 200, "{asked:?}");
            asked.text("auth_otp")
        } else {
            node.asked(PHONE).await
        };
        let answer = node.answered(&auth_otp, &node.code(PHONE).await).await;
        assert_eq!(answer.json()["communities"], json!([]));
        let again = Person::of(&answer);
        assert_eq!(again.id, person.id);
        assert_eq!(again.read(&node).send().await.status, 200);
        sessions.push(again.access);
    }
    // Each is a session of its own.
    assert_eq!(person.read(&node).send().await.status, 200);
    sessions.dedup();
    assert_eq!(sessions.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn registering_again_signs_in_who_is_there_and_changes_nothing() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    node.clock.advance(Span::seconds(31));
    let mut body = ada(PHONE);
    body["first_name"] = json!("Mallory");
    let registered = node.app("/contacts/register", &body).send().await;
    assert_eq!(registered.status, 201);
    let code = node.code(PHONE).await;
    let answer = node.answered(&registered.text("auth_otp"), &code).await;
    let again = Person::of(&answer);
    assert_eq!(answer.json()["existing_contact"], true);
    assert_eq!(again.id, person.id);
    assert_eq!(again.read(&node).send().await.text("first_name"), "Ada");
}

/// What asks for a code for `number` there.
fn asks(path: &str, number: &str) -> Value {
    match path {
        "/contacts/otp" => {
            json!({ "method": "SMS", "credentials": [{ "name": "PHONE", "value": number }] })
        }
        "/contacts/authenticate" => json!({ "provider": "PHONE", "phone": { "number": number } }),
        _ => ada(number),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_known_number_looks_like_an_unknown_one() {
    let node = TestNode::start().await;
    node.signed_up(PHONE).await;
    node.clock.advance(Span::seconds(31));
    for path in [
        "/contacts/otp",
        "/contacts/authenticate",
        "/contacts/register",
    ] {
        let mut seen = Vec::new();
        for number in [PHONE, OTHER] {
            let ask = node.app(path, &asks(path, number));
            let began = Instant::now();
            let asked = ask.clone().send().await;
            // However fast it was found out.
            assert!(began.elapsed() >= TELLING_TIME_STEP, "{path}");
            let challenge = asked.json();
            let [mask, auth_otp] = ["obfuscated_value", "auth_otp"]
                .map(|name| challenge[name].as_str().unwrap().to_owned());
            assert_eq!(&mask[11..], &number[11..]);
            let wrong = node.answered(&auth_otp, "000000").await;
            let soon = ask.send().await;
            assert_eq!(soon.problem(), refused(429, "too_many_requests"), "{path}");
            seen.push((
                (
                    asked.status,
                    header_names(&asked),
                    mask.len(),
                    auth_otp.len(),
                ),
                (looks(&wrong), header_names(&wrong)),
                (looks(&soon), header_names(&soon)),
            ));
        }
        assert_eq!(seen[0], seen[1], "{path}");
        assert_eq!(seen[0].1.0.0, 401, "{path}");
        // For the unknown one nothing fits, whatever is tried: what is sent there is the registration's alone.
        let inbox = node.inbox().await;
        let to_other = inbox.iter().filter(|message| message["recipient"] == OTHER);
        let sent = usize::from(path == "/contacts/register");
        assert_eq!(to_other.count(), sent, "{inbox:#?}");
        node.clock.advance(Span::seconds(16 * 60));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_wrong_codes_end_the_code_and_then_even_the_right_one_waits() {
    let mut node = TestNode::start().await;
    node.signed_up(PHONE).await;
    node.clock.advance(Span::seconds(31));
    let auth_otp = node.asked(PHONE).await;
    let code = node.code(PHONE).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for tries in 1..=5 {
        let answer = node.answered(&auth_otp, wrong).await;
        assert_eq!(answer.problem(), refused(401, "otp_invalid"), "{tries}");
        assert_eq!(answer.text("error"), "CRM.EXCEPTIONS.INVALIDLOGINEXCEPTION");
        if tries == 4 {
            node.restart().await;
        }
    }
    let right = node.answered(&auth_otp, &code).await;
    assert_eq!(right.problem(), refused(429, "too_many_requests"));
    let wait: u32 = right.header("retry-after").parse().unwrap();
    assert!((800..=900).contains(&wait), "{wait}");
    // Another code resets nothing.
    node.clock.advance(Span::seconds(31));
    let another = node.asked(PHONE).await;
    let code = node.code(PHONE).await;
    assert_eq!(node.answered(&another, &code).await.status, 429);
    node.clock.advance(Span::seconds(15 * 60));
    node.asked(PHONE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_answered_in_its_own_mode_only_and_works_once() {
    let node = TestNode::start().await;
    let registered = node.app("/contacts/register", &ada(PHONE)).send().await;
    let body = json!({ "auth_otp": registered.text("auth_otp"), "code": node.code(PHONE).await });
    let answer = |mode: &str| {
        let ask = node.app("/contacts/validate_otp", &body);
        ask.with("api_key", &node.app_key(mode))
    };
    let elsewhere = answer("live").send().await;
    assert_eq!(elsewhere.problem(), refused(401, "otp_invalid"));
    // Two at once: one is signed in, the other comes too late.
    let both = [answer("test").begin(), answer("test").begin()];
    let mut statuses = Vec::new();
    for pending in both {
        statuses.push(pending.answer().await.status);
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_can_be_asked_for_again() {
    let mut node = TestNode::start().await;
    let register = |node: &TestNode| {
        node.app("/contacts/register", &ada(PHONE))
            .with("idempotency-key", "r1")
    };
    let registered = register(&node).send().await;
    assert_eq!(registered.status, 201, "{registered:?}");
    assert_eq!(register(&node).send().await.body, registered.body);
    let body = json!({ "auth_otp": registered.text("auth_otp"), "code": node.code(PHONE).await });
    let validate = |node: &TestNode| {
        node.app("/contacts/validate_otp", &body)
            .with("idempotency-key", "v1")
    };
    let answer = validate(&node).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    for _ in 0..2 {
        let again = validate(&node).send().await;
        assert_eq!(again.json()["access_token"], answer.json()["access_token"]);
        assert_eq!(
            again.json()["refresh_token"],
            answer.json()["refresh_token"]
        );
        node.restart().await;
    }
}

/// Sends each body, sees its refusal, and that nothing was sent to anybody.
async fn refused_without_effect(rows: Vec<(&str, Value, (u16, &str))>) {
    let node = TestNode::start().await;
    for (path, body, (status, code)) in rows {
        let ask = node
            .ask(Method::POST, &format!("/self-service{path}"))
            .with("api_key", &node.app_key("test"))
            .with("content-type", "application/json")
            .body(&body);
        let answer = ask.send().await;
        assert_eq!(answer.problem(), refused(status, code), "{path} {body}");
        if status == 422 {
            assert_ne!(answer.json()["errors"], json!([]), "{path} {body}");
        }
    }
    assert_eq!(node.inbox().await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_that_is_not_built_or_not_known_creates_nothing() {
    let with = |member: &str, value: Value| {
        let mut body = ada(PHONE);
        body[member] = value;
        body
    };
    let google = json!({ "provider": "GOOGLE", "token": "x", "sub": "1" });
    let mixed =
        json!({ "provider": "PHONE", "phone": { "number": PHONE }, "password": "Qwerty12" });
    let v1 = "/v1/contacts/register";
    let v2 = "/v2/contacts/register";
    refused_without_effect(vec![
        // Nobody vouches for contacts here.
        (v2, with("identification", google), (422, "invalid_request")),
        (
            v2,
            with("identification", json!({ "provider": "GOOGLE" })),
            (422, "invalid_request"),
        ),
        (
            v2,
            with("identification", json!({ "provider": "MAC_ADDRESS" })),
            (422, "invalid_request"),
        ),
        (v2, with("referral_code", json!("R1")), (501, "not_built")),
        (v2, with("pass_pin", json!("1")), (501, "not_built")),
        (v2, with("identification", mixed), (422, "invalid_request")),
        (v2, with("is_admin", json!(true)), (422, "unknown_field")),
        (
            v2,
            with("sms_opt_out", json!("true")),
            (422, "invalid_request"),
        ),
        (
            v2,
            with("service_acceptance", json!(true)),
            (422, "unknown_field"),
        ),
        (
            v2,
            with("accept_terms_&_conditions", json!(false)),
            (422, "invalid_request"),
        ),
        (v2, with("first_name", json!("")), (422, "invalid_request")),
        (
            v1,
            with("service_acceptance", json!("false")),
            (422, "invalid_request"),
        ),
        (
            v1,
            with("identity", json!({ "provider": "PHONE" })),
            (422, "invalid_request"),
        ),
        (v1, with("is_admin", json!(true)), (422, "unknown_field")),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_in_by_what_is_not_built_or_not_known_does_nothing() {
    let otp = "/v2/contacts/otp";
    let authenticate = "/v1/contacts/authenticate";
    let validate = "/v2/contacts/validate_otp";
    refused_without_effect(vec![
        (
            otp,
            json!({ "method": "EMAIL", "credentials": [{ "name": "PHONE", "value": PHONE }] }),
            (422, "invalid_request"),
        ),
        (
            otp,
            json!({ "method": "SMS", "credentials": [{ "name": "BIRTHDATE", "value": "1" }] }),
            (422, "invalid_request"),
        ),
        (
            otp,
            json!({ "method": "SMS", "credentials": [{ "name": "GIFT_PASS", "value": "1" }] }),
            (501, "not_built"),
        ),
        (
            otp,
            json!({ "method": "SMS", "credentials": [{ "name": "PHONE", "value": "12" }] }),
            (422, "invalid_request"),
        ),
        (
            otp,
            json!({ "method": "SMS", "credentials": [], "x": 1 }),
            (422, "unknown_field"),
        ),
        (
            authenticate,
            json!({ "provider": "EMAIL", "username": "a@b", "password": "x" }),
            (422, "invalid_request"),
        ),
        (
            authenticate,
            json!({ "provider": "EMAIL", "username": "a@b.test", "token": "x" }),
            (422, "invalid_request"),
        ),
        (
            authenticate,
            json!({ "provider": "GOOGLE", "token": "x" }),
            (422, "invalid_request"),
        ),
        (
            authenticate,
            json!({ "provider": "MAC_ADDRESS", "mac_address": "x" }),
            (422, "invalid_request"),
        ),
        (
            authenticate,
            json!({ "login_as_guest": true }),
            (403, "insufficient_scope"),
        ),
        (
            authenticate,
            json!({ "provider": "PHONE" }),
            (422, "invalid_request"),
        ),
        (
            validate,
            json!({ "auth_otp": "x", "code": "1", "x": 1 }),
            (422, "unknown_field"),
        ),
        (
            validate,
            json!({ "auth_otp": "x", "code": "123456" }),
            (401, "otp_invalid"),
        ),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_mode_sends_nothing_without_an_integration_and_looks_nobody_up() {
    let node = TestNode::start().await;
    for path in [
        "/contacts/register",
        "/contacts/otp",
        "/contacts/authenticate",
    ] {
        // More often than codes are sent: none was counted.
        for _ in 0..3 {
            let ask = node.app(path, &asks(path, PHONE));
            let ask = ask.with("api_key", &node.app_key("live"));
            let answer = ask.send().await;
            assert_eq!(answer.problem(), refused(400, "no_integration"), "{path}");
        }
    }
    assert_eq!(node.inbox().await, Vec::<Value>::new());
    let live = node.get("/test_inbox").send().await;
    assert_eq!(live.problem(), refused(403, "test_key_required"));
}
