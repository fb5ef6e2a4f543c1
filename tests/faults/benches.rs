//! The load generator against a real node: what it counts is what the node holds.

use serde_json::Value;

use crate::client::Client;
use crate::ledger::cents;
use crate::process::{Process, Site, text};

/// Runs a scenario for a second with the seed file of `site`: what it prints.
async fn bench(site: &Site, scenario: &str, more: &[&str]) -> Value {
    let seed_file = site.seed_file();
    let mut words = vec!["bench", "-o", "json", "--seed-file", text(&seed_file)];
    words.extend(["--scenario", scenario, "--duration", "1", "--warmup", "0"]);
    words.extend(["--connections", "4"]);
    words.extend(more);
    let ended = site.run(&words).await;
    assert!(ended.status.success(), "{words:?}: {}", ended.stderr);
    serde_json::from_str(&ended.stdout).unwrap()
}

async fn balances(process: &Process) -> Vec<i64> {
    let network = process.network();
    let mut client = process.client();
    let mut balances = Vec::new();
    for contact in 0..5 {
        balances.push(network.balance(&mut client, contact).await);
    }
    balances
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_scenario_runs_without_an_error() {
    let site = Site::new();
    let _process = site.start().await;
    for scenario in ["award", "spend", "mixed", "read"] {
        let report = bench(&site, scenario, &["--rate", "50"]).await;
        assert_eq!(report["sent"], 50, "{report:#}");
        assert_eq!(
            (&report["ok"], &report["sent"]),
            (&report["sent"], &report["intended"])
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_otp_login_ends_with_a_contact_that_is_there() {
    let site = Site::new();
    let process = site.start().await;
    let report = bench(&site, "otp-login", &["--rate", "20"]).await;
    assert_eq!(report["ok"], 20, "{report:#}");
    for step in ["register", "code", "validate", "get"] {
        let p50 = report["steps_us"][step]["p50"].as_u64();
        assert!(p50.is_some_and(|p50| p50 > 0), "{step}: {report:#}");
    }
    let seed = process.seed();
    let key = seed["keys"]["test"]["secret"].as_str().unwrap();
    let mut office = Client::new(process.public, key);
    let path = "/backoffice/v2/contacts?size=1&include_total=true";
    let listed = office.get(path).await.unwrap().json();
    let before = seed["contacts"].as_array().unwrap();
    let before = before.iter().filter(|it| it["mode"] == "test").count();
    let expected = before + 20;
    assert_eq!(listed["paging"]["total"], expected, "{listed:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_storm_tells_awards_with_and_without_it_and_who_got_in() {
    let site = Site::new();
    let _process = site.start().await;
    let storm = ["--rate", "50", "--logins", "20", "--wrong-percent", "60"];
    let report = bench(&site, "login-storm", &storm).await;
    let (quiet, beside) = (&report["quiet"], &report["storm"]);
    assert_eq!((&quiet["ok"], &beside["ok"]), (&50.into(), &50.into()));
    let p99 = &report["award_p99_us"];
    assert_eq!(p99["quiet"], quiet["latency_us"]["p99"]);
    assert_eq!(p99["storm"], beside["latency_us"]["p99"]);
    assert!(p99["ratio"].as_f64().is_some_and(|ratio| ratio > 0.0));
    let attempts = &report["attempts"];
    let count = |name: &str| attempts[name].as_u64().unwrap();
    assert_eq!((count("sent"), count("other")), (20, 0), "{report:#}");
    assert!(count("accepted") > 0, "{report:#}");
    // What is right is let in or one too many, and what is wrong is refused: nothing wrong gets in.
    assert!(
        count("accepted") <= 8 && count("refused_wrong") <= 12,
        "{report:#}"
    );
    let all = count("accepted") + count("refused_wrong") + count("refused_busy");
    assert_eq!(all, 20, "{report:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hot_contact_holds_every_award_that_was_counted_and_others_hold_none() {
    let site = Site::new();
    let process = site.start().await;
    let before = balances(&process).await;
    let once = bench(&site, "hot-contact", &["--rate", "1"]).await;
    assert_eq!(once["ok"], 1, "{once:#}");
    let after_one = balances(&process).await;
    let award = after_one[0] - before[0];
    assert!(award > 0, "{after_one:?}");

    let many = bench(&site, "hot-contact", &["--rate", "60"]).await;
    assert_eq!(many["ok"], 60, "{many:#}");
    let after = balances(&process).await;
    assert_eq!(after[0], after_one[0] + 60 * award);
    assert_eq!(after[1..], before[1..]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_counts_the_purchases_that_the_node_recorded() {
    let site = Site::new();
    let process = site.start().await;
    let network = process.network();
    let mut client = process.client();
    let report = bench(&site, "batch", &["--rate", "2", "--contacts", "4"]).await;
    assert_eq!(report["ok"], 2, "{report:#}");
    assert_eq!(report["batched_purchases"]["recorded"], 2_000);
    // Each contact has 500 purchases of 10.00 at one venue, and so 500 times the same award; one more says how much.
    for contact in 0..4 {
        let held = network.balance(&mut client, contact).await;
        assert!(held > 0 && held % 500 == 0, "{contact} holds {held}");
    }
    let mut body = network.award(0, 1_000);
    body["classification"] = serde_json::json!({ "name": "PURCHASE" });
    let held = network.balance(&mut client, 0).await;
    let one = client.purchase("one-more", &body).await.unwrap().json();
    assert_eq!(held, 500 * cents(&one["rewards"]["award"]), "{one:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ramp_finds_a_knee_and_writes_its_page() {
    let site = Site::new();
    let _process = site.start().await;
    let (seed_file, page) = (site.seed_file(), site.beside("ramp.html"));
    let mut words = vec!["bench", "-o", "json", "--seed-file", text(&seed_file)];
    words.extend(["--ramp", "--ramp-from", "100", "--p99-max", "10000"]);
    words.extend(["--duration", "1", "--warmup", "0", "--connections", "1"]);
    words.extend(["--report", text(&page)]);
    // One connection carries one request at a time, so that the knee is near.
    let ended = site.run(&words).await;
    assert!(ended.status.success(), "{}", ended.stderr);
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    let knee = report["knee"].as_u64().unwrap();
    assert_eq!(report["at_knee"]["target_rate"], knee);
    assert!(std::fs::read_to_string(&page).unwrap().contains("<svg"));
}
