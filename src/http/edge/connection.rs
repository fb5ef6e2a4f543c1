//! One connection, from its first byte to its last, under its time limits.
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use futures_util::FutureExt;
use http::Request;
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::timed_body::TimedBody;
use super::watch::{HeadTimer, Overdue, Watch, WatchedStream};
use super::{Edge, EdgeOptions, RequestId, framing};
use crate::http::problem::{Code, Problem};
use crate::limits::{
    CONNECTION_BUFFER_BYTES_MAX, HEAD_BYTES_MAX, LINGER_BYTES_MAX, LINGER_TIMEOUT,
};

/// hyper asks its timer only if it has a time limit; which one does not matter (see [`HeadTimer`]).
const ANY_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

/// Why a connection is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Both sides are done, or the peer went away, or it spoke no HTTP.
    Done,
    /// The peer was too slow.
    Overdue(Overdue),
    /// Shutdown could not wait for it any longer.
    Cut,
}

/// Serves one connection until it ends. When `drain` is cancelled, a request in flight is still answered.
pub(super) async fn run(
    stream: TcpStream,
    peer: SocketAddr,
    edge: Edge,
    options: &EdgeOptions,
    drain: CancellationToken,
) -> Ended {
    let watch = Arc::new(Watch::new(Instant::now()));
    let io = TokioIo::new(WatchedStream {
        stream,
        watch: Arc::clone(&watch),
    });
    let service = ConnectionService {
        edge: edge.clone(),
        watch: Arc::clone(&watch),
        peer,
        body_timeout: options.body_timeout,
    };
    let mut connection = http1::Builder::new()
        .timer(HeadTimer(Arc::clone(&watch)))
        .header_read_timeout(ANY_TIMEOUT)
        .max_header_size(HEAD_BYTES_MAX)
        .max_buf_size(CONNECTION_BUFFER_BYTES_MAX)
        .serve_connection(io, service);
    let ended = drive(&mut connection, &watch, options, &drain).await;
    let mut stream = connection.into_parts().io.into_inner().stream;
    match ended {
        Ended::Done => linger(&mut stream).await,
        Ended::Overdue(Overdue::Head) => {
            let problem = Problem::new(
                Code::RequestTimeout,
                "the headers did not arrive in time; send them in one go",
            );
            refuse(&mut stream, &edge, &problem).await;
        }
        Ended::Overdue(Overdue::Idle | Overdue::Write) | Ended::Cut => {}
    }
    ended
}

/// Polls the connection, and ends it when something is overdue.
async fn drive(
    connection: &mut http1::Connection<TokioIo<WatchedStream>, ConnectionService>,
    watch: &Watch,
    options: &EdgeOptions,
    drain: &CancellationToken,
) -> Ended {
    // Far enough to be re-armed once a minute at most while a request is being handled.
    let far = |now: Instant| now.checked_add(options.idle_timeout).unwrap_or(now);
    let mut alarm = pin!(sleep_until(far(Instant::now())));
    let mut drained = pin!(drain.cancelled());
    let mut cut_at: Option<Instant> = None;
    poll_fn(|cx| {
        if cut_at.is_none() && drained.as_mut().poll(cx).is_ready() {
            Pin::new(&mut *connection).graceful_shutdown();
            cut_at = Some(
                Instant::now()
                    .checked_add(options.drain_timeout)
                    .unwrap_or_else(Instant::now),
            );
        }
        if let Poll::Ready(outcome) = Pin::new(&mut *connection).poll(cx) {
            if let Err(error) = outcome {
                tracing::debug!(%error, "a connection ended early");
            }
            return Poll::Ready(Ended::Done);
        }
        loop {
            let overdue = watch
                .due(options)
                .map(|(at, overdue)| (at, Ended::Overdue(overdue)));
            let cut = cut_at.map(|at| (at, Ended::Cut));
            let due = [overdue, cut]
                .into_iter()
                .flatten()
                .min_by_key(|(at, _)| *at);
            let now = Instant::now();
            if let Some((at, ended)) = due
                && at <= now
            {
                return Poll::Ready(ended);
            }
            // The alarm may ring too early and is set again then; re-arming it with each request would cost more.
            let at = due.map_or_else(|| far(now), |(at, _)| at);
            if at < alarm.deadline() || alarm.deadline() <= now {
                alarm.as_mut().reset(at);
            }
            if alarm.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    })
    .await
}

/// Writes a refusal outside any request of hyper's, and closes.
pub(super) async fn refuse(stream: &mut TcpStream, edge: &Edge, problem: &Problem) {
    let id = RequestId::new();
    let response = edge.complete(problem.render(id.as_str()), &id);
    tracing::debug!(
        code = problem.code().as_str(),
        request_id = id.as_str(),
        "refused a connection"
    );
    let bytes = to_wire(response).await;
    if matches!(
        timeout(LINGER_TIMEOUT, stream.write_all(&bytes)).await,
        Ok(Ok(()))
    ) {
        linger(stream).await;
    }
}

/// The bytes of an answer that ends its connection.
async fn to_wire(response: Response) -> Vec<u8> {
    let (parts, body) = response.into_parts();
    let body = body
        .collect()
        .await
        .map(|body| body.to_bytes())
        .unwrap_or_default();
    let mut bytes = format!("HTTP/1.1 {}\r\n", parts.status).into_bytes();
    for (name, value) in &parts.headers {
        if name != http::header::CONNECTION {
            bytes.extend_from_slice(name.as_str().as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
    }
    bytes.extend_from_slice(
        format!(
            "content-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        )
        .as_bytes(),
    );
    bytes.extend_from_slice(&body);
    bytes
}

/// Closes in a way that lets the peer read the answer: to close a socket with unread input makes the kernel send a reset,
/// which throws away what the peer has not read yet (RFC 9112, section 9.6).
async fn linger(stream: &mut TcpStream) {
    let mut left = LINGER_BYTES_MAX;
    let mut buffer = [0; 4096];
    let drained = timeout(LINGER_TIMEOUT, async {
        if stream.shutdown().await.is_err() {
            return; // the peer is gone already
        }
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            left = left.saturating_sub(count);
            if left == 0 {
                return;
            }
        }
    });
    if drained.await.is_err() {
        tracing::trace!("a peer did not close its side");
    }
}

/// What hyper calls for each request of one connection.
pub(super) struct ConnectionService {
    edge: Edge,
    watch: Arc<Watch>,
    peer: SocketAddr,
    body_timeout: Duration,
}

impl hyper::service::Service<Request<Incoming>> for ConnectionService {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        self.watch.head_complete();
        let refusal = framing::check(&request, &self.watch).err();
        let mut request = request.map(|incoming| {
            if incoming.is_end_stream() {
                Body::empty()
            } else {
                Body::new(TimedBody::new(incoming, self.body_timeout))
            }
        });
        request.extensions_mut().insert(ConnectInfo(self.peer));
        Box::pin(self.edge.clone().answer(request, refusal).map(Ok))
    }
}
