//! Accepts connections until told to stop, then waits for the requests in flight.
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::{self, Ended};
use super::peers::{Peers, Seat};
use super::{Edge, EdgeOptions};
use crate::http::problem::{Code, Problem};
use crate::limits::{
    ACCEPT_BACKOFF, CONNECTIONS_WAITING_MAX, LINGER_TIMEOUT, LISTEN_BACKLOG, SEAT_PATIENCE,
};

/// How a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Every request in flight was answered.
    Cleanly,
    /// The deadline passed with requests in flight; what they did is unknown to their callers.
    Cut {
        /// How many connections still had one.
        connections: usize,
    },
}

/// Listens on `address` with our backlog, so that a burst of tills that reconnect is not refused by the kernel.
///
/// # Errors
/// The address is taken, not ours, or not allowed.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.set_reuseaddr(true)?; // a restarted node must not wait for its predecessor's closing connections
    socket.bind(address)?;
    socket.listen(LISTEN_BACKLOG)
}

/// Serves `router` on `listener` until `shutdown` is cancelled: then it accepts nothing more, closes idle connections,
/// answers what is in flight, and cuts what is not done after [`EdgeOptions::drain_timeout`].
pub async fn serve(
    listener: TcpListener,
    router: Router,
    options: EdgeOptions,
    shutdown: CancellationToken,
) -> Drained {
    let server = Arc::new(Server {
        edge: Edge::new(router, &options),
        options,
        shutdown,
        peers: Arc::new(Peers::default()),
        waiting: Arc::new(Semaphore::new(CONNECTIONS_WAITING_MAX)),
        tasks: TaskTracker::new(),
        cut: AtomicUsize::new(0),
    });
    while let Some(accepted) = server.shutdown.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, peer)) => server.admit(stream, peer),
            Err(error) if is_about_one_connection(&error) => {}
            Err(error) => {
                // Out of file descriptors, mostly. Connections that end give some back; spinning would not.
                tracing::warn!(%error, "cannot accept connections for now");
                sleep(ACCEPT_BACKOFF).await;
            }
        }
    }
    drop(listener);
    server.tasks.close();
    // Each connection keeps the deadline itself; the slack is for the last ones to close.
    let deadline = server
        .options
        .drain_timeout
        .saturating_add(LINGER_TIMEOUT.saturating_mul(2));
    let all_ended = timeout(deadline, server.tasks.wait()).await.is_ok();
    match server.cut.load(Ordering::Acquire) {
        0 if all_ended => Drained::Cleanly,
        cut => Drained::Cut {
            connections: cut.max(server.tasks.len()),
        },
    }
}

struct Server {
    edge: Edge,
    options: EdgeOptions,
    shutdown: CancellationToken,
    peers: Arc<Peers>,
    /// Places for connections without a seat; past these, they are just closed.
    waiting: Arc<Semaphore>,
    tasks: TaskTracker,
    cut: AtomicUsize,
}

impl Server {
    fn admit(self: &Arc<Self>, stream: TcpStream, peer: SocketAddr) {
        if stream.set_nodelay(true).is_err() {
            return; // it is closed already
        }
        let server = Arc::clone(self);
        if let Some(seat) = self.peers.seat(peer.ip(), &self.options) {
            self.tasks.spawn(server.run(stream, peer, seat));
        } else if let Ok(place) = Arc::clone(&self.waiting).try_acquire_owned() {
            self.tasks.spawn(async move {
                server.run_later(stream, peer).await;
                drop(place);
            });
        } else {
            count_refused();
        }
    }

    async fn run(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, seat: Seat) {
        let (edge, drain) = (self.edge.clone(), self.shutdown.clone());
        let ended = connection::run(stream, peer, edge, &self.options, drain).await;
        if ended == Ended::Cut {
            self.cut.fetch_add(1, Ordering::AcqRel);
        }
        drop(seat);
    }

    /// Runs the connection if a seat is free after [`SEAT_PATIENCE`], or says that none is. Told at once, a client that connects
    /// again at once would have the node do little but refuse it.
    async fn run_later(self: &Arc<Self>, mut stream: TcpStream, peer: SocketAddr) {
        let patience = self.shutdown.run_until_cancelled(sleep(SEAT_PATIENCE));
        let goes_on = patience.await.is_some();
        if goes_on && let Some(seat) = self.peers.seat(peer.ip(), &self.options) {
            // A task of its own: this one's place is for who waits.
            self.tasks.spawn(Arc::clone(self).run(stream, peer, seat));
            return;
        }
        count_refused();
        let problem = Problem::new(
            Code::OverCapacity,
            "too many connections; reuse the ones you have",
        );
        connection::refuse(&mut stream, &self.edge, &problem).await;
    }
}

fn count_refused() {
    metrics::counter!("clientele_http_connections_refused_total").increment(1);
}

/// The peer was gone before it was accepted; that says nothing about the next one.
fn is_about_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}
