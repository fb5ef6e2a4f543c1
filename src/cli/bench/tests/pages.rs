//! The report page.

use std::future::pending;
use std::time::Duration;

use serde_json::Value;

use super::super::machine::Machine;
use super::super::ramp::{Ramp, climb};
use super::super::{BenchError, Finished, Plan, Scenario, page, run};
use super::arguments::arguments;
use super::stub::{Gate, Reply, Stub};
use super::{plan_for, run_plan, seed_document};
use crate::cli::output::OutputFormat;

/// The data that a page carries.
fn data(page: &str) -> Value {
    let (_, rest) = page
        .split_once(r#"<script type="application/json" id="data">"#)
        .unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

/// A page that needs nothing but itself: no script runs, and no element names another file.
fn assert_is_self_contained(page: &str) {
    for part in ["src=", "href=", "@import", "url(", "<link"] {
        assert!(!page.contains(part), "{part}: {page}");
    }
    assert_eq!(page.matches("<script").count(), 1, "the data alone");
}

#[tokio::test]
async fn the_page_of_a_run_holds_its_plots_and_all_its_data_and_needs_nothing_else() {
    let stub = Stub::start(Gate::Open, |number| match number % 10 {
        0 => Reply::Unavailable,
        _ => Reply::Success,
    })
    .await;
    let plan = Plan {
        duration: Duration::from_millis(300),
        ..plan_for(&stub, Scenario::Award).await
    };
    let report = run_plan(&plan).await;
    let finished = Finished::Run(report);
    let page = page::render(&finished, "clientele bench </script>", &Machine::this());

    assert_is_self_contained(&page);
    assert_eq!(page.matches("<svg").count(), 3);
    assert!(!page.contains("NaN"), "{page}");
    let data = data(&page);
    assert_eq!(data["command"], "clientele bench </script>");
    assert_eq!(data["result"]["ok"], 270);
    let points = data["detail"]["percentiles"].as_array().unwrap();
    assert_eq!(points.last().unwrap()["quantile"], 1.0);
    assert!(points.len() > 10, "{points:?}");
    let windows = data["detail"]["timeline"].as_array().unwrap();
    let sum = |rate: &str| -> f64 {
        let mut from = 0.0;
        let counts = windows.iter().map(|window| {
            let until = window["until_seconds"].as_f64().unwrap();
            let width = until - std::mem::replace(&mut from, until);
            window[rate].as_f64().unwrap() * width
        });
        counts.sum()
    };
    assert!(windows.len() >= 3, "{windows:?}");
    assert_eq!(sum("rate").round(), 270.0, "{windows:?}");
    assert_eq!(sum("other_rate").round(), 30.0, "{windows:?}");
}

#[tokio::test]
async fn the_page_of_a_ramp_plots_its_steps_too() {
    let stub = Stub::start(Gate::Open, |number| match number {
        0..45 => Reply::Success,
        _ => Reply::Unavailable,
    })
    .await;
    let plan = Plan {
        duration: Duration::from_millis(200),
        ..plan_for(&stub, Scenario::Award).await
    };
    let ramp = Ramp {
        from: 100,
        goodput_percent_min: 40,
        p99_max: Duration::from_secs(30),
    };
    let finished = Finished::Ramp(climb(&plan, ramp, pending()).await.unwrap());
    let page = page::render(&finished, "clientele bench --ramp", &Machine::this());
    assert_is_self_contained(&page);
    assert_eq!(page.matches("<svg").count(), 5);
    assert_eq!(data(&page)["result"]["knee"], 125);
}

#[tokio::test]
async fn the_command_writes_the_page_and_refuses_a_place_that_cannot_be_written_before_any_load() {
    let stub = Stub::start(Gate::Open, |_| Reply::Success).await;
    let folder = tempfile::tempdir().unwrap();
    let [seed, report] = ["seed.json", "report.html"].map(|name| folder.path().join(name));
    let document = seed_document(&format!("http://{}", stub.address));
    std::fs::write(&seed, document.to_string()).unwrap();
    let run_to = async |report: &std::path::Path| {
        let words = ["--rate", "100", "--duration", "1", "--warmup", "0"];
        let files = [("--seed-file", seed.as_path()), ("--report", report)];
        let files = files.map(|(name, path)| [name, path.to_str().unwrap()]);
        let words: Vec<&str> = words
            .into_iter()
            .chain(files.into_iter().flatten())
            .collect();
        run(arguments(&words), OutputFormat::Json).await
    };
    let refused = run_to(&folder.path().join("missing/report.html")).await;
    assert!(
        matches!(refused, Err(BenchError::ReportUnwritable { .. })),
        "{refused:?}"
    );
    assert_eq!(stub.seen().len(), 0);
    run_to(&report).await.unwrap();
    let page = std::fs::read_to_string(&report).unwrap();
    assert_eq!(data(&page)["result"]["ok"], 100);
}
