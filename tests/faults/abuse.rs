//! Raw bytes that no honest client sends, against the real routes and beside an honest load: each gets its refusal, none an effect.

use std::net::SocketAddr;
use std::time::Duration;

use clientele::limits::{BODY_BYTES_MAX, HEAD_BYTES_MAX, JSON_DEPTH_MAX};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::ledger::Ledger;
use crate::load::{Load, Numbers};
use crate::process::Site;

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
        let head = format!(
            "POST /backoffice/v2/purchases HTTP/1.1\r\nhost: a\r\nx: {}",
            numbers.below(9)
        );
        slow.spawn(async move { answers(address, head.as_bytes()).await });
    }

    let path = "/backoffice/v2/purchases";
    let body = network.award(VICTIM, 10_000).to_string();
    let length = body.len();
    let line = format!("POST {path} HTTP/1.1\r\n");
    let from = format!(
        "host: a\r\napi_key: {}\r\nconnection: close\r\n",
        network.secret
    );
    let json = format!("{line}{from}content-type: application/json\r\n");
    // A whole purchase of the victim's, hidden in what another parser would take for a body.
    let hidden = format!(
        "{line}host: a\r\napi_key: {}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}",
        network.secret
    );
    let (hidden_length, chunk) = (hidden.len(), format!("0\r\n\r\n{hidden}"));
    let mut deep = network.award(VICTIM, 10_000);
    deep["x"] = (0..JSON_DEPTH_MAX).fold(json!(1), |inner, _| json!([inner]));
    let twice = body.replacen('{', r#"{"contact": {"id": "x"}, "#, 1);
    let large = format!("{body}{}", " ".repeat(BODY_BYTES_MAX));
    let sized =
        |body: &str| format!("{json}content-length: {}\r\n\r\n{body}", body.len()).into_bytes();
    let mut bad_text = sized(&body);
    let place = bad_text.len() - 2;
    bad_text[place] = 0xFF;
    let raw = |text: String| text.into_bytes();
    for (name, bytes, status, code) in [
        (
            "CL and TE",
            raw(format!(
                "{json}content-length: {hidden_length}\r\ntransfer-encoding: chunked\r\n\r\n{chunk}"
            )),
            400,
            "ambiguous_framing",
        ),
        (
            "TE and CL",
            raw(format!(
                "{json}transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n{chunk}"
            )),
            400,
            "ambiguous_framing",
        ),
        (
            "two lengths",
            raw(format!(
                "{json}content-length: 5\r\ncontent-length: {hidden_length}\r\n\r\n{chunk}"
            )),
            400,
            "",
        ),
        (
            "a length with a sign",
            raw(format!("{json}content-length: +{length}\r\n\r\n{body}")),
            400,
            "",
        ),
        (
            "TE that is not chunked",
            raw(format!("{json}transfer-encoding: identity\r\n\r\n{body}")),
            400,
            "",
        ),
        (
            "a chunk without a size",
            raw(format!(
                "{json}transfer-encoding: chunked\r\n\r\nxyz\r\n{body}"
            )),
            400,
            "body_incomplete",
        ),
        (
            "a folded line",
            raw(format!(
                "{json}x: a\r\n content-length: {length}\r\n\r\n{body}"
            )),
            400,
            "",
        ),
        (
            "a space before the colon",
            raw(format!("{json}content-length : {length}\r\n\r\n{body}")),
            400,
            "",
        ),
        (
            "a bare line feed in a value",
            raw(format!(
                "{json}x: a\rb\r\ncontent-length: {length}\r\n\r\n{body}"
            )),
            400,
            "",
        ),
        (
            "no host",
            raw(format!(
                "{}content-length: {length}\r\n\r\n{body}",
                json.replace("host: a\r\n", "")
            )),
            400,
            "invalid_host",
        ),
        (
            "two hosts",
            raw(format!(
                "{json}host: b\r\ncontent-length: {length}\r\n\r\n{body}"
            )),
            400,
            "invalid_host",
        ),
        (
            "a large head",
            raw(format!("{json}x: {}\r\n\r\n", "y".repeat(HEAD_BYTES_MAX))),
            431,
            "",
        ),
        ("a large body", sized(&large), 413, "body_too_large"),
        (
            "a large body in chunks",
            raw(format!(
                "{json}transfer-encoding: chunked\r\n\r\n{:x}\r\n{large}\r\n0\r\n\r\n",
                large.len()
            )),
            413,
            "body_too_large",
        ),
        ("deep JSON", sized(&deep.to_string()), 400, "json_too_deep"),
        ("a member twice", sized(&twice), 400, "duplicate_member"),
        ("text that is not UTF-8", bad_text, 400, "invalid_utf8"),
        (
            "JSON that ends early",
            sized(&body[..length - 1]),
            400,
            "invalid_json",
        ),
        (
            "another type",
            raw(format!(
                "{line}{from}content-type: text/plain\r\ncontent-length: {length}\r\n\r\n{body}"
            )),
            415,
            "unsupported_media_type",
        ),
        (
            "an unknown route",
            raw(json.replace(path, "/backoffice/v2/nothing") + "content-length: 0\r\n\r\n"),
            404,
            "route_not_found",
        ),
        (
            "a wrong method",
            raw(json.replace("POST", "DELETE") + "content-length: 0\r\n\r\n"),
            405,
            "allow: ",
        ),
    ] {
        is_refused(name, &answers(address, &bytes).await, status, code);
        let balance = network.balance(&mut client, VICTIM).await;
        assert_eq!(balance, 0, "{name} had an effect");
    }
    // What was refused for its form is welcome in a better one: the refusals were not about the key or the purchase.
    let accepted = answers(address, &sized(&body)).await;
    assert!(accepted.starts_with("HTTP/1.1 200 "), "{accepted}");
    assert_ne!(network.balance(&mut client, VICTIM).await, 0);

    load.acknowledged(50).await;
    let mut timed_out = 0;
    while let Some(answer) = slow.join_next().await {
        is_refused("a slow head", &answer.unwrap(), 408, "request_timeout");
        timed_out += 1;
    }
    assert_eq!(timed_out, SLOW);
    load.acknowledged(50).await;
    let mut ledger = Ledger::default();
    ledger.entries = load.finish().await;
    ledger.check(&mut client, &network).await;
    ledger.check_lines(&mut client, &network).await;
    process.stop().await;
}
