//! A contact's wallet and what it bought.

use http::Method;
use serde_json::{Value, json};

use super::PHONE;
use crate::app::Person;
use crate::commerce::{merged, put};
use crate::node::TestNode;
use crate::own_data::{buys, gives_three, till};
use crate::venues::{publish, shown};

fn purchase(node: &TestNode, person: &Person) -> Value {
    json!({
        "contact": { "id": person.id },
        "organisation": { "id": node.seed.organisations.merchants[0].venues[0].id },
        "transaction_amounts": { "total": 20 },
    })
}

pub(super) async fn wallet_and_purchases(node: TestNode) {
    let person = node.signed_up(PHONE).await;
    let wallet = person.wallet(&node).await;
    let bound = json!({
        "conditions": { "products": ["BEAN"] },
        "spend_conditions": {
            "products": ["BEAN"], "organisations": [node.seed.organisations.merchants[0].id],
            "hours": [{ "days": ["MONDAY"], "from": "09:00", "to": "17:30" }],
        },
        "expires_after_s": 3_888_000, "short_description": "Beans", "long_description": "Beans for beans",
    });
    publish(&node, &node.seed.organisations.merchants[0].id, &shown()).await;
    let offer = gives_three(&node, "Beans", &bound).await;
    fill(&node, &person, &wallet).await;
    let purchases = trade(&node, &person).await;
    let own = async |path: String| {
        node.own(Method::GET, &path, &person.access).send().await;
    };
    for rest in [
        "",
        "/code",
        "/limits",
        "/commerce_balances?include_expiration=true&is_active=true",
        "/journals?include_total=true&page=1&size=100",
        "/journals?type=CREDIT&order=ASC&is_wallet_fee=false",
        "/journals?type=DEBIT&order=DESC&sort=CREATED_DATE&transaction_type=SPEND",
        "/journals?is_commerce=true&include_unallocated_credit=true",
        "/journals?is_open=true",
        "/transactions?pocket=BUSINESS",
        "/transactions?pocket=BUSINESS_COMMERCE",
        "/journals?posted_on[gt]=1&posted_on[gte]=1&posted_on[lt]=4102444800&posted_on[lte]=4102444800",
        "/transactions?include_total=true&page=1&size=100",
        "/transactions?type=CREDIT&order=ASC&is_wallet_fee=false",
        "/transactions?type=DEBIT&order=DESC&sort=CREATED_DATE",
        "/transactions?posted_on[gt]=1&posted_on[gte]=1&posted_on[lt]=4102444800&posted_on[lte]=4102444800",
        "/summarised_totals",
        "/summarised_totals?posted_on[gt]=1&posted_on[gte]=1&posted_on[lt]=4102444800&posted_on[lte]=4102444800",
    ] {
        own(format!("/wallets/{wallet}{rest}")).await;
    }
    let newest = person
        .sees(&node, format!("/wallets/{wallet}/journals"))
        .await;
    let at = &newest["content"][0]["posted_on"];
    own(format!("/wallets/{wallet}/journals?posted_on={at}")).await;
    own(format!("/wallets/{wallet}/transactions?posted_on={at}")).await;
    let list = person.path("/purchases");
    let newest = person.sees(&node, &list).await;
    own(format!("{list}?date={}", newest["content"][0]["date"])).await;
    own(format!(
        "/wallets/{wallet}/commerce_balances?commerce_pool_id={offer}"
    ))
    .await;
    own(format!(
        "/wallets/{wallet}/journals?commerce_pool_id={offer}"
    ))
    .await;
    for rest in [
        "include_total=true&page=1&size=10",
        "order=ASC&is_ad_hoc_returned=false",
        "order=DESC&sort=CREATED_DATE",
        "date[gt]=1&date[gte]=1&date[lt]=4102444800&date[lte]=4102444800",
    ] {
        own(person.path(&format!("/purchases?{rest}"))).await;
    }
    for purchase in &purchases {
        own(format!("/purchases/{purchase}")).await;
        own(format!("/purchases/{purchase}/rewards")).await;
        for kind in ["AWARD", "SPEND", "REDEEM"] {
            own(format!("/purchases/{purchase}/rewards?type={kind}")).await;
        }
    }
}

/// Claims what nobody known bought, where each kind of TAP stands.
pub(super) async fn receipts(node: TestNode) {
    let person = node.signed_up(PHONE).await;
    let merchant = &node.seed.organisations.merchants[0];
    let mut places = vec![json!({ "id": merchant.venues[0].id })];
    for (id, kind, code) in [
        (&merchant.id, "merchant_tap", "M-1"),
        (&merchant.venues[0].id, "venue_tap", "V-1"),
    ] {
        let path = format!("/organisations/{id}");
        let set = put(&node, &path, &json!({ "tap_code": code })).send().await;
        let tap = set.json()["tap"]["id"].clone();
        places.push(json!({ kind: { "code": code } }));
        places.push(json!({ kind: { "id": tap } }));
    }
    for (at, place) in places.iter().enumerate() {
        let amounts = json!({ "total": 20, "net": 18, "tax": 2, "discount": 1 });
        let number = format!("R-{at}");
        let sale = json!({ "organisation": place, "transaction_amounts": amounts, "reference_number": number });
        let sale = till(&node, "/purchases", &sale).send().await;
        let claim = json!({
            "id": number, "transaction_code": sale.json()["claim_code"], "organisation": place,
            "transaction_amounts": amounts, "currency_code": "EUR",
        });
        for _ in 0..2 {
            let claim = node
                .own(Method::POST, "/purchases/reclaim", &person.access)
                .with("content-type", "application/json")
                .body(&claim);
            let claimed = claim.send().await;
            if claimed.status == 200 {
                let path = format!("/purchases/{}", claimed.text("id"));
                node.own(Method::GET, &path, &person.access).send().await;
            }
        }
    }
}

/// Pays in, and bounds what may be spent.
async fn fill(node: &TestNode, person: &Person, wallet: &str) {
    let topup =
        json!({ "wallet_id": wallet, "amount": 50, "code": "T-1", "payment_method": "CARD" });
    till(node, "/topups", &topup).send().await;
    let journal = json!({ "action": "CREDIT", "amount": 5, "entity": "WALLET", "currency_code": "EUR", "notes": "by hand" });
    till(node, &format!("/contacts/{}/journals", person.id), &journal)
        .send()
        .await;
    let rule = |applies: &str, period: &str| json!({ "id": "1", "name": "A rule", "applies_for": [applies], "period": period, "maximum_amount": 400, "maximum_number": 99, "currency_code": "EUR" });
    let rules = [
        rule("DEBIT", "DAILY"),
        rule("TOP_UP", "WEEKLY"),
        rule("DEBIT", "MONTHLY"),
        rule("CREDIT", "DAILY"),
    ];
    let path = format!("/wallets/{wallet}/limits");
    node.own(Method::PUT, &path, "")
        .without("authorization")
        .with("api_key", &node.secret_key("test"))
        .with("content-type", "application/json")
        .body(&json!({ "limit_rules": rules }))
        .send()
        .await;
    let card = json!({ "cim": "CARD-1" });
    till(node, &format!("/contacts/{}/cards", person.id), &card)
        .send()
        .await;
}

/// Buys twice, cancels one, has money held for a third, and returns something: the ids of the first two.
async fn trade(node: &TestNode, person: &Person) -> Vec<String> {
    let mut purchases = Vec::new();
    for receipt in ["R-1", "R-2"] {
        let rest = json!({
            "reference_number": receipt, "payment_medium_identifier": "CARD-1", "classification": { "name": "PURCHASE" }, "currency_code": "EUR",
            "transaction_amounts": { "total": 20, "net": 18, "tax": 2, "discount": 1 },
            "products": [{ "id": "P-1", "sku": "BEAN", "amount": 20, "quantity": 2, "net_amount": 18, "tax_amount": 2 }],
            "spend_request": { "amount": 4 },
        });
        let bought = buys(node, person, rest).await;
        assert_eq!(bought.status, 200, "{bought:?}");
        purchases.push(bought.text("id"));
    }
    // The network's own offer gives alone, where there are no beans.
    let plain = json!({ "reference_number": "R-3", "products": [{ "sku": "TEA", "amount": 20 }] });
    let plain = buys(node, person, plain).await;
    assert_eq!(plain.status, 200, "{plain:?}");
    let path = format!("/purchases/{}/cancel", purchases[1]);
    till(node, &path, &json!({})).send().await;
    let held = json!({ "spend_request": { "amount": 2 }, "block_wallet_funds": true });
    let held = merged(purchase(node, person), &held);
    till(node, "/purchases/estimates", &held).send().await;
    let back = json!({
        "amount": 2, "contact": { "id": person.id }, "return_amount": 1, "return_spent_amount": 1, "reference_number": "B-1",
        "organisation": { "id": node.seed.organisations.merchants[0].venues[0].id },
    });
    till(node, "/purchases/ad_hoc_return", &back).send().await;
    purchases
}
