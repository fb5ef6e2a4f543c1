//! What a business publishes of its organisations over the Back Office, and what its contacts read of it.

use http::Method;
use serde_json::{Value, json};

use crate::contact_changes::refused;
use crate::node::TestNode;
use crate::organisations::create;
use crate::own_data::PHONE;

/// All that an organisation can show.
pub(crate) fn shown() -> Value {
    json!({
        "description": "Coffee by the water.\nAnd cake.",
        "industry_name": "Food",
        "industry_sectors": [{ "name": "Cafes" }],
        "business_activities": [{ "name": "Coffee" }, { "name": "Cake" }],
        "addresses": [{
            "name": "Front", "address_line_1": "1 Quay", "address_line_2": "First floor", "state_province_county": "Kent",
            "town_city": "Dover", "postal_code": "CT16 1AA", "country_code": "GBR", "care_of": "Harbour master",
            "lat": 51.1279, "lon": 1.3134, "google_place_id": "ChIJ", "is_primary": true, "is_billing": true,
            "is_test_mode": false,
        }],
        "contact_info": [
            { "name": "Desk", "type": "PHONE", "value": "01304 240400", "country_code": "GBR" },
            { "name": null, "type": "EMAIL", "value": "quay@example.test", "country_code": null },
        ],
        "operation_details": {
            "opening_hours": [
                { "day_of_week": "MONDAY", "open": "08:00", "close": "18:00", "operation": "ANY" },
                { "day_of_week": "SUNDAY", "open": "20:00", "close": "02:00", "operation": "DELIVERY" },
            ],
            "short_term_operations": [{ "operation": "DELIVERY", "is_closed": true }],
        },
        "tags": [{ "name": "sea view" }],
        "custom_fields": [{ "key": "parking", "value": "yes" }],
    })
}

/// Puts what an organisation shows; the organisation as it is then.
pub(crate) async fn publish(node: &TestNode, id: &str, shown: &Value) -> Value {
    let put = node.put(&format!("/organisations/{id}"), shown);
    let put = put.send().await;
    assert_eq!(put.status, 200, "{put:?}");
    put.json()
}

/// `shown` with the ids that `told` has of it, where it has some.
fn with_ids(mut shown: Value, told: &Value) -> Value {
    for list in [
        "industry_sectors",
        "business_activities",
        "addresses",
        "contact_info",
    ] {
        let entries = shown[list].as_array_mut().unwrap();
        for (entry, told) in entries.iter_mut().zip(told[list].as_array().unwrap()) {
            assert!(told["id"].is_string(), "{told}");
            entry["id"] = told["id"].clone();
        }
    }
    shown
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_business_publishes_is_what_its_contacts_read() {
    let mut node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let merchant = node.seed.organisations.merchants[0].id.clone();
    let mut venue = shown();
    venue["name"] = json!("Quay Two");
    venue["type"] = json!("VENUE");
    venue["parent"] = json!({ "id": merchant });
    let id = create(&node, venue).await;
    let path = format!("/organisations/{id}");
    for _ in 0..2 {
        let told = node.get(&path).send().await.json();
        let seen = person.sees(&node, &path).await;
        let expected = with_ids(shown(), &told);
        for (member, expected) in expected.as_object().unwrap() {
            assert_eq!(&told[member], expected, "{member} to the Back Office");
            if member != "industry_sectors" {
                assert_eq!(&seen[member], expected, "{member} to the contact");
            }
        }
        let sector = &seen["industry_sectors"][0];
        assert_eq!(sector["id"], told["industry_sectors"][0]["id"]);
        assert_eq!(sector["related_industries"][0]["name"], "Food");
        assert_eq!(
            (&seen["id"], &seen["name"]),
            (&json!(id), &json!("Quay Two"))
        );
        assert_eq!(seen["contact_registry"]["contact_registered"], false);
        for nothing in ["creatives", "order_catalogs", "wifi_sites"] {
            assert_eq!(seen[nothing], json!([]), "{nothing}");
        }
        let first = node.ask(Method::GET, &format!("/self-service/v1{path}"));
        let first = first.without("api_key");
        let first = first.with("authorization", &format!("Bearer {}", person.access));
        assert_eq!(first.send().await.json(), seen);
        node.restart().await;
    }
    let join = json!({ "organisation_id": id, "action": "SIGNUP" });
    let joined = node.own(
        Method::POST,
        &format!("/contacts/{}/organisations", person.id),
        &person.access,
    );
    let joined = joined.with("content-type", "application/json").body(&join);
    assert_eq!(joined.send().await.status, 200);
    let seen = person.sees(&node, &path).await;
    assert_eq!(seen["contact_registry"]["contact_registered"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_change_does_not_name_stays_and_so_do_the_ids_of_what_stays() {
    let mut node = TestNode::start().await;
    let venue = node.seed.organisations.merchants[0].venues[0].id.clone();
    let before = publish(&node, &venue, &shown()).await;
    let same = publish(&node, &venue, &json!({})).await;
    assert_eq!(same, before);
    let again = publish(&node, &venue, &with_ids(shown(), &before)).await;
    assert_eq!(again, before, "what was read is written again");
    let mut addresses = before["addresses"].clone();
    let mut second = addresses[0].clone();
    second.as_object_mut().unwrap().remove("id");
    second["is_primary"] = json!(false);
    second["town_city"] = json!("Deal");
    addresses.as_array_mut().unwrap().insert(0, second);
    let two = publish(&node, &venue, &json!({ "addresses": addresses })).await;
    assert_eq!(two["addresses"][1], before["addresses"][0]);
    assert_eq!(two["addresses"][0]["town_city"], "Deal");
    let new = two["addresses"][0]["id"].clone();
    assert!(new.is_string() && new != before["addresses"][0]["id"]);
    assert_ne!(new, before["contact_info"][0]["id"]);
    let nothing = json!({
        "description": null, "industry_name": null, "industry_sectors": [], "business_activities": [], "addresses": [],
        "contact_info": [], "operation_details": {}, "tags": [], "custom_fields": [],
    });
    let none = publish(&node, &venue, &nothing).await;
    node.restart().await;
    assert_eq!(
        node.get(&format!("/organisations/{venue}"))
            .send()
            .await
            .json(),
        none
    );
    for member in ["description", "industry_name"] {
        assert_eq!(none[member], Value::Null);
    }
    assert_eq!(none["addresses"], json!([]));
    assert_eq!(none["operation_details"]["opening_hours"], json!([]));
    let back = publish(&node, &venue, &shown()).await;
    assert_ne!(back["addresses"][0]["id"], new, "ids are not used again");
    assert_eq!(back["business_activities"], before["business_activities"]);
}

/// `shown` with one member otherwise, by pointer.
fn otherwise(pointer: &str, value: Value) -> Value {
    let mut shown = shown();
    let (place, member) = pointer.rsplit_once('/').unwrap();
    let place = shown.pointer_mut(place).unwrap();
    match member.parse::<usize>() {
        Ok(index) => place[index] = value,
        Err(_) => place[member] = value,
    }
    shown
}

/// Where something wrong is put, what it is, and what is blamed for it.
type Case = (&'static str, Value, &'static str);

fn long(chars: usize) -> Value {
    json!("x".repeat(chars))
}

fn many(count: usize, entry: Value) -> Value {
    Value::Array(vec![entry; count])
}

fn word(name: &str) -> Value {
    json!({ "name": name })
}

fn entry(list: &str) -> Value {
    shown()[list][0].clone()
}

/// What is wrong with words and addresses; `other` is an id of something else.
fn wrong_places(other: &str) -> Vec<Case> {
    let mut much = entry("addresses");
    much["is_primary"] = json!(false);
    for text in ["address_line_1", "address_line_2", "name", "care_of"] {
        much[text] = long(200);
    }
    let two_primary = many(2, entry("addresses"));
    vec![
        ("/description", long(2_001), "/description"),
        ("/description", json!("a\u{7}"), "/description"),
        ("/industry_name", long(101), "/industry_name"),
        (
            "/industry_sectors",
            many(11, word("x")),
            "/industry_sectors",
        ),
        (
            "/industry_sectors/0/name",
            json!(" "),
            "/industry_sectors/0/name",
        ),
        (
            "/business_activities/1/name",
            json!("COFFEE"),
            "/business_activities/1/name",
        ),
        (
            "/business_activities/0/id",
            json!(other),
            "/business_activities/0/id",
        ),
        (
            "/business_activities/0/colour",
            json!("red"),
            "/business_activities/0/colour",
        ),
        ("/addresses", many(11, entry("addresses")), "/addresses"),
        ("/addresses", many(6, much), "/addresses"),
        ("/addresses", two_primary, "/addresses"),
        ("/addresses/0/id", json!(other), "/addresses/0/id"),
        (
            "/addresses/0/town_city",
            json!(""),
            "/addresses/0/town_city",
        ),
        (
            "/addresses/0/country_code",
            json!("GB"),
            "/addresses/0/country_code",
        ),
        (
            "/addresses/0/country_code",
            json!("gbr"),
            "/addresses/0/country_code",
        ),
        ("/addresses/0/lat", json!(90.1), "/addresses/0/lat"),
        ("/addresses/0/lon", json!(-180.1), "/addresses/0/lon"),
        ("/addresses/0/lon", json!(1.12345678), "/addresses/0/lon"),
        ("/addresses/0/lon", Value::Null, "/addresses/0/lon"),
    ]
}

/// What is wrong with the rest.
fn wrong_details() -> Vec<Case> {
    let hours = "/operation_details/opening_hours";
    vec![
        (
            "/contact_info",
            many(11, entry("contact_info")),
            "/contact_info",
        ),
        (
            "/contact_info/0/value",
            json!("12"),
            "/contact_info/0/value",
        ),
        (
            "/contact_info/1/value",
            json!("nowhere"),
            "/contact_info/1/value",
        ),
        ("/contact_info/0/type", json!("FAX"), "/contact_info/0/type"),
        (
            "/operation_details/opening_hours/0/open",
            json!("24:00"),
            "/operation_details/opening_hours/0/open",
        ),
        (
            "/operation_details/opening_hours/0/close",
            json!("8"),
            "/operation_details/opening_hours/0/close",
        ),
        (
            hours,
            many(64, shown()["operation_details"]["opening_hours"][0].clone()),
            hours,
        ),
        (
            "/operation_details/short_term_operations",
            many(2, json!({ "operation": "ANY", "is_closed": true })),
            "/operation_details/short_term_operations/1/operation",
        ),
        ("/tags", many(21, word("x")), "/tags"),
        ("/tags/0/name", json!("a,b"), "/tags/0/name"),
        ("/tags/0/name", long(33), "/tags/0/name"),
        (
            "/custom_fields",
            many(21, entry("custom_fields")),
            "/custom_fields",
        ),
        ("/custom_fields/0/value", long(4_000), "/custom_fields"),
        (
            "/custom_fields",
            many(2, entry("custom_fields")),
            "/custom_fields/1/key",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_organisation_shows_is_refused_by_the_name_of_what_is_wrong() {
    let node = TestNode::start().await;
    let organisations = &node.seed.organisations;
    let venue = &organisations.merchants[0].venues[0].id;
    let before = publish(&node, venue, &json!({ "description": "As it was" })).await;
    let cases = wrong_places(venue).into_iter().chain(wrong_details());
    for (at, value, pointer) in cases {
        let body = otherwise(at, value);
        let mut new = body.clone();
        new["name"] = json!("New");
        new["type"] = json!("VENUE");
        new["parent"] = json!({ "id": organisations.merchants[0].id });
        for answer in [
            node.put(&format!("/organisations/{venue}"), &body)
                .send()
                .await,
            node.post("/organisations", &new).send().await,
        ] {
            assert_eq!(answer.status, 422, "{at}: {answer:?}");
            let faults = answer.json()["errors"].as_array().unwrap().clone();
            let found = faults.iter().any(|fault| fault["pointer"] == pointer);
            assert!(found, "{at}: {faults:?}");
        }
    }
    let found = node.get(&format!("/organisations/{venue}"));
    assert_eq!(found.send().await.json(), before, "nothing has changed");
    // An id of another organisation's address is none of this one's, although this one has as many.
    let own = publish(&node, venue, &shown()).await;
    let other = &organisations.merchants[0].venues[1].id;
    let theirs = publish(&node, other, &shown()).await["addresses"].clone();
    let taken = node.put(
        &format!("/organisations/{venue}"),
        &json!({ "addresses": theirs }),
    );
    let taken = taken.send().await;
    assert_eq!(taken.problem(), refused(422, "invalid_request"));
    assert_eq!(taken.json()["errors"][0]["pointer"], "/addresses/0/id");
    // Nothing stays twice.
    let info = &own["contact_info"][0];
    let twice = json!({ "contact_info": [info, info] });
    let twice = node.put(&format!("/organisations/{venue}"), &twice);
    let twice = twice.send().await;
    assert_eq!(twice.problem(), refused(422, "invalid_request"));
    assert_eq!(twice.json()["errors"][0]["pointer"], "/contact_info/1/id");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn custom_fields_of_an_organisation_are_those_that_are_defined() {
    let node = TestNode::start().await;
    let venue = &node.seed.organisations.merchants[0].venues[0].id;
    let path = format!("/organisations/{venue}");
    let fields =
        |key: &str, value: &str| json!({ "custom_fields": [{ "key": key, "value": value }] });
    publish(&node, venue, &fields("whatever", "goes")).await;
    let parking = json!({ "entity": "ORGANISATIONS", "key": "parking", "label": "Parking", "field": "CHECKBOX" });
    let defined = node.post("/custom_fields", &parking).send().await;
    assert_eq!(defined.status, 201, "{defined:?}");
    for (key, value, pointer) in [
        ("whatever", "goes", "/custom_fields/0/key"),
        ("parking", "yes", "/custom_fields/0/value"),
    ] {
        let mut new = fields(key, value);
        let changed = node.put(&path, &new).send().await;
        new["name"] = json!("New");
        new["type"] = json!("MERCHANT");
        let created = node.post("/organisations", &new).send().await;
        for answer in [changed, created] {
            assert_eq!(answer.problem(), refused(422, "invalid_request"), "{key}");
            assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{key}");
        }
    }
    let told = publish(&node, venue, &fields("parking", "true")).await;
    assert_eq!(told["custom_fields"][0]["value"], "true");
    publish(&node, venue, &json!({ "description": "No field is named" })).await;
}
