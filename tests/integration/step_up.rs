//! The second factor of administrators.

use clientele::domain::access::LOCKED_FOR;
use clientele::domain::time::Span;
use clientele::domain::user::STEP_UP_LASTS;
use data_encoding::BASE32_NOPAD;
use http::Method;
use serde_json::{Value, json};

use crate::client::Answer;
use crate::contact_changes::refused;
use crate::node::TestNode;
use crate::users::Session;

/// An app that makes codes.
pub(crate) struct App(totp_rs::Totp);

impl App {
    pub(crate) fn of(secret: &str) -> App {
        let secret = BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
        let builder = totp_rs::Builder::new().with_secret(secret);
        App(builder.build().unwrap())
    }

    /// What it shows so many steps from now, by the node's clock.
    pub(crate) fn code(&self, node: &TestNode, steps: i64) -> Value {
        let now = node.api().router.wall().unix_seconds() + steps * 30;
        let code = self.0.generate(u64::try_from(now).unwrap());
        json!({ "code": code.to_string() })
    }
}

pub(crate) async fn post(node: &TestNode, by: &Session, path: &str, body: &Value) -> Answer {
    node.by(by, Method::POST, path).body(body).send().await
}

/// What the owner of the demo network types.
pub(crate) fn owners_password(node: &TestNode) -> &str {
    node.seed.users[0].password.as_deref().unwrap()
}

/// An app of the user of this password, which has not made a code yet.
pub(crate) async fn enrolled(node: &TestNode, by: &Session, password: &str) -> App {
    let body = json!({ "current_password": password });
    let enrolled = post(node, by, "/users/totp", &body).await;
    assert_eq!(enrolled.status, 200, "{enrolled:?}");
    let secret = enrolled.text("secret");
    assert!(enrolled.text("otpauth_url").contains(&secret));
    App::of(&secret)
}

/// The same, confirmed by its first code; and the recovery codes.
pub(crate) async fn set_up(node: &TestNode, by: &Session, password: &str) -> (App, Vec<String>) {
    let app = enrolled(node, by, password).await;
    let confirmed = post(node, by, "/users/totp/confirm", &app.code(node, 0)).await;
    assert_eq!(confirmed.status, 200, "{confirmed:?}");
    (app, recovery_codes(&confirmed))
}

/// The recovery codes of an answer.
pub(crate) fn recovery_codes(answer: &Answer) -> Vec<String> {
    let codes = answer.json()["recovery_codes"].clone();
    serde_json::from_value(codes).unwrap()
}

async fn makes_a_role(node: &TestNode, by: &Session) -> (u16, String) {
    let role = json!({ "name": "Clerk", "permissions": ["settings.read"] });
    post(node, by, "/roles", &role).await.problem()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_an_app_needs_a_code_of_late_for_what_lets_others_in() {
    let node = TestNode::start().await;
    let owner = node.owner().await;
    let open = (201, String::new());
    assert_eq!(makes_a_role(&node, &owner).await, open);
    let password = owners_password(&node);
    let app = enrolled(&node, &owner, password).await;
    // Not before its first code has confirmed it.
    assert_eq!(makes_a_role(&node, &owner).await, open);
    let unconfirmed = post(&node, &owner, "/users/step_up", &app.code(&node, 0)).await;
    assert_eq!(unconfirmed.problem(), refused(401, "otp_invalid"));
    let confirmed = post(&node, &owner, "/users/totp/confirm", &app.code(&node, 0)).await;
    assert_eq!(confirmed.status, 200, "{confirmed:?}");
    assert_eq!(makes_a_role(&node, &owner).await, open);
    let known = json!({ "current_password": password });
    let again = post(&node, &owner, "/users/totp", &known).await;
    assert_eq!(again.problem(), refused(409, "limit_reached"));
    let again = post(&node, &owner, "/users/totp/confirm", &app.code(&node, 1)).await;
    assert_eq!(again.problem(), refused(409, "limit_reached"));
    // Each session by itself, and for ten minutes.
    let other = node.owner().await;
    let role = json!({ "name": "Clerk", "permissions": [] });
    let wanted = post(&node, &other, "/roles", &role).await;
    assert_eq!(wanted.problem(), refused(401, "step_up_required"));
    assert_eq!(
        wanted.header("www-authenticate"),
        "Bearer error=\"insufficient_user_authentication\""
    );
    let read = node.by(&other, Method::GET, "/settings").send().await;
    assert_eq!(read.status, 200);
    // Whoever gets the mails and codes gets in.
    let webhook = json!({
        "name": "Mine", "connector": "WEBHOOK",
        "webhook": { "url": "https://codes.example.com/", "channels": ["EMAIL"] },
    });
    let wanted = post(&node, &other, "/integrations", &webhook).await;
    assert_eq!(wanted.problem(), refused(401, "step_up_required"));
    // A code is taken once, by whichever session.
    let used = post(&node, &other, "/users/step_up", &app.code(&node, 0)).await;
    assert_eq!(used.problem(), refused(401, "otp_invalid"));
    let stepped = post(&node, &other, "/users/step_up", &app.code(&node, 1)).await;
    let stepped = Session::of(&stepped);
    assert!(stepped.claims()["auth_time"].as_i64().is_some());
    assert_eq!(makes_a_role(&node, &stepped).await, open);
    node.clock.advance(STEP_UP_LASTS);
    assert_eq!(
        makes_a_role(&node, &stepped).await,
        refused(401, "step_up_required")
    );
    let removal = node.by(&stepped, Method::DELETE, "/users/totp");
    let both = json!({ "current_password": password, "code": app.code(&node, 0)["code"] });
    let removed = removal.body(&both).send().await;
    assert_eq!(removed.status, 204, "{removed:?}");
    assert_eq!(makes_a_role(&node, &stepped).await, open);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_wrong_codes_of_an_app_lock_and_a_restart_gives_none_back() {
    let mut node = TestNode::start().await;
    let owner = node.owner().await;
    let (app, _) = set_up(&node, &owner, owners_password(&node)).await;
    node.clock.advance(Span::seconds(90));
    for wrong in 0..5 {
        if wrong == 4 {
            node.restart().await;
        }
        // Of a step too long ago.
        let answer = post(&node, &owner, "/users/step_up", &app.code(&node, -2)).await;
        assert_eq!(answer.problem(), refused(401, "otp_invalid"));
    }
    let right = post(&node, &owner, "/users/step_up", &app.code(&node, 0)).await;
    assert_eq!(right.problem(), refused(429, "too_many_requests"));
    assert_eq!(right.header("retry-after"), "900");
    node.clock.advance(LOCKED_FOR);
    let owner = Session::of(&node.refreshed(&owner.refresh).await);
    let right = post(&node, &owner, "/users/step_up", &app.code(&node, 0)).await;
    assert_eq!(right.status, 200, "{right:?}");
}
