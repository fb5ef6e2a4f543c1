//! What a ramp finds.

use std::future::pending;
use std::time::Duration;

use super::super::ramp::{Ramp, RampReport, Shortfall, climb};
use super::super::{BenchError, Plan, Scenario};
use super::plan_for;
use super::stub::{Gate, Reply, Stub};

/// So lenient that only refusals end it: how quick the machine of a test is must make no difference.
const LENIENT: Ramp = Ramp {
    from: 100,
    goodput_percent_min: 40,
    p99_max: Duration::from_secs(30),
};

/// Climbs against a node that answers so many requests and refuses all others, in steps of a fifth of a second.
async fn climb_against(answers: usize, ramp: Ramp) -> RampReport {
    let stub = Stub::start(Gate::Open, move |number| {
        if number < answers {
            Reply::Success
        } else {
            Reply::Unavailable
        }
    })
    .await;
    let plan = Plan {
        rate: None,
        duration: Duration::from_millis(200),
        ..plan_for(&stub, Scenario::Award).await
    };
    climb(&plan, ramp, pending()).await.unwrap()
}

#[tokio::test]
async fn a_ramp_ends_at_the_rate_that_no_longer_succeeds() {
    // Steps at 100, 125 and 156 a second send 20, 25 and 31 requests.
    let report = climb_against(76, LENIENT).await;
    let offered: Vec<_> = report.steps.iter().map(|step| step.offered).collect();
    assert_eq!(offered, [100, 125, 156, 195, 195, 175, 175, 165, 165]);
    let held = |step: &&super::super::ramp::Step| step.fell_short.is_none();
    assert_eq!(report.steps.iter().filter(held).count(), 3);
    assert_eq!(report.steps[3].fell_short, Some(Shortfall::Goodput));
    assert_eq!(report.knee, Some(156));
    assert_eq!(
        report.at_knee.as_ref().unwrap().target_rate,
        Some(156),
        "the figures are those of the knee"
    );
    assert!(
        report.to_text().contains("the knee is at 156 arrivals/s"),
        "{}",
        report.to_text()
    );
    report.verdict().unwrap();
}

#[tokio::test]
async fn a_p99_over_the_bound_is_no_step_that_holds() {
    let strict = Ramp {
        p99_max: Duration::ZERO,
        ..LENIENT
    };
    let report = climb_against(usize::MAX, strict).await;
    let shortfalls: Vec<_> = report.steps.iter().map(|step| step.fell_short).collect();
    assert_eq!(
        shortfalls,
        [Some(Shortfall::P99); 2],
        "it is tried once more"
    );
    assert_eq!(report.knee, None);
    let failed = report.verdict().unwrap_err();
    assert!(
        matches!(failed, BenchError::NoKnee { rate: 100 }),
        "{failed}"
    );
}

#[tokio::test]
async fn an_interrupted_ramp_reports_the_steps_it_has() {
    let stub = Stub::start(Gate::Open, |_| Reply::Success).await;
    let plan = Plan {
        duration: Duration::from_millis(200),
        ..plan_for(&stub, Scenario::Award).await
    };
    let in_the_second_step = async {
        while stub.seen().len() < 25 {
            tokio::task::yield_now().await;
        }
    };
    let report = climb(&plan, LENIENT, in_the_second_step).await.unwrap();
    assert!(report.interrupted);
    assert_eq!((report.steps.len(), report.knee), (1, Some(100)));
}
