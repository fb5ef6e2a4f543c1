//! What real clients do, once each. Every 2xx of theirs is held against the contract; a scenario asserts nothing but what it needs to go on.
//!
//! A new one: an async function over a node, and a line in [`play`].

mod accounts;
mod credentials;
mod money;
mod network;
mod own;
mod platform;
mod users;

use std::sync::Arc;

use http::Method;
use serde_json::json;

use super::record::Recorder;
use crate::app::{Person, ada};
use crate::node::TestNode;

/// Plays every scenario, each on a node of its own.
pub(super) async fn play(recorder: &Arc<Recorder>) {
    macro_rules! scenarios {
        ($($name:path),* $(,)?) => {
            $($name(recorded(recorder).await).await;)*
        };
    }
    scenarios!(
        signing_in_by_phone,
        organisations_of_the_back_office,
        accounts::signing_in_by_accounts,
        credentials::signing_in_by_email,
        credentials::adding_identities,
        credentials::proving_nothing,
        credentials::asking_for_codes,
        credentials::codes_at_a_till,
        credentials::whose_wallet_it_is,
        credentials::asking_who_is_known,
        own::profile,
        own::addresses_and_devices,
        own::memberships,
        own::tokens,
        money::wallet_and_purchases,
        money::receipts,
        network::places,
        platform::custom_fields,
        platform::applications,
        users::sessions_of_a_user,
        what_is_not_built,
        super::rewards::rewards_of_a_contact,
    );
}

async fn recorded(recorder: &Arc<Recorder>) -> TestNode {
    // Where a provider of accounts stands in.
    let loopback = "127.0.0.0/8".to_owned();
    let mut node = TestNode::start_with(|config| config.outbound.allow_networks = loopback).await;
    node.recorder = Some(Arc::clone(recorder));
    node
}

const PHONE: &str = "+447566224395";

async fn signing_in_by_phone(node: TestNode) {
    let mut body = ada("07566224395");
    body["accept_terms_&_conditions"] = json!(true);
    body["email_opt_out"] = json!(true);
    body["sms_opt_out"] = json!(true);
    body["country_of_agreement"] = json!("GBR");
    body["custom_fields"] = json!([{ "key": "shoe", "value": "39" }]);
    body["language_code"] = json!("EN");
    let registered = node.app("/contacts/register", &body).send().await;
    let code = node.code(PHONE).await;
    let person = Person::of(&node.answered(&registered.text("auth_otp"), &code).await);
    person.read(&node).send().await;
    let again = Person::of(&person.refreshed(&node).send().await);
    again.sign_out(&node).send().await;

    node.clock
        .advance(clientele::domain::time::Span::seconds(31));
    let auth_otp = node.asked(PHONE).await;
    Person::of(&node.answered(&auth_otp, &node.code(PHONE).await).await);
    node.clock
        .advance(clientele::domain::time::Span::seconds(31));
    let body =
        json!({ "provider": "PHONE", "phone": { "number": "07566224395", "country_code": "GBR" } });
    node.app("/contacts/authenticate", &body).send().await;
}

async fn organisations_of_the_back_office(node: TestNode) {
    let business = &node.seed.organisations.business;
    node.get(&format!("/organisations/{}", business))
        .send()
        .await;
    for (name, kind) in [
        ("North", "OPERATOR"),
        ("Acquirer", "TRANSACTION_PROCESSOR"),
        ("Brand", "ORGANISATION"),
    ] {
        let body = json!({ "name": name, "type": kind });
        node.post("/organisations", &body).send().await;
    }
    for kind in [
        "MERCHANT",
        "VENUE",
        "OPERATOR",
        "TRANSACTION_PROCESSOR",
        "ORGANISATION",
    ] {
        let query = format!("type={kind}&page=1&size=5&include_total=true");
        let owner = &node.seed.organisations.service_owner;
        let path = format!("/organisations/{owner}/network?{query}");
        node.ask(Method::GET, &format!("/backoffice/v2{path}"))
            .send()
            .await;
    }
}

async fn what_is_not_built(node: TestNode) {
    let person = node.signed_up(PHONE).await;
    let contact = format!("/contacts/{}", person.id);
    for (method, path) in [
        (Method::POST, format!("{contact}/export_statement")),
        (Method::POST, format!("{contact}/people/1/actions")),
        (Method::GET, format!("{contact}/devices/1/meter_readings")),
        (Method::POST, format!("{contact}/devices/1/meter_readings")),
        (Method::PUT, "/wallets/1".to_owned()),
        (Method::GET, "/wallets/1/topup_settings".to_owned()),
    ] {
        node.own(method, &path, &person.access).send().await;
    }
}
