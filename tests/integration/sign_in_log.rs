//! Who signs in, who is refused, and who signs out: what the audit log has of it, and what it never has.

use clientele::domain::access::TRIES_MAX;
use clientele::domain::address::{Mode, TenantId};
use clientele::domain::user::{PASSWORDS_COUNT_FOR, PASSWORDS_WRONG_MAX};
use clientele::http::audit::ExportedLine;
use http::Method;
use serde_json::{Value, json};

use crate::audit::exported;
use crate::contact_changes::refused;
use crate::keys::strangers;
use crate::node::TestNode;
use crate::step_up::{owners_password, set_up};
use crate::users::Session;

/// What a line says: whose it is, the operation and the outcome.
type Said = (String, String, String);

/// What the log of a mode has of users who do something to themselves. Its chain is verified.
async fn lines(node: &TestNode, mode: &str) -> Vec<Said> {
    let (text, lines) = exported(node, mode).await;
    assert!(!text.contains('@'), "nothing personal: {text}");
    let shown = |line: ExportedLine| {
        assert_eq!(line.actor, format!("user:{}", line.target.unwrap()));
        (line.actor, line.operation, line.outcome)
    };
    lines.into_iter().map(shown).collect()
}

/// Lines of one user alone.
fn of(user: &str, said: &[(&str, &str)]) -> Vec<Said> {
    let actor = format!("user:{user}");
    let line = |(operation, outcome): &(&str, &str)| {
        let (operation, outcome) = ((*operation).to_owned(), (*outcome).to_owned());
        (actor.clone(), operation, outcome)
    };
    said.iter().map(line).collect()
}

const IN: [(&str, &str); 2] = [
    ("users.authenticate", "ASKED"),
    ("users.authenticate", "DONE"),
];
const OUT: [(&str, &str); 2] = [("users.sign_out", "ASKED"), ("users.sign_out", "DONE")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_signs_in_and_out_stands_where_the_session_looks() {
    let mut node = TestNode::start().await;
    let owner = node.owner().await;
    let again = node.owner().await;
    for (session, body) in [(&owner, json!({})), (&again, json!({ "all": true }))] {
        let path = format!("/users/{}/sign_out", session.id);
        let ended = node.by(session, Method::POST, &path).body(&body);
        assert_eq!(ended.send().await.status, 204);
    }
    // What another network's users do stands there.
    strangers(&node).await;
    node.stranger_owner("elsewhere@example.com", "vivid turtle 9")
        .await;
    let elsewhere = node.typed("elsewhere@example.com", "vivid turtle 9");
    let elsewhere = Session::of(&elsewhere.send().await);
    node.restart().await;
    let expected = of(&owner.id, &[IN, IN, OUT, OUT].concat());
    assert_eq!(lines(&node, "live").await, expected);
    assert_eq!(lines(&node, "test").await, []);
    let page = async |tenant| {
        let page = node.api().router.audit_page(tenant, Mode::Live, 0).await;
        let lines = page.unwrap().lines.into_iter();
        let lines = lines.map(|it| (it.entry.actor, it.entry.operation));
        lines.collect::<Vec<_>>()
    };
    let line = (
        format!("user:{}", elsewhere.id),
        "users.authenticate".to_owned(),
    );
    assert_eq!(page(TenantId(2)).await, [line.clone(), line]);
    assert_eq!(page(TenantId::PLATFORM).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_passwords_stand_there_until_the_lock_out_and_of_nobody_never() {
    let node = TestNode::start().await;
    let known = node.seed.users[0].clone();
    let password = known.password.as_deref().unwrap();
    let tried = async |name: &str, password: &str| {
        let answer = node.typed(name, password).send().await;
        assert_eq!(answer.problem(), refused(400, "invalid_login"));
    };
    for _ in 0..PASSWORDS_WRONG_MAX {
        tried("nobody@example.com", "wrong wrong").await;
        tried(&known.username, "wrong wrong").await;
    }
    let mut expected = vec![("users.authenticate", "REFUSED"); PASSWORDS_WRONG_MAX.into()];
    expected.push(("users.lock_out", "DONE"));
    assert_eq!(lines(&node, "live").await, of(&known.id, &expected));
    // Whoever is locked out adds nothing, be the password right or wrong.
    for _ in 0..5 {
        tried(&known.username, "wrong wrong").await;
        tried(&known.username, password).await;
    }
    assert_eq!(lines(&node, "live").await.len(), expected.len());
    assert_eq!(lines(&node, "test").await, []);
    node.clock.advance(PASSWORDS_COUNT_FOR);
    node.owner().await;
    expected.extend(IN);
    assert_eq!(lines(&node, "live").await, of(&known.id, &expected));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_of_the_second_factor_stand_there_until_they_lock() {
    let node = TestNode::start().await;
    let owner = node.owner().await;
    let (app, _) = set_up(&node, &owner, owners_password(&node)).await;
    let step_up = async |code: Value| {
        let ask = node.by(&owner, Method::POST, "/users/step_up").body(&code);
        ask.send().await.status
    };
    assert_eq!(step_up(app.code(&node, 1)).await, 200);
    for _ in 0..2 * TRIES_MAX {
        step_up(json!({ "code": "000000" })).await;
    }
    let steps = lines(&node, "live").await.into_iter();
    let steps = steps.filter(|(_, operation, _)| operation == "users.step_up");
    let mut expected = vec![("users.step_up", "ASKED"), ("users.step_up", "DONE")];
    for _ in 0..TRIES_MAX {
        expected.extend([("users.step_up", "ASKED"), ("users.step_up", "REFUSED")]);
    }
    assert_eq!(steps.collect::<Vec<_>>(), of(&owner.id, &expected));
}
