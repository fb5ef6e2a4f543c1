//! What is of another network, or of the other mode, looks like nothing at all: at every operation of the Back Office that names something, and in
//! every list of it. A new operation is held to it without a line here, unless it asks for a body.

use std::cmp::Reverse;
use std::collections::HashMap;

use http::Method;
use serde_json::{Value, json};

use crate::client::Ask;
use crate::commerce::put;
use crate::contact_changes::looks;
use crate::keys::strangers;
use crate::node::TestNode;
use crate::users::Session;

const NOBODY: &str = "69691e1e-1d90-4355-8b78-acd41ef577f4";
const PASSWORD: &str = "vivid turtle 9";

/// Whatever tells the two modes of a network apart: the rest is of both.
const OF_A_MODE: [&str; 12] = [
    "api_keys",
    "contacts",
    "wallets",
    "purchases",
    "estimates",
    "reward_offers",
    "reward_schemes",
    "reward_tiers",
    "segments",
    "identity_providers",
    "custom_fields",
    "applications",
];

/// An id of each kind, by the word that stands before it in a path.
type Ids = HashMap<&'static str, String>;

/// The path that `described` stands for, and the kind of what it names.
fn path_of(described: &str, ids: &Ids) -> (String, String) {
    let mut kind = String::new();
    let mut before = "";
    let mut parts = Vec::new();
    for part in described.split('/') {
        if part == "{cim}" {
            parts.push("CARD-1".to_owned());
        } else if part.starts_with('{') {
            let of = if before == "switch" {
                "organisations"
            } else {
                before
            };
            let id = ids
                .get(of)
                .unwrap_or_else(|| panic!("what is an id of {of}?"));
            parts.push(id.clone());
            kind = of.to_owned();
        } else {
            parts.push(part.to_owned());
        }
        before = part;
    }
    (parts.join("/"), kind)
}

/// A body that each write accepts of whoever may send it; `venue` is an organisation of the caller's.
fn body_of(method: &str, described: &str, venue: &str) -> Value {
    let path = described.splitn(4, '/').nth(3).unwrap();
    let kind = path.split('/').next().unwrap();
    let rest = path.rsplit('}').next().unwrap();
    let award = json!({ "awards": [{ "amount": 5, "amount_type": "PERCENTAGE" }] });
    match (method, kind, rest) {
        ("put", "contacts", "") => json!({ "first_name": "Eve" }),
        ("put", "users", "") => json!({ "last_name": "Eve" }),
        ("put", "roles", "") => json!({ "name": "Eve", "permissions": [] }),
        ("put", "segments", "") => json!({ "name": "Eve", "contact_types": ["PERSON"] }),
        ("put", "reward_tiers", "") => json!({ "name": "Eve", "value_units": 10 }),
        ("put", "reward_schemes", "") => json!({ "name": "Eve", "sign_up_option": "AUTO_SIGN_UP" }),
        ("put", "applications", "") => {
            json!({ "name": "Eve", "type": "WEB", "platforms": [{ "platform": "WEB", "platform_id": "eve" }] })
        }
        ("put", "custom_fields", "") => {
            json!({ "entity": "LEADS", "key": "born", "label": "Eve", "field": "DATE" })
        }
        ("put", "reward_offers", "") => json!({ "name": "Eve", "awards": award["awards"] }),
        ("put", "api_keys" | "organisations", "") => json!({ "name": "Eve" }),
        (_, _, "/awards") => award,
        (_, _, "/life_cycle_state") => json!({ "life_cycle_state": "INACTIVE" }),
        (_, _, "/limits") => json!({ "limit_rules": [] }),
        (_, _, "/tags") => json!({ "tags": [] }),
        (_, _, "/otp") if described.contains("/v1/") => json!({ "send_method": "SMS" }),
        (_, _, "/otp") => json!({ "method": "SMS" }),
        (_, _, "/validate_otp" | "/validate-otp") => json!({ "auth_otp": "0", "code": "000000" }),
        (_, _, "/cards") => json!({ "cim": "CARD-1" }),
        (_, _, "/journals") => json!({ "action": "CREDIT", "entity": "WALLET", "amount": 1 }),
        (_, _, "/organisations") => json!({ "organisation_id": venue, "action": "SIGNUP" }),
        (_, _, "/test") => json!({ "channel": "SMS", "recipient": "+442079460018" }),
        (_, _, "/change_password") => {
            json!({ "current_password": "x", "password": "calm otter 78" })
        }
        (_, _, "/masquerade" | "/reset_totp") | ("delete", ..) => Value::Null,
        (_, _, "/roll" | "/revoke" | "/cancel" | "/deactivate" | "/sign_out" | "/switch")
        | (_, "organisations", "") => json!({}),
        other => panic!("what does {other:?} accept?"),
    }
}

/// Somebody who calls: with a key, or as a user.
#[derive(Clone)]
struct Somebody {
    who: &'static str,
    header: &'static str,
    credential: String,
    /// Where it may sell.
    venue: String,
    /// Whether it is of the other mode, and not of another network.
    is_of_test: bool,
}

impl Somebody {
    fn is_user(&self) -> bool {
        self.header == "authorization"
    }

    fn asks(&self, node: &TestNode, method: &str, described: &str, ids: &Ids) -> Ask {
        let (path, _) = path_of(described, ids);
        let method_ = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let ask = node
            .ask(method_, &path)
            .without("api_key")
            .with(self.header, &self.credential);
        match method {
            "get" => ask,
            _ => ask.with("content-type", "application/json").body(&body_of(
                method,
                described,
                &self.venue,
            )),
        }
    }
}

fn bearer(session: &Session) -> String {
    format!("Bearer {}", session.access)
}

/// What the demo network has of everything.
async fn everything(node: &TestNode) -> Ids {
    let made = async |path: &str, body: &Value| {
        let answer = node.post(path, body).send().await;
        assert!((200..300).contains(&answer.status), "{path} {answer:?}");
        answer.text("id")
    };
    let buyer = node.contact(0).clone();
    let fund = json!({ "wallet_id": buyer.wallet_id, "amount": 10 });
    made("/topups", &fund).await;
    let phone = json!({ "phones": [{ "number": "+442079460018", "is_primary": true }] });
    let phone = put(node, &format!("/contacts/{}", buyer.id), &phone).send();
    assert_eq!(phone.await.status, 200);
    let mut hold = node.purchase_body(&buyer, 20);
    hold["spend_request"] = json!({ "amount": 5 });
    hold["block_wallet_funds"] = json!(true);
    let webhook = json!({
        "name": "Our own", "connector": "WEBHOOK",
        "webhook": { "url": "http://127.0.0.1:9/codes", "channels": ["SMS"] },
    });
    let provider = json!({ "type": "GOOGLE", "client_id": "our-app" });
    let scheme = json!({ "name": "Club", "sign_up_option": "AUTO_SIGN_UP" });
    let offer =
        json!({ "name": "Five back", "awards": [{ "amount": 5, "amount_type": "PERCENTAGE" }] });
    let key = json!({ "name": "till", "type": "SECRET", "scopes": ["purchases.write"] });
    let role = json!({ "name": "Clerk", "permissions": ["settings.read"] });
    let app = json!({ "name": "Shop", "type": "WEB", "platforms": [{ "platform": "WEB", "platform_id": "shop" }] });
    let field = json!({ "entity": "LEADS", "key": "born", "label": "Born", "field": "DATE" });
    HashMap::from([
        ("contacts", buyer.id.clone()),
        ("wallets", buyer.wallet_id.clone()),
        (
            "purchases",
            made("/purchases", &node.purchase_body(&buyer, 20)).await,
        ),
        ("estimates", made("/purchases/estimates", &hold).await),
        ("reward_offers", made("/reward_offers", &offer).await),
        ("reward_schemes", made("/reward_schemes", &scheme).await),
        (
            "reward_tiers",
            made(
                "/reward_tiers",
                &json!({ "name": "Gold", "value_units": 100 }),
            )
            .await,
        ),
        (
            "segments",
            made(
                "/segments",
                &json!({ "name": "People", "contact_types": ["PERSON"] }),
            )
            .await,
        ),
        ("api_keys", made("/api_keys", &key).await),
        ("custom_fields", made("/custom_fields", &field).await),
        ("applications", made("/applications", &app).await),
        ("roles", made("/roles", &role).await),
        ("integrations", made("/integrations", &webhook).await),
        (
            "identity_providers",
            made("/identity_providers", &provider).await,
        ),
        (
            "organisations",
            node.seed.organisations.merchants[0].id.clone(),
        ),
        ("users", node.seed.users[0].id.clone()),
    ])
}

/// Who is not of the demo network's live business, and may do all that its own may.
async fn foreigners(node: &TestNode) -> Vec<Somebody> {
    let (their_key, _) = strangers(node).await;
    node.stranger_owner("eve@example.com", PASSWORD).await;
    let eve = Session::of(&node.typed("eve@example.com", PASSWORD).send().await);
    let theirs = eve.body["organisation"]["id"].as_str().unwrap().to_owned();
    let owner = node.owner().await;
    let trier = node.by(&owner, Method::POST, "/users/mode");
    let trier = Session::of(&trier.body(&json!({ "mode": "TEST" })).send().await);
    let own = node.seed.organisations.merchants[0].id.clone();
    let somebody = |who, header, credential: String, venue: &str, is_of_test| Somebody {
        who,
        header,
        credential,
        venue: venue.to_owned(),
        is_of_test,
    };
    vec![
        somebody(
            "another network's key",
            "api_key",
            their_key,
            &theirs,
            false,
        ),
        somebody(
            "another network's user",
            "authorization",
            bearer(&eve),
            &theirs,
            false,
        ),
        somebody(
            "a key of test mode",
            "api_key",
            node.secret_key("test"),
            &own,
            true,
        ),
        somebody(
            "a session of test mode",
            "authorization",
            bearer(&trier),
            &own,
            true,
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_of_another_network_or_mode_is_unknown_at_every_operation_that_names_it() {
    let node =
        TestNode::start_with(|config| config.outbound.allow_networks = "127.0.0.0/8".into()).await;
    let ours = everything(&node).await;
    let foreigners = foreigners(&node).await;
    let nobody: Ids = ours.keys().map(|kind| (*kind, NOBODY.to_owned())).collect();
    let document = node.ask(Method::GET, "/backoffice/openapi.json");
    let document = document.send().await.json();
    let mut named = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let takes_keys = operation["security"].to_string().contains("api_key");
            let is_open = operation["security"].to_string().contains("access_token");
            if path.contains('{') {
                named.push((method.as_str(), path.as_str(), takes_keys));
            } else if method == "get" && is_open {
                for somebody in &foreigners {
                    let list = somebody.asks(&node, method, path, &ours).send().await;
                    let text = String::from_utf8_lossy(&list.body).into_owned();
                    for (kind, id) in &ours {
                        let is_theirs = somebody.is_of_test && !OF_A_MODE.contains(kind);
                        assert!(
                            is_theirs || !text.contains(id),
                            "{} {path}: {text}",
                            somebody.who
                        );
                    }
                }
            }
        }
    }
    let mut asked = 0;
    for (method, path, takes_keys) in &named {
        let (_, kind) = path_of(path, &ours);
        for somebody in &foreigners {
            let has_it = somebody.is_of_test && !OF_A_MODE.contains(&kind.as_str());
            if has_it || !(*takes_keys || somebody.is_user()) {
                continue;
            }
            let unknown = somebody.asks(&node, method, path, &nobody).send().await;
            let foreign = somebody.asks(&node, method, path, &ours).send().await;
            let name = format!("{method} {path} by {}", somebody.who);
            assert_eq!(
                unknown.problem(),
                (404, "not_found".to_owned()),
                "{name}: {unknown:?}"
            );
            assert_eq!(looks(&foreign), looks(&unknown), "{name}");
            asked += 1;
        }
    }
    assert!(asked >= 200, "only {asked}");
    // And nobody would find what is named, were it not there or asked for wrongly: last what ends something.
    let ends = |(method, path, _): &(&str, &str, bool)| {
        let verbs = ["/deactivate", "/revoke", "/sign_out"];
        *method == "delete" || verbs.iter().any(|verb| path.ends_with(verb))
    };
    // The longest path first: what a contact has goes before the contact.
    named.sort_by_key(|it| (ends(it), Reverse(it.1.len())));
    // Version 1 would look for what version 2 has deleted.
    named.retain(|(method, path, _)| *method != "delete" || path.contains("/v2/"));
    let own = |header, credential| Somebody {
        who: "the network itself",
        header,
        credential,
        venue: node.seed.organisations.merchants[0].id.clone(),
        is_of_test: false,
    };
    let key = own("api_key", node.secret_key("live"));
    let user = own("authorization", bearer(&node.owner().await));
    for (method, path, takes_keys) in &named {
        let itself = if *takes_keys { &key } else { &user };
        let known = itself.asks(&node, method, path, &ours).send().await;
        let is_switch_elsewhere = path.contains("switch");
        assert!(
            is_switch_elsewhere || ![404, 422].contains(&known.status),
            "{method} {path}: {known:?}"
        );
    }
}
