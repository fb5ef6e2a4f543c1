//! A till that was offline sends what it recorded: each purchase counts once, in the device's order, whatever becomes of the others.

use serde_json::{Value, json};

use crate::node::{TestNode, cents};

fn award(node: &TestNode, contact: usize, total: u32) -> Value {
    node.purchase_body(node.contact(contact), total)
}

fn spend(node: &TestNode, contact: usize, total: u32) -> Value {
    let mut body = award(node, contact, total);
    body["spend_request"] = json!({ "amount": total, "restrict_fully_covered": true });
    body
}

async fn send(node: &TestNode, device: &str, purchases: &[(u64, Value)]) -> Vec<Value> {
    let purchases = purchases
        .iter()
        .map(|(sequence, purchase)| json!({ "sequence": sequence, "purchase": purchase }));
    let body = json!({ "device_id": device, "purchases": purchases.collect::<Vec<_>>() });
    let answer = node.post("/purchases/batch", &body).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["items"].as_array().unwrap().clone()
}

fn statuses(items: &[Value]) -> Vec<(u64, u64)> {
    let number = |item: &Value, name: &str| item[name].as_u64().unwrap();
    items
        .iter()
        .map(|item| (number(item, "sequence"), number(item, "status")))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_purchase_of_a_batch_stands_alone_and_a_contacts_own_are_in_order() {
    let node = TestNode::start().await;
    let mut unknown = award(&node, 0, 20);
    unknown["contact"] = json!({ "id": "nobody" });
    let mut misspelt = award(&node, 0, 20);
    misspelt["totl"] = json!(1);
    // The first contact may spend what its first purchase earned, and no more.
    let purchases = [
        (7, award(&node, 0, 40)),
        (8, unknown),
        (9, award(&node, 1, 20)),
        (10, spend(&node, 0, 2)),
        (11, spend(&node, 0, 2)),
        (12, misspelt),
    ];
    let items = send(&node, "till 4", &purchases).await;
    let expected = [
        (7, 200),
        (8, 400),
        (9, 200),
        (10, 200),
        (11, 400),
        (12, 422),
    ];
    assert_eq!(statuses(&items), expected);
    assert_eq!(items[0]["purchase"]["rewards"]["award"], json!(2));
    assert_eq!(items[4]["problem"]["code"], "wallet_balance_too_low");
    assert_eq!(items[5]["problem"]["errors"][0]["pointer"], "/totl");
    assert_eq!(node.balance(node.contact(0)).await, cents(0));
    assert_eq!(node.balance(node.contact(1)).await, cents(100));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_is_sent_again_has_no_second_effect_through_a_restart() {
    let mut node = TestNode::start().await;
    let purchases: Vec<_> = (0..60)
        .map(|number| {
            let contact = usize::try_from(number % 3).unwrap();
            (number, award(&node, contact, 20))
        })
        .collect();
    let first = send(&node, "till 4", &purchases).await;
    assert!(statuses(&first).iter().all(|(_, status)| *status == 200));
    node.restart().await;
    assert_eq!(send(&node, "till 4", &purchases).await, first);
    assert_eq!(node.balance(node.contact(0)).await, cents(2_000));

    // Another device has numbers of its own; and a number stands for one purchase.
    send(&node, "till 5", &purchases[..3]).await;
    assert_eq!(node.balance(node.contact(0)).await, cents(2_100));
    let other = send(&node, "till 4", &[(0, award(&node, 0, 30))]).await;
    assert_eq!(other[0]["problem"]["code"], "idempotency_key_reused");
    assert_eq!(node.balance(node.contact(0)).await, cents(2_100));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_over_its_bounds_is_refused_as_a_whole() {
    let node = TestNode::start().await;
    let item = json!({ "sequence": 1, "purchase": award(&node, 0, 20) });
    let refused = async |device: &str, count: usize| {
        let body = json!({ "device_id": device, "purchases": vec![item.clone(); count] });
        let answer = node.post("/purchases/batch", &body).send().await;
        let pointer = answer.json()["errors"][0]["pointer"].clone();
        (answer.problem(), pointer)
    };
    let invalid = (422, "invalid_request".to_owned());
    assert_eq!(
        refused("till", 1_001).await,
        (invalid.clone(), json!("/purchases"))
    );
    assert_eq!(refused("", 1).await, (invalid.clone(), json!("/device_id")));
    assert_eq!(
        refused(&"x".repeat(65), 1).await,
        (invalid, json!("/device_id"))
    );
    assert_eq!(node.balance(node.contact(0)).await, cents(0));
}
