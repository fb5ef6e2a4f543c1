//! Looking at another organisation: by a role of one's own there, or by what a role above it allows.

use http::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Ask};
use crate::contact_changes::refused;
use crate::node::TestNode;
use crate::step_up::owners_password;
use crate::users::Session;

fn to(node: &TestNode, session: &Session, verb: &str, organisation: &str) -> Ask {
    let path = match verb {
        "switch by other path" => format!("/organisations/switch/{organisation}"),
        verb => format!("/organisations/{organisation}/{verb}"),
    };
    node.by(session, Method::POST, &path)
}

fn organisation(answer: &Answer) -> Value {
    answer.json()["organisation"]["id"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_published_masquerade_works_as_it_stands() {
    let node = TestNode::start().await;
    let owner = node.owner().await;
    let merchant = node.seed.organisations.merchants[0].id.clone();
    let path = format!("/backoffice/v1/organisations/{merchant}/masquerade");
    let ask = node.ask(Method::POST, &path).without("api_key");
    let ask = ask
        .with("accept-encoding", "deflate, gzip")
        .with("authorization", &format!("Bearer.{} ", owner.access));
    let masked = Session::of(&ask.send().await);
    assert_eq!(masked.body["organisation"]["id"], json!(merchant));
    assert_eq!(masked.body["is_masquerade"], true);
    assert_eq!(masked.body["roles"], json!(["Owner"]));
    let claims = masked.claims();
    assert_eq!(claims["primary_organisation_id"], json!(merchant));
    assert_eq!(claims["act"]["sub"], json!(owner.id));
    assert_eq!(claims["service_owner"], false);
    // It sees what lies there, and nothing beside it.
    let read = |id: &str| {
        let path = format!("/organisations/{id}");
        node.by(&masked, Method::GET, &path).send()
    };
    assert_eq!(read(&merchant).await.status, 200);
    let other = node.seed.organisations.merchants[1].id.clone();
    assert_eq!(read(&other).await.problem(), refused(404, "not_found"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_masquerade_makes_no_keys_and_goes_no_further_and_ends_where_it_began() {
    let node = TestNode::start().await;
    let owner = node.owner().await;
    let merchant = node.seed.organisations.merchants[0].clone();
    let masked = Session::of(&to(&node, &owner, "masquerade", &merchant.id).send().await);
    let further = to(&node, &masked, "masquerade", &merchant.venues[0].id);
    assert_eq!(
        further.send().await.problem(),
        refused(403, "insufficient_scope")
    );
    let both = json!({ "current_password": owners_password(&node), "code": "000000" });
    for (path, body) in [
        (
            "/users/totp",
            json!({ "current_password": both["current_password"] }),
        ),
        ("/users/totp/recovery_codes", both),
    ] {
        let refusal = node
            .by(&masked, Method::POST, path)
            .body(&body)
            .send()
            .await;
        assert_eq!(refusal.problem(), refused(403, "insufficient_scope"));
    }
    let key = json!({ "name": "till", "type": "SECRET", "scopes": ["purchases.write"], "organisation_id": merchant.id });
    let key = |session: &Session| {
        node.by(session, Method::POST, "/api_keys")
            .body(&key)
            .send()
    };
    assert_eq!(
        key(&masked).await.problem(),
        refused(403, "insufficient_scope")
    );
    assert_eq!(key(&owner).await.status, 201);
    let out = node.by(
        &owner,
        Method::POST,
        &format!("/users/{}/sign_out", owner.id),
    );
    assert_eq!(out.body(&json!({})).send().await.status, 204);
    let read = node.by(&masked, Method::GET, "/settings").send().await;
    assert_eq!(read.problem(), refused(401, "invalid_token"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn switching_to_an_own_organisation_returns_from_a_masquerade() {
    let node = TestNode::start().await;
    let owner = node.owner().await;
    let (service_owner, venue) = (
        node.seed.organisations.service_owner.clone(),
        node.seed.organisations.merchants[0].venues[0].id.clone(),
    );
    for verb in ["switch", "switch by other path"] {
        let masked = Session::of(&to(&node, &owner, "masquerade", &venue).send().await);
        // No role of the owner's own.
        let there = to(&node, &owner, verb, &venue)
            .body(&json!({}))
            .send()
            .await;
        assert_eq!(there.problem(), refused(404, "not_found"));
        let back = to(&node, &masked, verb, &service_owner)
            .body(&json!({}))
            .send()
            .await;
        let back = Session::of(&back);
        assert_eq!(
            (
                &back.body["is_masquerade"],
                &back.body["organisation"]["id"]
            ),
            (&json!(false), &json!(service_owner))
        );
        let read = node.by(&masked, Method::GET, "/settings").send().await;
        assert_eq!(read.problem(), refused(401, "invalid_token"));
        assert_eq!(
            node.by(&back, Method::GET, "/settings").send().await.status,
            200
        );
    }
    assert_eq!(
        node.by(&owner, Method::GET, "/settings")
            .send()
            .await
            .status,
        200
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_acts_as_what_does_not_lie_below() {
    let node = TestNode::start().await;
    let merchant = Session::of(&node.user_at(3, false).await.send().await);
    let seed = &node.seed.organisations;
    assert_eq!(
        merchant.body["organisation"]["id"],
        json!(seed.merchants[0].id)
    );
    let below = to(
        &node,
        &merchant,
        "masquerade",
        &seed.merchants[0].venues[0].id,
    )
    .send()
    .await;
    assert_eq!(organisation(&below), json!(seed.merchants[0].venues[0].id));
    let unknown = "00000000-0000-8000-8000-000000000000";
    for id in [
        &*seed.service_owner,
        &seed.business,
        &seed.merchants[0].id,
        &seed.merchants[1].id,
        unknown,
        "x",
    ] {
        for verb in ["masquerade", "switch"] {
            let answer = to(&node, &merchant, verb, id).send().await;
            let own = verb == "switch" && id == seed.merchants[0].id;
            let expected = if own {
                (200, String::new())
            } else {
                refused(404, "not_found")
            };
            assert_eq!(answer.problem(), expected, "{verb} {id}");
        }
    }
}
