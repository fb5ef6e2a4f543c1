//! How much a caller may ask for: by key, address, account and destination, as its tenant sets it, and what tries to get round it.

use clientele::domain::time::Span;
use clientele::limits::{
    ACCOUNT_REQUESTS_PER_MINUTE, ADDRESS_REQUESTS_PER_MINUTE, PUBLIC_KEY_REQUESTS_PER_SECOND,
    WRONG_FROM_AN_ADDRESS_LASTS_S, WRONG_FROM_AN_ADDRESS_MAX,
};
use http::Method;
use serde_json::{Value, json};

use crate::app::{Person, ada};
use crate::client::{Answer, Ask};
use crate::commerce::put;
use crate::contact_changes::refused;
use crate::node::{TestNode, cents};

const PHONE: &str = "+447566224395";
const OTHER: &str = "+442079460018";

/// A rate that no test waits out.
fn rate(requests: u32) -> Value {
    json!({ "requests": requests, "seconds": 3600 })
}

fn setting(node: &TestNode, mode: &str, rates: &Value) -> Ask {
    let body = json!({ "uncovered_offline_spend": "REJECT", "rate_limits": rates });
    put(node, "/settings", &body).with("api_key", &node.secret_key(mode))
}

async fn set(node: &TestNode, mode: &str, rates: &Value) {
    let answer = setting(node, mode, rates).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

fn over(answer: &Answer) {
    assert_eq!(answer.problem(), refused(429, "too_many_requests"));
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!(wait >= 1, "{answer:?}");
}

/// A request that some proxy says it passed on.
fn through(ask: Ask, forwarded_for: &str) -> Ask {
    ask.with("x-forwarded-for", forwarded_for)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_key_has_a_rate_once_its_tenant_sets_one_and_nothing_happens_beyond_it() {
    let mut node = TestNode::start().await;
    let buyer = node.contact(0).clone();
    let sale = node.purchase(&buyer, 20, "before").send().await;
    assert_eq!((sale.status, sale.header("ratelimit-policy")), (200, ""));
    set(&node, "live", &json!({ "secret_key": rate(3) })).await;
    node.restart().await;
    for left in [2, 1, 0] {
        let key = format!("sale {left}");
        let sale = node.purchase(&buyer, 20, &key).send().await;
        assert_eq!(sale.status, 200, "{sale:?}");
        assert_eq!(sale.header("ratelimit-policy"), "\"key\";q=3;w=3600");
        let limit = format!("\"key\";r={left};t=");
        assert!(sale.header("ratelimit").starts_with(&limit), "{sale:?}");
    }
    let refusal = node.purchase(&buyer, 20, "sale over").send().await;
    over(&refusal);
    let wait = refusal.header("retry-after");
    assert_eq!(refusal.header("ratelimit"), format!("\"key\";r=0;t={wait}"));
    assert_eq!(refusal.header("ratelimit-policy"), "\"key\";q=3;w=3600");
    // Another key of the tenant has its own count; another mode has its own rate.
    let of_test = node
        .get("/settings")
        .with("api_key", &node.secret_key("test"));
    assert_eq!(of_test.send().await.header("ratelimit"), "");
    let (_, other) = node
        .make_key(clientele::domain::api_key::Scopes::all(), None)
        .await;
    let read = node.wallet(&buyer).with("api_key", &other).send().await;
    assert_eq!((read.status, read.amount("balance")), (200, cents(400)));
    // The refused sale is as good as new.
    let free = setting(&node, "live", &json!({})).with("api_key", &other);
    assert_eq!(free.send().await.status, 200);
    let sale = node.purchase(&buyer, 20, "sale over").send().await;
    assert_eq!((sale.status, sale.header("ratelimit")), (200, ""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn apps_and_contacts_have_rates_from_the_beginning() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let read = person.read(&node).send().await;
    assert_eq!(
        read.header("ratelimit-policy"),
        format!(
            "\"address\";q={ADDRESS_REQUESTS_PER_MINUTE};w=60, \"account\";q={ACCOUNT_REQUESTS_PER_MINUTE};w=60"
        )
    );
    let asked = node.app("/contacts/otp", &json!({})).send().await;
    assert_eq!(asked.status, 422, "a refusal tells it too");
    assert_eq!(
        asked.header("ratelimit-policy"),
        format!(
            "\"key\";q={PUBLIC_KEY_REQUESTS_PER_SECOND};w=1, \"address\";q={ADDRESS_REQUESTS_PER_MINUTE};w=60"
        )
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_over_its_rate_waits_and_another_does_not() {
    let node = TestNode::start().await;
    let (one, other) = (node.signed_up(PHONE).await, node.signed_up(OTHER).await);
    set(&node, "test", &json!({ "account": rate(2) })).await;
    for _ in 0..2 {
        assert_eq!(one.read(&node).send().await.status, 200);
    }
    over(&one.read(&node).send().await);
    over(&one.sign_out(&node).send().await);
    assert_eq!(other.read(&node).send().await.status, 200);
    set(&node, "test", &json!({})).await;
    assert_eq!(
        one.read(&node).send().await.status,
        200,
        "it was not signed out"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_over_its_rate_waits_whatever_it_claims_to_be() {
    let node = TestNode::start().await;
    set(
        &node,
        "test",
        &json!({ "address": rate(2), "public_key": rate(1000) }),
    )
    .await;
    let ask = || node.app("/contacts/register", &ada(PHONE));
    assert_eq!(ask().send().await.status, 201);
    assert_eq!(ask().send().await.status, 429);
    for claimed in ["203.0.113.9", "127.0.0.1", "203.0.113.10, 10.0.0.1"] {
        let refusal = through(ask(), claimed).send().await;
        over(&refusal);
        assert!(refusal.text("detail").contains("address"), "{refusal:?}");
    }
    // The tills of the same tenant come from anywhere.
    let till = node
        .get("/settings")
        .with("api_key", &node.secret_key("test"));
    for _ in 0..5 {
        assert_eq!(till.clone().send().await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_proxy_that_is_believed_each_client_counts_for_itself() {
    let node = TestNode::start_with(|config| {
        config.server.trusted_proxies = "127.0.0.0/8, 10.0.0.0/8".to_owned();
    })
    .await;
    set(&node, "test", &json!({ "address": rate(1) })).await;
    let ask = |from: &str| {
        let ask = node.app("/contacts/otp", &json!({}));
        through(ask, from).send()
    };
    assert_eq!(ask("203.0.113.9").await.status, 422);
    over(&ask("203.0.113.9").await);
    over(&ask("198.51.100.1, 203.0.113.9, 10.0.0.7").await);
    assert_eq!(ask("203.0.113.10").await.status, 422);
    assert_eq!(ask("2001:db8::1").await.status, 422);
    over(&ask("2001:db8::2").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_are_counted_by_address_before_they_are_anybody() {
    let node = TestNode::start_with(|config| {
        config.limits.anonymous_requests_per_minute_per_address = 3;
    })
    .await;
    let stranger = || node.get("/settings").with("api_key", "sk_live_0");
    for _ in 0..2 {
        assert_eq!(
            stranger().send().await.problem(),
            refused(401, "invalid_api_key")
        );
    }
    let token = node.own(Method::GET, "/contacts/me", "x.y.z").send().await;
    assert_eq!(token.problem(), refused(401, "invalid_token"));
    over(&stranger().send().await);
    over(&node.get("/settings").without("api_key").send().await);
    over(&node.own(Method::GET, "/contacts/me", "x.y.z").send().await);
    assert_eq!(
        node.get("/settings").send().await.status,
        200,
        "a good key is no stranger's"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_may_want_fewer_messages_to_one_destination_known_or_not() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    node.clock.advance(Span::seconds(31));
    set(&node, "test", &json!({ "destination": rate(1) })).await;
    for phone in [PHONE, OTHER] {
        node.asked(phone).await;
        node.clock.advance(Span::seconds(31));
        let body = json!({ "method": "SMS", "credentials": [{ "name": "PHONE", "value": phone }] });
        over(&node.app("/contacts/otp", &body).send().await);
    }
    let messages = node.inbox().await;
    let to_her = messages.iter().filter(|one| one["recipient"] == PHONE);
    assert_eq!(
        to_her.count(),
        2,
        "the registration's and one more: {messages:?}"
    );
    assert_eq!(person.read(&node).send().await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_guesses_is_refused_even_the_right_code_for_another_account() {
    let node = TestNode::start_with(|config| {
        config.server.trusted_proxies = "127.0.0.1".to_owned();
    })
    .await;
    node.signed_up(PHONE).await;
    node.clock.advance(Span::seconds(31));
    let auth_otp = node.asked(PHONE).await;
    let code = node.code(PHONE).await;
    let answer = |code: &str, from: &str| {
        let body = json!({ "auth_otp": auth_otp, "code": code });
        through(node.app("/contacts/validate_otp", &body), from).send()
    };
    let made_up = json!({ "auth_otp": "0".repeat(32), "code": "000000" });
    let guess = || through(node.app("/contacts/validate_otp", &made_up), "203.0.113.9").send();
    // As many at once as one by one.
    let begun: Vec<_> = (0..WRONG_FROM_AN_ADDRESS_MAX + 10)
        .map(|_| through(node.app("/contacts/validate_otp", &made_up), "203.0.113.9").begin())
        .collect();
    let mut wrong = 0;
    for pending in begun {
        match pending.answer().await.problem() {
            (401, _) => wrong += 1,
            other => assert_eq!(other, refused(429, "too_many_requests")),
        }
    }
    assert_eq!(wrong, WRONG_FROM_AN_ADDRESS_MAX);
    over(&guess().await);
    over(&answer(&code, "203.0.113.9").await);
    Person::of(&answer(&code, "203.0.113.10").await);
    node.clock
        .advance(Span::seconds(WRONG_FROM_AN_ADDRESS_LASTS_S));
    assert_eq!(guess().await.problem(), refused(401, "otp_invalid"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_time_tokens_of_mails_are_guesses_like_codes_are() {
    let node = TestNode::start().await;
    let post = |path: &'static str| {
        let body = json!({ "token": "made-up", "password": "calm otter 77" });
        let ask = node.ask(Method::POST, path).without("api_key");
        ask.with("content-type", "application/json").body(&body)
    };
    let get = |path: &'static str| {
        let ask = node.ask(Method::GET, path).without("api_key");
        ask.with("accept", "application/json")
    };
    let of_users = [
        post("/backoffice/v2/users/accept"),
        post("/backoffice/v2/users/reset_password"),
        get("/backoffice/v2/users/verify_email?token=made-up"),
    ];
    let of_contacts = [
        post("/self-service/v2/contacts/change_password"),
        get("/self-service/v2/contacts/verify_email?token=made-up"),
    ];
    for asks in [&of_users[..], &of_contacts[..]] {
        for turn in 0..usize::try_from(WRONG_FROM_AN_ADDRESS_MAX).unwrap() {
            let wrong = asks[turn % asks.len()].clone().send().await;
            assert_eq!(wrong.problem(), refused(401, "invalid_token"), "{turn}");
        }
        for ask in asks {
            over(&ask.clone().send().await);
        }
    }
    // Whoever mistook a link signs in by a code all the same.
    node.signed_up(PHONE).await;
    node.clock
        .advance(Span::seconds(WRONG_FROM_AN_ADDRESS_LASTS_S));
    for ask in of_users.into_iter().chain(of_contacts) {
        assert_eq!(ask.send().await.problem(), refused(401, "invalid_token"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rates_are_shown_as_set_and_refused_by_their_field() {
    let node = TestNode::start().await;
    let rates = json!({ "secret_key": rate(1000), "address": rate(7), "secret_codes": rate(3) });
    set(&node, "live", &rates).await;
    let shown = node.get("/settings").send().await.json();
    assert_eq!(
        shown["rate_limits"],
        json!({ "secret_key": rate(1000), "public_key": null, "address": rate(7), "account": null, "destination": null, "address_codes": null, "public_codes": null, "secret_codes": rate(3) })
    );
    for (wrong, pointer) in [
        (
            json!({ "address": { "requests": 0, "seconds": 1 } }),
            "/rate_limits/address/requests",
        ),
        (
            json!({ "address": { "requests": 1, "seconds": 86401 } }),
            "/rate_limits/address/seconds",
        ),
        (
            json!({ "public_codes": { "requests": 1, "seconds": 0 } }),
            "/rate_limits/public_codes/seconds",
        ),
        (json!({ "postcode": rate(1) }), "/rate_limits/postcode"),
    ] {
        let refusal = setting(&node, "live", &wrong).send().await;
        assert_eq!(refusal.status, 422, "{refusal:?}");
        assert_eq!(refusal.json()["errors"][0]["pointer"], pointer);
    }
    assert_eq!(node.get("/settings").send().await.json(), shown);
}
