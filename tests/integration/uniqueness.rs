//! Two contacts never share an id, a code or an e-mail address, whatever happens while they are created.

use clientele::domain::address::{Address, Kind, Mode};
use clientele::domain::contact::{self, ContactType, Propose, SealedProfile};
use clientele::domain::directory_entry::{self, ValueHash};
use clientele::domain::entity::{Answer, Command, Query};
use clientele::domain::time::Span;
use clientele::secrets::UniqueValue;
use clientele::seeding::TENANT;
use serde_json::{Value, json};

use crate::node::{Pending, TestNode, eventually};

const NOT_UNIQUE: &str = "COM.CRM.EXCEPTIONS.CONTACTUNIQUELYIDENTIFYEXCEPTION";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_at_once_exactly_one_is_created() {
    let node = TestNode::start().await;
    for body in [
        json!({ "email_address": "one@example.test" }),
        json!({ "id": "MEMBER-1" }),
        json!({ "code": "CARD-1" }),
        json!({ "id": "MEMBER-2", "code": "CARD-2", "email_address": "two@example.test" }),
    ] {
        let asked: Vec<Pending> = (0..20)
            .map(|_| node.post("/contacts", &body).begin())
            .collect();
        let mut created = 0;
        for request in asked {
            let answer = request.answer().await;
            if answer.status == 201 {
                created += 1;
            } else {
                assert_eq!(answer.problem(), (400, "contact_not_unique".to_owned()));
                assert_eq!(answer.text("error"), NOT_UNIQUE);
            }
        }
        assert_eq!(created, 1, "{body}");
        let later = node.post("/contacts", &body).send().await;
        assert_eq!(later.status, 400, "{later:?}");
    }
    // Upper case and blanks make no other address, and the test world has addresses of its own.
    let same = json!({ "email_address": "One@Example.TEST" });
    assert_eq!(node.post("/contacts", &same).send().await.status, 400);
    let elsewhere = node.post("/contacts", &same);
    let elsewhere = elsewhere.with("api_key", &node.secret_key("test"));
    assert_eq!(elsewhere.send().await.status, 201);
}

/// A creation that got as far as reserving its code.
async fn half_a_contact(node: &TestNode, entity: u64, code: &str) -> (Address, Address, ValueHash) {
    let value = node
        .api()
        .router
        .secrets()
        .value_hash(TENANT, Mode::Live, UniqueValue::Code, code);
    let contact = Address {
        tenant: TENANT,
        mode: Mode::Live,
        kind: Kind::Contact,
        entity,
    };
    let propose = contact::Command::Propose(Propose {
        contact_type: ContactType::Person,
        profile: SealedProfile {
            slot: 0,
            sealed: Vec::new().into(),
        },
        own_id: None,
        code: code.into(),
        claims: vec![value],
    });
    node.command(contact, Command::Contact(propose)).await;
    let entry = Address {
        kind: Kind::DirectoryEntry,
        entity: value.entry(),
        ..contact
    };
    let holder = directory_entry::Holder {
        contact: entity,
        attempt: 1,
    };
    let reserve = directory_entry::Command::Reserve(value, holder);
    node.command(entry, Command::DirectoryEntry(reserve)).await;
    (contact, entry, value)
}

async fn creation(node: &TestNode, body: &Value) -> u16 {
    node.post("/contacts", body).send().await.status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_creation_that_was_cut_short_frees_its_values() {
    let mut node = TestNode::start().await;
    let (given_up, _, _) = half_a_contact(&node, 71, "CARD-71").await;
    half_a_contact(&node, 72, "CARD-72").await;
    let (first, second) = (json!({ "code": "CARD-71" }), json!({ "code": "CARD-72" }));
    assert_eq!(creation(&node, &first).await, 400);

    node.clock.advance(directory_entry::RESERVED_FOR);
    node.clock.advance(Span::seconds(1));
    eventually("the value is free", async || {
        creation(&node, &first).await == 201
    })
    .await;
    assert_eq!(creation(&node, &first).await, 400);
    let confirm = Command::Contact(contact::Command::Confirm);
    let router = node.api().router.clone();
    let late = router.command(given_up, confirm, None, None).await;
    assert!(late.result.is_err(), "two contacts have one code");
    drop(router);

    // The other one was freed by then, or is by the next start.
    node.restart().await;
    eventually("the value is free after a restart", async || {
        creation(&node, &second).await == 201
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_creation_that_was_cut_short_after_its_confirmation_keeps_its_values() {
    let node = TestNode::start().await;
    let (contact, entry, value) = half_a_contact(&node, 73, "CARD-73").await;
    let confirm = Command::Contact(contact::Command::Confirm);
    node.command(contact, confirm).await;
    let holder = async || {
        let query = Query::DirectoryHolder(value);
        node.api().router.query(entry, query).await.result
    };
    assert_eq!(holder().await, Ok(Answer::DirectoryHolder(None)));
    node.clock.advance(directory_entry::RESERVED_FOR);
    node.clock.advance(Span::seconds(1));
    eventually("the entry has asked", async || {
        holder().await == Ok(Answer::DirectoryHolder(Some(73)))
    })
    .await;
    assert_eq!(creation(&node, &json!({ "code": "CARD-73" })).await, 400);
}
