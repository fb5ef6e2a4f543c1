//! Contacts register and sign in by e-mail address, with a password or without.

use std::sync::Arc;

use clientele::domain::access::LOCKED_FOR;
use clientele::domain::directory_entry::{PASSWORDS_MAX, SEND_PAUSE};
use clientele::http::passwords::Password;
use clientele::limits::PASSWORDS_WAITING_MAX;
use clientele::secrets::UniqueValue;
use http::Method;
use serde_json::json;

use crate::app::{Person, ada, ada_by_email};
use crate::contact_changes::refused;
use crate::node::TestNode;

const EMAIL: &str = "ada@example.test";
const PASSWORD: &str = "vivid turtle 9";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_registers_by_email_and_is_there_once_the_code_came_back() {
    let mut node = TestNode::start().await;
    let body = ada_by_email(" Ada@Example.test ", None);
    let registered = node.app("/contacts/register", &body).send().await;
    assert_eq!(registered.status, 201, "{registered:?}");
    assert_eq!(registered.text("obfuscated_value"), "a*****@example.test");
    assert_eq!(registered.json().as_object().unwrap().len(), 2);
    assert_eq!(node.holder(UniqueValue::IdentityEmail, EMAIL).await, None);

    let message = node.inbox().await.remove(0);
    assert_eq!(message["channel"], "EMAIL");
    assert_eq!(message["recipient"], EMAIL);
    assert_eq!(message["subject"], "Your code to register");
    let code = node.code(EMAIL).await;
    assert!(message["body"].as_str().unwrap().contains(&code));
    let answer = node.answered(&registered.text("auth_otp"), &code).await;
    let person = Person::of(&answer);
    for value in [UniqueValue::IdentityEmail, UniqueValue::EmailAddress] {
        assert!(node.holder(value, EMAIL).await.is_some(), "{value:?}");
    }
    node.restart().await;
    let own = person.read(&node).send().await;
    assert_eq!(own.text("email"), "Ada@Example.test");
    assert_eq!(own.json()["phone"], json!(null));

    node.clock.advance(SEND_PAUSE);
    let auth_otp = node.asked_by_email("ADA@example.test").await;
    let answer = node.answered(&auth_otp, &node.code(EMAIL).await).await;
    assert_eq!(Person::of(&answer).id, person.id);
    // Without a password there is none to sign in with.
    let entered = node.entered(EMAIL, PASSWORD).await;
    assert_eq!(entered.problem(), refused(400, "invalid_login"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_signs_in_from_the_proof_of_the_address_on() {
    let mut node = TestNode::start().await;
    let body = ada_by_email(EMAIL, Some(PASSWORD));
    let registered = node.app("/contacts/register", &body).send().await;
    assert_eq!(registered.status, 201, "{registered:?}");
    let early = node.entered(EMAIL, PASSWORD).await;
    assert_eq!(early.problem(), refused(400, "invalid_login"));
    assert_eq!(early.text("error"), "CRM.EXCEPTIONS.INVALIDLOGINEXCEPTION");
    let code = node.code(EMAIL).await;
    let answer = node.answered(&registered.text("auth_otp"), &code).await;
    let person = Person::of(&answer);

    for username in [EMAIL, " ADA@example.test "] {
        let entered = Person::of(&node.entered(username, PASSWORD).await);
        assert_eq!(entered.id, person.id);
        assert_eq!(entered.read(&node).send().await.status, 200);
        node.restart().await;
    }
    for wrong in ["vivid turtle 8", "", &"x".repeat(128)] {
        let refusal = node.entered(EMAIL, wrong).await;
        assert_eq!(refusal.problem(), refused(400, "invalid_login"), "{wrong}");
    }
    // In its own mode only.
    let elsewhere = json!({ "provider": "EMAIL", "username": EMAIL, "password": PASSWORD });
    let elsewhere = node.app("/contacts/authenticate", &elsewhere);
    let elsewhere = elsewhere.with("api_key", &node.app_key("live"));
    let elsewhere = elsewhere.send().await;
    assert_eq!(elsewhere.problem(), refused(400, "invalid_login"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn older_clients_register_by_email_in_their_own_words() {
    let node = TestNode::start().await;
    let body = json!({
        "first_name": "Ada", "last_name": "Byron", "service_acceptance": "true",
        "identity": { "provider": "EMAIL", "email_address": EMAIL, "password": PASSWORD },
    });
    let ask = node
        .ask(Method::POST, "/self-service/v1/contacts/register")
        .with("api_key", &node.app_key("test"))
        .with("content-type", "application/json")
        .body(&body);
    let registered = ask.send().await;
    assert_eq!(registered.status, 201, "{registered:?}");
    let answer = node
        .answered(&registered.text("auth_otp"), &node.code(EMAIL).await)
        .await;
    let person = Person::of(&answer);
    // As it is published: JSON in what says that it is a form.
    let body = json!({ "provider": "EMAIL", "username": EMAIL, "password": PASSWORD });
    let ask = node
        .app("/contacts/authenticate", &body)
        .with("content-type", "application/x-www-form-urlencoded");
    assert_eq!(Person::of(&ask.send().await).id, person.id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn registering_again_by_email_changes_neither_person_nor_password() {
    let node = TestNode::start().await;
    let person = node.signed_up_by_email(EMAIL, PASSWORD).await;
    node.clock.advance(SEND_PAUSE);
    let again = node.signed_up_by_email(EMAIL, "another turtle 9").await;
    assert_eq!(again.id, person.id);
    let entered = node.entered(EMAIL, "another turtle 9").await;
    assert_eq!(entered.problem(), refused(400, "invalid_login"));
    assert_eq!(node.entered(EMAIL, PASSWORD).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_wrong_passwords_are_taken_and_then_even_the_right_one_waits() {
    let mut node = TestNode::start().await;
    node.signed_up_by_email(EMAIL, PASSWORD).await;
    for tries in 1..=PASSWORDS_MAX {
        let entered = node.entered(EMAIL, "vivid turtle 8").await;
        assert_eq!(entered.problem(), refused(400, "invalid_login"), "{tries}");
        if tries == PASSWORDS_MAX / 2 {
            node.restart().await;
        }
    }
    let right = node.entered(EMAIL, PASSWORD).await;
    assert_eq!(right.problem(), refused(429, "too_many_requests"));
    let wait: u32 = right.header("retry-after").parse().unwrap();
    assert!((800..=900).contains(&wait), "{wait}");
    // Codes still open the door.
    node.clock.advance(SEND_PAUSE);
    let auth_otp = node.asked_by_email(EMAIL).await;
    let answer = node.answered(&auth_otp, &node.code(EMAIL).await).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    node.clock.advance(LOCKED_FOR);
    assert_eq!(node.entered(EMAIL, PASSWORD).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_password_forgets_the_wrong_ones() {
    let node = TestNode::start().await;
    node.signed_up_by_email(EMAIL, PASSWORD).await;
    for _ in 0..2 {
        for _ in 1..PASSWORDS_MAX {
            let entered = node.entered(EMAIL, "vivid turtle 8").await;
            assert_eq!(entered.problem(), refused(400, "invalid_login"));
        }
        assert_eq!(node.entered(EMAIL, PASSWORD).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_passwords_at_once_no_more_are_tried_than_one_after_the_other() {
    let node = TestNode::start().await;
    node.signed_up_by_email(EMAIL, PASSWORD).await;
    let body = json!({ "provider": "EMAIL", "username": EMAIL, "password": "vivid turtle 8" });
    let tries = (0..2 * PASSWORDS_MAX).map(|_| node.app("/contacts/authenticate", &body).begin());
    let tries: Vec<_> = tries.collect();
    let mut taken = 0;
    for pending in tries {
        let answer = pending.answer().await;
        match answer.status {
            400 => taken += 1,
            429 => {}
            other => panic!("{other}: {answer:?}"),
        }
    }
    assert_eq!(taken, PASSWORDS_MAX);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_address_is_none_at_every_gateway() {
    let node = TestNode::start().await;
    let owner = node.owner().await;
    for text in [
        "ada",
        "ada@example",
        "ada b@example.test",
        "ada@x.test,eve@x.test",
    ] {
        let contact = node.post("/contacts", &json!({ "email_address": text }));
        let registered = node.app("/contacts/register", &ada_by_email(text, None));
        let invited = json!({ "email_address": text, "roles": ["x"] });
        let invited = node.by(&owner, Method::POST, "/users").body(&invited);
        let forgot = node.stranger(Method::POST, "/users/forgot_password");
        let forgot = forgot.body(&json!({ "email": text }));
        for ask in [contact, registered, invited, forgot] {
            let answer = ask.send().await;
            assert_eq!(answer.problem(), refused(422, "invalid_request"), "{text}");
            assert_eq!(answer.json()["errors"][0]["code"], "not_an_email_address");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_the_back_office_knows_is_not_taken_over() {
    let node = TestNode::start().await;
    let body = json!({ "code": "DESK", "email_address": EMAIL });
    let created = node.post("/contacts", &body);
    let created = created.with("api_key", &node.secret_key("test"));
    assert_eq!(created.send().await.status, 201);
    let body = ada_by_email(EMAIL, Some(PASSWORD));
    let registered = node.app("/contacts/register", &body).send().await;
    assert_eq!(registered.status, 201, "{registered:?}");
    let code = node.code(EMAIL).await;
    let answer = node.answered(&registered.text("auth_otp"), &code).await;
    assert_eq!(answer.problem(), refused(400, "contact_not_unique"));
    let entered = node.entered(EMAIL, PASSWORD).await;
    assert_eq!(entered.problem(), refused(400, "invalid_login"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_that_everybody_tries_or_that_is_short_is_refused() {
    let node = TestNode::start().await;
    for (password, code) in [
        ("Qwerty12", "password_common"),
        ("turtle", "too_short"),
        (&"x1".repeat(65), "too_long"),
    ] {
        let body = ada_by_email(EMAIL, Some(password));
        let answer = node.app("/contacts/register", &body).send().await;
        assert_eq!(answer.problem(), refused(422, "invalid_request"));
        let fault = &answer.json()["errors"][0];
        assert_eq!(fault["pointer"], "/identification/password");
        assert_eq!(fault["code"], code);
    }
    let mut mixed = ada(EMAIL);
    mixed["identification"] = json!({ "provider": "EMAIL", "email": EMAIL, "phone": { "number": "+442079460018" }, "token": "x" });
    let answer = node.app("/contacts/register", &mixed).send().await;
    let faults = answer.json()["errors"].clone();
    for (index, member) in ["phone", "token"].into_iter().enumerate() {
        assert_eq!(faults[index]["code"], "of_another_provider");
        assert_eq!(
            faults[index]["pointer"],
            format!("/identification/{member}")
        );
    }
    assert!(node.inbox().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_that_was_not_tried_for_want_of_room_does_not_count() {
    let node = TestNode::start().await;
    node.signed_up_by_email(EMAIL, PASSWORD).await;
    let mut refused_for_room = 0;
    for _ in 0..100 {
        if refused_for_room == 3 {
            break;
        }
        // The line is full of others, from wherever they come.
        let mut others = tokio::task::JoinSet::new();
        for _ in 0..2 * PASSWORDS_WAITING_MAX {
            let passwords = Arc::clone(&node.api().passwords);
            let typed = Password::typed("x".to_owned()).unwrap();
            others.spawn(async move { passwords.matches(typed, None).await.is_ok() });
        }
        let answer = node.entered(EMAIL, PASSWORD).await;
        match answer.status {
            200 => {}
            503 => refused_for_room += 1,
            other => panic!("{other}: {answer:?}"),
        }
        others.join_all().await;
    }
    assert_eq!(refused_for_room, 3, "there was room");
    for _ in 0..PASSWORDS_MAX {
        let entered = node.entered(EMAIL, "vivid turtle 8").await;
        assert_eq!(entered.problem(), refused(400, "invalid_login"));
    }
    assert_eq!(node.entered(EMAIL, PASSWORD).await.status, 429);
}
