//! The edge on a real socket: what is written here is what a stranger could send.
mod answers;
mod framing;
mod lifecycle;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Drained, EdgeOptions, RequestId, Timings, bind, serve};
use crate::http::extract::{Faults, ValidJson, Validate};
use crate::http::problem::{Code, Problem};

/// No test waits longer; it is a guard against hanging, not a measure of anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// Far above what any test takes: a limit of this length must not be what ends it.
const NEVER: Duration = Duration::from_secs(600);

/// A server on a free port, stopped when dropped.
struct TestServer {
    address: SocketAddr,
    shutdown: CancellationToken,
    running: JoinHandle<Drained>,
    gate: Arc<Gate>,
}

/// Holds the handler of `GET /gate` until it is opened.
#[derive(Default)]
struct Gate {
    entered: Notify,
    open: Notify,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    text: Value,
}

impl Validate for Note {
    fn validate(&self, faults: &mut Faults) {
        faults.require(!self.text.is_null(), "text", "empty", "must not be null");
    }
}

fn router(gate: Arc<Gate>) -> Router {
    Router::new()
        .route("/ok", get(async || "ok"))
        .route(
            "/notes",
            post(async |note: ValidJson<Note>| note.text.to_string()),
        )
        .route(
            "/things/{id}",
            get(async || Problem::new(Code::NotFound, "no thing has this id")),
        )
        .route(
            "/id",
            get(async |id: axum::Extension<RequestId>| id.as_str().to_owned()),
        )
        .route("/panic", get(panics))
        .route("/timed", get(timed))
        .route(
            "/page",
            get(async || {
                [
                    ("cache-control", "max-age=60"),
                    ("content-security-policy", "default-src 'self'"),
                ]
            }),
        )
        .route(
            "/broken",
            get(async || {
                (
                    http::StatusCode::INTERNAL_SERVER_ERROR,
                    "at secret.rs line 7",
                )
            }),
        )
        .route(
            "/number/{number}",
            get(async |number: axum::extract::Path<u32>| number.0.to_string()),
        )
        .route("/large", get(async || vec![b'x'; 64 * 1024 * 1024]))
        .route(
            "/gate",
            get(async move || {
                gate.entered.notify_one();
                gate.open.notified().await;
                "through"
            }),
        )
}

async fn panics() -> Response {
    panic!("the secret is sk_live_123")
}

async fn timed() -> Response {
    let mut response = "timed".into_response();
    response.extensions_mut().insert(Timings {
        admit: Duration::from_micros(1),
        queue: Duration::from_micros(20),
        decide: Duration::from_micros(300),
        journal: Duration::from_micros(4_000),
    });
    response
}

/// Time limits that no test meets by accident.
fn patient() -> EdgeOptions {
    EdgeOptions {
        head_timeout: NEVER,
        body_timeout: NEVER,
        idle_timeout: NEVER,
        write_stall_timeout: NEVER,
        drain_timeout: NEVER,
        ..EdgeOptions::default()
    }
}

impl TestServer {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test waits for its server itself"
    )]
    fn start(options: EdgeOptions) -> Self {
        let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let gate = Arc::new(Gate::default());
        let running = tokio::spawn(serve(
            listener,
            router(Arc::clone(&gate)),
            options,
            shutdown.clone(),
        ));
        TestServer {
            address,
            shutdown,
            running,
            gate,
        }
    }

    /// A client that sends what it writes at once, and whose kernel keeps little of what the server does not read.
    async fn connect(&self) -> Client {
        self.connect_from([127, 0, 0, 1]).await
    }

    /// As [`connect`](Self::connect), by a peer with this address of its own.
    async fn connect_from(&self, address: [u8; 4]) -> Client {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from((address, 0))).unwrap();
        socket.set_send_buffer_size(4096).unwrap();
        let stream = socket.connect(self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Client(stream)
    }

    /// Sends `bytes` on a connection of their own, and returns all that comes back until the server closes.
    async fn exchange(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut client = self.connect().await;
        client.send(bytes).await;
        client.read_to_end().await
    }

    /// As [`exchange`](Self::exchange), for one well-framed request, after which the server is asked to close.
    async fn request(&self, line: &str, headers: &str, body: impl AsRef<[u8]>) -> Answer {
        let body = body.as_ref();
        let length = body.len();
        let mut bytes =
            format!("{line} HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n")
                .into_bytes();
        bytes.extend_from_slice(body);
        Answer(self.exchange(bytes).await)
    }

    async fn stop(self) -> Drained {
        self.shutdown.cancel();
        tokio::time::timeout(PATIENCE, self.running)
            .await
            .expect("it stops")
            .unwrap()
    }
}

struct Client(TcpStream);

impl Client {
    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    /// All until the server closes. A reset is a failure: it loses answers.
    async fn read_to_end(&mut self) -> String {
        let mut bytes = Vec::new();
        let read = self.0.read_to_end(&mut bytes);
        tokio::time::timeout(PATIENCE, read)
            .await
            .expect("the server closes")
            .expect("no reset");
        String::from_utf8(bytes).unwrap()
    }

    /// All until `end` has come.
    async fn read_until(&mut self, end: &str) -> String {
        let mut text = String::new();
        let mut buffer = [0; 4096];
        while !text.ends_with(end) {
            let read = self.0.read(&mut buffer);
            let count = tokio::time::timeout(PATIENCE, read)
                .await
                .expect("an answer")
                .unwrap();
            assert_ne!(count, 0, "closed after {text:?}");
            text.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
        }
        text
    }
}

/// One answer as text.
struct Answer(String);

impl Answer {
    fn status(&self) -> u16 {
        self.0
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .unwrap_or_else(|| panic!("{:?}", self.0))
    }

    fn header(&self, name: &str) -> Option<&str> {
        let (head, _) = self.0.split_once("\r\n\r\n")?;
        head.lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v)
    }

    fn body(&self) -> &str {
        self.0.split_once("\r\n\r\n").unwrap().1
    }

    /// The body as a problem of this status and code, after checking what all problems have in common.
    #[track_caller]
    fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status(), status, "{}", self.0);
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{}",
            self.0
        );
        let problem: Value = serde_json::from_str(self.body()).unwrap();
        assert_eq!(problem["code"], code);
        assert_eq!(problem["status"], status);
        assert_eq!(problem["type"], format!("/errors/{code}"));
        assert_eq!(problem["request_id"].as_str(), self.header("x-request-id"));
        problem
    }
}
