//! The operators' listener: is it alive, is it ready, what does it measure, which version is it.
//!
//! It asks for no credentials and changes nothing, so it listens on its own address, which only operators and the
//! orchestrator reach. The probes follow Kubernetes' own: `ok`, or with `?verbose` a line a check.

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::json;

use crate::health::{Health, Report};

/// What the routes read.
#[derive(Clone)]
struct Admin {
    health: Health,
    metrics: PrometheusHandle,
}

/// The routes.
///
/// | Route | Answers 200 | else |
/// |---|---|---|
/// | `/livez` | while the process can answer at all | no answer: restart it |
/// | `/startupz` | once the node has been ready | 503: wait on |
/// | `/readyz` | while every check is ready | 503: send requests elsewhere |
/// | `/metrics` | Prometheus' text format | |
/// | `/version` | name and version as JSON | |
pub fn router(health: Health, metrics: PrometheusHandle) -> Router {
    Router::new()
        .route("/livez", get(livez))
        .route("/startupz", get(startupz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(scrape))
        .route("/version", get(version))
        .with_state(Admin { health, metrics })
}

async fn livez() -> Response {
    text(StatusCode::OK, "ok\n")
}

async fn startupz(State(admin): State<Admin>, query: RawQuery, headers: HeaderMap) -> Response {
    probe(
        "startupz",
        admin.health.has_started(),
        &admin.health.report(),
        &query,
        &headers,
    )
}

async fn readyz(State(admin): State<Admin>, query: RawQuery, headers: HeaderMap) -> Response {
    let report = admin.health.report();
    probe("readyz", report.is_ready(), &report, &query, &headers)
}

async fn scrape(State(admin): State<Admin>) -> Response {
    let format = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(header::CONTENT_TYPE, format)], admin.metrics.render()).into_response()
}

async fn version() -> Response {
    axum::Json(json!({
        "name": env!("CARGO_PKG_NAME"),
        "version": env!("CARGO_PKG_VERSION"),
    }))
    .into_response()
}

fn probe(
    name: &str,
    passed: bool,
    report: &Report,
    RawQuery(query): &RawQuery,
    headers: &HeaderMap,
) -> Response {
    let status = if passed {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    if wants_json(headers) {
        let checks: Vec<_> = report
            .checks
            .iter()
            .map(|(check, state)| {
                json!({ "name": check, "ready": state.is_ready(), "state": state.to_string() })
            })
            .collect();
        return (
            status,
            axum::Json(json!({ "passed": passed, "checks": checks })),
        )
            .into_response();
    }
    // Who asks about a failure wants to know why, whether they said so or not.
    if passed && !is_verbose(query.as_deref()) {
        return text(status, "ok\n");
    }
    let mut lines = String::new();
    for (check, state) in &report.checks {
        let sign = if state.is_ready() { '+' } else { '-' };
        lines.push_str(&format!("[{sign}]{check} {state}\n"));
    }
    let verdict = if passed { "passed" } else { "failed" };
    lines.push_str(&format!("{name} check {verdict}\n"));
    text(status, lines)
}

/// `?verbose`, with any value or none, as Kubernetes has it.
fn is_verbose(query: Option<&str>) -> bool {
    query
        .unwrap_or_default()
        .split('&')
        .any(|pair| pair.split('=').next() == Some("verbose"))
}

fn wants_json(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|accept| accept.to_str().ok())
        .flat_map(|accept| accept.split(','))
        .any(|range| range.split(';').next().map(str::trim) == Some("application/json"))
}

fn text(status: StatusCode, body: impl Into<String>) -> Response {
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    let fresh = HeaderValue::from_static("no-store");
    (
        status,
        [
            (header::CONTENT_TYPE, plain),
            (header::CACHE_CONTROL, fresh),
        ],
        body.into(),
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::Request;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;
    use crate::telemetry;

    struct Asked {
        status: StatusCode,
        content_type: String,
        body: String,
    }

    async fn ask(router: &Router, path: &str, accept: Option<&str>) -> Asked {
        let mut request = Request::get(path);
        if let Some(accept) = accept {
            request = request.header(header::ACCEPT, accept);
        }
        let response = router
            .clone()
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        let status = response.status();
        let content_type = response.headers()[header::CONTENT_TYPE]
            .to_str()
            .unwrap()
            .to_owned();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        Asked {
            status,
            content_type,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    fn node() -> (Health, Router) {
        let recorder = telemetry::builder().unwrap().build_recorder();
        let health = Health::new();
        let router = router(health.clone(), recorder.handle());
        (health, router)
    }

    #[tokio::test]
    async fn the_probes_follow_the_checks_from_start_to_drain() {
        let (health, router) = node();
        let statuses = async || {
            let mut statuses = Vec::new();
            for path in ["/livez", "/startupz", "/readyz"] {
                statuses.push(ask(&router, path, None).await.status.as_u16());
            }
            statuses
        };
        assert_eq!(statuses().await, [200, 503, 503], "nothing is up");
        let journal = health.register("journal");
        assert_eq!(statuses().await, [200, 503, 503], "the journal starts");
        journal.ready();
        assert_eq!(statuses().await, [200, 200, 200]);
        journal.failing("no space");
        assert_eq!(statuses().await, [200, 200, 503]);
        journal.ready();
        assert_eq!(statuses().await, [200, 200, 200]);
        health.drain();
        assert_eq!(statuses().await, [200, 200, 503]);
    }

    #[tokio::test]
    async fn a_probe_says_ok_and_in_detail_a_line_a_check() {
        let (health, router) = node();
        health.register("journal").ready();
        let rows = health.register("rows");
        rows.ready();
        assert_eq!(ask(&router, "/readyz", None).await.body, "ok\n");
        let verbose = "[+]journal ok\n[+]rows ok\nreadyz check passed\n";
        assert_eq!(ask(&router, "/readyz?verbose", None).await.body, verbose);
        assert_eq!(
            ask(&router, "/readyz?verbose=true", None).await.body,
            verbose
        );
        rows.failing("disk full");
        let failed = ask(&router, "/readyz", None).await;
        assert_eq!(
            failed.body,
            "[+]journal ok\n[-]rows failing: disk full\nreadyz check failed\n"
        );
        assert!(failed.content_type.starts_with("text/plain"));
    }

    #[tokio::test]
    async fn a_program_gets_json() {
        let (health, router) = node();
        health.register("journal").failing("no space");
        let asked = ask(
            &router,
            "/readyz",
            Some("text/html, application/json;q=0.9"),
        )
        .await;
        assert_eq!(asked.status, StatusCode::SERVICE_UNAVAILABLE);
        let body: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
        assert_eq!(
            body,
            json!({
                "passed": false,
                "checks": [{ "name": "journal", "ready": false, "state": "failing: no space" }],
            })
        );
    }

    #[tokio::test]
    async fn histograms_of_seconds_have_buckets_that_nodes_can_sum() {
        let recorder = telemetry::builder().unwrap().build_recorder();
        let router = router(Health::new(), recorder.handle());
        metrics::with_local_recorder(&recorder, || {
            metrics::histogram!("clientele_http_request_seconds").record(0.0012);
            metrics::histogram!("clientele_journal_batch_records").record(7.0);
        });
        let asked = ask(&router, "/metrics", None).await;
        assert!(asked.content_type.starts_with("text/plain; version=0.0.4"));
        for line in [
            r#"clientele_http_request_seconds_bucket{le="0.001"} 0"#,
            r#"clientele_http_request_seconds_bucket{le="0.0015"} 1"#,
            r#"clientele_journal_batch_records_bucket{le="4"} 0"#,
            r#"clientele_journal_batch_records_bucket{le="16"} 1"#,
        ] {
            assert!(
                asked.body.lines().any(|have| have == line),
                "{line} in\n{}",
                asked.body
            );
        }
    }

    #[tokio::test]
    async fn the_version_is_the_one_that_was_built() {
        let (_, router) = node();
        let asked = ask(&router, "/version", None).await;
        let body: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
        assert_eq!(body["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(body["name"], "clientele");
    }
}
