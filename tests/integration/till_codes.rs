//! A till makes sure of who stands before it: a code goes to where the business reaches the contact, and the contact says it.

use clientele::domain::access::{LOCKED_FOR, OTP_LASTS};
use clientele::domain::directory_entry::SEND_PAUSE;
use http::Method;
use serde_json::{Value, json};

use crate::access::wrong;
use crate::client::{Answer, Ask};
use crate::contact_changes::{looks, refused};
use crate::keys::strangers;
use crate::node::TestNode;
use crate::own_data::till;

const PHONE: &str = "+442079460018";
const EMAIL: &str = "ada@example.test";

/// A contact that the business made, with a phone and an e-mail address; its id.
async fn desk(node: &TestNode) -> String {
    let body = json!({ "code": "DESK", "first_name": "Ada", "email_address": "Ada@Example.test",
        "phones": [{ "number": "020 7946 0018", "country_code": "GBR" }] });
    let created = till(node, "/contacts", &body).send().await;
    assert_eq!(created.status, 201, "{created:?}");
    created.text("id")
}

fn asking(node: &TestNode, contact: &str, method: &str) -> Ask {
    let path = format!("/contacts/{contact}/otp");
    till(node, &path, &json!({ "method": method }))
}

/// Has a code sent; the transaction.
async fn asked(node: &TestNode, contact: &str, method: &str) -> String {
    let answer = asking(node, contact, method).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.text("auth_otp")
}

fn saying(node: &TestNode, contact: &str, auth_otp: &str, code: &str) -> Ask {
    let path = format!("/contacts/{contact}/validate_otp");
    till(node, &path, &json!({ "auth_otp": auth_otp, "code": code }))
}

async fn said(node: &TestNode, contact: &str, auth_otp: &str, code: &str) -> Answer {
    saying(node, contact, auth_otp, code).send().await
}

fn invalid() -> (u16, String) {
    refused(401, "otp_invalid")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_till_hears_once_that_the_code_is_right_and_goes_on_with_the_contact() {
    let node = TestNode::start().await;
    let id = desk(&node).await;
    let challenge = asking(&node, &id, "SMS").send().await;
    assert_eq!(challenge.status, 200, "{challenge:?}");
    assert_eq!(challenge.text("obfuscated_value"), "***********18");
    let auth_otp = challenge.text("auth_otp");
    let message = node.inbox().await.remove(0);
    assert_eq!(
        (&message["recipient"], &message["channel"]),
        (&json!(PHONE), &json!("SMS"))
    );
    let code = node.code(PHONE).await;
    let refusal = said(&node, &id, &auth_otp, &wrong(&code)).await;
    assert_eq!(refusal.problem(), invalid());
    // The answer is lost, and asked for again.
    let right = || saying(&node, &id, &auth_otp, &code).with("idempotency-key", "till-1");
    for _ in 0..2 {
        let right = right().send().await;
        assert_eq!((right.status, right.body.len()), (204, 0), "{right:?}");
    }
    let again = said(&node, &id, &auth_otp, &code).await;
    assert_eq!(again.problem(), invalid());

    let sale = |rest: Value| {
        let body = json!({ "contact": { "id": id }, "transaction_amounts": { "total": 100 },
            "organisation": { "id": node.seed.organisations.merchants[0].venues[0].id } });
        till(&node, "/purchases", &crate::commerce::merged(body, &rest)).send()
    };
    let offer = crate::commerce::offer_body("Five", &json!({}));
    let offer = till(&node, "/reward_offers", &offer).send().await;
    assert_eq!(offer.status, 201, "{offer:?}");
    let earned = sale(json!({})).await.json()["rewards"]["award"].clone();
    assert!(earned.as_f64().unwrap() > 0.0, "{earned}");
    let spend = json!({ "spend_request": { "amount": earned, "restrict_fully_covered": true } });
    let spent = sale(spend).await;
    assert_eq!(spent.json()["rewards"]["spend"], earned, "{spent:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_for_the_till_goes_by_e_mail_and_in_the_shape_of_version_1() {
    let node = TestNode::start().await;
    let id = desk(&node).await;
    let version_1 = |path: &str, body: &Value| {
        node.ask(Method::POST, &format!("/backoffice/v1/contacts/{path}"))
            .with("api_key", &node.secret_key("test"))
            .with("content-type", "application/json")
            .body(body)
    };
    let ask = json!({ "send_method": "EMAIL" });
    let other = version_1(&format!("{id}/otp"), &json!({ "method": "EMAIL" }));
    assert_eq!(other.send().await.status, 422);
    // By its code as well as by its id.
    let challenge = version_1("DESK/otp", &ask).send().await;
    assert_eq!(challenge.status, 200, "{challenge:?}");
    assert_eq!(challenge.text("obfuscated_value"), "a*****@example.test");
    let message = node.inbox().await.remove(0);
    assert_eq!(message["subject"], "Your code for the till");
    assert_eq!(message["recipient"], EMAIL);
    let answer = json!({ "auth_otp": challenge.text("auth_otp"), "code": node.code(EMAIL).await });
    let right = version_1("DESK/validate-otp", &answer).send().await;
    assert_eq!(right.status, 204, "{right:?}");
    let used = version_1(&format!("{id}/validate_otp"), &answer);
    assert_eq!(used.send().await.problem(), invalid());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_for_the_till_opens_nothing_else_and_nothing_else_is_taken_for_it() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let other = desk_of(&node, "OTHER", "other@example.test").await;
    node.clock.advance(SEND_PAUSE);
    let at_till = asked(&node, &person.id, "SMS").await;
    let code = node.code(PHONE).await;
    assert_eq!(node.answered(&at_till, &code).await.problem(), invalid());
    let again =
        json!({ "method": "SMS", "credentials": [{ "name": "AUTH_OTP", "value": at_till }] });
    node.clock.advance(SEND_PAUSE);
    let again = node.app("/contacts/otp", &again).send().await;
    assert_eq!(again.problem(), invalid());
    // Another contact's till, and one of another world.
    let elsewhere = said(&node, &other, &at_till, &code).await;
    assert_eq!(elsewhere.problem(), invalid());
    let (their_key, _) = strangers(&node).await;
    for key in [&their_key, &node.secret_key("live")] {
        for ask in [
            asking(&node, &person.id, "SMS"),
            saying(&node, &person.id, &at_till, &code),
        ] {
            let foreign = ask.with("api_key", key).send().await;
            let unknown = "69691e1e-1d90-4355-8b78-acd41ef577f4";
            let unknown = asking(&node, unknown, "SMS").with("api_key", key);
            assert_eq!(looks(&foreign), looks(&unknown.send().await));
            assert_eq!(foreign.problem(), refused(404, "not_found"));
        }
    }
    // None of that was a guess, and the code is as good as before.
    let right = said(&node, &person.id, &at_till, &code).await;
    assert_eq!(right.status, 204, "{right:?}");

    let sign_in = node.asked(PHONE).await;
    let code = node.code(PHONE).await;
    let refusal = said(&node, &person.id, &sign_in, &code).await;
    assert_eq!(refusal.problem(), invalid());
    assert_eq!(node.answered(&sign_in, &code).await.status, 200);
}

/// A contact that the business reaches by e-mail alone; its id.
async fn desk_of(node: &TestNode, code: &str, email: &str) -> String {
    let body = json!({ "code": code, "email_address": email });
    let created = till(node, "/contacts", &body).send().await;
    assert_eq!(created.status, 201, "{created:?}");
    created.text("id")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_wrong_codes_at_a_till_are_all_whatever_happens_between_them() {
    let mut node = TestNode::start_with(|config| config.actors.resident_max = Some(64)).await;
    let id = desk(&node).await;
    let auth_otp = asked(&node, &id, "SMS").await;
    let code = node.code(PHONE).await;
    for _ in 0..2 {
        let refusal = said(&node, &id, &auth_otp, &wrong(&code)).await;
        assert_eq!(refusal.problem(), invalid());
    }
    node.restart().await;
    for _ in 0..2 {
        let refusal = said(&node, &id, &auth_otp, &wrong(&code)).await;
        assert_eq!(refusal.problem(), invalid());
    }
    // Others take its room.
    for number in 0..200 {
        node.ask_for_code(&format!("+4420794{number:05}"))
            .await
            .unwrap();
    }
    // By another way, to another destination: what was wrong counts on.
    let by_mail = asked(&node, &id, "EMAIL").await;
    let right = node.code(EMAIL).await;
    let fifth = said(&node, &id, &by_mail, &wrong(&right)).await;
    assert_eq!(fifth.problem(), invalid());
    let locked = said(&node, &id, &by_mail, &right).await;
    assert_eq!(locked.problem(), refused(429, "too_many_requests"));
    assert!(locked.headers.contains_key("retry-after"));
    node.clock.advance(LOCKED_FOR);
    let late = said(&node, &id, &by_mail, &right).await;
    assert_eq!(late.problem(), invalid(), "it has run out meanwhile");
    let auth_otp = asked(&node, &id, "SMS").await;
    let code = node.code(PHONE).await;
    node.clock.advance(OTP_LASTS);
    let late = said(&node, &id, &auth_otp, &code).await;
    assert_eq!(late.problem(), invalid());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_tills_that_say_one_code_exactly_one_is_told_that_it_is_right() {
    let node = TestNode::start().await;
    let id = desk(&node).await;
    for _ in 0..3 {
        let auth_otp = asked(&node, &id, "SMS").await;
        let code = node.code(PHONE).await;
        let begun = [0, 1].map(|_| saying(&node, &id, &auth_otp, &code).begin());
        let mut statuses = Vec::new();
        for one in begun {
            statuses.push(one.answer().await.status);
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 401]);
        node.clock.advance(SEND_PAUSE);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_phone_gets_one_code_in_thirty_seconds_whatever_it_is_for() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let soon = asking(&node, &person.id, "SMS").send().await;
    assert_eq!(soon.problem(), refused(429, "too_many_requests"));
    node.clock.advance(SEND_PAUSE);
    let ask = || asking(&node, &person.id, "SMS").with("idempotency-key", "ask-1");
    let first = ask().send().await;
    assert_eq!(first.status, 200, "{first:?}");
    assert_eq!(ask().send().await.body, first.body, "a retry sends nothing");
    let sent = node.inbox().await.len();
    assert_eq!(sent, 2);
    let body = json!({ "method": "SMS", "credentials": [{ "name": "PHONE", "value": PHONE }] });
    let soon = node.app("/contacts/otp", &body).send().await;
    assert_eq!(soon.problem(), refused(429, "too_many_requests"));
    // A tenant may want fewer.
    node.clock.advance(SEND_PAUSE);
    let settings = json!({ "uncovered_offline_spend": "REJECT",
        "rate_limits": { "destination": { "requests": 1, "seconds": 3_600 } } });
    let set = crate::commerce::put(&node, "/settings", &settings);
    let set = set.with("api_key", &node.secret_key("test")).send().await;
    assert_eq!(set.status, 200, "{set:?}");
    asked(&node, &person.id, "SMS").await;
    node.clock.advance(SEND_PAUSE);
    let over = asking(&node, &person.id, "SMS").send().await;
    assert_eq!(over.problem(), refused(429, "too_many_requests"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_for_the_till_is_refused_where_it_can_reach_nobody() {
    let node = TestNode::start().await;
    let mail = desk_of(&node, "MAIL", EMAIL).await;
    let unreached = asking(&node, &mail, "SMS").send().await;
    assert_eq!(unreached.problem(), refused(422, "invalid_request"));
    assert_eq!(unreached.json()["errors"][0]["pointer"], "/method");
    for body in [
        json!({}),
        json!({ "method": "PIGEON" }),
        json!({ "method": "SMS", "to": PHONE }),
    ] {
        let answer = till(&node, &format!("/contacts/{mail}/otp"), &body);
        assert_eq!(answer.send().await.status, 422, "{body}");
    }
    let live = json!({ "code": "LIVE", "email_address": EMAIL });
    let live = node.post("/contacts", &live).send().await.text("id");
    let ask = node.post(
        &format!("/contacts/{live}/otp"),
        &json!({ "method": "EMAIL" }),
    );
    assert_eq!(ask.send().await.problem(), refused(400, "no_integration"));
    assert!(node.inbox().await.is_empty());
    let erased = crate::contact_changes::delete(&node, &format!("/contacts/{mail}"));
    let erased = erased
        .with("api_key", &node.secret_key("test"))
        .send()
        .await;
    assert_eq!(erased.status, 204, "{erased:?}");
    let gone = asking(&node, &mail, "EMAIL").send().await;
    assert_eq!(gone.problem(), refused(404, "not_found"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_guesses_at_tills_is_refused_the_right_code() {
    let node = TestNode::start().await;
    let id = desk(&node).await;
    let auth_otp = asked(&node, &id, "SMS").await;
    let code = node.code(PHONE).await;
    let nonsense = "0".repeat(64);
    for _ in 0..clientele::limits::WRONG_FROM_AN_ADDRESS_MAX {
        let guess = said(&node, &id, &nonsense, "000000").await;
        assert_eq!(guess.problem(), invalid());
    }
    let right = said(&node, &id, &auth_otp, &code).await;
    assert_eq!(right.problem(), refused(429, "too_many_requests"));
}
