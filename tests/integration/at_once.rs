//! A caller that is impatient sends a creation many times at once under one key: one thing is created, and everyone gets its answer.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::{Answer, Ask};
use crate::contact_changes::refused;
use crate::node::TestNode;

const SENT: usize = 16;

/// Sends a creation many times at once under one key, and once more after a restart; the answer.
async fn created_once(node: &mut TestNode, path: &str, body: &Value, other: &Value) -> Answer {
    let ask = |node: &TestNode, body: &Value| -> Ask {
        node.post(path, body).with("idempotency-key", "one")
    };
    let begun: Vec<_> = (0..SENT).map(|_| ask(node, body).begin()).collect();
    let mut answers = Vec::new();
    for pending in begun {
        answers.push(pending.answer().await);
    }
    node.restart().await;
    answers.push(ask(node, body).send().await);
    let first = answers[0].clone();
    for answer in &answers {
        assert_eq!((answer.status, &answer.body), (201, &first.body), "{path}");
    }
    let reused = ask(node, other).send().await;
    assert_eq!(
        reused.problem(),
        refused(422, "idempotency_key_reused"),
        "{path}"
    );
    first
}

/// How many of a list have this name.
async fn named(node: &TestNode, path: &str, name: &str) -> usize {
    let page = node.get(path).send().await.json();
    let content = page["content"].as_array().unwrap().iter();
    content.filter(|it| it["name"] == name).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_with_one_key_one_is_created() {
    let mut node = TestNode::start().await;
    let owner = node.seed.organisations.service_owner.clone();
    let awards = json!([{ "amount": 1, "amount_type": "FIXED" }]);
    for (path, list, rest) in [
        (
            "/reward_offers",
            "/reward_offers?size=100".to_owned(),
            json!({ "awards": awards }),
        ),
        (
            "/api_keys",
            "/api_keys?size=100".to_owned(),
            json!({ "scopes": ["purchases.write"] }),
        ),
        (
            "/organisations",
            format!("/organisations/{owner}/network?size=100"),
            json!({ "type": "MERCHANT", "tap_code": "ONE" }),
        ),
    ] {
        let body = |name: &str| {
            let mut body = rest.clone();
            body["name"] = json!(name);
            body
        };
        created_once(&mut node, path, &body("One"), &body("Another")).await;
        assert_eq!(named(&node, &list, "One").await, 1, "{path}");
        assert_eq!(named(&node, &list, "Another").await, 0, "{path}");
    }
    let body = |name: &str| json!({ "first_name": name, "email_address": "one@example.test" });
    let made = created_once(&mut node, "/contacts", &body("One"), &body("Another")).await;
    let found = node.get("/contacts?email_address=one@example.test");
    let found = found.send().await.json();
    assert_eq!(found["content"][0]["id"], json!(made.text("id")));
    assert_eq!(found["content"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_two_wallets_have_the_same_code() {
    let node = TestNode::start().await;
    let make = |number: usize| {
        let body = json!({ "first_name": "Ada", "code": format!("A{number}") });
        node.post("/contacts", &body)
    };
    let begun: Vec<_> = (0..100).map(|number| make(number).begin()).collect();
    let mut codes = BTreeSet::new();
    for pending in begun {
        let id = pending.answer().await.text("id");
        let contact = node.get(&format!("/contacts/{id}")).send().await.json();
        let wallet = contact["wallet"]["id"].as_str().unwrap();
        let wallet = node.get(&format!("/wallets/{wallet}")).send().await;
        codes.insert(wallet.text("code"));
    }
    assert_eq!(codes.len(), 100);
    for code in codes {
        let digits = code.chars().rev().map(|it| it.to_digit(10).unwrap());
        // Every second digit from the right counts twice, as the sum of its own digits (Luhn).
        let sum: u32 = digits
            .zip([1, 2].into_iter().cycle())
            .map(|(digit, times)| digit * times / 10 + digit * times % 10)
            .sum();
        assert_eq!((code.len(), sum % 10), (16, 0), "{code}");
    }
}
