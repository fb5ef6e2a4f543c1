//! `POST /purchases` for nobody who is known: a receipt that a contact claims.

use std::sync::Arc;

use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::buyer;
use super::create::{Posted, classification, record};
use super::wire::NewPurchase;
use crate::domain::contact::{self, RecordPurchase};
use crate::domain::context::TenantView;
use crate::domain::entity::Remember;
use crate::domain::ids::{Named, PublicId};
use crate::domain::money::Minor;
use crate::domain::receipt::{CLAIMED_WITHIN, Sale};
use crate::http::auth::Caller;
use crate::http::extract::ValidJson;
use crate::http::gateways::once::{Once, idempotency_key};
use crate::http::money_wire::WireAmount;
use crate::http::problem::Problem;
use crate::http::{Api, failure, reply};
use crate::secrets::{KeyScope, written_code};

/// A purchase of nobody who is known.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UnclaimedPurchase)]
pub(super) struct WireUnclaimed {
    /// Ours: `POST /purchases/{id}/cancel` takes it back.
    id: String,
    /// What a contact claims it with: to be printed on the receipt, and shown to nobody else.
    claim_code: String,
    /// Until when it can be claimed, in Unix seconds.
    claim_until: i64,
    reference_number: Option<String>,
    /// Unix seconds.
    date: i64,
    transaction_amounts: WireUnclaimedAmounts,
    /// ISO 4217.
    currency_code: String,
}

/// The amounts on the receipt.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UnclaimedAmounts)]
struct WireUnclaimedAmounts {
    total: WireAmount,
    net: Option<WireAmount>,
    tax: Option<WireAmount>,
    discount: Option<WireAmount>,
}

/// Keeps the purchase for whoever claims it.
pub(super) async fn post(
    api: &Api,
    caller: &Caller,
    headers: &HeaderMap,
    simulate: bool,
    body: &ValidJson<NewPurchase>,
) -> Result<Response, Problem> {
    if simulate || body.spend_request.is_some() || body.estimate_id.is_some() {
        return Err(buyer::nobody());
    }
    let tenant = caller.tenant_view(api).await?;
    let ids = api.router.secrets().public_ids();
    let organisation = body.find_organisation(caller, &tenant, ids)?;
    let classification = classification(&body.classification, &tenant, ids)?;
    let purchase = RecordPurchase {
        classification,
        ..record(body, organisation, &tenant)?
    };
    let sale = sale(purchase, &tenant)?;
    let once = Once::of(caller, headers, "purchases.create", None, &body.hash)?;
    let own = match (&body.id, idempotency_key(headers)?, &body.reference_number) {
        (Some(id), ..) => Some(("id", id.clone())),
        (None, None, Some(number)) => {
            Some(("reference_number", format!("{organisation}\n{number}")))
        }
        (None, ..) => None,
    };
    let mut scope = once.scope();
    if let Some((source, key)) = &own {
        scope = KeyScope {
            source,
            key,
            ..scope
        };
    }
    let secrets = api.router.secrets();
    let code = secrets.derived_claim_code(&scope);
    let mut remember: Remember = once.remember(api);
    let by_own = secrets.key_hash(&scope);
    if !remember.keys.contains(&by_own) {
        remember.keys.push(by_own);
    }
    let place = api.router.receipt_of(caller.tenant(), caller.mode(), &code);
    let posted = api.router.post_receipt(place, Arc::new(sale), remember);
    let (posted, engine) = posted.await;
    let timings = reply::timings(caller, engine);
    let receipt = match posted {
        Ok(receipt) => receipt,
        Err(why) => return Ok(reply::refused(failure::problem(why), timings)),
    };
    let sale = &receipt.sale;
    let decimals = sale.currency.decimals();
    let amount = |minor: Minor| WireAmount::from_minor(minor.0, decimals);
    let shown = WireUnclaimed {
        id: ids.write(PublicId::of(Named::Receipt, place.0.entity)),
        claim_code: written_code(&code),
        claim_until: receipt.posted_at.after(CLAIMED_WITHIN).unix_seconds(),
        reference_number: sale.reference_number.as_deref().map(str::to_owned),
        date: sale
            .performed_on
            .unwrap_or(receipt.posted_at)
            .unix_seconds(),
        transaction_amounts: WireUnclaimedAmounts {
            total: amount(sale.amounts.total),
            net: sale.amounts.net.map(amount),
            tax: sale.amounts.tax.map(amount),
            discount: sale.amounts.discount.map(amount),
        },
        currency_code: sale.currency.code().to_owned(),
    };
    let posted = Posted::Unclaimed(shown);
    Ok(reply::json(StatusCode::OK, &posted, timings))
}

/// What a contact that claims it will record: judged now, while the till can mend it.
fn sale(purchase: RecordPurchase, tenant: &TenantView) -> Result<Sale, Problem> {
    if purchase.currency.is_some_and(|it| it != tenant.currency) {
        return Err(failure::contact_rejected(
            contact::Rejection::OtherCurrency {
                wallet: tenant.currency,
            },
        ));
    }
    let known = tenant.classifications.iter();
    let classification = match purchase.classification {
        Some(named) => known.map(String::as_str).find(|name| **name == *named),
        None => known.map(String::as_str).next(),
    };
    let classification = classification
        .map(Arc::from)
        .ok_or_else(|| failure::contact_rejected(contact::Rejection::UnknownClassification))?;
    let texts = purchase.texts.clear().cloned().unwrap_or_default();
    Ok(Sale {
        organisation: purchase.organisation,
        amounts: purchase.amounts,
        currency: tenant.currency,
        classification,
        own_id: texts.own_id,
        reference_number: texts.reference_number,
        performed_on: purchase.performed_on,
        products: purchase.products,
    })
}
