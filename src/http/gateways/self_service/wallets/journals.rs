//! `GET /wallets/{id}/journals`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::own;
use super::query::{Lines, LinesQuery, WireMovement, WireOrder};
use crate::actors::router::Timings;
use crate::domain::contact::{Cause, Line};
use crate::domain::money::Currency;
use crate::http::auth::bearer::ContactToken;
use crate::http::extract::ValidQuery;
use crate::http::money_wire::WireAmount;
use crate::http::paging::Paging;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::shown::journal::{JournalEvent, event_of, line_id};
use crate::http::{Api, reply};

/// One movement of the contact's money.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnJournalEntry)]
struct WireEntry {
    id: String,
    /// How much moved; `type` says whether in or out.
    amount: WireAmount,
    /// ISO 4217.
    currency: String,
    r#type: WireMovement,
    /// Unix seconds.
    posted_on: i64,
    /// The note of who moved it by hand, or the code of who paid it in.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    transaction_type: JournalEvent,
    /// The balance after it.
    balance: WireAmount,
    /// When the first of what came in expires, in Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_date: Option<i64>,
    /// A wallet has one currency, its tenant's: this is 1.
    exchange_rate: WireAmount,
    total_default_currency: WireAmount,
    /// ISO 4217.
    default_currency_code: String,
}

/// A page of movements.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnJournalPage)]
pub(in super::super) struct EntryPage {
    content: Vec<WireEntry>,
    paging: Paging,
    /// Where the movements are so many that not all were looked through: `before` of the request that goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_before: Option<String>,
}

/// What was noted with a line.
pub(super) fn note(cause: &Cause) -> Option<String> {
    let note = match cause {
        Cause::Credit(note) | Cause::Debit(note) => note.text(),
        Cause::TopUp(top_up) => top_up.code(),
        Cause::Award(_)
        | Cause::Spend(_)
        | Cause::Unlock
        | Cause::Expiry
        | Cause::Cancel(_)
        | Cause::Restore(_)
        | Cause::Owed(_)
        | Cause::Repaid
        | Cause::Hold(_)
        | Cause::Release(_)
        | Cause::ReturnedSpend(_)
        | Cause::ReturnedAward(_)
        | Cause::ReturnOwed(_) => None,
    };
    note.map(str::to_owned)
}

/// How much a line moved, without its sign.
pub(super) fn moved(line: &Line, currency: Currency) -> WireAmount {
    WireAmount::from_minor(line.amount.0.saturating_abs(), currency.decimals())
}

/// List what moved in the contact's own wallet.
///
/// With a filter or from the oldest on, the newest 100,000 movements are looked through; where there are more, the answer says how to go on.
#[utoipa::path(
    get, path = "/wallets/{id}/journals", tag = "Wallet", security(("access_token" = [])),
    params(
        ("id" = String, Path, description = "The wallet's id, from the contact"),
        ("type" = Option<WireMovement>, Query, description = "Only what came in, or went out"),
        ("transaction_type" = Option<JournalEvent>, Query, description = "Only of this kind"),
        ("is_wallet_fee" = Option<bool>, Query, description = "Only fees; there are none"),
        ("commerce_pool_id" = Option<String>, Query, description = "Only what moved money that this offer binds"),
        ("is_commerce" = Option<bool>, Query, description = "Only what moved commerce money, or none"),
        ("is_open" = Option<bool>, Query, description = "Only what moved money that nothing binds, or none"),
        ("include_unallocated_credit" = Option<bool>, Query, description = "Makes no difference: what is credited is the wallet's at once"),
        ("posted_on" = Option<i64>, Query, description = "In this second, in Unix seconds"),
        ("posted_on[gt]" = Option<i64>, Query, description = "After this second"),
        ("posted_on[gte]" = Option<i64>, Query, description = "In this second or later"),
        ("posted_on[lt]" = Option<i64>, Query, description = "Before this second"),
        ("posted_on[lte]" = Option<i64>, Query, description = "In this second or earlier"),
        ("before" = Option<String>, Query, description = "Only movements before the one of this id: `next_before` of an answer"),
        ("page" = Option<u32>, Query, description = "From 1, the default", minimum = 1),
        ("size" = Option<u32>, Query, description = "How many a page; 10 by default", minimum = 0, maximum = 100),
        ("include_total" = Option<bool>, Query, description = "Whether to count them all"),
        ("sort" = Option<String>, Query, description = "CREATED_DATE, the default"),
        ("order" = inline(Option<WireOrder>), Query, description = "DESC, the default: the newest first"),
    ),
    responses(
        (status = 200, description = "A page", body = EntryPage),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the wallet of the token's contact", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "A filter of the contract that is not built", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(
    State(api): State<Api>,
    token: ContactToken,
    Path(id): Path<String>,
    query: ValidQuery<LinesQuery>,
) -> Result<Response, Problem> {
    let contact = own(&api, &token, &id)?;
    let tenant = token.tenant_view(&api).await?;
    let Lines {
        lines,
        paging,
        next_before,
    } = query.lines(&api, contact).await?;
    let ids = api.router.secrets().public_ids();
    let shown = lines.iter().map(|line| WireEntry {
        id: line_id(ids, contact.entity, line.number),
        amount: moved(line, tenant.currency),
        currency: tenant.currency.code().to_owned(),
        r#type: WireMovement::of(line),
        posted_on: line.at.unix_seconds(),
        description: note(&line.cause),
        transaction_type: event_of(&line.cause),
        balance: WireAmount::from_minor(line.balance.0, tenant.currency.decimals()),
        expiration_date: match WireMovement::of(line) {
            WireMovement::Credit => line.of.expires_at.map(|at| at.unix_seconds()),
            WireMovement::Debit => None,
        },
        exchange_rate: WireAmount::from_minor(1, 0),
        total_default_currency: moved(line, tenant.currency),
        default_currency_code: tenant.currency.code().to_owned(),
    });
    let page = EntryPage {
        content: shown.collect(),
        paging,
        next_before,
    };
    let timings = reply::timings(&token, Timings::default());
    Ok(reply::json(StatusCode::OK, &page, timings))
}
