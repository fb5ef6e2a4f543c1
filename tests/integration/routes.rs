//! Every operation that the document knows refuses who may not use it: a new route is held to it without a line here, unless
//! its body cannot be told from its schema.

use clientele::domain::api_key::Scopes;
use http::Method;
use serde_json::{Map, Value, json};

use crate::node::TestNode;

/// What a valid body has beyond what its schema requires, by the end of the operation's name.
fn beyond_schema(name: &str, body: &mut Value) {
    if name.ends_with("/purchases") || name.ends_with("/purchases/estimates") {
        body["contact"] = json!({ "id": "a" });
    }
    if name.ends_with("/test_clock/advance") {
        body["seconds"] = json!(1);
    }
}

/// A value that fits `schema` as far as it goes: what is required, and nothing else.
fn example(document: &Value, schema: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        let path = reference.trim_start_matches('#');
        return example(document, document.pointer(path).unwrap());
    }
    for choice in ["allOf", "oneOf", "anyOf"] {
        if let Some(first) = schema[choice].get(0) {
            return example(document, first);
        }
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds[0].as_str().unwrap(),
        kind => kind.as_str().unwrap_or("object"),
    };
    match kind {
        "string" => json!("a"),
        "integer" | "number" => json!(1),
        "boolean" => json!(true),
        "array" => {
            let least = schema["minItems"].as_u64().unwrap_or_default();
            (0..least)
                .map(|_| example(document, &schema["items"]))
                .collect()
        }
        _ => {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let members = required.iter().map(|name| {
                let name = name.as_str().unwrap();
                let value = example(document, &schema["properties"][name]);
                (name.to_owned(), value)
            });
            Value::Object(members.collect::<Map<_, _>>())
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_refuses_who_may_not_use_it() {
    let node = TestNode::start().await;
    let document = node.ask(Method::GET, "/backoffice/openapi.json");
    let document = document.send().await.json();
    let public = node.seed.keys["live"].public.clone().unwrap();
    let (_, without_scopes) = node.make_key(Scopes::default(), None).await;
    let mut operations = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let name = format!("{} {path}", method.to_uppercase());
            operations += 1;
            assert_eq!(operation["security"], json!([{ "api_key": [] }]), "{name}");
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let real = path.replace("{id}", &node.contact(0).id);
            let mut ask = node.ask(method, &fill(&real));
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            if !schema.is_null() {
                let mut body = example(&document, schema);
                beyond_schema(&name, &mut body);
                ask = ask.with("content-type", "application/json").body(&body);
            }
            let nobody = ask.clone().without("api_key").send().await;
            assert_eq!(
                nobody.problem(),
                (401, "missing_credentials".to_owned()),
                "{name}"
            );
            let forged = ask.clone().with("api_key", "sk_live_0").send().await;
            assert_eq!(
                forged.problem(),
                (401, "invalid_api_key".to_owned()),
                "{name}"
            );
            let seen = ask.clone().with("api_key", &public).send().await;
            assert_eq!(
                seen.problem(),
                (403, "secret_key_required".to_owned()),
                "{name}"
            );
            let unscoped = ask.with("api_key", &without_scopes).send().await;
            assert_eq!(
                unscoped.problem(),
                (403, "insufficient_scope".to_owned()),
                "{name}"
            );
        }
    }
    assert!(operations > 20, "only {operations} operations");
}

/// The path with something in the place of every parameter that is left.
fn fill(path: &str) -> String {
    let parts = path.split('/').map(|part| match part.starts_with('{') {
        true => "1",
        false => part,
    });
    parts.collect::<Vec<_>>().join("/")
}
