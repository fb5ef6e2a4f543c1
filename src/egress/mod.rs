//! The one door outwards: whatever calls a server that somebody else has named goes through here.
//!
//! A URL is judged twice: when it is stored, by [`Egress::check_url`], and at each call, by the address that is then connected
//! to, since a name may answer otherwise later. Redirects are not followed, no proxy is taken from the environment, and nothing is
//! sent in clear but to networks that the operator has opened.
//!
//! What this layer deliberately does not do: retry, keep connections, keep cookies, or log what is sent.

mod guard;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONNECTION, HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};
use url::{Host, Url};

use crate::limits::{
    OUTBOUND_ADDRESSES_MAX, OUTBOUND_BODY_BYTES_MAX, OUTBOUND_CONNECT_MAX, OUTBOUND_EXCHANGE_MAX,
    OUTBOUND_URL_BYTES_MAX,
};

pub use guard::{Guard, Network, NotANetwork};

/// Why a URL or a host is not called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It cannot be read as a URL.
    #[error("must be a URL, such as https://example.com/hooks")]
    NotAUrl,
    /// It is longer than any.
    #[error("must be a URL of at most 2048 bytes")]
    TooLong,
    /// Neither `https` nor `http`.
    #[error("must begin with https://")]
    Scheme,
    /// A user's name or a password stand in it.
    #[error("must not hold a user name or a password")]
    Credentials,
    /// Nothing has the name.
    #[error("names a host that cannot be found")]
    Unknown,
    /// It leads to where strangers must not lead.
    #[error(
        "leads to an address that is not public; the operator can open its network (outbound.allow_networks)"
    )]
    Closed,
    /// It would be sent in clear over the public internet.
    #[error(
        "must begin with https://: only networks that the operator has opened are called in clear"
    )]
    InClear,
}

/// Why a call has no answer. Says nothing of what was sent.
#[derive(Debug, thiserror::Error)]
pub enum CallFailed {
    /// It was not even tried.
    #[error("the address {0}")]
    Refused(#[from] Refused),
    /// No connection came about.
    #[error("no connection: {0}")]
    Connect(std::io::Error),
    /// It took too long.
    #[error("no answer in time")]
    TooSlow,
    /// The other side does not speak HTTP, or ended early.
    #[error("no answer: {0}")]
    Http(#[from] hyper::Error),
    /// The answer is longer than is read.
    #[error("the answer is too long, or broke off")]
    Body,
    /// The request cannot be written.
    #[error("the request cannot be made: {0}")]
    Request(#[from] http::Error),
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status: one that redirects is no success.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, whole.
    pub body: Bytes,
}

/// A request to be sent.
#[derive(Clone, Debug)]
pub struct Call {
    /// How.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// With which headers, beside those that every request has.
    pub headers: HeaderMap,
    /// With what in it.
    pub body: Bytes,
}

/// A host that was judged, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its addresses: each may be called.
    pub addresses: Vec<SocketAddr>,
    /// Whether the operator has opened every one of them.
    pub is_opened: bool,
}

/// Calls outwards.
pub struct Egress {
    guard: Guard,
    tls: Arc<ClientConfig>,
}

impl Egress {
    /// One that lets through what `guard` permits, and believes the certificates that the machine believes.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn new(guard: Guard) -> Result<Egress, rustls::Error> {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!(%error, "certificates of the machine cannot be read");
        }
        let mut roots = RootCertStore::empty();
        let (_, unusable) = roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            tracing::warn!(
                unusable,
                "the machine has no certificates to believe (Debian: ca-certificates): nothing can be called by https"
            );
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Egress {
            guard,
            tls: Arc::new(tls),
        })
    }

    /// The URL that `text` is, if it may be called as things are now.
    ///
    /// # Errors
    /// As [`Refused`] says.
    pub async fn check_url(&self, text: &str) -> Result<Url, Refused> {
        let url = parse(text)?;
        self.find_url(&url).await?;
        Ok(url)
    }

    /// Where `host` is, if each of its addresses may be called.
    ///
    /// # Errors
    /// [`Refused::Unknown`] and [`Refused::Closed`].
    pub async fn find(&self, host: &str, port: u16) -> Result<Found, Refused> {
        let host = Host::parse(host).map_err(|_no_host| Refused::NotAUrl)?;
        self.find_host(&host, port).await
    }

    async fn find_url(&self, url: &Url) -> Result<Found, Refused> {
        let host = url.host().ok_or(Refused::NotAUrl)?.to_owned();
        let port = url.port_or_known_default().ok_or(Refused::NotAUrl)?;
        let found = self.find_host(&host, port).await?;
        match url.scheme() {
            "https" => Ok(found),
            _ if found.is_opened => Ok(found),
            _ => Err(Refused::InClear),
        }
    }

    async fn find_host(&self, host: &Host<String>, port: u16) -> Result<Found, Refused> {
        let addresses: Vec<SocketAddr> = match host {
            Host::Ipv4(address) => vec![(IpAddr::V4(*address), port).into()],
            Host::Ipv6(address) => vec![(IpAddr::V6(*address), port).into()],
            Host::Domain(name) => {
                let looked_up = tokio::net::lookup_host((name.as_str(), port));
                let looked_up = tokio::time::timeout(OUTBOUND_CONNECT_MAX, looked_up).await;
                let found = looked_up.map_err(|_too_slow| Refused::Unknown)?;
                let found = found.map_err(|_no_answer| Refused::Unknown)?;
                found.take(OUTBOUND_ADDRESSES_MAX).collect()
            }
        };
        if addresses.is_empty() {
            return Err(Refused::Unknown);
        }
        // Each of them: a name that leads to both worlds is a trap, or a mistake.
        if !addresses.iter().all(|it| self.guard.permits(it.ip())) {
            return Err(Refused::Closed);
        }
        let is_opened = addresses.iter().all(|it| self.guard.is_opened(it.ip()));
        Ok(Found {
            addresses,
            is_opened,
        })
    }

    /// Sends `call`, and reads the whole answer.
    ///
    /// # Errors
    /// As [`CallFailed`] says. After anything but [`CallFailed::Refused`] and [`CallFailed::Connect`] the other side may have taken it in.
    pub async fn call(&self, call: Call) -> Result<Answer, CallFailed> {
        match tokio::time::timeout(OUTBOUND_EXCHANGE_MAX, self.exchange(call)).await {
            Ok(answered) => answered,
            Err(_elapsed) => Err(CallFailed::TooSlow),
        }
    }

    async fn exchange(&self, call: Call) -> Result<Answer, CallFailed> {
        let Call {
            method,
            url,
            headers,
            body,
        } = call;
        check_form(&url)?;
        let found = self.find_url(&url).await?;
        let connected = connect(&found.addresses);
        let stream = tokio::time::timeout(OUTBOUND_CONNECT_MAX, connected)
            .await
            .map_err(|_elapsed| CallFailed::TooSlow)?
            .map_err(CallFailed::Connect)?;
        let target = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let mut request = Request::builder()
            .method(method)
            .uri(target)
            .body(Full::new(body))?;
        *request.headers_mut() = headers;
        let host = match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (host, _) => host.unwrap_or_default().to_owned(),
        };
        let host = HeaderValue::try_from(host).map_err(http::Error::from)?;
        request.headers_mut().insert(HOST, host);
        let agent = HeaderValue::from_static(concat!("clientele/", env!("CARGO_PKG_VERSION")));
        request.headers_mut().insert(USER_AGENT, agent);
        let close = HeaderValue::from_static("close");
        request.headers_mut().insert(CONNECTION, close);
        if url.scheme() == "https" {
            let name = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
            let name = ServerName::try_from(name.to_owned());
            let name = name.map_err(|_no_name| Refused::NotAUrl)?;
            let connector = TlsConnector::from(Arc::clone(&self.tls));
            let stream = connector.connect(name, stream).await;
            speak(stream.map_err(CallFailed::Connect)?, request).await
        } else {
            speak(stream, request).await
        }
    }
}

/// Connects to the first of `addresses` that answers: to the very addresses that were judged, with no second look-up.
async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, std::io::Error> {
    let mut failed = std::io::Error::from(std::io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

async fn speak<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Answer, CallFailed>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let exchange = async move {
        let response = sender.send_request(request).await?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, OUTBOUND_BODY_BYTES_MAX).collect();
        let body = body.await.map_err(|_too_long_or_cut| CallFailed::Body)?;
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body: body.to_bytes(),
        })
    };
    let (mut exchange, mut connection) = (pin!(exchange), pin!(connection));
    let mut is_open = true;
    loop {
        tokio::select! {
            answered = &mut exchange => return answered,
            // Whatever it ended with, the exchange tells: it may have been answered before.
            _ended = &mut connection, if is_open => is_open = false,
        }
    }
}

/// The URL that `text` is, in a form that may be stored.
///
/// # Errors
/// As [`Refused`] says; not whether it can be called.
pub fn parse(text: &str) -> Result<Url, Refused> {
    if text.len() > OUTBOUND_URL_BYTES_MAX {
        return Err(Refused::TooLong);
    }
    let url = Url::parse(text).map_err(|_not_one| Refused::NotAUrl)?;
    check_form(&url)?;
    Ok(url)
}

fn check_form(url: &Url) -> Result<(), Refused> {
    if !matches!(url.scheme(), "https" | "http") {
        return Err(Refused::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Refused::Credentials);
    }
    match url.host() {
        Some(_) => Ok(()),
        None => Err(Refused::NotAUrl),
    }
}
