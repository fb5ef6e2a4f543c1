//! A contact adds what it signs in by.

use clientele::domain::access::{self, Attempt};
use clientele::domain::address::{Address, Kind};
use clientele::domain::contact;
use clientele::domain::directory_entry::{self, Holder, RESERVED_FOR, SEND_PAUSE, ValueHash};
use clientele::domain::entity::Command;
use clientele::secrets::UniqueValue;
use http::Method;
use serde_json::{Value, json};

use crate::access::PHONE;
use crate::app::Person;
use crate::client::Answer;
use crate::contact_changes::refused;
use crate::node::{TestNode, eventually};

const EMAIL: &str = "ada@example.test";
const PASSWORD: &str = "vivid turtle 9";

impl TestNode {
    async fn adds(&self, person: &Person, body: &Value) -> Answer {
        let path = format!("/contacts/{}/identities", person.id);
        let ask = self.own(Method::POST, &path, &person.access);
        let ask = ask.with("content-type", "application/json").body(body);
        ask.send().await
    }
}

fn email() -> Value {
    json!({ "provider": "EMAIL", "email": EMAIL, "password": PASSWORD })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_signs_in_by_what_it_added_once_the_code_came_back() {
    let mut node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let added = node.adds(&person, &email()).await;
    assert_eq!(added.status, 201, "{added:?}");
    assert_eq!(added.text("obfuscated_value"), "a*****@example.test");
    assert_eq!(node.holder(UniqueValue::IdentityEmail, EMAIL).await, None);
    let early = node.entered(EMAIL, PASSWORD).await;
    assert_eq!(early.problem(), refused(400, "invalid_login"));
    let code = node.code(EMAIL).await;
    let message = node.inbox().await.remove(0);
    assert_eq!(message["subject"], "Your code to sign in by this address");

    let body = json!({ "auth_otp": added.text("auth_otp"), "code": code });
    let validate = |node: &TestNode, key: &str| {
        node.app("/contacts/validate_otp", &body)
            .with("idempotency-key", key)
    };
    let answer = validate(&node, "v1").send().await;
    // The session that asked goes on.
    let same = Person::of(&answer);
    assert_eq!((&same.id, &same.access), (&person.id, &person.access));
    for _ in 0..2 {
        assert_eq!(
            Person::of(&validate(&node, "v1").send().await).access,
            person.access
        );
        let entered = Person::of(&node.entered(EMAIL, PASSWORD).await);
        assert_eq!(entered.id, person.id);
        node.restart().await;
    }
    let used = validate(&node, "v2").send().await;
    assert_eq!(used.problem(), refused(401, "otp_invalid"));
    node.clock.advance(SEND_PAUSE);
    let again = node.adds(&person, &email()).await;
    assert_eq!(again.problem(), refused(422, "invalid_request"));
    let by_phone = node.asked(PHONE).await;
    let answer = node.answered(&by_phone, &node.code(PHONE).await).await;
    assert_eq!(Person::of(&answer).id, person.id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_contact_signs_in_by_is_refused_after_the_proof_only() {
    let node = TestNode::start().await;
    let owner = node.signed_up_by_email(EMAIL, PASSWORD).await;
    let person = node.signed_up(PHONE).await;
    node.clock.advance(SEND_PAUSE);
    let mut body = email();
    let taken = node.adds(&person, &body).await;
    body["email"] = json!("nobody@example.test");
    let free = node.adds(&person, &body).await;
    assert_eq!((taken.status, free.status), (201, 201));
    let names = |answer: &Answer| {
        let members = answer.json();
        let members = members.as_object().unwrap().iter();
        let lengths = members.map(|(name, text)| (name.clone(), text.as_str().unwrap().len()));
        lengths.collect::<Vec<_>>()
    };
    assert_eq!(names(&taken)[0..2], names(&free)[0..2]);
    // A newer one has taken its place: begun anew.
    node.clock.advance(SEND_PAUSE);
    let taken = node.adds(&person, &email()).await;
    let code = node.code(EMAIL).await;
    let wrong = crate::access::wrong(&code);
    let refusal = node.answered(&taken.text("auth_otp"), &wrong).await;
    assert_eq!(refusal.problem(), refused(401, "otp_invalid"));
    let refusal = node.answered(&taken.text("auth_otp"), &code).await;
    assert_eq!(refusal.problem(), refused(400, "contact_not_unique"));
    assert_eq!(
        Person::of(&node.entered(EMAIL, PASSWORD).await).id,
        owner.id
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_has_ended_adds_nothing() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let added = node.adds(&person, &email()).await;
    let code = node.code(EMAIL).await;
    assert_eq!(person.sign_out(&node).send().await.status, 204);
    let refusal = node.answered(&added.text("auth_otp"), &code).await;
    assert_eq!(refusal.problem(), refused(401, "otp_invalid"));
    assert_eq!(node.holder(UniqueValue::IdentityEmail, EMAIL).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_profile_says_changes_nothing_of_what_a_contact_signs_in_by() {
    let node = TestNode::start().await;
    let person = node.signed_up_by_email(EMAIL, PASSWORD).await;
    let patch = json!({ "email_address": "other@example.test" });
    let changed = node
        .put(&format!("/contacts/{}", person.id), &patch)
        .with("api_key", &node.secret_key("test"));
    let changed = changed.send().await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(
        person.read(&node).send().await.text("email"),
        "other@example.test"
    );
    assert_eq!(
        Person::of(&node.entered(EMAIL, PASSWORD).await).id,
        person.id
    );
    let other = node.entered("other@example.test", PASSWORD).await;
    assert_eq!(other.problem(), refused(400, "invalid_login"));
    node.clock.advance(SEND_PAUSE);
    let auth_otp = node.asked_by_email("other@example.test").await;
    let answer = node.answered(&auth_otp, "000000").await;
    assert_eq!(answer.problem(), refused(401, "otp_invalid"));
}

/// An addition that is proven and reserved, as if the node had stopped there: the contact, the value, and who is to hold it.
async fn half_added(node: &TestNode) -> (Address, ValueHash, Holder) {
    let signed_in = node.registered(71).await;
    let contact = signed_in.contact;
    let router = node.api().router.clone();
    let to = clientele::actors::router::access::Destination::Email(EMAIL.to_owned());
    let session = signed_in.session.number;
    let begun = router
        .begin_adding(contact, session, to, None)
        .await
        .unwrap();
    let (_, challenge) = node.challenge_of(&begun.challenged).await;
    let answer = access::Command::Answer(Attempt {
        number: challenge.number,
        bound_to: access::bound_to(&challenge.nonce),
        code: challenge.code,
        nonce: [1; 16],
    });
    let told = |command| Command::Contact(contact::Command::Access(command));
    node.command(contact, told(answer)).await;
    let value = challenge.destination;
    let begin = contact::Command::BeginChange(vec![value]);
    node.command(contact, Command::Contact(begin)).await;
    let holder = Holder {
        contact: contact.entity,
        attempt: node.view(contact).await.attempt,
    };
    let entry = Address {
        kind: Kind::DirectoryEntry,
        entity: value.entry(),
        ..contact
    };
    let reserve = directory_entry::Command::ReserveOnWall(value, holder);
    node.command(entry, Command::DirectoryEntry(reserve)).await;
    (contact, value, holder)
}

fn add(holder: Holder) -> Command {
    let add = access::Command::AddIdentity(holder.attempt);
    Command::Contact(contact::Command::Access(add))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_addition_that_is_cut_short_before_it_is_there_gives_its_value_back() {
    let mut node = TestNode::start().await;
    let (contact, value, holder) = half_added(&node).await;
    node.restart().await;
    node.clock.advance(RESERVED_FOR);
    let router = node.api().router.clone();
    eventually("the entry has asked", async || {
        let entry = Address {
            kind: Kind::DirectoryEntry,
            entity: value.entry(),
            ..contact
        };
        let other = Holder {
            contact: 99,
            attempt: 1,
        };
        let reserve = directory_entry::Command::ReserveOnWall(value, other);
        let reserve = Command::DirectoryEntry(reserve);
        router
            .command(entry, reserve, None, None)
            .await
            .result
            .is_ok()
    })
    .await;
    let late = router.command(contact, add(holder), None, None).await;
    assert!(late.result.is_err(), "its value is another's by now");
    assert!(!node.view(contact).await.identities.contains(&value));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_addition_that_is_cut_short_after_it_is_there_keeps_its_value() {
    let mut node = TestNode::start().await;
    let (contact, value, holder) = half_added(&node).await;
    node.command(contact, add(holder)).await;
    assert!(node.view(contact).await.identities.contains(&value));
    assert_eq!(node.holder(UniqueValue::IdentityEmail, EMAIL).await, None);
    node.restart().await;
    node.clock.advance(RESERVED_FOR);
    eventually("the entry has asked", async || {
        node.holder(UniqueValue::IdentityEmail, EMAIL).await == Some(71)
    })
    .await;
}
