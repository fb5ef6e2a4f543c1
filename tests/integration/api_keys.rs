//! Keys that make, change, roll and revoke keys, over HTTP.

use clientele::clock::Clock;
use clientele::domain::api_key::Scope;
use clientele::domain::time::Span;
use serde_json::{Value, json};

use crate::commerce::put;
use crate::node::{Answer, TestNode, cents, eventually};

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

async fn create(node: &TestNode, body: Value) -> Answer {
    let created = node.post("/api_keys", &body).send().await;
    assert_eq!(created.status, 201, "{created:?}");
    created
}

async fn find(node: &TestNode, id: &str) -> Value {
    let found = node.get(&format!("/api_keys/{id}")).send().await;
    assert_eq!(found.status, 200, "{found:?}");
    found.json()
}

fn till() -> Value {
    json!({ "name": "till 7", "scopes": ["purchases.write", "wallets.read"] })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_shown_once_and_a_public_value_always() {
    let mut node = TestNode::start().await;
    let made = create(&node, till()).await;
    let (id, value) = (made.text("id"), made.text("value"));
    assert!(value.starts_with("sk_live_"), "{value}");
    let page = json!({ "name": "page", "type": "PUBLIC", "scopes": [] });
    let page = create(&node, page).await;
    assert!(page.text("value").starts_with("pk_live_"));

    for _ in 0..2 {
        let used = node.wallet(node.contact(0)).with("api_key", &value);
        assert_eq!(used.send().await.status, 200);
        let shown = find(&node, &id).await;
        assert!(shown.get("value").is_none(), "{shown}");
        assert_eq!(
            (&shown["name"], &shown["state"]),
            (&json!("till 7"), &json!("ACTIVE"))
        );
        assert_eq!(shown["scopes"], json!(["wallets.read", "purchases.write"]));
        assert!(shown["last_used_date"].is_i64(), "{shown}");
        let public = find(&node, &page.text("id")).await;
        assert_eq!(public["value"], page.json()["value"]);
        let list = node
            .get("/api_keys?size=100&include_total=true")
            .send()
            .await;
        assert!(!String::from_utf8_lossy(&list.body).contains("sk_live_"));
        let content = list.json()["content"].as_array().unwrap().clone();
        assert_eq!(content[0]["id"], page.json()["id"], "newest first");
        assert_eq!(content[0]["value"], page.json()["value"]);
        assert_eq!(content[1]["id"], id);
        assert_eq!(list.json()["paging"]["total"], content.len());
        node.restart().await;
    }
    let second = node.get("/api_keys?size=1&page=2").send().await.json();
    assert_eq!(second["content"][0]["id"], id);
    assert_eq!(second["paging"]["has_more"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_use_of_a_key_outlives_a_restart_and_is_the_last() {
    let mut node = TestNode::start().await;
    let made = create(&node, till()).await;
    let (id, value) = (made.text("id"), made.text("value"));
    assert_eq!(find(&node, &id).await["last_used_date"], Value::Null);
    let mut uses = Vec::new();
    for _ in 0..2 {
        node.clock.advance(Span::seconds(60));
        let used = node.wallet(node.contact(0)).with("api_key", &value);
        assert_eq!(used.send().await.status, 200);
        uses.push(find(&node, &id).await["last_used_date"].as_i64().unwrap());
        node.clock.advance(Span::seconds(60));
        // Twice: what is stored stays, though nobody uses the key in between.
        for _ in 0..2 {
            node.restart().await;
            let list = node.get("/api_keys?size=1").send().await.json();
            assert_eq!(list["content"][0]["last_used_date"], uses[uses.len() - 1]);
        }
        let keys = node.control("GET", "/keys?tenant=1&mode=live", "").await;
        assert!(
            keys.contains(&format!("\"last_used_at\":{}", uses[uses.len() - 1])),
            "{keys}"
        );
    }
    assert_eq!(uses[1] - uses[0], 120);
    // A change of the key, which publishes it anew, does not forget it.
    let renamed = node.put(&format!("/api_keys/{id}"), &json!({ "name": "till 8" }));
    assert_eq!(renamed.send().await.json()["last_used_date"], uses[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_can_be_asked_for_again_and_makes_no_second_key() {
    let mut node = TestNode::start().await;
    let ask =
        |node: &TestNode, body: &Value| node.post("/api_keys", body).with("idempotency-key", "k1");
    let first = ask(&node, &till()).send().await;
    assert_eq!(first.status, 201, "{first:?}");
    node.restart().await;
    assert_eq!(ask(&node, &till()).send().await.body, first.body);
    let other = json!({ "name": "other", "scopes": [] });
    let reused = ask(&node, &other).send().await;
    assert_eq!(reused.problem(), refused(422, "idempotency_key_reused"));
    let all = node.get("/api_keys?size=100").send().await.json();
    let content = all["content"].as_array().unwrap();
    let made = content.iter().filter(|key| key["name"] == "till 7");
    assert_eq!(made.count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_grants_nothing_that_it_lacks() {
    let node = TestNode::start().await;
    let body = json!({ "name": "clerk", "scopes": ["keys.read", "keys.write", "contacts.read"] });
    let clerk = create(&node, body).await.text("value");
    let as_clerk = async |path: &str, body: &Value| {
        let ask = node.post(path, body).with("api_key", &clerk);
        ask.send().await
    };
    let within = json!({ "name": "a", "scopes": ["contacts.read"] });
    let made = as_clerk("/api_keys", &within).await;
    assert_eq!(made.status, 201, "{made:?}");
    let beyond = json!({ "name": "b", "scopes": ["contacts.read", "wallets.read"] });
    let more = as_clerk("/api_keys", &beyond).await;
    assert_eq!(more.problem(), refused(403, "insufficient_scope"));

    let id = made.text("id");
    let raise = json!({ "scopes": ["contacts.read", "wallets.read"] });
    let raised = node.put(&format!("/api_keys/{id}"), &raise);
    let raised = raised.with("api_key", &clerk).send().await;
    assert_eq!(raised.problem(), refused(403, "insufficient_scope"));
    let strong = create(&node, till()).await.text("id");
    let stolen = as_clerk(&format!("/api_keys/{strong}/roll"), &json!({})).await;
    assert_eq!(stolen.problem(), refused(403, "insufficient_scope"));
    assert_eq!(find(&node, &strong).await["successor_id"], Value::Null);

    // Nor is what a stronger key can do taken away by a weaker one, nor its name changed.
    let path = format!("/api_keys/{strong}");
    for ask in [
        node.put(&path, &json!({ "name": "till 8" })),
        node.put(&path, &json!({ "scopes": [] })),
        node.post(&format!("{path}/revoke"), &json!({})),
    ] {
        let refusal = ask.with("api_key", &clerk).send().await;
        assert_eq!(refusal.problem(), refused(403, "insufficient_scope"));
    }
    let kept = find(&node, &strong).await;
    assert_eq!(
        (&kept["name"], &kept["state"]),
        (&json!("till 7"), &json!("ACTIVE"))
    );
    let own = as_clerk(&format!("/api_keys/{id}/revoke"), &json!({})).await;
    assert_eq!(own.status, 200, "{own:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changed_scopes_hold_for_the_next_request() {
    let mut node = TestNode::start().await;
    let made = create(&node, till()).await;
    let path = format!("/api_keys/{}", made.text("id"));
    let ask = |node: &TestNode| {
        node.wallet(node.contact(0))
            .with("api_key", &made.text("value"))
    };
    assert_eq!(ask(&node).send().await.status, 200);
    let less = json!({ "scopes": ["purchases.write"] });
    assert_eq!(node.put(&path, &less).send().await.status, 200);
    for _ in 0..2 {
        let answer = ask(&node).send().await;
        assert_eq!(answer.problem(), refused(403, "insufficient_scope"));
        node.restart().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_keys_of_a_roll_work_until_its_end_and_share_their_idempotency() {
    let mut node = TestNode::start().await;
    let made = create(&node, till()).await;
    let (id, old) = (made.text("id"), made.text("value"));
    let buyer = node.contact(0).clone();
    let buy =
        |node: &TestNode, key: &str| node.purchase(&buyer, 20, "sold-once").with("api_key", key);
    let sold = buy(&node, &old).send().await;
    assert_eq!(sold.status, 200, "{sold:?}");

    let now = find(&node, &id).await["created_date"].as_i64().unwrap();
    let path = format!("/api_keys/{id}/roll");
    let body = json!({ "expire_current_at": now + 3_600 });
    let roll = |node: &TestNode| node.post(&path, &body).with("idempotency-key", "r1");
    let rolled = roll(&node).send().await;
    assert_eq!(rolled.status, 201, "{rolled:?}");
    let new = rolled.text("value");
    assert_ne!(new, old);
    assert_eq!(rolled.json()["scopes"], made.json()["scopes"]);
    let current = find(&node, &id).await;
    assert_eq!(current["successor_id"], rolled.json()["id"]);
    assert_eq!(current["expiration_date"], now + 3_600);

    node.clock.advance(Span::seconds(3_599));
    node.restart().await;
    for key in [&old, &new] {
        assert_eq!(buy(&node, key).send().await.body, sold.body);
    }
    assert_eq!(node.balance(&buyer).await, cents(100), "it was sold once");
    let again = node.post(&path, &json!({})).send().await;
    assert_eq!(again.problem(), refused(409, "api_key_inactive"));

    node.clock.advance(Span::seconds(1));
    for _ in 0..2 {
        let late = node.wallet(&buyer).with("api_key", &old).send().await;
        assert_eq!(late.problem(), refused(401, "api_key_expired"));
        let told = "the key was rolled and its grace is over; send the key that took its place";
        assert_eq!(late.text("detail"), told);
        let guessed = format!("{}A", &old[..old.len() - 1]);
        let guess = node.wallet(&buyer).with("api_key", &guessed).send().await;
        assert_eq!(guess.problem(), refused(401, "invalid_api_key"));
        let on = node.wallet(&buyer).with("api_key", &new).send().await;
        assert_eq!(on.status, 200);
        node.restart().await;
    }
    eventually("the expiry is recorded", async || {
        find(&node, &id).await["state"] == "EXPIRED"
    })
    .await;
    // The answer to the roll may still be asked for.
    assert_eq!(roll(&node).send().await.text("value"), new);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolled_key_ends_when_the_one_before_it_would_have() {
    let node = TestNode::start().await;
    let ends = node.clock.wall().0 / 1_000 + 86_400;
    let mut body = till();
    body["expiration_date"] = json!(ends);
    let made = create(&node, body).await;
    let path = format!("/api_keys/{}/roll", made.text("id"));
    let roll = || node.post(&path, &json!({})).with("idempotency-key", "r1");
    for _ in 0..2 {
        let rolled = roll().send().await;
        assert_eq!(rolled.status, 201, "{rolled:?}");
        assert_eq!(rolled.json()["expiration_date"], ends);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_rolls_at_once_one_gets_a_key() {
    let node = TestNode::start().await;
    let path = format!("/api_keys/{}/roll", create(&node, till()).await.text("id"));
    let asked: Vec<_> = (0..8)
        .map(|_| node.post(&path, &json!({})).begin())
        .collect();
    let mut rolled = 0;
    for pending in asked {
        let answer = pending.answer().await;
        match answer.status {
            201 => rolled += 1,
            _ => assert_eq!(answer.problem(), refused(409, "api_key_inactive")),
        }
    }
    assert_eq!(rolled, 1);
    let all = node.get("/api_keys?size=100").send().await.json();
    let of_till = all["content"].as_array().unwrap().iter();
    let work = of_till.filter(|key| key["name"] == "till 7" && key["state"] == "ACTIVE");
    assert_eq!(work.count(), 1, "a key that nobody was told of works");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_key_stays_in_the_list_and_opens_nothing() {
    let mut node = TestNode::start().await;
    let made = create(&node, till()).await;
    let path = format!("/api_keys/{}", made.text("id"));
    let revoke = |node: &TestNode| node.post(&format!("{path}/revoke"), &json!({}));
    for _ in 0..2 {
        let revoked = revoke(&node).send().await;
        assert_eq!(
            (revoked.status, revoked.text("state")),
            (200, "REVOKED".to_owned())
        );
        let ask = node
            .wallet(node.contact(0))
            .with("api_key", &made.text("value"));
        assert_eq!(ask.send().await.problem(), refused(401, "invalid_api_key"));
        node.restart().await;
    }
    let change = node.put(&path, &json!({ "name": "again" })).send().await;
    assert_eq!(change.problem(), refused(409, "api_key_inactive"));
    let roll = node.post(&format!("{path}/roll"), &json!({})).send().await;
    assert_eq!(roll.problem(), refused(409, "api_key_inactive"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_another_mode_look_like_nothing() {
    let node = TestNode::start().await;
    let test = node.secret_key("test");
    let made = node.post("/api_keys", &till()).with("api_key", &test);
    let made = made.send().await;
    assert_eq!((made.status, made.text("mode")), (201, "TEST".to_owned()));
    assert!(made.text("value").starts_with("sk_test_"));
    let other = made.text("id");
    let mut unknown = other.clone();
    unknown.replace_range(0..8, "00000000");
    for (method, rest) in [
        ("get", ""),
        ("put", ""),
        ("post", "/roll"),
        ("post", "/revoke"),
    ] {
        let ask = async |id: &str| {
            let path = format!("/api_keys/{id}{rest}");
            let ask = match method {
                "get" => node.get(&path),
                "put" => node.put(&path, &json!({})),
                _ => node.post(&path, &json!({})),
            };
            let answer = ask.send().await;
            let mut body = answer.json();
            body["request_id"] = Value::Null;
            (answer.status, body)
        };
        let foreign = ask(&other).await;
        assert_eq!(foreign.0, 404);
        assert_eq!(foreign, ask(&unknown).await, "{method} {rest}");
    }
    let list = node.get("/api_keys?size=100").send().await.json();
    let content = list["content"].as_array().unwrap();
    assert!(content.iter().all(|key| key["mode"] == "LIVE"));
    let mut crossing = till();
    crossing["mode"] = json!("TEST");
    let crossed = node.post("/api_keys", &crossing).send().await;
    assert_eq!(crossed.problem(), refused(422, "invalid_request"));
    assert_eq!(crossed.json()["errors"][0]["pointer"], "/mode");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_of_an_organisation_stays_within_it() {
    let node = TestNode::start().await;
    let merchants = &node.seed.organisations.merchants;
    let (own, other) = (&merchants[0], &merchants[1]);
    let scopes = json!(["keys.read", "keys.write", "purchases.write"]);
    let body = json!({ "name": "m", "scopes": scopes, "organisation_id": own.id });
    let key = create(&node, body).await.text("value");
    let sell = async |venue: &str| {
        let mut body = node.purchase_body(node.contact(0), 20);
        body["organisation"] = json!({ "id": venue });
        let sold = node.post("/purchases", &body).with("api_key", &key);
        sold.send().await
    };
    assert_eq!(sell(&own.venues[0].id).await.status, 200);
    let elsewhere = sell(&other.venues[0].id).await;
    assert_eq!(elsewhere.problem(), refused(400, "unknown_organisation"));

    let make = async |organisation: Option<&str>| {
        let mut body = json!({ "name": "v", "scopes": ["purchases.write"] });
        if let Some(id) = organisation {
            body["organisation_id"] = json!(id);
        }
        let made = node.post("/api_keys", &body).with("api_key", &key);
        made.send().await
    };
    let outside = make(Some(&other.id)).await;
    assert_eq!(outside.problem(), refused(400, "unknown_organisation"));
    let inside = make(Some(&own.venues[0].id)).await;
    assert_eq!(inside.status, 201, "{inside:?}");
    assert_eq!(make(None).await.json()["organisation"]["id"], own.id);

    let everywhere = create(&node, till()).await.text("id");
    let hidden = node.get(&format!("/api_keys/{everywhere}"));
    let hidden = hidden.with("api_key", &key).send().await;
    assert_eq!(hidden.problem(), refused(404, "not_found"));
    let list = node.get("/api_keys?size=100").with("api_key", &key);
    let list = list.send().await.json();
    assert_eq!(list["content"].as_array().unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_refused_where_its_fields_are_wrong() {
    let node = TestNode::start().await;
    for (body, pointer) in [
        (json!({ "name": " ", "scopes": [] }), "/name"),
        (
            json!({ "name": "a", "scopes": ["purchases.write", "everything"] }),
            "/scopes/1",
        ),
        (
            json!({ "name": "a", "scopes": [], "expiration_date": 1 }),
            "/expiration_date",
        ),
        (json!({ "name": "a" }), "/scopes"),
    ] {
        let answer = node.post("/api_keys", &body).send().await;
        assert_eq!(answer.problem(), refused(422, "invalid_request"), "{body}");
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer);
    }
    let unknown = json!({ "name": "a", "scopes": [], "value": "sk_live_mine" });
    let unknown = node.post("/api_keys", &unknown).send().await;
    assert_eq!(unknown.problem(), refused(422, "unknown_field"));

    let self_service =
        json!({ "name": "app", "gateway": "SELF_SERVICE", "scopes": ["wallets.read"] });
    let app = create(&node, self_service).await.text("value");
    let here = node
        .wallet(node.contact(0))
        .with("api_key", &app)
        .send()
        .await;
    assert_eq!(here.problem(), refused(403, "insufficient_scope"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_control_socket_rolls_by_the_same_rules() {
    let node = TestNode::start().await;
    let made = create(&node, till()).await;
    let path = format!("/keys/{}/roll?tenant=1", made.text("id"));
    let rolled = node.control("POST", &path, "{}").await;
    assert!(rolled.starts_with("HTTP/1.1 200"), "{rolled}");
    let body: Value = serde_json::from_str(rolled.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let ask = |key: &str| node.wallet(node.contact(0)).with("api_key", key);
    let new = ask(body["value"].as_str().unwrap()).send().await;
    assert_eq!(new.status, 200, "{new:?}");
    let old = ask(&made.text("value")).send().await;
    assert_eq!(old.problem(), refused(401, "api_key_expired"));
    let again = node.control("POST", &path, "{}").await;
    assert!(again.starts_with("HTTP/1.1 409"), "{again}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_public_key_has_no_scope_that_opens_nothing_to_it() {
    let node = TestNode::start().await;
    let open = |gateway: &str| match gateway {
        "SELF_SERVICE" => vec!["contacts.register", "contacts.exists", "contacts.guests"],
        _ => vec!["organisations.register"],
    };
    for gateway in ["BACK_OFFICE", "SELF_SERVICE"] {
        let key = |scopes: &[&str]| json!({ "name": "page", "type": "PUBLIC", "gateway": gateway, "scopes": scopes });
        let made = create(&node, key(&open(gateway))).await;
        let path = format!("/api_keys/{}", made.text("id"));
        for scope in Scope::ALL.map(Scope::name) {
            if open(gateway).contains(&scope) {
                continue;
            }
            let scopes = [open(gateway)[0], scope];
            for refusal in [
                node.post("/api_keys", &key(&scopes)).send().await,
                put(&node, &path, &json!({ "scopes": scopes })).send().await,
            ] {
                assert_eq!(refusal.problem(), refused(422, "invalid_request"));
                let fault = &refusal.json()["errors"][0];
                assert_eq!(
                    (&fault["pointer"], &fault["code"]),
                    (&json!("/scopes/1"), &json!("not_for_public_keys"))
                );
                let allowed = open(gateway).join(", ");
                assert!(
                    fault["detail"].as_str().unwrap().contains(&allowed),
                    "{fault}"
                );
            }
        }
        let kept = find(&node, &made.text("id")).await;
        assert_eq!(kept["scopes"], made.json()["scopes"]);
    }
    let asked = r#"{"name": "page", "visibility": "public", "mode": "live", "tenant": 1, "scopes": ["wallets.read"]}"#;
    let refusal = node.control("POST", "/keys", asked).await;
    assert!(refusal.starts_with("HTTP/1.1 422"), "{refusal}");
    assert!(refusal.contains("organisations.register"), "{refusal}");
    let asked = asked.replace(r#""wallets.read""#, "");
    let made = node.control("POST", "/keys", &asked).await;
    assert!(made.starts_with("HTTP/1.1 200"), "{made}");
    let made: Value = serde_json::from_str(made.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let made = find(&node, made["id"].as_str().unwrap()).await;
    assert_eq!(made["scopes"], json!(["organisations.register"]));
}
