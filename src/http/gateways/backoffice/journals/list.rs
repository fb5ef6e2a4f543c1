//! `GET /journals`

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::wire::{JournalOf, WireLine, returned_to};
use crate::actors::router;
use crate::domain::api_key::Scope;
use crate::domain::contact::Line;
use crate::domain::ids::Named;
use crate::http::auth::Authorized;
use crate::http::extract::{Faults, ValidQuery, Validate};
use crate::http::paging::{Page, Paging};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::shown::journal::{self, JournalEvent, Order, Walk, event_of};
use crate::http::{Api, failure, reply};

/// Which lines.
#[derive(Clone, Debug, Deserialize)]
pub(in super::super) struct ListQuery {
    entity: Option<JournalOf>,
    // Demanded after the key's scopes are known: who may not read learns nothing of what is missing.
    wallet_id: Option<String>,
    event: Option<JournalEvent>,
    before: Option<String>,
    page: Option<u32>,
    size: Option<u32>,
    #[serde(default)]
    include_total: bool,
}

/// A page of a wallet's journal, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct JournalPageBody {
    content: Vec<WireLine>,
    paging: Paging,
    /// Where the lines are so many that not all were looked through: `before` of the request that goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_before: Option<String>,
}

impl ListQuery {
    fn page(&self) -> Page {
        Page::of(self.page, self.size)
    }
}

impl Validate for ListQuery {
    fn validate(&self, faults: &mut Faults) {
        self.page().validate(faults);
        faults.require(
            self.entity.is_none_or(|entity| entity == JournalOf::Wallet),
            "entity",
            "unsupported",
            "must be WALLET, or be left out",
        );
    }
}

/// List what moved in a wallet, newest first.
///
/// The sum of all lines is the balance. `event` keeps those of one kind; the newest 100,000 lines are looked through for it, and where there are more, the answer says how
/// to go on.
#[utoipa::path(
    get, path = "/journals", tag = "Wallets", security(("api_key" = [])),
    params(
        ("wallet_id" = String, Query, description = "The wallet's id"),
        ("entity" = Option<JournalOf>, Query, description = "WALLET, the default"),
        ("event" = Option<JournalEvent>, Query, description = "Only of this kind"),
        ("before" = Option<String>, Query, description = "Only lines before the one of this id: `next_before` of an answer"),
        ("page" = Option<u32>, Query, description = "From 1, the default", minimum = 1),
        ("size" = Option<u32>, Query, description = "How many a page; 10 by default", minimum = 0, maximum = 100),
        ("include_total" = Option<bool>, Query, description = "Whether to count them all"),
    ),
    responses(
        (status = 200, description = "A page", body = JournalPageBody),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No wallet of this id", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(
    State(api): State<Api>,
    caller: Authorized<{ Scope::FinanceRead.bit() }>,
    query: ValidQuery<ListQuery>,
) -> Result<Response, Problem> {
    let ids = api.router.secrets().public_ids();
    let wallet_id = query
        .wallet_id
        .as_deref()
        .ok_or_else(|| failure::invalid_field("wallet_id", "required", "must name the wallet"))?;
    let contact = ids
        .read_as(Named::Wallet, wallet_id)
        .ok_or_else(failure::not_found)?
        .owner(caller.tenant(), caller.mode());
    let tenant = caller.tenant_view(&api).await?;
    let page = query.page();
    let before = journal::before(ids, contact, query.before.as_deref())?;
    let found = match (query.event, before) {
        (None, None) => journal::all(&api, contact, page).await?,
        (event, before) => {
            let is_wanted = |line: &Line| event.is_none_or(|it| event_of(&line.cause) == it);
            let walk = Walk {
                page,
                order: Order::NewestFirst,
                before,
                count: query.include_total,
            };
            journal::fitting(&api, contact, walk, is_wanted).await?
        }
    };
    let body = JournalPageBody {
        content: found
            .lines
            .iter()
            .map(|line| {
                let shown = WireLine::of(line, ids, contact.entity, tenant.currency);
                match returned_to(line) {
                    Some(place) if !caller.acts_for(&tenant, Some(place)) => {
                        shown.without_organisation()
                    }
                    Some(_) | None => shown,
                }
            })
            .collect(),
        paging: Paging {
            page: page.page,
            size: page.size,
            total: query.include_total.then_some(found.total),
            has_more: found.has_more,
        },
        next_before: found
            .ended_at
            .map(|at| journal::line_id(ids, contact.entity, at)),
    };
    let timings = reply::timings(&caller, router::Timings::default());
    Ok(reply::json(StatusCode::OK, &body, timings))
}
