//! The headers on which it depends what a request does.

use std::convert::Infallible;
use std::ops::Deref;

use axum::extract::FromRequestParts;
use http::header::IF_NONE_MATCH;
use http::request::Parts;
use http::{HeaderMap, HeaderName};

/// What makes a request have its effect once.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// `Idempotency-Key` and `If-None-Match`, as they were sent. A copy of all headers would cost more than reading them.
#[derive(Clone, Debug, Default)]
pub struct Conditions(HeaderMap);

impl Deref for Conditions {
    type Target = HeaderMap;

    fn deref(&self) -> &HeaderMap {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for Conditions {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let mut conditions = HeaderMap::new();
        for name in [IDEMPOTENCY_KEY, IF_NONE_MATCH] {
            for value in parts.headers.get_all(&name) {
                conditions.append(name.clone(), value.clone());
            }
        }
        Ok(Conditions(conditions))
    }
}
