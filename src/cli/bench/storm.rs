//! A storm of logins beside the tills: what it does to awards, and how many get in.

use std::future::Future;
use std::pin::pin;

use serde::Serialize;
use serde_json::json;
use tokio::sync::watch;

use super::connection::Link;
use super::generator::{self, open_links};
use super::people::{People, Stopped};
use super::report::{Report, align_numbers, table};
use super::requests::Requests;
use super::{BenchError, Plan, Scenario};
use crate::limits::{BENCH_STORM_ACCOUNTS, BENCH_STORM_AWARD_RATE};

/// What everybody who has an account signs in with. It is worth nothing: whoever has it has made it up for one run.
const PASSWORD: &str = "a bench for one 7";

/// What a storm did, in the form that `-o json` prints.
#[derive(Debug, Serialize)]
pub(super) struct StormReport {
    scenario: Scenario,
    /// Login attempts a second.
    attempts_a_second: u32,
    /// How many of a hundred have a wrong password.
    wrong_percent: u32,
    pub(super) interrupted: bool,
    award_p50_us: Beside,
    award_p99_us: Beside,
    attempts: Attempts,
    /// Awards alone.
    quiet: Report,
    /// The same awards beside the attempts.
    pub(super) storm: Report,
    logins: Report,
}

/// One figure without and with the storm.
#[derive(Debug, Serialize)]
struct Beside {
    quiet: Option<u64>,
    storm: Option<u64>,
    /// The second by the first.
    ratio: Option<f64>,
}

/// What became of the login attempts.
#[derive(Debug, Serialize)]
struct Attempts {
    sent: u64,
    accepted: u64,
    accepted_a_second: f64,
    /// 400: a wrong password.
    refused_wrong: u64,
    /// 503: too many at once; nothing happened.
    refused_busy: u64,
    /// All else, which should not be.
    other: u64,
}

impl Beside {
    fn of(quiet: Option<u64>, storm: Option<u64>) -> Self {
        let ratio = quiet.zip(storm).filter(|(quiet, _)| *quiet > 0);
        let ratio = ratio.map(|(quiet, storm)| {
            let ratio = storm as f64 / quiet as f64;
            (ratio * 100.0).round() / 100.0
        });
        Self {
            quiet,
            storm,
            ratio,
        }
    }

    fn row(&self, name: &str) -> Vec<String> {
        let figure = |figure: Option<u64>| figure.map_or("-".to_owned(), |it| it.to_string());
        let ratio = self.ratio.map_or("-".to_owned(), |it| format!("{it:.2}"));
        vec![
            name.to_owned(),
            figure(self.quiet),
            figure(self.storm),
            ratio,
        ]
    }
}

impl Attempts {
    fn of(logins: &Report) -> Self {
        let count = |kind: &str| logins.errors.get(kind).copied().unwrap_or_default();
        let (refused_wrong, refused_busy) = (count("status_400"), count("status_503"));
        Self {
            sent: logins.sent,
            accepted: logins.ok,
            accepted_a_second: logins.achieved_rate,
            refused_wrong,
            refused_busy,
            other: logins
                .errors_total
                .saturating_sub(refused_wrong.saturating_add(refused_busy)),
        }
    }
}

/// Measures awards alone, and then beside login attempts.
///
/// # Errors
/// When the node cannot be reached, or the accounts cannot be made. Failed requests are no error here: they are counted.
pub(super) async fn measure(
    plan: &Plan,
    interrupted: impl Future<Output = ()>,
) -> Result<StormReport, BenchError> {
    let mut interrupted = pin!(interrupted);
    let awards = Plan {
        scenario: Scenario::Award,
        rate: Some(plan.rate.unwrap_or(BENCH_STORM_AWARD_RATE)),
        ..plan.clone()
    };
    let attempts = Plan {
        rate: Some(plan.logins),
        ..plan.clone()
    };
    let people = People::new(plan)?;
    let mut links = open_links(&attempts).await?;
    let emails = tokio::select! {
        () = interrupted.as_mut() => return Err(BenchError::InterruptedInSetup),
        emails = accounts(&people, &mut links) => emails?,
    };
    let logins = requests(plan, &people, &emails)?;

    let quiet = open_links(&awards).await?;
    let quiet = generator::run(&awards, quiet, interrupted.as_mut()).await?;
    if quiet.interrupted {
        return Err(BenchError::InterruptedInSetup);
    }

    let (ends, mut ended) = watch::channel(false);
    let until_interrupted = async {
        interrupted.await;
        ends.send_replace(true);
    };
    let until_told = async {
        // The sender is there for as long as the awards are.
        if ended.wait_for(|ended| *ended).await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let beside = open_links(&awards).await?;
    let (until_interrupted, until_told) = (pin!(until_interrupted), pin!(until_told));
    let (storm, logins) = tokio::try_join!(
        generator::run(&awards, beside, until_interrupted),
        generator::run_requests(&attempts, logins, links, until_told),
    )?;
    let p50 = |of: &Report| of.latency_us.map(|it| it.p50);
    let p99 = |of: &Report| of.latency_us.map(|it| it.p99);
    Ok(StormReport {
        scenario: plan.scenario,
        attempts_a_second: plan.logins,
        wrong_percent: plan.wrong_percent,
        interrupted: storm.interrupted,
        award_p50_us: Beside::of(p50(&quiet), p50(&storm)),
        award_p99_us: Beside::of(p99(&quiet), p99(&storm)),
        attempts: Attempts::of(&logins),
        quiet,
        storm,
        logins,
    })
}

/// Makes the accounts that right passwords are for, one after the other: each hashes a password.
async fn accounts(people: &People, links: &mut [Link]) -> Result<Vec<String>, BenchError> {
    let lacks = BenchError::SeedLacks { what: "connection" };
    let link = links.first_mut().ok_or(lacks)?;
    let mut emails = Vec::new();
    for number in 0..BENCH_STORM_ACCOUNTS {
        let email = people.address(number);
        let made = account(people, link, &email).await;
        made.map_err(|why| BenchError::NoAccounts {
            made: number,
            wanted: BENCH_STORM_ACCOUNTS,
            why: why.words(),
        })?;
        emails.push(email);
    }
    Ok(emails)
}

async fn account(people: &People, link: &mut Link, email: &str) -> Result<(), Stopped> {
    let challenged = people.register(link, email, Some(PASSWORD)).await?;
    let code = people.code(link, email).await?;
    people.validate(link, &challenged, &code).await.map(drop)
}

/// Right ones by turns, and wrong ones that each try another address, as lists of stolen passwords are tried: nobody is locked out by them.
fn requests(plan: &Plan, people: &People, emails: &[String]) -> Result<Requests, BenchError> {
    let (target, headers) = people.desk()?;
    let body =
        |email: &String| json!({ "provider": "EMAIL", "username": email, "password": PASSWORD });
    let right: Vec<_> = emails.iter().map(body).collect();
    let wrong = json!({ "provider": "EMAIL", "password": "not this one 7" });
    Requests::of_logins(target, headers, &right, wrong, plan.wrong_percent)
}

impl StormReport {
    /// Whether the run was a success, for the exit code. A login that is refused as wrong or as one too many is what the run is about.
    ///
    /// # Errors
    /// When an award failed, or a login for another reason, or nothing was answered.
    pub(super) fn verdict(&self) -> Result<(), BenchError> {
        self.quiet.verdict()?;
        self.storm.verdict()?;
        if self.attempts.other > 0 {
            return Err(BenchError::LoginsFailed {
                failed: self.attempts.other,
                sent: self.attempts.sent,
                kinds: self.logins.errors.keys().cloned().collect(),
            });
        }
        Ok(())
    }

    pub(super) fn headline(&self) -> String {
        let Self {
            attempts_a_second,
            wrong_percent,
            ..
        } = self;
        format!(
            "{attempts_a_second} logins/s, {wrong_percent}% of them wrong, beside: {}",
            self.storm.headline()
        )
    }

    pub(super) fn to_text(&self) -> String {
        let mut awards = table(&["microseconds", "quiet", "storm", "ratio"]);
        awards.add_row(self.award_p50_us.row("award p50"));
        awards.add_row(self.award_p99_us.row("award p99"));
        align_numbers(&mut awards);
        let Attempts {
            sent,
            accepted,
            accepted_a_second,
            refused_wrong,
            refused_busy,
            other,
        } = &self.attempts;
        let mut logins = table(&["logins", ""]);
        for (name, count) in [
            ("sent", sent.to_string()),
            ("accepted", accepted.to_string()),
            ("accepted a second", format!("{accepted_a_second:.1}")),
            ("refused, wrong password (400)", refused_wrong.to_string()),
            ("refused, too many at once (503)", refused_busy.to_string()),
            ("other", other.to_string()),
        ] {
            logins.add_row([name.to_owned(), count]);
        }
        align_numbers(&mut logins);
        let mut parts = vec![self.headline(), awards.to_string(), logins.to_string()];
        if self.interrupted {
            parts.push("Note: interrupted: these are the figures up to then.".to_owned());
        }
        parts.join("\n")
    }
}
