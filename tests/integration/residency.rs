//! Many more contacts than there is room for in memory.

use clientele::seeding::SeedContact;
use futures_util::{StreamExt, stream};
use serde_json::json;

use crate::node::{TestNode, cents};

const CONTACTS: u32 = 2_000;
const RESIDENT_MAX: u32 = 100;
const AT_ONCE: usize = 16;
/// A request activates its contact and a directory entry at most; what is busy stays.
const BUSY_MAX: usize = 2 * AT_ONCE;

async fn new_contact(node: &TestNode, number: u32) -> SeedContact {
    let code = format!("GUEST-{number}");
    let created = node
        .post("/contacts", &json!({ "code": code }))
        .send()
        .await;
    assert_eq!(created.status, 201, "{created:?}");
    let id = created.text("id");
    let contact = node.get(&format!("/contacts/{id}")).send().await;
    SeedContact {
        wallet_id: contact.json()["wallet"]["id"].as_str().unwrap().to_owned(),
        id,
        code,
        mode: "live".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contacts_past_the_cap_leave_memory_and_keep_their_money() {
    let mut node =
        TestNode::start_with(|config| config.actors.resident_max = Some(RESIDENT_MAX)).await;
    let room = usize::try_from(RESIDENT_MAX).unwrap() + BUSY_MAX;
    let total = |number: u32| 20 * (1 + number % 2);
    let contacts: Vec<(u32, SeedContact)> = stream::iter(0..CONTACTS)
        .map(async |number| {
            let contact = new_contact(&node, number).await;
            let award = node.purchase(&contact, total(number), "fund").send().await;
            assert_eq!(award.status, 200, "{award:?}");
            assert!(node.node().resident() <= room);
            (number, contact)
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    assert_eq!(contacts.len(), usize::try_from(CONTACTS).unwrap());
    for _ in 0..2 {
        stream::iter(&contacts)
            .for_each_concurrent(AT_ONCE, async |(number, contact)| {
                let expected = cents(i64::from(total(*number)) * 5);
                assert_eq!(node.balance(contact).await, expected);
                assert!(node.node().resident() <= room);
            })
            .await;
        node.restart().await;
    }
}
