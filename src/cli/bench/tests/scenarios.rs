//! What each scenario sends.

use std::collections::HashSet;
use std::future::pending;

use serde_json::{Value, json};

use super::super::generator::measure;
use super::super::{BenchError, Scenario};
use super::stub::{Gate, Reply, Stub};
use super::{plan_for, run_plan};

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
