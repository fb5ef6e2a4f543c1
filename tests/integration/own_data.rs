//! What a contact's token shows: all that is the contact's own, and nothing of anybody else.

use http::Method;
use serde_json::{Value, json};

use crate::app::Person;
use crate::client::{Answer, Ask};
use crate::commerce::{merged, offer_body, put};
use crate::contact_changes::{looks, refused};
use crate::keys::{strangers, their_organisation};
use crate::node::TestNode;

pub(crate) const PHONE: &str = "+447566224395";
pub(crate) const OTHER: &str = "+442079460018";

impl Person {
    /// Reads what lies at `path`.
    pub(crate) async fn sees(&self, node: &TestNode, path: impl Into<String>) -> Value {
        let path = path.into();
        let answer = node.own(Method::GET, &path, &self.access).send().await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    }

    /// Adds something to what it keeps; its id.
    pub(crate) async fn keeps(&self, node: &TestNode, what: &str, body: &Value) -> String {
        let path = format!("/contacts/{}/{what}", self.id);
        let added = node.own(Method::POST, &path, &self.access);
        let added = added.with("content-type", "application/json").body(body);
        let added = added.send().await;
        assert_eq!(added.status, 201, "{added:?}");
        added.text("id")
    }

    /// The id of its wallet.
    pub(crate) async fn wallet(&self, node: &TestNode) -> String {
        let own = self.sees(node, &format!("/contacts/{}", self.id)).await;
        own["wallet"]["id"].as_str().unwrap().to_owned()
    }
}

/// A write of a till of test mode.
pub(crate) fn till(node: &TestNode, path: &str, body: &Value) -> Ask {
    node.post(path, body)
        .with("api_key", &node.secret_key("test"))
}

/// A purchase of 20.00 at a till of test mode, with more about it in `rest`.
pub(crate) async fn buys(node: &TestNode, person: &Person, rest: Value) -> Answer {
    let body = json!({
        "contact": { "id": person.id },
        "organisation": { "id": node.seed.organisations.merchants[0].venues[0].id },
        "transaction_amounts": { "total": 20 },
    });
    till(node, "/purchases", &merged(body, &rest)).send().await
}

/// An offer of test mode that gives 3.00; its id.
pub(crate) async fn gives_three(node: &TestNode, name: &str, rest: &Value) -> String {
    let created = till(node, "/reward_offers", &offer_body(name, rest));
    let created = created.send().await;
    assert_eq!(created.status, 201, "{created:?}");
    created.text("id")
}

fn numbers(list: &Value, member: &str) -> Vec<String> {
    let rows = list["content"].as_array().unwrap().iter();
    rows.map(|row| row[member].to_string()).collect()
}

/// The 3.00 of `offer` for beans, which are bound to them.
async fn sees_its_pool(node: &TestNode, person: &Person, wallet: &str, offer: &str) {
    let at = |rest: &str| format!("/wallets/{wallet}/{rest}");
    let pools = person
        .sees(node, at("commerce_balances?include_expiration=true"))
        .await;
    let pool = &pools["content"][0];
    assert_eq!(
        (&pool["id"], &pool["name"], &pool["amount"]),
        (&json!(offer), &json!("Beans"), &json!(3))
    );
    assert_eq!(pool["expiration"]["thirty_to_sixty"], 3);
    assert_eq!(pool["expiration"]["ninety_plus"], 0);
    assert_eq!(pool["products"], json!([{ "sku": "BEAN" }]));
    assert_eq!(
        pool["timings"][1],
        json!({ "day": 7, "start_time": "09:00", "end_time": "17:30" })
    );
    for nothing in [
        "is_active=false",
        "commerce_pool_id=69691e1e-1d90-4355-8b78-acd41ef577f4",
    ] {
        let pools = person.sees(node, at(&format!("commerce_balances?{nothing}")));
        assert_eq!(pools.await["content"], json!([]), "{nothing}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_sees_its_wallet_as_the_till_does_and_every_movement_in_it() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let bound = gives_three(
        &node,
        "Beans",
        &json!({ "conditions": { "products": ["BEAN"] }, "spend_conditions": { "products": ["BEAN"], "hours": [{ "days": ["MONDAY", "SUNDAY"], "from": "09:00", "to": "17:30" }] }, "expires_after_s": 3888000 }),
    )
    .await;
    let wallet = person.wallet(&node).await;
    let paid = till(
        &node,
        "/topups",
        &json!({ "wallet_id": wallet, "amount": 10, "code": "T-1" }),
    );
    assert_eq!(paid.send().await.status, 201);
    let bought = buys(
        &node,
        &person,
        json!({ "products": [{ "sku": "BEAN", "amount": 20 }], "spend_request": { "amount": 4 } }),
    );
    let bought = bought.await;
    assert_eq!(bought.status, 200, "{bought:?}");
    let bought = bought.json();
    let open = bought["rewards"]["award"].as_f64().unwrap() - 3.0;

    let seen = person.sees(&node, format!("/wallets/{wallet}")).await;
    let at_till = node
        .get(&format!("/wallets/{wallet}"))
        .with("api_key", &node.secret_key("test"));
    assert_eq!(seen, at_till.send().await.json());
    assert_eq!(seen["total_commerce"], 3);
    assert_eq!(seen["total_open"].as_f64(), Some(6.0 + open));
    assert_eq!(seen["activated_commerce_pools"], 1);
    assert!(seen["balances"][0]["organisation"]["name"].is_string());
    let code = person.sees(&node, format!("/wallets/{wallet}/code")).await;
    assert_eq!(code, json!({ "code": seen["code"] }));

    sees_its_pool(&node, &person, &wallet, &bound).await;

    let at = |rest: &str| format!("/wallets/{wallet}/{rest}");
    let all = person.sees(&node, at("journals?include_total=true")).await;
    let kinds = numbers(&all, "transaction_type");
    assert_eq!(kinds, [r#""AWARD""#, r#""SPEND""#, r#""TOP_UP""#]);
    assert_eq!(all["paging"]["total"], 3);
    assert_eq!(all["content"][1]["type"], "DEBIT");
    assert_eq!(all["content"][1]["amount"], 4);
    assert_eq!(all["content"][2]["description"], "T-1");
    for (filter, expected) in [
        ("type=DEBIT", vec![1]),
        ("type=CREDIT", vec![0, 2]),
        ("transaction_type=TOP_UP", vec![2]),
        ("is_wallet_fee=true", vec![]),
        ("is_wallet_fee=false", vec![0, 1, 2]),
        ("order=ASC", vec![2, 1, 0]),
        ("posted_on[lt]=1", vec![]),
        ("posted_on[gt]=1", vec![0, 1, 2]),
        ("size=1&page=2", vec![1]),
    ] {
        let some = person.sees(&node, at(&format!("journals?{filter}"))).await;
        let expected: Vec<_> = expected
            .into_iter()
            .map(|row: usize| all["content"][row]["id"].to_string())
            .collect();
        assert_eq!(numbers(&some, "id"), expected, "{filter}");
    }
    let of_community = node.own(
        Method::GET,
        &at("journals?community_member_id=x"),
        &person.access,
    );
    let of_community = of_community.send().await;
    assert_eq!(of_community.problem(), refused(501, "not_built"));

    let moved = person.sees(&node, at("transactions")).await;
    assert_eq!(numbers(&moved, "id"), numbers(&all, "id"));
    assert_eq!(
        moved["content"][0]["reward_event"]["purchase_id"],
        bought["id"]
    );
    assert_eq!(moved["content"][2]["financial_event"]["type"], "TOP_UP");

    let totals = person.sees(&node, at("summarised_totals")).await;
    let total = |of: &str| {
        let rows = totals["wallet_totals"].as_array().unwrap();
        rows.iter().find(|row| row["type"] == of).unwrap()["total"].as_f64()
    };
    assert_eq!(total("TOP_UP"), Some(10.0));
    assert_eq!(total("SPENT"), Some(4.0));
    assert_eq!(total("AWARDED"), Some(3.0 + open));
    let before = person.sees(&node, at("summarised_totals?posted_on[lt]=1"));
    assert_eq!(before.await["wallet_totals"][0]["total"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_sees_its_limits_and_its_purchases_with_what_they_earned() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let wallet = person.wallet(&node).await;
    let limits = json!({ "limit_rules": [{ "maximum_amount": 50, "period": "DAILY", "applies_for": ["DEBIT"] }] });
    let set = put(&node, &format!("/wallets/{wallet}/limits"), &limits)
        .with("api_key", &node.secret_key("test"));
    assert_eq!(set.send().await.status, 200);
    let seen = person
        .sees(&node, format!("/wallets/{wallet}/limits"))
        .await;
    assert_eq!(seen["limit_rules"][0]["maximum_amount"], 50);

    let offer = gives_three(&node, "Always three", &json!({})).await;
    let mut made = Vec::new();
    for receipt in ["R-1", "R-2", "R-3"] {
        let rest = json!({ "reference_number": receipt, "spend_request": { "amount": 1 } });
        let purchase = buys(&node, &person, rest).await;
        assert_eq!(purchase.status, 200, "{purchase:?}");
        made.push(purchase.json());
    }
    let list = format!("/contacts/{}/purchases", person.id);
    for (query, expected) in [
        ("", vec!["R-3", "R-2", "R-1"]),
        ("?order=ASC", vec!["R-1", "R-2", "R-3"]),
        ("?size=2&page=2", vec!["R-1"]),
        ("?order=ASC&size=2&page=2", vec!["R-3"]),
        ("?date[lte]=1", vec![]),
        ("?date[gte]=1&order=ASC", vec!["R-1", "R-2", "R-3"]),
        ("?is_ad_hoc_returned=true", vec![]),
    ] {
        let page = person.sees(&node, format!("{list}{query}")).await;
        let rows = page["content"].as_array().unwrap().iter();
        let receipts = rows.map(|row| row["reference_number"].as_str().unwrap());
        assert_eq!(receipts.collect::<Vec<_>>(), expected, "{query}");
    }
    let id = made[2]["id"].as_str().unwrap();
    let own = person.sees(&node, format!("/purchases/{id}")).await;
    let at_till = node
        .get(&format!("/purchases/{id}"))
        .with("api_key", &node.secret_key("test"));
    assert_eq!(own, at_till.send().await.json());
    assert_eq!(own["spend_request"], json!({ "amount": 1 }));

    let rewards = person.sees(&node, format!("/purchases/{id}/rewards")).await;
    let rows = rewards["content"].as_array().unwrap();
    let sum = |of: &str| {
        let rows = rows.iter().filter(|row| row["type"] == of);
        rows.map(|row| row["amount"].as_f64().unwrap()).sum::<f64>()
    };
    assert_eq!(Some(sum("AWARD")), own["rewards"]["award"].as_f64());
    assert_eq!(Some(sum("SPEND")), own["rewards"]["spend"].as_f64());
    assert!(
        rows.iter()
            .any(|row| row["reward_offer"]["id"] == json!(offer))
    );
    let spent = person.sees(&node, format!("/purchases/{id}/rewards?type=SPEND"));
    assert_eq!(spent.await["content"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_sees_the_organisations_that_it_joined() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let list = format!("/contacts/{}/organisations", person.id);
    assert_eq!(person.sees(&node, &list).await["content"], json!([]));
    let merchant = &node.seed.organisations.merchants[0];
    let join = json!({ "organisation_id": merchant.id, "action": "SIGNUP" });
    let joined = till(&node, &list, &join).send().await;
    assert_eq!(joined.status, 204, "{joined:?}");
    let page = person
        .sees(&node, format!("{list}?include_wallet=true"))
        .await;
    assert_eq!(page["content"][0]["id"], json!(merchant.id));
    assert_eq!(
        page["content"][0]["wallet"]["wallet_id"],
        json!(person.wallet(&node).await)
    );
    let other = person.sees(&node, format!("{list}?name=nowhere%20like%20it"));
    assert_eq!(other.await["content"], json!([]));
}

/// Somebody else's ids: what a path names by `{id}` after each of these words.
struct Foreign {
    what: &'static str,
    contact: String,
    wallet: String,
    purchase: String,
    address: String,
    device: String,
    organisation: String,
}

impl Foreign {
    /// The path of an operation about what is theirs.
    fn path(&self, described: &str) -> String {
        let mut parts = Vec::new();
        for part in described.split('/') {
            let part = match (part.starts_with('{'), parts.last().map(String::as_str)) {
                (false, _) => part,
                (true, Some("wallets")) => &self.wallet,
                (true, Some("purchases")) => &self.purchase,
                (true, Some("addresses")) => &self.address,
                (true, Some("devices")) => &self.device,
                (true, Some("organisations")) => &self.organisation,
                (true, _) => &self.contact,
            };
            parts.push(part.to_owned());
        }
        parts.join("/")
    }
}

/// A body that each write accepts of whoever may send it.
fn body_of(path: &str, organisation: &str) -> Value {
    let address = json!({ "type": "HOME", "address_line_1": "Quay 1" });
    let rest = path.rsplit('}').next().unwrap();
    match (rest, path.contains("addresses"), path.contains("devices")) {
        ("/sign_out", ..) => json!({}),
        ("/switch", ..) => json!({}),
        ("/change_password", ..) => json!({ "password": "a pass phrase of somebody" }),
        ("/identities", ..) => {
            json!({ "provider": "PHONE", "phone": { "number": "+442079460019" } })
        }
        ("/reward_schemes", ..) => {
            let scheme = "69691e1e-1d90-4355-8b78-acd41ef577f4";
            json!({ "action": "SIGN_UP", "reward_scheme_id": scheme })
        }
        ("/tokens", ..) => json!({ "intent": "SPEND" }),
        ("/addresses", ..) | ("", true, _) => address,
        ("/devices", ..) => json!({ "registration_token": "t" }),
        ("", _, true) => json!({ "custom_fields": [] }),
        ("/preferences", ..) => json!({ "organisation_id": organisation, "type": "ORDERS" }),
        ("/organisations", ..) => json!({ "organisation_id": organisation, "action": "SIGNUP" }),
        ("", false, false) => json!({ "first_name": "Eve" }),
        ("/wallets", ..) => {
            let phone = json!({ "type": "PHONE", "value": "+442079460019" });
            json!({ "otp": "123456", "code": "1", "identity": phone })
        }
        // No form: who may not set it is refused before it is read.
        ("/image", ..) => json!({}),
        ("/export_statement" | "/actions" | "/meter_readings", ..) => json!({}),
        (other, ..) => panic!("what does {other} accept?"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_somebody_elses_looks_like_nothing_at_all() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let other = node.signed_up(OTHER).await;
    let bought = buys(&node, &other, json!({})).await.text("id");
    let address = json!({ "type": "HOME", "address_line_1": "Quay 1" });
    let address = other.keeps(&node, "addresses", &address).await;
    let device = json!({ "registration_token": "token" });
    let device = other.keeps(&node, "devices", &device).await;
    let nobody = "69691e1e-1d90-4355-8b78-acd41ef577f4";
    let live = node.contact(0);
    let sold = node.purchase(live, 20, "p1").send().await.text("id");
    let (their_key, their_contact) = strangers(&node).await;
    let theirs = node.get(&format!("/contacts/{their_contact}"));
    let theirs = theirs.with("api_key", &their_key).send().await.json();
    let their_wallet = theirs["wallet"]["id"].as_str().unwrap().to_owned();
    let foreign = [
        Foreign {
            what: "of another contact",
            contact: other.id.clone(),
            wallet: other.wallet(&node).await,
            purchase: bought,
            address,
            device,
            organisation: nobody.to_owned(),
        },
        Foreign {
            what: "of the other mode",
            contact: live.id.clone(),
            wallet: live.wallet_id.clone(),
            purchase: sold,
            address: nobody.to_owned(),
            device: nobody.to_owned(),
            organisation: live.wallet_id.clone(),
        },
        Foreign {
            what: "of another tenant",
            contact: their_contact,
            wallet: their_wallet,
            purchase: nobody.to_owned(),
            address: nobody.to_owned(),
            device: nobody.to_owned(),
            organisation: their_organisation(&node),
        },
    ];
    let unknown = Foreign {
        what: "of nobody",
        contact: nobody.to_owned(),
        wallet: nobody.to_owned(),
        purchase: nobody.to_owned(),
        address: nobody.to_owned(),
        device: nobody.to_owned(),
        organisation: nobody.to_owned(),
    };
    let organisation = &node.seed.organisations.merchants[0].id;
    let document = node.ask(Method::GET, "/self-service/openapi.json");
    let document = document.send().await.json();
    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if operation["security"] != json!([{ "access_token": [] }]) || !path.contains('{')
                // A secret that somebody was given names nobody.
                || path.ends_with("/{sign_up_code}")
            {
                continue;
            }
            let ask = |foreign: &Foreign| {
                let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
                let ask = node.ask(method, &foreign.path(path)).without("api_key");
                let ask = ask.with("authorization", &format!("Bearer {}", person.access));
                match operation["requestBody"].is_null() {
                    true => ask,
                    false => ask
                        .with("content-type", "application/json")
                        .body(&body_of(path, organisation)),
                }
            };
            let expected = looks(&ask(&unknown).send().await);
            // What is not built says so to everybody.
            let is_built = expected.1["code"] != "not_built";
            assert!(
                !is_built || expected.0 == 404,
                "{method} {path}: {expected:?}"
            );
            for foreign in &foreign {
                let answer = looks(&ask(foreign).send().await);
                assert_eq!(answer, expected, "{method} {path} {}", foreign.what);
            }
            asked += u32::from(is_built);
        }
    }
    assert!(asked >= 50, "only {asked} operations");
    // What it tried on others touched nobody; nor does it reach their parts by way of its own id.
    let own = other.read(&node).send().await;
    assert_eq!(own.json()["first_name"], "Ada");
    for part in ["addresses", "devices"] {
        let list = format!("/contacts/{}/{part}", other.id);
        let kept = other.sees(&node, list).await["content"].clone();
        let id = kept[0]["id"].as_str().unwrap();
        let path = format!("/contacts/{}/{part}/{id}", person.id);
        let removed = node.own(Method::DELETE, &path, &person.access);
        assert_eq!(removed.send().await.status, 404, "{part}");
    }
}
