//! What every answer carries, and what each misuse gets.
use std::sync::Arc;

use axum::body::Body;
use http::Request;
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::{Gate, TestServer, patient, router};
use crate::http::edge::Edge;

const JSON: &str = "content-type: application/json\r\n";

#[tokio::test]
async fn every_answer_carries_the_security_headers_its_id_and_its_time() {
    let server = TestServer::start(patient());
    for (line, status) in [
        ("GET /ok", 200),
        ("GET /nowhere", 404),
        ("PUT /ok", 405),
        ("GET /things/7", 404),
        ("GET /panic", 500),
        ("POST /notes", 415),
    ] {
        let answer = server.request(line, "", "").await;
        assert_eq!(answer.status(), status, "{line}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(
            answer.header("content-security-policy"),
            Some("default-src 'none'; frame-ancestors 'none'")
        );
        assert_eq!(answer.header("x-request-id").map(str::len), Some(36));
        let timing = answer.header("server-timing").unwrap();
        assert!(timing.starts_with("admit;dur="), "{timing}");
        assert!(
            timing.ends_with(", queue;dur=0.000, decide;dur=0.000, journal;dur=0.000"),
            "{timing}"
        );
    }
}

#[tokio::test]
async fn a_handlers_own_cache_and_content_policies_stand() {
    let server = TestServer::start(patient());
    let answer = server.request("GET /page", "", "").await;
    assert_eq!(answer.header("cache-control"), Some("max-age=60"));
    assert_eq!(
        answer.header("content-security-policy"),
        Some("default-src 'self'")
    );
}

#[tokio::test]
async fn a_handlers_timings_are_told_in_milliseconds() {
    let server = TestServer::start(patient());
    let answer = server.request("GET /timed", "", "").await;
    let expected = "admit;dur=0.001, queue;dur=0.020, decide;dur=0.300, journal;dur=4.000";
    assert_eq!(answer.header("server-timing"), Some(expected));
}

#[tokio::test]
async fn the_clients_request_id_is_used_by_handlers_and_answers() {
    let server = TestServer::start(patient());
    let answer = server
        .request("GET /id", "x-request-id: till-7\r\n", "")
        .await;
    assert_eq!(
        (answer.header("x-request-id"), answer.body()),
        (Some("till-7"), "till-7")
    );
    let problem = server
        .request("GET /things/7", "x-request-id: till-8\r\n", "")
        .await
        .problem(404, "not_found");
    assert_eq!(problem["request_id"], "till-8");
    assert_eq!(problem["error"], "CRM.EXCEPTIONS.NOTFOUNDEXCEPTION");
}

#[tokio::test]
async fn an_unknown_path_is_a_404_and_an_unknown_method_a_405_that_lists_the_known_ones() {
    let server = TestServer::start(patient());
    server
        .request("GET /nowhere", "", "")
        .await
        .problem(404, "route_not_found");
    let answer = server.request("DELETE /notes", "", "").await;
    answer.problem(405, "method_not_allowed");
    assert_eq!(answer.header("allow"), Some("POST"));
}

#[tokio::test]
async fn errors_that_nobody_described_hide_their_text() {
    let server = TestServer::start(patient());
    let answer = server.request("GET /broken", "", "").await;
    answer.problem(500, "internal");
    assert!(!answer.0.contains("secret"), "{}", answer.0);
    server
        .request("GET /number/seven", "", "")
        .await
        .problem(400, "invalid_path");
}

#[tokio::test]
async fn a_panic_is_a_500_without_its_message_and_the_server_goes_on() {
    let server = TestServer::start(patient());
    let mut client = server.connect().await;
    client
        .send("GET /panic HTTP/1.1\r\nhost: a\r\nx-request-id: p1\r\n\r\n")
        .await;
    let answer = super::Answer(client.read_until("\"errors\":[]}").await);
    assert_eq!(answer.problem(500, "internal")["request_id"], "p1");
    assert!(!answer.0.contains("sk_live"), "{}", answer.0);
    client.send("GET /ok HTTP/1.1\r\nhost: a\r\n\r\n").await;
    client.read_until("\r\n\r\nok").await;
}

#[tokio::test]
async fn misuse_of_a_body_gets_its_code() {
    let server = TestServer::start(patient());
    let deep = format!("{{\"text\":{}{}}}", "[".repeat(128), "]".repeat(128));
    for (body, status, code) in [
        (b"{\"text\":1}".as_slice(), 200, ""),
        (b"{\"text\":", 400, "invalid_json"),
        (b"{\"text\":1,\"text\":2}", 400, "duplicate_member"),
        (b"{\"text\":{\"a\":1,\"a\":2}}", 400, "duplicate_member"),
        (b"{\"text\":\"\xff\"}", 400, "invalid_utf8"),
        (deep.as_bytes(), 400, "json_too_deep"),
        (b"{\"text\":1,\"more\":2}", 422, "unknown_field"),
        (b"{}", 422, "invalid_request"),
        (b"{\"text\":null}", 422, "invalid_request"),
    ] {
        let answer = server.request("POST /notes", JSON, body).await;
        match status {
            200 => assert_eq!(answer.status(), 200),
            status => {
                answer.problem(status, code);
            }
        }
    }
    let answer = server
        .request(
            "POST /notes",
            "content-type: text/plain\r\n",
            "{\"text\":1}",
        )
        .await;
    answer.problem(415, "unsupported_media_type");
}

/// The client writes all of it before it reads, as most do; a server that just closed would break its writing.
#[tokio::test]
async fn a_body_over_its_limit_is_a_413_that_arrives_and_closes() {
    let server = TestServer::start(patient());
    let large = vec![b' '; crate::limits::LINGER_BYTES_MAX - 1];
    let answer = server.request("POST /notes", JSON, &large).await;
    answer.problem(413, "body_too_large");
    assert_eq!(answer.header("connection"), Some("close"));

    let mut chunked = format!(
        "POST /notes HTTP/1.1\r\nhost: a\r\n{JSON}transfer-encoding: chunked\r\n\r\n{:x}\r\n",
        large.len()
    )
    .into_bytes();
    chunked.extend_from_slice(&large);
    chunked.extend_from_slice(b"\r\n0\r\n\r\n");
    super::Answer(server.exchange(chunked).await).problem(413, "body_too_large");
}

#[tokio::test]
async fn a_stated_length_over_the_limit_is_refused_before_any_body_comes() {
    let server = TestServer::start(patient());
    let length = crate::limits::BODY_BYTES_MAX + 1;
    let head = format!("POST /notes HTTP/1.1\r\nhost: a\r\n{JSON}content-length: {length}\r\n\r\n");
    super::Answer(server.exchange(head).await).problem(413, "body_too_large");
}

#[tokio::test]
async fn a_body_that_breaks_its_framing_is_a_400() {
    let server = TestServer::start(patient());
    let answer = server
        .exchange(format!(
            "POST /notes HTTP/1.1\r\nhost: a\r\n{JSON}transfer-encoding: chunked\r\n\r\nxyz\r\n"
        ))
        .await;
    super::Answer(answer).problem(400, "body_incomplete");
}

#[test]
fn requests_are_counted_by_route_never_by_path() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let edge = Edge::new(router(Arc::new(Gate::default())), &patient());
            for path in ["/things/1", "/things/2", "/secret/path", "/panic"] {
                let request = Request::get(path).body(Body::empty()).unwrap();
                edge.clone().oneshot(request).await.unwrap();
            }
            let request = Request::builder()
                .method("BREW")
                .uri("/ok")
                .body(Body::empty())
                .unwrap();
            edge.oneshot(request).await.unwrap();
        });
    });
    let text = handle.render();
    for line in [
        r#"clientele_http_requests_total{route="/things/{id}",method="GET",status="404"} 2"#,
        r#"clientele_http_requests_total{route="/panic",method="GET",status="500"} 1"#,
        r#"clientele_http_requests_total{route="unmatched",method="GET",status="404"} 1"#,
        r#"clientele_http_requests_total{route="/ok",method="other",status="405"} 1"#,
        r#"clientele_http_request_seconds_count{route="/things/{id}"} 2"#,
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("secret"), "{text}");
}

#[tokio::test]
async fn an_edge_without_a_socket_writes_problems_too() {
    let edge = Edge::new(router(Arc::new(Gate::default())), &patient());
    let request = Request::get("/things/1").body(Body::empty()).unwrap();
    let body = edge
        .oneshot(request)
        .await
        .unwrap()
        .into_body()
        .collect()
        .await
        .unwrap()
        .to_bytes();
    assert!(body.starts_with(b"{\"type\":\"/errors/not_found\""));
}

/// The log as text, shared with the subscriber that writes it.
#[derive(Clone, Default)]
struct Log(Arc<parking_lot::Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_log_has_routes_and_ids_but_no_paths_queries_headers_or_bodies() {
    // With one subscriber alive, tracing asks the *current thread's* default whether a call site is of interest, and keeps
    // the answer: another test's thread would silence a site for this one. With two it asks every subscriber.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    tracing::subscriber::with_default(subscriber, || {
        runtime.block_on(async {
            let edge = Edge::new(router(Arc::new(Gate::default())), &patient());
            for (method, path) in [
                ("GET", "/things/s3cret?api_key=s3cret"),
                ("GET", "/s3cret"),
                ("GET", "/panic"),
                ("POST", "/notes"),
            ] {
                let request = Request::builder()
                    .method(method)
                    .uri(path)
                    .header("api_key", "s3cret")
                    .header("content-type", "application/json")
                    .header("x-request-id", "r-1")
                    .body(Body::from(r#"{"text":"s3cret","s3cret":"s3cret"}"#))
                    .unwrap();
                edge.clone().oneshot(request).await.unwrap();
            }
        });
    });
    let text = String::from_utf8(log.0.lock().clone()).unwrap();
    assert!(
        text.contains("/things/{id}")
            && text.contains("r-1")
            && text.contains("a handler panicked"),
        "{text}"
    );
    assert!(
        !text.contains("s3cret") && !text.contains("sk_live"),
        "{text}"
    );
}
