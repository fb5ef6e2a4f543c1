//! `POST /purchases` (v2)

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::classifications;
use super::super::fields;
use super::products;
use super::reference::ClassificationReference;
use super::unclaimed::{self, WireUnclaimed};
use super::wire::NewPurchase;
use super::{
    buyer::{self, Buyer},
    estimate,
};
use crate::domain::address::Address;
use crate::domain::api_key::Scope;
use crate::domain::contact::{
    self, Amounts, Command as ContactCommand, Private, PurchaseTexts, RecordPurchase, SpendRequest,
    Unbacked,
};
use crate::domain::context::TenantView;
use crate::domain::entity::{Answer, Command, Remember};
use crate::domain::ids::{Named, PublicIds};
use crate::domain::time::Timestamp;
use crate::http::auth::{Authorized, Caller};
use crate::http::extract::{Conditions, Faults, ValidJson, ValidQuery, Validate};
use crate::http::gateways::once;
use crate::http::gateways::once::idempotency_key;
use crate::http::money_wire::{above_zero, not_negative};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::shown::purchase::{Shown, WirePurchase};
use crate::http::{Api, failure, reply};

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

/// What a purchase came to.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = PostedPurchase)]
pub(super) enum Posted {
    /// It is a contact's.
    Purchase(Box<WirePurchase>),
    /// It is nobody's yet.
    Unclaimed(WireUnclaimed),
}

/// Record a purchase: award and spend.
///
/// Every active offer is applied to what is left to pay; `offers` says what each gave, or why not. A spend with
/// `restrict_fully_covered` refuses the whole purchase unless the balance covers it. A retry with the same
/// `Idempotency-Key` (or, without one, the same `id` or `reference_number`) has no second effect and gets the first answer.
///
/// A purchase that names nobody, neither in `contact` nor by a card, awards nothing yet: the answer has a `claim_code` for the receipt, with which a contact
/// claims it within 30 days by `POST /self-service/v2/purchases/reclaim`.
#[utoipa::path(
    post, path = "/purchases", tag = "Purchases", security(("api_key" = [])),
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once"),
        ("simulate" = Option<bool>, Query, description = "Whether to decide only, and change nothing: no key is remembered, and `id` is null"),
    ),
    request_body = NewPurchase,
    responses(
        (status = 200, description = "Recorded", body = Posted),
        (status = 400, description = "Not JSON; an unknown contact or organisation; a balance that is too low", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, or the key was used for another request", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn create(
    State(api): State<Api>,
    caller: Authorized<{ Scope::PurchasesWrite.bit() }>,
    headers: Conditions,
    query: ValidQuery<CreateQuery>,
    body: ValidJson<NewPurchase>,
) -> Result<Response, Problem> {
    post(&api, &caller, &headers, *query, &body).await
}

/// Records a purchase that came in the body of either version.
pub(super) async fn post(
    api: &Api,
    caller: &Caller,
    headers: &HeaderMap,
    query: CreateQuery,
    body: &ValidJson<NewPurchase>,
) -> Result<Response, Problem> {
    if body.block_wallet_funds {
        return Err(failure::invalid_field(
            "/block_wallet_funds",
            "unsupported",
            "is for POST /purchases/estimates; a purchase names the estimate in estimate_id",
        ));
    }
    if body.names_nobody() {
        return Box::pin(unclaimed::post(api, caller, headers, query.simulate, body)).await;
    }
    let Prepared {
        contact,
        tenant,
        purchase,
    } = prepare(api, caller, body).await?;
    let (command, remember) = if query.simulate {
        (ContactCommand::Foresee(purchase), None)
    } else {
        let sold_at = purchase.organisation;
        let remember = remember(api, caller, headers, (contact, sold_at), body)?;
        (ContactCommand::RecordPurchase(purchase), remember)
    };
    let command = Command::Contact(command);
    let answer = api
        .router
        .command(contact, command, remember, Some(Arc::clone(&tenant)))
        .await;
    let timings = reply::timings(caller, answer.timings);
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
            let posted = Posted::Purchase(Box::new(purchase));
            reply::json(StatusCode::OK, &posted, timings)
        }
        Ok(_) => reply::refused(failure::not_found(), timings),
        Err(why) => reply::refused(buyer::refusal(api, caller, why), timings),
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
    if body.names_nobody() {
        return Err(buyer::nobody());
    }
    let tenant = caller.tenant_view(api).await?;
    let ids = api.router.secrets().public_ids();
    let Buyer { contact, token } =
        buyer::find_buyer(api, caller, &body.contact, &body.payment_medium_identifier).await?;
    let organisation = body.find_organisation(caller, &tenant, ids)?;
    let classification = classification(&body.classification, &tenant, ids)?;
    let estimate = match &body.estimate_id {
        Some(id) => Some(
            ids.read_as(Named::Estimate, id)
                .filter(|id| id.entity == contact.entity)
                .map(|id| id.part)
                .ok_or_else(unknown_estimate)?,
        ),
        None => None,
    };
    if let Some(number) = estimate
        && !Box::pin(estimate::is_own(api, caller, &tenant, contact, number)).await?
    {
        return Err(unknown_estimate());
    }
    let purchase = record(body, organisation, &tenant)?;
    Ok(Prepared {
        contact,
        tenant,
        purchase: RecordPurchase {
            classification,
            estimate,
            token,
            ..purchase
        },
    })
}

/// The name of what kind of purchase it is. A name is judged with the purchase.
pub(super) fn classification(
    reference: &Option<ClassificationReference>,
    tenant: &TenantView,
    ids: &PublicIds,
) -> Result<Option<Arc<str>>, Problem> {
    let Some(reference) = reference else {
        return Ok(None);
    };
    let named = match (&reference.name, &reference.id) {
        (Some(name), _) => Some(name.as_str()),
        (None, Some(id)) => classifications::named(ids, tenant, id),
        (None, None) => None,
    };
    named.map(|name| Some(Arc::from(name))).ok_or_else(|| {
        failure::invalid_field(
            "/classification/id",
            "unknown_classification",
            "must be the id of one of the tenant's classifications, or be left out",
        )
    })
}

fn unknown_estimate() -> Problem {
    failure::contact_rejected(contact::Rejection::UnknownEstimate)
}

/// By what a retry is known: the header's key, the till's own id, or without either the number on the receipt.
fn remember(
    api: &Api,
    caller: &Caller,
    headers: &HeaderMap,
    (contact, organisation): (Address, u64),
    body: &ValidJson<NewPurchase>,
) -> Result<Option<Remember>, Problem> {
    let header = idempotency_key(headers)?.map(|key| ("header", key.to_owned()));
    let id = body.id.as_ref().map(|id| ("id", id.clone()));
    let receipt = match (&header, &id, &body.reference_number) {
        // A receipt's number is unique where it is printed, however that is named.
        (None, None, Some(number)) => {
            Some(("reference_number", format!("{organisation}\n{number}")))
        }
        (Some(_), _, _) | (_, Some(_), _) | (None, None, None) => None,
    };
    let keys = [header, id, receipt].into_iter().flatten();
    let target = ("purchases.create", Some(contact));
    Ok(once::remember(api, caller, target, keys, &body.hash))
}

/// The purchase of the body, without what only a contact can say.
pub(super) fn record(
    body: &NewPurchase,
    organisation: u64,
    tenant: &TenantView,
) -> Result<RecordPurchase, Problem> {
    let currency = fields::currency(&body.currency_code)?;
    let decimals = tenant.currency.decimals();
    let mut faults = Faults::new();
    let amounts = &body.transaction_amounts;
    let mut read = Amounts::default();
    let names = body.names;
    let mut read_amounts = |faults: &mut Faults| {
        read.net = not_negative(faults, names.net, amounts.net, decimals);
        read.tax = not_negative(faults, names.tax, amounts.tax, decimals);
        read.discount = not_negative(faults, "discount", amounts.discount, decimals);
        let total = above_zero(faults, names.total, Some(amounts.total), decimals);
        read.total = total.unwrap_or_default();
    };
    match names.amounts {
        Some(member) => faults.within(member, read_amounts),
        None => read_amounts(&mut faults),
    }
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
        classification: None,
        texts: Private::Clear(PurchaseTexts {
            own_id: shared(&body.id),
            reference_number: shared(&body.reference_number),
            payment_medium_identifier: shared(&body.payment_medium_identifier),
        }),
        performed_on: body.performed_on.map(Timestamp::from_unix_seconds),
        spend,
        products,
        estimate: None,
        token: None,
    })
}
