//! What apps are told.

use http::Method;
use serde_json::json;

use super::PHONE;
use crate::applications::{told, whole};
use crate::node::TestNode;

pub(super) async fn custom_fields(node: TestNode) {
    let person = node.signed_up(PHONE).await;
    let field = json!({
        "entity": "CONTACTS", "key": "shoe", "label": "Shoe size", "tooltip": "As in Europe",
        "field": "SELECTION", "options": ["39", "40"],
    });
    node.set_up("/custom_fields", &field).await;
    let path = "/custom_fields?entity=CONTACTS";
    node.own(Method::GET, path, &person.access).send().await;
}

pub(super) async fn applications(node: TestNode) {
    let person = node.signed_up(PHONE).await;
    let contact = json!({ "is_supported": true, "contact": { "id": person.id } });
    let mut body = whole(&node);
    let authentication = &mut body["authentication"];
    authentication["guest_contact"] = contact.clone();
    authentication["demo_contact"] = contact;
    authentication["demo_contact"]["otp"] = json!("246813");
    node.set_up("/applications", &body).await;
    let query = "platform_app_id=com.acme.app&version=2.1&cloud_name=eu";
    told(&node, query).await;
}
