//! The API reference page and the document behind it. Everything is served from the binary: the page asks nothing of
//! the network.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use utoipa_swagger_ui::Config;

use crate::http::Api;
use crate::http::problem::{Code, Problem};

/// The page's scripts and styles are its own; it writes some styles inline.
const PAGE_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/// `/openapi.json` and `/docs/` below `gateway`, such as `/backoffice`.
pub(super) fn routes(
    gateway: &'static str,
    document: Arc<utoipa::openapi::OpenApi>,
) -> Router<Api> {
    let config = Arc::new(
        Config::from(format!("{gateway}/openapi.json"))
            .try_it_out_enabled(true)
            .display_request_duration(true),
    );
    let page = {
        let config = Arc::clone(&config);
        move || {
            let config = Arc::clone(&config);
            async move { file("index.html", config) }
        }
    };
    Router::new()
        .route(
            &format!("{gateway}/openapi.json"),
            get(move || {
                let document = Arc::clone(&document);
                async move { Json(&*document).into_response() }
            }),
        )
        .route(
            &format!("{gateway}/docs"),
            get(move || async move { Redirect::permanent(&format!("{gateway}/docs/")) }),
        )
        .route(&format!("{gateway}/docs/"), get(page))
        .route(
            &format!("{gateway}/docs/{{file}}"),
            get(move |Path(name): Path<String>| {
                let config = Arc::clone(&config);
                async move { file(&name, config) }
            }),
        )
}

fn file(name: &str, config: Arc<Config<'static>>) -> Response {
    match utoipa_swagger_ui::serve(name, config) {
        Ok(Some(found)) => {
            let mut response = Response::new(Body::from(found.bytes.into_owned()));
            let headers = response.headers_mut();
            if let Ok(content_type) = HeaderValue::from_str(&found.content_type) {
                headers.insert(CONTENT_TYPE, content_type);
            }
            headers.insert(
                CONTENT_SECURITY_POLICY,
                HeaderValue::from_static(PAGE_POLICY),
            );
            response
        }
        Ok(None) => {
            Problem::new(Code::RouteNotFound, "the reference has no such file").into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a file of the reference page cannot be served");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
