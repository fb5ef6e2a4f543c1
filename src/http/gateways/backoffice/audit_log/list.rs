//! `GET /audit_log`

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::of_whole_network;
use crate::actors::router::Timings;
use crate::domain::api_key::Scope;
use crate::domain::audit::{Line, Outcome};
use crate::domain::ids::{Named, PublicId};
use crate::http::audit::hex;
use crate::http::auth::Authorized;
use crate::http::extract::{Faults, ValidQuery, Validate};
use crate::http::paging::{Page, Paging};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};
use crate::limits::AUDIT_PAGES_LOOKED_AT_MAX;

/// Which lines.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct AuditQuery {
    /// From 1.
    page: Option<u32>,
    /// How many entries a page has: 10 unless stated, at most 100.
    size: Option<u32>,
    /// Whether all entries are counted.
    #[serde(default)]
    include_total: bool,
    /// Who did it, or is behind the masquerade, such as `key:0199…`; or the id alone.
    actor: Option<String>,
    /// What was done, such as `api_keys.create`, or how that begins.
    operation: Option<String>,
    /// The id of what it was done to.
    target: Option<String>,
    /// What became of it.
    outcome: Option<WireOutcome>,
    /// In this second or later.
    #[serde(rename = "date[gte]")]
    #[param(rename = "date[gte]")]
    from: Option<i64>,
    /// In this second or before.
    #[serde(rename = "date[lte]")]
    #[param(rename = "date[lte]")]
    to: Option<i64>,
}

impl Validate for AuditQuery {
    fn validate(&self, faults: &mut Faults) {
        Page::of(self.page, self.size).validate(faults);
    }
}

/// What became of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = AuditOutcome)]
enum WireOutcome {
    /// It was about to be done. Another line tells what came of it, unless the server ended just then.
    Asked,
    /// It was done.
    Done,
    /// It was refused, and nothing happened.
    Refused,
    /// It may have been done.
    Unknown,
}

impl From<Outcome> for WireOutcome {
    fn from(outcome: Outcome) -> WireOutcome {
        match outcome {
            Outcome::Asked => WireOutcome::Asked,
            Outcome::Done => WireOutcome::Done,
            Outcome::Refused => WireOutcome::Refused,
            Outcome::Unknown => WireOutcome::Unknown,
        }
    }
}

/// The audit log, newest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditLog)]
pub(in super::super) struct WireAuditLog {
    content: Vec<WireLine>,
    paging: Paging,
}

/// A line of the audit log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditLine)]
struct WireLine {
    id: String,
    /// Its place in the log, from 1 without gaps.
    number: u64,
    /// Unix seconds.
    date: i64,
    /// `key:`, `contact:` or `user:` and an id; `organisation:` within a masquerade.
    actor: String,
    /// The user who acts as that organisation.
    masquerader: Option<String>,
    operation: String,
    /// The id of what it was done to.
    target: Option<String>,
    outcome: WireOutcome,
    /// Over this line and the one before.
    hash: String,
}

impl AuditQuery {
    fn wants(&self, line: &Line) -> bool {
        let entry = &line.entry;
        let named = |wanted: &str, actor: &str| {
            actor == wanted || actor.split_once(':').is_some_and(|(_, id)| id == wanted)
        };
        let by = |wanted: &String| {
            let actors = [Some(&entry.actor), entry.masquerader.as_ref()];
            let mut actors = actors.into_iter().flatten();
            actors.any(|actor| named(wanted, actor))
        };
        let second = line.at.0.div_euclid(1_000);
        self.actor.as_ref().is_none_or(by)
            && self
                .operation
                .as_ref()
                .is_none_or(|beginning| entry.operation.starts_with(beginning))
            && self
                .target
                .as_ref()
                .is_none_or(|wanted| entry.target.as_ref() == Some(wanted))
            && self
                .outcome
                .is_none_or(|wanted| wanted == entry.outcome.into())
            && self.from.is_none_or(|from| from <= second)
            && self.to.is_none_or(|to| second <= to)
    }
}

/// List the audit log.
///
/// Who did what to keys, settings, offers, users and erased contacts, in the key's mode, newest first. Lines are never changed or
/// removed. At most the newest 100,000 are looked through; the export has all.
#[utoipa::path(
    get, path = "/audit_log", tag = "Audit log", security(("api_key" = [])),
    params(AuditQuery),
    responses(
        (status = 200, description = "The lines, newest first", body = WireAuditLog),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this, or belongs to an organisation", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(
    State(api): State<Api>,
    caller: Authorized<{ Scope::AuditRead.bit() }>,
    query: ValidQuery<AuditQuery>,
) -> Result<Response, Problem> {
    of_whole_network(&caller)?;
    let (tenant, mode) = (caller.tenant(), caller.mode());
    let page = Page::of(query.page, query.size);
    let enough = page.skip().saturating_add(u64::from(page.size));
    let newest = api.router.page_to_write(tenant, mode).await;
    let newest = newest.map_err(failure::problem)?;
    let mut found: Vec<Line> = Vec::new();
    let mut matching = 0_u64;
    let pages = (0..=newest).rev().take(AUDIT_PAGES_LOOKED_AT_MAX);
    for number in pages {
        let lines = api.router.audit_page(tenant, mode, number).await;
        let lines = lines.map_err(failure::problem)?.lines;
        for line in lines.into_iter().rev().filter(|line| query.wants(line)) {
            if (page.skip()..enough).contains(&matching) {
                found.push(line);
            }
            matching = matching.saturating_add(1);
        }
        if matching > enough && !query.include_total {
            break;
        }
    }
    let ids = api.router.secrets().public_ids();
    let content = found.into_iter().map(|line| WireLine {
        id: ids.write(PublicId::of(Named::AuditLine, line.number)),
        number: line.number,
        date: line.at.0.div_euclid(1_000),
        hash: hex(&line.hash),
        actor: line.entry.actor,
        masquerader: line.entry.masquerader,
        operation: line.entry.operation,
        target: line.entry.target,
        outcome: line.entry.outcome.into(),
    });
    let shown = WireAuditLog {
        content: content.collect(),
        paging: Paging {
            page: page.page,
            size: page.size,
            total: query.include_total.then_some(matching),
            has_more: matching > enough,
        },
    };
    let timings = reply::timings(&caller, Timings::default());
    Ok(reply::json(StatusCode::OK, &shown, timings))
}
