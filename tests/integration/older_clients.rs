//! What older clients send otherwise than the contract has it, and is taken where it was published.

use http::Method;
use serde_json::{Value, json};

use crate::contact_changes::refused;
use crate::node::TestNode;
use crate::own_data::PHONE;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn older_clients_write_booleans_as_text() {
    let node = TestNode::start().await;
    let person = node.signed_up(PHONE).await;
    let merchant = &node.seed.organisations.merchants[0].id;
    for version in ["v1", "v2"] {
        let write = async |method: Method, rest: &str, body: Value| {
            let path = format!("/self-service/{version}{}", person.path(rest));
            let ask = node.ask(method, &path).without("api_key");
            let ask = ask.with("authorization", &format!("Bearer {}", person.access));
            let ask = ask.with("content-type", "application/json").body(&body);
            ask.send().await
        };
        for (text, plain) in [("true", true), ("false", false)] {
            let set = json!({ "sms_opt_out": text, "email_opt_out": text });
            assert_eq!(write(Method::PUT, "", set).await.status, 200);
            let own = person.sees(&node, person.path("")).await;
            assert_eq!(
                (&own["sms_opt_out"], &own["email_opt_out"]),
                (&json!(plain), &json!(plain))
            );
        }
        let join = json!({ "organisation_id": merchant, "action": "SIGNUP", "service_acceptance": "true",
            "email_opt_out": "true", "sms_opt_out": "false" });
        let joined = write(Method::POST, "/organisations", join).await;
        assert_eq!(joined.status, 200, "{joined:?}");
        let kept = json!({ "sms_opt_out": null, "email_opt_out": null });
        assert_eq!(write(Method::PUT, "", kept).await.status, 200);
        for wrong in [json!("TRUE"), json!(1)] {
            let set = json!({ "sms_opt_out": wrong });
            let refusal = write(Method::PUT, "", set).await;
            assert_eq!(refusal.problem(), refused(422, "invalid_request"));
        }
    }
}
