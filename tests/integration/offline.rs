//! A till that was offline sends what it recorded: each purchase counts once, in the device's order, whatever becomes of the others.

use serde_json::{Value, json};

use crate::client::Ask;
use crate::commerce::{put, tried};
use crate::node::{TestNode, cents, eventually};
use crate::organisations::key_of;

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

fn settings(node: &TestNode, uncovered: &str) -> Ask {
    let body = json!({ "uncovered_offline_spend": uncovered });
    put(node, "/settings", &body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_uncovered_offline_sale_is_owed_where_the_tenant_wants_it_so() {
    let mut node = TestNode::start().await;
    let buyer = node.contact(0).clone();
    let sale = [(1, spend(&node, 0, 4))];
    assert_eq!(statuses(&send(&node, "till 4", &sale).await), [(1, 400)]);
    let set = settings(&node, "OWE").send().await;
    assert_eq!(
        (set.status, set.text("uncovered_offline_spend")),
        (200, "OWE".to_owned())
    );
    let of_test = tried(&node, node.get("/settings")).send().await;
    assert_eq!(
        of_test.text("uncovered_offline_spend"),
        "REJECT",
        "each mode has its own"
    );
    node.restart().await;
    let items = send(&node, "till 4", &sale).await;
    assert_eq!(statuses(&items), [(1, 200)], "it had no effect before");
    let rewards = &items[0]["purchase"]["rewards"];
    assert_eq!(
        (&rewards["spend"], &items[0]["purchase"]["amount_due"]),
        (&json!(4), &json!(0))
    );
    let wallet = node.wallet(&buyer).send().await;
    assert_eq!(
        (wallet.amount("balance"), wallet.amount("owed")),
        (cents(0), cents(400))
    );
    assert_eq!(send(&node, "till 4", &sale).await, items);
    // Online, nothing is owed.
    let online = node.post("/purchases", &spend(&node, 0, 4)).send().await;
    assert_eq!(online.problem(), (400, "wallet_balance_too_low".to_owned()));
    // A cancellation forgives it.
    let id = items[0]["purchase"]["id"].as_str().unwrap();
    let cancelled = node
        .post(&format!("/purchases/{id}/cancel"), &json!({}))
        .send()
        .await;
    assert_eq!(cancelled.status, 200);
    let wallet = node.wallet(&buyer).send().await;
    assert_eq!(
        (wallet.amount("balance"), wallet.amount("owed")),
        (cents(0), cents(0))
    );

    assert_eq!(settings(&node, "REJECT").send().await.status, 200);
    let again = [(2, spend(&node, 0, 4))];
    assert_eq!(statuses(&send(&node, "till 4", &again).await), [(2, 400)]);
    assert_eq!(settings(&node, "MAYBE").send().await.status, 422);
    let venue = node.seed.organisations.merchants[0].id.clone();
    let key = key_of(&node, &venue, &["settings.write"]).await;
    let refused = settings(&node, "OWE").with("api_key", &key).send().await;
    assert_eq!(refused.problem(), (403, "insufficient_scope".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_purchase_without_outcome_its_contacts_next_ones_wait() {
    let node = TestNode::start().await;
    // The second can be covered only after the first; and there are more than an actor lets in at a time.
    let mut purchases = vec![(0, award(&node, 0, 40)), (1, spend(&node, 0, 2))];
    purchases.extend((2..400).map(|number| (number, award(&node, 0, 20))));
    purchases.push((400, award(&node, 1, 20)));
    node.probe.panic_at(node.address_of(node.contact(0)), 1);
    let items = send(&node, "till 4", &purchases).await;
    let (other, own) = items.split_last().unwrap();
    assert!(statuses(own).iter().all(|(_, status)| *status >= 500));
    assert_eq!(other["status"], json!(200));
    assert_eq!(node.balance(node.contact(0)).await, cents(0));
    eventually("the contact is there again", async || {
        let again = send(&node, "till 4", &purchases).await;
        statuses(&again).iter().all(|(_, status)| *status == 200)
    })
    .await;
    assert_eq!(node.balance(node.contact(0)).await, cents(39_800));
    assert_eq!(node.balance(node.contact(1)).await, cents(100), "once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contacts_many_purchases_keep_their_order_where_each_waits_for_a_loan() {
    let node = TestNode::start().await;
    let offer = json!({
        "name": "From a budget", "awards": [{ "amount": 1, "amount_type": "FIXED" }], "budget": 150,
    });
    assert_eq!(node.post("/reward_offers", &offer).send().await.status, 201);
    // More than an actor lets in at a time, and more than the budget covers.
    let purchases: Vec<_> = (0..400)
        .map(|number| (number, award(&node, 0, 20)))
        .collect();
    let items = send(&node, "till 4", &purchases).await;
    assert!(statuses(&items).iter().all(|(_, status)| *status == 200));
    let of_budget = |item: &Value| {
        let offers = item["purchase"]["offers"].as_array().unwrap();
        offers
            .iter()
            .find(|it| it["name"] == "From a budget")
            .unwrap()["amount"]
            .clone()
    };
    let given: Vec<_> = items.iter().map(of_budget).collect();
    assert!(
        given[..150].iter().all(|amount| *amount == json!(1)),
        "the first come first"
    );
    assert!(given[150..].iter().all(Value::is_null));
    // Newest first, as the device made them.
    let path = format!("/purchases?contact_id={}&size=100", node.contact(0).code);
    let listed = node.get(&path).send().await.json();
    let listed = listed["content"].as_array().unwrap().iter();
    let newest: Vec<_> = listed.map(|it| it["id"].clone()).collect();
    let sent: Vec<_> = items
        .iter()
        .rev()
        .map(|it| it["purchase"]["id"].clone())
        .collect();
    assert_eq!(newest, sent[..100]);
}
