//! What changes how users get in: where it is written down, and what nobody does to themselves.

use clientele::domain::directory_entry::SEND_PAUSE;
use http::Method;
use serde_json::{Value, json};

use crate::audit::exported;
use crate::contact_changes::refused;
use crate::node::TestNode;
use crate::roles::EMAIL;
use crate::users::Session;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changes_how_a_user_gets_in_is_written_down_where_it_works() {
    const FIRST: &str = "calm otter 77";
    const LATER: &str = "brisk heron 4";
    let node = TestNode::start().await;
    let (owner, trier) = (node.owner().await, node.trier().await);
    let clerk = node.role(&owner, "Clerk", &["settings.read"], None).await;
    let invited = node.invites(&trier, &clerk, None).await;
    assert_eq!(invited.status, 201, "{invited:?}");
    let token = node.token().await;
    let accepted = node.with_token("/users/accept", &token, FIRST).await;
    let grace = Session::of(&accepted);
    let path = format!("/users/{}/change_password", grace.id);
    for (present, status) in [("wrong heron 5", 400), (FIRST, 204)] {
        let change = json!({ "current_password": present, "password": LATER });
        let changed = node.sends(&grace, Method::POST, &path, &change).await;
        assert_eq!(changed.status, status, "{changed:?}");
    }
    let totp = async |method: Method, path: &str, body: Value| {
        node.sends(&grace, method, path, &body).await.status
    };
    let enrolled = totp(Method::POST, "/users/totp", Value::Null).await;
    assert_eq!(enrolled, 200);
    let wrong = || json!({ "code": "000000" });
    let confirmed = totp(Method::POST, "/users/totp/confirm", wrong()).await;
    assert_eq!(confirmed, 401);
    let removed = totp(Method::DELETE, "/users/totp", wrong()).await;
    assert_eq!(removed, 401);
    node.clock.advance(SEND_PAUSE);
    let forgot = node.stranger(Method::POST, "/users/forgot_password");
    let forgot = forgot.body(&json!({ "email": EMAIL })).send().await;
    assert_eq!(forgot.status, 204, "{forgot:?}");
    let token = node.token().await;
    let reset = node
        .with_token("/users/reset_password", &token, FIRST)
        .await;
    assert_eq!(reset.status, 204, "{reset:?}");

    let (text, lines) = exported(&node, "test").await;
    let user = format!("user:{}", grace.id);
    let lines = lines.iter().filter(|line| line.actor == user);
    let lines: Vec<_> = lines
        .map(|line| {
            assert_eq!(line.target.as_ref(), Some(&grace.id));
            (&*line.operation, &*line.outcome)
        })
        .collect();
    let expected = [
        ("users.accept", "DONE"),
        ("users.change_password", "REFUSED"),
        ("users.change_password", "DONE"),
        ("users.totp.enrol", "DONE"),
        ("users.totp.confirm", "REFUSED"),
        ("users.totp.remove", "REFUSED"),
        ("users.reset_password", "DONE"),
    ];
    let expected = expected.into_iter();
    let expected = expected.flat_map(|(name, outcome)| [(name, "ASKED"), (name, outcome)]);
    assert_eq!(lines, expected.collect::<Vec<_>>());
    assert!(
        !text.contains("grace@") && !text.contains("heron"),
        "{text}"
    );
    // Live business does not know her.
    let (live, _) = exported(&node, "live").await;
    assert!(!live.contains(&grace.id), "{live}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_takes_a_role_from_themselves() {
    let node = TestNode::start().await;
    let (owner, trier) = (node.owner().await, node.trier().await);
    let path = format!("/users/{}", owner.id);
    let clerk = node.role(&owner, "Clerk", &["settings.read"], None).await;
    let less = json!({ "roles": [clerk] });
    for (method, path, body) in [
        (Method::POST, format!("{path}/deactivate"), &json!({})),
        (Method::PUT, path.clone(), &less),
    ] {
        let refusal = node.sends(&owner, method, &path, body).await;
        assert_eq!(refusal.problem(), refused(403, "insufficient_scope"));
    }
    assert_eq!(
        node.by(&owner, Method::GET, "/users").send().await.status,
        200
    );
    // Another who may.
    let listed = node.by(&owner, Method::GET, "/roles").send().await.json();
    let mut roles = listed["content"].as_array().unwrap().iter();
    let all = roles.find(|it| it["is_owner"] == true).unwrap()["id"].clone();
    let invited = node.invites(&trier, all.as_str().unwrap(), None).await;
    assert_eq!(invited.status, 201, "{invited:?}");
    let token = node.token().await;
    let grace = node
        .with_token("/users/accept", &token, "calm otter 77")
        .await;
    let grace = Session::of(&grace);
    let path = format!("/users/{}/deactivate", grace.id);
    let own = node.sends(&grace, Method::POST, &path, &json!({})).await;
    assert_eq!(own.problem(), refused(403, "insufficient_scope"));
    let put_out = node.sends(&trier, Method::POST, &path, &json!({})).await;
    assert_eq!(put_out.status, 204, "{put_out:?}");
}
