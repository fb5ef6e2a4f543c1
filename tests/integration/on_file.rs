//! Contacts that the back office made get in by what the business knows of them.

use clientele::domain::directory_entry::SEND_PAUSE;
use clientele::domain::time::Span;
use http::Method;
use serde_json::{Value, json};

use crate::app::Person;
use crate::client::Answer;
use crate::contact_changes::refused;
use crate::node::TestNode;

const PHONE: &str = "+442079460018";
const SECOND: &str = "+442079460019";
const EMAIL: &str = "ada@example.test";
const PASSWORD: &str = "vivid turtle 9";
const CARD: &str = "9781234567890123";

/// A contact with two phones, an e-mail address and a card, and the id of it.
async fn desk(node: &TestNode) -> String {
    let body = json!({
        "code": "DESK", "first_name": "Ada", "email_address": "Ada@Example.test",
        "phones": [{ "number": "020 7946 0018", "country_code": "GBR" }, { "number": SECOND, "is_primary": true }],
    });
    let created = node.post("/contacts", &body);
    let created = created
        .with("api_key", &node.secret_key("test"))
        .send()
        .await;
    assert_eq!(created.status, 201, "{created:?}");
    let id = created.text("id");
    let card = node
        .post(&format!("/contacts/{id}/cards"), &json!({ "cim": CARD }))
        .with("api_key", &node.secret_key("test"));
    let card = card.send().await;
    assert!((200..300).contains(&card.status), "{card:?}");
    id
}

fn asks(method: &str, credentials: &[(&str, &str)]) -> Value {
    let credentials = credentials.iter();
    let credentials = credentials.map(|(name, value)| json!({ "name": name, "value": value }));
    json!({ "method": method, "credentials": credentials.collect::<Vec<_>>() })
}

async fn asked(node: &TestNode, method: &str, credentials: &[(&str, &str)]) -> Answer {
    let answer = node.app("/contacts/otp", &asks(method, credentials));
    let answer = answer.send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_details_that_match_open_a_contact_that_adds_what_it_signs_in_by() {
    let mut node = TestNode::start().await;
    let id = desk(&node).await;
    // By a card and an e-mail address: the code goes to the phone that is used first.
    let challenge = asked(&node, "SMS", &[("CARD", CARD), ("EMAIL", EMAIL)]).await;
    assert_eq!(challenge.text("obfuscated_value"), "**********");
    let message = node.inbox().await.remove(0);
    assert_eq!(
        (&message["recipient"], &message["channel"]),
        (&json!(SECOND), &json!("SMS"))
    );
    node.restart().await;
    let code = {
        node.clock.advance(SEND_PAUSE);
        let challenge = asked(&node, "SMS", &[("CARD", CARD), ("EMAIL", EMAIL)]).await;
        let code = node.code(SECOND).await;
        let wrong = crate::access::wrong(&code);
        let refusal = node.answered(&challenge.text("auth_otp"), &wrong).await;
        assert_eq!(refusal.problem(), refused(401, "otp_invalid"));
        (challenge.text("auth_otp"), code)
    };
    let answer = node.answered(&code.0, &code.1).await;
    let person = Person::of(&answer);
    assert_eq!(person.id, id);
    assert_eq!(answer.json()["contact"]["is_verified"], false);
    let used = node.answered(&code.0, &code.1).await;
    assert_eq!(used.problem(), refused(401, "otp_invalid"));

    let add = json!({ "provider": "EMAIL", "email": EMAIL, "password": PASSWORD });
    let path = format!("/contacts/{id}/identities");
    let added = node.own(Method::POST, &path, &person.access);
    let added = added.with("content-type", "application/json").body(&add);
    let added = added.send().await;
    assert_eq!(added.status, 201, "{added:?}");
    let answer = node
        .answered(&added.text("auth_otp"), &node.code(EMAIL).await)
        .await;
    assert_eq!(answer.json()["contact"]["is_verified"], true);
    assert_eq!(Person::of(&node.entered(EMAIL, PASSWORD).await).id, id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_code_goes_to_the_detail_that_was_sent_where_that_is_reached() {
    let node = TestNode::start().await;
    let id = desk(&node).await;
    let challenge = asked(&node, "SMS", &[("EMAIL", EMAIL), ("PHONE", PHONE)]).await;
    assert_eq!(challenge.text("obfuscated_value"), "***********18");
    let code = node.code(PHONE).await;
    let answer = node.answered(&challenge.text("auth_otp"), &code).await;
    assert_eq!(Person::of(&answer).id, id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_number_gets_one_code_in_thirty_seconds_by_details_and_by_signing_in() {
    let node = TestNode::start().await;
    desk(&node).await;
    let details = [("PHONE", PHONE), ("EMAIL", EMAIL)];
    let by_itself = asks("SMS", &[("PHONE", PHONE)]);
    let by_itself = || node.app("/contacts/otp", &by_itself);
    asked(&node, "SMS", &details).await;
    assert_eq!(node.inbox().await.len(), 1);
    let soon = by_itself().send().await;
    assert_eq!(soon.problem(), refused(429, "too_many_requests"));
    node.clock.advance(SEND_PAUSE);
    // Nobody signs in by it: it is counted all the same.
    assert_eq!(by_itself().send().await.status, 200);
    let soon = node.app("/contacts/otp", &asks("SMS", &details));
    let soon = soon.send().await;
    assert_eq!(soon.problem(), refused(429, "too_many_requests"));
    assert_eq!(node.inbox().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whether_details_match_is_not_told_by_the_number_that_their_code_goes_to() {
    let node = TestNode::start().await;
    desk(&node).await;
    let by_itself = asks("SMS", &[("PHONE", SECOND)]);
    for (details, sent) in [
        ([("CARD", CARD), ("EMAIL", EMAIL)], 1),
        ([("CARD", CARD), ("EMAIL", "nobody@example.test")], 0),
    ] {
        let before = node.inbox().await.len();
        asked(&node, "SMS", &details).await;
        assert_eq!(node.inbox().await.len(), before + sent);
        let asked_for = node.app("/contacts/otp", &by_itself).send().await;
        assert_eq!(asked_for.status, 200, "{asked_for:?}");
        node.clock.advance(SEND_PAUSE);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn details_that_do_not_match_look_the_same_and_reach_nobody() {
    let node = TestNode::start().await;
    desk(&node).await;
    let other = json!({ "code": "OTHER", "email_address": "other@example.test" });
    let other = node.post("/contacts", &other);
    let other = other.with("api_key", &node.secret_key("test")).send().await;
    assert_eq!(other.status, 201);
    for credentials in [
        // Another contact's, and nobody's.
        [("CARD", CARD), ("EMAIL", "other@example.test")],
        [("CARD", CARD), ("EMAIL", "nobody@example.test")],
        [("CARD", "1"), ("LOYALTY_IDENTIFIER", CARD)],
    ] {
        let challenge = asked(&node, "SMS", &credentials).await;
        assert_eq!(challenge.text("obfuscated_value"), "**********");
        let refusal = node.answered(&challenge.text("auth_otp"), "000000").await;
        assert_eq!(refusal.problem(), refused(401, "otp_invalid"));
        node.clock.advance(Span::seconds(16 * 60));
    }
    assert!(node.inbox().await.is_empty());
    // One detail is not enough, however often it is said.
    for credentials in [
        vec![("CARD", CARD)],
        vec![("CARD", CARD), ("LOYALTY_IDENTIFIER", CARD)],
        vec![("EMAIL", EMAIL)],
    ] {
        let ask = node.app("/contacts/otp", &asks("SMS", &credentials));
        let answer = ask.send().await;
        assert_eq!(answer.problem(), refused(422, "invalid_request"));
    }
    assert!(node.inbox().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_phone_of_a_contact_is_asked_for_codes_no_oftener_by_other_details() {
    let node = TestNode::start().await;
    desk(&node).await;
    asked(&node, "SMS", &[("CARD", CARD), ("EMAIL", EMAIL)]).await;
    assert_eq!(node.inbox().await.len(), 1);
    // Silently: a refusal would tell that both are one contact's.
    asked(&node, "SMS", &[("EMAIL", EMAIL), ("CARD", CARD)]).await;
    assert_eq!(node.inbox().await.len(), 1);
    let soon = node.app(
        "/contacts/otp",
        &asks("SMS", &[("CARD", CARD), ("EMAIL", EMAIL)]),
    );
    assert_eq!(
        soon.send().await.problem(),
        refused(429, "too_many_requests")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_code_can_be_asked_for_a_transaction_and_forgives_nothing() {
    let node = TestNode::start().await;
    let registered = node
        .app("/contacts/register", &crate::app::ada(PHONE))
        .send()
        .await;
    let first = registered.text("auth_otp");
    let code = node.code(PHONE).await;
    for _ in 0..4 {
        node.answered(&first, &crate::access::wrong(&code)).await;
    }
    let again = asks("SMS", &[("AUTH_OTP", &first)]);
    let soon = node.app("/contacts/otp", &again).send().await;
    assert_eq!(soon.problem(), refused(429, "too_many_requests"));
    node.clock.advance(SEND_PAUSE);
    let second = node.app("/contacts/otp", &again).send().await;
    assert_eq!(second.status, 200, "{second:?}");
    let second = second.text("auth_otp");
    let code = node.code(PHONE).await;
    let fifth = node.answered(&second, &crate::access::wrong(&code)).await;
    assert_eq!(fifth.problem(), refused(401, "otp_invalid"));
    let locked = node.answered(&second, &code).await;
    assert_eq!(locked.problem(), refused(429, "too_many_requests"));
    let unknown = node.app("/contacts/otp", &asks("SMS", &[("AUTH_OTP", "x")]));
    assert_eq!(unknown.send().await.problem(), refused(401, "otp_invalid"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_code_for_a_registration_finishes_it() {
    let node = TestNode::start().await;
    let registered = node
        .app("/contacts/register", &crate::app::ada(PHONE))
        .send()
        .await;
    node.clock.advance(SEND_PAUSE);
    let again = asks("SMS", &[("AUTH_OTP", &registered.text("auth_otp"))]);
    let again = node.app("/contacts/otp", &again).send().await;
    let answer = node
        .answered(&again.text("auth_otp"), &node.code(PHONE).await)
        .await;
    let person = Person::of(&answer);
    // It acts for itself, as long as there are no communities.
    let path = format!("/contacts/{}/switch", person.id);
    let switched = node.own(Method::POST, &path, &person.access).send().await;
    assert_eq!(Person::of(&switched).access, person.access);
    assert_eq!(
        switched.json()["initial_contact"],
        switched.json()["contact"]
    );
    let other = "/contacts/69691e1e-1d90-4355-8b78-acd41ef577f4/switch";
    let other = node.own(Method::POST, other, &person.access).send().await;
    assert_eq!(other.problem(), refused(404, "not_found"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_true_of_a_contact_opens_it_beside_what_it_alone_has() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let path = format!("/contacts/{}", person.id);
    // The business knows its address: what it says of itself alone would find nobody.
    let known = json!({ "email_address": EMAIL });
    let known = node.trial(Method::PUT, &path, Some(&known)).send().await;
    assert_eq!(known.status, 200, "{known:?}");
    let said = json!({ "demographics": {
        "date_of_birth": { "year": 1815, "month": 12, "day": 10 },
        "passport": { "number": "AB 123", "issuing_country_code": "GBR", "expiration_date": 4_000_000_000_i64 },
        "id_details": { "number": "ID-7", "issuing_country_code": "GBR", "expiration_date": 4_000_000_000_i64 },
        "statutory_number": "QQ 12 34 56 C",
    } });
    let about = node.own(Method::PUT, &path, &person.access);
    let about = about.with("content-type", "application/json").body(&said);
    let about = about.send().await;
    assert_eq!(about.status, 200, "{about:?}");
    let email = ("EMAIL", EMAIL);
    let tries = [
        (vec![email, ("BIRTHDATE", "1815-12-10")], true),
        (vec![("PASSPORT", "ab123"), email], true),
        (
            vec![email, ("ID_NUMBER", "id-7"), ("STATUTORY_ID", "QQ123456C")],
            true,
        ),
        (vec![email, ("BIRTHDATE", "1815-12-11")], false),
        (vec![email, ("PASSPORT", "ID-7")], false),
        (
            vec![email, ("ID_NUMBER", "ID-7"), ("STATUTORY_ID", "QQ123456D")],
            false,
        ),
        (
            vec![("EMAIL", "b@example.test"), ("BIRTHDATE", "1815-12-10")],
            false,
        ),
    ];
    for (credentials, is_known) in tries {
        node.clock.advance(Span::seconds(3_700));
        let before = node.inbox().await.len();
        let challenge = asked(&node, "SMS", &credentials).await;
        assert_eq!(challenge.text("obfuscated_value"), "**********");
        let sent = node.inbox().await.len() - before;
        assert_eq!(sent, usize::from(is_known), "{credentials:?}");
        let code = match is_known {
            true => node.code(PHONE).await,
            false => "000000".to_owned(),
        };
        let answer = node.answered(&challenge.text("auth_otp"), &code).await;
        match is_known {
            true => assert_eq!(Person::of(&answer).id, person.id),
            false => assert_eq!(answer.problem(), refused(401, "otp_invalid")),
        }
    }
    let before = node.inbox().await.len();
    for credentials in [
        // True of many, or of no day.
        vec![("BIRTHDATE", "1815-12-10"), ("PASSPORT", "AB 123")],
        vec![("BIRTHDATE", "1815-12-10")],
        vec![email, ("BIRTHDATE", "10.12.1815")],
        vec![email, ("BIRTHDATE", "1815-13-10")],
        vec![email, ("PASSPORT", " ")],
    ] {
        let ask = node.app("/contacts/otp", &asks("SMS", &credentials));
        let answer = ask.send().await;
        assert_eq!(
            answer.problem(),
            refused(422, "invalid_request"),
            "{credentials:?}"
        );
    }
    assert_eq!(node.inbox().await.len(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_business_wrote_of_a_contact_opens_it_until_it_writes_otherwise() {
    let mut node = TestNode::start().await;
    let document = |number: &str| json!({ "number": number, "issuing_country_code": "GBR", "expiration_date": 4_000_000_000_i64 });
    let about = json!({
        "date_of_birth": { "year": 1815, "month": 12, "day": 10 },
        "passport": document("AB 123"), "id_details": document("ID-7"), "statutory_number": "QQ 12 34 56 C",
    });
    let till = |node: &TestNode, method: Method, path: &str, body: &Value| {
        node.ask(method, &format!("/backoffice/v2{path}"))
            .with("api_key", &node.secret_key("test"))
            .with("content-type", "application/json")
            .body(body)
    };
    let body = json!({ "code": "DESK", "email_address": EMAIL, "phones": [{ "number": PHONE }], "demographics": about });
    let created = till(&node, Method::POST, "/contacts", &body).send().await;
    assert_eq!(created.status, 201, "{created:?}");
    let path = format!("/contacts/{}", created.text("id"));
    let wrong =
        json!({ "demographics": { "date_of_birth": { "year": 1815, "month": 2, "day": 30 } } });
    for (method, path) in [(Method::POST, "/contacts"), (Method::PUT, &path)] {
        let refusal = till(&node, method, path, &wrong).send().await;
        assert_eq!(refusal.problem(), refused(422, "invalid_request"));
        let pointer = &refusal.json()["errors"][0]["pointer"];
        assert_eq!(pointer, "/demographics/date_of_birth");
    }
    // Whatever else is changed, it stays.
    let named = till(&node, Method::PUT, &path, &json!({ "first_name": "Ada" }));
    assert_eq!(named.send().await.status, 200);
    node.restart().await;
    let shown = till(&node, Method::GET, &path, &json!({})).send().await;
    let shown = shown.json();
    assert_eq!(shown["demographics"]["passport"], about["passport"]);
    assert_eq!(
        shown["demographics"]["date_of_birth"],
        about["date_of_birth"]
    );
    let email = ("EMAIL", EMAIL);
    for details in [
        vec![email, ("BIRTHDATE", "1815-12-10")],
        vec![email, ("PASSPORT", "AB123")],
        vec![email, ("ID_NUMBER", "ID-7"), ("STATUTORY_ID", "QQ123456C")],
    ] {
        node.clock.advance(Span::seconds(3_700));
        let challenge = asked(&node, "SMS", &details).await;
        let code = node.code(PHONE).await;
        let answer = node.answered(&challenge.text("auth_otp"), &code).await;
        assert_eq!(Person::of(&answer).id, created.text("id"));
    }
    let sent = node.inbox().await.len();
    for about in [
        json!({ "date_of_birth": { "year": 1815, "month": 12, "day": 11 } }),
        Value::Null,
    ] {
        let changed = till(&node, Method::PUT, &path, &json!({ "demographics": about }));
        assert_eq!(changed.send().await.status, 200);
        node.clock.advance(Span::seconds(3_700));
        asked(&node, "SMS", &[email, ("BIRTHDATE", "1815-12-10")]).await;
        node.clock.advance(Span::seconds(3_700));
        asked(&node, "SMS", &[email, ("PASSPORT", "AB123")]).await;
    }
    assert_eq!(node.inbox().await.len(), sent);
    let shown = till(&node, Method::GET, &path, &json!({})).send().await;
    assert_eq!(shown.json()["demographics"], Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_credential_is_told_where_it_stands_in_the_request() {
    let node = TestNode::start().await;
    let wrong = |credentials: &[Value]| json!({ "method": "SMS", "credentials": credentials });
    let phone = json!({ "name": "PHONE", "value": "07566224395" });
    let card = json!({ "name": "CARD", "value": CARD });
    let elsewhere = json!({ "name": "PHONE", "value": "07566224395", "country_code": "ZZZ" });
    let of_card = json!({ "name": "CARD", "value": CARD, "country_code": "GBR" });
    for (body, index, member) in [
        (wrong(std::slice::from_ref(&phone)), 0, "value"),
        (wrong(&[card.clone(), phone.clone()]), 1, "value"),
        (wrong(&[elsewhere]), 0, "value"),
        (wrong(&[phone_of_gbr(), of_card]), 1, "country_code"),
    ] {
        let refusal = node.app("/contacts/otp", &body).send().await;
        assert_eq!(refusal.problem(), refused(422, "invalid_request"));
        let fault = &refusal.json()["errors"][0];
        let pointer = fault["pointer"].as_str().unwrap();
        assert_eq!(
            body.pointer(pointer),
            Some(&body["credentials"][index][member]),
            "{pointer}"
        );
        if member == "value" {
            let detail = fault["detail"].as_str().unwrap();
            assert!(detail.contains("with + and country"), "{detail}");
            assert!(detail.contains("country_code"), "{detail}");
        }
    }
    // As it is dialled at home, with the country beside it.
    node.signed_up("+447566224395").await;
    node.clock.advance(SEND_PAUSE);
    let sent = node
        .app("/contacts/otp", &wrong(&[phone_of_gbr()]))
        .send()
        .await;
    assert_eq!(sent.status, 200, "{sent:?}");
    let code = node.code("+447566224395").await;
    Person::of(&node.answered(&sent.text("auth_otp"), &code).await);
}

fn phone_of_gbr() -> Value {
    json!({ "name": "PHONE", "value": "07566224395", "country_code": "GBR" })
}
