//! `GET /errors/{code}`: the page behind a problem's `type`.

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::CONTENT_TYPE;

use crate::http::Api;
use crate::http::problem::{Code, Problem};

/// The pages of all codes, as Markdown.
pub fn routes() -> Router<Api> {
    Router::new().route("/errors/{code}", get(page))
}

async fn page(Path(name): Path<String>) -> Response {
    match Code::named(&name) {
        Some(code) => (
            [(CONTENT_TYPE, "text/markdown; charset=utf-8")],
            code.page(),
        )
            .into_response(),
        None => Problem::new(Code::RouteNotFound, "there is no such error code").into_response(),
    }
}
