//! People of the Back Office: signing in, the tokens that come of it, and until when they are good.

use clientele::domain::access::REFRESH_GRACE;
use clientele::domain::address::{Address, TenantId};
use clientele::domain::api_key::Scopes;
use clientele::domain::entity::Command;
use clientele::domain::tenant::{self, OWNER_ROLE, RoleCommand};
use clientele::domain::time::Span;
use clientele::domain::user::{self, Membership, PASSWORDS_COUNT_FOR, SetMemberships, Validity};
use clientele::http::users::{self, NewUser};
use clientele::seeding::TENANT;
use data_encoding::BASE64URL_NOPAD;
use http::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Ask};
use crate::contact_changes::{looks, refused};
use crate::node::TestNode;

const GATEWAY: &str = "/backoffice/v2";

const CLERK: u32 = OWNER_ROLE + 1;

/// A user in one of its sessions.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// The user's id.
    pub(crate) id: String,
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) body: Value,
}

impl Session {
    pub(crate) fn of(answer: &Answer) -> Session {
        assert_eq!(answer.status, 200, "{answer:?}");
        let body = answer.json();
        Session {
            id: body["user"]["id"].as_str().unwrap().to_owned(),
            access: answer.text("access_token"),
            refresh: answer.text("refresh_token"),
            body,
        }
    }

    /// What its token says.
    pub(crate) fn claims(&self) -> Value {
        let part = self.access.split('.').nth(1).unwrap();
        serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).unwrap()
    }
}

impl TestNode {
    /// A request without a credential.
    pub(crate) fn stranger(&self, method: Method, path: &str) -> Ask {
        self.ask(method, &format!("{GATEWAY}{path}"))
            .without("api_key")
            .with("content-type", "application/json")
    }

    /// A request with a token.
    pub(crate) fn by(&self, session: &Session, method: Method, path: &str) -> Ask {
        self.stranger(method, path)
            .with("authorization", &format!("Bearer {}", session.access))
    }

    /// An attempt to sign in.
    pub(crate) fn typed(&self, username: &str, password: &str) -> Ask {
        let body = json!({ "username": username, "password": password });
        self.stranger(Method::POST, "/users/authenticate")
            .body(&body)
    }

    /// The demo network's owner, signed in.
    pub(crate) async fn owner(&self) -> Session {
        let owner = &self.seed.users[0];
        let password = owner.password.as_deref().unwrap();
        Session::of(&self.typed(&owner.username, password).send().await)
    }

    /// A user who owns organisation number `organisation`; how it signs in.
    pub(crate) async fn user_at(&self, organisation: u64, password_expired: bool) -> Ask {
        let email = format!("user{organisation}@example.com");
        let new = NewUser {
            tenant: TENANT,
            organisation: Some(organisation),
            email: email.clone(),
            first_name: Some("Grace".to_owned()),
            last_name: None,
            password: "vivid turtle 9".to_owned(),
            password_expired,
        };
        users::make(&self.api(), new).await.unwrap();
        self.typed(&email, "vivid turtle 9")
    }

    /// Somebody whose only role is the clerks', of the network's owner.
    pub(crate) async fn clerk(&self) -> Session {
        let role = tenant::Role {
            number: CLERK,
            organisation: 1,
            name: "Clerk".to_owned(),
            permissions: Scopes::default(),
        };
        self.tell_of_role(RoleCommand::Add(role)).await;
        let sign_in = self.user_at(1, false).await;
        let router = &self.api().router;
        let (user, _) = router.user_of("user1@example.com");
        let clerk = Membership {
            tenant: TENANT,
            organisation: 1,
            role: CLERK,
            validity: Validity::BothModes,
            is_active: true,
        };
        let set = user::Command::SetMemberships(SetMemberships {
            tenant: TENANT,
            before: router.user(user).await.unwrap().memberships,
            after: vec![clerk],
            until: router.wall().after(Span::seconds(1)),
        });
        router.tell_user(user, set, None).await.unwrap();
        Session::of(&sign_in.send().await)
    }

    /// Gives clerks these permissions and no others, from now on.
    pub(crate) async fn clerks_may(&self, permissions: Scopes) {
        let change = RoleCommand::Change(CLERK, "Clerk".to_owned(), permissions);
        self.tell_of_role(change).await;
    }

    async fn tell_of_role(&self, command: RoleCommand) {
        let command = Command::Tenant(tenant::Command::Role(command));
        self.command(Address::tenant(TENANT), command).await;
    }

    /// A user who owns the strangers' network.
    pub(crate) async fn stranger_owner(&self, email: &str, password: &str) {
        let new = NewUser {
            tenant: TenantId(2),
            organisation: None,
            email: email.to_owned(),
            first_name: None,
            last_name: None,
            password: password.to_owned(),
            password_expired: false,
        };
        users::make(&self.api(), new).await.unwrap();
    }

    pub(crate) async fn refreshed(&self, refresh: &str) -> Answer {
        self.stranger(Method::POST, "/users/refresh")
            .with("authorization", &format!("Bearer {refresh}"))
            .body(&json!({}))
            .send()
            .await
    }

    async fn reads(&self, session: &Session) -> (u16, String) {
        let read = self.by(session, Method::GET, "/settings");
        read.send().await.problem()
    }
}

const OPEN: (u16, &str) = (200, "");

fn seen(read: &(u16, String)) -> (u16, &str) {
    (read.0, &read.1)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_published_sign_in_works_as_it_stands() {
    let node = TestNode::start().await;
    let owner = &node.seed.users[0];
    let password = owner.password.as_deref().unwrap();
    // As curl sends what nobody says the type of, with the blank that the published text has.
    let ask = node.ask(Method::POST, "/backoffice/v1/users/authenticate");
    let ask = ask
        .without("api_key")
        .with("content-type", "application/x-www-form-urlencoded")
        .with("accept-encoding", "deflate, gzip")
        .body(&json!({ "username": format!(" {}", owner.username), "password": password }));
    let answer = ask.send().await;
    let session = Session::of(&answer);
    let body = &session.body;
    assert_eq!(
        body["user"],
        json!({ "id": owner.id, "first_name": "Demo", "last_name": "Owner" })
    );
    assert_eq!(body["mode"], "LIVE");
    assert_eq!(body["lockout_date"], Value::Null);
    assert_eq!(body["password_expired"], false);
    assert_eq!(body["roles"], json!(["Owner"]));
    // A service owner's own, and not the hundreds below it.
    let own = json!({ "id": node.seed.organisations.service_owner, "name": "Clientele Demo", "type": "SERVICE_OWNER" });
    assert_eq!(
        (&body["organisations"], &body["organisation"]),
        (&json!([own]), &own)
    );
    let claims = session.claims();
    assert_eq!(claims["exp"], body["expiration_date"]);
    assert_eq!(claims["aud"], "clientele:backoffice");
    assert_eq!(claims["primary_organisation_id"], own["id"]);
    assert_eq!(
        (&claims["login_mode"], &claims["service_owner"]),
        (&json!("LIVE"), &json!(true))
    );
    assert!(!session.access.contains("example"), "nothing personal");
    assert_eq!(seen(&node.reads(&session).await), OPEN);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_not_let_in_gets_the_same_answer_known_or_not() {
    let node = TestNode::start().await;
    let known = node.seed.users[0].username.clone();
    let wrong = node.typed(&known, "not the password").send().await;
    let unknown = node
        .typed("nobody@example.com", "not the password")
        .send()
        .await;
    assert_eq!(wrong.problem(), refused(400, "invalid_login"));
    assert_eq!(
        wrong.json()["error"],
        "CRM.EXCEPTIONS.INVALIDLOGINEXCEPTION"
    );
    assert_eq!(looks(&wrong), looks(&unknown));
    let names = |answer: &Answer| {
        let mut names: Vec<_> = answer.headers.keys().map(|it| it.to_string()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&wrong), names(&unknown));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_wrong_passwords_lock_known_and_unknown_alike_and_survive_a_restart() {
    let mut node = TestNode::start().await;
    let known = node.seed.users[0].clone();
    let password = known.password.as_deref().unwrap();
    for _ in 0..9 {
        assert_eq!(
            node.typed(&known.username, "wrong wrong")
                .send()
                .await
                .status,
            400
        );
    }
    node.restart().await;
    for name in [&*known.username, "nobody@example.com"] {
        let tries = if name == known.username { 1 } else { 10 };
        for _ in 0..tries {
            assert_eq!(node.typed(name, "wrong wrong").send().await.status, 400);
        }
    }
    let locked = node.typed(&known.username, password).send().await;
    let unknown = node.typed("nobody@example.com", password).send().await;
    assert_eq!(locked.problem(), refused(400, "invalid_login"));
    assert_eq!(looks(&locked), looks(&unknown));
    node.clock.advance(PASSWORDS_COUNT_FOR);
    let session = node.owner().await;
    assert!(session.body["lockout_date"].as_i64().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_token_is_good_once_and_a_replay_ends_all_of_one_sign_in() {
    let node = TestNode::start().await;
    let first = node.owner().await;
    let other = node.owner().await;
    let venue = node.seed.organisations.merchants[0].venues[0].id.clone();
    let path = format!("/organisations/{venue}/masquerade");
    let masked = Session::of(&node.by(&first, Method::POST, &path).send().await);
    let second = Session::of(&node.refreshed(&first.refresh).await);
    let again = Session::of(&node.refreshed(&first.refresh).await);
    assert_eq!(
        (&again.refresh, &again.access),
        (&second.refresh, &second.access),
        "a lost answer logs nobody out"
    );
    // Whether or not the user is in memory.
    assert_eq!(
        node.refreshed(&first.access).await.problem(),
        refused(401, "invalid_grant")
    );
    node.clock.advance(REFRESH_GRACE);
    assert_eq!(
        node.refreshed(&first.refresh).await.problem(),
        refused(401, "invalid_grant")
    );
    for ended in [&second, &masked] {
        assert_eq!(node.reads(ended).await, refused(401, "invalid_token"));
        assert_eq!(
            node.refreshed(&ended.refresh).await.problem(),
            refused(401, "invalid_grant")
        );
    }
    assert_eq!(seen(&node.reads(&other).await), OPEN);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_goes_on_over_a_restart_and_its_access_token_ends_in_time() {
    let mut node = TestNode::start().await;
    let session = node.owner().await;
    node.restart().await;
    assert_eq!(seen(&node.reads(&session).await), OPEN);
    node.clock.advance(Span::seconds(15 * 60));
    assert_eq!(node.reads(&session).await, refused(401, "token_expired"));
    let session = Session::of(&node.refreshed(&session.refresh).await);
    assert_eq!(seen(&node.reads(&session).await), OPEN);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_ends_all_of_one_sign_in_and_no_other() {
    let node = TestNode::start().await;
    let (session, other) = (node.owner().await, node.owner().await);
    let mode = node.by(&session, Method::POST, "/users/mode");
    let test = Session::of(&mode.body(&json!({ "mode": "TEST" })).send().await);
    let out = |session: &Session, body: Value| {
        let path = format!("/users/{}/sign_out", session.id);
        node.by(session, Method::POST, &path).body(&body).send()
    };
    assert_eq!(out(&test, json!({})).await.status, 204);
    for ended in [&session, &test] {
        assert_eq!(node.reads(ended).await, refused(401, "invalid_token"));
    }
    assert_eq!(seen(&node.reads(&other).await), OPEN);
    let third = node.owner().await;
    assert_eq!(out(&other, json!({ "all": true })).await.status, 204);
    assert_eq!(node.reads(&third).await, refused(401, "invalid_token"));
    let of_another = node.owner().await;
    let path = "/users/00000000-0000-8000-8000-000000000000/sign_out";
    let ask = node.by(&of_another, Method::POST, path).body(&json!({}));
    assert_eq!(ask.send().await.problem(), refused(404, "not_found"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mode_is_seen_by_its_tokens_alone() {
    let node = TestNode::start().await;
    let live = node.owner().await;
    let mode = node.by(&live, Method::POST, "/users/mode");
    let test = Session::of(&mode.body(&json!({ "mode": "TEST" })).send().await);
    assert_eq!(
        (&test.body["mode"], &test.claims()["login_mode"]),
        (&json!("TEST"), &json!("TEST"))
    );
    let contact = |number: usize| format!("/contacts/{}", node.seed.contacts[number].id);
    let (of_live, of_test) = (contact(0), contact(100));
    for (session, path, status) in [
        (&live, &of_live, 200),
        (&live, &of_test, 404),
        (&test, &of_live, 404),
        (&test, &of_test, 200),
    ] {
        let read = node.by(session, Method::GET, path).send().await;
        assert_eq!(read.status, status, "{path}");
    }
    let both = node.by(&test, Method::GET, &of_test);
    let agree = both.clone().with("api_key", &node.secret_key("test"));
    assert_eq!(agree.send().await.status, 200);
    for key in [node.secret_key("live"), node.app_key("test")] {
        let conflict = both.clone().with("api_key", &key).send().await;
        assert_eq!(conflict.problem(), refused(401, "credentials_conflict"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_that_somebody_else_knows_opens_nothing_until_another_is_chosen() {
    let node = TestNode::start().await;
    let sign_in = node.user_at(3, true).await;
    let session = Session::of(&sign_in.clone().send().await);
    assert_eq!(session.body["password_expired"], true);
    assert_eq!(
        node.reads(&session).await,
        refused(403, "insufficient_scope")
    );
    let elsewhere = Session::of(&sign_in.clone().send().await);
    let change = |current: &str, password: &str| {
        let path = format!("/users/{}/change_password", session.id);
        let body = json!({ "current_password": current, "password": password });
        node.by(&session, Method::POST, &path).body(&body).send()
    };
    let common = change("vivid turtle 9", "Password1").await;
    assert_eq!(common.problem(), refused(422, "invalid_request"));
    assert_eq!(common.json()["errors"][0]["code"], "password_common");
    let wrong = change("vivid turtle 8", "calm otter 77").await;
    assert_eq!(wrong.problem(), refused(400, "invalid_login"));
    assert_eq!(change("vivid turtle 9", "calm otter 77").await.status, 204);
    assert_eq!(seen(&node.reads(&session).await), OPEN);
    assert_eq!(node.reads(&elsewhere).await, refused(401, "invalid_token"));
    assert_eq!(
        sign_in.send().await.problem(),
        refused(400, "invalid_login")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_other_token_opens_the_back_office_and_none_of_its_own_anything_else() {
    let node = TestNode::start().await;
    let user = node.owner().await;
    let person = node.signed_up("+447566224395").await;
    let path = format!("/contacts/{}", person.id);
    let asked = node.own(Method::GET, &path, &user.access).send().await;
    assert_eq!(asked.problem(), refused(401, "invalid_token"));
    let contacts = node.stranger(Method::GET, "/settings");
    let contacts = contacts.with("authorization", &format!("Bearer {}", person.access));
    assert_eq!(
        contacts.send().await.problem(),
        refused(401, "invalid_token")
    );
    assert_eq!(
        node.refreshed(&person.refresh).await.problem(),
        refused(401, "invalid_grant")
    );
    let refresh = node.own(Method::POST, "/contacts/refresh", &user.refresh);
    assert_eq!(
        refresh.send().await.problem(),
        refused(401, "invalid_grant")
    );
    let tampered = user.access.replace(".ey", ".ez");
    let tampered = node
        .stranger(Method::GET, "/settings")
        .with("authorization", &tampered);
    assert_eq!(
        tampered.send().await.problem(),
        refused(401, "invalid_token")
    );
}
