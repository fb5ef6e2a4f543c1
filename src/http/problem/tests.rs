use std::time::Duration;

use axum::response::IntoResponse;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::{Code, Fault, Faults, Problem};

async fn rendered(problem: &Problem) -> (http::response::Parts, Value) {
    let (parts, body) = problem.render("req-1").into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    (parts, serde_json::from_slice(&bytes).unwrap())
}

#[tokio::test]
async fn the_body_has_all_members_and_the_contracts_error() {
    let problem =
        Problem::new(Code::WalletBalanceTooLow, "the wallet holds 3.20").with_fault(Fault {
            pointer: "/amount".to_owned(),
            code: "too_large",
            detail: "at most the balance".into(),
        });
    let (parts, body) = rendered(&problem).await;
    assert_eq!(parts.status, 400);
    assert_eq!(parts.headers["content-type"], "application/problem+json");
    assert_eq!(
        body,
        json!({
            "type": "/errors/wallet_balance_too_low",
            "title": "The wallet's balance is too low",
            "status": 400,
            "detail": "the wallet holds 3.20",
            "code": "wallet_balance_too_low",
            "error": "CRM.EXCEPTIONS.CANNOTSPENDAMOUNTWALLETBALANCENOTENOUGHEXCEPTION",
            "request_id": "req-1",
            "errors": [{"pointer": "/amount", "code": "too_large", "detail": "at most the balance"}],
        })
    );
}

#[tokio::test]
async fn a_code_unknown_to_the_contract_has_no_error_member() {
    let (_, body) = rendered(&Problem::from(Code::InvalidJson)).await;
    assert!(body.get("error").is_none());
}

#[tokio::test]
async fn every_429_and_503_says_when_to_retry_and_nothing_else_does() {
    for code in Code::ALL {
        let (parts, _) = rendered(&Problem::from(*code)).await;
        let expected = matches!(code.status().as_u16(), 429 | 503);
        assert_eq!(
            parts.headers.contains_key("retry-after"),
            expected,
            "{code:?}"
        );
    }
}

#[tokio::test]
async fn retry_after_is_rounded_up_to_whole_seconds() {
    for (delay_ms, seconds) in [(0, "1"), (1, "1"), (1000, "1"), (1001, "2"), (30_000, "30")] {
        let problem =
            Problem::from(Code::TooManyRequests).retry_after(Duration::from_millis(delay_ms));
        assert_eq!(rendered(&problem).await.0.headers["retry-after"], seconds);
    }
}

#[test]
fn as_a_response_it_is_attached_with_its_status_for_the_edge_to_write() {
    let response = Problem::from(Code::NotFound).into_response();
    assert_eq!(response.status(), 404);
    assert_eq!(
        response.extensions().get::<Problem>(),
        Some(&Problem::from(Code::NotFound))
    );
}

#[test]
fn faults_carry_escaped_pointers_to_nested_places() {
    let mut faults = Faults::new();
    faults.within("items", |faults| {
        faults.at(3, |faults| faults.add("a/b~c", "wrong", "mend it"));
        faults.add("", "too_many", "fewer");
    });
    let problem = faults.into_result().unwrap_err();
    let pointers: Vec<&str> = problem
        .faults()
        .iter()
        .map(|fault| fault.pointer.as_str())
        .collect();
    assert_eq!(pointers, ["/items/3/a~1b~0c", "/items"]);
    assert_eq!(problem.code(), Code::InvalidRequest);
}

#[test]
fn faults_are_bounded_in_number_and_length() {
    let mut faults = Faults::new();
    for _ in 0..1000 {
        faults.add(&"é".repeat(10_000), "wrong", "mend it");
    }
    let problem = faults.into_result().unwrap_err();
    assert_eq!(problem.faults().len(), crate::limits::FAULTS_MAX);
    assert!(
        problem.faults()[0].pointer.chars().count() <= crate::limits::FAULT_POINTER_CHARS_MAX + 1
    );
}
