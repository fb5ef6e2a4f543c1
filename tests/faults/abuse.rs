//! Raw bytes that no honest client sends, against the real routes and beside an honest load: each gets its refusal, none an effect.

use std::net::SocketAddr;
use std::time::Duration;

use clientele::limits::{BODY_BYTES_MAX, HEAD_BYTES_MAX, JSON_DEPTH_MAX};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::ledger::{Ledger, Network};
use crate::load::{Load, Numbers};
use crate::process::Site;

const PATH: &str = "/backoffice/v2/purchases";
const CONTACTS: u64 = 20;
const CLIENTS: usize = 4;

/// Whose wallet the abuse is after; the honest load leaves it alone.
const VICTIM: usize = 50;

/// How many connections begin a request and do not end it.
const SLOW: usize = 200;

/// How long an answer may take on a busy machine before it counts as hanging; the slowest is due after ten seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// What comes back until the server closes the connection, which it must.
async fn answers(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    read.expect("the server closes").expect("no reset");
    String::from_utf8_lossy(&answer).into_owned()
}

/// Whether there is one answer, of this status and code, and none to whatever hid behind the request.
fn is_refused(name: &str, answer: &str, status: u16, code: &str) {
    assert_eq!(answer.matches("HTTP/1.").count(), 1, "{name}: {answer}");
    let expected = format!("HTTP/1.1 {status} ");
    assert!(answer.starts_with(&expected), "{name}: {answer}");
    assert!(answer.contains(code), "{name}: no {code} in {answer}");
}

/// What is sent, and what must come of it.
struct Attempt(&'static str, Vec<u8>, u16, &'static str);

/// Requests for a purchase of the victim's that would be fine if they were well formed.
struct Forge {
    secret: String,
    body: Value,
}

impl Forge {
    fn of(network: &Network) -> Forge {
        Forge {
            secret: network.secret.clone(),
            body: network.award(VICTIM, 10_000),
        }
    }

    /// A head without its end, and without a length.
    fn head(&self) -> String {
        format!(
            "POST {PATH} HTTP/1.1\r\nhost: a\r\napi_key: {}\r\nconnection: close\r\ncontent-type: application/json\r\n",
            self.secret
        )
    }

    fn with(&self, lines: &str, body: &str) -> Vec<u8> {
        format!("{}{lines}\r\n{body}", self.head()).into_bytes()
    }

    /// The purchase with these lines in its head beside its length.
    fn beside(&self, lines: &str) -> Vec<u8> {
        let body = self.body.to_string();
        let length = format!("{lines}content-length: {}\r\n", body.len());
        self.with(&length, &body)
    }

    fn sized(&self, body: &str) -> Vec<u8> {
        self.with(&format!("content-length: {}\r\n", body.len()), body)
    }

    fn replaced(&self, from: &str, to: &str) -> Vec<u8> {
        let whole = String::from_utf8(self.beside("")).unwrap();
        whole.replacen(from, to, 1).into_bytes()
    }

    /// Whose end two parsers could see in two places: a whole purchase hides in what one of them takes for the body.
    fn framings(&self) -> Vec<Attempt> {
        let hidden = String::from_utf8(self.beside("")).unwrap();
        let (length, chunk) = (hidden.len() + 5, format!("0\r\n\r\n{hidden}"));
        let chunked = "transfer-encoding: chunked\r\n";
        let body = self.body.to_string();
        let both = format!("content-length: {length}\r\n{chunked}");
        let twice = format!("content-length: 5\r\ncontent-length: {length}\r\n");
        let signed = format!("content-length: +{}\r\n", body.len());
        let spaced = format!("content-length : {}\r\n", body.len());
        let large = format!("x: {}\r\n", "y".repeat(HEAD_BYTES_MAX));
        let te_first = format!("{chunked}content-length: 5\r\n");
        vec![
            Attempt(
                "CL and TE",
                self.with(&both, &chunk),
                400,
                "ambiguous_framing",
            ),
            Attempt(
                "TE and CL",
                self.with(&te_first, &chunk),
                400,
                "ambiguous_framing",
            ),
            Attempt("two lengths", self.with(&twice, &chunk), 400, ""),
            Attempt("a sign", self.with(&signed, &body), 400, ""),
            Attempt(
                "not chunked",
                self.with("transfer-encoding: identity\r\n", &body),
                400,
                "",
            ),
            Attempt(
                "no chunk size",
                self.with(chunked, "xyz\r\n"),
                400,
                "body_incomplete",
            ),
            Attempt("a folded line", self.beside("x: a\r\n b\r\n"), 400, ""),
            Attempt(
                "a space before the colon",
                self.with(&spaced, &body),
                400,
                "",
            ),
            Attempt("a bare CR", self.beside("x: a\rb\r\n"), 400, ""),
            Attempt(
                "no host",
                self.replaced("host: a\r\n", ""),
                400,
                "invalid_host",
            ),
            Attempt("two hosts", self.beside("host: b\r\n"), 400, "invalid_host"),
            Attempt("a large head", self.with(&large, ""), 431, ""),
        ]
    }

    /// Well framed, and wrong in itself.
    fn bodies(&self) -> Vec<Attempt> {
        let body = self.body.to_string();
        let large = format!("{body}{}", " ".repeat(BODY_BYTES_MAX));
        let chunks = format!("{:x}\r\n{large}\r\n0\r\n\r\n", large.len());
        let chunks = self.with("transfer-encoding: chunked\r\n", &chunks);
        let mut deep = self.body.clone();
        deep["x"] = (0..JSON_DEPTH_MAX).fold(json!(1), |inner, _| json!([inner]));
        let twice = body.replacen('{', r#"{"contact": {"id": "x"}, "#, 1);
        let mut bad_text = self.sized(&body);
        let last = bad_text.len() - 2;
        bad_text[last] = 0xFF;
        let other_type = self.replaced("application/json", "text/plain");
        let other_route = self.replaced(PATH, "/backoffice/v2/nothing");
        vec![
            Attempt("a large body", self.sized(&large), 413, "body_too_large"),
            Attempt("a large body in chunks", chunks, 413, "body_too_large"),
            Attempt(
                "deep JSON",
                self.sized(&deep.to_string()),
                400,
                "json_too_deep",
            ),
            Attempt(
                "a member twice",
                self.sized(&twice),
                400,
                "duplicate_member",
            ),
            Attempt("not UTF-8", bad_text, 400, "invalid_utf8"),
            Attempt(
                "half the JSON",
                self.sized(&body[..body.len() / 2]),
                400,
                "invalid_json",
            ),
            Attempt("another type", other_type, 415, "unsupported_media_type"),
            Attempt("an unknown route", other_route, 404, "route_not_found"),
            Attempt(
                "a wrong method",
                self.replaced("POST", "DELETE"),
                405,
                "allow: ",
            ),
        ]
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn raw_abuse_is_refused_without_an_effect_and_the_others_go_on() {
    let mut numbers = Numbers::of_run();
    let site = Site::new();
    let process = site.start().await;
    let (network, mut client) = (process.network(), process.client());
    let address = process.public;
    let load = Load::start(&process, "honest", CLIENTS, CONTACTS, &mut numbers);
    load.acknowledged(50).await;

    // Their heads never end; they wait while all that follows is sent.
    let mut slow = JoinSet::new();
    for _ in 0..SLOW {
        slow.spawn(async move {
            let head = format!("POST {PATH} HTTP/1.1\r\nhost: a\r\nx: ");
            answers(address, head.as_bytes()).await
        });
    }
    let forge = Forge::of(&network);
    let attempts = forge.framings().into_iter().chain(forge.bodies());
    for Attempt(name, bytes, status, code) in attempts {
        is_refused(name, &answers(address, &bytes).await, status, code);
        let balance = network.balance(&mut client, VICTIM).await;
        assert_eq!(balance, 0, "{name} had an effect");
    }
    // In its right form the same is welcome: the refusals were not about the key or the purchase.
    let accepted = answers(address, &forge.beside("")).await;
    assert!(accepted.starts_with("HTTP/1.1 200 "), "{accepted}");
    assert_ne!(network.balance(&mut client, VICTIM).await, 0);

    load.acknowledged(50).await;
    let slow = slow.join_all().await;
    assert_eq!(slow.len(), SLOW);
    for answer in slow {
        is_refused("a slow head", &answer, 408, "request_timeout");
    }
    load.acknowledged(50).await;
    let mut ledger = Ledger::default();
    ledger.entries = load.finish().await;
    ledger.check(&mut client, &network).await;
    ledger.check_lines(&mut client, &network).await;
    process.stop().await;
}
