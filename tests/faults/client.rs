//! HTTP/1.1 over a real socket, one connection a client, and no retries: what got no answer is said to have none.

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::task::JoinSet;

/// How long an answer may take on a busy machine before it counts as hanging.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long what came before the end of its connection may take to be read.
const AFTER_THE_END: Duration = Duration::from_secs(1);

/// A client.
pub(crate) struct Client {
    address: SocketAddr,
    /// The header that it is let in by.
    credential: (&'static str, String),
    connection: Option<(SendRequest<Full<Bytes>>, JoinSet<()>)>,
}

/// An answer, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
}

/// The connection broke before the answer was there: whether the request had its effect is unknown.
#[derive(Debug)]
pub(crate) struct NoAnswer;

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {:?}", self.status, self.body))
    }
}

impl Client {
    /// A client of the listener at `address`.
    pub(crate) fn new(address: SocketAddr, api_key: &str) -> Client {
        Client {
            address,
            credential: ("api_key", api_key.to_owned()),
            connection: None,
        }
    }

    /// The same of somebody with an access token.
    pub(crate) fn signed_in(address: SocketAddr, token: &str) -> Client {
        Client {
            credential: ("authorization", format!("Bearer {token}")),
            ..Client::new(address, "")
        }
    }

    /// Gets `path`.
    pub(crate) async fn get(&mut self, path: &str) -> Result<Answer, NoAnswer> {
        self.send(Method::GET, path, None, None).await
    }

    /// Posts `body` to `path`.
    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> Result<Answer, NoAnswer> {
        self.send(Method::POST, path, None, Some(body)).await
    }

    /// Posts a purchase.
    pub(crate) async fn purchase(&mut self, key: &str, body: &Value) -> Result<Answer, NoAnswer> {
        let path = "/backoffice/v2/purchases";
        self.send(Method::POST, path, Some(key), Some(body)).await
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Answer, NoAnswer> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", self.address.to_string())
            .header(self.credential.0, &self.credential.1);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or_else(Vec::new, |body| serde_json::to_vec(body).unwrap());
        let request = request.body(Full::new(Bytes::from(body))).unwrap();
        let answer = tokio::time::timeout(PATIENCE, self.exchange(request))
            .await
            .expect("an answer, or the end of the connection, in time");
        if answer.is_err() {
            self.connection = None;
        }
        answer.map_err(|_broken| NoAnswer)
    }

    async fn exchange(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Answer, Box<dyn std::error::Error>> {
        let usable = self
            .connection
            .as_ref()
            .is_some_and(|(sender, _)| !sender.is_closed());
        if !usable {
            let stream = tokio::net::TcpStream::connect(self.address).await?;
            stream.set_nodelay(true)?;
            let (sender, driver) = handshake(TokioIo::new(stream)).await?;
            let mut drivers = JoinSet::new();
            drivers.spawn(async move {
                // How it ended is what the sender is told.
                drop(driver.await);
            });
            self.connection = Some((sender, drivers));
        }
        let (sender, drivers) = self.connection.as_mut().ok_or("no connection")?;
        let mut answer = pin!(async {
            sender.ready().await?;
            let response = sender.send_request(request).await?;
            let status = response.status().as_u16();
            let body = response.into_body().collect().await?.to_bytes();
            Ok::<_, hyper::Error>(Answer { status, body })
        });
        tokio::select! {
            biased;
            answer = &mut answer => Ok(answer?),
            // What was given to the connection while it closed is told nothing, ever: https://github.com/hyperium/hyper/issues/4122.
            // What came before the end is there already.
            _ended = drivers.join_next() => Ok(tokio::time::timeout(AFTER_THE_END, answer).await??),
        }
    }
}
