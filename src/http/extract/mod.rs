//! Extractors: from the bytes of a request to a value that is known to be valid, or a [`Problem`] that says why not.
//!
//! [`ValidJson`] reads a body, [`ValidQuery`] the query. Both check the *shape* through serde and the *values* through
//! [`Validate`]; what depends on state (a balance, an offer) is the domain's to refuse, not theirs.
mod canonical;
mod conditions;
mod explain;
pub mod lenient;
mod query;
pub mod text;

use std::ops::Deref;

use axum::body::Body;
use axum::extract::{FromRequest, OptionalFromRequest};
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderMap, Request};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

pub use self::canonical::BodyHash;
pub use self::conditions::{Conditions, IDEMPOTENCY_KEY};
pub use self::query::ValidQuery;
use super::body;
pub use super::problem::Faults;
use super::problem::{Code, Problem};
use crate::limits::BODY_BYTES_MAX;

/// What a wire type checks about its own values, after serde has checked its shape.
///
/// It reports *all* faults, not the first: `faults.require(self.size <= 100, "size", "too_large", "at most 100")`.
pub trait Validate {
    /// Notes every value that is wrong.
    fn validate(&self, faults: &mut Faults);
}

/// Tells a null from what is left out, for a member that a change removes by null.
///
/// # Errors
/// The value is none of `T`'s.
pub fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    value: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(value).map(Some)
}

/// A JSON body that has the shape and the values that `T` demands; `MAX` is the most bytes that it may have.
///
/// `T` should derive `Deserialize` with `deny_unknown_fields` when the operation writes, so that a misspelt field is
/// an error and not a silent default.
#[derive(Clone, Debug)]
pub struct ValidJson<T, const MAX: usize = BODY_BYTES_MAX> {
    /// The value.
    pub value: T,
    /// What identifies the request's body for idempotency: equal for equal JSON values, whatever the order of members,
    /// white space and escapes. See [`BodyHash`].
    pub hash: BodyHash,
}

impl<T, const MAX: usize> Deref for ValidJson<T, MAX> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: DeserializeOwned + Validate, const MAX: usize> ValidJson<T, MAX> {
    /// Reads `bytes` as the extractor does, for the few operations whose published clients send JSON under another
    /// media type.
    ///
    /// # Errors
    /// 400 for what is not one well-formed JSON document, 422 with pointers for what does not fit `T`.
    pub fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let at = error.valid_up_to();
            Problem::new(
                Code::InvalidUtf8,
                format!("byte {at} of the body starts no UTF-8 character"),
            )
        })?;
        let hash = canonical::hash(text)?;
        let value: T = typed(text)?;
        let mut faults = Faults::new();
        value.validate(&mut faults);
        faults.into_result()?;
        Ok(ValidJson { value, hash })
    }
}

/// Reads a document that is known to be well-formed. Only a misfit pays for tracking its path.
fn typed<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.disable_recursion_limit(); // its depth is checked already
    if let Ok(value) = T::deserialize(&mut deserializer) {
        return Ok(value);
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.disable_recursion_limit();
    serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| explain::misfit_body(&error))
}

impl<S, T, const MAX: usize> FromRequest<S> for ValidJson<T, MAX>
where
    S: Send + Sync,
    T: DeserializeOwned + Validate,
{
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, _state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        require_json(&parts.headers)?;
        let bytes: Bytes = body::read(&parts.headers, body, MAX).await?;
        Self::parse(&bytes)
    }
}

impl<S, T, const MAX: usize> OptionalFromRequest<S> for ValidJson<T, MAX>
where
    S: Send + Sync,
    T: DeserializeOwned + Validate,
{
    type Rejection = Problem;

    /// `None` when the request has no body at all, as for actions whose body is optional.
    async fn from_request(request: Request<Body>, state: &S) -> Result<Option<Self>, Problem> {
        let headers = request.headers();
        let is_chunked = headers.contains_key(TRANSFER_ENCODING);
        let is_empty = headers
            .get(CONTENT_LENGTH)
            .is_none_or(|length| length == "0");
        if is_empty && !is_chunked {
            return Ok(None);
        }
        <Self as FromRequest<S>>::from_request(request, state)
            .await
            .map(Some)
    }
}

/// Accepts `application/json` and `application/*+json`, with no charset or UTF-8 (RFC 8259, section 8.1).
///
/// # Errors
/// 415 `unsupported_media_type`.
fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let stated = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut parts = stated.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    let fits = media_type.split_once('/').is_some_and(|(class, format)| {
        class.eq_ignore_ascii_case("application")
            && (format.eq_ignore_ascii_case("json") || ends_with_json_suffix(format))
    });
    let is_utf8 = parts
        .filter_map(|parameter| parameter.split_once('='))
        .all(|(name, value)| {
            !name.trim().eq_ignore_ascii_case("charset")
                || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        });
    if fits && is_utf8 {
        return Ok(());
    }
    Err(Problem::new(
        Code::UnsupportedMediaType,
        "send the body as JSON in UTF-8, with the header Content-Type: application/json",
    ))
}

fn ends_with_json_suffix(format: &str) -> bool {
    format
        .rsplit_once('+')
        .is_some_and(|(name, suffix)| !name.is_empty() && suffix.eq_ignore_ascii_case("json"))
}

#[cfg(test)]
mod tests;
