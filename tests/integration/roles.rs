//! What users may do: roles, who gives and takes them, and how people are let in and put out.

use clientele::domain::time::Span;
use http::Method;
use serde_json::{Value, json};

use crate::client::Answer;
use crate::contact_changes::{looks, refused};
use crate::node::TestNode;
use crate::users::Session;

pub(crate) const EMAIL: &str = "Grace@Example.com";
const PASSWORD: &str = "calm otter 77";

impl TestNode {
    pub(crate) async fn sends(
        &self,
        by: &Session,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Answer {
        self.by(by, method, path).body(body).send().await
    }

    /// A role with these permissions, in the whole network or one organisation.
    pub(crate) async fn role(
        &self,
        by: &Session,
        name: &str,
        permissions: &[&str],
        at: Option<&str>,
    ) -> String {
        let body = json!({ "name": name, "permissions": permissions, "organisation_id": at });
        let made = self.sends(by, Method::POST, "/roles", &body).await;
        assert_eq!(made.status, 201, "{made:?}");
        made.text("id")
    }

    /// The owner, looking at test mode.
    pub(crate) async fn trier(&self) -> Session {
        let owner = self.owner().await;
        let mode = json!({ "mode": "TEST" });
        Session::of(&self.sends(&owner, Method::POST, "/users/mode", &mode).await)
    }

    pub(crate) async fn invites(&self, by: &Session, role: &str, at: Option<&str>) -> Answer {
        let body = json!({ "email_address": EMAIL, "first_name": "Grace", "organisation_id": at, "roles": [role] });
        self.sends(by, Method::POST, "/users", &body).await
    }

    /// The newest one-time token that test mode would have sent.
    pub(crate) async fn token(&self) -> String {
        let mut inbox = self.inbox().await;
        // What tells of a password brings none.
        inbox.retain(|message| !message["code"].is_null());
        assert_eq!(inbox[0]["recipient"], "grace@example.com", "{inbox:?}");
        assert_eq!(inbox[0]["channel"], "EMAIL");
        let token = inbox[0]["code"].as_str().unwrap();
        assert!(inbox[0]["body"].as_str().unwrap().contains(token));
        token.to_owned()
    }

    pub(crate) async fn with_token(&self, path: &str, token: &str, password: &str) -> Answer {
        let body = json!({ "token": token, "password": password });
        self.stranger(Method::POST, path).body(&body).send().await
    }

    pub(crate) async fn status(&self, by: &Session, path: &str) -> u16 {
        self.by(by, Method::GET, path).send().await.status
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_is_invited_and_signs_in_and_is_put_out_within_the_request() {
    let node = TestNode::start().await;
    let trier = node.trier().await;
    let owner = node.owner().await;
    let clerk = node
        .role(&owner, "Clerk", &["settings.read", "users.read"], None)
        .await;
    let invited = node.invites(&trier, &clerk, None).await;
    assert_eq!(invited.status, 201, "{invited:?}");
    let id = invited.text("id");
    let path = format!("/users/{id}");
    let shown = node.by(&trier, Method::GET, &path).send().await.json();
    assert_eq!(
        (&shown["state"], &shown["first_name"]),
        (&json!("INVITED"), &Value::Null)
    );
    assert_eq!(
        node.typed(EMAIL, PASSWORD).send().await.problem(),
        refused(400, "invalid_login")
    );
    let token = node.token().await;
    let common = node.with_token("/users/accept", &token, "Qwerty12").await;
    assert_eq!(common.problem(), refused(422, "invalid_request"));
    let reset = node
        .with_token("/users/reset_password", &token, PASSWORD)
        .await;
    assert_eq!(
        reset.problem(),
        refused(401, "invalid_token"),
        "of another purpose"
    );
    let accepted = node.with_token("/users/accept", &token, PASSWORD).await;
    let grace = Session::of(&accepted);
    assert_eq!(grace.id, id);
    assert_eq!(
        (&grace.body["mode"], &grace.body["roles"]),
        (&json!("TEST"), &json!(["Clerk"]))
    );
    let again = node.with_token("/users/accept", &token, PASSWORD).await;
    assert_eq!(again.problem(), refused(401, "invalid_token"));
    let again = Session::of(&node.typed(EMAIL, PASSWORD).send().await);
    // What test mode gave opens nothing of live business.
    let live = node
        .sends(
            &again,
            Method::POST,
            "/users/mode",
            &json!({ "mode": "LIVE" }),
        )
        .await;
    assert_eq!(live.problem(), refused(403, "insufficient_scope"));
    assert_eq!(node.status(&grace, "/settings").await, 200);
    assert_eq!(node.status(&grace, "/contacts").await, 403);
    let listed = node
        .by(&grace, Method::GET, "/users?search_value=GRACE@")
        .send()
        .await
        .json();
    assert_eq!(listed["content"].as_array().unwrap().len(), 1, "{listed}");
    assert_eq!(listed["content"][0]["first_name"], "Grace");

    let put_out = node
        .sends(
            &trier,
            Method::POST,
            &format!("{path}/deactivate"),
            &json!({}),
        )
        .await;
    assert_eq!(put_out.status, 204, "{put_out:?}");
    for ended in [&grace, &again] {
        let read = node.by(ended, Method::GET, "/settings").send().await;
        assert_eq!(read.problem(), refused(401, "invalid_token"));
        assert_eq!(
            node.refreshed(&ended.refresh).await.problem(),
            refused(401, "invalid_grant")
        );
    }
    assert_eq!(
        node.typed(EMAIL, PASSWORD).send().await.problem(),
        refused(400, "invalid_login")
    );
    let shown = node.by(&trier, Method::GET, &path).send().await.json();
    assert_eq!(shown["state"], "INACTIVE");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_opens_what_it_says_now_and_not_what_it_said_when_the_token_was_made() {
    let mut node = TestNode::start().await;
    let (trier, owner) = (node.trier().await, node.owner().await);
    let clerk = node.role(&owner, "Clerk", &["settings.read"], None).await;
    let other = node.role(&owner, "Seller", &["purchases.read"], None).await;
    let id = node.invites(&trier, &clerk, None).await.text("id");
    let token = node.token().await;
    let grace = Session::of(&node.with_token("/users/accept", &token, PASSWORD).await);
    let reads = async |node: &TestNode| {
        (
            node.status(&grace, "/settings").await,
            node.status(&grace, "/offers").await,
            node.status(&grace, "/customer_event_classifications").await,
        )
    };
    assert_eq!(reads(&node).await, (200, 404, 403));
    let change = json!({ "name": "Clerk", "permissions": ["purchases.read"] });
    let path = format!("/roles/{clerk}");
    assert_eq!(
        node.sends(&owner, Method::PUT, &path, &change).await.status,
        200
    );
    assert_eq!(reads(&node).await, (403, 404, 200));
    node.restart().await;
    assert_eq!(reads(&node).await, (403, 404, 200));
    let removed = node
        .sends(&owner, Method::DELETE, &path, &json!(null))
        .await;
    assert_eq!(removed.status, 204);
    assert_eq!(reads(&node).await, (403, 404, 403));
    // Another role, under the same token.
    let update = json!({ "roles": [other], "last_name": "Hopper" });
    let updated = node
        .sends(&trier, Method::PUT, &format!("/users/{id}"), &update)
        .await;
    assert_eq!(updated.status, 200, "{updated:?}");
    assert_eq!(reads(&node).await, (403, 404, 200));
    let again = Session::of(&node.refreshed(&grace.refresh).await);
    assert_eq!(
        (&again.body["roles"], &again.body["user"]["last_name"]),
        (&json!(["Seller"]), &json!("Hopper"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gives_or_takes_more_than_they_have() {
    let node = TestNode::start().await;
    let (trier, owner) = (node.trier().await, node.owner().await);
    let of_clerk = [
        "users.read",
        "users.write",
        "roles.read",
        "roles.write",
        "settings.read",
    ];
    let clerk = node.role(&owner, "Clerk", &of_clerk, None).await;
    node.invites(&trier, &clerk, None).await;
    let token = node.token().await;
    let grace = Session::of(&node.with_token("/users/accept", &token, PASSWORD).await);
    let roles = node.by(&grace, Method::GET, "/roles").send().await.json();
    let roles = roles["content"].as_array().unwrap();
    let of_owners = roles.iter().find(|role| role["is_owner"] == true).unwrap();
    let of_owners = of_owners["id"].as_str().unwrap();
    let lifted = json!({ "email_address": "mate@example.com", "roles": [of_owners] });
    let lifted = node.sends(&grace, Method::POST, "/users", &lifted).await;
    assert_eq!(lifted.problem(), refused(403, "insufficient_scope"));
    let own = json!({ "roles": [of_owners] });
    let path = format!("/users/{}", grace.id);
    assert_eq!(
        node.sends(&grace, Method::PUT, &path, &own).await.problem(),
        refused(403, "insufficient_scope")
    );
    // Roles belong to both modes: trials do not change them.
    let change = json!({ "name": "Clerk", "permissions": ["settings.read"] });
    let role = format!("/roles/{clerk}");
    assert_eq!(
        node.sends(&grace, Method::PUT, &role, &change)
            .await
            .problem(),
        refused(403, "live_key_required")
    );
    // And nobody changes that of owners.
    for (method, body) in [(Method::PUT, change), (Method::DELETE, json!(null))] {
        let path = format!("/roles/{of_owners}");
        let answer = node.sends(&owner, method, &path, &body).await;
        assert_eq!(answer.problem(), refused(403, "insufficient_scope"));
    }
    // In test mode, nobody is touched whom live business knows.
    let path = format!("/users/{}/deactivate", owner.id);
    assert_eq!(
        node.sends(&trier, Method::POST, &path, &json!({}))
            .await
            .status,
        204
    );
    assert_eq!(node.status(&owner, "/settings").await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_works_for_an_organisation_sees_those_there_and_below_and_no_others() {
    let node = TestNode::start().await;
    let (owner, trier) = (node.owner().await, node.trier().await);
    let merchant = Session::of(&node.user_at(3, false).await.send().await);
    let venue = Session::of(&node.user_at(4, false).await.send().await);
    let elsewhere = Session::of(&node.user_at(6, false).await.send().await);
    let listed = node
        .by(&merchant, Method::GET, "/users")
        .send()
        .await
        .json();
    let ids: Vec<_> = listed["content"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["id"].clone())
        .collect();
    assert_eq!(ids, [json!(merchant.id), json!(venue.id)]);
    let unknown = "/users/00000000-0000-8000-8000-000000000000";
    let unknown = node.by(&merchant, Method::GET, unknown).send().await;
    for other in [&owner, &elsewhere] {
        for (method, path) in [
            (Method::GET, format!("/users/{}", other.id)),
            (Method::POST, format!("/users/{}/deactivate", other.id)),
        ] {
            let answer = node.sends(&merchant, method, &path, &json!({})).await;
            assert_eq!(looks(&answer), looks(&unknown), "{path}");
        }
    }
    // A role of an organisation is for users there and below.
    let seller = node
        .role(&merchant, "Seller", &["purchases.write"], None)
        .await;
    let seed = node.seed.organisations.merchants.clone();
    let live = json!({ "email_address": "seller@example.com", "organisation_id": seed[0].id, "roles": [seller] });
    let live = node.sends(&owner, Method::POST, "/users", &live).await;
    assert_eq!(
        live.problem(),
        refused(400, "no_integration"),
        "nothing would deliver it"
    );
    let invite = |at: &str| {
        let body = json!({ "email_address": "seller@example.com", "organisation_id": at, "roles": [seller] });
        let by = trier.clone();
        let node = &node;
        async move { node.sends(&by, Method::POST, "/users", &body).await }
    };
    assert_eq!(invite(&seed[0].venues[0].id).await.status, 201);
    assert_eq!(
        invite(&seed[1].id).await.problem(),
        refused(422, "invalid_request")
    );
    assert_eq!(node.status(&venue, &format!("/roles/{seller}")).await, 200);
    assert_eq!(
        node.status(&elsewhere, &format!("/roles/{seller}")).await,
        404
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forgotten_password_is_replaced_by_who_reads_the_mail_and_strangers_learn_nothing() {
    let node = TestNode::start().await;
    let (trier, owner) = (node.trier().await, node.owner().await);
    let clerk = node.role(&owner, "Clerk", &["settings.read"], None).await;
    node.invites(&trier, &clerk, None).await;
    let token = node.token().await;
    let grace = Session::of(&node.with_token("/users/accept", &token, PASSWORD).await);
    let forgets = async |email: &str| {
        let ask = node.stranger(Method::POST, "/users/forgot_password");
        ask.body(&json!({ "email": email })).send().await
    };
    for email in [
        "grace@example.com",
        "nobody@example.com",
        &node.seed.users[0].username,
    ] {
        let answer = forgets(email).await;
        assert_eq!(
            (answer.status, &answer.body[..]),
            (204, &b""[..]),
            "{email}"
        );
    }
    let before = node.inbox().await.len();
    assert_eq!(
        before, 2,
        "an invitation and a token, and none of live business"
    );
    let token = node.token().await;
    // One in half a minute, and five in an hour; nobody is told.
    assert_eq!(forgets("grace@example.com").await.status, 204);
    assert_eq!(node.inbox().await.len(), before);
    for _ in 0..9 {
        node.clock.advance(Span::seconds(30));
        assert_eq!(forgets("grace@example.com").await.status, 204);
    }
    assert_eq!(node.inbox().await.len(), before + 4);
    let reset = node
        .with_token("/users/reset_password", &token, "brisk heron 4")
        .await;
    assert_eq!(reset.status, 204, "{reset:?}");
    let told = node.inbox().await.remove(0);
    assert_eq!(told["subject"], "Your password was changed");
    assert_eq!(
        (&told["recipient"], &told["code"]),
        (&json!("grace@example.com"), &Value::Null)
    );
    let read = node.by(&grace, Method::GET, "/settings").send().await;
    assert_eq!(read.problem(), refused(401, "invalid_token"));
    assert_eq!(node.typed(EMAIL, PASSWORD).send().await.status, 400);
    assert_eq!(node.typed(EMAIL, "brisk heron 4").send().await.status, 200);
    let again = node
        .with_token("/users/reset_password", &token, "brisk heron 5")
        .await;
    assert_eq!(again.problem(), refused(401, "invalid_token"));
    let newest = node.token().await;
    node.clock.advance(Span::seconds(30 * 60));
    let late = node
        .with_token("/users/reset_password", &newest, "brisk heron 5")
        .await;
    assert_eq!(late.problem(), refused(401, "invalid_token"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organisation_is_registered_with_its_owner_once_the_mail_is_read() {
    let node = TestNode::start().await;
    let key = node.seed.keys["test"].public.clone().unwrap();
    let registers = |name: &str, email: &str, password: &str| {
        let body = json!({ "name": name, "first_name": "Grace", "last_name": "Hopper", "email_address": email, "password": password });
        let ask = node.stranger(Method::POST, "/organisations/register");
        ask.with("api_key", &key).body(&body).send()
    };
    let verifies = async |token: &str| {
        let path = format!("/users/verify_email?token={token}");
        node.stranger(Method::GET, &path).send().await
    };
    // A stranger takes the address first, with a password of its own.
    let stranger = registers("Not the Pier", EMAIL, "brisk heron 4").await;
    let registered = registers("Pier", EMAIL, PASSWORD).await;
    assert_eq!(
        (stranger.status, registered.status),
        (201, 201),
        "{registered:?}"
    );
    let id = registered.text("id");
    let path = format!("/organisations/{id}");
    let trier = node.trier().await;
    assert_eq!(
        node.status(&trier, &path).await,
        404,
        "not before the mail is read"
    );
    assert_eq!(node.typed(EMAIL, PASSWORD).send().await.status, 400);
    let token = node.token().await;
    for _ in 0..2 {
        let verified = verifies(&token).await;
        assert_eq!(
            (verified.status, verified.json()),
            (200, json!({ "verified": true }))
        );
    }
    assert_eq!(node.typed(EMAIL, "brisk heron 4").send().await.status, 400);
    let grace = Session::of(&node.typed(EMAIL, PASSWORD).send().await);
    assert_eq!(
        grace.body["organisation"],
        json!({ "id": id, "name": "Pier", "type": "BUSINESS" })
    );
    assert_eq!(grace.body["mode"], "TEST", "what test mode gave");
    assert_eq!(node.status(&grace, &path).await, 200);
    assert_eq!(node.status(&trier, &path).await, 200);
    let other = node.seed.organisations.business.clone();
    assert_eq!(
        node.status(&grace, &format!("/organisations/{other}"))
            .await,
        404
    );
    // Known and unknown look the same, and whoever is known keeps its password.
    let again = registers("Quay", EMAIL, "quick marten 8").await;
    let unknown = registers("Dock", "nobody@example.com", "quick marten 8").await;
    assert_eq!((again.status, unknown.status), (201, 201));
    assert_eq!(
        verifies("ot_made_up").await.problem(),
        refused(401, "invalid_token")
    );
    node.clock.advance(Span::days(1));
    assert_eq!(
        verifies(&token).await.problem(),
        refused(401, "invalid_token")
    );
    let live = node.seed.keys["live"].public.clone().unwrap();
    let body = json!({ "name": "Dock", "first_name": "A", "last_name": "B", "email_address": "c@example.com", "password": PASSWORD });
    let live = node
        .stranger(Method::POST, "/organisations/register")
        .with("api_key", &live);
    assert_eq!(
        live.body(&body).send().await.problem(),
        refused(400, "no_integration")
    );
}
