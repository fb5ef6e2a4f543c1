//! What a served OpenAPI document says of an operation.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// How deep bodies may nest: the deepest of the contract has nine levels, and what may be null or is a list takes two of these each.
const DEPTH_MAX: usize = 24;

/// The parameters, statuses and fields that a document promises of one operation.
#[derive(Debug, Default)]
pub(crate) struct Described {
    /// The credentials of which any opens it.
    pub(crate) opened_by: BTreeSet<String>,
    pub(crate) queries: BTreeSet<String>,
    pub(crate) request: Fields,
    /// The fields of a request that may not be left out.
    pub(crate) demanded: BTreeSet<String>,
    pub(crate) statuses: BTreeSet<u16>,
    pub(crate) answer: Fields,
}

/// Paths such as `content.id`, each with the values that it is said to have.
pub(crate) type Fields = BTreeMap<String, BTreeSet<String>>;

/// What `document` says of `method` at `path`; nothing, if it does not know it. The names in braces are its own affair.
pub(crate) fn described(document: &Value, method: &str, path: &str) -> Option<Described> {
    let paths = document["paths"].as_object().unwrap();
    let (_, methods) = paths.iter().find(|(known, _)| same_path(known, path))?;
    let operation = methods.get(method.to_lowercase())?;
    let mut described = Described::default();
    let schemes = operation["security"].as_array().into_iter().flatten();
    for scheme in schemes.filter_map(Value::as_object) {
        described.opened_by.extend(scheme.keys().cloned());
    }
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        if parameter["in"] == "query" {
            let name = parameter["name"].as_str().unwrap();
            described.queries.insert(name.to_owned());
        }
    }
    let content = operation["requestBody"]["content"].as_object();
    for media in content.into_iter().flat_map(|types| types.values()) {
        collect(document, &media["schema"], "", 0, &mut described.request);
        demands(document, &media["schema"], &mut described.demanded);
    }
    for (status, answer) in operation["responses"].as_object().unwrap() {
        let Some(status) = status.parse().ok().filter(|it| (200..300).contains(it)) else {
            continue;
        };
        described.statuses.insert(status);
        let content = answer["content"].as_object();
        for media in content.into_iter().flat_map(|types| types.values()) {
            collect(document, &media["schema"], "", 0, &mut described.answer);
        }
    }
    Some(described)
}

fn same_path(one: &str, other: &str) -> bool {
    let named = |part: &str| part.starts_with('{');
    let (one, other): (Vec<_>, Vec<_>) = (one.split('/').collect(), other.split('/').collect());
    one.len() == other.len()
        && one
            .iter()
            .zip(&other)
            .all(|(one, other)| one == other || (named(one) && named(other)))
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(pointer) => document.pointer(pointer.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

/// The schemas of which one or all hold for what `schema` describes.
fn branches(schema: &Value) -> impl Iterator<Item = &Value> {
    ["allOf", "oneOf", "anyOf"]
        .into_iter()
        .flat_map(|kind| schema[kind].as_array().into_iter().flatten())
}

fn collect(document: &Value, schema: &Value, path: &str, depth: usize, fields: &mut Fields) {
    if depth > DEPTH_MAX {
        return;
    }
    let schema = resolved(document, schema);
    let listed = schema["enum"].as_array().into_iter().flatten();
    let values = listed.chain(schema.get("const")).filter_map(Value::as_str);
    let values: Vec<_> = values.map(str::to_owned).collect();
    fields.entry(path.to_owned()).or_default().extend(values);
    for branch in branches(schema) {
        collect(document, branch, path, depth + 1, fields);
    }
    if let Some(items) = schema.get("items") {
        collect(document, items, path, depth + 1, fields);
    }
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let dot = if path.is_empty() { "" } else { "." };
        let path = format!("{path}{dot}{name}");
        collect(document, member, &path, depth + 1, fields);
    }
}

fn demands(document: &Value, schema: &Value, demanded: &mut BTreeSet<String>) {
    let schema = resolved(document, schema);
    let names = schema["required"].as_array().into_iter().flatten();
    demanded.extend(names.filter_map(Value::as_str).map(str::to_owned));
    for branch in schema["allOf"].as_array().into_iter().flatten() {
        demands(document, branch, demanded);
    }
}
