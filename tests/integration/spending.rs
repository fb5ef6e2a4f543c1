//! Which of a wallet's money is spent, waits, is taken back and is given back: told apart over HTTP by what is left when time goes on.

use clientele::clock::Clock;
use clientele::domain::time::{Span, Timestamp};
use clientele::seeding::SeedContact;
use serde_json::{Value, json};

use crate::commerce::{bought, buy, merged, of, offer, offer_body, put, spend, wallet};
use crate::node::{TestNode, eventually};

/// The seconds of so many days.
const fn days(days: i64) -> i64 {
    days * 86_400
}

/// An offer that gives 3.00 for the product of its own name, with more about it in `rest`.
async fn for_product(node: &TestNode, name: &str, rest: Value) {
    let conditions = json!({ "conditions": { "products": [name] } });
    offer(node, name, merged(conditions, &rest)).await;
}

/// Buys the product of each name for 20.00, in this order: 3.00 of each offer, and 1.00 of the demo network's each time. The last
/// purchase's id.
async fn earn(node: &TestNode, contact: &SeedContact, names: &[&str]) -> String {
    let mut id = String::new();
    for name in names {
        let rest = json!({ "products": [{ "sku": name }] });
        let purchase = bought(node, contact, &rest).await;
        assert_eq!(of(&purchase, name)["amount"], json!(3));
        id = purchase["id"].as_str().unwrap().to_owned();
    }
    id
}

/// Pays all of a purchase from the wallet, so that it earns nothing; its id.
async fn pay(node: &TestNode, contact: &SeedContact, euros: u32) -> String {
    let amounts = json!({ "transaction_amounts": { "total": euros } });
    let purchase = bought(node, contact, &merged(spend(euros, true), &amounts)).await;
    purchase["id"].as_str().unwrap().to_owned()
}

async fn cancel(node: &TestNode, id: &str) {
    let cancelled = node.post(&format!("/purchases/{id}/cancel"), &json!({}));
    assert_eq!(cancelled.send().await.status, 200);
}

/// What there is of open and of commerce money.
async fn open_and_commerce(node: &TestNode, contact: &SeedContact) -> [String; 2] {
    let wallet = wallet(node, contact).await;
    ["open", "commerce"].map(|kind| wallet["balances"][0][kind].to_string())
}

fn anywhere() -> Value {
    json!({ "hours": [{ "from": "00:00", "to": "00:00" }] })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_expires_first_goes_first_and_of_equals_commerce_money() {
    let node = TestNode::start().await;
    let buyer = node.contact(0);
    let month = json!({ "expires_after_s": days(30) });
    let bound = merged(month.clone(), &json!({ "spend_conditions": anywhere() }));
    for_product(&node, "Never", json!({})).await;
    for_product(&node, "Late", json!({ "expires_after_s": days(60) })).await;
    for_product(&node, "Soon", month).await;
    for_product(&node, "Soon and bound", bound).await;
    earn(&node, buyer, &["Never", "Late", "Soon", "Soon and bound"]).await;
    assert_eq!(open_and_commerce(&node, buyer).await, ["13", "3"]);
    pay(&node, buyer, 3).await;
    assert_eq!(open_and_commerce(&node, buyer).await, ["13", "0"]);
    pay(&node, buyer, 2).await;
    node.clock.advance(Span::days(32));
    // The last 1.00 of what expires soon is gone, and nothing else.
    assert_eq!(open_and_commerce(&node, buyer).await, ["10", "0"]);
    pay(&node, buyer, 2).await;
    node.clock.advance(Span::days(32));
    assert_eq!(open_and_commerce(&node, buyer).await, ["7", "0"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_is_paid_once_however_many_kinds_of_money_may_pay_it() {
    let node = TestNode::start().await;
    let buyer = node.contact(0);
    for name in ["One", "Two"] {
        let beans = json!({ "spend_conditions": { "products": ["BEAN-1"] } });
        for_product(&node, name, beans).await;
    }
    earn(&node, buyer, &["One", "Two"]).await;
    assert_eq!(open_and_commerce(&node, buyer).await, ["2", "6"]);
    let lines =
        json!({ "products": [{ "sku": "BEAN-1", "amount": 4 }, { "sku": "TEA-1", "amount": 16 }] });
    let sold = bought(&node, buyer, &merged(spend(20, false), &lines)).await;
    assert_eq!(sold["rewards"]["spend"], json!(6), "4.00 and the open 2.00");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_offer_keeps_its_state_and_what_its_money_may_be_spent_on() {
    let node = TestNode::start().await;
    let bound = json!({ "spend_conditions": { "products": ["BEAN-1"] } });
    let id = offer(&node, "Bound", bound).await;
    let path = format!("/reward_offers/{id}");
    let turn = async |state: &str| {
        let state = json!({ "life_cycle_state": state });
        let turned = put(&node, &format!("{path}/life_cycle_state"), &state);
        assert_eq!(turned.send().await.status, 200);
    };
    turn("INACTIVE").await;
    let body = offer_body("Renamed", &json!({}));
    let changed = put(&node, &path, &body).send().await;
    assert_eq!(changed.status, 200, "{changed:?}");
    let shown = node.get(&path).send().await.json();
    assert_eq!(shown["life_cycle_state"], "INACTIVE");
    turn("ACTIVE").await;
    let products = &shown["spend_conditions"]["products"];
    assert_eq!(
        (&shown["name"], products),
        (&json!("Renamed"), &json!(["BEAN-1"]))
    );
    let buyer = node.contact(0);
    bought(&node, buyer, &json!({})).await;
    assert_eq!(open_and_commerce(&node, buyer).await, ["1", "3"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_that_waited_pays_what_is_owed_first_by_itself() {
    let node = TestNode::start().await;
    let buyer = node.contact(0);
    for_product(&node, "Waits", json!({ "unlocks_after_s": 3_600 })).await;
    earn(&node, buyer, &["Waits"]).await;
    let back = json!({ "contact": { "id": buyer.id }, "amount": 20, "return_amount": 2.5 });
    let returned = node.post("/purchases/ad_hoc_return", &back).send().await;
    assert_eq!(returned.status, 200, "{returned:?}");
    let before = wallet(&node, buyer).await;
    assert_eq!(
        ["balance", "locked", "owed"].map(|it| before[it].to_string()),
        ["0", "3", "1.5"]
    );
    node.clock.advance(Span::seconds(2 * 3_600));
    // Whoever looks sees what is left, whether or not the timer has fired.
    let seen = wallet(&node, buyer).await;
    assert_eq!(
        ["balance", "locked"].map(|it| seen[it].to_string()),
        ["1.5", "0"]
    );
    eventually("the timer has fired", async || {
        wallet(&node, buyer).await["owed"] == json!(0)
    })
    .await;
    assert_eq!(wallet(&node, buyer).await["balance"], json!(1.5));
    let path = format!("/journals?wallet_id={}", buyer.wallet_id);
    let lines = node.get(&path).send().await.json();
    let newest = [0, 1].map(|at| lines["content"][at]["event"].clone());
    assert_eq!(newest, ["REPAID", "UNLOCK"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_award_is_taken_back_from_its_own_money_then_from_open_money_then_owed() {
    let node = TestNode::start().await;
    for_product(&node, "Soon", json!({ "expires_after_s": days(30) })).await;
    for_product(&node, "Late", json!({ "expires_after_s": days(60) })).await;
    let bound = json!({ "spend_conditions": { "products": ["BEAN-1"] } });
    for_product(&node, "Bound", bound).await;

    // What expires sooner is not touched: it is gone in the end, and its own is gone at once.
    let own = node.contact(0);
    let id = earn(&node, own, &["Soon", "Late"]).await;
    cancel(&node, &id).await;
    assert_eq!(open_and_commerce(&node, own).await, ["4", "0"]);
    node.clock.advance(Span::days(32));
    assert_eq!(open_and_commerce(&node, own).await, ["1", "0"]);

    // Of 4.00 that it had given, 3.00 are spent; commerce money of another award is left alone.
    let spent = node.contact(1);
    let id = earn(&node, spent, &["Bound", "Late"]).await;
    pay(&node, spent, 3).await;
    assert_eq!(open_and_commerce(&node, spent).await, ["2", "3"]);
    cancel(&node, &id).await;
    assert_eq!(open_and_commerce(&node, spent).await, ["0", "3"]);
    assert_eq!(wallet(&node, spent).await["owed"], json!(2));

    // So it is where goods come back without their purchase.
    let returned = node.contact(2);
    earn(&node, returned, &["Bound"]).await;
    let back = json!({ "contact": { "id": returned.id }, "amount": 20, "return_amount": 3 });
    let back = node.post("/purchases/ad_hoc_return", &back).send().await;
    assert_eq!(back.status, 200, "{back:?}");
    assert_eq!(open_and_commerce(&node, returned).await, ["0", "3"]);
    assert_eq!(wallet(&node, returned).await["owed"], json!(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_award_is_taken_back_from_what_is_locked() {
    let node = TestNode::start().await;
    let buyer = node.contact(0);
    for_product(&node, "Waits", json!({ "unlocks_after_s": 3_600 })).await;
    let id = earn(&node, buyer, &["Waits", "Waits"]).await;
    cancel(&node, &id).await;
    let wallet = wallet(&node, buyer).await;
    assert_eq!(
        ["balance", "locked", "owed"].map(|it| wallet[it].to_string()),
        ["1", "3", "0"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_cancellation_gives_back_expires_when_it_would_have() {
    let node = TestNode::start().await;
    let buyer = node.contact(0);
    for_product(&node, "Soon", json!({ "expires_after_s": days(30) })).await;
    earn(&node, buyer, &["Soon"]).await;
    let id = pay(&node, buyer, 3).await;
    cancel(&node, &id).await;
    node.clock.advance(Span::days(29));
    assert_eq!(open_and_commerce(&node, buyer).await, ["4", "0"]);
    node.clock.advance(Span::days(3));
    assert_eq!(open_and_commerce(&node, buyer).await, ["1", "0"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn held_money_that_would_have_expired_comes_back_for_a_day() {
    let node = TestNode::start().await;
    let buyer = node.contact(0);
    for_product(&node, "Soon", json!({ "expires_after_s": 60 })).await;
    earn(&node, buyer, &["Soon"]).await;
    let wish = merged(node.purchase_body(buyer, 20), &spend(3, true));
    let wish = merged(wish, &json!({ "block_wallet_funds": true }));
    let held = node.post("/purchases/estimates", &wish).send().await;
    assert_eq!(held.status, 200, "{held:?}");
    node.clock.advance(Span::seconds(10 * 60));
    let path = format!("/purchases/estimates/{}/cancel", held.text("id"));
    assert_eq!(node.post(&path, &json!({})).send().await.status, 200);
    assert_eq!(open_and_commerce(&node, buyer).await, ["4", "0"]);
    node.clock.advance(Span::seconds(23 * 3_600));
    assert_eq!(open_and_commerce(&node, buyer).await, ["4", "0"]);
    node.clock.advance(Span::seconds(3 * 3_600));
    assert_eq!(open_and_commerce(&node, buyer).await, ["1", "0"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_is_one_of_the_tenants_calendar() {
    let node = TestNode::start().await;
    let buyer = node.contact(0);
    let once = json!({ "caps": { "per_contact_per_day": { "awards": 1 } } });
    offer(&node, "Daily", once).await;
    let rules = json!({ "limit_rules": [
        { "period": "DAILY", "applies_for": ["TOP_UP"], "maximum_number": 1 },
    ] });
    let path = format!("/wallets/{}/limits", buyer.wallet_id);
    assert_eq!(put(&node, &path, &rules).send().await.status, 200);
    // In summer, midnight in Dublin is 23:00 UTC: 2035-07-01, 22:30 UTC and on.
    const LATE: i64 = 2_066_941_800;
    for (minutes, is_new) in [(0, true), (29, false), (30, true), (90, false)] {
        let at = Timestamp::from_unix_seconds(LATE + minutes * 60);
        node.clock.advance(Span(at.0 - node.clock.wall().0));
        let purchase = bought(&node, buyer, &json!({})).await;
        assert_eq!(of(&purchase, "Daily")["amount"] == json!(3), is_new);
        let top_up = json!({ "wallet_id": buyer.wallet_id, "amount": 1 });
        let paid_in = node.post("/topups", &top_up).send().await;
        assert_eq!(paid_in.status == 201, is_new, "after {minutes} minutes");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purchase_is_in_the_wallets_currency_and_spends_no_more_than_it_costs() {
    let node = TestNode::start().await;
    let buyer = node.contact(0);
    let funds = json!({ "wallet_id": buyer.wallet_id, "amount": 50 });
    assert_eq!(node.post("/topups", &funds).send().await.status, 201);
    let dollars = json!({ "currency_code": "USD" });
    let refused = buy(&node, buyer, &dollars).await;
    assert_eq!(refused.problem(), (422, "currency_mismatch".to_owned()));
    for restrict in [true, false] {
        let refused = buy(&node, buyer, &spend(21, restrict)).await;
        let pointer = refused.json()["errors"][0]["pointer"].clone();
        assert_eq!(
            (refused.status, pointer),
            (422, json!("/spend_request/amount"))
        );
    }
    assert_eq!(open_and_commerce(&node, buyer).await, ["50", "0"]);
    let all = bought(
        &node,
        buyer,
        &merged(spend(20, true), &json!({ "currency_code": "EUR" })),
    )
    .await;
    assert_eq!(all["amount_due"], json!(0));
}
