//! Passwords are forgotten and changed, and e-mail addresses verified.

use clientele::domain::access::{ONE_TIME_TOKEN_LASTS, SIGNED_IN_RECENTLY};
use clientele::domain::directory_entry::{PASSWORDS_MAX, SEND_PAUSE};
use clientele::domain::time::Span;
use http::Method;
use serde_json::{Value, json};

use crate::app::Person;
use crate::client::Answer;
use crate::contact_changes::refused;
use crate::node::TestNode;

const EMAIL: &str = "ada@example.test";
const PASSWORD: &str = "vivid turtle 9";
const ANOTHER: &str = "calm walrus 4";

impl TestNode {
    /// Has a token sent to `email`, and reads it.
    pub(crate) async fn forgotten(&self, email: &str) -> String {
        let body = json!({ "username": email });
        let asked = self.app("/contacts/forgot_password", &body).send().await;
        assert_eq!(asked.status, 204, "{asked:?}");
        self.code(&email.trim().to_lowercase()).await
    }

    /// Sets a password by a token, with no credential beside it.
    async fn set(&self, token: &str, password: &str) -> Answer {
        let body = json!({ "token": token, "password": password });
        let ask = self.app("/contacts/change_password", &body);
        ask.without("api_key").send().await
    }

    async fn change(&self, person: &Person, body: &Value) -> Answer {
        let path = format!("/contacts/{}/change_password", person.id);
        let ask = self.own(Method::POST, &path, &person.access);
        let ask = ask.with("content-type", "application/json").body(body);
        ask.send().await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_reads_the_mail_chooses_another_password_once() {
    let mut node = TestNode::start().await;
    let person = node.signed_up_by_email(EMAIL, PASSWORD).await;
    node.clock.advance(SEND_PAUSE);
    let token = node.forgotten(" Ada@example.test").await;
    let message = node.inbox().await.remove(0);
    assert_eq!(message["subject"], "Choose another password");
    assert!(message["body"].as_str().unwrap().contains(&token));
    node.restart().await;
    // Long after a code to be typed would have lapsed.
    node.clock.advance(Span(ONE_TIME_TOKEN_LASTS.0 - 1_000));
    assert_eq!(node.set(&token, ANOTHER).await.status, 204);
    assert_eq!(node.entered(EMAIL, ANOTHER).await.status, 200);
    let old = node.entered(EMAIL, PASSWORD).await;
    assert_eq!(old.problem(), refused(400, "invalid_login"));
    // Whoever was signed in is not any more.
    let refreshed = person.refreshed(&node).send().await;
    assert_eq!(refreshed.problem(), refused(401, "invalid_grant"));
    let again = node.set(&token, "tidy heron 77").await;
    assert_eq!(again.problem(), refused(401, "invalid_token"));
    assert_eq!(node.entered(EMAIL, ANOTHER).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_lapses_after_half_an_hour_and_opens_nothing_else() {
    let node = TestNode::start().await;
    node.signed_up_by_email(EMAIL, PASSWORD).await;
    node.clock.advance(SEND_PAUSE);
    let token = node.forgotten(EMAIL).await;
    let verify = format!("/contacts/verify_email?token={token}");
    let ask = node.ask(Method::GET, &format!("/self-service/v2{verify}"));
    let other_use = ask.without("api_key").send().await;
    assert_eq!(other_use.problem(), refused(401, "invalid_token"));
    node.clock.advance(ONE_TIME_TOKEN_LASTS);
    let late = node.set(&token, ANOTHER).await;
    assert_eq!(late.problem(), refused(401, "invalid_token"));
    let secret = token.split_once('.').unwrap().1;
    for made_up in ["ot_x", &token.replace(secret, "AAAAAAAAAAAAAAAAAAAAAA")] {
        let refusal = node.set(made_up, ANOTHER).await;
        assert_eq!(refusal.problem(), refused(401, "invalid_token"));
    }
    let fresh = node.forgotten(EMAIL).await;
    let changed = fresh.replace(fresh.split_once('.').unwrap().1, "AAAAAAAAAAAAAAAAAAAAAA");
    assert_eq!(
        node.set(&changed, ANOTHER).await.problem(),
        refused(401, "invalid_token")
    );
    let common = node.set(&fresh, "qwertyuiop").await;
    assert_eq!(common.problem(), refused(422, "invalid_request"));
    assert_eq!(common.json()["errors"][0]["pointer"], "/password");
    assert_eq!(
        node.set(&fresh, ANOTHER).await.status,
        204,
        "neither used it up"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_that_was_set_anew_need_not_wait_for_wrong_ones() {
    let node = TestNode::start().await;
    node.signed_up_by_email(EMAIL, PASSWORD).await;
    for _ in 0..PASSWORDS_MAX {
        node.entered(EMAIL, "vivid turtle 8").await;
    }
    assert_eq!(node.entered(EMAIL, PASSWORD).await.status, 429);
    node.clock.advance(SEND_PAUSE);
    let token = node.forgotten(EMAIL).await;
    assert_eq!(node.set(&token, ANOTHER).await.status, 204);
    assert_eq!(node.entered(EMAIL, ANOTHER).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_changed_soon_after_signing_in_or_by_who_knows_the_present_one() {
    let mut node = TestNode::start().await;
    let person = node.signed_up_by_email(EMAIL, PASSWORD).await;
    let other = Person::of(&node.entered(EMAIL, PASSWORD).await);
    let body = json!({ "password": ANOTHER });
    assert_eq!(node.change(&person, &body).await.status, 204);
    assert_eq!(node.entered(EMAIL, ANOTHER).await.status, 200);
    // This session goes on, and the others have ended.
    assert_eq!(person.read(&node).send().await.status, 200);
    assert_eq!(
        other.read(&node).send().await.problem(),
        refused(401, "invalid_token")
    );

    node.clock.advance(SIGNED_IN_RECENTLY);
    let body = json!({ "password": PASSWORD });
    let late = node.change(&person, &body).await;
    assert_eq!(late.problem(), refused(401, "step_up_required"));
    let refreshed = Person::of(&person.refreshed(&node).send().await);
    let late = node.change(&refreshed, &body).await;
    assert_eq!(
        late.problem(),
        refused(401, "step_up_required"),
        "a refresh proves nothing"
    );
    let wrong = json!({ "password": PASSWORD, "current_password": "vivid turtle 8" });
    for _ in 1..PASSWORDS_MAX {
        let wrong = node.change(&refreshed, &wrong).await;
        assert_eq!(wrong.problem(), refused(400, "invalid_login"));
    }
    let known = json!({ "password": PASSWORD, "current_password": ANOTHER });
    assert_eq!(node.change(&refreshed, &known).await.status, 204);
    node.restart().await;
    assert_eq!(node.entered(EMAIL, PASSWORD).await.status, 200);
    for _ in 0..PASSWORDS_MAX {
        node.change(&refreshed, &wrong).await;
    }
    let present = json!({ "password": ANOTHER, "current_password": PASSWORD });
    let locked = node.change(&refreshed, &present).await;
    assert_eq!(locked.problem(), refused(429, "too_many_requests"));
    let foreign = Person {
        id: "69691e1e-1d90-4355-8b78-acd41ef577f4".to_owned(),
        ..refreshed
    };
    assert_eq!(
        node.change(&foreign, &present).await.problem(),
        refused(404, "not_found")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_signs_in_by_code_alone_gets_a_password_by_mail() {
    let node = TestNode::start().await;
    let body = crate::app::ada_by_email(EMAIL, None);
    let registered = node.app("/contacts/register", &body).send().await;
    let answer = node
        .answered(&registered.text("auth_otp"), &node.code(EMAIL).await)
        .await;
    let person = Person::of(&answer);
    node.clock.advance(SEND_PAUSE);
    let token = node.forgotten(EMAIL).await;
    assert_eq!(node.set(&token, PASSWORD).await.status, 204);
    assert_eq!(
        Person::of(&node.entered(EMAIL, PASSWORD).await).id,
        person.id
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_is_verified_by_its_mail_however_often_the_link_is_opened() {
    let mut node = TestNode::start().await;
    let created = node.post(
        "/contacts",
        &json!({ "code": "DESK", "email_address": "Ada@Example.test" }),
    );
    let created = created
        .with("api_key", &node.secret_key("test"))
        .send()
        .await;
    assert_eq!(created.status, 201, "{created:?}");
    let asked = node
        .app(
            "/contacts/request_email_verification",
            &json!({ "email_address": EMAIL }),
        )
        .send()
        .await;
    assert_eq!(asked.status, 204, "{asked:?}");
    let message = node.inbox().await.remove(0);
    assert_eq!(message["subject"], "Is this your e-mail address?");
    let token = node.code(EMAIL).await;
    let verify = async |node: &TestNode, token: &str| {
        let path = format!("/self-service/v1/contacts/verify_email?token={token}");
        node.ask(Method::GET, &path).without("api_key").send().await
    };
    assert_eq!(
        node.set(&token, PASSWORD).await.problem(),
        refused(401, "invalid_token")
    );
    for _ in 0..2 {
        assert_eq!(verify(&node, &token).await.status, 200);
        node.restart().await;
    }
    node.clock.advance(ONE_TIME_TOKEN_LASTS);
    assert_eq!(
        verify(&node, &token).await.problem(),
        refused(401, "invalid_token")
    );
}

/// What tells of passwords, newest first: to whom.
async fn told(node: &TestNode) -> Vec<String> {
    let mut inbox = node.inbox().await;
    inbox.retain(|message| message["subject"] == "Your password was changed");
    let told = inbox.iter().map(|message| {
        // Nothing in it opens anything.
        assert_eq!(message["code"], Value::Null);
        let body = message["body"].as_str().unwrap();
        assert!(
            !body.contains("turtle") && !body.contains("walrus"),
            "{body}"
        );
        message["recipient"].as_str().unwrap().to_owned()
    });
    told.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_an_account_is_told_by_mail_that_its_password_is_another_one() {
    const FIRST: &str = "vivid turtle 9";
    const LATER: &str = "calm walrus 4";
    let (own, added) = ("ada@example.test", "eve@example.test");
    let mut node = TestNode::start().await;
    let person = node.signed_up_by_email(own, FIRST).await;
    assert_eq!(
        told(&node).await,
        Vec::<String>::new(),
        "it chose it itself"
    );
    let changed = node.change(&person, &json!({ "password": LATER })).await;
    assert_eq!(changed.status, 204, "{changed:?}");
    assert_eq!(told(&node).await, [own]);
    node.clock.advance(SEND_PAUSE);
    let token = node.forgotten(own).await;
    assert_eq!(node.set(&token, FIRST).await.status, 204);
    node.restart().await;
    assert_eq!(told(&node).await, [own, own]);
    // Not to who brings an address of their own along, and a password with it.
    let person = Person::of(&node.entered(own, FIRST).await);
    let add = json!({ "provider": "EMAIL", "email": added, "password": LATER });
    let path = format!("/contacts/{}/identities", person.id);
    let adds = node.own(Method::POST, &path, &person.access);
    let adds = adds.with("content-type", "application/json").body(&add);
    let adds = adds.send().await.text("auth_otp");
    let proven = node.answered(&adds, &node.code(added).await).await;
    assert_eq!(proven.status, 200, "{proven:?}");
    assert_eq!(told(&node).await, [own, own, own]);
    // Nobody is left to be told.
    let path = format!("/contacts/{}", person.id);
    let erased = node.own(Method::DELETE, &path, &person.access).send().await;
    assert_eq!(erased.status, 200, "{erased:?}");
    assert_eq!(told(&node).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_password_beside_a_phone_is_no_news() {
    let node = TestNode::start().await;
    let person = node.signed_up("+447566224395").await;
    let add =
        json!({ "provider": "EMAIL", "email": "ada@example.test", "password": "vivid turtle 9" });
    let path = format!("/contacts/{}/identities", person.id);
    let adds = node.own(Method::POST, &path, &person.access);
    let adds = adds.with("content-type", "application/json").body(&add);
    let adds = adds.send().await.text("auth_otp");
    let code = node.code("ada@example.test").await;
    assert_eq!(node.answered(&adds, &code).await.status, 200);
    assert_eq!(told(&node).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_told_at_an_address_that_was_not_proven() {
    const STRANGER: &str = "eve@example.test";
    let node = TestNode::start().await;
    let person = node.signed_up_by_email(EMAIL, PASSWORD).await;
    let path = format!("/contacts/{}", person.id);
    let says = node.own(Method::PUT, &path, &person.access);
    let says = says.with("content-type", "application/json");
    let says = says.body(&json!({ "email": STRANGER })).send().await;
    assert_eq!(says.status, 200, "{says:?}");
    let changed = node.change(&person, &json!({ "password": ANOTHER })).await;
    assert_eq!(changed.status, 204, "{changed:?}");
    let inbox = node.inbox().await;
    let stranger = inbox
        .iter()
        .find(|message| message["recipient"] == STRANGER);
    assert_eq!(stranger, None);
    assert_eq!(told(&node).await, [EMAIL]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_without_an_email_address_is_told_to_add_one_and_has_no_password_later() {
    let node = TestNode::start().await;
    let person = node.signed_up("+447566224395").await;
    // One that it merely says it has is none to sign in by.
    let path = format!("/contacts/{}", person.id);
    let says = node.own(Method::PUT, &path, &person.access);
    let says = says.with("content-type", "application/json");
    let says = says.body(&json!({ "email": EMAIL })).send().await;
    assert_eq!(says.status, 200, "{says:?}");
    for body in [
        json!({ "password": PASSWORD }),
        json!({ "password": PASSWORD, "current_password": ANOTHER }),
    ] {
        let refusal = node.change(&person, &body).await;
        assert_eq!(refusal.problem(), refused(422, "invalid_request"));
        let fault = &refusal.json()["errors"][0];
        assert_eq!(
            (&fault["pointer"], &fault["code"]),
            (&json!("/password"), &json!("no_email_address"))
        );
    }
    let path = format!("/contacts/{}/identities", person.id);
    let add = node.own(Method::POST, &path, &person.access);
    let add = add.with("content-type", "application/json");
    let add = add.body(&json!({ "provider": "EMAIL", "email": EMAIL }));
    let added = add.send().await;
    assert_eq!(added.status, 201, "{added:?}");
    let code = node.code(EMAIL).await;
    let proven = node.answered(&added.text("auth_otp"), &code).await;
    assert_eq!(proven.status, 200, "{proven:?}");
    let nothing_kept = node.entered(EMAIL, PASSWORD).await;
    assert_eq!(nothing_kept.problem(), refused(400, "invalid_login"));
    let set = node.change(&person, &json!({ "password": PASSWORD })).await;
    assert_eq!(set.status, 204, "{set:?}");
    assert_eq!(node.entered(EMAIL, PASSWORD).await.status, 200);
}
