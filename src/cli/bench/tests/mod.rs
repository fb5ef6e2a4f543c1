//! What the load generator promises, proven against a stub of the contract: here what is measured and counted.

mod arguments;
mod pages;
mod ramps;
mod scenarios;
mod stub;

use std::collections::HashSet;
use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::generator::{Load, measure, open_links, send};
use super::report::{Ending, Report};
use super::seed::Seed;
use super::target::{RemoteTargets, Target};
use super::{BenchError, Plan, Scenario};
use stub::{Gate, Reply, Stub};

fn seed_document(base_url: &str) -> Value {
    json!({
        "base_url": base_url, "tenant_id": "t", "a_member_of_a_later_version": [1, 2],
        "organisations": { "service_owner": { "id": "so" }, "business": { "id": "b" }, "merchants": [
            { "id": "m1", "venues": [{ "id": "v1", "name": "First" }, { "id": "v2" }] }, { "id": "m2", "venues": [] }
        ] },
        "keys": {
            "live": { "public": "pk_live_x", "secret": "sk_live_x" },
            "test": { "public": "pk_test_x", "secret": "sk_test_x" }
        },
        "offers": [{ "id": "o", "name": "Ten per cent" }],
        "contacts": [
            { "id": "c-test", "code": "0", "wallet_id": "w-test", "mode": "test" },
            { "id": "c1", "code": "1", "wallet_id": "w1", "mode": "LIVE" },
            { "id": "c2", "code": "2" },
            { "id": "c3", "code": "3", "wallet_id": "w3" },
        ],
    })
}

/// A plan without warm-up over two connections; tests change what they are about.
async fn plan_for(stub: &Stub, scenario: Scenario) -> Plan {
    let url = format!("http://{}", stub.address);
    Plan {
        scenario,
        target: Target::resolve(&url, RemoteTargets::Refused).await.unwrap(),
        seed: Arc::new(Seed::parse(&seed_document(&url).to_string(), None).unwrap()),
        rate: Some(1_000),
        ramp: None,
        logins: 200,
        wrong_percent: 50,
        connections: 2,
        warmup: Duration::ZERO,
        duration: Duration::from_millis(100),
        arrivals_waiting_max: 100_000,
    }
}

async fn run_plan(plan: &Plan) -> Report {
    measure(plan, pending()).await.unwrap()
}

/// The report as a program sees it.
fn parse(report: &Report) -> Value {
    serde_json::from_str(&serde_json::to_string_pretty(report).unwrap()).unwrap()
}

/// The gate is shut from the first request until the 400th arrival was due. So arrivals 0 to 199, one a millisecond,
/// waited for 199 ms at least, although the two connections saw only two slow exchanges.
#[tokio::test]
async fn a_stall_is_charged_for_every_arrival_that_was_meant_to_be_sent_in_it() {
    let stub = Stub::start(Gate::Closed, |_| Reply::Success).await;
    let plan = Plan {
        duration: Duration::from_millis(500),
        ..plan_for(&stub, Scenario::Award).await
    };
    let links = open_links(&plan).await.unwrap();
    let start = Instant::now();
    let load = Arc::new(Load::of_plan(&plan, start).unwrap());
    let open_once_400_were_due = async {
        while load.tally.lock().intended < 400 || stub.seen().len() < 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(stub.seen().len(), 2, "one request in flight a connection");
        stub.gate.send_replace(Gate::Open);
    };
    let never = std::pin::pin!(pending());
    let (ending, ()) = tokio::join!(
        send(&plan, &load, links, start, never),
        open_once_400_were_due
    );

    assert_eq!(ending.unwrap(), Ending::Complete);
    let tally = load.tally.lock();
    assert_eq!(
        (tally.intended, tally.sent, tally.ok, tally.not_sent),
        (500, 500, 500, 0)
    );
    let waited = tally.latency.count_between(198_000, u64::MAX);
    assert!(
        waited >= 200,
        "only {waited} of at least 200 waiting arrivals show in the latency"
    );
    let lagged = tally.send_lag.count_between(190_000, u64::MAX);
    assert!(
        lagged >= 190,
        "the lag before sending shows where they waited: {lagged}"
    );
}

#[tokio::test]
async fn arrivals_that_no_connection_takes_are_not_sent_and_still_intended() {
    let stub = Stub::start(Gate::Closed, |_| Reply::Success).await;
    let plan = Plan {
        arrivals_waiting_max: 5,
        ..plan_for(&stub, Scenario::Award).await
    };
    let links = open_links(&plan).await.unwrap();
    let start = Instant::now();
    let load = Arc::new(Load::of_plan(&plan, start).unwrap());
    let open_after_the_last = async {
        while load.tally.lock().intended < 100 {
            tokio::task::yield_now().await;
        }
        stub.gate.send_replace(Gate::Open);
    };
    let never = std::pin::pin!(pending());
    let (ending, ()) = tokio::join!(send(&plan, &load, links, start, never), open_after_the_last);
    let report = Report::new(&plan, &load, start, ending.unwrap());
    // Both connections and the five places were taken by the first seven, unless all were released at once.
    let figures = parse(&report);
    assert_eq!(figures["intended"], 100);
    assert_eq!(report.sent + report.not_sent, 100);
    assert!(report.not_sent >= 93, "{figures:#}");
    assert_eq!(report.ok, report.sent);
}

#[tokio::test]
async fn every_request_ends_in_exactly_one_count_and_errors_are_told_apart() {
    let kinds = [
        Reply::Success,
        Reply::BalanceTooLow,
        Reply::Malformed,
        Reply::Unavailable,
        Reply::Broken,
    ];
    let stub = Stub::start(Gate::Open, move |number| kinds[number % kinds.len()]).await;
    let report = run_plan(&plan_for(&stub, Scenario::Award).await).await;

    let figures = parse(&report);
    assert_eq!(figures["sent"], 100);
    assert_eq!(figures["ok"], 20);
    assert_eq!(figures["refused_balance"], 20);
    assert_eq!(
        figures["errors"],
        json!({ "status_400": 20, "status_503": 20, "transport": 20 })
    );
    assert_eq!(
        (&figures["unanswered"], &figures["not_sent"]),
        (&json!(0), &json!(0))
    );
    let failed = report.verdict().unwrap_err();
    assert!(
        matches!(
            failed,
            BenchError::RequestsFailed {
                errors: 60,
                sent: 100,
                ..
            }
        ),
        "{failed}"
    );
    assert!(
        failed.to_string().contains("CRM.EXCEPTIONS.OTHER"),
        "the first failure is shown: {failed}"
    );
}

#[tokio::test]
async fn a_refused_balance_alone_is_a_success() {
    let stub = Stub::start(Gate::Open, |_| Reply::BalanceTooLow).await;
    let report = run_plan(&plan_for(&stub, Scenario::Award).await).await;
    assert_eq!((report.refused_balance, report.errors_total), (100, 0));
    report.verdict().unwrap();
}

#[tokio::test]
async fn the_json_holds_every_figure_of_an_open_loop() {
    let stub = Stub::start(Gate::Open, |_| Reply::Timed).await;
    let report = run_plan(&plan_for(&stub, Scenario::Award).await).await;
    let figures = parse(&report);
    assert_eq!(
        (&figures["scenario"], &figures["mode"]),
        (&json!("award"), &json!("open"))
    );
    assert_eq!(figures["latency_from"], "intended_send");
    assert_eq!(
        (&figures["target_rate"], &figures["connections"]),
        (&json!(1_000), &json!(2))
    );
    assert_eq!(
        (&figures["errors"], &figures["errors_total"]),
        (&json!({}), &json!(0))
    );
    let achieved = figures["achieved_rate"].as_f64().unwrap();
    assert!(achieved > 0.0 && achieved <= 1_000.0, "{achieved}");
    let latency = ["p50", "p90", "p99", "p99_9", "max"]
        .map(|name| figures["latency_us"][name].as_u64().unwrap());
    assert!(latency.is_sorted() && latency[0] > 0, "{latency:?}");
    let timing =
        json!({ "samples": 2, "admit": 10.0, "queue": null, "decide": null, "journal": 400.0 });
    assert_eq!(
        figures["server_timing_us"], timing,
        "answers 0 and 64 of 100 are read"
    );
}

#[tokio::test]
async fn without_a_rate_the_loop_is_closed_and_says_so() {
    let stub = Stub::start(Gate::Open, |_| Reply::Success).await;
    let plan = Plan {
        rate: None,
        ..plan_for(&stub, Scenario::Award).await
    };
    let report = run_plan(&plan).await;
    let figures = parse(&report);
    assert_eq!(
        (&figures["mode"], &figures["latency_from"]),
        (&json!("closed"), &json!("actual_send"))
    );
    assert_eq!(
        (&figures["target_rate"], &figures["intended"]),
        (&Value::Null, &figures["sent"])
    );
    assert!(report.ok > 0 && report.ok == report.sent, "{figures:#}");
    assert!(
        report.to_text().contains("closed loop"),
        "{}",
        report.to_text()
    );
}

#[tokio::test]
async fn the_warm_up_is_sent_but_in_no_figure() {
    let stub = Stub::start(Gate::Open, |number| {
        if number < 50 {
            Reply::Unavailable
        } else {
            Reply::Success
        }
    })
    .await;
    let plan = Plan {
        warmup: Duration::from_millis(60),
        connections: 1,
        ..plan_for(&stub, Scenario::Award).await
    };
    let report = run_plan(&plan).await;
    assert_eq!(stub.seen().len(), 160);
    assert_eq!((report.sent, report.ok, report.errors_total), (100, 100, 0));
}

#[tokio::test]
async fn connections_are_kept_alive() {
    let stub = Stub::start(Gate::Open, |_| Reply::Success).await;
    let plan = Plan {
        connections: 3,
        ..plan_for(&stub, Scenario::Award).await
    };
    run_plan(&plan).await;
    let callers: HashSet<_> = stub.seen().iter().map(|seen| seen.caller).collect();
    assert!(
        callers.len() <= 3,
        "{} connections for 100 requests",
        callers.len()
    );
}

#[tokio::test]
async fn a_server_that_closes_connections_between_requests_makes_no_errors() {
    let stub = Stub::start(Gate::Open, |_| Reply::SuccessAndClose).await;
    let report = run_plan(&plan_for(&stub, Scenario::Award).await).await;
    assert_eq!(
        (report.ok, report.errors_total),
        (100, 0),
        "{:?}",
        report.errors
    );
}

#[tokio::test]
async fn an_interrupted_run_reports_what_it_has() {
    let stub = Stub::start(Gate::Closed, |_| Reply::Success).await;
    let plan = Plan {
        duration: Duration::from_secs(3_600),
        ..plan_for(&stub, Scenario::Award).await
    };
    let both_in_flight = async {
        while stub.seen().len() < 2 {
            tokio::task::yield_now().await;
        }
    };
    let report = measure(&plan, both_in_flight).await.unwrap();
    let figures = parse(&report);
    assert_eq!(figures["interrupted"], true);
    assert_eq!(
        (&figures["sent"], &figures["unanswered"], &figures["ok"]),
        (&json!(2), &json!(2), &json!(0))
    );
    report.verdict().unwrap();
}

#[tokio::test]
async fn a_node_that_is_not_running_is_named_before_any_load() {
    let stub = Stub::start(Gate::Open, |_| Reply::Success).await;
    let mut plan = plan_for(&stub, Scenario::Award).await;
    // Port 1 of another loopback address: nothing of ours listens there.
    plan.target = Target::resolve("http://127.1.2.3:1", RemoteTargets::Refused)
        .await
        .unwrap();
    let failed = measure(&plan, pending()).await.unwrap_err();
    assert!(matches!(failed, BenchError::Unreachable { .. }), "{failed}");
}
