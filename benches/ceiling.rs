//! The ceiling that Clientele is measured against: a bare axum route that parses the body of an award and answers one of the same
//! size. It keeps nothing, checks nothing and waits for no disk: no HTTP service built on axum answers more.
//!
//! `benches/laboratory/peers.py` starts it; by hand: `cargo run --release --example ceiling -- 127.0.0.1:8099 1400`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a measuring stick that cannot be set up has nothing to go on with"
)]

use std::hint::black_box;
use std::io::Write;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Json, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::serve::ListenerExt;
use serde::Deserialize;

/// The allocator of the `clientele` binary, so that it makes no difference.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// An award as `clientele bench --scenario award` sends it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "parsing it is the point")]
struct Purchase {
    contact: Id,
    organisation: Id,
    transaction_amounts: Amounts,
    classification: Name,
    currency_code: String,
    reference_number: String,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "parsing it is the point")]
struct Id {
    id: String,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "parsing it is the point")]
struct Name {
    name: String,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "parsing it is the point")]
struct Amounts {
    total: f64,
    net: f64,
    tax: f64,
    discount: f64,
}

async fn answer(State(body): State<Bytes>, Json(purchase): Json<Purchase>) -> impl IntoResponse {
    black_box(&purchase);
    ([(CONTENT_TYPE, "application/json")], body)
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(address), Some(bytes)) = (arguments.next(), arguments.next()) else {
        let usage = "usage: ceiling ADDRESS:PORT BYTES_OF_AN_ANSWER";
        writeln!(std::io::stderr(), "{usage}").expect("standard error is there");
        std::process::exit(2);
    };
    let bytes: usize = bytes.parse().expect("the size is a number of bytes");
    let body = Bytes::from(format!("\"{}\"", "x".repeat(bytes.saturating_sub(2))));
    let router = Router::new()
        .route("/backoffice/v2/purchases", post(answer))
        .with_state(body);
    let listener = tokio::net::TcpListener::bind(address).await;
    let listener = listener.expect("the address is free");
    let address = listener.local_addr().expect("it is bound");
    writeln!(std::io::stdout(), "listening on http://{address}").expect("someone reads");
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).expect("it is a TCP stream"));
    axum::serve(listener, router).await.expect("it goes on");
}
