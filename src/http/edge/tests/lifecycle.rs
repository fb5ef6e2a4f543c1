//! Time limits, caps and shutdown. Limits under test are short, and the tests wait for what the server does at them.
use std::time::Duration;

use super::{Answer, Drained, EdgeOptions, NEVER, PATIENCE, TestServer, patient};

const SHORT: Duration = Duration::from_millis(50);

#[tokio::test]
async fn a_slow_head_gets_408_and_is_closed() {
    let server = TestServer::start(EdgeOptions {
        head_timeout: SHORT,
        ..patient()
    });
    let answer = Answer(server.exchange("GET /ok HTTP/1.1\r\nhost: a\r\nx: ").await);
    answer.problem(408, "request_timeout");
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn a_head_that_drips_gets_no_more_time_than_one_that_stops() {
    let server = TestServer::start(EdgeOptions {
        head_timeout: SHORT,
        ..patient()
    });
    let mut client = server.connect().await;
    client.send("GET /ok HTTP/1.1\r\nhost: a\r\nx: ").await;
    let (mut read, mut write) = client.0.split();
    let drip = async {
        let mut tick = tokio::time::interval(SHORT / 10);
        loop {
            tick.tick().await;
            if tokio::io::AsyncWriteExt::write_all(&mut write, b"y")
                .await
                .is_err()
            {
                std::future::pending::<()>().await;
            }
        }
    };
    let mut answer = vec![0; 12];
    tokio::select! {
        () = drip => {}
        read = tokio::time::timeout(PATIENCE, tokio::io::AsyncReadExt::read_exact(&mut read, &mut answer)) => {
            read.expect("an answer").unwrap();
        }
    }
    assert_eq!(answer, b"HTTP/1.1 408");
}

#[tokio::test]
async fn a_slow_second_head_gets_408_too() {
    let server = TestServer::start(EdgeOptions {
        head_timeout: SHORT,
        ..patient()
    });
    let mut client = server.connect().await;
    client.send("GET /ok HTTP/1.1\r\nhost: a\r\n\r\n").await;
    client.read_until("\r\n\r\nok").await;
    client.send("GET").await;
    Answer(client.read_to_end().await).problem(408, "request_timeout");
}

#[tokio::test]
async fn an_idle_connection_is_closed_without_a_word() {
    let server = TestServer::start(EdgeOptions {
        idle_timeout: SHORT,
        ..patient()
    });
    assert_eq!(server.exchange("").await, "");
    let mut client = server.connect().await;
    client.send("GET /ok HTTP/1.1\r\nhost: a\r\n\r\n").await;
    client.read_until("\r\n\r\nok").await;
    assert_eq!(client.read_to_end().await, "");
}

#[tokio::test]
async fn a_slow_body_gets_408_and_is_closed() {
    let server = TestServer::start(EdgeOptions {
        body_timeout: SHORT,
        ..patient()
    });
    let head = "POST /notes HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{";
    let answer = Answer(server.exchange(head).await);
    answer.problem(408, "request_timeout");
    assert_eq!(answer.header("connection"), Some("close"));
}

#[tokio::test]
async fn a_slow_handler_is_not_timed_out() {
    let server = TestServer::start(EdgeOptions {
        head_timeout: SHORT,
        body_timeout: SHORT,
        idle_timeout: SHORT,
        write_stall_timeout: SHORT,
        ..patient()
    });
    let mut client = server.connect().await;
    client.send("GET /gate HTTP/1.1\r\nhost: a\r\n\r\n").await;
    server.gate.entered.notified().await;
    let mut idle = server.connect().await;
    assert_eq!(idle.read_to_end().await, ""); // by now, every limit has run out for an idle connection
    server.gate.open.notify_one();
    client.read_until("\r\n\r\nthrough").await;
}

/// If the connection were still held, shutdown would wait for it until the test gives up.
#[tokio::test]
async fn an_answer_that_is_never_read_does_not_hold_its_connection() {
    let server = TestServer::start(EdgeOptions {
        write_stall_timeout: SHORT,
        ..patient()
    });
    let mut client = server.connect().await;
    client.send("GET /large HTTP/1.1\r\nhost: a\r\n\r\n").await;
    client.0.readable().await.unwrap();
    assert_eq!(server.stop().await, Drained::Cleanly);
}

#[tokio::test]
async fn shutdown_answers_what_is_in_flight_and_closes_what_is_idle() {
    let server = TestServer::start(patient());
    let mut silent = server.connect().await;
    let mut idle = server.connect().await;
    idle.send("GET /ok HTTP/1.1\r\nhost: a\r\n\r\n").await;
    idle.read_until("\r\n\r\nok").await;
    let mut in_flight = server.connect().await;
    in_flight
        .send("GET /gate HTTP/1.1\r\nhost: a\r\n\r\n")
        .await;
    server.gate.entered.notified().await;

    server.shutdown.cancel();
    assert_eq!(idle.read_to_end().await, "");
    assert_eq!(silent.read_to_end().await, "");
    assert!(!server.running.is_finished());
    server.gate.open.notify_one();
    let answer = Answer(in_flight.read_to_end().await);
    assert_eq!((answer.status(), answer.body()), (200, "through"));
    assert_eq!(answer.header("connection"), Some("close"));
    let address = server.address;
    assert_eq!(server.stop().await, Drained::Cleanly);
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn shutdown_cuts_what_does_not_finish_in_time_and_says_so() {
    let server = TestServer::start(EdgeOptions {
        drain_timeout: SHORT,
        ..patient()
    });
    let mut stuck = server.connect().await;
    stuck.send("GET /gate HTTP/1.1\r\nhost: a\r\n\r\n").await;
    server.gate.entered.notified().await;
    assert_eq!(server.stop().await, Drained::Cut { connections: 1 });
    assert_eq!(stuck.read_to_end().await, "");
}

#[tokio::test]
async fn one_connection_too_many_of_a_peer_gets_503_and_a_closed_one_makes_room() {
    let server = TestServer::start(EdgeOptions {
        connections_per_peer_max: 1,
        ..patient()
    });
    let mut first = server.connect().await;
    first.send("GET /ok HTTP/1.1\r\nhost: a\r\n\r\n").await;
    first.read_until("\r\n\r\nok").await;

    let answer = Answer(server.exchange("GET /ok HTTP/1.1\r\nhost: a\r\n\r\n").await);
    answer.problem(503, "over_capacity");
    assert_eq!(answer.header("retry-after"), Some("1"));

    first
        .send("GET /ok HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .await;
    assert!(first.read_to_end().await.ends_with("ok"));
    drop(first);
    let retry = async {
        // The seat is given back when the server has seen the close, which nothing tells the client.
        while server.request("GET /ok", "", "").await.status() != 200 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, retry).await.expect("room");
}

#[tokio::test]
async fn a_connection_too_many_gets_the_seat_that_comes_free_while_it_waits() {
    const CLOSING: &str = "GET /ok HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let server = TestServer::start(EdgeOptions {
        connections_per_peer_max: 1,
        ..patient()
    });
    let attempt = async || {
        let mut seated = server.connect().await;
        seated.send("GET /ok HTTP/1.1\r\nhost: a\r\n\r\n").await;
        seated.read_until("\r\n\r\nok").await;
        let mut waiting = server.connect().await;
        waiting.send(CLOSING).await;
        // Connections are accepted in the order they came in: once a later one is answered, this one waits.
        let mut later = server.connect_from([127, 0, 0, 2]).await;
        later.send(CLOSING).await;
        assert!(later.read_to_end().await.ends_with("ok"));
        drop(seated);
        Answer(waiting.read_to_end().await).status()
    };
    let seated = async {
        // On a busy machine the close may be seen after the wait is over.
        while attempt().await != 200 {}
    };
    tokio::time::timeout(PATIENCE, seated)
        .await
        .expect("a seat");
}

#[tokio::test]
async fn one_connection_too_many_in_all_gets_503() {
    let server = TestServer::start(EdgeOptions {
        connections_max: 0,
        ..patient()
    });
    Answer(server.exchange("GET /ok HTTP/1.1\r\nhost: a\r\n\r\n").await)
        .problem(503, "over_capacity");
}

#[test]
fn the_defaults_are_the_promised_limits() {
    let options = EdgeOptions::default();
    assert_eq!(options.head_timeout, Duration::from_secs(10));
    assert_eq!(options.body_timeout, Duration::from_secs(30));
    assert_eq!(options.drain_timeout, Duration::from_secs(30));
    assert!(options.idle_timeout < NEVER);
}
