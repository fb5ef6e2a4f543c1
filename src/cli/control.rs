//! Talking to a running node through the control socket in its data directory.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::data_directory::control_socket;
use crate::http::control::Refused;

/// Which node is meant.
#[derive(Debug, clap::Args)]
pub struct NodeArgs {
    /// The data directory of the running node
    #[arg(
        long,
        value_name = "DIRECTORY",
        default_value = "data",
        global = true,
        env = "CLIENTELE__STORAGE__DATA_DIR"
    )]
    pub data_dir: PathBuf,
}

/// Why the node did not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No node runs there.
    #[error(
        "no node answers at {socket} ({detail}); start one (`clientele dev`), or name its data directory with --data-dir"
    )]
    NotRunning {
        /// The socket.
        socket: String,
        /// What the system says.
        detail: String,
    },
    /// The node refused.
    #[error("{0}")]
    Refused(String),
    /// The node broke off.
    #[error("the node broke off: {0}; look at its log")]
    BrokeOff(String),
    /// The result cannot be printed.
    #[error("the result cannot be printed: {0}")]
    Output(#[from] std::io::Error),
}

/// Sends a request and reads the answer.
///
/// # Errors
/// When no node runs there, or it refuses.
pub async fn call<B: Serialize, A: DeserializeOwned>(
    data_dir: &Path,
    method: Method,
    path: &str,
    body: Option<&B>,
) -> Result<A, Error> {
    let socket = control_socket(data_dir);
    let stream = tokio::net::UnixStream::connect(&socket)
        .await
        .map_err(|error| Error::NotRunning {
            socket: socket.display().to_string(),
            detail: error.to_string(),
        })?;
    let broke = |error: String| Error::BrokeOff(error);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| broke(error.to_string()))?;
    let bytes = match body {
        Some(body) => serde_json::to_vec(body).map_err(|error| broke(error.to_string()))?,
        None => Vec::new(),
    };
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "control")
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(bytes)))
        .map_err(|error| broke(error.to_string()))?;
    let exchange = async {
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        Ok::<_, hyper::Error>((status, body))
    };
    let (status, body) = tokio::select! {
        answered = exchange => answered.map_err(|error| broke(error.to_string()))?,
        ended = connection => return Err(broke(match ended {
            Ok(()) => "the connection was closed".to_owned(),
            Err(error) => error.to_string(),
        })),
    };
    if status == StatusCode::OK {
        return serde_json::from_slice(&body).map_err(|error| broke(error.to_string()));
    }
    Err(match serde_json::from_slice::<Refused>(&body) {
        Ok(refused) => Error::Refused(refused.error),
        Err(_) => Error::Refused(String::from_utf8_lossy(&body).into_owned()),
    })
}
