//! More requests that a [`TestNode`] can be sent.

use http::Method;
use serde_json::Value;

use crate::client::Ask;
use crate::node::TestNode;

impl TestNode {
    /// A change through version 2 of the Back Office gateway.
    pub(crate) fn put(&self, path: &str, body: &Value) -> Ask {
        self.ask(Method::PUT, &format!("/backoffice/v2{path}"))
            .with("content-type", "application/json")
            .body(body)
    }
}
