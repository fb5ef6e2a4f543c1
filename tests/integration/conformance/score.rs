//! What the contract promises, fact by fact, and which of it was proven.

use std::collections::BTreeSet;
use std::str::FromStr;

use serde_json::Value;

use super::contract::{Field, Operation, Type};
use super::document::{Described, described};
use super::record::{Exchange, Seen, values_at};

/// One thing that an operation must do, such as `answer.content.id`.
#[derive(Clone, Debug)]
pub(crate) struct Fact {
    pub(crate) name: String,
    pub(crate) is_proven: bool,
}

/// What was found out about one operation.
pub(crate) struct Findings {
    pub(crate) facts: Vec<Fact>,
    /// Real answers that contradict the contract.
    pub(crate) contradictions: Vec<String>,
}

/// Holds `operation` against the served document of its gateway and against what was really answered.
pub(crate) fn judge(operation: &Operation, document: &Value, seen: &Seen) -> Findings {
    let mut facts = Vec::new();
    let mut fact = |name: String, is_proven: bool| facts.push(Fact { name, is_proven });
    let known = |version: &str| {
        let path = format!("{}{version}{}", operation.gateway, operation.path);
        described(document, &operation.method, &path)
    };
    fact("documented.v1".to_owned(), known("/v1").is_some());
    let documented = known("/v2");
    fact("documented.v2".to_owned(), documented.is_some());
    let documented = documented.unwrap_or_default();
    for credential in &operation.opened_by {
        let opens = documented.opened_by.contains(credential);
        fact(format!("auth.{credential}"), opens);
    }
    let shown: Vec<_> = seen
        .exchanges
        .iter()
        .filter(|one| one.carries_data())
        .collect();
    for field in &operation.queries {
        let is_described = documented.queries.contains(&field.path);
        let is_sent = |value: &str| {
            let pairs = shown.iter().flat_map(|one| &one.queries);
            let mut sent = pairs.filter(|(name, _)| *name == field.path);
            sent.any(|(_, sent)| value.is_empty() || sent == value)
        };
        fact(format!("query.{}", field.path), is_described && is_sent(""));
        for value in &field.values {
            fact(format!("query.{}={value}", field.path), is_sent(value));
        }
        if field.is_required {
            fact(
                format!("required.{}", field.path),
                seen.missed.contains(&field.path),
            );
        }
    }
    if !operation.request.is_empty() {
        fact(
            "demands.nothing_else".to_owned(),
            demands_enough(operation, &documented),
        );
    }
    for field in &operation.request {
        request_facts(field, &documented, seen, &shown, &mut facts);
    }
    for status in &operation.statuses {
        let is_proven =
            documented.statuses.contains(status) && shown.iter().any(|one| one.status == *status);
        facts.push(Fact {
            name: format!("status.{status}"),
            is_proven,
        });
    }
    let mut contradictions = Vec::new();
    for field in &operation.answer {
        answer_facts(field, &documented, &shown, &mut facts);
        contradictions.extend(
            seen.exchanges
                .iter()
                .flat_map(|one| contradicts(field, one)),
        );
    }
    let mut names = BTreeSet::new();
    facts.retain(|one| names.insert(one.name.clone()));
    Findings {
        facts,
        contradictions,
    }
}

/// Whether a client that sends what the contract demands has sent enough.
fn demands_enough(operation: &Operation, documented: &Described) -> bool {
    let known = operation.request.iter();
    let demanded: BTreeSet<_> = known
        .filter(|field| field.is_required)
        .map(|field| &*field.path)
        .collect();
    let mut ours = documented.demanded.iter();
    !documented.request.is_empty() && ours.all(|name| demanded.contains(&**name))
}

fn request_facts(
    field: &Field,
    documented: &Described,
    seen: &Seen,
    shown: &[&Exchange],
    facts: &mut Vec<Fact>,
) {
    let mut fact = |name: String, is_proven: bool| facts.push(Fact { name, is_proven });
    let is_described = documented.request.contains_key(&field.path);
    let sent: Vec<_> = shown
        .iter()
        .flat_map(|one| values_at(&one.request, &field.path))
        .collect();
    let is_sent = !sent.is_empty() || shown.iter().any(|one| one.parts.contains(&field.path));
    fact(format!("request.{}", field.path), is_described && is_sent);
    for value in &field.values {
        let is_sent = sent
            .iter()
            .any(|sent| leaves(sent).iter().any(|one| *one == value));
        fact(format!("request.{}={value}", field.path), is_sent);
    }
    if field.is_required {
        fact(
            format!("required.{}", field.path),
            seen.missed.contains(&field.path),
        );
    }
}

fn answer_facts(field: &Field, documented: &Described, shown: &[&Exchange], facts: &mut Vec<Fact>) {
    let mut fact = |name: String, is_proven: bool| facts.push(Fact { name, is_proven });
    let described = documented.answer.get(&field.path);
    let mut seen = shown
        .iter()
        .flat_map(|one| values_at(&one.answer, &field.path))
        .flat_map(|value| match (field.is_list, value.as_array()) {
            (true, Some(items)) => items.iter().collect(),
            _ => vec![value],
        })
        .peekable();
    let is_seen = described.is_some() && seen.peek().is_some();
    let seen: Vec<_> = seen.collect();
    fact(format!("answer.{}", field.path), is_seen);
    for value in &field.values {
        let is_described = described.is_some_and(|values| values.contains(value));
        let is_shown = seen.iter().any(|seen| *seen == value);
        fact(
            format!("answer.{}={value}", field.path),
            is_seen && (is_described || is_shown),
        );
    }
}

/// A value, or what a list of values holds.
fn leaves(value: &Value) -> Vec<&Value> {
    value
        .as_array()
        .map_or_else(|| vec![value], |items| items.iter().collect())
}

/// Where an answer says something else than the contract at this field.
fn contradicts(field: &Field, exchange: &Exchange) -> Option<String> {
    let mut values = values_at(&exchange.answer, &field.path).into_iter();
    let wrong = values.find(|value| match (field.kind, field.is_list) {
        (Type::Any, _) => false,
        (_, true) => value
            .as_array()
            .is_none_or(|items| items.iter().any(|item| !is_of(field, item))),
        (_, false) => !is_of(field, value),
    })?;
    Some(format!("answer.{} is {wrong}", field.path))
}

fn is_of(field: &Field, value: &Value) -> bool {
    let capitals =
        |text: &str| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    match field.kind {
        Type::Text if field.values.is_empty() => value.is_string(),
        Type::Text => field.values.iter().any(|one| one == value),
        Type::Country | Type::Currency => value.as_str().is_some_and(capitals),
        Type::Integer => i64::from_str(&value.to_string()).is_ok(),
        Type::Number => value.is_number(),
        Type::Boolean => value.is_boolean(),
        Type::Object => value.is_object(),
        Type::Any => true,
    }
}
