//! A stand-in for a node: it answers like the contract, keeps what it was asked, and can be made to stall.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use http::{HeaderMap, Method, StatusCode};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A request as the stub received it.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// The caller's end of the connection: a new port for each connection.
    pub(super) caller: SocketAddr,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

/// What the stub does with a request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reply {
    Success,
    /// Success, with stages in `Server-Timing`.
    Timed,
    /// Success, and the connection is closed.
    SuccessAndClose,
    BalanceTooLow,
    /// Every purchase of a batch was recorded.
    BatchRecorded,
    /// All but one.
    BatchIncomplete,
    /// A 400 for another reason.
    Malformed,
    Unavailable,
    /// The connection breaks in the middle of the answer.
    Broken,
}

/// Whether requests are answered, or held until the gate opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    Open,
    Closed,
}

/// A running stub; it ends when dropped.
#[derive(Debug)]
pub(super) struct Stub {
    pub(super) address: SocketAddr,
    pub(super) gate: watch::Sender<Gate>,
    seen: Arc<Mutex<Vec<Seen>>>,
    _server: JoinSet<()>,
}

struct Shared {
    seen: Arc<Mutex<Vec<Seen>>>,
    gate: watch::Receiver<Gate>,
    reply: Box<dyn Fn(usize) -> Reply + Send + Sync>,
}

impl Stub {
    /// Starts a stub on a free port that replies to its n-th request, from 0, as told.
    pub(super) async fn start(
        gate: Gate,
        reply: impl Fn(usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (sender, receiver) = watch::channel(gate);
        let shared = Shared {
            seen: Arc::clone(&seen),
            gate: receiver,
            reply: Box::new(reply),
        };
        let router = Router::new().fallback(answer).with_state(Arc::new(shared));
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, service).await.unwrap() });
        Self {
            address,
            gate: sender,
            seen,
            _server: server,
        }
    }

    /// Everything that arrived so far, in order.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().clone()
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(caller): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let number = {
        let mut seen = shared.seen.lock();
        seen.push(Seen {
            caller,
            method: parts.method,
            path: parts.uri.to_string(),
            headers: parts.headers,
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        });
        seen.len() - 1
    };
    let mut gate = shared.gate.clone();
    gate.wait_for(|gate| *gate == Gate::Open).await.unwrap();
    respond((shared.reply)(number))
}

fn respond(reply: Reply) -> Response {
    let purchase =
        json!({ "id": "p", "state": "POSTED", "rewards": { "award": 1.0 }, "amount_due": 10.0 });
    let refusal = |code: &str| json!({ "status": 400, "error": code, "detail": "no" });
    let not_enough = "CRM.EXCEPTIONS.CANNOTSPENDAMOUNTWALLETBALANCENOTENOUGHEXCEPTION";
    let batch = |recorded| {
        let done = json!({ "status": 200, "sequence": 0, "purchase": purchase });
        let refused = json!({ "status": 503, "sequence": 999, "problem": { "detail": "full" } });
        let mut items = vec![done; recorded];
        items.resize(1_000, refused);
        json!({ "items": items })
    };
    let (status, header, body) = match reply {
        Reply::BatchRecorded => (StatusCode::OK, ("x-stub", "1"), batch(1_000)),
        Reply::BatchIncomplete => (StatusCode::OK, ("x-stub", "1"), batch(999)),
        Reply::Success => (StatusCode::OK, ("x-stub", "1"), purchase),
        Reply::Timed => (
            StatusCode::OK,
            ("server-timing", "admit;dur=0.01, journal;dur=0.4"),
            purchase,
        ),
        Reply::SuccessAndClose => (StatusCode::OK, ("connection", "close"), purchase),
        Reply::BalanceTooLow => (
            StatusCode::BAD_REQUEST,
            ("x-stub", "1"),
            refusal(not_enough),
        ),
        Reply::Malformed => (
            StatusCode::BAD_REQUEST,
            ("x-stub", "1"),
            refusal("CRM.EXCEPTIONS.OTHER"),
        ),
        Reply::Unavailable => (
            StatusCode::SERVICE_UNAVAILABLE,
            ("retry-after", "1"),
            json!({ "error": "BUSY" }),
        ),
        Reply::Broken => return broken(),
    };
    Response::builder()
        .status(status)
        .header(header.0, header.1)
        .body(Body::from(body.to_string()))
        .unwrap()
}

fn broken() -> Response {
    let parts = [
        Ok("{\"id\":"),
        Err(std::io::Error::other("broken on purpose")),
    ];
    Response::new(Body::from_stream(futures_util::stream::iter(parts)))
}
