//! What browsers make of answers: pages that may read them, and what is kept, run or sent along without being asked. And that no request changes
//! more than it names: nothing of it is bound to a field that it should not reach.

use http::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Ask};
use crate::node::TestNode;

const SHOP: &str = "https://shop.example.test";
const PHONE: &str = "+447566224395";

/// What a browser asks before it lets a page of `origin` send a write.
fn preflight(node: &TestNode, path: &str, origin: &str) -> Ask {
    node.ask(Method::OPTIONS, path)
        .without("api_key")
        .with("origin", origin)
        .with("access-control-request-method", "POST")
        .with("access-control-request-headers", "api_key,content-type")
}

fn allowed(answer: &Answer) -> &str {
    answer.header("access-control-allow-origin")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_listed_origins_may_call_and_no_others() {
    let listed = format!("{SHOP}, http://localhost:5173");
    let node = TestNode::start_with(|config| config.server.allowed_origins = listed).await;
    let path = "/self-service/v2/contacts/register";
    let app = "/contacts/register";
    for origin in [SHOP, "http://localhost:5173"] {
        let asked = preflight(&node, path, origin).send().await;
        assert_eq!((asked.status, allowed(&asked)), (204, origin));
        assert!(
            asked
                .header("access-control-allow-methods")
                .contains("POST")
        );
        let may_send = asked.header("access-control-allow-headers");
        for name in [
            "api_key",
            "authorization",
            "content-type",
            "idempotency-key",
            "if-none-match",
            "refresh_token",
        ] {
            assert!(may_send.contains(name), "{name}");
        }
        // What was refused is read as well.
        for (status, key) in [(422, node.app_key("test")), (401, "pk_test_0".to_owned())] {
            let ask = node.app(app, &json!({})).with("api_key", &key);
            let answer = ask.with("origin", origin).send().await;
            assert_eq!((answer.status, allowed(&answer)), (status, origin));
            assert_eq!(answer.header("vary"), "origin");
            let may_read = answer.header("access-control-expose-headers");
            assert!(may_read.contains("retry-after") && may_read.contains("x-request-id"));
            assert_eq!(answer.header("access-control-allow-credentials"), "");
        }
    }
    for origin in ["https://other.test", "http://shop.example.test", "null"] {
        let asked = preflight(&node, path, origin).send().await;
        assert_eq!((asked.status, allowed(&asked)), (405, ""), "{origin}");
        let answer = node.app(app, &json!({})).with("origin", origin);
        let answer = answer.send().await;
        assert_eq!((allowed(&answer), answer.header("vary")), ("", "origin"));
    }
    // Where none is listed, nothing says that there could be any.
    let closed = TestNode::start().await;
    let asked = preflight(&closed, path, SHOP).send().await;
    assert_eq!(
        (asked.status, allowed(&asked), asked.header("vary")),
        (405, "", "")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_sets_a_cookie_or_may_be_kept_or_guessed_at_or_framed() {
    let node = TestNode::start_with(|config| {
        config.server.public_url = "https://crm.example.test".to_owned();
    })
    .await;
    let person = node.signed_up(PHONE).await;
    let owner = node.seed.users[0].clone();
    let entering = json!({ "username": owner.username, "password": owner.password });
    for (status, ask) in [
        (200, person.read(&node)),
        (200, person.refreshed(&node)),
        (401, person.read(&node).without("authorization")),
        (404, node.ask(Method::GET, "/no/such/path")),
        (200, node.wallet(node.contact(0))),
        (200, node.purchase(node.contact(0), 20, "a")),
        (422, node.post("/purchases", &json!({}))),
        (200, node.ask(Method::GET, "/self-service/openapi.json")),
        (200, node.ask(Method::GET, "/.well-known/jwks.json")),
        (
            200,
            node.stranger(Method::POST, "/users/authenticate")
                .body(&entering),
        ),
    ] {
        let url = ask.url.clone();
        let answer = ask.send().await;
        assert_eq!(answer.status, status, "{url} {answer:?}");
        assert_eq!(answer.header("set-cookie"), "", "{url}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{url}");
        let policy = answer.header("content-security-policy");
        assert_eq!(
            policy, "default-src 'none'; frame-ancestors 'none'",
            "{url}"
        );
        let secure = answer.header("strict-transport-security");
        assert!(secure.starts_with("max-age=31536000"), "{url} {secure:?}");
        let is_public = url.ends_with("jwks.json");
        let cache = answer.header("cache-control");
        assert!(cache == "no-store" || is_public, "{url} {cache}");
    }
    // In clear nobody is told to come back by TLS.
    let in_clear = TestNode::start().await;
    let answer = in_clear.ask(Method::GET, "/.well-known/jwks.json");
    let answer = answer.send().await;
    assert_eq!(answer.header("strict-transport-security"), "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reference_runs_nothing_but_its_own_files() {
    let node = TestNode::start().await;
    for gateway in ["/backoffice", "/self-service"] {
        let page = node.ask(Method::GET, &format!("{gateway}/docs/"));
        let page = page.without("api_key").send().await;
        assert_eq!(page.status, 200);
        let policy = page.header("content-security-policy").to_owned();
        let part = |name: &str| policy.split("; ").find_map(|it| it.strip_prefix(name));
        assert_eq!(part("default-src "), Some("'self'"));
        assert_eq!(part("frame-ancestors "), Some("'none'"));
        // No policy of their own for scripts: theirs is that of all.
        assert_eq!(part("script-src "), None);
        let text = String::from_utf8(page.body.to_vec()).unwrap();
        let named = text.split(['"', '\'']).filter(|it| it.contains("://"));
        assert_eq!(named.collect::<Vec<_>>(), Vec::<&str>::new());
        // Each script is a file, and is there.
        let scripts = text.split("<script").skip(1);
        let mut files = 0;
        for script in scripts {
            let (_, from) = script.split_once("src=\"").unwrap();
            let file = from.split('"').next().unwrap().trim_start_matches("./");
            let path = format!("{gateway}/docs/{file}");
            let served = node.ask(Method::GET, &path).send().await;
            assert_eq!(served.status, 200, "{path}");
            assert_eq!(served.header("content-security-policy"), policy);
            files += 1;
        }
        assert!(files >= 2, "{text}");
    }
}

/// Every object of a schema that lets through what it does not name.
fn open_objects(document: &Value, schema: &Value, at: &str, found: &mut Vec<String>) {
    if at.matches('/').count() > 12 {
        return;
    }
    if let Some(name) = schema["$ref"].as_str() {
        let pointer = name.trim_start_matches('#');
        return open_objects(document, document.pointer(pointer).unwrap(), at, found);
    }
    for variants in ["oneOf", "anyOf", "allOf"] {
        for one in schema[variants].as_array().into_iter().flatten() {
            open_objects(document, one, at, found);
        }
    }
    if let Some(properties) = schema["properties"].as_object() {
        if schema["additionalProperties"] != json!(false) {
            found.push(at.to_owned());
        }
        for (name, property) in properties {
            open_objects(document, property, &format!("{at}/{name}"), found);
        }
    }
    if schema["items"].is_object() {
        open_objects(document, &schema["items"], &format!("{at}/*"), found);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_operation_takes_a_field_that_it_does_not_name() {
    let node = TestNode::start().await;
    let session = node.owner().await;
    let [owner, refresh] = [&session.access, &session.refresh].map(|it| format!("Bearer {it}"));
    let person = format!("Bearer {}", node.signed_up(PHONE).await.access);
    let mut operations = 0;
    let (mut wrong, mut open) = (Vec::new(), Vec::new());
    for gateway in ["/backoffice", "/self-service"] {
        let document = node.ask(Method::GET, &format!("{gateway}/openapi.json"));
        let document = document.send().await.json();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let media = &operation["requestBody"]["content"]["application/json"];
                if media.is_null() {
                    continue;
                }
                let name = format!("{} {path}", method.to_uppercase());
                open_objects(&document, &media["schema"], &name, &mut open);
                operations += 1;
                let opened_by = operation["security"].to_string();
                let parts = path.split('/').map(|part| match part.starts_with('{') {
                    true => "69691e1e-1d90-4355-8b78-acd41ef577f4",
                    false => part,
                });
                let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
                let path = parts.collect::<Vec<_>>().join("/");
                let ask = node.ask(method, &path).without("api_key");
                let ask = ask.with("content-type", "application/json");
                let ask = match gateway {
                    "/backoffice" if path.ends_with("/test_clock/advance") => {
                        ask.with("api_key", &node.secret_key("test"))
                    }
                    "/backoffice" if path.ends_with("/users/refresh") => {
                        ask.with("authorization", &refresh)
                    }
                    "/backoffice" if opened_by.contains("api_key") => {
                        ask.with("api_key", &node.secret_key("live"))
                    }
                    "/backoffice" => ask.with("authorization", &owner),
                    // What a business sets, of which the wallet's owner reads only.
                    _ if path.ends_with("/limits") => ask.with("api_key", &node.secret_key("test")),
                    _ if opened_by.contains("access_token") => ask.with("authorization", &person),
                    _ => ask.with("api_key", &node.app_key("test")),
                };
                let body = json!({ "a_field_of_nobody": true });
                let answer = ask.body(&body).send().await;
                let pointer = &answer.json()["errors"][0]["pointer"];
                let told = (
                    answer.problem(),
                    pointer.as_str().unwrap_or_default().to_owned(),
                );
                let expected = (
                    (422, "unknown_field".to_owned()),
                    "/a_field_of_nobody".to_owned(),
                );
                if told != expected {
                    wrong.push((name, told));
                }
            }
        }
    }
    assert_eq!(wrong, []);
    assert_eq!(open, Vec::<String>::new());
    assert!(operations > 100, "only {operations} operations");
}
