//! The outermost layer: sockets, time limits, request ids, and what every answer carries.
//!
//! Reading order: [`serve()`] accepts and counts connections -> `connection` drives one of them under its time limits,
//! with `watch` looking over hyper's shoulder -> `framing` refuses what two parsers could read in two ways ->
//! [`Edge`] calls the router and finishes its answer.
//!
//! It is one hand-written service around the router rather than a stack of layers: four layers of middleware cost a
//! third of the throughput when measured.
//!
//! Deliberately absent: TLS (a listener's), `X-Forwarded-For` (the gateways', who know which peers are proxies),
//! compression, a time limit on handlers (giving up on a write is an *unknown outcome*, and only its author can tell).
mod connection;
mod framing;
mod meters;
mod origins;
mod peers;
mod request_id;
mod route;
mod serve;
mod service;
mod timed_body;
mod timings;
mod watch;

use std::time::Duration;

pub(super) use self::framing::is_host;
pub use self::origins::Origins;
pub use self::request_id::RequestId;
pub use self::route::on_the_answer;
pub use self::serve::{Drained, bind, serve};
pub use self::service::Edge;
pub use self::timings::Timings;
use crate::limits;

/// The time limits and caps of the edge. The defaults are for the open internet; tests shorten them.
#[derive(Clone, Debug)]
pub struct EdgeOptions {
    /// How long a request's head may take from its first byte to its last; then 408 and close.
    pub head_timeout: Duration,
    /// How long a body may take from when it is first waited for; then 408 and close.
    pub body_timeout: Duration,
    /// How long a connection may stay silent before or between requests; then it is closed without a word.
    pub idle_timeout: Duration,
    /// How long a peer may leave an answer unread; then the connection is dropped.
    pub write_stall_timeout: Duration,
    /// How long in-flight requests may take to finish once shutdown has begun; then they are cut.
    pub drain_timeout: Duration,
    /// Connections in all; one more gets 503 and is closed.
    pub connections_max: usize,
    /// Connections of one IPv4 address or IPv6 /64 network; one more gets 503 and is closed.
    pub connections_per_peer_max: usize,
    /// Whether answers tell browsers to come back over TLS only. Set it where TLS ends in front of this listener.
    pub strict_transport_security: bool,
    /// Pages of which other origins may call, in browsers.
    pub origins: Origins,
}

impl Default for EdgeOptions {
    fn default() -> Self {
        EdgeOptions {
            head_timeout: limits::HEAD_TIMEOUT,
            body_timeout: limits::BODY_TIMEOUT,
            idle_timeout: limits::IDLE_TIMEOUT,
            write_stall_timeout: limits::WRITE_STALL_TIMEOUT,
            drain_timeout: limits::DRAIN_TIMEOUT,
            connections_max: limits::CONNECTIONS_MAX,
            connections_per_peer_max: limits::CONNECTIONS_PER_PEER_MAX,
            strict_transport_security: false,
            origins: Origins::default(),
        }
    }
}

#[cfg(test)]
mod tests;
