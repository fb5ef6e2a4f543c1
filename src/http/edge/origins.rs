//! Pages of which other origins may call, in browsers (CORS; Fetch standard, section 3.3).
//!
//! Only those that are listed, each by itself: no wildcard. Credentials are headers that a page sets itself and never cookies, so that no answer
//! allows credentials, and no page can make a browser send any that it does not hold.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
    VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};

/// The origins of pages that may call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(Arc<[HeaderValue]>);

impl Origins {
    /// These, each as browsers write it.
    pub fn new(written: Vec<String>) -> Origins {
        let headers = written.into_iter().map(HeaderValue::try_from);
        // What browsers write is a header, and what is none matches no browser's.
        Origins(headers.filter_map(Result::ok).collect())
    }

    /// The origin that a request comes from, if it is listed.
    pub(super) fn listed(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(ORIGIN)?;
        self.0.iter().find(|listed| *listed == origin).cloned()
    }

    /// The answer to a browser that asks on behalf of a listed page whether it may send something.
    pub(super) fn preflight<B>(request: &Request<B>) -> Option<Response> {
        let asks = request.method() == Method::OPTIONS
            && request
                .headers()
                .contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        asks.then(|| {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NO_CONTENT;
            let says: [(HeaderName, &'static str); 3] = [
                (
                    ACCESS_CONTROL_ALLOW_METHODS,
                    "GET, POST, PUT, PATCH, DELETE",
                ),
                (
                    ACCESS_CONTROL_ALLOW_HEADERS,
                    "api_key, authorization, content-type, idempotency-key, if-match, if-none-match, refresh_token, x-request-id",
                ),
                (ACCESS_CONTROL_MAX_AGE, "600"),
            ];
            for (name, value) in says {
                let value = HeaderValue::from_static(value);
                response.headers_mut().insert(name, value);
            }
            response
        })
    }

    /// Tells the browser whether the page may read the answer, and every cache that it depends on the page.
    pub(super) fn tell(&self, origin: Option<HeaderValue>, headers: &mut HeaderMap) {
        if self.0.is_empty() {
            return;
        }
        headers.append(VARY, HeaderValue::from_static("origin"));
        if let Some(origin) = origin {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(
                ACCESS_CONTROL_EXPOSE_HEADERS,
                HeaderValue::from_static(
                    "etag, location, ratelimit, ratelimit-policy, retry-after, server-timing, x-request-id",
                ),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_all_of_what_a_browser_writes() {
        let listed = ["https://shop.example.test", "http://localhost:5173"];
        let origins = Origins::new(listed.map(str::to_owned).to_vec());
        let from = |origin: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(ORIGIN, HeaderValue::from_static(origin));
            origins.listed(&headers).is_some()
        };
        assert!(from("https://shop.example.test"));
        assert!(from("http://localhost:5173"));
        for other in [
            "http://shop.example.test",
            "https://shop.example.test:8443",
            "https://shop.example.test.evil.test",
            "https://other.test",
            "null",
        ] {
            assert!(!from(other), "{other}");
        }
    }
}
