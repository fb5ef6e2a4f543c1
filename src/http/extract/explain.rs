//! Turns serde's errors into faults that name the field and the remedy, and echo nothing of the input.
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

use crate::http::problem::{Code, Fault, Problem, push_segment, shorten};
use crate::limits::{FAULT_DETAIL_CHARS_MAX, FAULT_POINTER_CHARS_MAX};

/// The problem for a well-formed document that does not fit its type.
pub(super) fn misfit_body(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let (code, fault) = match error.inner().classify() {
        Category::Data => misfit(error.path(), &error.inner().to_string()),
        // The document is known to be well-formed, so "syntax" is serde_json's word for a kind that it did not expect.
        Category::Syntax | Category::Eof | Category::Io => misfit(error.path(), "invalid type: "),
    };
    problem(code, fault, "the body")
}

/// The problem for a query parameter that does not fit its type.
pub(super) fn misfit_query(error: &serde_path_to_error::Error<serde::de::value::Error>) -> Problem {
    let (code, mut fault) = misfit(error.path(), &error.inner().to_string());
    fault.pointer = fault.pointer.trim_start_matches('/').to_owned();
    problem(code, fault, "the query")
}

fn problem(code: Code, fault: Fault, root: &str) -> Problem {
    let place = if fault.pointer.is_empty() {
        root
    } else {
        fault.pointer.as_str()
    };
    Problem::new(code, format!("{place} {}", fault.detail)).with_fault(fault)
}

/// serde's messages are known phrases; what they quote of the input stands before the last `, expected`, and is
/// dropped: it may be a credential or someone's name, and it is the caller's own anyway.
fn misfit(path: &Path, message: &str) -> (Code, Fault) {
    let message = message
        .rsplit_once(" at line ")
        .map_or(message, |(words, _)| words);
    let mut pointer = pointer_of(path);
    let (code, mut detail) = if message.starts_with("unknown field ") {
        ("unknown_field", unknown_field(message))
    } else if let Some(name) = message.strip_prefix("missing field ") {
        push_segment(&mut pointer, name.trim_matches('`'));
        ("missing_field", "is required".to_owned())
    } else if message.starts_with("invalid type: ") {
        ("wrong_type", expected(message))
    } else if ["unknown variant ", "invalid value: ", "invalid length "]
        .iter()
        .any(|words| message.starts_with(words))
    {
        ("invalid_value", expected(message))
    } else if message.starts_with("data did not match any variant") {
        (
            "invalid_value",
            "has none of the forms that are accepted here".to_owned(),
        )
    } else {
        ("invalid_value", unparsed(message))
    };
    shorten(&mut pointer, FAULT_POINTER_CHARS_MAX);
    shorten(&mut detail, FAULT_DETAIL_CHARS_MAX);
    let kind = if code == "unknown_field" {
        Code::UnknownField
    } else {
        Code::InvalidRequest
    };
    let detail = detail.into();
    (
        kind,
        Fault {
            pointer,
            code,
            detail,
        },
    )
}

/// What the standard library's parsers say of text that is no value, in the words of [`plain`]; what our own wire types say stays.
fn unparsed(message: &str) -> String {
    match message {
        "invalid digit found in string"
        | "cannot parse integer from empty string"
        | "number too large to fit in target type"
        | "number too small to fit in target type" => "must be a whole number within range",
        "invalid float literal" | "cannot parse float from empty string" => "must be a number",
        "provided string was not `true` or `false`" => "must be true or false",
        ours => ours,
    }
    .to_owned()
}

fn pointer_of(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path.iter() {
        match segment {
            Segment::Seq { index } => push_segment(&mut pointer, &index.to_string()),
            Segment::Map { key } => push_segment(&mut pointer, key),
            // A variant of an untagged or internally tagged enum is no level of the document.
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

fn unknown_field(message: &str) -> String {
    match message.rsplit_once(", expected ") {
        Some((_, fields)) => format!(
            "is not known here; remove it, or did you mean {}?",
            plain(fields)
        ),
        None => "is not known here; remove it".to_owned(),
    }
}

fn expected(message: &str) -> String {
    match message.rsplit_once(", expected ") {
        Some((_, kind)) => format!("must be {}", plain(kind)),
        None => "must be of another type".to_owned(),
    }
}

/// The words of JSON for Rust's: a caller should not need to know what the server is written in.
fn plain(kind: &str) -> String {
    match kind {
        "u8" | "u16" | "u32" | "u64" | "usize" | "u128" => {
            "a whole number, 0 or more, within range".to_owned()
        }
        "i8" | "i16" | "i32" | "i64" | "isize" | "i128" => "a whole number within range".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "an object".to_owned(),
        "unit" => "null".to_owned(),
        other if other.starts_with("struct ") || other.starts_with("internally tagged enum ") => {
            "an object".to_owned()
        }
        other if other.starts_with("tuple struct ") || other.starts_with("a tuple") => {
            "a list".to_owned()
        }
        other if other.starts_with("enum ") || other.starts_with("variant ") => {
            "one of the accepted values".to_owned()
        }
        other => other.replace('`', ""),
    }
}
