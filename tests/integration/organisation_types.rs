//! The parts that organisations play in a network: where each has its place, and what it may do there.

use http::Method;
use serde_json::{Value, json};

use crate::client::Answer;
use crate::client::Ask;
use crate::contact_changes::refused;
use crate::node::TestNode;
use crate::organisations::{create, key_of};
use crate::own_data::PHONE;
use crate::users::Session;
use crate::venues::publish;

fn below(parent: &str, kind: &str, name: &str) -> Value {
    json!({ "name": name, "type": kind, "parent": { "id": parent } })
}

/// A network with every part in it: the ids of the operator, the processor, the business, the group, the merchant and the venue, each
/// below the one before.
async fn every_part(node: &TestNode) -> [String; 6] {
    let owner = node.seed.organisations.service_owner.clone();
    let operator = create(node, below(&owner, "OPERATOR", "North")).await;
    let processor = create(node, below(&operator, "TRANSACTION_PROCESSOR", "Acquirer")).await;
    let business = create(node, below(&processor, "BUSINESS", "Bakers")).await;
    let group = create(node, below(&business, "ORGANISATION", "City")).await;
    let merchant = create(node, below(&group, "MERCHANT", "Crust")).await;
    let venue = create(node, below(&merchant, "VENUE", "Crust Gate")).await;
    [operator, processor, business, group, merchant, venue]
}

fn names(page: &Answer) -> Vec<String> {
    assert_eq!(page.status, 200, "{page:?}");
    let page = page.json();
    let content = page["content"].as_array().unwrap().iter();
    let name = |one: &Value| one["name"].as_str().unwrap().to_owned();
    content.map(name).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_type_is_made_read_changed_and_listed_over_both_gateways() {
    let mut node = TestNode::start().await;
    let all = every_part(&node).await;
    let owner = node.seed.organisations.service_owner.clone();
    let types = [
        "OPERATOR",
        "TRANSACTION_PROCESSOR",
        "BUSINESS",
        "ORGANISATION",
        "MERCHANT",
        "VENUE",
    ];
    let mut above = owner.clone();
    for (id, kind) in all.iter().zip(types) {
        let path = format!("/organisations/{id}");
        let shown = node.get(&path).send().await.json();
        assert_eq!(shown["type"], kind);
        assert_eq!(shown["parent"], json!({ "id": above }));
        let change = json!({ "description": format!("about {kind}"), "time_zone": "Asia/Tokyo" });
        let changed = node.put(&path, &change).send().await;
        assert_eq!(changed.status, 200, "{changed:?}");
        above.clone_from(id);
    }
    node.restart().await;
    let person = node.signed_up(PHONE).await;
    let list = format!("/organisations/{owner}/network");
    for (kind, expected) in [
        ("OPERATOR", &["North"][..]),
        ("TRANSACTION_PROCESSOR", &["Acquirer"]),
        ("ORGANISATION", &["City"]),
        ("SERVICE_OWNER", &["Clientele Demo"]),
        ("BUSINESS", &["Bakers", "Harbour Rewards"]),
    ] {
        let path = format!("{list}?type={kind}");
        assert_eq!(names(&node.get(&path).send().await), expected, "{kind}");
        let own = node.own(Method::GET, &path, &person.access).send().await;
        assert_eq!(names(&own), expected, "{kind}");
    }
    for (id, kind) in all.iter().zip(types) {
        let path = format!("/organisations/{id}");
        let kept = node.get(&path).send().await.json();
        assert_eq!(kept["description"], format!("about {kind}"));
        assert_eq!(kept["type"], kind);
        let join = json!({ "organisation_id": id, "action": "SIGNUP" });
        let joined = person.write(&node, Method::POST, &person.path("/organisations"), &join);
        let joined = joined.send().await.json();
        let joined = joined["organisations"].as_array().unwrap();
        let joined = joined.iter().find(|it| it["id"] == json!(id)).unwrap();
        assert_eq!(joined["type"], kind);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_type_lies_where_it_may_and_a_refusal_says_where() {
    let node = TestNode::start().await;
    let [operator, processor, business, group, merchant, venue] = every_part(&node).await;
    let owner = &node.seed.organisations.service_owner;
    let owners = "SERVICE_OWNER, or an ORGANISATION that lies below one";
    for (parent, kind, places) in [
        (&operator, "OPERATOR", owners),
        (&group, "OPERATOR", owners),
        (
            &business,
            "TRANSACTION_PROCESSOR",
            "SERVICE_OWNER, OPERATOR",
        ),
        (
            &group,
            "BUSINESS",
            "SERVICE_OWNER, OPERATOR, TRANSACTION_PROCESSOR",
        ),
        (
            &merchant,
            "MERCHANT",
            "SERVICE_OWNER, OPERATOR, TRANSACTION_PROCESSOR, BUSINESS",
        ),
        (&venue, "ORGANISATION", "BUSINESS, MERCHANT"),
        // The group stands for the business that it lies below.
        (&group, "VENUE", "MERCHANT"),
        (owner, "VENUE", "MERCHANT"),
    ] {
        let refusal = node.post("/organisations", &below(parent, kind, "X"));
        let refusal = refusal.send().await;
        assert_eq!(refusal.problem(), refused(422, "invalid_request"), "{kind}");
        let fault = &refusal.json()["errors"][0];
        assert_eq!(
            (&fault["pointer"], &fault["code"]),
            (&json!("/parent"), &json!("misplaced"))
        );
        let detail = fault["detail"].as_str().unwrap();
        assert!(
            detail.contains(&format!("a new {kind} lies below: ")) && detail.contains(places),
            "{detail}"
        );
    }
    // Groups within groups, each standing for the merchant above.
    let region = create(&node, below(&merchant, "ORGANISATION", "Region")).await;
    let district = create(&node, below(&region, "ORGANISATION", "District")).await;
    create(&node, below(&district, "VENUE", "Crust Pier")).await;
    create(&node, below(&processor, "MERCHANT", "Other")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_is_twelve_levels_deep_at_most() {
    let node = TestNode::start().await;
    let mut parent = node.seed.organisations.service_owner.clone();
    for level in 2..=12 {
        let name = format!("Level {level}");
        parent = create(&node, below(&parent, "ORGANISATION", &name)).await;
    }
    let further = node.post("/organisations", &below(&parent, "MERCHANT", "X"));
    let further = further.send().await;
    assert_eq!(further.problem(), refused(422, "invalid_request"));
    let fault = &further.json()["errors"][0];
    assert_eq!(
        (&fault["pointer"], &fault["code"]),
        (&json!("/parent"), &json!("too_deep"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_runs_or_holds_together_has_no_tap_and_takes_no_purchases() {
    let node = TestNode::start().await;
    let [operator, processor, business, group, merchant, _] = every_part(&node).await;
    let buyer = node.contact(0);
    let sell = async |organisation: &str, path: &str| {
        let mut body = node.purchase_body(buyer, 20);
        body["organisation"] = json!({ "id": organisation });
        node.post(path, &body).send().await
    };
    for id in [&operator, &processor, &group] {
        let tap = node.put(
            &format!("/organisations/{id}"),
            &json!({ "tap_code": "TAP" }),
        );
        let tap = tap.send().await;
        assert_eq!(tap.problem(), refused(422, "invalid_request"));
        assert_eq!(tap.json()["errors"][0]["pointer"], "/tap_code");
        for path in ["/purchases", "/purchases/estimates"] {
            let refusal = sell(id, path).await;
            assert_eq!(refusal.problem(), refused(422, "invalid_request"));
            let fault = &refusal.json()["errors"][0];
            assert_eq!(
                (&fault["pointer"], &fault["code"]),
                (&json!("/organisation"), &json!("takes_no_purchases"))
            );
            // A body of version 1 calls it otherwise.
            let body = json!({ "contact_id": buyer.id, "organisation_id": id, "total_amount": 20 });
            let v1 = node.post(path, &body);
            let v1 = Ask {
                url: v1.url.replace("/v2/", "/v1/"),
                ..v1
            };
            let refusal = v1.send().await;
            assert_eq!(refusal.problem(), refused(422, "invalid_request"));
            let fault = &refusal.json()["errors"][0];
            assert_eq!(
                (&fault["pointer"], &fault["code"]),
                (&json!("/organisation_id"), &json!("takes_no_purchases"))
            );
        }
    }
    for id in [&business, &merchant] {
        let sold = sell(id, "/purchases").await;
        assert_eq!(sold.status, 200, "{sold:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn places_to_buy_at_are_those_that_sell_wherever_the_others_are() {
    let node = TestNode::start().await;
    let address = json!({ "addresses": [{
        "address_line_1": "1 Quay", "town_city": "Dover", "postal_code": "1", "country_code": "GBR", "lat": 51.1, "lon": 1.3,
    }] });
    for id in every_part(&node).await {
        publish(&node, &id, &address).await;
    }
    let person = node.signed_up(PHONE).await;
    let places = node.own(Method::GET, "/locations?lat=51.1&lon=1.3", &person.access);
    assert_eq!(names(&places.send().await), ["Crust", "Crust Gate"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_business_registers_where_one_may_lie_and_nowhere_else() {
    let node = TestNode::start().await;
    let [operator, processor, business, group, merchant, venue] = every_part(&node).await;
    let secret = node.secret_key("test");
    for (organisation, status) in [
        (&operator, 201),
        (&processor, 201),
        (&business, 403),
        (&group, 403),
        (&merchant, 403),
        (&venue, 403),
    ] {
        let page = json!({ "name": "page", "type": "PUBLIC", "scopes": ["organisations.register"], "organisation_id": organisation });
        let page = node.post("/api_keys", &page).with("api_key", &secret);
        let page = page.send().await.text("value");
        let new = json!({ "name": "Pier", "first_name": "Grace", "last_name": "Hopper",
            "email_address": format!("{organisation}@example.com"), "password": "calm otter 77" });
        let asked = node.stranger(Method::POST, "/organisations/register");
        let asked = asked.with("api_key", &page).body(&new).send().await;
        assert_eq!(asked.status, status, "{asked:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_processor_brings_in_the_purchases_of_those_below_it_only() {
    let node = TestNode::start().await;
    let [_, processor, _, _, merchant, venue] = every_part(&node).await;
    let tap = json!({ "tap_code": "GATE" });
    let tap = node.put(&format!("/organisations/{venue}"), &tap);
    assert_eq!(tap.send().await.status, 200);
    let scopes = ["purchases.write", "purchases.read"];
    let key = key_of(&node, &processor, &scopes).await;
    let buyer = node.contact(0);
    let sell = async |organisation: Option<Value>| {
        let mut body = node.purchase_body(buyer, 20);
        match organisation {
            Some(organisation) => body["organisation"] = organisation,
            None => drop(body.as_object_mut().unwrap().remove("organisation")),
        }
        let sale = node.post("/purchases", &body).with("api_key", &key);
        sale.send().await
    };
    for place in [
        json!({ "id": venue }),
        json!({ "id": merchant }),
        json!({ "venue_tap": { "code": "GATE" } }),
    ] {
        let sold = sell(Some(place)).await;
        assert_eq!(sold.status, 200, "{sold:?}");
    }
    let elsewhere = &node.seed.organisations.merchants[0].id;
    let refusal = sell(Some(json!({ "id": elsewhere }))).await;
    assert_eq!(refusal.problem(), refused(400, "unknown_organisation"));
    let own = sell(None).await;
    assert_eq!(own.problem(), refused(422, "invalid_request"));
    let brought = node.get("/purchases?include_total=true");
    let brought = brought.with("api_key", &key).send().await;
    assert_eq!(brought.json()["paging"]["total"], 3, "{brought:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_runs_its_own_part_and_it_is_written_down() {
    let node = TestNode::start().await;
    let [operator, ..] = every_part(&node).await;
    let scopes = ["organisations.read", "organisations.write"];
    let key = key_of(&node, &operator, &scopes).await;
    let ask = async |body: Value| {
        let ask = node.post("/organisations", &body).with("api_key", &key);
        ask.send().await
    };
    // Left out, the parent is the operator itself.
    let made = ask(json!({ "name": "Millers", "type": "BUSINESS" })).await;
    assert_eq!(made.status, 201, "{made:?}");
    let another = ask(json!({ "name": "South", "type": "OPERATOR" })).await;
    assert_eq!(another.problem(), refused(422, "invalid_request"));
    let owner = &node.seed.organisations.service_owner;
    let beside = ask(below(owner, "OPERATOR", "South")).await;
    assert_eq!(beside.problem(), refused(400, "unknown_organisation"));
    let log = node.get("/audit_log?operation=organisations.create&size=100");
    let log = log.send().await.json();
    let log = log["content"].as_array().unwrap();
    let id = made.text("id");
    assert!(log.iter().any(|it| it["target"] == json!(id)), "{log:?}");
    let path = format!("/organisations/{id}");
    let renamed = node.put(&path, &json!({ "name": "Mills" }));
    let renamed = renamed.with("api_key", &key).send().await;
    assert_eq!(renamed.status, 200, "{renamed:?}");
    let log = node.get("/audit_log?operation=organisations.update");
    let log = log.send().await.json();
    assert_eq!(log["content"][0]["target"], json!(id), "{log}");
    assert_eq!(log["content"][0]["outcome"], "DONE", "{log}");
    // Who runs the whole network acts as the operator.
    let user = node.owner().await;
    let path = format!("/organisations/{operator}/masquerade");
    let masked = node.by(&user, Method::POST, &path).send().await;
    let masked = Session::of(&masked);
    assert_eq!(masked.body["organisation"]["type"], "OPERATOR");
}
