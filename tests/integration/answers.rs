//! What every answer carries.

use std::time::Duration;

use clientele::limits::TELLING_TIME_STEP;
use http::Method;
use serde_json::json;

use crate::node::{Answer, TestNode};

/// The milliseconds of a stage.
fn stage(answer: &Answer, name: &str) -> f64 {
    answer
        .header("server-timing")
        .split(", ")
        .filter_map(|entry| entry.split_once(";dur="))
        .find(|(stage, _)| *stage == name)
        .map(|(_, duration)| duration.parse().unwrap())
        .unwrap_or_else(|| panic!("no stage {name} in {answer:?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_journals_time_is_told_apart() {
    let node = TestNode::start().await;
    let delay = Duration::from_millis(20);
    node.gate.delay_syncs(delay);
    let award = node.purchase(node.contact(0), 20, "slow").send().await;
    assert_eq!(award.status, 200, "{award:?}");
    assert!(node.gate.fired().delayed_syncs > 0);
    assert!(stage(&award, "journal") >= delay.as_secs_f64() * 1_000.0);
    for name in ["admit", "queue", "decide"] {
        assert!(stage(&award, name) >= 0.0);
    }
    // What is durable already waits for nothing.
    let read = node.wallet(node.contact(1)).send().await;
    assert!(stage(&read, "journal") < stage(&award, "journal"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_says_what_it_is_called_and_what_took_how_long() {
    let node = TestNode::start().await;
    let buyer = node.contact(0);
    let mut names = std::collections::BTreeSet::new();
    for (status, request) in [
        (200, node.purchase(buyer, 20, "a")),
        (200, node.wallet(buyer)),
        (400, node.spend(buyer, 500, "b")),
        (401, node.wallet(buyer).with("api_key", "sk_live_")),
        (422, node.post("/purchases", &json!({}))),
        (415, node.ask(Method::POST, "/backoffice/v2/purchases")),
        (404, node.get("/wallets/none")),
        (404, node.ask(Method::GET, "/no/such/path")),
        (405, node.ask(Method::DELETE, "/backoffice/v2/contacts")),
        (200, node.ask(Method::GET, "/backoffice/docs/")),
        (200, node.ask(Method::GET, "/backoffice/openapi.json")),
        (200, node.ask(Method::GET, "/errors/not_found")),
    ] {
        let answer = request.send().await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert!(stage(&answer, "admit") >= 0.0);
        assert!(names.insert(answer.header("x-request-id").to_owned()));
        if status >= 400 {
            let media_type = answer.header("content-type");
            assert_eq!(media_type, "application/problem+json");
            assert_eq!(answer.text("request_id"), answer.header("x-request-id"));
        }
    }
    assert!(!names.contains(""));
    let named = node.wallet(buyer).with("x-request-id", "till-7").send();
    assert_eq!(named.await.header("x-request-id"), "till-7");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_caller_has_already_is_not_sent_again() {
    let node = TestNode::start().await;
    let buyer = node.contact(0);
    let award = node.purchase(buyer, 20, "a").send().await;
    for (path, changes) in [
        (format!("/wallets/{}", buyer.wallet_id), true),
        (format!("/contacts/{}", buyer.id), false),
        (format!("/purchases/{}", award.text("id")), false),
    ] {
        let shown = node.get(&path).send().await;
        assert_eq!(shown.status, 200, "{shown:?}");
        let tag = shown.header("etag").to_owned();
        let again = node.get(&path).with("if-none-match", &tag);
        let unchanged = again.clone().send().await;
        assert_eq!((unchanged.status, unchanged.body.len()), (304, 0));
        assert_eq!(unchanged.header("etag"), tag);
        assert!(stage(&unchanged, "admit") >= 0.0);
        let other = node.get(&path).with("if-none-match", "\"other\"");
        assert_eq!(other.send().await.body, shown.body);

        let more = node.purchase(buyer, 20, &path).send().await;
        assert_eq!(more.status, 200, "{more:?}");
        let after = again.send().await;
        assert_eq!(after.status, if changes { 200 } else { 304 });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_takes_even_time_tells_no_other_by_its_stages() {
    let node = TestNode::start().await;
    let email = "nobody@example.test";
    let step = TELLING_TIME_STEP.as_secs_f64() * 1_000.0;
    for (path, body) in [
        ("/contacts/forgot_password", json!({ "username": email })),
        (
            "/contacts/otp",
            json!({ "method": "SMS", "credentials": [{ "name": "PHONE", "value": "+442079460018" }] }),
        ),
        ("/contacts/register", crate::app::ada("+442079460019")),
    ] {
        let answer = node.app(path, &body).send().await;
        assert!(answer.status < 300, "{path}: {answer:?}");
        assert!(stage(&answer, "admit") >= step, "{path}: {answer:?}");
        for name in ["queue", "decide", "journal"] {
            assert!(stage(&answer, name) <= 0.0, "{path} {name}: {answer:?}");
        }
    }
}
