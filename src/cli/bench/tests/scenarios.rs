//! What each scenario sends.

use std::collections::{BTreeMap, HashSet};
use std::future::pending;

use serde_json::{Value, json};

use super::super::generator::measure;
use super::super::{BenchError, Plan, Scenario};
use super::stub::{Gate, Reply, Stub};
use super::{parse, plan_for, run_plan};

#[tokio::test]
async fn an_award_is_a_purchase_of_the_contract_with_keys_of_its_own() {
    let stub = Stub::start(Gate::Open, |_| Reply::Success).await;
    run_plan(&plan_for(&stub, Scenario::Award).await).await;

    let seen = stub.seen();
    let keys: HashSet<_> = seen
        .iter()
        .map(|seen| seen.headers["idempotency-key"].clone())
        .collect();
    let references: HashSet<_> = seen
        .iter()
        .map(|seen| seen.body["reference_number"].as_str().unwrap())
        .collect();
    assert_eq!((seen.len(), keys.len(), references.len()), (100, 100, 100));
    for seen in &seen {
        assert_eq!(
            (seen.method.as_str(), seen.path.as_str()),
            ("POST", "/backoffice/v2/purchases")
        );
        assert_eq!(seen.headers["api_key"], "sk_live_x");
        assert_eq!(seen.headers["content-type"], "application/json");
        assert_eq!(seen.headers["host"], stub.address.to_string());
        assert_eq!(seen.body["transaction_amounts"]["total"], 10.0);
        assert_eq!(seen.body["classification"]["name"], "PURCHASE");
        assert_eq!(seen.body["currency_code"], "EUR");
        assert_eq!(seen.body["spend_request"], Value::Null);
    }
    let pairs: HashSet<_> = seen
        .iter()
        .map(|seen| {
            (
                seen.body["contact"]["id"].as_str().unwrap(),
                seen.body["organisation"]["id"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        pairs,
        HashSet::from([("c1", "v1"), ("c2", "v2"), ("c3", "v1")]),
        "live contacts only, all venues"
    );
}

#[tokio::test]
async fn spends_are_measured_only_after_every_wallet_was_filled() {
    let stub = Stub::start(Gate::Open, |_| Reply::Success).await;
    let report = run_plan(&plan_for(&stub, Scenario::Spend).await).await;

    assert_eq!(report.sent, 100, "filling is not measured");
    let seen = stub.seen();
    let (fills, spends) = seen.split_at(9);
    assert_eq!(spends.len(), 100);
    for contact in ["c1", "c2", "c3"] {
        assert_eq!(
            fills
                .iter()
                .filter(|fill| fill.body["contact"]["id"] == contact)
                .count(),
            3
        );
    }
    assert!(
        fills
            .iter()
            .all(|fill| fill.body["spend_request"].is_null())
    );
    let expected = json!({ "amount": 0.01, "restrict_fully_covered": true });
    assert!(
        spends
            .iter()
            .all(|spend| spend.body["spend_request"] == expected)
    );
}

#[tokio::test]
async fn wallets_that_cannot_be_filled_stop_the_run_with_the_reason() {
    let stub = Stub::start(Gate::Open, |_| Reply::Malformed).await;
    let failed = measure(&plan_for(&stub, Scenario::Spend).await, pending())
        .await
        .unwrap_err();
    assert!(
        matches!(
            failed,
            BenchError::SetupFailed {
                failed: 9,
                total: 9,
                ..
            }
        ),
        "{failed}"
    );
    assert!(
        failed.to_string().contains("CRM.EXCEPTIONS.OTHER"),
        "{failed}"
    );
}

#[tokio::test]
async fn a_read_asks_for_the_wallet_or_else_the_contact() {
    let stub = Stub::start(Gate::Open, |_| Reply::Success).await;
    let report = run_plan(&plan_for(&stub, Scenario::Read).await).await;
    assert_eq!(report.ok, 100);
    let seen = stub.seen();
    let targets: HashSet<_> = seen
        .iter()
        .map(|seen| (seen.method.as_str(), seen.path.as_str()))
        .collect();
    let expected = [
        "/backoffice/v2/wallets/w1",
        "/backoffice/v2/contacts/c2",
        "/backoffice/v2/wallets/w3",
    ];
    assert_eq!(
        targets,
        expected.map(|path| ("GET", path)).into_iter().collect()
    );
    assert!(
        seen.iter()
            .all(|seen| !seen.headers.contains_key("idempotency-key"))
    );
}

#[tokio::test]
async fn a_mixed_load_has_its_shares_for_every_contact() {
    let stub = Stub::start(Gate::Open, |_| Reply::Success).await;
    let plan = Plan {
        duration: std::time::Duration::from_millis(600),
        ..plan_for(&stub, Scenario::Mixed).await
    };
    let report = run_plan(&plan).await;
    assert_eq!((report.ok, report.errors_total), (600, 0));
    let seen = stub.seen();
    let mut counts: BTreeMap<&str, [u32; 3]> = BTreeMap::new();
    // What filled the wallets comes first: three awards for each of three contacts.
    for seen in seen.iter().skip(9) {
        let (contact, kind) = match (seen.method.as_str(), &seen.body["spend_request"]) {
            ("POST", Value::Null) => (seen.body["contact"]["id"].as_str().unwrap(), 0),
            ("POST", _) => (seen.body["contact"]["id"].as_str().unwrap(), 1),
            _ => (&seen.path["/backoffice/v2/".len()..], 2),
        };
        let contact = match contact {
            "wallets/w1" => "c1",
            "contacts/c2" => "c2",
            "wallets/w3" => "c3",
            purchasing => purchasing,
        };
        counts.entry(contact).or_default()[kind] += 1;
    }
    assert_eq!(counts.len(), 3, "{counts:?}");
    for (contact, [awards, spends, reads]) in &counts {
        assert_eq!(awards + spends + reads, 200, "{contact}");
        let near = |count: &u32, share: u32| count.abs_diff(share) <= 3;
        assert!(
            near(awards, 120) && near(spends, 40) && near(reads, 40),
            "{counts:?}"
        );
    }
}

#[tokio::test]
async fn a_hot_contact_gets_every_award() {
    let stub = Stub::start(Gate::Open, |_| Reply::Success).await;
    run_plan(&plan_for(&stub, Scenario::HotContact).await).await;
    let seen = stub.seen();
    assert_eq!(seen.len(), 100);
    assert!(seen.iter().all(|seen| seen.body["contact"]["id"] == "c1"));
    let keys: HashSet<_> = seen
        .iter()
        .map(|seen| seen.headers["idempotency-key"].clone())
        .collect();
    assert_eq!(keys.len(), 100);
}

#[tokio::test]
async fn a_batch_is_a_thousand_purchases_of_a_device_of_its_own() {
    let stub = Stub::start(Gate::Open, |_| Reply::BatchRecorded).await;
    let plan = Plan {
        rate: Some(50),
        ..plan_for(&stub, Scenario::Batch).await
    };
    let report = run_plan(&plan).await;
    let figures = parse(&report);
    assert_eq!((report.ok, report.errors_total), (5, 0), "{figures:#}");
    assert_eq!(figures["batched_purchases"]["recorded"], 5_000);
    assert!(report.to_text().contains("purchases a second"));

    let seen = stub.seen();
    let devices: HashSet<_> = seen
        .iter()
        .map(|seen| seen.body["device_id"].as_str().unwrap())
        .collect();
    assert_eq!((seen.len(), devices.len()), (5, 5));
    for seen in &seen {
        assert_eq!(
            (seen.method.as_str(), seen.path.as_str()),
            ("POST", "/backoffice/v2/purchases/batch")
        );
        let purchases = seen.body["purchases"].as_array().unwrap();
        let sequences: HashSet<_> = purchases
            .iter()
            .map(|purchase| purchase["sequence"].as_u64().unwrap())
            .collect();
        assert_eq!(sequences, (0..1_000).collect());
        let first = &purchases[0]["purchase"];
        assert_eq!(first["contact"]["id"], "c1");
        assert_eq!(first["transaction_amounts"]["total"], 10.0);
    }
}

#[tokio::test]
async fn a_batch_of_which_a_purchase_is_missing_is_an_error_and_what_was_recorded_still_counts() {
    let stub = Stub::start(Gate::Open, |_| Reply::BatchIncomplete).await;
    let plan = Plan {
        rate: Some(20),
        ..plan_for(&stub, Scenario::Batch).await
    };
    let report = run_plan(&plan).await;
    let figures = parse(&report);
    assert_eq!(figures["errors"], json!({ "batch_incomplete": 2 }));
    assert_eq!(figures["batched_purchases"]["recorded"], 1_998);
    let failed = report.verdict().unwrap_err().to_string();
    assert!(
        failed.contains("purchase 999 of a batch: 503 full"),
        "{failed}"
    );
}
