//! `GET /wallets/{id}/summarised_totals`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::reached;
use crate::actors::router::Timings;
use crate::domain::api_key::Scope;
use crate::domain::contact::{Cause, Line};
use crate::http::auth::ContactOrBusiness;
use crate::http::dates::DateRange;
use crate::http::extract::{Faults, ValidQuery, Validate};
use crate::http::money_wire::WireAmount;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::shown::journal;
use crate::http::{Api, failure, reply};

/// Of which time.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(in super::super) struct TotalsQuery {
    #[serde(rename = "posted_on[gt]")]
    after: Option<i64>,
    #[serde(rename = "posted_on[gte]")]
    from: Option<i64>,
    #[serde(rename = "posted_on[lt]")]
    before: Option<i64>,
    #[serde(rename = "posted_on[lte]")]
    to: Option<i64>,
}

impl TotalsQuery {
    fn dates(&self) -> DateRange {
        DateRange::of(None, [self.after, self.from, self.before, self.to])
    }
}

impl Validate for TotalsQuery {
    fn validate(&self, faults: &mut Faults) {
        self.dates().validate(faults, "posted_on");
    }
}

/// What moved, by why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum TotalOf {
    /// Paid in.
    TopUp,
    /// Spent, less what came back.
    Spent,
    /// Awarded, less what was taken back.
    Awarded,
}

/// A total.
#[derive(Debug, Serialize, ToSchema)]
struct WalletTotal {
    r#type: TotalOf,
    total: WireAmount,
    /// ISO 4217.
    currency_code: String,
}

/// The totals of a wallet.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct WalletTotals {
    wallet_totals: Vec<WalletTotal>,
}

/// To which total a line adds how much.
fn adds(line: &Line) -> Option<(TotalOf, i64)> {
    let amount = line.amount.0;
    match line.cause {
        Cause::TopUp(_) => Some((TotalOf::TopUp, amount)),
        Cause::Spend(_) | Cause::Restore(_) | Cause::ReturnedSpend(_) => {
            Some((TotalOf::Spent, amount.saturating_neg()))
        }
        Cause::Award(_) | Cause::Unlock | Cause::Cancel(_) | Cause::ReturnedAward(_) => {
            Some((TotalOf::Awarded, amount))
        }
        Cause::Expiry
        | Cause::Owed(_)
        | Cause::Repaid
        | Cause::Hold(_)
        | Cause::Release(_)
        | Cause::ReturnOwed(_)
        | Cause::Credit(_)
        | Cause::Debit(_) => None,
    }
}

/// Sum up what moved in a wallet: the contact's own; or, by a secret key with `wallets.read` or a user's token, any of the business.
///
/// Of all time, or of the time between the dates. The newest 100,000 movements are summed; of a wallet with more, ask for a time that begins
/// later.
#[utoipa::path(
    get, path = "/wallets/{id}/summarised_totals", tag = "Wallet", security(("access_token" = []), ("secret_key" = []), ("user_token" = [])),
    params(
        ("id" = String, Path, description = "The wallet's id, from the contact"),
        ("posted_on[gt]" = Option<i64>, Query, description = "After this second, in Unix seconds"),
        ("posted_on[gte]" = Option<i64>, Query, description = "In this second or later"),
        ("posted_on[lt]" = Option<i64>, Query, description = "Before this second"),
        ("posted_on[lte]" = Option<i64>, Query, description = "In this second or earlier"),
    ),
    responses(
        (status = 200, description = "The totals", body = WalletTotals),
        (status = 401, description = "No token or key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key, or the user's role, does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the wallet of the token's contact, or none of the business", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong, or more has moved since than is summed at a time", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn get(
    State(api): State<Api>,
    caller: ContactOrBusiness<{ Scope::WalletsRead.bit() }>,
    Path(id): Path<String>,
    query: ValidQuery<TotalsQuery>,
) -> Result<Response, Problem> {
    let contact = reached(&api, &caller, &id)?;
    let tenant = caller.tenant_view(&api).await?;
    let dates = query.dates();
    let is_wanted = |line: &Line| dates.holds(line.at);
    let looked = journal::look(&api, contact, dates.first(), is_wanted).await?;
    if !looked.is_complete {
        return Err(failure::invalid_field(
            "posted_on[gte]",
            "too_broad",
            "must lie later: more than 100,000 movements have come since, and no more are summed at a time",
        ));
    }
    let total = |of: TotalOf| {
        let adding = looked.lines.iter().filter_map(adds);
        let adding = adding.filter(|(to, _)| *to == of);
        let sum = adding.fold(0_i64, |sum, (_, amount)| sum.saturating_add(amount));
        WalletTotal {
            r#type: of,
            total: WireAmount::from_minor(sum, tenant.currency.decimals()),
            currency_code: tenant.currency.code().to_owned(),
        }
    };
    let totals = WalletTotals {
        wallet_totals: [TotalOf::TopUp, TotalOf::Spent, TotalOf::Awarded]
            .map(total)
            .into(),
    };
    let timings = reply::timings(&caller, Timings::default());
    Ok(reply::json(StatusCode::OK, &totals, timings))
}
