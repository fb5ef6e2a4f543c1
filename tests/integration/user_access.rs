//! What changes how users get in: where it is written down, and what nobody does to themselves.

use clientele::domain::address::TenantId;
use clientele::domain::directory_entry::SEND_PAUSE;
use clientele::domain::time::Span;
use clientele::http::users::{self, NewUser};
use clientele::limits::ROLE_CHANGE_LASTS_S;
use clientele::seeding::TENANT;
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
    let known = json!({ "current_password": LATER });
    let enrolled = totp(Method::POST, "/users/totp", known).await;
    assert_eq!(enrolled, 200);
    let wrong = || json!({ "code": "000000" });
    let confirmed = totp(Method::POST, "/users/totp/confirm", wrong()).await;
    assert_eq!(confirmed, 401);
    let both = json!({ "current_password": LATER, "code": "000000" });
    let removed = totp(Method::DELETE, "/users/totp", both).await;
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

/// An owner of organisation 3, signed in.
async fn owner_of_three(node: &TestNode, email: String) -> Session {
    const PASSWORD: &str = "vivid turtle 9";
    let new = NewUser {
        tenant: TENANT,
        organisation: Some(3),
        email: email.clone(),
        first_name: None,
        last_name: None,
        password: PASSWORD.to_owned(),
        password_expired: false,
    };
    users::make(&node.api(), new).await.unwrap();
    Session::of(&node.typed(&email, PASSWORD).send().await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_owners_who_take_each_others_roles_at_once_one_stays() {
    const ROUNDS: usize = 12;
    let node = TestNode::start().await;
    let owner = node.owner().await;
    let clerk = node.role(&owner, "Clerk", &["settings.read"], None).await;
    for round in 0..ROUNDS {
        let one = owner_of_three(&node, format!("one{round}@example.com")).await;
        let other = owner_of_three(&node, format!("other{round}@example.com")).await;
        let takes = |from: &Session, to: &Session| {
            let path = format!("/users/{}", to.id);
            let ask = match round % 2 {
                0 => node
                    .by(from, Method::POST, &format!("{path}/deactivate"))
                    .body(&json!({})),
                _ => node
                    .by(from, Method::PUT, &path)
                    .body(&json!({ "roles": [clerk] })),
            };
            ask.begin()
        };
        let (first, second) = (takes(&one, &other), takes(&other, &one));
        let mut told = [first.answer().await.status, second.answer().await.status];
        told.sort_unstable();
        let expected = match round % 2 {
            // Whoever was put out has no session any more.
            0 => [204, 401],
            _ => [200, 403],
        };
        assert_eq!(told, expected, "round {round}");
        let mut owners = 0;
        for session in [&one, &other] {
            let path = format!("/users/{}", session.id);
            let user = node.by(&owner, Method::GET, &path).send().await.json();
            let is_owner = user["state"] == "ACTIVE" && user["roles"][0]["name"] == "Owner";
            owners += usize::from(is_owner);
        }
        assert_eq!(owners, 1, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_to_change_roles_that_nobody_ends_holds_others_up_until_it_lapses_and_no_longer() {
    let node = TestNode::start().await;
    let owner = node.owner().await;
    let other = owner_of_three(&node, "other@example.com".to_owned()).await;
    let path = format!("/users/{}/deactivate", other.id);
    let deactivate = || node.by(&owner, Method::POST, &path).body(&json!({})).send();
    let api = node.api();
    let cut_short = api.router.begin_role_change(TENANT).await.unwrap();
    assert_eq!(deactivate().await.problem(), refused(503, "over_capacity"));
    // In another network nobody waits.
    let elsewhere = api.router.begin_role_change(TenantId(2)).await.unwrap();
    api.router.end_role_change(elsewhere).await;
    node.clock.advance(Span::seconds(ROLE_CHANGE_LASTS_S));
    assert!(cut_short.until <= api.router.wall());
    assert_eq!(deactivate().await.status, 204);
}
