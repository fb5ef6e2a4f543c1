//! `GET /.well-known/jwks.json`: the public halves of the keys that sign access tokens (RFC 7517).

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::CACHE_CONTROL;

use crate::http::Api;
use crate::http::problem::{Code, Problem};

/// An hour: the next key is published a quarter of a year before it signs.
const KEPT_FOR: &str = "public, max-age=3600";

/// What stands at fixed places below `/.well-known`.
pub fn routes() -> Router<Api> {
    Router::new().route("/.well-known/jwks.json", get(keys))
}

async fn keys(State(api): State<Api>) -> Response {
    match api.tokens.public_keys(api.router.wall()) {
        Ok(keys) => ([(CACHE_CONTROL, KEPT_FOR)], Json(keys)).into_response(),
        Err(error) => {
            tracing::error!(%error, "the public keys cannot be shown");
            Problem::from(Code::Internal).into_response()
        }
    }
}
