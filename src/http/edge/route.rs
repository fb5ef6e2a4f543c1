//! What is found out inside of the router for the answer around it: which route answered, and headers that whoever read the request wants on
//! its answer, whatever that is.
use std::cell::{Cell, RefCell};
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::MatchedPath;
use http::{HeaderName, HeaderValue, Request};
use tower::{Layer, Service};

tokio::task_local! {
    /// The route of the request that this task works on, once the router has found it.
    pub(super) static ROUTE: Cell<Option<MatchedPath>>;
    /// The headers that its answer is to have.
    pub(super) static HEADERS: RefCell<Vec<(HeaderName, HeaderValue)>>;
}

/// Puts a header on the answer of the request that this task works on, beside others of its name.
pub fn on_the_answer(name: HeaderName, value: HeaderValue) {
    // Outside an edge (a test that calls the bare router) nobody wants to know.
    HEADERS
        .try_with(|headers| headers.borrow_mut().push((name, value)))
        .ok();
}

/// The router alone knows the route, and only on its way in. This layer notes it for the edge around the router; it adds
/// no future of its own and nothing to the response.
#[derive(Clone, Copy)]
pub(super) struct NoteRoute;

impl<S> Layer<S> for NoteRoute {
    type Service = NotesRoute<S>;

    fn layer(&self, inner: S) -> NotesRoute<S> {
        NotesRoute(inner)
    }
}

#[derive(Clone)]
pub(super) struct NotesRoute<S>(S);

impl<S: Service<Request<Body>>> Service<Request<Body>> for NotesRoute<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> S::Future {
        if let Some(route) = request.extensions().get::<MatchedPath>() {
            // Outside an edge (a test that calls the bare router) nobody wants to know.
            ROUTE.try_with(|noted| noted.set(Some(route.clone()))).ok();
        }
        self.0.call(request)
    }
}
