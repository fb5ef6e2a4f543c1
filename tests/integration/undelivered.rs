//! What waits to be sent: to whoever is there when it leaves, and to nobody who is gone.

use clientele::domain::directory_entry::SEND_PAUSE;
use http::Method;
use serde_json::{Value, json};

use crate::app::{Person, ada_by_email};
use crate::delivery::{PHONE, open_node, webhook};
use crate::privacy::files_with;
use crate::recorder::Recorder;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_that_is_another_one_is_told_to_a_contact_and_to_a_user_of_live_mode() {
    let node = open_node().await;
    let mut own = Recorder::start().await;
    node.connect(&webhook(own.address)).await;
    let (email, password) = ("ada@example.test", "vivid turtle 9");
    let body = ada_by_email(email, Some(password));
    let registered = node.app("/contacts/register", &body);
    let registered = registered.with("api_key", &node.app_key("live"));
    let registered = registered.send().await;
    let code = own.next().await.json()["code"].clone();
    let auth_otp = registered.text("auth_otp");
    let answer = node.answered_live(&auth_otp, code.as_str().unwrap()).await;
    let person = Person::of(&answer);
    let path = format!("/contacts/{}/change_password", person.id);
    let change = node.own(Method::POST, &path, &person.access);
    let change = change.with("content-type", "application/json");
    let change = change.body(&json!({ "password": "calm walrus 4" }));
    assert_eq!(change.send().await.status, 204);
    let is_told = |told: Value, recipient: &str| {
        assert_eq!(told["subject"], "Your password was changed");
        assert_eq!(
            (&told["recipient"], &told["code"], &told["channel"]),
            (&json!(recipient), &Value::Null, &json!("EMAIL"))
        );
        assert!(!told["body"].as_str().unwrap().contains("walrus"), "{told}");
    };
    is_told(own.next().await.json(), email);

    let user = &node.seed.users[0];
    let owner = node.owner().await;
    let change = node.by(
        &owner,
        Method::POST,
        &format!("/users/{}/change_password", owner.id),
    );
    let change = change.body(&json!({
        "current_password": user.password.as_deref().unwrap(), "password": "calm walrus 4",
    }));
    let changed = change.send().await;
    assert_eq!(changed.status, 204, "{changed:?}");
    is_told(own.next().await.json(), &user.username);
    assert!(own.is_quiet(), "something was told twice");
    // And in live mode alone.
    assert_eq!(node.inbox().await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_somebody_who_is_erased_is_not_sent_and_can_be_read_nowhere() {
    const OTHER: &str = "+442079460018";
    let mut node = open_node().await;
    let mut own = Recorder::start().await;
    node.connect(&webhook(own.address)).await;
    let registered = node.register_live(PHONE).send().await;
    let sent = own.next().await.json()["code"].clone();
    let auth_otp = registered.text("auth_otp");
    let answer = node.answered_live(&auth_otp, sent.as_str().unwrap()).await;
    let person = Person::of(&answer);
    node.clock.advance(SEND_PAUSE);
    // Asked for, and in vain.
    own.then(503, "{}");
    own.then(503, "{}");
    own.then(503, "{}");
    let body = json!({ "method": "SMS", "credentials": [{ "name": "PHONE", "value": PHONE }] });
    let asked = node.app("/contacts/otp", &body);
    let asked = asked.with("api_key", &node.app_key("live")).send().await;
    assert_eq!(asked.status, 200, "{asked:?}");
    assert_eq!(own.next().await.json()["recipient"], PHONE);
    let snapshot = node.control("POST", "/snapshots", "{}").await;
    assert!(snapshot.starts_with("HTTP/1.1 200"), "{snapshot}");
    let path = format!("/contacts/{}", person.id);
    let erased = node.own(Method::DELETE, &path, &person.access).send().await;
    assert_eq!(erased.status, 200, "{erased:?}");
    let snapshot = node.control("POST", "/snapshots", "{}").await;
    assert!(snapshot.starts_with("HTTP/1.1 200"), "{snapshot}");
    while !own.is_quiet() {
        // What was under way while it was erased.
        own.next().await;
    }
    node.restart().await;
    // Everything that waits is tried after a start: the newer one comes alone.
    let other = node.register_live(OTHER).send().await;
    assert_eq!(other.status, 201, "{other:?}");
    assert_eq!(own.next().await.json()["recipient"], OTHER);
    assert!(own.is_quiet(), "something was sent to nobody");
    for text in [PHONE, &PHONE[1..], "7566224395", "Byron"] {
        let found = files_with(node.data(), text);
        assert_eq!(found, Vec::<String>::new(), "{text}");
    }
}
