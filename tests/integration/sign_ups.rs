//! Contacts sign up to organisations, and out.

use serde_json::{Value, json};

use crate::contact_changes::{created, delete, looks, refused};
use crate::node::TestNode;

async fn organisations(node: &TestNode, id: &str) -> Value {
    let shown = node.get(&format!("/contacts/{id}")).send().await;
    assert_eq!(shown.status, 200, "{shown:?}");
    shown.json()["organisations"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_is_a_member_from_its_sign_up_to_its_sign_out() {
    let mut node = TestNode::start().await;
    let id = created(&node, json!({ "code": "MEMBER" })).await;
    let merchant = node.seed.organisations.merchants[0].id.clone();
    let path = format!("/contacts/{id}/organisations");
    let sign = async |node: &TestNode, body: Value| {
        let answer = node.post(&path, &body).send().await;
        (answer.status, answer.body.len())
    };
    let up = json!({ "organisation_id": merchant, "action": "SIGNUP", "service_acceptance": "true",
        "email_opt_out": "false", "sms_opt_out": true });
    assert_eq!(organisations(&node, &id).await, json!([]));
    let etag = node.get(&format!("/contacts/{id}")).send().await;
    let etag = etag.header("etag").to_owned();
    assert_eq!(sign(&node, up.clone()).await, (204, 0));
    let fresh = node
        .get(&format!("/contacts/{id}"))
        .with("if-none-match", &etag);
    assert_eq!(fresh.send().await.status, 200);
    for _ in 0..2 {
        let member = organisations(&node, &id).await;
        assert_eq!(member[0]["id"], merchant);
        assert_eq!(member[0]["sms_opt_out"], true);
        assert_eq!(member[0]["email_opt_out"], false);
        assert_eq!(member[0]["consent_state"], "ACCEPTED");
        node.restart().await;
        assert_eq!(sign(&node, up.clone()).await, (204, 0));
        assert_eq!(organisations(&node, &id).await, member, "twice is once");
    }
    let other = json!({ "organisation_id": merchant, "action": "SIGNUP", "email_opt_out": true });
    assert_eq!(sign(&node, other).await, (204, 0));
    let member = organisations(&node, &id).await;
    assert_eq!(member.as_array().unwrap().len(), 1);
    assert_eq!(member[0]["email_opt_out"], true);
    let out = json!({ "organisation_id": merchant, "action": "SIGNOUT" });
    for _ in 0..2 {
        assert_eq!(sign(&node, out.clone()).await, (204, 0));
        assert_eq!(organisations(&node, &id).await, json!([]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_signs_up_to_what_is_not_there() {
    let node = TestNode::start().await;
    let id = created(&node, json!({ "code": "MEMBER" })).await;
    let path = format!("/contacts/{id}/organisations");
    let merchant = node.seed.organisations.merchants[0].id.clone();
    let ask = async |path: &str, body: Value| node.post(path, &body).send().await;
    let up = json!({ "organisation_id": merchant, "action": "SIGNUP" });
    let mut nowhere = up.clone();
    nowhere["organisation_id"] = json!(id);
    let unknown = ask(&path, nowhere).await;
    assert_eq!(unknown.problem(), refused(400, "unknown_organisation"));
    for (member, value, pointer) in [
        ("action", json!("JOIN"), "/action"),
        ("sms_opt_out", json!("maybe"), "/sms_opt_out"),
        ("consent_state", json!("PERHAPS"), "/consent_state"),
    ] {
        let mut body = up.clone();
        body[member] = value;
        let wrong = ask(&path, body).await;
        assert_eq!(wrong.problem(), refused(422, "invalid_request"), "{member}");
        assert_eq!(wrong.json()["errors"][0]["pointer"], pointer);
    }
    let as_test = node
        .post(&path, &up)
        .with("api_key", &node.secret_key("test"));
    let foreign = looks(&as_test.send().await);
    assert_eq!(foreign.0, 404);
    assert_eq!(
        delete(&node, &format!("/contacts/{id}"))
            .send()
            .await
            .status,
        204
    );
    assert_eq!(looks(&ask(&path, up).await), foreign);
}
