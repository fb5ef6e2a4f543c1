//! The service around the router: names the request, calls the router, and finishes its answer.
use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::MatchedPath;
use axum::response::Response;
use futures_util::FutureExt;
use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use tokio::time::Instant;
use tower::Service;

use super::meters::{Meters, UNMATCHED};
use super::route::{HEADERS, NoteRoute, ROUTE};
use super::{EdgeOptions, Origins, RequestId, Timings};
use crate::http::problem::{Code, Problem, X_REQUEST_ID};

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// The router, and what every answer gets around it: a request id, a body for every refusal, security headers,
/// `Server-Timing`, a metric and a line in the log. A panic in a handler becomes a 500.
///
/// [`serve`](super::serve()) puts it on a socket; a test may call it as a tower service.
#[derive(Clone)]
pub struct Edge {
    router: Router,
    meters: Arc<Meters>,
    strict_transport_security: bool,
    origins: Origins,
}

impl Edge {
    /// Puts the edge around `router`. Install the metrics recorder before the first request.
    #[must_use]
    pub fn new(router: Router, options: &EdgeOptions) -> Self {
        Edge {
            router: router.layer(NoteRoute),
            meters: Arc::new(Meters::default()),
            strict_transport_security: options.strict_transport_security,
            origins: options.origins.clone(),
        }
    }

    /// Answers one request. A `refusal` that is already certain keeps the router out of it.
    pub(super) async fn answer(
        self,
        mut request: Request<Body>,
        refusal: Option<Problem>,
    ) -> Response {
        let started = Instant::now();
        let id = RequestId::of(request.headers());
        let method = request.method().clone();
        let origin = self.origins.listed(request.headers());
        let preflight = origin.as_ref().and_then(|_| Origins::preflight(&request));
        let (mut response, route) = match (refusal, preflight) {
            (Some(problem), _) => (self.complete(problem.render(id.as_str()), &id), None),
            (None, Some(response)) => (self.complete(response, &id), None),
            (None, None) => {
                request.extensions_mut().insert(id.clone());
                let (response, route) = self.call_router(request, &id).await;
                (self.complete(refusal_with_body(response, &id), &id), route)
            }
        };
        self.origins.tell(origin, response.headers_mut());
        self.account(response, &method, route.as_ref(), &id, started.elapsed())
    }

    /// The router's answer, or a 500 if it panicked, and the route if it found one.
    async fn call_router(
        &self,
        request: Request<Body>,
        id: &RequestId,
    ) -> (Response, Option<MatchedPath>) {
        let mut router = self.router.clone();
        let answered = async move {
            // The request is gone after a panic, and what handlers share is behind locks that a panic leaves usable.
            let outcome = AssertUnwindSafe(router.call(request)).catch_unwind().await;
            let headers = HEADERS.with(RefCell::take);
            (outcome, ROUTE.with(Cell::take), headers)
        };
        let noted = ROUTE.scope(Cell::new(None), HEADERS.scope(RefCell::default(), answered));
        match noted.await {
            (Ok(Ok(mut response)), route, headers) => {
                for (name, value) in headers {
                    response.headers_mut().append(name, value);
                }
                (response, route)
            }
            (Ok(Err(never)), ..) => match never {},
            (Err(_panic), route, _) => {
                // Not the panic's message: it may quote the request.
                let name = route.as_ref().map_or(UNMATCHED, MatchedPath::as_str);
                tracing::error!(route = name, request_id = id.as_str(), "a handler panicked");
                let detail = "the server has a fault; retry a write with the same idempotency key";
                (
                    Problem::new(Code::Internal, detail).render(id.as_str()),
                    route,
                )
            }
        }
    }

    /// The headers that every answer carries, unless the handler chose its own.
    pub(super) fn complete(&self, mut response: Response, id: &RequestId) -> Response {
        let headers = response.headers_mut();
        headers.insert(X_REQUEST_ID, id.header());
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers
            .entry(CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
        headers
            .entry(CONTENT_SECURITY_POLICY)
            .or_insert(HeaderValue::from_static(
                "default-src 'none'; frame-ancestors 'none'",
            ));
        if self.strict_transport_security {
            headers.insert(
                STRICT_TRANSPORT_SECURITY,
                HeaderValue::from_static("max-age=31536000; includeSubDomains"),
            );
        }
        response
    }

    /// Says where the time went: to the caller, to the metrics and to the log.
    fn account(
        &self,
        mut response: Response,
        method: &Method,
        route: Option<&MatchedPath>,
        id: &RequestId,
        took: Duration,
    ) -> Response {
        let timings = response.extensions().get::<Timings>().copied();
        let timings = timings.unwrap_or(Timings {
            admit: took,
            ..Timings::default()
        });
        response
            .headers_mut()
            .insert(SERVER_TIMING, timings.header());
        let status = response.status();
        let route = route.map_or(UNMATCHED, MatchedPath::as_str);
        self.meters.record(route, method, status, took);
        tracing::debug!(
            method = method.as_str(),
            route,
            status = status.as_u16(),
            micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            request_id = id.as_str(),
            "answered"
        );
        response
    }
}

impl Service<Request<Body>> for Edge {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.clone().answer(request, None).map(Ok))
    }
}

/// Writes the body of a refusal: of a problem that a handler attached, or of an error that the router or an extractor of
/// axum's made by itself, without a body or with a plain text.
fn refusal_with_body(mut response: Response, id: &RequestId) -> Response {
    let attached = response.extensions_mut().remove::<Problem>();
    let Some(problem) = attached.or_else(|| problem_for_bare(&response)) else {
        return response;
    };
    let (parts, _) = response.into_parts();
    let mut rendered = problem.render(id.as_str());
    let headers = rendered.headers_mut();
    for (name, value) in &parts.headers {
        // What was said about the old body is wrong for the new one; the rest (Allow, Set-Cookie, ETag) stands.
        if name != CONTENT_TYPE && name != CONTENT_LENGTH {
            headers.append(name, value.clone());
        }
    }
    *rendered.extensions_mut() = parts.extensions;
    rendered
}

/// The problem for an error that nobody has described, or `None` when the response is fine as it is.
fn problem_for_bare(response: &Response) -> Option<Problem> {
    let status = response.status();
    let is_described = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| !kind.as_bytes().starts_with(b"text/plain"));
    if is_described || !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    let problem = match status {
        StatusCode::NOT_FOUND => Problem::new(
            Code::RouteNotFound,
            "no route has this path; see the reference",
        ),
        StatusCode::METHOD_NOT_ALLOWED => Problem::new(
            Code::MethodNotAllowed,
            "use one of the methods in the Allow header",
        ),
        StatusCode::BAD_REQUEST => Problem::new(
            Code::InvalidPath,
            "an id in the path cannot be read; percent-encode it",
        ),
        StatusCode::REQUEST_TIMEOUT => Code::RequestTimeout.into(),
        StatusCode::PAYLOAD_TOO_LARGE => Code::BodyTooLarge.into(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType.into(),
        StatusCode::UNPROCESSABLE_ENTITY => Code::InvalidRequest.into(),
        StatusCode::TOO_MANY_REQUESTS => Code::TooManyRequests.into(),
        StatusCode::SERVICE_UNAVAILABLE => Code::OverCapacity.into(),
        status if status.is_server_error() => Code::Internal.into(),
        _ => return None,
    };
    Some(problem)
}
