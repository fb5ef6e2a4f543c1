//! Answers: a JSON body with its version and where the time went.

use std::time::Instant;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;

use super::auth::Caller;
use super::edge::Timings;
use super::problem::Problem;
use crate::actors::router;

/// The room that a body gets to begin with: a purchase takes about 800 bytes.
const BODY_BYTES_USUAL: usize = 1_024;

/// The room that an answer's headers get to begin with: there are eight or so, with those that hyper adds.
const HEADERS_USUAL: usize = 12;

/// A JSON answer.
pub fn json<T: Serialize>(status: StatusCode, value: &T, timings: Timings) -> Response {
    // Our own wire types have no map with keys that are not strings, the one thing that JSON cannot write.
    let mut body = Vec::with_capacity(BODY_BYTES_USUAL);
    if let Err(error) = serde_json::to_writer(&mut body, value) {
        debug_assert!(false, "an answer cannot be written: {error}");
    }
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let mut headers = HeaderMap::with_capacity(HEADERS_USUAL);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *response.headers_mut() = headers;
    response.extensions_mut().insert(timings);
    response
}

/// An answer without a body.
pub fn no_content(timings: Timings) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.extensions_mut().insert(timings);
    response
}

/// A representation of version `etag`: 304 without a body where the caller has it already.
pub fn representation<T: Serialize>(
    value: &T,
    etag: &str,
    request: &HeaderMap,
    timings: Timings,
) -> Response {
    let mut response = if has(request, etag) {
        let mut unchanged = Response::new(Body::empty());
        *unchanged.status_mut() = StatusCode::NOT_MODIFIED;
        unchanged.extensions_mut().insert(timings);
        unchanged
    } else {
        json(StatusCode::OK, value, timings)
    };
    if let Ok(value) = HeaderValue::from_str(etag) {
        response.headers_mut().insert(ETAG, value);
    }
    response
}

/// Whether `If-None-Match` names `etag`. Compared weakly (RFC 9110, section 13.1.2).
fn has(request: &HeaderMap, etag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    request
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|tag| tag.trim() == "*" || opaque(tag) == opaque(etag))
}

/// A problem that carries where the time went as well.
pub fn refused(problem: Problem, timings: Timings) -> Response {
    let mut response = problem.into_response();
    response.extensions_mut().insert(timings);
    response
}

/// The times of a request whose engine part is `engine` and ended just now.
pub fn timings(caller: &Caller, engine: router::Timings) -> Timings {
    timings_since(caller.began, engine)
}

/// The same, of a request that began then.
pub fn timings_since(began: Instant, engine: router::Timings) -> Timings {
    let inside = engine
        .queue
        .saturating_add(engine.decide)
        .saturating_add(engine.journal);
    Timings {
        // What is left of the whole: reading, authenticating, validating, and waking up for the answer.
        admit: began.elapsed().saturating_sub(inside),
        queue: engine.queue,
        decide: engine.decide,
        journal: engine.journal,
    }
}
