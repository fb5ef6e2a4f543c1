//! Every operation that the document knows refuses who may not use it, and before it looks at what is asked: a new route is
//! held to it without a line here.

use std::collections::HashMap;

use clientele::domain::api_key::{Scope, Scopes};
use http::Method;
use serde_json::{Value, json};

use crate::client::Ask;
use crate::commerce::put;
use crate::contact_changes::refused;
use crate::keys::strangers;
use crate::needs::{Need, need};
use crate::node::TestNode;
use crate::users::Session;

/// A request that no operation understands: neither its path's ids, nor its query, nor its body.
fn nonsense(node: &TestNode, method: &str, path: &str, body: &Value) -> Ask {
    let parts = path.split('/').map(|part| match part.starts_with('{') {
        true => "no%20id",
        false => part,
    });
    let path = parts.collect::<Vec<_>>().join("/");
    let query = "page=none&size=-1&include_total=2&simulate=2&include_wallet=2&type=2&entity=2";
    let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
    node.ask(method, &format!("{path}?{query}"))
        .with("content-type", "application/json")
        .body(body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_refuses_who_may_not_use_it_before_it_reads_the_request() {
    let node = TestNode::start().await;
    let document = node.ask(Method::GET, "/backoffice/openapi.json");
    let document = document.send().await.json();
    let public = node.seed.keys["live"].public.clone().unwrap();
    let (_, without_scopes) = node.make_key(Scopes::default(), None).await;
    let contact = node.signed_up("+447566224395").await.access;
    let contact = format!("Bearer {contact}");
    let of_owner = format!("Bearer {}", node.owner().await.access);
    let secret = node.secret_key("live");
    let (their_key, _) = strangers(&node).await;
    let app_key = node.app_key("live");
    let mut operations = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let name = format!("{} {path}", method.to_uppercase());
            operations += 1;
            let by_key = [
                ("api_key", "sk_live_0", 401, "invalid_api_key"),
                ("api_key", &*public, 403, "secret_key_required"),
                ("api_key", &*without_scopes, 403, "insufficient_scope"),
                ("api_key", &*app_key, 403, "secret_key_required"),
                ("authorization", "Bearer x.y.z", 401, "invalid_token"),
                ("authorization", &*contact, 401, "invalid_token"),
            ];
            let by_token = [
                ("api_key", &*secret, 401, "missing_credentials"),
                ("api_key", &*public, 401, "missing_credentials"),
                ("api_key", &*their_key, 401, "missing_credentials"),
                ("authorization", "Bearer x.y.z", 401, "invalid_token"),
                ("authorization", &*contact, 401, "invalid_token"),
            ];
            let by_page = [
                ("api_key", "pk_live_0", 401, "invalid_api_key"),
                ("api_key", &*without_scopes, 403, "insufficient_scope"),
                ("api_key", &*app_key, 403, "insufficient_scope"),
                ("authorization", &*of_owner, 401, "missing_credentials"),
                ("authorization", &*contact, 401, "invalid_token"),
            ];
            let by_refresh = [
                ("api_key", &*secret, 401, "missing_credentials"),
                ("api_key", &*public, 401, "missing_credentials"),
                ("authorization", "Bearer x.y.z", 401, "invalid_grant"),
                ("authorization", &*contact, 401, "invalid_grant"),
                ("authorization", &*of_owner, 401, "invalid_grant"),
            ];
            let refusals: &[_] = match need(method, path) {
                Need::Nothing => {
                    let open = nonsense(&node, method, path, &json!([])).without("api_key");
                    let (status, code) = open.send().await.problem();
                    let asks = ["missing_credentials", "insufficient_scope"];
                    assert!(!asks.contains(&&*code), "{name}: {status} {code}");
                    continue;
                }
                Need::RefreshToken => &by_refresh,
                Need::Token => &by_token,
                Need::Scope(_) => &by_key,
                Need::Page(_) => &by_page,
            };
            for body in [json!([]), json!({ "no_such_field": 1 })] {
                let ask = nonsense(&node, method, path, &body).without("api_key");
                let nobody = ask.clone().send().await;
                assert_eq!(
                    nobody.problem(),
                    refused(401, "missing_credentials"),
                    "{name}"
                );
                for (header, value, status, code) in refusals {
                    let refusal = ask.clone().with(header, value).send().await;
                    assert_eq!(refusal.problem(), refused(*status, code), "{name} {body}");
                    assert!(
                        !operation["responses"][status.to_string()].is_null(),
                        "{name}"
                    );
                }
                if need(method, path) == Need::RefreshToken {
                    continue;
                }
                // Two that work, and contradict each other: of another network, mode or gateway.
                for key in [&their_key, &node.secret_key("test"), &app_key] {
                    let both = ask.clone().with("api_key", key);
                    let both = both.with("authorization", &of_owner).send().await;
                    assert_eq!(
                        both.problem(),
                        refused(401, "credentials_conflict"),
                        "{name}"
                    );
                }
            }
        }
    }
    assert!(operations > 50, "only {operations} operations");
}

/// What needs no credential but the one-time token in it.
const OPENED_BY_THEIR_TOKEN: [&str; 3] = [
    "/contacts/change_password",
    "/contacts/verify_email",
    "/images/{name}",
];

/// What each kind of credential gets that does not open an operation: the credential, as a header, and the refusal.
fn refusals(
    node: &TestNode,
    weak: &str,
    user: &str,
    opened_by: &[&str],
) -> Vec<(&'static str, String, (u16, String))> {
    let mut rows = Vec::new();
    let mut row = |header, value: &str, status, code| {
        rows.push((header, value.to_owned(), refused(status, code)));
    };
    let of_others = [
        node.seed.keys["test"].public.clone().unwrap(),
        weak.to_owned(),
    ];
    let opens_to_keys = opened_by.contains(&"api_key");
    let opens_to_secrets = opened_by.contains(&"secret_key");
    let (status, code) = match (opens_to_keys, opens_to_secrets) {
        (true, _) => (403, "insufficient_scope"),
        (_, true) => (403, "secret_key_required"),
        (false, false) => (401, "missing_credentials"),
    };
    for key in of_others {
        row("api_key", &key, status, code);
    }
    if !opens_to_secrets {
        row("api_key", &node.secret_key("test"), status, code);
    }
    row("api_key", "pk_test_0", 401, "invalid_api_key");
    if !opens_to_keys {
        row("api_key", &node.app_key("test"), status, code);
    }
    for token in ["x.y.z", user] {
        if token == user && opened_by.contains(&"user_token") {
            continue;
        }
        let token = format!("Bearer {token}");
        match opened_by.contains(&"refresh_token") {
            true => row("authorization", &token, 401, "invalid_grant"),
            false => row("authorization", &token, 401, "invalid_token"),
        }
    }
    rows
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_of_self_service_refuses_who_may_not_use_it_before_it_reads_the_request() {
    let node = TestNode::start().await;
    let document = node.ask(Method::GET, "/self-service/openapi.json");
    let document = document.without("api_key").send().await.json();
    let weak = json!({ "name": "app", "type": "PUBLIC", "gateway": "SELF_SERVICE", "scopes": [] });
    let weak = node
        .post("/api_keys", &weak)
        .with("api_key", &node.secret_key("test"));
    let weak = weak.send().await.text("value");
    let app = json!({ "name": "app", "type": "PUBLIC", "gateway": "SELF_SERVICE", "scopes": ["contacts.register", "contacts.exists", "contacts.guests"] });
    let app = node
        .post("/api_keys", &app)
        .with("api_key", &node.secret_key("test"));
    let app = app.send().await.text("value");
    let secret = node.secret_key("test");
    let user = node.owner().await.access;
    let as_user = format!("Bearer {user}");
    let person = node.signed_up("+447566224395").await;
    let person = format!("Bearer {}", person.access);
    let (their_key, _) = strangers(&node).await;
    let mut operations = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let name = format!("{} {path}", method.to_uppercase());
            operations += 1;
            let security = operation["security"].as_array().unwrap().iter();
            let opened_by: Vec<_> = security
                .flat_map(|one| one.as_object().unwrap().keys().map(String::as_str))
                .collect();
            let opens_itself = OPENED_BY_THEIR_TOKEN.iter().any(|it| path.ends_with(it));
            assert_eq!(opened_by.is_empty(), opens_itself, "{name}");
            if opens_itself {
                continue;
            }
            for body in [json!([]), json!({ "no_such_field": 1 })] {
                let ask = nonsense(&node, method, path, &body).without("api_key");
                let nobody = ask.clone().send().await;
                assert_eq!(
                    nobody.problem(),
                    refused(401, "missing_credentials"),
                    "{name}"
                );
                for (header, value, expected) in refusals(&node, &weak, &user, &opened_by) {
                    let refusal = ask.clone().with(header, &value).send().await;
                    assert_eq!(refusal.problem(), expected, "{name} {header} {body}");
                    let described = &operation["responses"][expected.0.to_string()];
                    assert!(!described.is_null(), "{name} {expected:?}");
                }
                let of_users = opened_by.contains(&"user_token");
                let of_contacts = opened_by.contains(&"access_token");
                if of_users {
                    // Of live mode, and of what the key is not.
                    for key in [&node.secret_key("test"), &app, &their_key] {
                        let both = ask.clone().with("api_key", key);
                        let both = both.with("authorization", &as_user).send().await;
                        let conflict = refused(401, "credentials_conflict");
                        assert_eq!(both.problem(), conflict, "{name}");
                    }
                    let let_in = ask.clone().with("authorization", &as_user).send().await;
                    assert!([404, 422].contains(&let_in.status), "{name} {let_in:?}");
                }
                if !opened_by.contains(&"refresh_token") && (of_contacts || !of_users) {
                    // Two that work, and contradict each other: of another mode, gateway or network.
                    for key in [&node.app_key("live"), &node.secret_key("test"), &their_key] {
                        let both = ask.clone().with("api_key", key);
                        let both = both.with("authorization", &person).send().await;
                        let conflict = refused(401, "credentials_conflict");
                        assert_eq!(both.problem(), conflict, "{name}");
                    }
                }
                if !of_contacts && !opened_by.contains(&"refresh_token") {
                    let token = ask.clone().with("authorization", &person).send().await;
                    let code = match of_users {
                        true => "invalid_token",
                        false => "missing_credentials",
                    };
                    assert_eq!(token.problem(), refused(401, code), "{name}");
                }
                let opens = [("api_key", &app), ("secret_key", &secret)];
                for (_, key) in opens.iter().filter(|(to, _)| opened_by.contains(to)) {
                    let let_in = ask.clone().with("api_key", key).send().await;
                    // What has nothing to validate looks for the contact or the wallet at once.
                    let of_wallet = *method == "get" && path.contains("/wallets/{id}");
                    let expected = match of_wallet || *method == "delete" {
                        true => 404,
                        false => 422,
                    };
                    assert_eq!(let_in.status, expected, "{name} {body}");
                }
            }
        }
    }
    assert!(operations >= 14, "only {operations} operations");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_of_the_wrong_mode_is_refused_before_the_request_is_read() {
    let node = TestNode::start().await;
    for (method, path, mode, code) in [
        ("post", "/organisations", "test", "live_key_required"),
        ("put", "/organisations/{id}", "test", "live_key_required"),
        ("post", "/test_clock/advance", "live", "test_key_required"),
        ("get", "/test_clock", "live", "test_key_required"),
        ("get", "/test_inbox", "live", "test_key_required"),
    ] {
        let path = format!("/backoffice/v2{path}");
        let ask = nonsense(&node, method, &path, &json!([]));
        let ask = ask.with("api_key", &node.secret_key(mode));
        assert_eq!(ask.send().await.problem(), refused(403, code), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_opens_to_its_own_scope_alone() {
    let node = TestNode::start().await;
    let document = node.ask(Method::GET, "/backoffice/openapi.json");
    let document = document.send().await.json();
    let mut keys = HashMap::new();
    for scope in Scope::ALL {
        let others = Scope::ALL.into_iter().filter(|other| *other != scope);
        let (_, others) = node.make_key(Scopes::of(others), None).await;
        let (_, own) = node.make_key(Scopes::of([scope]), None).await;
        keys.insert(scope.name(), (own, others));
    }
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let name = format!("{} {path}", method.to_uppercase());
            let need = need(method, path);
            let opened_by = match need {
                Need::Nothing => json!([{}]),
                Need::RefreshToken => json!([{ "refresh_token": [] }]),
                Need::Token => json!([{ "access_token": [] }]),
                Need::Page(_) => json!([{ "api_key": [] }]),
                Need::Scope(_) => json!([{ "api_key": [] }, { "access_token": [] }]),
            };
            assert_eq!(operation["security"], opened_by, "{name}");
            let (Need::Scope(scope) | Need::Page(scope)) = need else {
                continue;
            };
            let (own, others) = &keys[scope];
            let ask = nonsense(&node, method, path, &json!([]));
            let refusal = ask.clone().with("api_key", others).send().await;
            assert_eq!(
                (refusal.problem(), refusal.text("detail")),
                (
                    refused(403, "insufficient_scope"),
                    format!("the key lacks the scope {scope}")
                ),
                "{name}"
            );
            let (_, code) = ask.with("api_key", own).send().await.problem();
            assert_ne!(code, "insufficient_scope", "{name}");
        }
    }
}

/// A role of one permission after the other, as it is changed under a session that goes on: what each opens, of every operation, with the user's
/// own place and in a masquerade.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_opens_to_the_permission_of_its_name_and_to_no_other() {
    let node = TestNode::start().await;
    // More of one user, and from one address, in a minute than may be asked for unless the tenant says otherwise.
    let many = json!({ "requests": 1_000_000, "seconds": 1 });
    let all = json!({ "account": many, "address": many });
    let all = json!({ "uncovered_offline_spend": "REJECT", "rate_limits": all });
    let set = put(&node, "/settings", &all).send().await;
    assert_eq!(set.status, 200, "{set:?}");
    let document = node.ask(Method::GET, "/backoffice/openapi.json");
    let document = document.send().await.json();
    let own = node.clerk().await;
    let masquerading = Scopes::of([Scope::Masquerade]);
    node.clerks_may(masquerading).await;
    let merchant = &node.seed.organisations.merchants[0].id;
    let path = format!("/organisations/{merchant}/masquerade");
    let masked = Session::of(&node.by(&own, Method::POST, &path).send().await);
    // Spelled out: what the product says of itself proves nothing.
    let withheld = [
        "keys.write",
        "users.write",
        "roles.write",
        "organisations.masquerade",
        "integrations.read",
        "integrations.write",
    ];
    for granted in Scope::ALL {
        let permissions = Scopes::of([granted, Scope::Masquerade]);
        node.clerks_may(permissions).await;
        for (path, methods) in document["paths"].as_object().unwrap() {
            for method in methods.as_object().unwrap().keys() {
                let Need::Scope(scope) = need(method, path) else {
                    continue;
                };
                let ask = nonsense(&node, method, path, &json!([])).without("api_key");
                for (session, is_masked) in [(&own, false), (&masked, true)] {
                    let token = format!("Bearer {}", session.access);
                    let answer = ask.clone().with("authorization", &token).send().await;
                    // The audit log is the whole network's.
                    let is_above = path.ends_with("/audit_log/export");
                    let is_withheld = is_masked && (is_above || withheld.contains(&scope));
                    let is_granted = scope == granted.name() && !is_withheld;
                    let is_open = answer.problem().1 != "insufficient_scope";
                    let name = format!(
                        "{method} {path} with {}, masked: {is_masked}",
                        granted.name()
                    );
                    assert_eq!(is_open, is_granted, "{name}: {answer:?}");
                    assert_ne!(answer.status, 401, "{name}");
                }
            }
        }
    }
}
