//! How many codes are sent: a share for each address and one for all apps together, and one for the business's own tills and users, which strangers
//! do not use up. Asking in vain costs nothing.

use clientele::domain::time::Span;
use clientele::limits::{CODES_OF_STRANGERS, CODES_OF_THE_BUSINESS, CODES_PER_ADDRESS};
use http::Method;
use serde_json::{Value, json};

use crate::app::{Person, ada, ada_by_email};
use crate::client::{Answer, Ask};
use crate::commerce::put;
use crate::contact_changes::refused;
use crate::node::TestNode;
use crate::roles::EMAIL;

const PHONE: &str = "+447566224395";
const KNOWN: &str = "ada@example.test";
const HERE: &str = "203.0.113.9";
const ELSEWHERE: &str = "203.0.113.10";

/// A node that believes what its proxy says of addresses.
async fn node() -> TestNode {
    TestNode::start_with(|config| {
        config.server.trusted_proxies = "127.0.0.1".to_owned();
    })
    .await
}

/// Sets rates of so many an hour.
async fn set(node: &TestNode, rates: &[(&str, u32)]) {
    let rate = |requests| json!({ "requests": requests, "seconds": 3_600 });
    let rates: Value = rates
        .iter()
        .map(|(name, requests)| ((*name).to_owned(), rate(*requests)))
        .collect();
    let body = json!({ "uncovered_offline_spend": "REJECT", "rate_limits": rates });
    let ask = put(node, "/settings", &body).with("api_key", &node.secret_key("test"));
    let answer = ask.send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// The next settings count anew, and every number and address may be sent to again.
fn later(node: &TestNode) {
    node.clock.advance(Span::seconds(3_700));
}

fn by_phone(node: &TestNode, from: &str, phone: &str) -> Ask {
    let body = json!({ "method": "SMS", "credentials": [{ "name": "PHONE", "value": phone }] });
    node.app("/contacts/otp", &body)
        .with("x-forwarded-for", from)
}

/// A number that nobody was sent anything at.
fn number(last: u32) -> String {
    format!("+4420794{last:05}")
}

/// A code for a contact of the business, by its secret key.
fn at_till(node: &TestNode, contact: &str) -> Ask {
    node.post(
        &format!("/contacts/{contact}/otp"),
        &json!({ "method": "EMAIL" }),
    )
    .with("api_key", &node.secret_key("test"))
}

async fn contact_of_business(node: &TestNode, code: &str, email: &str) -> String {
    let body = json!({ "code": code, "email_address": email });
    let ask = node
        .post("/contacts", &body)
        .with("api_key", &node.secret_key("test"));
    let made = ask.send().await;
    assert_eq!(made.status, 201, "{made:?}");
    made.text("id")
}

fn over(answer: &Answer, whose: &str) {
    assert_eq!(answer.problem(), refused(429, "too_many_requests"));
    let detail = format!(
        "too many codes were asked for {whose}; nothing was sent, try again after the time in Retry-After"
    );
    assert_eq!(answer.text("detail"), detail);
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=3_600).contains(&wait), "{answer:?}");
}

/// Asks for more codes than one address may, all at once: as many as it may are answered `taken`.
async fn takes_those_of_an_address(taken: u16, ask: impl Fn(u32) -> Ask) {
    let begun = (0..CODES_PER_ADDRESS + 20).map(|number| ask(number).begin());
    let begun: Vec<_> = begun.collect();
    let mut so_many = 0;
    for pending in begun {
        let answer = pending.answer().await;
        match answer.status == taken {
            true => so_many += 1,
            false => over(&answer, OF_ADDRESS),
        }
    }
    // One comes back every twelve seconds.
    assert!(
        (CODES_PER_ADDRESS..CODES_PER_ADDRESS + 10).contains(&so_many),
        "{so_many}"
    );
}

const OF_ADDRESS: &str = "from this address";
const OF_APPS: &str = "by apps";
const OF_BUSINESS: &str = "by secret keys and users";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asking_again_and_again_for_one_number_uses_up_nobodys_codes() {
    let node = node().await;
    set(&node, &[("public_codes", 3), ("address_codes", 3)]).await;
    assert_eq!(by_phone(&node, HERE, PHONE).send().await.status, 200);
    for _ in 0..10 {
        let soon = by_phone(&node, HERE, PHONE).send().await;
        assert_eq!(soon.problem(), refused(429, "too_many_requests"));
        let detail = soon.text("detail");
        assert!(!detail.contains("from this address"), "{detail}");
        assert!(!detail.contains("by apps"), "{detail}");
    }
    // What the tenant's own rate of a destination refuses costs nothing either.
    set(
        &node,
        &[
            ("public_codes", 3),
            ("address_codes", 3),
            ("destination", 1),
        ],
    )
    .await;
    let other = number(1);
    assert_eq!(by_phone(&node, HERE, &other).send().await.status, 200);
    for _ in 0..10 {
        let soon = by_phone(&node, HERE, &other).send().await;
        assert!(soon.text("detail").contains("this destination"), "{soon:?}");
    }
    assert_eq!(by_phone(&node, HERE, &number(2)).send().await.status, 200);
    over(&by_phone(&node, HERE, &number(3)).send().await, OF_ADDRESS);
    assert_eq!(node.inbox().await.len(), 0, "nobody has these numbers");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_that_sends_nothing_costs_nothing() {
    let node = node().await;
    let contact = contact_of_business(&node, "DESK", "desk@example.test").await;
    set(&node, &[("public_codes", 2), ("secret_codes", 2)]).await;
    let register = |key: &str, phone: &str| {
        node.app("/contacts/register", &ada(phone))
            .with("idempotency-key", key)
    };
    for _ in 0..5 {
        assert_eq!(register("one", PHONE).send().await.status, 201);
        let asked = at_till(&node, &contact).with("idempotency-key", "till");
        assert_eq!(asked.send().await.status, 200);
    }
    assert_eq!(register("two", &number(1)).send().await.status, 201);
    over(&register("three", &number(2)).send().await, OF_APPS);
    node.clock.advance(Span::seconds(31));
    assert_eq!(at_till(&node, &contact).send().await.status, 200);
    node.clock.advance(Span::seconds(31));
    over(&at_till(&node, &contact).send().await, OF_BUSINESS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_has_so_many_codes_sent_whomever_it_names_and_others_have_theirs() {
    let node = node().await;
    node.signed_up(PHONE).await;
    later(&node);
    set(&node, &[("address_codes", 2)]).await;
    // A number that somebody has counts as one that nobody has, and the refusal is the same.
    let mut told = Vec::new();
    for (from, phones) in [
        (HERE, [PHONE.to_owned(), number(1)]),
        (ELSEWHERE, [number(2), number(3)]),
    ] {
        for phone in &phones {
            assert_eq!(by_phone(&node, from, phone).send().await.status, 200);
        }
        node.clock.advance(Span::seconds(31));
        for phone in phones {
            let refusal = by_phone(&node, from, &phone).send().await;
            over(&refusal, OF_ADDRESS);
            told.push((refusal.status, refusal.text("detail").to_owned()));
        }
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(
        by_phone(&node, "198.51.100.1", &number(4))
            .send()
            .await
            .status,
        200
    );
    // A till behind the same address is the business's own.
    let contact = contact_of_business(&node, "DESK", "desk@example.test").await;
    let till = at_till(&node, &contact).with("x-forwarded-for", HERE);
    assert_eq!(till.send().await.status, 200);
}

/// Everything that a stranger, or a contact, has a code or a letter sent by.
fn flows(node: &TestNode, person: &Person, again: &str) -> Vec<(&'static str, Ask)> {
    let app = |path: &str, body: Value| node.app(path, &body);
    let own = |path: &str, body: Value| {
        node.own(Method::POST, path, &person.access)
            .with("content-type", "application/json")
            .body(&body)
    };
    let public_key = node.seed.keys["test"].public.clone().unwrap();
    let otp = |credentials: Value| json!({ "method": "EMAIL", "credentials": credentials });
    let organisation = json!({
        "name": "Corner", "first_name": "Eve", "last_name": "Byron",
        "email_address": "eve@example.test", "password": "vivid turtle 9",
    });
    vec![
        (
            "otp",
            app(
                "/contacts/otp",
                otp(json!([{ "name": "EMAIL", "value": KNOWN }])),
            ),
        ),
        (
            "otp by details",
            app(
                "/contacts/otp",
                otp(
                    json!([{ "name": "EMAIL", "value": "x@example.test" }, { "name": "CARD", "value": "1" }]),
                ),
            ),
        ),
        (
            "otp by a card",
            app(
                "/contacts/otp",
                otp(
                    json!([{ "name": "CARD", "value": "2" }, { "name": "BIRTHDATE", "value": "1815-12-10" }]),
                ),
            ),
        ),
        (
            "another otp",
            app(
                "/contacts/otp",
                otp(json!([{ "name": "AUTH_OTP", "value": again }])),
            ),
        ),
        (
            "authenticate",
            app(
                "/contacts/authenticate",
                json!({ "provider": "EMAIL", "username": "auth@example.test" }),
            ),
        ),
        (
            "register",
            app("/contacts/register", ada_by_email("new@example.test", None)),
        ),
        (
            "forgot_password",
            app(
                "/contacts/forgot_password",
                json!({ "username": "forgot@example.test" }),
            ),
        ),
        (
            "request_email_verification",
            app(
                "/contacts/request_email_verification",
                json!({ "email_address": "verify@example.test" }),
            ),
        ),
        (
            "identities",
            own(
                &format!("/contacts/{}/identities", person.id),
                json!({ "provider": "EMAIL", "email": "add@example.test" }),
            ),
        ),
        (
            "wallets/otp",
            own(
                "/wallets/otp",
                json!({ "identity": { "type": "PHONE", "value": PHONE } }),
            ),
        ),
        (
            "organisations/register",
            node.stranger(Method::POST, "/organisations/register")
                .with("api_key", &public_key)
                .body(&organisation),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_sends_a_code_counts_as_one_of_its_address_and_of_all_apps() {
    let node = node().await;
    let person = node.signed_up(PHONE).await;
    later(&node);
    let auth_otp = node.asked(PHONE).await;
    let code = node.code(PHONE).await;
    let person = Person {
        id: person.id.clone(),
        ..Person::of(&node.answered(&auth_otp, &code).await)
    };
    let again = node.asked_by_email("again@example.test").await;
    node.clock.advance(Span::seconds(31));
    let all = flows(&node, &person, &again);
    let number_of_flows = u32::try_from(all.len()).unwrap();
    set(
        &node,
        &[("address_codes", 1), ("public_codes", number_of_flows)],
    )
    .await;
    for (last, (name, ask)) in (1..).zip(all) {
        let from = format!("198.51.100.{last}");
        let sent = ask.with("x-forwarded-for", &from).send().await;
        assert!((200..300).contains(&sent.status), "{name}: {sent:?}");
        over(
            &by_phone(&node, &from, &number(last)).send().await,
            OF_ADDRESS,
        );
    }
    over(&by_phone(&node, HERE, &number(99)).send().await, OF_APPS);
    assert_eq!(
        node.inbox()
            .await
            .iter()
            .filter(|it| it["recipient"] == number(99))
            .count(),
        0
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_do_not_use_up_the_codes_of_tills_and_users_nor_these_theirs() {
    let node = node().await;
    let contacts = [
        contact_of_business(&node, "ONE", "one@example.test").await,
        contact_of_business(&node, "TWO", "two@example.test").await,
    ];
    let role = node
        .get("/roles")
        .with("api_key", &node.secret_key("test"))
        .send()
        .await
        .json();
    let role = role["content"][0]["id"].clone();
    let invite = |email: &str| {
        let body = json!({ "email_address": email, "roles": [role] });
        node.post("/users", &body)
            .with("api_key", &node.secret_key("test"))
    };
    set(&node, &[("public_codes", 1), ("secret_codes", 2)]).await;
    assert_eq!(by_phone(&node, HERE, PHONE).send().await.status, 200);
    over(
        &by_phone(&node, ELSEWHERE, &number(1)).send().await,
        OF_APPS,
    );
    let [one, two] = &contacts;
    assert_eq!(at_till(&node, one).send().await.status, 200);
    let invited = invite("clerk@example.test").send().await;
    assert_eq!(invited.status, 201, "{invited:?}");
    over(&at_till(&node, two).send().await, OF_BUSINESS);
    over(&invite("other@example.test").send().await, OF_BUSINESS);
    // The other mode has codes of its own.
    let live = node
        .app(
            "/contacts/otp",
            &json!({ "method": "SMS", "credentials": [{ "name": "PHONE", "value": PHONE }] }),
        )
        .with("api_key", &node.app_key("live"));
    assert_eq!(live.send().await.problem(), refused(400, "no_integration"));
    // And where the business has used its own up, an app goes on.
    set(&node, &[("public_codes", 2), ("secret_codes", 2)]).await;
    assert_eq!(by_phone(&node, HERE, &number(2)).send().await.status, 200);
    over(&at_till(&node, two).send().await, OF_BUSINESS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_uses_up_a_small_part_of_what_a_tenant_has_unless_it_says_otherwise() {
    const {
        assert!(CODES_PER_ADDRESS * 30 < CODES_OF_STRANGERS);
        assert!(CODES_OF_THE_BUSINESS >= CODES_OF_STRANGERS);
    }
    let node = node().await;
    takes_those_of_an_address(200, |last| by_phone(&node, HERE, &number(last))).await;
    assert_eq!(by_phone(&node, ELSEWHERE, PHONE).send().await.status, 200);
}

fn forgot(node: &TestNode, from: &str, email: &str) -> Ask {
    node.stranger(Method::POST, "/users/forgot_password")
        .with("x-forwarded-for", from)
        .body(&json!({ "email": email }))
}

/// Grace, whom the network knows in test mode alone.
async fn grace(node: &TestNode) {
    let (owner, trier) = (node.owner().await, node.trier().await);
    let clerk = node.role(&owner, "Clerk", &["settings.read"], None).await;
    let invited = node.invites(&trier, &clerk, None).await;
    assert_eq!(invited.status, 201, "{invited:?}");
    let token = node.token().await;
    let accepted = node
        .with_token("/users/accept", &token, "calm otter 77")
        .await;
    assert_eq!(accepted.status, 200, "{accepted:?}");
    later(node);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_forgot_counts_for_the_network_that_sends_and_is_told_nothing_of_it() {
    let node = node().await;
    grace(&node).await;
    let letters = async || node.inbox().await.len();
    let before = letters().await;
    // Of the network's codes, by address and in all.
    set(&node, &[("address_codes", 1), ("public_codes", 2)]).await;
    assert_eq!(forgot(&node, HERE, EMAIL).send().await.status, 204);
    assert_eq!(letters().await, before + 1);
    over(&by_phone(&node, HERE, PHONE).send().await, OF_ADDRESS);
    assert_eq!(by_phone(&node, ELSEWHERE, PHONE).send().await.status, 200);
    node.clock.advance(Span::seconds(31));
    for from in [HERE, ELSEWHERE, "203.0.113.11"] {
        let known = forgot(&node, from, EMAIL).send().await;
        let unknown = forgot(&node, from, "nobody@example.test").send().await;
        assert_eq!((known.status, &known.body), (204, &unknown.body));
        assert_eq!(unknown.status, 204);
    }
    assert_eq!(letters().await, before + 1, "all are used up");
    // What was refused counts for nothing, neither there nor with the user.
    set(&node, &[("address_codes", 2), ("public_codes", 3)]).await;
    assert_eq!(forgot(&node, HERE, EMAIL).send().await.status, 204);
    assert_eq!(letters().await, before + 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_asks_so_often_for_users_who_forgot_known_or_not() {
    let node = node().await;
    grace(&node).await;
    takes_those_of_an_address(204, |_| forgot(&node, HERE, "nobody@example.test")).await;
    let before = node.inbox().await.len();
    assert_eq!(forgot(&node, ELSEWHERE, EMAIL).send().await.status, 204);
    assert_eq!(node.inbox().await.len(), before + 1);
}
