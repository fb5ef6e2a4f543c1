//! `POST /purchases/ad_hoc_return`: goods come back whose purchase is not known.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::fields;
use super::super::fields::{check_code, check_date};
use super::buyer::{self, ContactReference};
use super::reference::OrganisationReference;
use crate::domain::api_key::Scope;
use crate::domain::contact::{AdHocReturn, Command as ContactCommand, ReturnOf};
use crate::domain::entity::{Answer, Command};
use crate::domain::ids::{Named, PublicId};
use crate::domain::money::{Currency, Minor};
use crate::domain::time::Timestamp;
use crate::http::auth::Authorized;
use crate::http::extract::{Conditions, Faults, ValidJson, Validate};
use crate::http::gateways::once;
use crate::http::gateways::once::idempotency_key;
use crate::http::money_wire::{WireAmount, above_zero, not_negative};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// Goods that come back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct NewReturn {
    /// Who brings them. Without it, the card in `payment_medium_identifier` says.
    contact: Option<ContactReference>,
    payment_medium_identifier: Option<String>,
    /// Who takes them back. Without it, the organisation that the key acts for: its own, or the network's owner.
    #[serde(default)]
    organisation: OrganisationReference,
    /// What they had cost.
    amount: WireAmount,
    /// When they came back, in Unix seconds; now, if it is left out.
    date: Option<i64>,
    /// The number on the receipt. Without an `Idempotency-Key`, it identifies the return.
    reference_number: Option<String>,
    /// What they had earned: taken back from open money, and owed where there is too little.
    return_amount: Option<WireAmount>,
    /// What of the wallet had been spent on them: given back, never to expire.
    return_spent_amount: Option<WireAmount>,
    /// ISO 4217; must be the wallet's.
    currency_code: Option<String>,
}

/// A recorded return.
#[derive(Debug, Serialize, ToSchema)]
struct RecordedReturn {
    /// The first line that it has in the wallet's journal.
    id: String,
}

impl Validate for NewReturn {
    fn validate(&self, faults: &mut Faults) {
        buyer::validate(&self.contact, &self.payment_medium_identifier, faults);
        let token = self.contact.as_ref().and_then(|it| it.otp.as_ref());
        faults.within("contact", |faults| {
            faults.require(
                token.is_none(),
                "otp",
                "unsupported",
                "is for purchases and estimates; name the contact in another way",
            );
        });
        if !self.organisation.is_empty() {
            self.organisation.validate(faults);
        }
        faults.require(
            self.return_amount.is_some() || self.return_spent_amount.is_some(),
            "return_amount",
            "missing",
            "must be there, or return_spent_amount, or both",
        );
        check_date(faults, "date", self.date);
        for (member, value) in [
            ("reference_number", &self.reference_number),
            ("payment_medium_identifier", &self.payment_medium_identifier),
        ] {
            check_code(faults, member, value.as_deref());
        }
    }
}

/// Take goods back whose purchase is not known.
///
/// What they had earned is taken back, and what of the wallet had been spent on them is given back; no purchase is cancelled. With an
/// `Idempotency-Key`, or else by the organisation and the `reference_number`, a retry has no second effect. What is not named
/// stays: to take a known purchase back whole, cancel it.
#[utoipa::path(
    post, path = "/purchases/ad_hoc_return", tag = "Purchases", security(("api_key" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once")),
    request_body = NewReturn,
    responses(
        (status = 200, description = "Recorded", body = RecordedReturn),
        (status = 400, description = "Not JSON; an unknown contact or organisation", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, or the key was used for another request", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn record(
    State(api): State<Api>,
    caller: Authorized<{ Scope::PurchasesWrite.bit() }>,
    headers: Conditions,
    body: ValidJson<NewReturn>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let ids = api.router.secrets().public_ids();
    let contact = buyer::find(
        &api,
        &caller,
        &body.contact,
        &body.payment_medium_identifier,
    )
    .await?;
    let organisation = if body.organisation.is_empty() && caller.acts_for(&tenant, None) {
        tenant.owner()
    } else {
        body.organisation
            .find(&caller, &tenant, ids, "organisation")?
    };
    let asked = read(&body, organisation, tenant.currency)?;
    let header = idempotency_key(&headers)?.map(|key| ("header", key.to_owned()));
    let receipt = body.reference_number.as_ref();
    let receipt = receipt.map(|number| ("reference_number", format!("{organisation}\n{number}")));
    let place = ("purchases.ad_hoc_return", Some(contact));
    let key = header.or(receipt).into_iter();
    let remember = once::remember(&api, &caller, place, key, &body.hash);
    let command = Command::Contact(ContactCommand::TakeReturn(asked));
    let answer = api
        .router
        .command(contact, command, remember, Some(Arc::clone(&tenant)))
        .await;
    let timings = reply::timings(&caller, answer.timings);
    Ok(match answer.result {
        Ok(Answer::Journal(view)) => match view.lines.first() {
            Some(line) => {
                let id = ids.write(PublicId {
                    named: Named::JournalLine,
                    entity: contact.entity,
                    part: line.number,
                });
                reply::json(StatusCode::OK, &RecordedReturn { id }, timings)
            }
            None => reply::refused(failure::not_found(), timings),
        },
        Ok(_) => reply::refused(failure::not_found(), timings),
        Err(why) => reply::refused(failure::problem(why), timings),
    })
}

fn read(body: &NewReturn, organisation: u64, currency: Currency) -> Result<AdHocReturn, Problem> {
    let mut faults = Faults::new();
    let decimals = currency.decimals();
    let amount = above_zero(&mut faults, "amount", Some(body.amount), decimals);
    let award = not_negative(&mut faults, "return_amount", body.return_amount, decimals);
    let spend = not_negative(
        &mut faults,
        "return_spent_amount",
        body.return_spent_amount,
        decimals,
    );
    let (amount, award) = (amount.unwrap_or_default(), award.unwrap_or_default());
    let spend = spend.unwrap_or_default();
    faults.require(
        spend <= amount,
        "return_spent_amount",
        "too_large",
        "must be at most amount: no more was spent on it than it cost",
    );
    faults.require(
        award > Minor::ZERO || spend > Minor::ZERO,
        "return_amount",
        "not_positive",
        "must be above 0, or return_spent_amount must",
    );
    faults.into_result()?;
    Ok(AdHocReturn {
        of: ReturnOf {
            organisation,
            amount,
            reference_number: body.reference_number.as_deref().into(),
            returned_on: body.date.map(Timestamp::from_unix_seconds),
        },
        currency: fields::currency(&body.currency_code)?,
        award,
        spend,
    })
}
