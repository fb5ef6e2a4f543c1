//! `POST /purchases` and `POST /purchases/estimates` of version 1: another body for the same purchase.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::buyer::ContactReference;
use super::create::{self, CreateQuery};
use super::estimate::{self, WireEstimate};
use super::products::NewProduct;
use super::reference::{ClassificationReference, OrganisationReference};
use super::wire::{Names, NewAmounts, NewPurchase, NewSpend};
use crate::domain::api_key::Scope;
use crate::http::auth::{Authorized, Caller};
use crate::http::extract::{Conditions, Faults, ValidJson, ValidQuery, Validate};
use crate::http::money_wire::WireAmount;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::shown::purchase::WirePurchase;
use crate::http::{Api, failure};

/// Who takes what is spent off what the customer pays.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum ReductionMethod {
    /// The till has.
    FrontEnd,
    /// The platform does.
    BackEnd,
}

/// A purchase to record, in the shape of the contract's version 1.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPurchaseV1)]
pub(in super::super) struct Body {
    /// An id of your own, of at most 36 characters: a second purchase of this contact with it is the same one.
    #[schema(max_length = 36)]
    id: Option<String>,
    /// Who buys. Without it, the card in `payment_medium_identifier` says.
    contact_id: Option<String>,
    /// Who sells. Without it, the organisation that the key acts for.
    organisation_id: Option<String>,
    total_amount: WireAmount,
    net_amount: Option<WireAmount>,
    tax_amount: Option<WireAmount>,
    /// Makes no difference to what is decided: `total_amount` is what the receipt says before anything is spent, and
    /// `amount_due` answers what is left of it to pay, whoever takes the difference off.
    #[allow(dead_code, reason = "checked by being read")]
    reduction_method: Option<ReductionMethod>,
    classification: Option<ClassificationReference>,
    /// The number on the receipt. Without an id and an `Idempotency-Key`, it identifies the purchase.
    reference_number: Option<String>,
    /// What identified the customer at the till, such as a card's identifier (`cim`).
    payment_medium_identifier: Option<String>,
    /// When the purchase was made, in Unix seconds; now, if it is left out.
    performed_on: Option<i64>,
    /// ISO 4217; must be the wallet's.
    currency_code: Option<String>,
    spend_request: Option<NewSpend>,
    /// The lines of the receipt, at most 100.
    #[serde(default)]
    #[schema(max_items = 100)]
    products: Vec<NewProduct>,
    /// The estimate that blocked funds for this purchase: they are released, and spent as far as the purchase asks.
    estimate_id: Option<String>,
    /// For estimates only: whether what would be spent is held for the purchase.
    #[serde(default)]
    block_wallet_funds: bool,
}

/// A body of version 1 that has been read as a purchase. Its JSON, and so its hash, is the caller's.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "Body")]
pub(in super::super) struct PurchaseV1(NewPurchase);

const NAMES: Names = Names {
    amounts: None,
    organisation: "organisation_id",
    total: "total_amount",
    net: "net_amount",
    tax: "tax_amount",
};

impl From<Body> for PurchaseV1 {
    fn from(body: Body) -> PurchaseV1 {
        PurchaseV1(NewPurchase {
            id: body.id,
            contact: body.contact_id.map(|id| ContactReference {
                id: Some(id),
                ..ContactReference::default()
            }),
            organisation: OrganisationReference {
                id: body.organisation_id,
                ..OrganisationReference::default()
            },
            transaction_amounts: NewAmounts {
                total: body.total_amount,
                net: body.net_amount,
                tax: body.tax_amount,
                discount: None,
            },
            classification: body.classification,
            reference_number: body.reference_number,
            payment_medium_identifier: body.payment_medium_identifier,
            performed_on: body.performed_on,
            currency_code: body.currency_code,
            spend_request: body.spend_request,
            products: body.products,
            estimate_id: body.estimate_id,
            block_wallet_funds: body.block_wallet_funds,
            names: NAMES,
        })
    }
}

impl Validate for PurchaseV1 {
    fn validate(&self, faults: &mut Faults) {
        faults.require(
            self.0.contact.is_some() || self.0.payment_medium_identifier.is_some(),
            "contact_id",
            "missing",
            "must name the contact, or be left out for the card in payment_medium_identifier",
        );
        self.0.validate_shared(faults);
    }
}

/// The purchase, once it is clear where it was made.
fn placed(caller: &Caller, body: ValidJson<PurchaseV1>) -> Result<ValidJson<NewPurchase>, Problem> {
    let ValidJson { value, hash } = body;
    let PurchaseV1(value) = value;
    if value.organisation.id.is_none() && caller.bound_to().is_none() {
        return Err(failure::invalid_field(
            "/organisation_id",
            "missing",
            "must name the organisation: this key acts for the whole network",
        ));
    }
    Ok(ValidJson { value, hash })
}

/// Record a purchase: award and spend.
///
/// The same as in version 2, from a body of version 1.
#[utoipa::path(
    post, path = "/purchases", tag = "Purchases", security(("api_key" = [])),
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once"),
        ("simulate" = Option<bool>, Query, description = "Whether to decide only, and change nothing: no key is remembered, and `id` is null"),
    ),
    request_body = Body,
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
    caller: Authorized<{ Scope::PurchasesWrite.bit() }>,
    headers: Conditions,
    query: ValidQuery<CreateQuery>,
    body: ValidJson<PurchaseV1>,
) -> Result<Response, Problem> {
    let body = placed(&caller, body)?;
    create::post(&api, &caller, &headers, *query, &body).await
}

/// Estimate what a purchase would award and spend.
///
/// The same as in version 2, from a body of version 1.
#[utoipa::path(
    post, path = "/purchases/estimates", tag = "Purchases", security(("api_key" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once")),
    request_body = Body,
    responses(
        (status = 200, description = "What it would come to", body = WireEstimate),
        (status = 400, description = "Not JSON; an unknown contact or organisation; a balance that is too low", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, too many estimates hold funds, or the key was used for another request", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn estimate(
    State(api): State<Api>,
    caller: Authorized<{ Scope::PurchasesWrite.bit() }>,
    headers: Conditions,
    body: ValidJson<PurchaseV1>,
) -> Result<Response, Problem> {
    let body = placed(&caller, body)?;
    estimate::post(&api, &caller, &headers, body).await
}
