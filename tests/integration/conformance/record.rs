//! What was really asked and answered: every exchange of a node that a scenario drives.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::contract::Operation;
use crate::client::{Answer, Ask};

/// The versions under which the operations are scored.
const SCORED: &str = "/v2";

/// An answered request that went well.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) queries: Vec<(String, String)>,
    pub(crate) request: Value,
    /// The names of a form's parts.
    pub(crate) parts: BTreeSet<String>,
    pub(crate) status: u16,
    pub(crate) answer: Value,
}

impl Exchange {
    /// Whether it shows something: a list without anything in it shows nothing.
    pub(crate) fn carries_data(&self) -> bool {
        let content = self.answer.get("content").and_then(Value::as_array);
        content.is_none_or(|items| !items.is_empty())
    }
}

/// What was seen of one operation.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) exchanges: Vec<Exchange>,
    /// Fields and parameters without which the same request was refused by their name.
    pub(crate) missed: BTreeSet<String>,
}

/// Watches every request of the nodes that carry it.
pub(crate) struct Recorder {
    contract: Vec<Operation>,
    seen: Mutex<BTreeMap<String, Seen>>,
    not_built: Mutex<BTreeSet<String>>,
}

impl Recorder {
    /// A recorder of what is asked of `contract`.
    pub(crate) fn new(contract: Vec<Operation>) -> Arc<Recorder> {
        Arc::new(Recorder {
            contract,
            seen: Mutex::default(),
            not_built: Mutex::default(),
        })
    }

    /// What was seen, by the operations' names, and which of them answered 501.
    pub(crate) fn seen(&self) -> (BTreeMap<String, Seen>, BTreeSet<String>) {
        let seen = std::mem::take(&mut *self.seen.lock().unwrap());
        (seen, self.not_built.lock().unwrap().clone())
    }

    fn operation(&self, ask: &Ask) -> Option<&Operation> {
        let uri: http::Uri = ask.url.parse().unwrap();
        let method = ask.method.as_str();
        let known = self.contract.iter().filter_map(|one| {
            let below = uri
                .path()
                .strip_prefix(&one.gateway)?
                .strip_prefix(SCORED)?;
            Some((one.matches(method, below)?, one))
        });
        known
            .max_by_key(|(literal, _)| *literal)
            .map(|(_, one)| one)
    }

    /// Takes note of an answer, and asks once more for each field that the contract demands, without it.
    pub(crate) async fn saw(&self, ask: Ask, answer: &Answer) {
        let Some(operation) = self.operation(&ask) else {
            return;
        };
        let name = operation.name();
        if answer.status == 501 {
            self.not_built.lock().unwrap().insert(name.clone());
        }
        if !(200..300).contains(&answer.status) {
            return;
        }
        let exchange = Exchange {
            queries: queries(&ask.url),
            request: serde_json::from_slice(&ask.body).unwrap_or_default(),
            parts: parts(&ask),
            status: answer.status,
            answer: serde_json::from_slice(&answer.body).unwrap_or_default(),
        };
        let mut missed = Vec::new();
        for field in operation.request.iter().filter(|one| one.is_required) {
            if exchange.parts.contains(&field.path) && !self.is_missed(&name, &field.path) {
                missed.push((field.path.clone(), without_parts(&ask)));
                continue;
            }
            let mut body = exchange.request.clone();
            if remove(&mut body, &field.path) && !self.is_missed(&name, &field.path) {
                let without = ask.clone().body(&body).without("idempotency-key");
                missed.push((field.path.clone(), without));
            }
        }
        for field in operation.queries.iter().filter(|one| one.is_required) {
            if let Some(without) = without_query(&ask, &field.path) {
                missed.push((field.path.clone(), without));
            }
        }
        self.note(&name, |seen| seen.exchanges.push(exchange));
        for (path, without) in missed {
            let refusal = without.unrecorded().send().await;
            let last = path.rsplit('.').next().unwrap();
            let text = String::from_utf8_lossy(&refusal.body);
            if [400, 422].contains(&refusal.status) && text.contains(last) {
                self.note(&name, |seen| seen.missed.insert(path));
            }
        }
    }

    fn is_missed(&self, name: &str, path: &str) -> bool {
        self.note(name, |seen| seen.missed.contains(path))
    }

    fn note<T>(&self, name: &str, take: impl FnOnce(&mut Seen) -> T) -> T {
        let mut seen = self.seen.lock().unwrap();
        take(seen.entry(name.to_owned()).or_default())
    }
}

fn queries(url: &str) -> Vec<(String, String)> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

fn without_query(ask: &Ask, name: &str) -> Option<Ask> {
    let (path, query) = ask.url.split_once('?')?;
    let (left_out, kept): (Vec<_>, Vec<_>) = query
        .split('&')
        .partition(|pair| pair.split('=').next() == Some(name));
    let mut without = ask.clone();
    without.url = format!("{path}?{}", kept.join("&"));
    (!left_out.is_empty()).then_some(without)
}

/// The names that a multipart form gives its parts.
fn parts(ask: &Ask) -> BTreeSet<String> {
    let kind = ask.headers.get("content-type");
    if kind.is_none_or(|kind| !kind.to_str().unwrap().starts_with("multipart/")) {
        return BTreeSet::new();
    }
    let text = String::from_utf8_lossy(&ask.body);
    let names = text.split(" name=\"").skip(1);
    names
        .filter_map(|rest| rest.split('"').next())
        .map(str::to_owned)
        .collect()
}

/// The same with an empty form.
fn without_parts(ask: &Ask) -> Ask {
    let kind = ask.headers["content-type"].to_str().unwrap();
    let (_, boundary) = kind.split_once("boundary=").unwrap();
    let mut without = ask.clone();
    without.body = format!("--{boundary}--\r\n").into();
    without
}

/// Takes the field at `path` out of `body`, everywhere; whether it was there.
fn remove(body: &mut Value, path: &str) -> bool {
    if let Value::Array(items) = body {
        let removed = items.iter_mut().map(|item| remove(item, path));
        return removed.filter(|was_there| *was_there).count() > 0;
    }
    let Value::Object(members) = body else {
        return false;
    };
    match path.split_once('.') {
        None => members.remove(path).is_some(),
        Some((name, rest)) => members
            .get_mut(name)
            .is_some_and(|member| remove(member, rest)),
    }
}

/// Every value at `path` of `body`, through lists; whether each is a list is left to see.
pub(crate) fn values_at<'a>(body: &'a Value, path: &str) -> Vec<&'a Value> {
    if let Value::Array(items) = body {
        return items
            .iter()
            .flat_map(|item| values_at(item, path))
            .collect();
    }
    let (name, rest) = match path.split_once('.') {
        Some((name, rest)) => (name, Some(rest)),
        None => (path, None),
    };
    match (body.get(name), rest) {
        (Some(Value::Null) | None, _) => Vec::new(),
        (Some(member), None) => vec![member],
        (Some(member), Some(rest)) => values_at(member, rest),
    }
}
