//! Whoever has lost the app that makes its codes gets in again: by a recovery code, by another user who manages it, or by the operator. And nobody
//! else changes anything of it, with a token that was stolen or roles that are not enough.

use std::collections::BTreeSet;

use clientele::domain::address::{Mode, TenantId};
use clientele::domain::api_key::{Scope, Scopes};
use clientele::domain::time::Span;
use clientele::domain::user::{PASSWORDS_WRONG_MAX, RECOVERY_CODES};
use clientele::http::users::{self, NewUser};
use clientele::seeding::TENANT;
use http::Method;
use serde_json::{Value, json};

use crate::audit::exported;
use crate::client::Answer;
use crate::contact_changes::refused;
use crate::keys::strangers;
use crate::node::TestNode;
use crate::privacy::files_with;
use crate::roles::EMAIL;
use crate::step_up::{owners_password, post, recovery_codes, set_up};
use crate::users::Session;

const PASSWORD: &str = "calm otter 77";

/// Whether an app is set up, and how many recovery codes are left.
async fn state(node: &TestNode, of: &Session) -> (bool, u64) {
    let read = node.by(of, Method::GET, "/users/totp").send().await;
    assert_eq!(read.status, 200, "{read:?}");
    let read = read.json();
    let left = read["recovery_codes_left"].as_u64().unwrap();
    (read["is_set_up"].as_bool().unwrap(), left)
}

async fn steps_up(node: &TestNode, by: &Session, code: &str) -> Answer {
    post(node, by, "/users/step_up", &json!({ "code": code })).await
}

async fn resets(node: &TestNode, by: &Session, whom: &Session) -> Answer {
    let path = format!("/users/{}/reset_totp", whom.id);
    node.by(by, Method::POST, &path).send().await
}

/// Somebody of test mode who has accepted an invitation to be `role`.
async fn grace(node: &TestNode, by: &Session, role: &str) -> Session {
    let invited = node.invites(by, role, None).await;
    assert_eq!(invited.status, 201, "{invited:?}");
    let token = node.token().await;
    Session::of(&node.with_token("/users/accept", &token, PASSWORD).await)
}

/// The subjects of what Grace was told of her second factor, oldest first.
async fn told(node: &TestNode) -> Vec<String> {
    let inbox = node.inbox().await.into_iter().rev();
    let notices = inbox.filter(|message| {
        message["code"].is_null() && message["recipient"] == EMAIL.to_lowercase()
    });
    // A letter that was used says nothing any more.
    let subjects = notices.filter_map(|message| message["subject"].as_str().map(str::to_owned));
    subjects.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recovery_code_gets_in_once_where_the_app_is_asked_for() {
    let mut node = TestNode::start().await;
    let owner = node.owner().await;
    let password = owners_password(&node).to_owned();
    assert_eq!(state(&node, &owner).await, (false, 0));
    let (app, codes) = set_up(&node, &owner, &password).await;
    let all = RECOVERY_CODES as u64;
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), RECOVERY_CODES);
    assert_eq!(state(&node, &owner).await, (true, all));

    let other = node.owner().await;
    let role = json!({ "name": "Clerk", "permissions": [] });
    let wanted = post(&node, &other, "/roles", &role).await;
    assert_eq!(wanted.problem(), refused(401, "step_up_required"));
    let stepped = Session::of(&steps_up(&node, &other, &codes[0]).await);
    assert_eq!(post(&node, &stepped, "/roles", &role).await.status, 201);
    assert_eq!(state(&node, &stepped).await, (true, all - 1));
    // As people type.
    let typed = codes[1].replace('-', "").to_lowercase();
    assert_eq!(steps_up(&node, &other, &typed).await.status, 200);
    node.restart().await;
    let owner = node.owner().await;
    for used in &codes[..2] {
        let again = steps_up(&node, &owner, used).await;
        assert_eq!(again.problem(), refused(401, "otp_invalid"));
    }
    assert_eq!(state(&node, &owner).await, (true, all - 2));

    // A new set makes the old one worthless.
    let both = |code: &str| json!({ "current_password": password, "code": code });
    let code = app.code(&node, 1)["code"].clone();
    let renewed = both(code.as_str().unwrap());
    let renewed = post(&node, &owner, "/users/totp/recovery_codes", &renewed).await;
    assert_eq!(renewed.status, 200, "{renewed:?}");
    let newer = recovery_codes(&renewed);
    assert_eq!(state(&node, &owner).await, (true, all));
    let old = steps_up(&node, &owner, &codes[2]).await;
    assert_eq!(old.problem(), refused(401, "otp_invalid"));
    for code in codes.iter().chain(&newer) {
        for written in [code.clone(), code.replace('-', "")] {
            assert_eq!(files_with(node.data(), &written), Vec::<String>::new());
        }
    }
    let removal = node.by(&owner, Method::DELETE, "/users/totp");
    let removed = removal.body(&both(&newer[0])).send().await;
    assert_eq!(removed.status, 204, "{removed:?}");
    assert_eq!(state(&node, &owner).await, (false, 0));
    let gone = steps_up(&node, &owner, &newer[1]).await;
    assert_eq!(gone.problem(), refused(401, "otp_invalid"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_use_one_recovery_code_at_once_exactly_one_gets_in() {
    let node = TestNode::start().await;
    let owner = node.owner().await;
    let (_, codes) = set_up(&node, &owner, owners_password(&node)).await;
    let other = node.owner().await;
    for code in &codes {
        let code = json!({ "code": code });
        let step_up = |by| node.by(by, Method::POST, "/users/step_up").body(&code);
        let (one, two) = (step_up(&owner).begin(), step_up(&other).begin());
        let mut told = [one.answer().await.status, two.answer().await.status];
        told.sort_unstable();
        assert_eq!(told, [200, 401]);
    }
    assert_eq!(state(&node, &owner).await, (true, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_recovery_codes_lock_as_codes_of_the_app_do() {
    let node = TestNode::start().await;
    let owner = node.owner().await;
    let (app, codes) = set_up(&node, &owner, owners_password(&node)).await;
    for wrong in ["0000-0000-0000-0000", "000000", "ZZZZ-ZZZZ-ZZZZ-ZZZZ"] {
        let refusal = steps_up(&node, &owner, wrong).await;
        assert_eq!(refusal.problem(), refused(401, "otp_invalid"));
    }
    let no_code = steps_up(&node, &owner, "0000-0000").await;
    assert_eq!(no_code.problem(), refused(422, "invalid_request"));
    for wrong in ["0000-0000-0000-0000", "111111"] {
        let refusal = steps_up(&node, &owner, wrong).await;
        assert_eq!(refusal.problem(), refused(401, "otp_invalid"));
    }
    let right = app.code(&node, 1)["code"].as_str().unwrap().to_owned();
    for right in [&codes[0], &right] {
        let refusal = steps_up(&node, &owner, right).await;
        assert_eq!(refusal.problem(), refused(429, "too_many_requests"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_without_the_password_changes_no_second_factor() {
    let node = TestNode::start().await;
    let owner = node.owner().await;
    let password = owners_password(&node).to_owned();
    let without = post(&node, &owner, "/users/totp", &json!({})).await;
    assert_eq!(without.status, 422, "{without:?}");
    let guess = json!({ "current_password": "wrong heron 5" });
    let guessed = post(&node, &owner, "/users/totp", &guess).await;
    assert_eq!(guessed.problem(), refused(400, "invalid_login"));
    assert_eq!(state(&node, &owner).await, (false, 0));

    let (app, codes) = set_up(&node, &owner, &password).await;
    let code = app.code(&node, 1)["code"].clone();
    let changes = [
        (Method::DELETE, "/users/totp"),
        (Method::POST, "/users/totp/recovery_codes"),
    ];
    for (method, path) in changes.clone() {
        let body = json!({ "code": code });
        let without = node.sends(&owner, method.clone(), path, &body).await;
        assert_eq!(without.status, 422, "{without:?}");
        for code in [&code, &json!(codes[0])] {
            let body = json!({ "current_password": "wrong heron 5", "code": code });
            let guessed = node.sends(&owner, method.clone(), path, &body).await;
            assert_eq!(guessed.problem(), refused(400, "invalid_login"));
        }
    }
    assert_eq!(state(&node, &owner).await, (true, RECOVERY_CODES as u64));
    // They count as those that are typed to sign in: five were wrong.
    for _ in 5..PASSWORDS_WRONG_MAX {
        let typed = node.typed(&node.seed.users[0].username, "wrong heron 5");
        assert_eq!(typed.send().await.status, 400);
    }
    for (method, path) in changes {
        let body = json!({ "current_password": password, "code": code });
        let locked = node.sends(&owner, method, path, &body).await;
        assert_eq!(locked.problem(), refused(400, "invalid_login"));
    }
    assert_eq!(state(&node, &owner).await, (true, RECOVERY_CODES as u64));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_manages_a_user_lets_it_in_again_who_has_lost_its_app() {
    let node = TestNode::start().await;
    let trier = node.trier().await;
    let owner = node.owner().await;
    let clerk = node.role(&owner, "Clerk", &["settings.read"], None).await;
    let grace = grace(&node, &trier, &clerk).await;
    let none = resets(&node, &trier, &grace).await;
    assert_eq!(none.status, 204, "{none:?}");
    assert_eq!(state(&node, &grace).await, (false, 0), "and it stays in");
    let (_, codes) = set_up(&node, &grace, PASSWORD).await;
    node.clock.advance(Span::seconds(1));
    assert_eq!(steps_up(&node, &grace, &codes[0]).await.status, 200);
    node.clock.advance(Span::seconds(1));
    let elsewhere = Session::of(&node.typed(EMAIL, PASSWORD).send().await);
    let reset = resets(&node, &trier, &grace).await;
    assert_eq!(reset.status, 204, "{reset:?}");
    for ended in [&grace, &elsewhere] {
        assert_eq!(node.status(ended, "/settings").await, 401);
    }
    let again = Session::of(&node.typed(EMAIL, PASSWORD).send().await);
    assert_eq!(state(&node, &again).await, (false, 0));
    set_up(&node, &again, PASSWORD).await;

    assert_eq!(
        told(&node).await,
        [
            "An app for codes was set up",
            "A recovery code was used",
            "Your app for codes was removed",
            "An app for codes was set up",
        ]
    );
    let ids: BTreeSet<_> = node
        .inbox()
        .await
        .iter()
        .map(|it| it["id"].to_string())
        .collect();
    assert_eq!(ids.len(), node.inbox().await.len());
    let (_, lines) = exported(&node, "test").await;
    let resets = lines
        .iter()
        .filter(|line| line.operation == "users.totp.reset");
    let resets: Vec<_> = resets
        .map(|line| (&*line.actor, line.target.as_deref(), &*line.outcome))
        .collect();
    let by = format!("user:{}", trier.id);
    let of = |outcome| (&*by, Some(&*grace.id), outcome);
    assert_eq!(resets, [of("ASKED"), of("DONE"), of("ASKED"), of("DONE")]);
}

/// An owner of organisation 3, who has set up an app.
async fn owner_of_three(node: &TestNode, email: &str) -> Session {
    let new = NewUser {
        tenant: TENANT,
        organisation: Some(3),
        email: email.to_owned(),
        first_name: None,
        last_name: None,
        password: PASSWORD.to_owned(),
        password_expired: false,
    };
    users::make(&node.api(), new).await.unwrap();
    let session = Session::of(&node.typed(email, PASSWORD).send().await);
    set_up(node, &session, PASSWORD).await;
    session
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_resets_their_own_second_factor_or_that_of_whom_they_do_not_manage_wholly() {
    let node = TestNode::start().await;
    let owner = node.owner().await;
    set_up(&node, &owner, owners_password(&node)).await;
    let one = owner_of_three(&node, "one@example.com").await;
    let other = owner_of_three(&node, "other@example.com").await;
    // Its role allows nobody's roles but that of users.
    let clerk = node.clerk().await;
    node.clerks_may(Scopes::of([Scope::UsersRead, Scope::UsersWrite]))
        .await;
    // Who works above as well.
    let small = node.role(&owner, "Small", &["settings.read"], None).await;
    let path = format!("/users/{}", other.id);
    let above = json!({ "roles": [small] });
    let changed = node.sends(&owner, Method::PUT, &path, &above).await;
    assert_eq!(changed.status, 200, "{changed:?}");

    let forbidden = refused(403, "insufficient_scope");
    for (what, by, whom) in [
        ("its own", &owner, &owner),
        ("whoever may do more", &clerk, &owner),
        ("whoever works above too", &one, &other),
    ] {
        let refusal = resets(&node, by, whom).await;
        assert_eq!(refusal.problem(), forbidden, "{what}");
    }
    // Whom it does not know of.
    let refusal = resets(&node, &one, &owner).await;
    assert_eq!(refusal.problem(), refused(404, "not_found"));
    // Whoever has an app shows it first.
    let late = resets(&node, &node.owner().await, &one).await;
    assert_eq!(late.problem(), refused(401, "step_up_required"));
    let path = format!("/users/{}/reset_totp", one.id);
    for mode in ["live", "test"] {
        let by_key = node.post(&path, &Value::Null);
        let by_key = by_key.with("api_key", &node.secret_key(mode)).send().await;
        assert_eq!(by_key.problem(), forbidden, "a key of {mode} mode");
    }
    for kept in [&owner, &one, &other] {
        assert_eq!(state(&node, kept).await, (true, RECOVERY_CODES as u64));
    }
    // Who manages all of it may.
    let reset = resets(&node, &owner, &other).await;
    assert_eq!(reset.status, 204, "{reset:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn test_mode_resets_no_second_factor_that_guards_live_business() {
    let node = TestNode::start().await;
    let one = owner_of_three(&node, "one@example.com").await;
    let refusal = resets(&node, &node.trier().await, &one).await;
    assert_eq!(refusal.problem(), refused(403, "insufficient_scope"));
    assert_eq!(state(&node, &one).await, (true, RECOVERY_CODES as u64));
    let reset = resets(&node, &node.owner().await, &one).await;
    assert_eq!(reset.status, 204, "{reset:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_works_for_several_networks_is_reset_by_the_operator_alone() {
    let node = TestNode::start().await;
    strangers(&node).await;
    node.stranger_owner(EMAIL, PASSWORD).await;
    let trier = node.trier().await;
    let owner = node.owner().await;
    let clerk = node.role(&owner, "Clerk", &["settings.read"], None).await;
    let grace = grace(&node, &trier, &clerk).await;
    let (_, codes) = set_up(&node, &grace, PASSWORD).await;
    let refusal = resets(&node, &trier, &grace).await;
    assert_eq!(refusal.problem(), refused(403, "insufficient_scope"));
    assert_eq!(steps_up(&node, &grace, &codes[0]).await.status, 200);

    let reset = |email: &str| {
        let body = json!({ "email": email }).to_string();
        let node = &node;
        async move { node.control("POST", "/users/reset_totp", &body).await }
    };
    for (email, status) in [("nobody@example.com", 404), ("grace", 422)] {
        let answer = reset(email).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
    }
    for had in [true, false] {
        let answer = reset(EMAIL).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        let body: Value = serde_json::from_str(body).unwrap();
        let expected = json!({ "id": grace.id, "username": EMAIL.to_lowercase(), "had_totp": had });
        assert_eq!(body, expected);
    }
    assert_eq!(node.status(&grace, "/users/totp").await, 401);
    let again = Session::of(&node.typed(EMAIL, PASSWORD).send().await);
    assert_eq!(state(&node, &again).await, (false, 0));
    // In the log of every network that lets the user in.
    for (tenant, mode) in [(TENANT, Mode::Test), (TenantId(2), Mode::Live)] {
        let page = node.api().router.audit_page(tenant, mode, 0).await;
        let lines = page.unwrap().lines.into_iter().map(|line| line.entry);
        let lines = lines.filter(|it| it.operation == "users.totp.reset" && it.actor == "operator");
        let targets: Vec<_> = lines.map(|it| it.target.unwrap()).collect();
        assert_eq!(targets, vec![grace.id.clone(); 4], "{tenant:?}");
    }
}
