//! Whose wallet it is, shown by a code; and whether anybody is known, told only where a business wants it told.

use clientele::domain::directory_entry::SEND_PAUSE;
use clientele::limits::EXISTENCE_QUESTIONS_PER_ADDRESS;
use http::Method;
use serde_json::{Value, json};

use crate::access::wrong;
use crate::app::{Person, ada};
use crate::client::{Answer, Ask};
use crate::contact_changes::refused;
use crate::node::TestNode;
use crate::own_data::{OTHER, PHONE, till};

const EMAIL: &str = "ada@example.test";

fn identity(kind: &str, value: &str) -> Value {
    json!({ "type": kind, "value": value })
}

fn writing(node: &TestNode, person: &Person, path: &str, body: &Value) -> Ask {
    node.own(Method::POST, path, &person.access)
        .with("content-type", "application/json")
        .body(body)
}

async fn asked(node: &TestNode, person: &Person, identity: &Value) -> Answer {
    let ask = json!({ "identity": identity });
    writing(node, person, "/wallets/otp", &ask).send().await
}

fn proof(node: &TestNode, person: &Person, otp: &str, code: &str, identity: &Value) -> Ask {
    let path = format!("/contacts/{}/wallets", person.id);
    let body = json!({ "otp": otp, "code": code, "identity": identity });
    writing(node, person, &path, &body)
}

async fn wallet_code(node: &TestNode, person: &Person) -> String {
    let wallet = person.wallet(node).await;
    let code = person.sees(node, format!("/wallets/{wallet}/code")).await;
    code["code"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_shows_once_that_a_wallet_is_its_own() {
    let mut node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let own = wallet_code(&node, &person).await;
    let email = json!({ "email": EMAIL });
    let set = node.own(
        Method::PUT,
        &format!("/contacts/{}", person.id),
        &person.access,
    );
    let set = set.with("content-type", "application/json").body(&email);
    assert_eq!(set.send().await.status, 200);
    let by_phone = json!({ "type": "PHONE", "value": "07566 224395", "country_code": "GBR" });
    node.clock.advance(SEND_PAUSE);
    for (to, identity) in [
        (PHONE, by_phone),
        (EMAIL, identity("EMAIL", "Ada@Example.test")),
    ] {
        let sent = asked(&node, &person, &identity).await;
        assert_eq!((sent.status, sent.body.len()), (204, 0), "{sent:?}");
        let code = node.code(to).await;
        let mistyped = proof(&node, &person, &wrong(&code), &own, &identity);
        assert_eq!(mistyped.send().await.problem(), refused(401, "otp_invalid"));
        node.restart().await;
        let shown = |node: &TestNode| {
            proof(node, &person, &code, &own, &identity).with("idempotency-key", to)
        };
        for _ in 0..2 {
            let shown = shown(&node).send().await;
            assert_eq!(shown.status, 201, "{shown:?}");
            assert_eq!(shown.text("id"), person.wallet(&node).await);
        }
        let again = proof(&node, &person, &code, &own, &identity).send().await;
        assert_eq!(again.problem(), refused(401, "otp_invalid"));
    }
    // Without saying where to: where it is reached first.
    node.clock.advance(SEND_PAUSE);
    let sent = writing(&node, &person, "/wallets/otp", &json!({}))
        .send()
        .await;
    assert_eq!(sent.status, 204, "{sent:?}");
    assert_eq!(node.inbox().await[0]["recipient"], PHONE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_but_its_own_wallet_and_its_own_code_is_taken() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let other = node.signed_up(OTHER).await;
    let own = wallet_code(&node, &person).await;
    let theirs = wallet_code(&node, &other).await;
    node.clock.advance(SEND_PAUSE);
    // Somebody else's phone, and nobody's: nothing is sent, and the answer is the same.
    let before = node.inbox().await.len();
    let mut seen = Vec::new();
    for value in [OTHER, "+442079460019"] {
        let sent = asked(&node, &person, &identity("PHONE", value)).await;
        assert_eq!(sent.problem(), refused(422, "invalid_request"));
        seen.push(crate::contact_changes::looks(&sent));
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(node.inbox().await.len(), before);
    let phone = identity("PHONE", PHONE);
    // A code that signs in is none of these.
    let auth_otp = node.asked(PHONE).await;
    let sign_in = node.code(PHONE).await;
    let none = proof(&node, &person, &sign_in, &own, &phone).send().await;
    assert_eq!(none.problem(), refused(401, "otp_invalid"));
    assert_eq!(node.answered(&auth_otp, &sign_in).await.status, 200);
    node.clock.advance(SEND_PAUSE);
    assert_eq!(asked(&node, &person, &phone).await.status, 204);
    let soon = asked(&node, &person, &phone).await;
    assert_eq!(soon.problem(), refused(429, "too_many_requests"));
    let code = node.code(PHONE).await;
    let foreign = proof(&node, &person, &code, &theirs, &phone).send().await;
    assert_eq!(foreign.problem(), refused(422, "invalid_request"));
    let not_theirs = proof(&node, &other, &code, &theirs, &identity("PHONE", OTHER));
    assert_eq!(
        not_theirs.send().await.problem(),
        refused(401, "otp_invalid")
    );
    let path = format!("/contacts/{}/wallets", other.id);
    let body = json!({ "otp": code, "code": own, "identity": phone });
    let elsewhere = writing(&node, &person, &path, &body).send().await;
    assert_eq!(elsewhere.problem(), refused(404, "not_found"));
    for _ in 0..5 {
        let guess = proof(&node, &person, &wrong(&code), &own, &phone);
        assert_eq!(guess.send().await.problem(), refused(401, "otp_invalid"));
    }
    let locked = proof(&node, &person, &code, &own, &phone).send().await;
    assert_eq!(locked.problem(), refused(429, "too_many_requests"));
}

/// A public key of an app that may ask who is known.
async fn asking_key(node: &TestNode, mode: &str) -> String {
    let body = json!({ "name": "app", "type": "PUBLIC", "gateway": "SELF_SERVICE", "scopes": ["contacts.exists"] });
    let made = node.post("/api_keys", &body);
    let made = made.with("api_key", &node.secret_key(mode)).send().await;
    assert_eq!(made.status, 201, "{made:?}");
    made.text("value")
}

fn existence(node: &TestNode, key: &str, path: &str) -> Ask {
    node.ask(Method::GET, &format!("/self-service/v2{path}"))
        .with("api_key", key)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whether_somebody_is_known_is_told_to_keys_that_may_ask_alone() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let desk = json!({ "code": "DESK", "email_address": EMAIL });
    assert_eq!(till(&node, "/contacts", &desk).send().await.status, 201);
    // Somebody who has not proven to be anybody.
    let registered = node.app("/contacts/register", &ada(OTHER)).send().await;
    assert_eq!(registered.status, 201);
    let key = asking_key(&node, "test").await;
    let live = asking_key(&node, "live").await;
    let phone = PHONE.replace('+', "%2B");
    let other = OTHER.replace('+', "%2B");
    for (path, is_known) in [
        (format!("/contacts?phone={phone}"), true),
        (format!("/contacts?phone={other}"), false),
        (format!("/contacts?email_address={EMAIL}"), true),
        (
            "/contacts?email_address=Ada%40Example.Test".to_owned(),
            true,
        ),
        ("/contacts?email_address=b%40example.test".to_owned(), false),
        (
            format!("/contacts?email_address=b%40example.test&phone={phone}"),
            true,
        ),
        (
            format!("/wallets/wallet_exists?type=PHONE&value={phone}"),
            true,
        ),
        (
            format!("/wallets/wallet_exists?type=PHONE&value={other}"),
            false,
        ),
        (
            format!("/wallets/wallet_exists?type=EMAIL&value={EMAIL}"),
            true,
        ),
    ] {
        let member = match path.starts_with("/contacts") {
            true => "contact_exists",
            false => "wallet_exists",
        };
        let told = existence(&node, &key, &path).send().await;
        assert_eq!(
            (told.status, told.json()),
            (200, json!({ member: is_known })),
            "{path}"
        );
        let elsewhere = existence(&node, &live, &path).send().await;
        assert_eq!(elsewhere.json(), json!({ member: false }), "{path}");
        let closed = existence(&node, &node.app_key("test"), &path).send().await;
        assert_eq!(closed.problem(), refused(403, "insufficient_scope"));
    }
    let erased = node.own(
        Method::DELETE,
        &format!("/contacts/{}", person.id),
        &person.access,
    );
    assert_eq!(erased.send().await.status, 200);
    let gone = existence(&node, &key, &format!("/contacts?phone={phone}"));
    assert_eq!(gone.send().await.json(), json!({ "contact_exists": false }));
    for path in [
        "/contacts",
        "/contacts?phone=0756",
        "/contacts?email_address=nobody",
        "/wallets/wallet_exists?type=CARD&value=1",
        "/wallets/wallet_exists?type=EMAIL",
        "/wallets/wallet_exists?value=1",
    ] {
        assert_eq!(
            existence(&node, &key, path).send().await.status,
            422,
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_goes_through_a_list_of_who_is_known() {
    let node = TestNode::start().await;
    let key = asking_key(&node, "test").await;
    let ask = |number: u32| {
        let path = format!("/contacts?email_address=a{number}%40example.test");
        existence(&node, &key, &path).send()
    };
    for number in 0..EXISTENCE_QUESTIONS_PER_ADDRESS {
        assert_eq!(ask(number).await.status, 200, "{number}");
    }
    let over = ask(0).await;
    assert_eq!(over.problem(), refused(429, "too_many_requests"));
    assert!(over.headers.contains_key("retry-after"));
    let wallets = "/wallets/wallet_exists?type=EMAIL&value=a%40example.test";
    let wallets = existence(&node, &key, wallets).send().await;
    assert_eq!(wallets.problem(), refused(429, "too_many_requests"));
}
