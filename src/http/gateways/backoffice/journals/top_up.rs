//! `POST /topups`

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::fields::{check_code, check_date};
use super::super::wallets;
use super::movement;
use super::wire::WireLine;
use crate::domain::api_key::Scope;
use crate::domain::contact::{Movement, Private, Reason, TopUp, TopUpTexts};
use crate::domain::money::{Currency, Minor};
use crate::domain::time::Timestamp;
use crate::http::Api;
use crate::http::auth::Authorized;
use crate::http::extract::{Conditions, Faults, ValidJson, Validate};
use crate::http::money_wire::{WireAmount, above_zero};
use crate::http::problem::{Problem, ProblemBody};

/// Money that a customer paid in.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct NewTopUp {
    wallet_id: String,
    /// By which means it was paid, in your own words: CASH, CARD.
    payment_method: Option<String>,
    /// Your own code for it.
    code: Option<String>,
    /// When it was paid, in Unix seconds; now, if it is left out.
    topup_date: Option<i64>,
    /// In the wallet's currency.
    amount: WireAmount,
}

impl Validate for NewTopUp {
    fn validate(&self, faults: &mut Faults) {
        for (member, value) in [
            ("payment_method", &self.payment_method),
            ("code", &self.code),
        ] {
            check_code(faults, member, value.as_deref());
        }
        check_date(faults, "topup_date", self.topup_date);
    }
}

/// Pay money into a wallet.
///
/// It never expires. What the wallet owes is paid from it. With an `Idempotency-Key`, a retry has no second effect and gets the
/// first answer. Answers with the line in the wallet's journal.
#[utoipa::path(
    post, path = "/topups", tag = "Wallets", security(("api_key" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once")),
    request_body = NewTopUp,
    responses(
        (status = 201, description = "Paid in", body = WireLine),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No wallet of this id", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, or the key was used for another request", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn top_up(
    State(api): State<Api>,
    caller: Authorized<{ Scope::FinanceWrite.bit() }>,
    headers: Conditions,
    body: ValidJson<NewTopUp>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let amount = amount(body.amount, tenant.currency)?;
    let contact = wallets::find(&api, &caller, &body.wallet_id)?;
    let shared = |text: &Option<String>| text.as_deref().map(Arc::from);
    let movement = Movement {
        amount,
        currency: None,
        reason: Reason::TopUp(Arc::new(TopUp {
            texts: Private::Clear(TopUpTexts {
                payment_method: shared(&body.payment_method),
                code: shared(&body.code),
            }),
            paid_on: body.topup_date.map(Timestamp::from_unix_seconds),
        })),
    };
    let place = ("topups.create", contact);
    movement::record(&api, &caller, &headers, place, &body.hash, movement).await
}

/// An amount above zero in the wallet's currency.
pub(super) fn amount(amount: WireAmount, currency: Currency) -> Result<Minor, Problem> {
    let mut faults = Faults::new();
    let minor = above_zero(&mut faults, "amount", Some(amount), currency.decimals());
    faults.into_result()?;
    Ok(minor.unwrap_or_default())
}
