//! What every refusal looks like on the wire: `application/problem+json` (RFC 9457) with the contract's `error`.
//!
//! A handler returns a [`Problem`]; turning it into a response only *attaches* it. The [edge](crate::http::edge)
//! writes the body, because only the edge knows the request id that body and `X-Request-Id` header share, and so
//! that refusals made by the router itself (404, 405) look the same.
mod code;

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue};
use serde::Serialize;
use utoipa::ToSchema;

pub use self::code::Code;
use crate::limits::{FAULT_POINTER_CHARS_MAX, FAULTS_MAX, RETRY_AFTER_DEFAULT};

/// The header that names a request, in the request where the client chose it and in every answer.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// One refusal: what is wrong in general ([`Code`]), with this request (detail), and with which fields (faults).
///
/// Details are written for the caller's programmer: they name the field and the remedy, and never hold a
/// credential, a personal value or a name from inside the server.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem(Box<Occurrence>);

/// Boxed, so that `Result<_, Problem>` stays as small as its success.
#[derive(Clone, Debug, PartialEq)]
struct Occurrence {
    code: Code,
    detail: Cow<'static, str>,
    faults: Vec<Fault>,
    retry_after: Option<Duration>,
}

/// One field that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// Where, as a JSON pointer into the body (RFC 6901), or the bare name of a query parameter.
    pub pointer: String,
    /// What, as a stable snake_case name, such as `missing_field`, `wrong_type`, `too_long`.
    #[schema(value_type = String)]
    pub code: &'static str,
    /// What to do about it, in a sentence.
    #[schema(value_type = String)]
    pub detail: Cow<'static, str>,
}

/// The body on the wire. Public only as the schema of the OpenAPI document.
#[derive(Serialize, ToSchema)]
pub struct ProblemBody<'a> {
    /// The code's page, relative to the server's root.
    r#type: &'a str,
    /// One short sentence, the same for every occurrence of the code.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// What is wrong with this request, and how to mend it.
    detail: &'a str,
    /// The stable name to match on.
    code: &'a str,
    /// The contract's own name for the error, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    /// The same id as in the `X-Request-Id` header.
    request_id: &'a str,
    /// The fields that are wrong; empty when no field is to blame.
    errors: &'a [Fault],
}

impl Problem {
    /// A refusal with a detail for this occurrence.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Problem(Box::new(Occurrence {
            code,
            detail: detail.into(),
            faults: Vec::new(),
            retry_after: None,
        }))
    }

    /// When to try again; sent in whole seconds, rounded up. 429 and 503 carry a default without it.
    #[must_use]
    pub fn retry_after(mut self, delay: Duration) -> Self {
        self.0.retry_after = Some(delay);
        self
    }

    /// Names one more field that is wrong.
    #[must_use]
    pub fn with_fault(mut self, fault: Fault) -> Self {
        self.0.faults.push(fault);
        self
    }

    /// What is wrong in general.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// What is wrong with this request.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The fields that are wrong.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.0.faults
    }

    /// The document, for the request of this id.
    #[must_use]
    pub fn body<'a>(&'a self, request_id: &'a str) -> ProblemBody<'a> {
        let code = self.code();
        ProblemBody {
            r#type: code.type_uri(),
            title: code.title(),
            status: code.status().as_u16(),
            detail: self.detail(),
            code: code.as_str(),
            error: code.contract_error(),
            request_id,
            errors: self.faults(),
        }
    }

    /// The answer with its body, for the request of this id. Only the edge calls it (and tests without an edge).
    #[must_use]
    pub fn render(&self, request_id: &str) -> Response {
        let code = self.code();
        let body = self.body(request_id);
        // Strings, numbers and lists of strings: writing them as JSON into memory has no way to fail.
        let mut response = Response::new(Body::from(serde_json::to_vec(&body).unwrap_or_default()));
        *response.status_mut() = code.status();
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if code.asks_to_retry() || self.0.retry_after.is_some() {
            let delay = self.0.retry_after.unwrap_or(RETRY_AFTER_DEFAULT);
            headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds_up(delay)));
        }
        if code.status() == http::StatusCode::UNAUTHORIZED {
            // RFC 9110, section 11.6.1, and RFC 9470, section 3.
            headers.insert(
                WWW_AUTHENTICATE,
                HeaderValue::from_static(match code {
                    Code::StepUpRequired => "Bearer error=\"insufficient_user_authentication\"",
                    _ => "Bearer",
                }),
            );
        }
        if code.ends_connection() {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// Rounded up, and at least one: `Retry-After: 0` asks for a stampede.
fn whole_seconds_up(delay: Duration) -> u64 {
    let rest = u64::from(delay.subsec_nanos() > 0);
    delay.as_secs().saturating_add(rest).max(1)
}

impl From<Code> for Problem {
    /// A refusal about which there is nothing to add to the code's title.
    fn from(code: Code) -> Self {
        Problem::new(code, code.title())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code().as_str(), self.detail())
    }
}

impl std::error::Error for Problem {}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.code().status();
        response.extensions_mut().insert(self);
        response
    }
}

/// Collects everything that is wrong with a request, so that its author mends it in one go.
///
/// It keeps the place in the document: `faults.within("items", |faults| …)` and `faults.at(3, |faults| …)` step
/// into a member or an element, and [`Faults::add`] names a member of the present place. At most `FAULTS_MAX`
/// are kept, so that a hostile body cannot buy a large answer.
#[derive(Debug, Default)]
pub struct Faults {
    place: String,
    /// A query has no document, so its parameters go by their bare names.
    is_query: bool,
    found: Vec<Fault>,
}

impl Faults {
    /// Nothing found yet, at the document's root.
    #[must_use]
    pub fn new() -> Self {
        Faults::default()
    }

    /// Nothing found yet in a query, whose parameters are named without a slash.
    #[must_use]
    pub fn of_query() -> Self {
        Faults {
            is_query: true,
            ..Faults::default()
        }
    }

    /// Notes that `member` of the present place is wrong; an empty name blames the place itself.
    pub fn add(&mut self, member: &str, code: &'static str, detail: impl Into<Cow<'static, str>>) {
        if self.found.len() >= FAULTS_MAX {
            return;
        }
        let mut pointer = self.place.clone();
        if !member.is_empty() {
            push_segment(&mut pointer, member);
        }
        if self.is_query {
            pointer = pointer.trim_start_matches('/').to_owned();
        }
        shorten(&mut pointer, FAULT_POINTER_CHARS_MAX);
        self.found.push(Fault {
            pointer,
            code,
            detail: detail.into(),
        });
    }

    /// Notes a fault when `holds` is false: `faults.require(!name.is_empty(), "name", "empty", "must not be empty")`.
    pub fn require(&mut self, holds: bool, member: &str, code: &'static str, detail: &'static str) {
        if !holds {
            self.add(member, code, detail);
        }
    }

    /// Runs `check` one step down, in the object member `member`.
    pub fn within(&mut self, member: &str, check: impl FnOnce(&mut Faults)) {
        let length = self.place.len();
        push_segment(&mut self.place, member);
        check(self);
        self.place.truncate(length);
    }

    /// Runs `check` one step down, in the list element `index`.
    pub fn at(&mut self, index: usize, check: impl FnOnce(&mut Faults)) {
        self.within(&index.to_string(), check);
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// `Ok` when nothing is wrong.
    ///
    /// # Errors
    /// A 422 `invalid_request` that names all faults.
    pub fn into_result(self) -> Result<(), Problem> {
        let Some(first) = self.found.first() else {
            return Ok(());
        };
        let detail = format!("{}: {}", first.pointer, first.detail);
        let mut problem = Problem::new(Code::InvalidRequest, detail);
        problem.0.faults = self.found;
        Err(problem)
    }
}

/// Appends one reference token, escaped by RFC 6901, section 3.
pub(super) fn push_segment(pointer: &mut String, segment: &str) {
    pointer.push('/');
    for character in segment.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

/// Cuts text that may come from the request to `chars_max` characters, and shows that it was cut.
pub(super) fn shorten(text: &mut String, chars_max: usize) {
    if let Some((cut, _)) = text.char_indices().nth(chars_max) {
        text.truncate(cut);
        text.push('…');
    }
}

#[cfg(test)]
mod tests;
