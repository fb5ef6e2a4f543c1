//! How a list says how fresh it is.

use axum::response::Response;
use http::{HeaderName, HeaderValue};

use crate::publishing::projections::Freshness;

const FRESHNESS: HeaderName = HeaderName::from_static("clientele-freshness");

/// The answer, with the freshness of what it lists.
pub(super) fn tell(mut response: Response, freshness: Freshness) -> Response {
    let told = match freshness {
        Freshness::Current => HeaderValue::from_static("current"),
        Freshness::Stale { behind } => {
            let text = format!("stale; behind={}", behind.as_millis());
            HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("stale"))
        }
    };
    response.headers_mut().insert(FRESHNESS, told);
    response
}
