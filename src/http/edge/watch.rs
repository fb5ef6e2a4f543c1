//! Looks over hyper's shoulder: when a head begins, what its bytes are, and whether the peer reads its answer.
//!
//! hyper has one time limit for "no head yet", which ends the connection without a word, and covers idling between
//! requests too. And when a head has both `Content-Length` and `Transfer-Encoding`, it drops the former before a service
//! could see it. Both are told apart here, through the two seams that hyper has: the stream that it reads, and the timer
//! that it asks whenever it begins to wait for a head.
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderMap, Request};
use hyper::rt::{Sleep, Timer};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::EdgeOptions;
use crate::limits::{HEAD_BYTES_KEPT, HEAD_BYTES_MAX, HEAD_LINES_MAX};

/// What one connection is doing. Its one task is the only one to lock it, so the lock is never waited for.
pub(super) struct Watch(Mutex<State>);

struct State {
    phase: Phase,
    /// What was read since the present head was first waited for: the head, and what came with it.
    window: Vec<u8>,
    /// Since when the peer has not taken what is to be written.
    stalled_since: Option<Instant>,
}

enum Phase {
    /// No byte of a head yet, since then.
    Idle(Instant),
    /// A part of a head, the first of it then.
    Head(Instant),
    /// A request is being handled or answered.
    Busy,
}

/// What a time limit that has run out means for the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// A part of a head came, and then nothing: worth a 408.
    Head,
    /// Nothing came: worth no word.
    Idle,
    /// The answer is not being read: there is nobody to tell.
    Write,
}

impl Watch {
    pub(super) fn new(now: Instant) -> Self {
        Watch(Mutex::new(State {
            phase: Phase::Idle(now),
            window: Vec::new(),
            stalled_since: None,
        }))
    }

    fn head_awaited(&self) {
        let mut state = self.0.lock();
        state.phase = Phase::Idle(Instant::now());
        state.window.clear();
        state.window.shrink_to(HEAD_BYTES_KEPT);
    }

    fn bytes_read(&self, bytes: &[u8]) {
        let mut state = self.0.lock();
        match state.phase {
            Phase::Busy => return,
            Phase::Idle(_) => state.phase = Phase::Head(Instant::now()),
            Phase::Head(_) => {}
        }
        let room = HEAD_BYTES_MAX.saturating_sub(state.window.len());
        state
            .window
            .extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    fn wrote<T>(&self, outcome: &Poll<T>) {
        let mut state = self.0.lock();
        match outcome {
            Poll::Ready(_) => state.stalled_since = None,
            Poll::Pending => {
                state.stalled_since.get_or_insert_with(Instant::now);
            }
        }
    }

    /// The head is whole, and its request goes to the service. The window stays as it is until the next head.
    pub(super) fn head_complete(&self) {
        self.0.lock().phase = Phase::Busy;
    }

    /// Whether `request`, which is chunked, was sent with no length besides.
    ///
    /// It is so only if the window holds this very head, line for line: a chunked request that was pipelined behind
    /// another one was read too early to be seen, and counts as ambiguous. No client that waits for its answers does
    /// that. The count of lines makes sure that the window did not begin in the middle of the head.
    pub(super) fn saw_chunked_only<B>(&self, request: &Request<B>) -> bool {
        let state = self.0.lock();
        let mut lines = [httparse::EMPTY_HEADER; HEAD_LINES_MAX];
        let mut head = httparse::Request::new(&mut lines);
        let is_whole = head
            .parse(&state.window)
            .is_ok_and(|status| status.is_complete());
        is_whole
            && head.headers.len() == request.headers().len()
            && !head
                .headers
                .iter()
                .any(|line| line.name.eq_ignore_ascii_case("content-length"))
    }

    /// The next moment at which something is overdue, and what. `None` while a request is being handled.
    pub(super) fn due(&self, options: &EdgeOptions) -> Option<(Instant, Overdue)> {
        let state = self.0.lock();
        let read = match state.phase {
            Phase::Idle(since) => since
                .checked_add(options.idle_timeout)
                .map(|at| (at, Overdue::Idle)),
            Phase::Head(since) => since
                .checked_add(options.head_timeout)
                .map(|at| (at, Overdue::Head)),
            Phase::Busy => None,
        };
        let write = state
            .stalled_since
            .and_then(|since| since.checked_add(options.write_stall_timeout));
        let write = write.map(|at| (at, Overdue::Write));
        [read, write]
            .into_iter()
            .flatten()
            .min_by_key(|(at, _)| *at)
    }
}

/// Whether the head says that a body is chunked.
pub(super) fn is_chunked(headers: &HeaderMap) -> bool {
    headers.contains_key(http::header::TRANSFER_ENCODING)
}

/// The stream that hyper reads and writes, watched.
pub(super) struct WatchedStream {
    pub(super) stream: TcpStream,
    pub(super) watch: Arc<Watch>,
}

impl AsyncRead for WatchedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(cx, buffer);
        match buffer.filled().get(before..) {
            Some(bytes) if !bytes.is_empty() => self.watch.bytes_read(bytes),
            Some(_) | None => {}
        }
        outcome
    }
}

impl AsyncWrite for WatchedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch.wrote(&outcome);
        outcome
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.watch.wrote(&outcome);
        outcome
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The timer that hyper starts when it begins to wait for a head. It never runs out: the connection's own task keeps the
/// time, by [`Watch::due`], since what is to be done depends on more than hyper knows.
pub(super) struct HeadTimer(pub(super) Arc<Watch>);

impl Timer for HeadTimer {
    fn sleep(&self, _duration: std::time::Duration) -> Pin<Box<dyn Sleep>> {
        self.0.head_awaited();
        Box::pin(Never)
    }

    fn sleep_until(&self, _deadline: std::time::Instant) -> Pin<Box<dyn Sleep>> {
        self.0.head_awaited();
        Box::pin(Never)
    }

    fn reset(&self, _sleep: &mut Pin<Box<dyn Sleep>>, _deadline: std::time::Instant) {
        self.0.head_awaited();
    }
}

struct Never;

impl Future for Never {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

impl Sleep for Never {}
