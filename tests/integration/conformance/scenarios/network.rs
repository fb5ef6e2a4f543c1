//! What organisations publish, and how contacts find them.

use http::Method;
use serde_json::json;

use super::PHONE;
use crate::node::TestNode;
use crate::venues::{publish, shown};

pub(super) async fn places(node: TestNode) {
    let person = node.signed_up(PHONE).await;
    let organisations = &node.seed.organisations;
    let merchant = &organisations.merchants[0];
    let venue = &merchant.venues[0].id;
    let mut all = shown();
    let days = [
        "MONDAY",
        "TUESDAY",
        "WEDNESDAY",
        "THURSDAY",
        "FRIDAY",
        "SATURDAY",
        "SUNDAY",
    ];
    let hours = days.map(|day| json!({ "day_of_week": day, "open": "00:00", "close": "00:00" }));
    all["operation_details"]["opening_hours"] = json!(hours);
    all["operation_details"]["short_term_operations"] = json!([
        { "operation": "DELIVERY", "is_closed": true },
        { "operation": "PICK_UP", "is_closed": false },
        { "operation": "ANY", "is_closed": false },
    ]);
    publish(&node, venue, &all).await;
    publish(&node, venue, &json!({ "tap_code": "T1" })).await;
    publish(&node, &merchant.id, &json!({ "description": "Coffee" })).await;
    let join = json!({ "organisation_id": venue, "action": "SIGNUP" });
    let path = person.path("/organisations");
    let joined = person.write(&node, Method::POST, &path, &join);
    joined.send().await;

    let words = "industries=Food&industry_sectors=Cafes&business_activities=Coffee,Cake&tags=sea%20view&town_cities=Dover&custom_fields=parking:yes";
    let place = "lat=51.1&lon=1.3";
    let paging = "page=1&size=10";
    let owner = &organisations.service_owner;
    let network = format!("/organisations/{owner}/network");
    let including = "include_custom_fields=true&include_order_catalogs=true&include_wifi_sites=true&include_total=true";
    let places = "include_creatives=true&include_custom_fields=true&include_opening_hours=true&include_order_catalogs=true&include_tags=true";
    for path in [
        format!("/organisations/{venue}"),
        "/reward_offers?countries=GBR&industries=Food&industry_sectors=Cafes&towns_cities=Dover".to_owned(),
        format!("{network}?{words}&{place}&{paging}&{including}&distance=50&sort=DISTANCE&order=ASC"),
        format!("{network}?type=VENUE&name=coffee&countries=GBR&tap_code=T1&contact_registry=true&order=DESC"),
        format!("{network}?size=1"),
        format!("/locations?{place}&{words}&{paging}&{places}&within=50&name=coffee"),
        format!("/locations?{place}&organisation_id={}&is_open=true&supply_method=PICK_UP", merchant.id),
        "/locations/towns".to_owned(),
        "/business_activities?assigned_to_organisation=true&name=c&sort=NAME&order=ASC&page=1&size=10".to_owned(),
        format!("/rewards/merchants?name=coffee&organisations={owner}&sort=NAME&order=ASC&{paging}&include_total=true"),
    ] {
        node.own(Method::GET, &path, &person.access).send().await;
    }
}
