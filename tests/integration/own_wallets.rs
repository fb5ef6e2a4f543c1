//! What a contact finds in its wallet's journal, however old it is, and what a server sees of a wallet in self-service.

use std::collections::BTreeSet;

use clientele::domain::api_key::{Scope, Scopes};
use http::Method;
use serde_json::{Value, json};

use crate::app::Person;
use crate::client::Ask;
use crate::commerce::put;
use crate::contact_changes::{looks, refused};
use crate::keys::strangers;
use crate::node::TestNode;
use crate::own_data::{OTHER, PHONE, buys, gives_three, till};

fn ids(page: &Value) -> BTreeSet<String> {
    let rows = page["content"].as_array().unwrap().iter();
    rows.map(|row| row["id"].as_str().unwrap().to_owned())
        .collect()
}

/// Of the movements at `path`, those for which `holds`.
fn which(page: &Value, holds: impl Fn(&Value) -> bool) -> BTreeSet<String> {
    let rows = page["content"].as_array().unwrap().iter();
    let rows = rows.filter(|row| holds(row));
    rows.map(|row| row["id"].as_str().unwrap().to_owned())
        .collect()
}

async fn pay_in(node: &TestNode, wallet: &str, code: &str, amount: u32) {
    let body = json!({ "wallet_id": wallet, "amount": amount, "code": code });
    let paid = till(node, "/topups", &body).send().await;
    assert_eq!(paid.status, 201, "{paid:?}");
}

async fn refuses_filters(node: &TestNode, person: &Person, list: &str) {
    let eve = node.signed_up(OTHER).await;
    let theirs = eve.wallet(node).await;
    pay_in(node, &theirs, "T-2", 1).await;
    let theirs = eve.sees(node, format!("/wallets/{theirs}/journals")).await;
    let theirs = ids(&theirs).pop_first().unwrap();
    let of_anothers = format!("before={theirs}");
    for (query, status, code) in [
        (&*of_anothers, 422, "invalid_request"),
        ("pocket=NONE", 422, "invalid_request"),
        ("before=unknown", 422, "invalid_request"),
        ("community_member_id=x", 501, "not_built"),
    ] {
        let path = format!("{list}&{query}");
        let refusal = node.own(Method::GET, &path, &person.access).send().await;
        assert_eq!(refusal.problem(), refused(status, code), "{query}");
    }
}

/// Takes the network's own offer away, which gives open money for everything.
async fn without_the_networks_offer(node: &TestNode) {
    let key = node.secret_key("test");
    let list = node.get("/reward_offers?size=100").with("api_key", &key);
    let list = list.send().await.json();
    let mut offers = list["content"].as_array().unwrap().iter();
    let everything = offers.find(|it| it["name"] == "5% back on everything");
    let id = everything.unwrap()["id"].as_str().unwrap();
    let path = format!("/reward_offers/{id}/life_cycle_state");
    let inactive = put(node, &path, &json!({ "life_cycle_state": "INACTIVE" }));
    let inactive = inactive.with("api_key", &key).send().await;
    assert_eq!(inactive.status, 200, "{inactive:?}");
}

/// Of a movement of each of these sets: an award of beans, a payment and a spend.
fn tells_where_it_came_from(
    node: &TestNode,
    told: &Value,
    [by_beans, topped, spend]: [&BTreeSet<String>; 3],
    beans: &str,
) {
    let rows = told["content"].as_array().unwrap();
    let row = |id: &BTreeSet<String>| {
        let id = id.first().unwrap();
        rows.iter().find(|row| row["id"] == json!(id)).unwrap()
    };
    let by_beans = row(by_beans);
    assert_eq!(
        by_beans["wallet_expiration"]["commerce_pool"]["id"],
        json!(beans)
    );
    assert_eq!(
        by_beans["wallet_expiration"]["date"],
        by_beans["reward_event"]["expiry_date"]
    );
    assert!(row(topped)["wallet_expiration"].is_null());
    assert_eq!(row(topped)["financial_event"]["reference_number"], "T-1");
    assert_eq!(row(spend)["reward_event"]["spend_method"], "ON_REQUEST");
    let venue = &node.seed.organisations.merchants[0].venues[0].id;
    assert_eq!(
        row(spend)["reward_event"]["performed_by"]["id"],
        json!(venue)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn movements_are_told_apart_by_the_money_that_they_moved() {
    let node = TestNode::start().await;
    without_the_networks_offer(&node).await;
    let ada = node.signed_up(PHONE).await;
    let wallet = ada.wallet(&node).await;
    let bound = json!({
        "conditions": { "products": ["BEAN"] }, "spend_conditions": { "products": ["BEAN"] }, "expires_after_s": 3_888_000,
    });
    let beans = gives_three(&node, "Beans", &bound).await;
    let other = json!({ "conditions": { "products": ["TEA"] }, "spend_conditions": { "products": ["TEA"] } });
    let teas = gives_three(&node, "Teas", &other).await;
    let open = gives_three(
        &node,
        "Anything",
        &json!({ "conditions": { "products": ["CUP"] } }),
    )
    .await;
    pay_in(&node, &wallet, "T-1", 50).await;
    let goods = |sku: &str| json!([{ "sku": sku, "amount": 20 }]);
    for sku in ["BEAN", "TEA", "CUP"] {
        let bought = buys(&node, &ada, json!({ "products": goods(sku) })).await;
        assert_eq!(bought.status, 200, "{bought:?}");
    }
    // Three of beans, and one of open money.
    let spends = json!({ "products": goods("BEAN"), "spend_request": { "amount": 4 } });
    let spent = buys(&node, &ada, spends).await;
    assert_eq!(spent.status, 200, "{spent:?}");

    let journals = format!("/wallets/{wallet}/journals?size=100");
    let transactions = format!("/wallets/{wallet}/transactions?size=100");
    let all = ada.sees(&node, &journals).await;
    let told = ada.sees(&node, &transactions).await;
    assert_eq!(ids(&all), ids(&told));
    let of = |name: &'static str| move |row: &Value| row["transaction_type"] == name;
    let awards = |page: &Value| which(page, of("AWARD"));
    let topped = which(&all, of("TOP_UP"));
    let spend = which(&all, of("SPEND"));
    let gave = |offer: &str| {
        which(&told, |row| {
            row["reward_event"]["type"] == "AWARD"
                && row["reward_event"]["reward_offer"]["id"] == json!(offer)
        })
    };
    let (by_beans, by_teas, by_open) = (gave(&beans), gave(&teas), gave(&open));
    assert_eq!((topped.len(), spend.len()), (1, 1));
    assert_eq!((by_teas.len(), by_open.len()), (1, 1));
    let union = |sets: &[&BTreeSet<String>]| {
        let all = sets.iter().flat_map(|it| it.iter().cloned());
        all.collect::<BTreeSet<String>>()
    };
    let commerce = union(&[&by_beans, &by_teas, &spend]);
    let plain = union(&[&topped, &by_open]);
    assert_eq!(
        union(&[&commerce, &plain]),
        union(&[&awards(&all), &topped, &spend])
    );
    let page =
        async |path: &str, query: &str| ids(&ada.sees(&node, format!("{path}&{query}")).await);
    for (query, expected) in [
        ("is_commerce=true", &commerce),
        ("is_commerce=false", &plain),
        ("is_open=true", &union(&[&plain, &spend])),
        ("is_open=false", &union(&[&by_beans, &by_teas])),
        (
            &*format!("commerce_pool_id={beans}"),
            &union(&[&by_beans, &spend]),
        ),
        (&*format!("commerce_pool_id={teas}"), &by_teas),
        (&*format!("commerce_pool_id={open}"), &BTreeSet::new()),
        ("commerce_pool_id=unknown", &BTreeSet::new()),
        ("include_unallocated_credit=true", &ids(&all)),
        ("is_commerce=true&type=DEBIT", &spend),
    ] {
        assert_eq!(page(&journals, query).await, *expected, "{query}");
    }
    for (query, expected) in [
        ("pocket=BUSINESS_COMMERCE", &commerce),
        ("pocket=BUSINESS", &plain),
        ("pocket=CRMCOM", &BTreeSet::new()),
    ] {
        assert_eq!(page(&transactions, query).await, *expected, "{query}");
    }
    refuses_filters(&node, &ada, &transactions).await;
    tells_where_it_came_from(&node, &told, [&by_beans, &topped, &spend], &beans);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_oldest_movement_is_found_whatever_came_since() {
    let node = TestNode::start().await;
    let ada = node.signed_up(PHONE).await;
    let wallet = ada.wallet(&node).await;
    gives_three(&node, "Three", &json!({})).await;
    pay_in(&node, &wallet, "the first", 5).await;
    let purchase = |sequence: u32| {
        json!({ "sequence": sequence, "purchase": {
            "contact": { "id": ada.id }, "organisation": { "id": node.seed.organisations.merchants[0].venues[0].id },
            "transaction_amounts": { "total": 20 }, "spend_request": { "amount": 1 },
        } })
    };
    for first in [0, 300] {
        let purchases: Vec<_> = (first..first + 300).map(purchase).collect();
        let batch = json!({ "device_id": "till", "purchases": purchases });
        let batch = till(&node, "/purchases/batch", &batch).send().await;
        assert_eq!(batch.status, 200, "{batch:?}");
    }
    let journals = format!("/wallets/{wallet}/journals");
    let all = ada
        .sees(&node, format!("{journals}?include_total=true"))
        .await;
    assert_eq!(all["paging"]["total"], 1_201);
    let is_first = |page: &Value| {
        assert_eq!(page["content"][0]["description"], "the first", "{page}");
        page["content"][0]["id"].as_str().unwrap().to_owned()
    };
    let found = ada
        .sees(&node, format!("{journals}?transaction_type=TOP_UP"))
        .await;
    let first = is_first(&found);
    assert_eq!(found["paging"]["has_more"], false);
    assert_eq!(found["content"].as_array().unwrap().len(), 1);
    let oldest = ada
        .sees(&node, format!("{journals}?order=ASC&size=2"))
        .await;
    assert_eq!(is_first(&oldest), first);
    let last = ada
        .sees(&node, format!("{journals}?type=CREDIT&size=100&page=7"))
        .await;
    assert_eq!(last["content"].as_array().unwrap().len(), 1);
    assert_eq!(is_first(&last), first);
    let path = format!("/journals?wallet_id={wallet}&event=TOP_UP");
    let at_till = node.get(&path).with("api_key", &node.secret_key("test"));
    let at_till = at_till.send().await.json();
    assert_eq!(at_till["content"][0]["code"], "the first");
    let totals = ada
        .sees(&node, format!("/wallets/{wallet}/summarised_totals"))
        .await;
    assert_eq!(
        totals["wallet_totals"][0],
        json!({ "type": "TOP_UP", "total": 5, "currency_code": "EUR" })
    );
    // Only what came before a movement.
    let second = oldest["content"][1]["id"].as_str().unwrap();
    let before = ada.sees(&node, format!("{journals}?before={second}")).await;
    assert_eq!(ids(&before), BTreeSet::from([first.clone()]));
    let before = ada.sees(&node, format!("{journals}?before={first}")).await;
    assert_eq!(ids(&before), BTreeSet::new());
    // The same way at the till.
    let key = node.secret_key("test");
    let at_till = async |query: &str| {
        let path = format!("/journals?wallet_id={wallet}&{query}");
        node.get(&path).with("api_key", &key).send().await
    };
    for (query, expected) in [
        (format!("before={second}"), BTreeSet::from([first.clone()])),
        (
            format!("event=TOP_UP&before={second}"),
            BTreeSet::from([first.clone()]),
        ),
        (format!("event=CREDIT&before={second}"), BTreeSet::new()),
        (format!("before={first}"), BTreeSet::new()),
    ] {
        assert_eq!(ids(&at_till(&query).await.json()), expected, "{query}");
    }
    let eve = node.signed_up(OTHER).await;
    pay_in(&node, &eve.wallet(&node).await, "hers", 5).await;
    let path = format!("/wallets/{}/journals", eve.wallet(&node).await);
    let hers = eve.sees(&node, path).await;
    let hers = hers["content"][0]["id"].as_str().unwrap();
    for wrong in ["unknown", hers] {
        let refusal = at_till(&format!("before={wrong}")).await;
        assert_eq!(refusal.problem(), refused(422, "invalid_request"));
    }
}

fn by_key(node: &TestNode, path: &str, key: &str) -> Ask {
    node.own(Method::GET, path, "")
        .without("authorization")
        .with("api_key", key)
}

/// Not what `person` may see.
fn limits(person: &Person) -> Value {
    json!({ "limit_rules": [{ "name": person.id, "maximum_amount": 50, "period": "DAILY", "applies_for": ["DEBIT"] }] })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_reads_any_wallet_of_its_network_and_a_contact_its_own() {
    let node = TestNode::start().await;
    let (ada, eve) = (node.signed_up(PHONE).await, node.signed_up(OTHER).await);
    let wallet = ada.wallet(&node).await;
    pay_in(&node, &wallet, "T-1", 50).await;
    let key = node.secret_key("test");
    let set = |credential: (&'static str, String)| {
        node.own(Method::PUT, &format!("/wallets/{wallet}/limits"), "")
            .without("authorization")
            .with(credential.0, &credential.1)
            .with("content-type", "application/json")
            .body(&limits(&ada))
    };
    let own = set(("authorization", format!("Bearer {}", ada.access)));
    assert_eq!(own.send().await.problem(), refused(401, "invalid_token"));
    let set = set(("api_key", key.clone())).send().await;
    assert_eq!((set.status, set.text("id")), (200, wallet.clone()));

    let (weak, theirs) = (
        json!({ "name": "weak", "type": "SECRET", "scopes": ["contacts.read"] }),
        strangers(&node).await.0,
    );
    let weak = till(&node, "/api_keys", &weak).send().await.text("value");
    let (_, live) = node.make_key(Scopes::of([Scope::WalletsRead]), None).await;
    for rest in ["", "/limits", "/summarised_totals"] {
        let path = format!("/wallets/{wallet}{rest}");
        let seen = ada.sees(&node, &path).await;
        let by_server = by_key(&node, &path, &key).send().await;
        assert_eq!((by_server.status, by_server.json()), (200, seen), "{path}");
        let unknown = "/wallets/69691e1e-1d90-8355-8b78-acd41ef577f4".to_owned() + rest;
        let unknown = by_key(&node, &unknown, &key).send().await;
        assert_eq!(unknown.problem(), refused(404, "not_found"));
        for other in [&live, &theirs] {
            let foreign = by_key(&node, &path, other).send().await;
            assert_eq!(looks(&foreign), looks(&unknown), "{path}");
        }
        let foreign = node.own(Method::GET, &path, &eve.access).send().await;
        assert_eq!(looks(&foreign), looks(&unknown), "{path}");
        for (wrong, code) in [
            (&weak, "insufficient_scope"),
            (&node.app_key("test"), "secret_key_required"),
            (
                node.seed.keys["test"].public.as_ref().unwrap(),
                "secret_key_required",
            ),
        ] {
            let refusal = by_key(&node, &path, wrong).send().await;
            assert_eq!(refusal.problem(), refused(403, code), "{path}");
        }
    }
    // The others of a wallet are the contact's alone.
    for rest in ["/code", "/journals", "/transactions", "/commerce_balances"] {
        let path = format!("/wallets/{wallet}{rest}");
        let refusal = by_key(&node, &path, &key).send().await;
        assert_eq!(
            refusal.problem(),
            refused(401, "missing_credentials"),
            "{path}"
        );
    }
}
