//! What contacts find by what organisations show of themselves: the network, places near and open, towns, activities and merchants.

use clientele::clock::Clock;
use clientele::domain::calendar::Zone;
use http::Method;
use serde_json::{Value, json};

use crate::commerce::tried;
use crate::contact_changes::refused;
use crate::node::TestNode;
use crate::own_data::PHONE;
use crate::venues::publish;

/// The seven days.
const DAYS: [&str; 7] = [
    "MONDAY",
    "TUESDAY",
    "WEDNESDAY",
    "THURSDAY",
    "FRIDAY",
    "SATURDAY",
    "SUNDAY",
];

fn names(page: &Value) -> Vec<&str> {
    let content = page["content"].as_array().unwrap().iter();
    content.map(|one| one["name"].as_str().unwrap()).collect()
}

/// An address in a town, with nothing else of note.
fn address(town: &str, country: &str, place: Option<(f64, f64)>) -> Value {
    let (lat, lon) = place.unzip();
    json!([{
        "address_line_1": "1 Quay", "town_city": town, "postal_code": "1", "country_code": country, "lat": lat, "lon": lon,
    }])
}

/// Three places with different words, in three towns: their names are Coffee Quay (Athens), Coffee Station (Piraeus), Market Hall (Larnaca).
async fn three_places(node: &TestNode) -> [String; 3] {
    let [coffee, market] = [0, 1].map(|of| node.seed.organisations.merchants[of].clone());
    let places = [&coffee.venues[0], &coffee.venues[1], &market.venues[0]];
    let ids = places.map(|it| it.id.clone());
    let rows = [
        (
            "Coffee Quay",
            "Food",
            "Cafes",
            "Coffee",
            "sea",
            "Athens",
            "GRC",
            Some((37.98, 23.73)),
        ),
        (
            "Coffee Station",
            "Travel",
            "Cafes",
            "Tea",
            "rail",
            "Piraeus",
            "GRC",
            Some((37.94, 23.65)),
        ),
        (
            "Market Hall",
            "Retail",
            "Grocers",
            "Bread",
            "sea",
            "Larnaca",
            "CYP",
            None,
        ),
    ];
    for (id, (name, industry, sector, activity, tag, town, country, place)) in ids.iter().zip(rows)
    {
        let body = json!({
            "name": name, "description": format!("{name} it is"), "industry_name": industry, "industry_sectors": [{ "name": sector }],
            "business_activities": [{ "name": activity }], "tags": [{ "name": tag }], "addresses": address(town, country, place),
            "custom_fields": [{ "key": "town", "value": town }, { "key": "open", "value": "yes" }],
        });
        publish(node, id, &body).await;
    }
    ids
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_network_is_found_by_what_its_members_show() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let ids = three_places(&node).await;
    let owner = node.seed.organisations.service_owner.clone();
    let merchant = &node.seed.organisations.merchants[0].id;
    let (quay, station, hall) = ("Coffee Quay", "Coffee Station", "Market Hall");
    let list = |query: &str| format!("/organisations/{owner}/network?type=VENUE&{query}");
    let told = person
        .sees(&node, list("name=quay&include_custom_fields=true"))
        .await;
    let tea = person.sees(&node, list("business_activities=TEA")).await;
    let tea = tea["content"][0]["business_activities"][0]["id"].clone();
    let tea = format!("business_activities={}", tea.as_str().unwrap());
    let set = json!({ "tap_code": "T9" });
    publish(&node, &ids[2], &set).await;
    let joined = json!({ "organisation_id": ids[1], "action": "SIGNUP" });
    let path = format!("/contacts/{}/organisations", person.id);
    let joined = tried(&node, node.post(&path, &joined)).send().await;
    assert_eq!(joined.status, 204, "{joined:?}");
    for (query, expected) in [
        ("industries=food", vec![quay]),
        ("industries=food,travel", vec![quay, station]),
        ("industry_sectors=CAFES", vec![quay, station]),
        ("industry_sectors=Food", vec![]),
        ("business_activities=Bread,Coffee", vec![quay, hall]),
        (&*tea, vec![station]),
        ("tags=sea", vec![quay, hall]),
        ("tags=SEA&countries=CYP", vec![hall]),
        ("countries=GRC", vec![quay, station]),
        ("town_cities=piraeus,Larnaca", vec![station, hall]),
        ("town_cities=Larnaca&countries=GRC", vec![]),
        ("custom_fields=town:Athens,open:yes", vec![quay]),
        ("custom_fields=town:Athens,open:no", vec![]),
        ("tap_code=T9", vec![hall]),
        ("name=coffee", vec![quay, station]),
        ("contact_registry=true", vec![station]),
        ("name=coffee&contact_registry=false", vec![quay]),
        ("lat=37.98&lon=23.73&distance=1", vec![quay]),
        ("lat=37.98&lon=23.73&distance=9", vec![quay, station]),
        (
            "lat=37.9&lon=23.6&sort=DISTANCE&name=coffee",
            vec![station, quay],
        ),
        (
            "lat=37.9&lon=23.6&sort=DISTANCE&order=DESC&name=coffee",
            vec![quay, station],
        ),
        ("name=coffee&order=DESC", vec![station, quay]),
        ("name=coffee&size=1&page=2", vec![station]),
        (
            "industries=",
            vec![quay, station, hall, "Old Town Market Online"],
        ),
    ] {
        let page = person.sees(&node, list(query)).await;
        assert_eq!(names(&page), expected, "{query}");
    }
    let last = person.sees(
        &node,
        list("lat=37.9&lon=23.6&sort=DISTANCE&order=DESC&size=2&page=2"),
    );
    let last = last.await;
    assert_eq!(
        names(&last),
        ["Old Town Market Online", hall],
        "those without a place"
    );
    assert_eq!(
        last["paging"],
        json!({ "page": 2, "size": 2, "total": null, "has_more": false })
    );
    let below = format!("/organisations/{merchant}/network?include_total=true");
    let below = person.sees(&node, &below).await;
    assert_eq!(names(&below), [quay, station, "Corner Coffee"]);
    assert_eq!(below["paging"]["total"], 3);
    assert_eq!(told["content"][0]["custom_fields"][0]["value"], "Athens");
    assert_eq!(below["content"][0]["custom_fields"], Value::Null);
    for (query, parameter) in [
        ("type=SHOP", "type"),
        ("lat=1", "lon"),
        ("lat=91&lon=0", "lat"),
        ("lat=NaN&lon=0", "lat"),
        ("distance=1", "lat"),
        ("sort=DISTANCE", "lat"),
        ("lat=0&lon=0&distance=-1", "distance"),
        ("custom_fields=town", "custom_fields"),
        ("size=101", "size"),
    ] {
        let path = format!("/organisations/{owner}/network?{query}");
        let wrong = node.own(Method::GET, &path, &person.access).send().await;
        assert_eq!(wrong.problem(), refused(422, "invalid_request"), "{query}");
        assert_eq!(wrong.json()["errors"][0]["pointer"], parameter, "{query}");
    }
    let many = vec!["x"; 51].join(",");
    let path = format!("/organisations/{owner}/network?tags={many}");
    let many = node.own(Method::GET, &path, &person.access).send().await;
    assert_eq!(many.json()["errors"][0]["pointer"], "tags");
}

/// Every day for an hour before and after now, by the clock of `zone`.
fn around_now(node: &TestNode, zone: &str, supply: &str) -> Value {
    let minute = Zone::named(zone).unwrap().local(node.clock.wall()).minute;
    let text = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    let (open, close) = (text((minute + 1_380) % 1_440), text((minute + 60) % 1_440));
    let hours = DAYS.map(
        |day| json!({ "day_of_week": day, "open": open, "close": close, "operation": supply }),
    );
    json!({ "opening_hours": hours })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn places_are_listed_from_the_nearest_on_and_by_whether_they_are_open() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let ids = three_places(&node).await;
    let (quay, station, hall) = ("Coffee Quay", "Coffee Station", "Market Hall");
    // The same hours on the wall: one place is in them, and the other five hours away.
    let hours = around_now(&node, "Asia/Tokyo", "ANY");
    let tokyo = json!({ "time_zone": "Asia/Tokyo", "operation_details": hours });
    let honolulu = json!({ "time_zone": "Pacific/Honolulu", "operation_details": hours });
    publish(&node, &ids[0], &tokyo).await;
    publish(&node, &ids[1], &honolulu).await;
    let merchant = node.seed.organisations.merchants[0].id.clone();
    let below = format!("organisation_id={merchant}");
    let list = |query: &str| format!("/locations?lat=37.94&lon=23.65&{query}");
    for (query, expected) in [
        ("", vec![station, quay, hall]),
        ("within=0.1", vec![station]),
        ("within=10", vec![station, quay]),
        ("size=1&page=2", vec![quay]),
        (&*below, vec![station, quay]),
        ("organisation_id=nobody", vec![]),
        ("tags=sea&town_cities=athens", vec![quay]),
        ("industries=food,retail", vec![quay, hall]),
        ("industry_sectors=grocers", vec![hall]),
        ("business_activities=tea", vec![station]),
        ("custom_fields=town:Larnaca", vec![hall]),
        ("name=coffee", vec![station, quay]),
        ("is_open=true", vec![quay]),
        ("is_open=false", vec![station, hall]),
        ("is_open=true&supply_method=PICK_UP", vec![quay]),
        ("supply_method=DELIVERY", vec![station, quay]),
    ] {
        let page = person.sees(&node, list(query)).await;
        assert_eq!(names(&page), expected, "{query}");
    }
    let more = "include_tags=true&include_opening_hours=true&include_custom_fields=true&include_creatives=true&include_order_catalogs=true";
    let page = person.sees(&node, list(more)).await;
    assert_eq!(page["paging"]["total"], 3);
    let [first, second, third] = [0, 1, 2].map(|at| page["content"][at].clone());
    assert_eq!(first["address"]["distance"].as_f64(), Some(0.0));
    // By haversines on a globe of 6,371.0088 km, worked out elsewhere.
    let km = second["address"]["distance"].as_f64().unwrap();
    assert!((8.2..8.5).contains(&km), "{km}");
    assert_eq!(third["address"]["distance"], Value::Null);
    assert_eq!(second["description"], "Coffee Quay it is");
    assert_eq!(second["tags"], json!([{ "name": "sea" }]));
    assert_eq!(
        second["opening_hours"].as_array().unwrap().len(),
        1,
        "those of today"
    );
    assert_eq!(second["opening_hours"][0]["supply_method"], "ANY");
    assert_eq!(
        (&second["creatives"], &second["order_catalogs"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(second["custom_fields"][0]["value"], "Athens");

    let closed = json!({ "operation_details": { "opening_hours": hours["opening_hours"],
        "short_term_operations": [{ "operation": "DELIVERY", "is_closed": true }] } });
    publish(&node, &ids[0], &closed).await;
    let delivers = person.sees(&node, list("is_open=true&supply_method=DELIVERY"));
    assert!(names(&delivers.await).is_empty());
    let open = person.sees(&node, list("is_open=true")).await;
    assert_eq!(names(&open), [quay]);
    let moved = tried(
        &node,
        node.post("/test_clock/advance", &json!({ "seconds": 7_200 })),
    );
    assert_eq!(moved.send().await.status, 200);
    let later = person.sees(&node, list("is_open=true")).await;
    assert!(names(&later).is_empty(), "two hours later: {later}");

    for (query, parameter) in [
        ("lon=1", "lat"),
        ("lat=1", "lon"),
        ("lat=x&lon=1", "lat"),
        ("lat=0&lon=181", "lon"),
        ("lat=0&lon=0&within=-1", "within"),
        ("lat=0&lon=0&supply_method=BOAT", "supply_method"),
    ] {
        let path = format!("/locations?{query}");
        let wrong = node.own(Method::GET, &path, &person.access).send().await;
        assert_eq!(wrong.problem(), refused(422, "invalid_request"), "{query}");
        assert_eq!(wrong.json()["errors"][0]["pointer"], parameter, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn towns_activities_and_merchants_are_listed_once_each() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let ids = three_places(&node).await;
    let towns = person.sees(&node, "/locations/towns").await;
    assert_eq!(
        towns,
        json!({ "content": ["Athens", "Larnaca", "Piraeus"] })
    );
    let more = json!({ "business_activities": [{ "name": "Cake" }, { "name": "BREAD" }], "addresses": address("LARNACA", "CYP", None) });
    publish(&node, &ids[1], &more).await;
    let towns = person.sees(&node, "/locations/towns").await;
    assert_eq!(towns["content"].as_array().unwrap().len(), 2, "{towns}");
    let activities = async |query: &str| {
        person
            .sees(&node, format!("/business_activities?{query}"))
            .await
    };
    let all = activities("assigned_to_organisation=true&sort=NAME").await;
    let lower: Vec<_> = names(&all).iter().map(|name| name.to_lowercase()).collect();
    assert_eq!(lower, ["bread", "cake", "coffee"]);
    assert_eq!(all["paging"]["total"], 3);
    assert_eq!(names(&activities("name=CO").await), ["Coffee"]);
    assert_eq!(names(&activities("order=DESC&size=1").await), ["Coffee"]);
    assert_eq!(names(&activities("size=1&page=2").await), ["Cake"]);

    let merchants = async |query: &str| {
        person
            .sees(&node, format!("/rewards/merchants?{query}"))
            .await
    };
    let [coffee, market] = [0, 1].map(|of| node.seed.organisations.merchants[of].clone());
    publish(&node, &coffee.id, &json!({ "description": "Coffee" })).await;
    let both = merchants("include_total=true&sort=NAME").await;
    assert_eq!(names(&both), ["Corner Coffee", "Old Town Market"]);
    assert_eq!(both["content"][0]["description"], "Coffee");
    assert_eq!(both["content"][0]["id"], json!(coffee.id));
    assert_eq!(both["paging"]["total"], 2);
    let below = merchants(&format!("organisations={}", market.id)).await;
    assert_eq!(names(&below), ["Old Town Market"]);
    assert_eq!(names(&merchants("organisations=nobody").await), [""; 0]);
    assert_eq!(names(&merchants("name=COFFEE").await), ["Corner Coffee"]);
    assert_eq!(
        names(&merchants("order=DESC&size=1").await),
        ["Old Town Market"]
    );
    // With no offer but one for a venue of the market, that merchant alone rewards.
    let offers = tried(&node, node.get("/reward_offers?size=100"))
        .send()
        .await;
    for offer in offers.json()["content"].as_array().unwrap() {
        let path = format!(
            "/reward_offers/{}/life_cycle_state",
            offer["id"].as_str().unwrap()
        );
        let off = tried(
            &node,
            node.put(&path, &json!({ "life_cycle_state": "INACTIVE" })),
        );
        assert_eq!(off.send().await.status, 200);
    }
    assert_eq!(names(&merchants("").await), [""; 0]);
    let offer = json!({ "name": "At the hall", "awards": [{ "amount": 1, "amount_type": "FIXED" }],
        "conditions": { "organisations": [ids[2]] } });
    let made = tried(&node, node.post("/reward_offers", &offer))
        .send()
        .await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(names(&merchants("").await), ["Old Town Market"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn offers_are_found_by_the_organisations_where_they_are_given() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let ids = three_places(&node).await;
    let market = node.seed.organisations.merchants[1].id.clone();
    for (name, target) in [("At the quay", &ids[0]), ("On the market", &market)] {
        let offer = json!({ "name": name, "awards": [{ "amount": 1, "amount_type": "FIXED" }],
            "conditions": { "organisations": [target] } });
        let made = tried(&node, node.post("/reward_offers", &offer));
        assert_eq!(made.send().await.status, 201);
    }
    let offers = async |query: &str| {
        let path = format!("/reward_offers?size=100&order=ASC&{query}");
        let page = person.sees(&node, path).await;
        let ours = ["At the quay", "On the market"];
        let all = names(&page).into_iter();
        all.filter(|name| ours.contains(name))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    for (query, expected) in [
        ("", vec!["At the quay", "On the market"]),
        ("countries=GRC", vec!["At the quay"]),
        ("countries=CYP", vec!["On the market"]),
        ("countries=GRC,CYP", vec!["At the quay", "On the market"]),
        ("industries=Food", vec!["At the quay"]),
        ("industry_sectors=Grocers", vec!["On the market"]),
        ("towns_cities=athens&industries=Travel", vec![]),
        ("towns_cities=Piraeus", vec![]),
        ("tags=sea", vec![]),
    ] {
        assert_eq!(offers(query).await, expected, "{query}");
    }
}
