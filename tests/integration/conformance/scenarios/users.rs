//! What people do in the Back Office: sign in, act elsewhere, sign out.

use clientele::domain::user::PASSWORDS_COUNT_FOR;
use http::Method;
use serde_json::{Value, json};

use crate::node::TestNode;
use crate::users::Session;

pub(super) async fn sessions_of_a_user(node: TestNode) {
    let owner = &node.seed.users[0];
    let body =
        json!({ "username": owner.username, "password": owner.password, "provider": "EMAIL" });
    let entered = node
        .stranger(Method::POST, "/users/authenticate")
        .body(&body);
    let session = Session::of(&entered.send().await);
    let again = Session::of(&node.refreshed(&session.refresh).await);
    let by = async |session: &Session, method: Method, path: &str, body: Value| {
        node.by(session, method, path).body(&body).send().await
    };
    by(
        &again,
        Method::GET,
        "/users?page=1&size=10&include_total=true",
        json!({}),
    )
    .await;
    let merchant = &node.seed.organisations.merchants[0].id;
    let home = &node.seed.organisations.service_owner;
    let path = format!("/organisations/{merchant}/masquerade");
    let masked = Session::of(&by(&again, Method::POST, &path, json!({})).await);
    let path = format!("/organisations/{home}/switch");
    let back = Session::of(&by(&masked, Method::POST, &path, json!({})).await);
    let path = format!("/organisations/switch/{home}");
    let back = Session::of(&by(&back, Method::POST, &path, json!({})).await);
    let trial = by(
        &back,
        Method::POST,
        "/users/mode",
        json!({ "mode": "TEST" }),
    )
    .await;
    let trial = Session::of(&trial);
    let path = format!("/organisations/{merchant}/masquerade");
    by(&trial, Method::POST, &path, json!({})).await;
    let body = json!({ "email": owner.username });
    let forgotten = node.stranger(Method::POST, "/users/forgot_password");
    forgotten.body(&body).send().await;
    let path = format!("/users/{}/sign_out", trial.id);
    by(&back, Method::POST, &path, json!({})).await;
    // Locked out, and in again.
    for _ in 0..10 {
        node.typed(&owner.username, "wrong wrong").send().await;
    }
    node.clock.advance(PASSWORDS_COUNT_FOR);
    let entered = node.typed(&owner.username, owner.password.as_deref().unwrap());
    entered.send().await;
}
