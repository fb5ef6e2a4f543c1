//! `GET /wallets/{id}/transactions`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::journals::{line_id, moved, note};
use super::own;
use super::query::{LinesQuery, WireMovement, WireOrder};
use crate::actors::router::Timings;
use crate::domain::contact::{Cause, Line};
use crate::domain::ids::{Named, PublicId, PublicIds};
use crate::domain::money::Currency;
use crate::http::auth::bearer::ContactToken;
use crate::http::extract::ValidQuery;
use crate::http::money_wire::WireAmount;
use crate::http::paging::Paging;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::shown::journal::{JournalEvent, event_of};
use crate::http::{Api, reply};

/// One movement of the contact's money, and what it came from.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnTransaction)]
struct WireTransaction {
    id: String,
    /// How much moved; `type` says whether in or out.
    amount: WireAmount,
    /// ISO 4217.
    currency: String,
    r#type: WireMovement,
    /// Unix seconds.
    posted_on: i64,
    /// Where rewards moved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    reward_event: Option<WireRewardEvent>,
    /// Where somebody paid it in, or moved it by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    financial_event: Option<WireFinancialEvent>,
    /// The estimate that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    blocked_by: Option<WireBlocker>,
}

/// What rewards did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnRewardEvent)]
struct WireRewardEvent {
    r#type: JournalEvent,
    amount: WireAmount,
    /// Unix seconds.
    date: i64,
    /// The purchase that it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    purchase_id: Option<String>,
    /// The number on the receipt, of goods that came back without their purchase.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference_number: Option<String>,
}

/// What somebody did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnFinancialEvent)]
struct WireFinancialEvent {
    id: String,
    r#type: JournalEvent,
    amount: WireAmount,
    /// Unix seconds.
    date: i64,
    /// What was noted.
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<String>,
}

/// What holds money for a purchase to come.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnFundsBlocker)]
struct WireBlocker {
    /// The estimate's id.
    id: String,
    /// `PURCHASE`.
    entity: &'static str,
}

/// A page of movements.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnTransactionPage)]
pub(in super::super) struct TransactionPage {
    content: Vec<WireTransaction>,
    paging: Paging,
}

impl WireTransaction {
    fn of(line: &Line, ids: &PublicIds, contact: u64, currency: Currency) -> WireTransaction {
        let (amount, date) = (moved(line, currency), line.at.unix_seconds());
        let part = |named, part| {
            ids.write(PublicId {
                named,
                entity: contact,
                part,
            })
        };
        let rewards = |purchase: Option<u32>, receipt: Option<&str>| WireRewardEvent {
            r#type: event_of(&line.cause),
            amount,
            date,
            purchase_id: purchase.map(|number| part(Named::Purchase, number)),
            reference_number: receipt.map(str::to_owned),
        };
        let (mut reward_event, mut financial_event, mut blocked_by) = (None, None, None);
        match &line.cause {
            Cause::Award(number)
            | Cause::Spend(number)
            | Cause::Cancel(number)
            | Cause::Restore(number)
            | Cause::Owed(number) => reward_event = Some(rewards(Some(*number), None)),
            Cause::Unlock | Cause::Expiry | Cause::Repaid => {
                reward_event = Some(rewards(None, None));
            }
            Cause::ReturnedSpend(of) | Cause::ReturnedAward(of) | Cause::ReturnOwed(of) => {
                reward_event = Some(rewards(None, of.reference_number.as_deref()));
            }
            Cause::TopUp(_) | Cause::Credit(_) | Cause::Debit(_) => {
                financial_event = Some(WireFinancialEvent {
                    id: line_id(ids, contact, line),
                    r#type: event_of(&line.cause),
                    amount,
                    date,
                    notes: note(&line.cause),
                });
            }
            Cause::Hold(number) | Cause::Release(number) => {
                blocked_by = Some(WireBlocker {
                    id: part(Named::Estimate, *number),
                    entity: "PURCHASE",
                });
            }
        }
        WireTransaction {
            id: line_id(ids, contact, line),
            amount,
            currency: currency.code().to_owned(),
            r#type: WireMovement::of(line),
            posted_on: date,
            reward_event,
            financial_event,
            blocked_by,
        }
    }
}

/// List what moved in the contact's own wallet, and what it came from.
///
/// With a filter or from the oldest on, the newest 1,000 movements are looked through.
#[utoipa::path(
    get, path = "/wallets/{id}/transactions", tag = "Wallet", security(("access_token" = [])),
    params(
        ("id" = String, Path, description = "The wallet's id, from the contact"),
        ("type" = Option<WireMovement>, Query, description = "Only what came in, or went out"),
        ("is_wallet_fee" = Option<bool>, Query, description = "Only fees; there are none"),
        ("posted_on" = Option<i64>, Query, description = "In this second, in Unix seconds"),
        ("posted_on[gt]" = Option<i64>, Query, description = "After this second"),
        ("posted_on[gte]" = Option<i64>, Query, description = "In this second or later"),
        ("posted_on[lt]" = Option<i64>, Query, description = "Before this second"),
        ("posted_on[lte]" = Option<i64>, Query, description = "In this second or earlier"),
        ("page" = Option<u32>, Query, description = "From 1, the default", minimum = 1),
        ("size" = Option<u32>, Query, description = "How many a page; 10 by default", minimum = 1, maximum = 100),
        ("include_total" = Option<bool>, Query, description = "Whether to count them all"),
        ("sort" = Option<String>, Query, description = "CREATED_DATE, the default"),
        ("order" = inline(Option<WireOrder>), Query, description = "DESC, the default: the newest first"),
    ),
    responses(
        (status = 200, description = "A page", body = TransactionPage),
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
    let (lines, paging) = query.lines(&api, contact).await?;
    let ids = api.router.secrets().public_ids();
    let shown = lines.iter();
    let page = TransactionPage {
        content: shown
            .map(|line| WireTransaction::of(line, ids, contact.entity, tenant.currency))
            .collect(),
        paging,
    };
    let timings = reply::timings(&token, Timings::default());
    Ok(reply::json(StatusCode::OK, &page, timings))
}
