//! A server of HTTP that answers as it is told, and keeps what it was sent.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Longer than a message rests between two tries.
const PATIENCE: Duration = Duration::from_secs(40);

/// What came in.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    /// The method and the target.
    pub(crate) line: String,
    /// Each header as it came, with a small name.
    headers: Vec<(String, String)>,
    /// The body as text.
    pub(crate) body: String,
}

impl Recorded {
    /// A header.
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// The server. It ends with its owner.
pub(crate) struct Recorder {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    seen: mpsc::Receiver<Recorded>,
    answers: Arc<Mutex<VecDeque<(u16, String)>>>,
    _tasks: JoinSet<()>,
}

impl Recorder {
    /// One that answers with status 200 and an empty object, unless it is told otherwise.
    pub(crate) async fn start() -> Recorder {
        Recorder::at(([127, 0, 0, 1], 0).into()).await
    }

    /// The same at an address of the caller's.
    pub(crate) async fn at(address: SocketAddr) -> Recorder {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, seen) = mpsc::channel(64);
        let answers: Arc<Mutex<VecDeque<(u16, String)>>> = Arc::default();
        let next = Arc::clone(&answers);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if let Some((recorded, stream)) = read(stream).await {
                    let told = next.lock().unwrap().pop_front();
                    let (status, body) = told.unwrap_or_else(|| (200, "{}".to_owned()));
                    // Before the answer: whoever has the answer finds the record.
                    if tell.send(recorded).await.is_err() {
                        return;
                    }
                    answer(stream, status, &body).await;
                }
            }
        });
        Recorder {
            address,
            seen,
            answers,
            _tasks: tasks,
        }
    }

    /// The next request is answered so, after those that were said before.
    pub(crate) fn then(&self, status: u16, body: impl Into<String>) {
        self.answers
            .lock()
            .unwrap()
            .push_back((status, body.into()));
    }

    /// What came next.
    pub(crate) async fn next(&mut self) -> Recorded {
        let next = tokio::time::timeout(PATIENCE, self.seen.recv()).await;
        next.expect("a request in time").expect("the recorder runs")
    }

    /// Whether nothing else came by now.
    pub(crate) fn is_quiet(&mut self) -> bool {
        self.seen.try_recv().is_err()
    }
}

async fn read(mut stream: TcpStream) -> Option<(Recorded, TcpStream)> {
    let mut bytes = Vec::new();
    let head_ends = loop {
        let mut piece = [0; 4_096];
        let read = stream.read(&mut piece).await.ok()?;
        if read == 0 {
            return None;
        }
        bytes.extend_from_slice(&piece[..read]);
        if let Some(at) = bytes.windows(4).position(|end| end == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let head = String::from_utf8(bytes[..head_ends].to_vec()).unwrap();
    let mut lines = head.lines();
    let line = lines.next()?.trim_end_matches(" HTTP/1.1").to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, value)| value.parse().unwrap());
    while bytes.len() < head_ends + length {
        let mut piece = [0; 4_096];
        match stream.read(&mut piece).await.ok()? {
            0 => return None,
            read => bytes.extend_from_slice(&piece[..read]),
        }
    }
    let body = String::from_utf8(bytes[head_ends..].to_vec()).unwrap();
    let recorded = Recorded {
        line,
        headers,
        body,
    };
    Some((recorded, stream))
}

async fn answer(mut stream: TcpStream, status: u16, body: &str) {
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status} So\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    // A client that is gone has heard enough.
    if stream.write_all(answer.as_bytes()).await.is_ok() {
        drop(stream.shutdown().await);
    }
}
