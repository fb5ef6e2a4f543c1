//! An app sends the token that it has left with every request: one that opens nothing any more shuts nobody out of what the app's key opens.

use clientele::domain::directory_entry::SEND_PAUSE;
use clientele::domain::time::Span;
use http::Method;
use serde_json::json;

use crate::app::{Person, ada};
use crate::client::Ask;
use crate::contact_changes::refused;
use crate::keys::strangers;
use crate::node::TestNode;
use crate::users::Session;

const PHONE: &str = "+447566224395";
const OTHER: &str = "+447566224396";
const STRANGER: (&str, &str) = ("eve@example.com", "evil stoat 66");

/// What the app's key opens by itself; none of it is refused for what it asks.
fn opened_by_the_key(node: &TestNode) -> Vec<(&'static str, Ask)> {
    let otp = json!({ "method": "SMS", "credentials": [{ "name": "PHONE", "value": OTHER }] });
    let username = json!({ "provider": "EMAIL", "username": "nobody@example.test", "password": "vivid turtle 9" });
    let answer = json!({ "auth_otp": "x", "code": "123456" });
    vec![
        ("register", node.app("/contacts/register", &ada(OTHER))),
        ("otp", node.app("/contacts/otp", &otp)),
        ("validate", node.app("/contacts/validate_otp", &answer)),
        ("sign in", node.app("/contacts/authenticate", &username)),
        (
            "forgot",
            node.app(
                "/contacts/forgot_password",
                &json!({ "username": "nobody@example.test" }),
            ),
        ),
        (
            "verify",
            node.app(
                "/contacts/request_email_verification",
                &json!({ "email_address": "nobody@example.test" }),
            ),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_opens_nothing_any_more_shuts_nobody_out_of_what_the_apps_key_opens() {
    let node = TestNode::start().await;
    let expired = node.signed_up(PHONE).await.access;
    node.clock.advance(Span::seconds(15 * 60));
    let asked = node.asked(PHONE).await;
    let signed_in = node.answered(&asked, &node.code(PHONE).await).await;
    let gone = Person::of(&signed_in);
    assert_eq!(gone.sign_out(&node).send().await.status, 204);
    let read = gone.read(&node).send().await;
    assert_eq!(read.problem(), refused(401, "invalid_token"));
    for (what, token) in [
        ("revoked", &*gone.access),
        ("expired", &*expired),
        ("none of ours", "x.y.z"),
        ("empty", ""),
    ] {
        let token = format!("Bearer {token}");
        for (name, ask) in opened_by_the_key(&node) {
            node.clock.advance(SEND_PAUSE);
            let alone = ask.clone().send().await;
            node.clock.advance(SEND_PAUSE);
            let beside = ask.clone().with("authorization", &token).send().await;
            assert_eq!(beside.status, alone.status, "{name} {what} {beside:?}");
            // Without the key there is nothing that would open it.
            let by_token = ask.without("api_key").with("authorization", &token);
            assert_eq!(by_token.send().await.status, 401, "{name} {what}");
        }
        // What is a contact's own is opened by nothing else.
        let own = gone.read(&node).with("authorization", &token);
        let own = own.with("api_key", &node.app_key("test")).send().await;
        assert_eq!(own.status, 401, "{what}");
        // Five codes an hour go to a number.
        node.clock.advance(Span::seconds(60 * 60));
    }
    // An app learns that its token has expired wherever the key is not enough.
    let weak = json!({ "name": "app", "type": "PUBLIC", "gateway": "SELF_SERVICE", "scopes": [] });
    let weak = node.post("/api_keys", &weak);
    let weak = weak.with("api_key", &node.secret_key("test")).send().await;
    let (_, ask) = opened_by_the_key(&node).swap_remove(1);
    let ask = ask.with("authorization", &format!("Bearer {expired}"));
    let ask = ask.with("api_key", &weak.text("value"));
    assert_eq!(ask.send().await.problem(), refused(401, "token_expired"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_works_must_agree_with_the_apps_key_all_the_same() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    strangers(&node).await;
    node.stranger_owner(STRANGER.0, STRANGER.1).await;
    let eve = Session::of(&node.typed(STRANGER.0, STRANGER.1).send().await);
    let owner = node.owner().await;
    for (name, ask) in opened_by_the_key(&node) {
        node.clock.advance(SEND_PAUSE);
        let token = format!("Bearer {}", person.access);
        let agrees = ask.clone().with("authorization", &token).send().await;
        assert!(
            ![401, 403].contains(&agrees.status) || name == "validate",
            "{name} {agrees:?}"
        );
        let live = ask.clone().with("api_key", &node.app_key("live"));
        let live = live.with("authorization", &token).send().await;
        assert_eq!(
            live.problem(),
            refused(401, "credentials_conflict"),
            "{name}"
        );
        for user in [&owner, &eve] {
            let token = format!("Bearer {}", user.access);
            let of_user = ask.clone().with("authorization", &token).send().await;
            let conflict = refused(401, "credentials_conflict");
            assert_eq!(of_user.problem(), conflict, "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_registers_organisations_whatever_token_its_visitor_has_left() {
    let node = TestNode::start().await;
    let page = node.seed.keys["test"].public.clone().unwrap();
    let trier = node.trier().await;
    let owner = node.owner().await;
    let person = node.signed_up(PHONE).await;
    let register = |email: &str, token: &str| {
        let new = json!({ "name": "Pier", "first_name": "Grace", "last_name": "Hopper",
            "email_address": email, "password": "calm otter 77" });
        node.stranger(Method::POST, "/organisations/register")
            .with("api_key", &page)
            .with("authorization", &format!("Bearer {token}"))
            .body(&new)
            .send()
    };
    for (email, token) in [
        ("a@example.com", "x.y.z"),
        ("b@example.com", &*trier.access),
    ] {
        let registered = register(email, token).await;
        assert_eq!(registered.status, 201, "{registered:?}");
    }
    for token in [&owner.access, &person.access] {
        let conflict = register("c@example.com", token).await;
        assert_eq!(conflict.problem(), refused(401, "credentials_conflict"));
    }
    node.clock.advance(Span::seconds(15 * 60));
    let expired = register("d@example.com", &owner.access).await;
    assert_eq!(expired.status, 201, "{expired:?}");
}
