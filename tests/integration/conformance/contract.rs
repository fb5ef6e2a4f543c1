//! The published contract, read from its files: operations with their parameters, bodies and answers.

use std::path::{Path, PathBuf};

/// The areas that count, each a file of the contract.
const AREAS: [&str; 15] = [
    "authentication",
    "contact",
    "contact-tokens",
    "contact-wallet",
    "contact-rewards",
    "contact-organisations",
    "contact-addresses",
    "contact-devices",
    "contact-preferences",
    "contact-images",
    "purchase-customer-events",
    "reward-offers",
    "reward-schemes",
    "organisations",
    "platform",
];

/// Of the platform's file, what counts.
const OF_PLATFORM: [&str; 3] = ["/applications", "/custom_fields", "/languages"];

/// What a value must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Text,
    Integer,
    Number,
    Boolean,
    Country,
    Currency,
    Any,
    Object,
}

/// A parameter, or a field of a body at a path such as `content.id`.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) path: String,
    pub(crate) is_required: bool,
    pub(crate) is_list: bool,
    pub(crate) kind: Type,
    /// The values that it may have; empty, if any of its type.
    pub(crate) values: Vec<String>,
}

/// One operation of the contract.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) area: String,
    pub(crate) method: String,
    /// `/self-service` or `/backoffice`.
    pub(crate) gateway: String,
    /// Its path below the version.
    pub(crate) path: String,
    /// What opens it, by the names of our documents.
    pub(crate) opened_by: Vec<String>,
    pub(crate) queries: Vec<Field>,
    pub(crate) request: Vec<Field>,
    pub(crate) statuses: Vec<u16>,
    pub(crate) answer: Vec<Field>,
}

impl Operation {
    /// As the exceptions and the report call it.
    pub(crate) fn name(&self) -> String {
        match &*self.gateway {
            "/self-service" => format!("{} {}", self.method, self.path),
            _ => format!("{} backoffice{}", self.method, self.path),
        }
    }

    /// How many of its path's parts are meant literally, if `path` is one of its own; a name in braces stands for any part.
    pub(crate) fn matches(&self, method: &str, path: &str) -> Option<usize> {
        let (own, other): (Vec<_>, Vec<_>) =
            (self.path.split('/').collect(), path.split('/').collect());
        let mut pairs = own.iter().zip(&other);
        let same = own.len() == other.len()
            && pairs.all(|(own, other)| own.starts_with('{') || own == other);
        (same && self.method == method)
            .then(|| own.iter().filter(|part| !part.starts_with('{')).count())
    }
}

/// Where the contract's copy lies.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract")
}

/// Every operation that counts, in the order of the files.
pub(crate) fn read() -> Vec<Operation> {
    let mut operations = Vec::new();
    for area in AREAS {
        let file = folder().join(format!("published/self-service-v2/{area}.txt"));
        let of_file = parse(area, &std::fs::read_to_string(file).unwrap());
        operations.extend(
            of_file
                .into_iter()
                .filter(|one| area != "platform" || OF_PLATFORM.contains(&&*one.path)),
        );
    }
    assert_eq!(operations.len(), 72);
    let back_office = std::fs::read_to_string(folder().join("backoffice-identity.txt")).unwrap();
    operations.extend(parse("backoffice", &back_office));
    operations
}

fn parse(area: &str, text: &str) -> Vec<Operation> {
    let mut operations: Vec<Operation> = Vec::new();
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    while let Some(line) = lines.next() {
        if !line.starts_with(' ') {
            operations.push(head(area, line));
            continue;
        }
        let operation = operations.last_mut().expect("an operation begins a file");
        let (name, rest) = line.trim().split_once(':').unwrap_or((line.trim(), ""));
        let rest = rest.trim();
        if name == "auth" {
            operation.opened_by = credentials(rest);
        } else if name == "query" {
            operation.queries = queries(rest);
        } else if name.starts_with("body") {
            operation.request = body(rest, &mut lines);
        } else {
            operation.statuses.push(name.parse().expect(line));
            operation.answer.extend(body(rest, &mut lines));
        }
    }
    operations
}

/// What opens an operation. The notes on the Back Office name no schemes: the test `routes` has its table.
fn credentials(text: &str) -> Vec<String> {
    let (names, headers) = text.split_once(';').unwrap_or((text, ""));
    let by_header = headers.contains("api_key").then_some("Public_API_key");
    let names = names.split(" or ").map(str::trim).chain(by_header);
    let schemes = names.filter_map(|name| match name {
        "Public_API_key" => Some("api_key"),
        "Secret_API_key" => Some("secret_key"),
        "authorization" => Some("user_token"),
        "authorization_self_service" => Some("access_token"),
        "none" | "key" | "token" | "key or token" | "refresh token" => None,
        other => panic!("what opens {other}?"),
    });
    schemes.map(str::to_owned).collect()
}

fn head(area: &str, line: &str) -> Operation {
    let (method, path) = line.split_once(' ').expect(line);
    let (gateway, path) = path.split_once("/v2").expect(line);
    Operation {
        area: area.to_owned(),
        method: method.to_owned(),
        gateway: gateway.to_owned(),
        path: path.to_owned(),
        opened_by: Vec::new(),
        queries: Vec::new(),
        request: Vec::new(),
        statuses: Vec::new(),
        answer: Vec::new(),
    }
}

/// Parameters on one line, set off by commas, some of which stand in parentheses.
fn queries(line: &str) -> Vec<Field> {
    let mut depth = 0;
    let parts = line.split(|letter| {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        letter == ',' && depth == 0
    });
    let mut fields = Vec::new();
    for part in parts {
        let one = field("", part.trim());
        // The names of further parameters, printed as the values of the first.
        let (further, values) = one
            .values
            .into_iter()
            .partition(|value| value.contains('['));
        let further: Vec<String> = further;
        if further.is_empty() {
            fields.push(Field { values, ..one });
        }
        fields.extend(further.into_iter().map(|path| Field {
            path,
            is_required: false,
            is_list: false,
            kind: Type::Integer,
            values: Vec::new(),
        }));
    }
    let mut names = std::collections::BTreeSet::new();
    fields.retain(|one| names.insert(one.path.clone()));
    fields
}

/// The fields of a body, whose first line is `opening`.
fn body<'a>(opening: &str, lines: &mut impl Iterator<Item = &'a str>) -> Vec<Field> {
    let mut fields = Vec::new();
    if !matches!(opening, "{" | "[{") {
        return fields;
    }
    let mut within: Vec<String> = Vec::new();
    for line in lines {
        let line = line.trim();
        if line.starts_with('}') {
            if within.pop().is_none() {
                return fields;
            }
            continue;
        }
        let prefix = within.join(".");
        let one = field(&prefix, line);
        if one.kind == Type::Object {
            within.push(one.path.rsplit('.').next().unwrap().to_owned());
        }
        fields.push(one);
    }
    panic!("a body without an end");
}

/// `name*: type`, below `prefix`.
fn field(prefix: &str, line: &str) -> Field {
    let (name, kind) = line.split_once(':').expect(line);
    let name = name.trim();
    let kind = kind.trim();
    let is_required = name.ends_with('*');
    let name = name.trim_end_matches('*');
    let is_list = kind.starts_with('[');
    let kind = match is_list {
        true => kind.trim_start_matches('[').trim_end_matches(']'),
        false => kind,
    };
    let (kind, values) = match kind.split('(').next().unwrap().trim() {
        "{" => (Type::Object, Vec::new()),
        "string" => (Type::Text, Vec::new()),
        "integer" => (Type::Integer, Vec::new()),
        "number" => (Type::Number, Vec::new()),
        "boolean" => (Type::Boolean, Vec::new()),
        "country3" => (Type::Country, Vec::new()),
        "currency" => (Type::Currency, Vec::new()),
        "any" => (Type::Any, Vec::new()),
        values => {
            let values = values.split('|').map(|value| value.trim().to_owned());
            (Type::Text, values.collect())
        }
    };
    let dot = if prefix.is_empty() { "" } else { "." };
    Field {
        path: format!("{prefix}{dot}{name}"),
        is_required,
        is_list,
        kind,
        values,
    }
}

#[test]
fn the_transcribed_back_office_says_only_what_is_published() {
    let published = folder().join("published/backoffice-pos-passes-plugins.txt");
    let published = std::fs::read_to_string(published).unwrap();
    // Its lists are named, not spelled out; what every list has stands in the contract's conventions.
    let conventions = "content paging page size total has_more include_total";
    let of_back_office = read().into_iter().filter(|one| one.area == "backoffice");
    for operation in of_back_office {
        let path = operation.path.replace("/network", "");
        let last = path.rsplit('/').find(|part| !part.starts_with('{'));
        assert!(published.contains(last.unwrap()), "{}", operation.name());
        for field in operation.request.iter().chain(&operation.answer) {
            let name = field.path.rsplit('.').next().unwrap();
            let is_known = published.contains(name) || conventions.contains(name);
            assert!(is_known, "{}: {name}", operation.name());
            for value in &field.values {
                assert!(published.contains(value), "{}: {value}", operation.name());
            }
        }
    }
}
