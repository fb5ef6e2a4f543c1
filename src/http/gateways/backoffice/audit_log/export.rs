//! `GET /audit_log/export`

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use serde::Serialize;

use super::of_whole_network;
use crate::actors::router::{Failure, Timings};
use crate::domain::address::{Mode, TenantId};
use crate::domain::api_key::Scope;
use crate::domain::audit::Start;
use crate::http::Api;
use crate::http::audit::{ExportedEnd, ExportedLine, hex};
use crate::http::auth::Authorized;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{failure, reply};

/// Why an export ends before its last line.
#[derive(Debug, thiserror::Error)]
#[error("the export was cut off")]
struct CutOff;

/// How far an export has come.
#[derive(Clone, Copy)]
struct Exporting {
    tenant: TenantId,
    mode: Mode,
    /// The next page; none after the last.
    page: Option<u64>,
    /// The page that was written to when the export began.
    newest: u64,
    end: Start,
}

/// Export the audit log.
///
/// A JSON object a line, oldest first, and one that says how many there were. `clientele audit verify` checks that no line was altered,
/// taken out, put in or moved.
#[utoipa::path(
    get, path = "/audit_log/export", tag = "Audit log", security(("api_key" = [])),
    responses(
        (status = 200, description = "The lines, oldest first", body = String, content_type = "application/x-ndjson"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this, or belongs to an organisation", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn export(
    State(api): State<Api>,
    caller: Authorized<{ Scope::AuditRead.bit() }>,
) -> Result<Response, Problem> {
    of_whole_network(&caller)?;
    let (tenant, mode) = (caller.tenant(), caller.mode());
    let newest = api.router.page_to_write(tenant, mode).await;
    let begun = Exporting {
        tenant,
        mode,
        page: Some(0),
        newest: newest.map_err(failure::problem)?,
        end: Start::default(),
    };
    let lines = stream::unfold((api, Some(begun)), |(api, state)| async move {
        let state = state?;
        match next(&api, state).await {
            Ok((text, state)) => Some((Ok(text), (api, state))),
            Err(failure) => {
                tracing::warn!(?failure, "an export of the audit log was cut off");
                Some((Err(CutOff), (api, None)))
            }
        }
    });
    let timings = reply::timings(&caller, Timings::default());
    let mut response = Response::new(Body::from_stream(lines));
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-ndjson"),
    );
    response.extensions_mut().insert(timings);
    Ok(response)
}

/// The lines of the next page, or the last line of all.
async fn next(api: &Api, state: Exporting) -> Result<(Bytes, Option<Exporting>), Failure> {
    let Some(number) = state.page else {
        let end = ExportedEnd {
            lines: state.end.lines,
            hash: hex(&state.end.hash),
        };
        return Ok((written(&[end]), None));
    };
    let (tenant, mode) = (state.tenant, state.mode);
    let page = api.router.audit_page(tenant, mode, number).await?;
    let lines: Vec<_> = page.lines.iter().map(ExportedLine::of).collect();
    let state = Exporting {
        page: (number < state.newest).then_some(number.saturating_add(1)),
        end: page.end().unwrap_or(state.end),
        ..state
    };
    Ok((written(&lines), Some(state)))
}

fn written<T: Serialize>(lines: &[T]) -> Bytes {
    let mut text = Vec::new();
    for line in lines {
        // Numbers and texts alone: there is nothing in them that JSON cannot write.
        let written = serde_json::to_writer(&mut text, line);
        debug_assert!(written.is_ok(), "a line that cannot be written");
        text.push(b'\n');
    }
    text.into()
}
