//! What a contact keeps of its own: profile, addresses, devices, preferences and memberships.

use http::Method;
use serde_json::{Value, json};

use super::PHONE;
use crate::app::Person;
use crate::contact_exports;
use crate::node::TestNode;
use crate::own_data::till;

async fn write(node: &TestNode, person: &Person, method: Method, path: &str, body: Value) {
    let path = person.path(path);
    person.write(node, method, &path, &body).send().await;
}

async fn read(node: &TestNode, person: &Person, paths: &[&str]) {
    for path in paths {
        let path = person.path(path);
        node.own(Method::GET, &path, &person.access).send().await;
    }
}

pub(super) async fn profile(node: TestNode) {
    let club = contact_exports::prepare(&node).await;
    let person = contact_exports::filled(&node, PHONE, "own", &club).await;
    let person = person.person;
    person.read(&node).send().await;
    for (gender, phone) in [("MALE", "LANDLINE"), ("OTHER", "FAX"), ("FEMALE", "MOBILE")] {
        let body = json!({
            "id": person.id, "first_name": "Augusta", "last_name": "Byron", "sms_opt_out": true,
            "phone": { "type": phone, "country_code": "GBR", "number": "020 7946 0018" },
            "demographics": { "gender": gender },
        });
        write(&node, &person, Method::PUT, "", body).await;
        person.read(&node).send().await;
    }
    node.own(Method::GET, "/languages", &person.access)
        .send()
        .await;
    for path in ["/image", ""] {
        write(&node, &person, Method::DELETE, path, json!({})).await;
    }
}

pub(super) async fn addresses_and_devices(node: TestNode) {
    let person = node.signed_up(PHONE).await;
    for kind in ["HOME", "BUSINESS", "ALTERNATIVE"] {
        let address = json!({
            "type": kind, "name": "Quay", "is_primary": true, "address_line_1": "1 Quay", "address_line_2": "First floor",
            "state_province_county": "Kent", "town_city": "Dover", "postal_code": "CT16 1AA", "country_code": "GBR",
            "lat": 51.1, "lon": 1.3, "google_place_id": "ChIJ", "is_billing_address": true,
        });
        let id = person.keeps(&node, "addresses", &address).await;
        write(
            &node,
            &person,
            Method::PUT,
            &format!("/addresses/{id}"),
            address,
        )
        .await;
    }
    read(&node, &person, &["/addresses"]).await;
    let id = person.sees(&node, person.path("/addresses")).await["content"][0]["id"].clone();
    let path = format!("/addresses/{}", id.as_str().unwrap());
    write(&node, &person, Method::DELETE, &path, json!({})).await;

    for platform in ["MOBILE", "BROWSER", "OTHER"] {
        let device = json!({
            "mac_address": "00:00:5e:00:53:01", "platform": platform, "registration_token": platform, "serial_number": "S-1",
            "application_id": "app", "electronic_id": "E-1", "custom_fields": [{ "key": "colour", "value": "red" }],
        });
        let id = person.keeps(&node, "devices", &device).await;
        let change = json!({ "id": id, "custom_fields": [{ "key": "colour", "value": "blue" }] });
        let path = format!("/devices/{id}");
        person
            .write(&node, Method::PUT, &path, &change)
            .send()
            .await;
    }
    read(
        &node,
        &person,
        &[
            "/devices?include_total=true&page=1&size=10",
            "/devices?search_value=S-1&serial_number=S-1&electronic_id=E-1",
            "/devices?order=ASC&sort=CREATED_DATE&owned_by_contact=true&rented_by_contact=true",
            "/devices?order=DESC&include_custom_fields=true&custom_fields=colour:blue",
            "/devices?include_characteristics=true&include_subscription=true",
        ],
    )
    .await;
    write(&node, &person, Method::DELETE, "/devices/MOBILE", json!({})).await;
}

pub(super) async fn memberships(node: TestNode) {
    let person = node.signed_up(PHONE).await;
    let organisations = &node.seed.organisations;
    let merchant = &organisations.merchants[0];
    for kind in ["ORDERS", "REWARDS"] {
        let body = json!({ "organisation_id": merchant.id, "type": kind });
        write(&node, &person, Method::POST, "/preferences", body).await;
    }
    read(&node, &person, &["/preferences"]).await;
    for (organisation, action) in [
        (&organisations.business, "SIGNUP"),
        (&merchant.id, "SIGNUP"),
        (&merchant.venues[0].id, "SIGNUP"),
        (&merchant.venues[1].id, "SIGNUP"),
        (&merchant.venues[1].id, "SIGNOFF"),
    ] {
        let body = json!({
            "organisation_id": organisation, "action": action, "service_acceptance": true, "email_opt_out": false, "sms_opt_out": false,
        });
        write(&node, &person, Method::POST, "/organisations", body).await;
    }
    read(
        &node,
        &person,
        &[
            "/organisations?include_wallet=true",
            "/organisations?page=1&size=1",
            "/organisations?name=Coffee",
        ],
    )
    .await;
}

pub(super) async fn tokens(node: TestNode) {
    let person = node.signed_up(PHONE).await;
    let wallet = person.wallet(&node).await;
    let topup = json!({ "wallet_id": wallet, "amount": 50 });
    till(&node, "/topups", &topup).send().await;
    let body = json!({ "intent": "SPEND", "spend_amount": 5 });
    write(&node, &person, Method::POST, "/tokens", body).await;
    for intent in ["APPROVE_PURCHASE", "REJECT_PURCHASE"] {
        let estimate = json!({
            "contact": { "id": person.id },
            "organisation": { "id": node.seed.organisations.merchants[0].venues[0].id },
            "transaction_amounts": { "total": 20 }, "spend_request": { "amount": 4 }, "block_wallet_funds": true,
        });
        let estimate = till(&node, "/purchases/estimates", &estimate).send().await;
        let purchase = json!({ "estimate_id": estimate.text("id") });
        let body = json!({ "intent": intent, "purchase": purchase });
        write(&node, &person, Method::POST, "/tokens", body).await;
    }
    let listed = ["SPEND", "APPROVE_PURCHASE", "REJECT_PURCHASE"];
    for intent in listed {
        read(&node, &person, &[&format!("/tokens?intent={intent}")]).await;
    }
}
