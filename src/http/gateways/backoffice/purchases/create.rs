//! `POST /purchases` (v2)

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::super::contacts::{idempotency_key, resolve};
use super::products;
use super::wire::{NewPurchase, Shown, WirePurchase};
use crate::domain::address::Address;
use crate::domain::api_key::Scope;
use crate::domain::contact::{
    self, Amounts, Command as ContactCommand, RecordPurchase, SpendRequest, Unbacked,
};
use crate::domain::context::TenantView;
use crate::domain::entity::{Answer, Command, Remember};
use crate::domain::ids::Named;
use crate::domain::money::Currency;
use crate::domain::time::Timestamp;
use crate::http::auth::Caller;
use crate::http::extract::{Faults, ValidJson, ValidQuery, Validate};
use crate::http::money_wire::{above_zero, not_negative};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::{Api, failure, reply};
use crate::secrets::{KeyScope, request_hash};

/// How to record it.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(in super::super) struct CreateQuery {
    /// Whether to decide only, and change nothing.
    #[serde(default)]
    simulate: bool,
}

impl Validate for CreateQuery {
    fn validate(&self, _: &mut Faults) {}
}

/// Record a purchase: award and spend.
///
/// Every active offer is applied to what is left to pay; `offers` says what each gave, or why not. A spend with
/// `restrict_fully_covered` refuses the whole purchase unless the balance covers it. A retry with the same
/// `Idempotency-Key` (or, without one, the same `id` or `reference_number`) has no second effect and gets the first answer.
#[utoipa::path(
    post, path = "/purchases", tag = "Purchases", security(("api_key" = [])),
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once"),
        ("simulate" = Option<bool>, Query, description = "Whether to decide only, and change nothing: no key is remembered, and `id` is null"),
    ),
    request_body = NewPurchase,
    responses(
        (status = 200, description = "Recorded", body = WirePurchase),
        (status = 400, description = "Not JSON; an unknown contact or organisation; a balance that is too low", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, or the key was used for another request", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn create(
    State(api): State<Api>,
    caller: Caller,
    headers: HeaderMap,
    query: ValidQuery<CreateQuery>,
    body: ValidJson<NewPurchase>,
) -> Result<Response, Problem> {
    caller.require(Scope::PurchasesWrite)?;
    if body.block_wallet_funds {
        return Err(failure::invalid_field(
            "/block_wallet_funds",
            "unsupported",
            "is for POST /purchases/estimates; a purchase names the estimate in estimate_id",
        ));
    }
    let Prepared {
        contact,
        tenant,
        purchase,
    } = prepare(&api, &caller, &body).await?;
    let (command, remember) = if query.simulate {
        (ContactCommand::Foresee(purchase), None)
    } else {
        let remember = remember(&api, &caller, &headers, contact, &body)?;
        (ContactCommand::RecordPurchase(purchase), remember)
    };
    let command = Command::Contact(command);
    let answer = api
        .router
        .command(contact, command, remember, Some(Arc::clone(&tenant)))
        .await;
    let timings = reply::timings(&caller, answer.timings);
    Ok(match answer.result {
        Ok(Answer::Purchase(view)) => {
            let shown = Shown {
                ids: api.router.secrets().public_ids(),
                tenant: &tenant,
                contact: contact.entity,
                profile: None,
            };
            let mut purchase = WirePurchase::of(&view, shown);
            if query.simulate {
                purchase.id = None;
            }
            reply::json(StatusCode::OK, &purchase, timings)
        }
        Ok(_) => reply::refused(failure::not_found(), timings),
        Err(why) => reply::refused(failure::problem(why), timings),
    })
}

/// A purchase in the domain's terms, and whose it is.
pub(super) struct Prepared {
    pub(super) contact: Address,
    pub(super) tenant: Arc<TenantView>,
    pub(super) purchase: RecordPurchase,
}

/// Finds whom and what the body names.
pub(super) async fn prepare(
    api: &Api,
    caller: &Caller,
    body: &NewPurchase,
) -> Result<Prepared, Problem> {
    let tenant = caller.tenant_view(api).await?;
    let ids = api.router.secrets().public_ids();
    let buyer = body.buyer().ok_or_else(unknown_contact)?;
    let contact = resolve(api, caller, buyer)
        .await
        .map_err(failure::problem)?
        .ok_or_else(unknown_contact)?;
    let organisation = ids
        .read_as(Named::Organisation, &body.organisation.id)
        .map(|id| id.entity)
        .filter(|number| caller.acts_for(&tenant, Some(*number)))
        .ok_or_else(|| {
            Problem::new(
                Code::UnknownOrganisation,
                "organisation.id names none that is known under this key",
            )
        })?;
    let estimate = match &body.estimate_id {
        Some(id) => Some(
            ids.read_as(Named::Estimate, id)
                .filter(|id| id.entity == contact.entity)
                .map(|id| id.part)
                .ok_or_else(unknown_estimate)?,
        ),
        None => None,
    };
    let purchase = record(body, organisation, &tenant)?;
    Ok(Prepared {
        contact,
        tenant,
        purchase: RecordPurchase {
            estimate,
            ..purchase
        },
    })
}

fn unknown_estimate() -> Problem {
    failure::contact_rejected(contact::Rejection::UnknownEstimate)
}

fn unknown_contact() -> Problem {
    Problem::new(
        Code::UnknownContact,
        "contact names nobody that is known under this key",
    )
}

/// By what a retry is known: the header's key, the till's own id, or without either the number on the receipt.
fn remember(
    api: &Api,
    caller: &Caller,
    headers: &HeaderMap,
    contact: Address,
    body: &ValidJson<NewPurchase>,
) -> Result<Option<Remember>, Problem> {
    let header = idempotency_key(headers)?.map(|key| ("header", key.to_owned()));
    let id = body.id.as_ref().map(|id| ("id", id.clone()));
    let receipt = match (&header, &id, &body.reference_number) {
        // A receipt's number is unique where it is printed.
        (None, None, Some(number)) => Some((
            "reference_number",
            format!("{}\n{number}", body.organisation.id),
        )),
        (Some(_), _, _) | (_, Some(_), _) | (None, None, None) => None,
    };
    let keys: Vec<_> = [header, id, receipt]
        .into_iter()
        .flatten()
        .map(|(source, key)| {
            api.router.secrets().key_hash(&KeyScope {
                tenant: caller.tenant(),
                mode: caller.mode(),
                lineage: caller.key.key.details.lineage,
                operation: "purchases.create",
                target: Some(contact),
                source,
                key: &key,
            })
        })
        .collect();
    Ok((!keys.is_empty()).then(|| Remember {
        keys,
        request: request_hash(body.hash.as_bytes()),
    }))
}

fn record(
    body: &NewPurchase,
    organisation: u64,
    tenant: &TenantView,
) -> Result<RecordPurchase, Problem> {
    let currency = match &body.currency_code {
        Some(code) => Some(Currency::from_code(code).ok_or_else(|| {
            failure::invalid_field(
                "/currency_code",
                "unknown_currency",
                "must be a three-letter code of ISO 4217 in capitals",
            )
        })?),
        None => None,
    };
    let decimals = tenant.currency.decimals();
    let mut faults = Faults::new();
    let amounts = &body.transaction_amounts;
    let mut read = Amounts::default();
    faults.within("transaction_amounts", |faults| {
        read.net = not_negative(faults, "net", amounts.net, decimals);
        read.tax = not_negative(faults, "tax", amounts.tax, decimals);
        read.discount = not_negative(faults, "discount", amounts.discount, decimals);
        read.total = above_zero(faults, "total", Some(amounts.total), decimals).unwrap_or_default();
    });
    let mut spend = None;
    if let Some(request) = &body.spend_request {
        faults.within("spend_request", |faults| {
            spend = Some(SpendRequest {
                amount: above_zero(faults, "amount", Some(request.amount), decimals)
                    .unwrap_or_default(),
                unbacked: if request.restrict_fully_covered {
                    Unbacked::Refuse
                } else {
                    Unbacked::SpendWhatThereIs
                },
            });
        });
    }
    let products = products::read(&body.products, decimals, &mut faults);
    faults.into_result()?;
    let shared = |text: &Option<String>| text.as_deref().map(Arc::from);
    Ok(RecordPurchase {
        organisation,
        amounts: read,
        currency,
        classification: body
            .classification
            .as_ref()
            .map(|classification| Arc::from(classification.name.as_str())),
        own_id: shared(&body.id),
        reference_number: shared(&body.reference_number),
        payment_medium_identifier: shared(&body.payment_medium_identifier),
        performed_on: body.performed_on.map(Timestamp::from_unix_seconds),
        spend,
        products,
        estimate: None,
    })
}
