//! The client against real sockets.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::*;

fn opening(list: &str) -> Egress {
    Egress::new(Guard::parse(list).unwrap()).unwrap()
}

fn get(url: &str) -> Call {
    Call {
        method: Method::GET,
        url: Url::parse(url).unwrap(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
    }
}

/// Answers each connection with `answer` once it has a whole head; says how many came, and what the last sent.
struct Server {
    address: SocketAddr,
    tasks: JoinSet<()>,
    seen: tokio::sync::mpsc::Receiver<String>,
}

async fn server(answer: impl Into<Vec<u8>>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, seen) = tokio::sync::mpsc::channel(8);
    let answer = answer.into();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                let mut piece = [0; 1_024];
                match stream.read(&mut piece).await.unwrap() {
                    0 => break,
                    read => head.extend_from_slice(&piece[..read]),
                }
            }
            tell.send(String::from_utf8(head).unwrap()).await.unwrap();
            // A client that has had enough closes first.
            if stream.write_all(&answer).await.is_ok() {
                stream.flush().await.unwrap();
            }
        }
    });
    Server {
        address,
        tasks,
        seen,
    }
}

#[tokio::test]
async fn an_answer_is_read_whole_and_its_request_names_the_host() {
    let mut server = server("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await;
    let egress = opening("127.0.0.0/8");
    let url = format!("http://{}/a%20path?and=query#fragment", server.address);
    let answer = egress.call(get(&url)).await.unwrap();
    assert_eq!(
        (answer.status, &answer.body[..]),
        (StatusCode::OK, &b"hello"[..])
    );
    let asked = server.seen.recv().await.unwrap();
    assert!(
        asked.starts_with("GET /a%20path?and=query HTTP/1.1\r\n"),
        "{asked}"
    );
    assert!(
        asked.contains(&format!("host: {}\r\n", server.address)),
        "{asked}"
    );
    server.tasks.shutdown().await;
}

#[tokio::test]
async fn the_connected_address_is_judged_at_each_call() {
    let mut server = server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let egress = opening("");
    let port = server.address.port();
    for host in [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0x7f.1",
        "2130706433",
    ] {
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}:{port}/");
            let refused = egress.call(get(&url)).await.unwrap_err();
            assert!(
                matches!(refused, CallFailed::Refused(Refused::Closed)),
                "{url}: {refused}"
            );
            assert_eq!(egress.check_url(&url).await, Err(Refused::Closed), "{url}");
        }
    }
    assert!(server.seen.try_recv().is_err(), "somebody connected");
    server.tasks.shutdown().await;
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let mut second = server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let to = second.address;
    let mut first = server(format!(
        "HTTP/1.1 302 Found\r\nlocation: http://{to}/\r\ncontent-length: 0\r\n\r\n"
    ))
    .await;
    let egress = opening("127.0.0.0/8");
    let url = format!("http://{}/", first.address);
    let answer = egress.call(get(&url)).await.unwrap();
    assert_eq!(answer.status, StatusCode::FOUND);
    assert!(second.seen.try_recv().is_err(), "it was followed");
    first.tasks.shutdown().await;
    second.tasks.shutdown().await;
}

#[tokio::test]
async fn an_answer_beyond_the_bound_is_not_read() {
    let long = OUTBOUND_BODY_BYTES_MAX + 1;
    let mut answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {long}\r\n\r\n").into_bytes();
    answer.resize(answer.len() + long, b'x');
    let mut server = server(answer).await;
    let egress = opening("127.0.0.0/8");
    let url = format!("http://{}/", server.address);
    let refused = egress.call(get(&url)).await.unwrap_err();
    assert!(matches!(refused, CallFailed::Body), "{refused}");
    server.tasks.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_left_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let egress = opening("127.0.0.0/8");
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let began = tokio::time::Instant::now();
    let refused = egress.call(get(&url)).await.unwrap_err();
    assert!(matches!(refused, CallFailed::TooSlow), "{refused}");
    assert!(began.elapsed() <= OUTBOUND_EXCHANGE_MAX + Duration::from_secs(1));
}

#[tokio::test]
async fn nothing_is_sent_in_clear_but_where_the_operator_says_so() {
    let egress = opening("127.0.0.0/8");
    let refused = egress.check_url("http://8.8.8.8/hook").await;
    assert_eq!(refused, Err(Refused::InClear));
    assert!(egress.check_url("https://8.8.8.8/hook").await.is_ok());
    assert!(egress.check_url("http://127.0.0.1/hook").await.is_ok());
}

#[tokio::test]
async fn a_url_of_another_form_is_refused_by_its_fault() {
    let egress = opening("");
    let long = format!("https://example.com/{}", "a".repeat(OUTBOUND_URL_BYTES_MAX));
    for (url, why) in [
        ("", Refused::NotAUrl),
        ("example.com/hook", Refused::NotAUrl),
        ("https://", Refused::NotAUrl),
        ("ftp://example.com/", Refused::Scheme),
        ("file:///etc/passwd", Refused::Scheme),
        ("gopher://127.0.0.1/", Refused::Scheme),
        ("https://user@example.com/", Refused::Credentials),
        ("https://user:word@example.com/", Refused::Credentials),
        ("https://name.invalid/", Refused::Unknown),
        (&long, Refused::TooLong),
    ] {
        assert_eq!(egress.check_url(url).await, Err(why), "{url}");
    }
}

#[tokio::test]
async fn a_mail_servers_host_is_judged_as_a_url_is() {
    let egress = opening("127.0.0.2");
    assert_eq!(egress.find("127.0.0.1", 25).await, Err(Refused::Closed));
    assert_eq!(egress.find("name.invalid", 25).await, Err(Refused::Unknown));
    let found = egress.find("127.0.0.2", 25).await.unwrap();
    assert!(found.is_opened);
    assert_eq!(found.addresses, ["127.0.0.2:25".parse().unwrap()]);
}
