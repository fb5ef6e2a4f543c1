//! What is served is what the OpenAPI documents say: schemathesis makes up requests from them, for a caller of each kind.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::delivery::tool;
use crate::process::{Site, text};

/// How many requests must have been made up, and how many of them must have gone well: what is refused at the door shows little.
const CASES_MIN: u64 = 5_000;
const SUCCEEDED_MIN: u64 = 1_000;

#[tokio::test]
async fn every_answer_is_as_the_documents_say() {
    let python = tool("schemathesis", "schemathesis/bin/python");
    let site = Site::new();
    let (sink, runs) = (site.beside("sink"), site.beside("runs"));
    std::fs::create_dir(&sink).unwrap();
    std::fs::create_dir(&runs).unwrap();
    let site = site.with("OUTBOUND__FILE_SINK_DIR", text(&sink));
    let process = site.start().await;
    let script = "tests/support/schemathesis/run.py";
    let ran = Command::new(python)
        .arg("-B")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(script))
        .arg(format!("http://{}", process.public))
        .arg(site.seed_file())
        .arg(&runs)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(ran.status.success(), "{script} ended with {}", ran.status);
    let found: Value = serde_json::from_slice(&ran.stdout).unwrap();
    for failed in found["failed"].as_array().unwrap() {
        eprintln!("{}", failed.as_str().unwrap());
    }
    let failed = found["failed"].as_array().unwrap().len();
    assert_eq!(failed, 0, "runs that found what must not be: see above");
    let count = |name: &str| found[name].as_u64().unwrap();
    let (cases, succeeded) = (count("cases"), count("succeeded"));
    assert!(cases >= CASES_MIN, "only {cases} cases");
    assert!(succeeded >= SUCCEEDED_MIN, "only {succeeded} of 2xx");
    process.stop().await;
}
