//! One kept-alive HTTP/1.1 connection with at most one request in flight.
//!
//! The connection is driven by the task that uses it, not by a task of its own: a request then costs no hand-over
//! between tasks.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::people::Sources;
use super::requests::LoadRequest;
use crate::limits::{BENCH_ANSWER_WAIT_MAX, BENCH_EXCHANGES_AN_ADDRESS, BENCH_REFUSAL_BYTES_MAX};

/// A complete answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// The start of the body when the status is no success, to read its error code; when it is, all of it or nothing,
    /// as [`Keep`] says.
    pub(super) body: Bytes,
}

/// What is kept of the body of a success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// The status says it all.
    Nothing,
    /// The body says how the parts of the request ended.
    Body,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// No connection could be opened, so that nothing was sent.
    #[error("cannot connect: {0}")]
    Connect(#[source] io::Error),
    /// The answer did not come in time. Whether the request had an effect is unknown.
    #[error("no answer within {} s", BENCH_ANSWER_WAIT_MAX.as_secs())]
    Timeout,
    /// A success that says something else than was asked for.
    #[error("an answer that cannot be used: {0}")]
    Unexpected(&'static str),
    /// The connection broke, or what came was not HTTP. Whether the request had an effect is unknown.
    #[error("the connection broke: {0}")]
    Transport(#[from] hyper::Error),
}

/// A connection that opens itself again when the server has closed it.
#[derive(Debug)]
pub(super) struct Link {
    address: SocketAddr,
    /// Where connections come from, if that is to change.
    sources: Option<Arc<Sources>>,
    /// How many exchanges the present address is still good for.
    left: u32,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    sender: SendRequest<Full<Bytes>>,
    /// The reading and writing half of `sender`, which works only while it is polled.
    driver: Driver,
}

type Driver = Pin<Box<http1::Connection<TokioIo<TcpStream>, Full<Bytes>>>>;

impl Link {
    /// Opens a connection.
    ///
    /// # Errors
    /// When the server does not accept it in time.
    pub(super) async fn open(
        address: SocketAddr,
        sources: Option<Arc<Sources>>,
    ) -> io::Result<Self> {
        let mut link = Self {
            address,
            sources,
            left: 0,
            open: None,
        };
        link.open = Some(link.connect().await?);
        Ok(link)
    }

    async fn connect(&mut self) -> io::Result<Open> {
        let source = self.sources.as_ref().map(|sources| sources.next());
        self.left = BENCH_EXCHANGES_AN_ADDRESS;
        connect(self.address, source).await
    }

    /// Ends when the server closes the connection while nothing is in flight, as any server may. The next exchange
    /// opens a new one, so that this is no error. Never ends while there is no connection.
    pub(super) async fn closed_while_idle(&mut self) {
        match &mut self.open {
            Some(open) => {
                // Whether it ended well makes no difference: nothing was in flight.
                let _ended: hyper::Result<()> = open.driver.as_mut().await;
                self.open = None;
            }
            None => std::future::pending().await,
        }
    }

    /// Sends one request and waits for the whole answer, opening a connection first if there is none.
    ///
    /// # Errors
    /// When there is no complete answer in time; the connection is then given up, since what comes on it later would
    /// belong to this request.
    pub(super) async fn exchange(
        &mut self,
        request: LoadRequest,
        keep: Keep,
    ) -> Result<Answer, Failure> {
        let is_worn = self.sources.is_some() && self.left == 0;
        let open = match self.open.take() {
            Some(open) if !is_worn => open,
            Some(_) | None => self.connect().await.map_err(Failure::Connect)?,
        };
        self.left = self.left.saturating_sub(1);
        let exchange = timeout(BENCH_ANSWER_WAIT_MAX, exchange(open, request, keep)).await;
        let (answer, open) = exchange.map_err(|_elapsed| Failure::Timeout)??;
        self.open = open;
        Ok(answer)
    }
}

async fn connect(address: SocketAddr, source: Option<Ipv4Addr>) -> io::Result<Open> {
    let connecting = async {
        let stream = match source {
            Some(source) => {
                let socket = TcpSocket::new_v4()?;
                socket.bind((source, 0).into())?;
                socket.connect(address).await?
            }
            None => TcpStream::connect(address).await?,
        };
        // A request goes out in one write; waiting for the server's acknowledgement of the last one would be measured.
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        Ok(Open {
            sender,
            driver: Box::pin(connection),
        })
    };
    timeout(BENCH_ANSWER_WAIT_MAX, connecting).await?
}

async fn exchange(
    open: Open,
    request: LoadRequest,
    keep: Keep,
) -> Result<(Answer, Option<Open>), Failure> {
    let Open {
        mut sender,
        mut driver,
    } = open;
    let finished = {
        let mut answer = pin!(async { read(sender.send_request(request).await?, keep).await });
        tokio::select! {
            biased;
            answer = &mut answer => (answer?, Some(driver)),
            _ended = driver.as_mut() => {
                // A server may answer and close. What it sent is there already; dropping the driver ends the rest.
                drop(driver);
                (answer.await?, None)
            }
        }
    };
    let (answer, driver) = finished;
    Ok((answer, driver.map(|driver| Open { sender, driver })))
}

async fn read(response: Response<Incoming>, keep: Keep) -> Result<Answer, hyper::Error> {
    let (parts, mut body) = response.into_parts();
    let kept_max = match (parts.status.is_success(), keep) {
        (false, _) => BENCH_REFUSAL_BYTES_MAX,
        (true, Keep::Nothing) => 0,
        (true, Keep::Body) => usize::MAX,
    };
    let mut kept = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame?;
        if let Some(data) = frame.data_ref() {
            let room = kept_max.saturating_sub(kept.len());
            kept.extend_from_slice(data.get(..room).unwrap_or(data));
        }
    }
    Ok(Answer {
        status: parts.status,
        headers: parts.headers,
        body: kept.freeze(),
    })
}
