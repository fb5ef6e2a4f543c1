//! Requests that two parsers could read in two ways.
use super::{Answer, TestServer, patient};

/// Sends a head, and checks that it gets a problem and that the connection is closed (or `exchange` would not return).
async fn is_refused(head: &str, code: &str) {
    let server = TestServer::start(patient());
    let answer = Answer(server.exchange(head).await);
    answer.problem(400, code);
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(
        answer.0.matches("HTTP/1.1 ").count(),
        1,
        "one answer, and nothing for what follows: {}",
        answer.0
    );
}

/// What hyper refuses by itself: a plain 400, and the connection is closed.
async fn is_refused_by_the_parser(head: &str, status: u16) {
    let server = TestServer::start(patient());
    let answer = Answer(server.exchange(head).await);
    assert_eq!(answer.status(), status, "{}", answer.0);
    assert_eq!(answer.0.matches("HTTP/1.1 ").count(), 1, "{}", answer.0);
}

#[tokio::test]
async fn a_request_without_a_host_is_refused() {
    is_refused("GET /ok HTTP/1.1\r\n\r\n", "invalid_host").await;
}

#[tokio::test]
async fn a_request_with_two_hosts_is_refused_even_if_they_agree() {
    is_refused(
        "GET /ok HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        "invalid_host",
    )
    .await;
    is_refused(
        "GET /ok HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n",
        "invalid_host",
    )
    .await;
}

#[tokio::test]
async fn a_malformed_host_is_refused() {
    for host in ["", "a b", "a/b", "user@a", "[::1", "a:b:c", "a,b"] {
        is_refused(
            &format!("GET /ok HTTP/1.1\r\nhost: {host}\r\n\r\n"),
            "invalid_host",
        )
        .await;
    }
}

#[tokio::test]
async fn hosts_with_ports_and_addresses_are_accepted_and_http_1_0_needs_none() {
    let server = TestServer::start(patient());
    for host in ["a", "a.example:8080", "127.0.0.1:1", "[::1]:80"] {
        let answer = server
            .exchange(format!(
                "GET /ok HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"
            ))
            .await;
        assert_eq!(Answer(answer).status(), 200, "{host}");
    }
    assert_eq!(
        Answer(server.exchange("GET /ok HTTP/1.0\r\n\r\n").await).status(),
        200
    );
}

const CHUNKED_NOTE: &str = "c\r\n{\"text\":\"a\"}\r\n0\r\n\r\n";

#[tokio::test]
async fn a_content_length_beside_a_transfer_encoding_is_refused_in_either_order() {
    for both in [
        "content-length: 3\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ncontent-length: 3",
        "Transfer-Encoding: chunked\r\nX: y\r\nContent-Length: 3\r\nContent-Length: 3",
    ] {
        is_refused(
            &format!("POST /notes HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n{both}\r\n\r\n{CHUNKED_NOTE}"),
            "ambiguous_framing",
        )
        .await;
    }
}

#[tokio::test]
async fn the_same_on_a_connection_that_was_used_before_is_refused() {
    let server = TestServer::start(patient());
    let mut client = server.connect().await;
    client.send("GET /ok HTTP/1.1\r\nhost: a\r\n\r\n").await;
    client.read_until("\r\n\r\nok").await;
    client.send("POST /notes HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n").await;
    Answer(client.read_to_end().await).problem(400, "ambiguous_framing");
}

/// The head is read together with the one before it, so nobody saw whether it has a length, too.
#[tokio::test]
async fn a_chunked_request_that_is_pipelined_is_refused() {
    let server = TestServer::start(patient());
    let pipelined = format!(
        "GET /ok HTTP/1.1\r\nhost: a\r\n\r\nPOST /notes HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
         transfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n{CHUNKED_NOTE}"
    );
    let answers = server.exchange(pipelined).await;
    let (_, second) = answers.split_once("\r\n\r\nok").unwrap();
    Answer(second.to_owned()).problem(400, "ambiguous_framing");
}

/// Its header lines are split so that the part that is seen looks like a whole, innocent head.
#[tokio::test]
async fn a_chunked_request_whose_head_is_seen_in_part_is_refused() {
    let server = TestServer::start(patient());
    let mut client = server.connect().await;
    client
        .send("GET /ok HTTP/1.1\r\nhost: a\r\n\r\nPOST /notes HTTP/1.1\r\ncontent-length: 3\r\nx: ")
        .await;
    client.read_until("\r\n\r\nok").await;
    let rest = "POST /notes HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked";
    client.send(format!("{rest}\r\n\r\n{CHUNKED_NOTE}")).await;
    Answer(client.read_to_end().await).problem(400, "ambiguous_framing");
}

#[tokio::test]
async fn a_chunked_body_alone_is_fine_whatever_it_says() {
    let server = TestServer::start(patient());
    let mut client = server.connect().await;
    let note = "{\"text\":\r\n\"content-length: 3\"\r\n\r\n}";
    let head = "POST /notes HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n";
    for _ in 0..3 {
        client
            .send(format!("{head}\r\n{:x}\r\n{note}\r\n0\r\n\r\n", note.len()))
            .await;
        let answer = client.read_until("\"content-length: 3\"").await;
        assert_eq!(Answer(answer).status(), 200);
    }
}

#[tokio::test]
async fn pipelined_requests_with_lengths_are_answered_in_order() {
    let server = TestServer::start(patient());
    let note = "POST /notes HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{\"text\":7}";
    let last = "GET /ok HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let answers = server.exchange(format!("{note}{note}{last}")).await;
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 3, "{answers}");
}

#[tokio::test]
async fn lengths_that_contradict_each_other_or_are_no_numbers_are_refused() {
    for lengths in [
        "content-length: 1\r\ncontent-length: 2",
        "content-length: +1",
        "content-length: 1, 2",
        "content-length: x",
    ] {
        is_refused_by_the_parser(
            &format!("POST /notes HTTP/1.1\r\nhost: a\r\n{lengths}\r\n\r\n{{}}"),
            400,
        )
        .await;
    }
}

#[tokio::test]
async fn a_transfer_encoding_that_does_not_end_in_chunked_is_refused() {
    is_refused_by_the_parser(
        "POST /notes HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip\r\n\r\n{}",
        400,
    )
    .await;
    is_refused_by_the_parser(
        "POST /notes HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n{}",
        400,
    )
    .await;
}

#[tokio::test]
async fn obsolete_line_folding_is_refused() {
    is_refused_by_the_parser("GET /ok HTTP/1.1\r\nhost: a\r\nx: one\r\n two\r\n\r\n", 400).await;
    is_refused_by_the_parser(
        "GET /ok HTTP/1.1\r\nhost: a\r\nx: one\r\n\ttwo\r\n\r\n",
        400,
    )
    .await;
}

#[tokio::test]
async fn a_space_before_the_colon_is_refused() {
    is_refused_by_the_parser(
        "GET /ok HTTP/1.1\r\nhost: a\r\ncontent-length : 3\r\n\r\n",
        400,
    )
    .await;
}

#[tokio::test]
async fn a_head_over_its_size_or_its_count_of_lines_is_a_431() {
    use crate::limits::{CONNECTION_BUFFER_BYTES_MAX, HEAD_BYTES_MAX, HEAD_LINES_MAX};
    for size in [HEAD_BYTES_MAX, 4 * CONNECTION_BUFFER_BYTES_MAX] {
        let head = format!(
            "GET /ok HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n",
            "y".repeat(size)
        );
        is_refused_by_the_parser(&head, 431).await;
    }
    let lines = "x: y\r\n".repeat(HEAD_LINES_MAX);
    is_refused_by_the_parser(&format!("GET /ok HTTP/1.1\r\nhost: a\r\n{lines}\r\n"), 431).await;
}
