//! A contact makes a token with its app, and buys with it at a till: once, for minutes, and for itself alone.

use clientele::clock::Clock;
use clientele::domain::api_key::{Scope, Scopes};
use clientele::domain::time::Span;
use clientele::limits::SPEND_TOKEN_MISSES_MAX;
use http::Method;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::app::Person;
use crate::client::{Answer, Ask};
use crate::commerce::merged;
use crate::contact_changes::{looks, refused};
use crate::keys::strangers;
use crate::node::TestNode;
use crate::own_data::{OTHER, PHONE, till};

/// What a contact asks for to make a token.
fn making(node: &TestNode, person: &Person, body: &Value) -> Ask {
    let path = format!("/contacts/{}/tokens", person.id);
    node.own(Method::POST, &path, &person.access)
        .with("content-type", "application/json")
        .body(body)
}

/// A token of a contact.
async fn token(node: &TestNode, person: &Person, body: Value) -> Value {
    let made = making(node, person, &body).send().await;
    assert_eq!(made.status, 200, "{made:?}");
    made.json()
}

/// A purchase of 20.00 by whoever made the token, with more about it in `rest`.
fn buying(node: &TestNode, otp: &Value, rest: &Value) -> Ask {
    till(node, "/purchases", &merged(body(node, otp), rest))
}

fn body(node: &TestNode, otp: &Value) -> Value {
    json!({
        "contact": { "otp": otp },
        "organisation": { "id": node.seed.organisations.merchants[0].venues[0].id },
        "transaction_amounts": { "total": 20 },
    })
}

/// Somebody who is signed in and has 50.00.
async fn rich(node: &TestNode, phone: &str) -> Person {
    let person = node.signed_up(phone).await;
    let wallet = person.wallet(node).await;
    let paid = till(
        node,
        "/topups",
        &json!({ "wallet_id": wallet, "amount": 50 }),
    );
    assert_eq!(paid.send().await.status, 201);
    person
}

fn spent(answer: &Answer) -> Decimal {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["rewards"]["spend"]
        .to_string()
        .parse()
        .unwrap()
}

fn invalid() -> (u16, String) {
    refused(400, "spend_token_invalid")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_buys_once_and_a_retry_gets_the_same_answer() {
    let mut node = TestNode::start().await;
    let person = rich(&node, PHONE).await;
    let made = token(&node, &person, json!({ "intent": "SPEND" })).await;
    let life = made["expiration"].as_i64().unwrap() * 1_000 - node.clock.wall().0;
    assert!((298_000..=300_000).contains(&life), "{life}");
    let list = format!("/contacts/{}/tokens", person.id);
    let listed = person.sees(&node, format!("{list}?intent=SPEND")).await;
    assert_eq!(listed["content"], json!([made]));
    let other = person.sees(&node, format!("{list}?intent=APPROVE_PURCHASE"));
    assert_eq!(other.await["content"], json!([]));

    node.restart().await;
    let spend = json!({ "spend_request": { "amount": 4, "restrict_fully_covered": true } });
    // An estimate uses nothing up.
    let estimate = merged(body(&node, &made["value"]), &spend);
    let estimate = till(&node, "/purchases/estimates", &estimate);
    assert_eq!(spent(&estimate.send().await), Decimal::from(4));
    let buys = |key: &str| buying(&node, &made["value"], &spend).with("idempotency-key", key);
    let bought = buys("first").send().await;
    assert_eq!(spent(&bought), Decimal::from(4));
    assert_eq!(bought.json()["contact"]["id"], json!(person.id));
    assert_eq!(buys("another").send().await.problem(), invalid());
    let listed = person.sees(&node, list).await;
    assert_eq!(listed["content"], json!([]));
    // The answer was lost: also when the token has run out since.
    for late in [0, 600] {
        node.clock.advance(Span::seconds(late));
        assert_eq!(buys("first").send().await.body, bought.body, "{late}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sixteen_digits_say_the_same_as_the_picture() {
    let mut node = TestNode::start().await;
    let person = rich(&node, PHONE).await;
    let make = json!({ "intent": "SPEND" });
    let making = |node: &TestNode| making(node, &person, &make).with("idempotency-key", "t1");
    let made = making(&node).send().await;
    assert_eq!(made.status, 200, "{made:?}");
    node.restart().await;
    assert_eq!(making(&node).send().await.body, made.body);
    let digits = made.text("alternative_token");
    assert_eq!(digits.len(), 16);
    // As somebody types it.
    let typed = json!(format!("{} {}", &digits[..8], &digits[8..]));
    let buys = |node: &TestNode| buying(node, &typed, &json!({})).with("idempotency-key", "typed");
    let first = buys(&node).send().await;
    assert_eq!(first.status, 200, "{first:?}");
    for late in [0, 3_600] {
        node.clock.advance(Span::seconds(late));
        assert_eq!(buys(&node).send().await.body, first.body, "{late}");
        node.restart().await;
    }
    let picture = json!(made.text("value"));
    let again = buying(&node, &picture, &json!({})).send().await;
    assert_eq!(again.problem(), invalid());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_tills_with_one_token_exactly_one_sells() {
    let node = TestNode::start().await;
    let person = rich(&node, PHONE).await;
    for round in 0..4 {
        let made = token(
            &node,
            &person,
            json!({ "intent": "SPEND", "spend_amount": 1 }),
        )
        .await;
        let forms = [&made["value"], &made["alternative_token"]];
        let tills = forms.map(|otp| buying(&node, otp, &json!({})).begin());
        let mut statuses = Vec::new();
        for till in tills {
            statuses.push(till.answer().await.status);
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 400], "{round}");
    }
    let wallet = person.wallet(&node).await;
    let moved = person.sees(&node, format!("/wallets/{wallet}/journals?type=DEBIT"));
    assert_eq!(moved.await["content"].as_array().unwrap().len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_not_good_is_refused_alike_whatever_is_wrong_with_it() {
    let node = TestNode::start().await;
    let person = rich(&node, PHONE).await;
    let late = token(&node, &person, json!({ "intent": "SPEND" })).await;
    node.clock.advance(Span::seconds(300));
    let used = token(&node, &person, json!({ "intent": "SPEND" })).await;
    let first = buying(&node, &used["value"], &json!({})).send().await;
    assert_eq!(first.status, 200, "{first:?}");
    let good = token(&node, &person, json!({ "intent": "SPEND" })).await;
    let (their_key, _) = strangers(&node).await;
    let test = node.secret_key("test");
    let live = node.secret_key("live");
    let nothing = json!({ "value": "st_AAAA", "alternative_token": "0000000000000000" });
    let mut seen = Vec::new();
    for (tokens, key) in [
        (&nothing, &test),
        (&late, &test),
        (&used, &test),
        (&good, &live),
    ] {
        for form in ["value", "alternative_token"] {
            let ask = buying(&node, &tokens[form], &json!({})).with("api_key", key);
            seen.push(looks(&ask.send().await));
        }
    }
    assert_eq!(seen[0].0, 400);
    assert_eq!(seen[0].1["code"], "spend_token_invalid");
    assert_eq!(seen[0].1["error"], "CRM.EXCEPTIONS.NOTFOUNDEXCEPTION");
    assert!(seen.iter().all(|it| *it == seen[0]), "{seen:#?}");
    // A stranger's till asks first who buys, and is told the same.
    let theirs = buying(&node, &good["value"], &json!({})).with("api_key", &their_key);
    assert_eq!(looks(&theirs.send().await), seen[0]);
    let still = buying(&node, &good["value"], &json!({})).send().await;
    assert_eq!(still.status, 200, "{still:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_for_an_amount_spends_no_more() {
    let node = TestNode::start().await;
    let person = rich(&node, PHONE).await;
    let wish = |amount: u32, restrict: bool| json!({ "spend_request": { "amount": amount, "restrict_fully_covered": restrict } });
    for (rest, expected) in [(json!({}), 5), (wish(3, true), 3), (wish(20, false), 5)] {
        let make = json!({ "intent": "SPEND", "spend_amount": 5 });
        let made = token(&node, &person, make).await;
        assert_eq!(made["spend_amount"], 5);
        let refusal = buying(&node, &made["value"], &wish(6, true)).send().await;
        assert_eq!(refusal.problem(), refused(400, "wallet_limit_reached"));
        let bought = buying(&node, &made["value"], &rest).send().await;
        assert_eq!(spent(&bought), Decimal::from(expected), "{rest}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_approves_or_rejects_the_purchase_that_an_estimate_holds_money_for() {
    let node = TestNode::start().await;
    let person = rich(&node, PHONE).await;
    let other = rich(&node, OTHER).await;
    let venue = &node.seed.organisations.merchants[0].venues[0].id;
    let of = |estimate: Option<&str>| {
        json!({
            "contact": { "id": person.id }, "organisation": { "id": venue }, "estimate_id": estimate,
            "transaction_amounts": { "total": 20 }, "spend_request": { "amount": 8 },
        })
    };
    let held = async || {
        let body = merged(of(None), &json!({ "block_wallet_funds": true }));
        let estimate = till(&node, "/purchases/estimates", &body).send().await;
        assert_eq!(estimate.status, 200, "{estimate:?}");
        estimate.text("id")
    };
    let says = |intent: &str, estimate: &str| json!({ "intent": intent, "purchase": { "estimate_id": estimate } });
    let estimate = held().await;
    let stranger = making(&node, &other, &says("APPROVE_PURCHASE", &estimate));
    assert_eq!(
        stranger.send().await.problem(),
        refused(422, "invalid_request")
    );
    let approval = token(&node, &person, says("APPROVE_PURCHASE", &estimate)).await;
    let more = json!({ "spend_request": { "amount": 9, "restrict_fully_covered": true } });
    let more = buying(&node, &approval["value"], &more).send().await;
    assert_eq!(more.problem(), refused(400, "wallet_limit_reached"));
    let other_venue = &node.seed.organisations.merchants[1].venues[0].id;
    let elsewhere = json!({ "organisation": { "id": other_venue } });
    let elsewhere = buying(&node, &approval["value"], &elsewhere).send().await;
    assert_eq!(elsewhere.problem(), invalid());
    let approved = buying(
        &node,
        &approval["alternative_token"],
        &json!({ "spend_request": { "amount": 8 } }),
    );
    assert_eq!(spent(&approved.send().await), Decimal::from(8));
    let wallet = person.wallet(&node).await;
    let seen = person.sees(&node, format!("/wallets/{wallet}")).await;
    assert_eq!(seen["held"], 0);

    let estimate = held().await;
    let rejection = token(&node, &person, says("REJECT_PURCHASE", &estimate)).await;
    let seen = person.sees(&node, format!("/wallets/{wallet}")).await;
    assert_eq!(seen["held"], 0);
    let rejected = till(&node, "/purchases", &of(Some(&estimate))).send().await;
    assert_eq!(rejected.problem(), refused(400, "purchase_rejected"));
    let otp = buying(&node, &rejection["value"], &json!({})).send().await;
    assert_eq!(otp.problem(), invalid());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_signs_out_everywhere_takes_back_what_a_till_could_spend_with() {
    let node = TestNode::start().await;
    let person = rich(&node, PHONE).await;
    let shown = token(&node, &person, json!({ "intent": "SPEND" })).await;
    let everywhere = person
        .sign_out(&node)
        .body(&json!({ "all_sessions": true }));
    let everywhere = everywhere.with("content-type", "application/json");
    assert_eq!(everywhere.send().await.status, 204);
    let bought = buying(&node, &shown["value"], &json!({})).send().await;
    assert_eq!(bought.problem(), invalid());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_cannot_be_made_is_not() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let nobody = json!({ "estimate_id": "69691e1e-1d90-4355-8b78-acd41ef577f4" });
    for (body, status, code) in [
        (json!({ "intent": "GIVE" }), 422, "invalid_request"),
        (
            json!({ "intent": "SPEND", "spend_amount": 0 }),
            422,
            "invalid_request",
        ),
        (
            json!({ "intent": "SPEND", "spend_amount": 0.001 }),
            422,
            "invalid_request",
        ),
        (
            json!({ "intent": "SPEND", "purchase": nobody }),
            422,
            "invalid_request",
        ),
        (
            json!({ "intent": "APPROVE_PURCHASE" }),
            422,
            "invalid_request",
        ),
        (
            json!({ "intent": "REJECT_PURCHASE", "purchase": nobody }),
            422,
            "invalid_request",
        ),
        (
            json!({ "intent": "SPEND", "is_admin": true }),
            422,
            "unknown_field",
        ),
        (
            json!({ "intent": "SPEND", "community_id": "x" }),
            501,
            "not_built",
        ),
    ] {
        let answer = making(&node, &person, &body).send().await;
        assert_eq!(answer.problem(), refused(status, code), "{body}");
    }
    let list = format!("/contacts/{}/tokens", person.id);
    assert_eq!(person.sees(&node, list).await["content"], json!([]));
    for _ in 0..8 {
        token(&node, &person, json!({ "intent": "SPEND" })).await;
    }
    let ninth = making(&node, &person, &json!({ "intent": "SPEND" }));
    assert_eq!(ninth.send().await.problem(), refused(409, "limit_reached"));
    // A return of goods is no purchase.
    let back = json!({ "contact": { "otp": "x" }, "organisation": { "id": "x" }, "amount": 1, "return_amount": 1 });
    let back = till(&node, "/purchases/ad_hoc_return", &back).send().await;
    assert_eq!(back.problem(), refused(422, "invalid_request"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_tries_tokens_until_one_fits_is_let_wait() {
    let node = TestNode::start().await;
    let person = rich(&node, PHONE).await;
    let good = token(&node, &person, json!({ "intent": "SPEND" })).await;
    let guess = json!("0000000000000000");
    for _ in 0..SPEND_TOKEN_MISSES_MAX {
        let missed = buying(&node, &guess, &json!({})).send().await;
        assert_eq!(missed.problem(), invalid());
    }
    let late = buying(&node, &good["value"], &json!({})).send().await;
    assert_eq!(late.problem(), refused(429, "too_many_requests"));
    assert!(!late.header("retry-after").is_empty());
    // Whoever else sells is not concerned, nor is who names the contact.
    let by_id = crate::own_data::buys(&node, &person, json!({})).await;
    assert_eq!(by_id.status, 200, "{by_id:?}");
    let scopes = Scopes::of([Scope::PurchasesWrite]).iter().map(Scope::name);
    let key = json!({ "name": "another", "type": "SECRET", "gateway": "BACK_OFFICE", "scopes": scopes.collect::<Vec<_>>() });
    let key = node
        .post("/api_keys", &key)
        .with("api_key", &node.secret_key("test"));
    let key = key.send().await.text("value");
    let other = buying(&node, &good["value"], &json!({})).with("api_key", &key);
    assert_eq!(other.send().await.status, 200);
}
