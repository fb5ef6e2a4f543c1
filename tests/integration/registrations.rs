//! From a registration that nobody sees to a contact.

use clientele::actors::router::OpenedProfile;
use clientele::actors::router::access::AccessRefused;
use clientele::domain::access::{self, Attempt, OTP_LASTS};
use clientele::domain::address::{Address, Kind};
use clientele::domain::contact::{self, Stage};
use clientele::domain::directory_entry::{self, Holder, RESERVED_FOR, SEND_PAUSE, ValueHash};
use clientele::domain::entity::Command;
use clientele::secrets::UniqueValue;
use serde_json::json;

use crate::access::*;
use crate::node::{TestNode, eventually};
/// A registration whose value is proven and reserved, as if the node had stopped there.
async fn half_registered(node: &TestNode) -> (Address, ValueHash) {
    let asked = node.register(71).await.unwrap();
    let (contact, challenge) = node.challenge_of(&asked).await;
    let answer = access::Command::Answer(Attempt {
        number: challenge.number,
        bound_to: access::bound_to(&challenge.nonce),
        code: challenge.code,
        nonce: [1; 16],
    });
    node.command(contact, access_command(answer)).await;
    let value = challenge.destination;
    let holder = Holder {
        contact: contact.entity,
        attempt: 1,
    };
    let entry = Address {
        kind: Kind::DirectoryEntry,
        entity: value.entry(),
        ..contact
    };
    let reserve = directory_entry::Command::ReserveOnWall(value, holder);
    node.command(entry, Command::DirectoryEntry(reserve)).await;
    (contact, value)
}

fn access_command(command: access::Command) -> Command {
    Command::Contact(contact::Command::Access(command))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_is_seen_by_nobody_until_its_code_comes_back() {
    let node = TestNode::start().await;
    let asked = node.register(71).await.unwrap();
    assert_eq!(node.view(of(71)).await.stage, Stage::Proposed);
    assert_eq!(node.holder(UniqueValue::IdentityPhone, PHONE).await, None);
    assert_eq!(node.holder(UniqueValue::Phone, PHONE).await, None);
    let (_, code) = node.code_of(&asked).await;
    assert_eq!(node.sign_in(&asked, &wrong(&code)).await, Err(INVALID));

    let signed_in = node.sign_in(&asked, &code).await.unwrap();
    assert_eq!(signed_in.contact, of(71));
    assert!(!signed_in.existing);
    let view = node.view(of(71)).await;
    assert_eq!(view.stage, Stage::Active);
    assert!(matches!(
        node.opens(of(71), &view.profile),
        OpenedProfile::Plain(_)
    ));
    for value in [UniqueValue::IdentityPhone, UniqueValue::Phone] {
        assert_eq!(node.holder(value, PHONE).await, Some(71), "{value:?}");
    }
    assert_eq!(node.session(&signed_in).await, Some(signed_in.session));
    // Used once is used up.
    assert_eq!(node.sign_in(&asked, &code).await, Err(INVALID));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_and_its_answer_have_one_effect_under_one_key() {
    let mut node = TestNode::start().await;
    let asked = node.register(71).await.unwrap();
    let again = node.register(71).await.unwrap();
    assert_eq!(again.auth_otp, asked.auth_otp, "no second code");
    assert!(asked.is_new && !again.is_new);
    let (_, code) = node.code_of(&asked).await;
    let key = || Some(remember(200));
    let first = node.sign_in_once(&asked, &code, key()).await.unwrap();
    assert_eq!(node.sign_in_once(&asked, &code, key()).await, Ok(first));
    node.restart().await;
    assert_eq!(node.sign_in_once(&asked, &code, key()).await, Ok(first));
    assert_eq!(node.session(&first).await, Some(first.session));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_of_a_value_that_is_taken_signs_in_who_has_it() {
    let mut node = TestNode::start().await;
    let owner = node.registered(71).await;
    node.clock.advance(SEND_PAUSE);
    let asked = node.register(72).await.unwrap();
    let (_, code) = node.code_of(&asked).await;
    let key = || Some(remember(200));
    let signed_in = node.sign_in_once(&asked, &code, key()).await.unwrap();
    assert_eq!(signed_in.contact, owner.contact);
    assert!(signed_in.existing);
    assert_ne!(signed_in.session.number, owner.session.number);
    node.restart().await;
    let retried = node.sign_in_once(&asked, &code, key()).await;
    assert_eq!(retried, Ok(signed_in));
    // The other one goes.
    node.clock.advance(OTP_LASTS);
    eventually("nothing of it can be read", async || {
        let view = node.view(of(72)).await;
        view.stage == Stage::Void && node.opens(of(72), &view.profile) == OpenedProfile::Erased
    })
    .await;
    assert_eq!(
        node.holder(UniqueValue::IdentityPhone, PHONE).await,
        Some(71)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_that_the_back_office_knows_is_not_taken_over() {
    let node = TestNode::start().await;
    let body = json!({ "code": "DESK", "phones": [{ "number": PHONE }] });
    let created = node.post("/contacts", &body);
    let created = created
        .with("api_key", &node.secret_key("test"))
        .send()
        .await;
    assert_eq!(created.status, 201, "{created:?}");
    let known = node.holder(UniqueValue::Phone, PHONE).await;
    let asked = node.register(71).await.unwrap();
    let (_, code) = node.code_of(&asked).await;
    let refused = node.sign_in(&asked, &code).await;
    assert_eq!(refused, Err(AccessRefused::ValueTaken));
    assert_eq!(node.holder(UniqueValue::Phone, PHONE).await, known);
    assert_eq!(node.holder(UniqueValue::IdentityPhone, PHONE).await, None);
    eventually("nothing of it can be read", async || {
        let view = node.view(of(71)).await;
        node.opens(of(71), &view.profile) == OpenedProfile::Erased
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_that_lapses_leaves_nothing_that_can_be_read() {
    let mut node = TestNode::start().await;
    let asked = node.register(71).await.unwrap();
    let (_, code) = node.code_of(&asked).await;
    let sealed = node.view(of(71)).await.profile.clone();
    node.restart().await;
    node.clock.advance(OTP_LASTS);
    eventually("its key is destroyed", async || {
        node.opens(of(71), &sealed) == OpenedProfile::Erased
    })
    .await;
    assert_eq!(node.sign_in(&asked, &code).await, Err(INVALID));
    assert_eq!(node.view(of(71)).await.stage, Stage::Void);
    node.restart().await;
    assert_eq!(node.opens(of(71), &sealed), OpenedProfile::Erased);
    // The same request makes another one.
    let again = node.register(71).await.unwrap();
    let (_, code) = node.code_of(&again).await;
    assert_eq!(node.sign_in(&again, &code).await.unwrap().contact, of(71));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_registrations_of_one_value_make_one_contact() {
    let node = TestNode::start().await;
    let first = node.register(71).await.unwrap();
    node.clock.advance(SEND_PAUSE);
    let second = node.register(72).await.unwrap();
    let (_, one) = node.code_of(&first).await;
    let (_, other) = node.code_of(&second).await;
    let (one, other) = tokio::join!(node.sign_in(&first, &one), node.sign_in(&second, &other));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one.contact, other.contact);
    assert_ne!(one.existing, other.existing);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_that_is_cut_short_after_it_finished_keeps_its_value() {
    let mut node = TestNode::start().await;
    let (contact, value) = half_registered(&node).await;
    let finish = access_command(access::Command::Finish([2; 16]));
    node.command(contact, finish).await;
    assert_eq!(node.view(contact).await.identities, [value]);
    assert_eq!(node.holder(UniqueValue::IdentityPhone, PHONE).await, None);
    node.restart().await;
    node.clock.advance(RESERVED_FOR);
    eventually("the entry has asked", async || {
        node.holder(UniqueValue::IdentityPhone, PHONE).await == Some(71)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_that_is_cut_short_before_it_finished_gives_its_value_back() {
    let mut node = TestNode::start().await;
    let (contact, _) = half_registered(&node).await;
    node.restart().await;
    node.clock.advance(RESERVED_FOR);
    eventually("the entry has asked", async || {
        node.view(contact).await.stage == Stage::Void
    })
    .await;
    let router = node.api().router.clone();
    let finish = access_command(access::Command::Finish([2; 16]));
    let late = router.command(contact, finish, None, None).await;
    assert!(late.result.is_err(), "its value may be another's by now");
    let other = node.registered(72).await;
    assert!(!other.existing);
}
