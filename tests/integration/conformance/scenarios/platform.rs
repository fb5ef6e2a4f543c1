//! What apps are told.

use http::Method;
use serde_json::json;

use super::PHONE;
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
