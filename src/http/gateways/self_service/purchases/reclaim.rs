//! `POST /purchases/reclaim`: a contact claims a purchase that it made without being known.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::actors::router::{Failure, Timings};
use crate::domain::address::Address;
use crate::domain::contact::Amounts;
use crate::domain::context::TenantView;
use crate::domain::entity::Rejection;
use crate::domain::ids::{Named, PublicId, PublicIds};
use crate::domain::money::Currency;
use crate::domain::receipt::{Claim, Said};
use crate::http::auth::bearer::ContactToken;
use crate::http::extract::text::check;
use crate::http::extract::{Faults, ValidJson, Validate};
use crate::http::money_wire::{WireAmount, above_zero, not_negative};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::{Api, failure, reply};
use crate::limits;
use crate::secrets::read_code;

/// A purchase to claim.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PurchaseToReclaim)]
pub(in super::super) struct Reclaim {
    /// The code on the receipt; or, beside `transaction_code`, the purchase's id or the number on its receipt.
    id: String,
    /// Where it was made; must be so, if it is said.
    organisation: Option<WirePlace>,
    /// What it cost; must be so, if it is said.
    transaction_amounts: Option<WireClaimedAmounts>,
    /// The code on the receipt.
    transaction_code: Option<String>,
    /// ISO 4217; must be the purchase's.
    currency_code: Option<String>,
}

/// Where a purchase was made, named in at least one way.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlaceOfPurchase)]
struct WirePlace {
    id: Option<String>,
    /// A terminal access point of it.
    merchant_tap: Option<WireTap>,
    /// A terminal access point of it.
    venue_tap: Option<WireTap>,
}

/// A terminal access point, named in at least one way.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TapOfPurchase)]
struct WireTap {
    id: Option<String>,
    code: Option<String>,
}

/// What a purchase cost.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AmountsToReclaim)]
struct WireClaimedAmounts {
    net: WireAmount,
    tax: WireAmount,
    discount: Option<WireAmount>,
    total: WireAmount,
}

/// The purchase, which is the contact's now.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct ReclaimedPurchase {
    id: String,
}

impl Validate for Reclaim {
    fn validate(&self, faults: &mut Faults) {
        check(faults, "id", Some(&self.id), limits::CODE_CHARS_MAX);
        check(
            faults,
            "transaction_code",
            self.transaction_code.as_deref(),
            limits::CODE_CHARS_MAX,
        );
    }
}

impl WirePlace {
    /// The organisation by entity number, if all its names are one's.
    fn find(&self, tenant: &TenantView, ids: &PublicIds) -> Option<u64> {
        let by_id = self.id.as_deref().map(|id| {
            let read = ids.read_as(Named::Organisation, id)?;
            Some(read.entity)
        });
        let taps = [&self.merchant_tap, &self.venue_tap].into_iter().flatten();
        let by_taps = taps.flat_map(|tap| {
            let by_id = tap.id.as_deref().map(|id| {
                let number = ids.read_as(Named::Tap, id)?.entity;
                tenant.tap_of(number).map(|_| number)
            });
            let by_code = tap.code.as_deref();
            let by_code = by_code.map(|code| tenant.taps.get(code).copied());
            [by_id, by_code].into_iter().flatten()
        });
        let mut named = by_id.into_iter().chain(by_taps);
        let first = named.next()??;
        named.all(|other| other == Some(first)).then_some(first)
    }
}

impl Reclaim {
    fn amounts(&self, tenant: &TenantView) -> Result<Option<Amounts>, Problem> {
        let Some(wire) = &self.transaction_amounts else {
            return Ok(None);
        };
        let decimals = tenant.currency.decimals();
        let mut faults = Faults::new();
        let mut amounts = Amounts::default();
        faults.within("transaction_amounts", |faults| {
            amounts.net = not_negative(faults, "net", Some(wire.net), decimals);
            amounts.tax = not_negative(faults, "tax", Some(wire.tax), decimals);
            amounts.discount = not_negative(faults, "discount", wire.discount, decimals);
            let total = above_zero(faults, "total", Some(wire.total), decimals);
            amounts.total = total.unwrap_or_default();
        });
        faults.into_result()?;
        Ok(Some(amounts))
    }

    fn currency(&self) -> Result<Option<Currency>, Problem> {
        let Some(code) = &self.currency_code else {
            return Ok(None);
        };
        let known = Currency::from_code(code).ok_or_else(|| {
            failure::invalid_field(
                "/currency_code",
                "unknown_currency",
                "must be a three-letter code of ISO 4217 in capitals",
            )
        })?;
        Ok(Some(known))
    }

    /// Which receipt is claimed, and what is said of it. None, if nothing can be of this name and place.
    fn claim(
        &self,
        api: &Api,
        by: Address,
        tenant: &TenantView,
    ) -> Result<Option<(Address, Claim)>, Problem> {
        let amounts = self.amounts(tenant)?;
        let currency = self.currency()?;
        let ids = api.router.secrets().public_ids();
        let Some(text) = read_code(self.transaction_code.as_deref().unwrap_or(&self.id)) else {
            return Ok(None);
        };
        let (receipt, code) = api.router.receipt_of(by.tenant, by.mode, &text);
        let name = match &self.transaction_code {
            None => None,
            // The code once more.
            Some(_) if read_code(&self.id).as_ref() == Some(&text) => None,
            Some(_) => match ids.read_as(Named::Receipt, &self.id) {
                Some(id) if id.entity == receipt.entity => None,
                Some(_) => return Ok(None),
                None => Some(Arc::from(self.id.as_str())),
            },
        };
        let organisation = match &self.organisation {
            None => None,
            Some(place) => match place.find(tenant, ids) {
                None => return Ok(None),
                found => found,
            },
        };
        let said = Said {
            name,
            organisation,
            amounts,
            currency,
        };
        let by = by.entity;
        Ok(Some((receipt, Claim { code, by, said })))
    }
}

/// Why it is refused is the same, whatever is wrong.
fn not_claimable() -> Problem {
    Problem::new(
        Code::PurchaseNotClaimable,
        "no purchase can be claimed with this code; read the code on the receipt again",
    )
}

/// Claim a purchase that was made without being known.
///
/// The till posted it without a contact, and printed the `claim_code` of the answer on the receipt: here it is `id`, or `transaction_code`. One contact claims it,
/// once, within 30 days; asked again, the same contact gets the same answer with 200. What the request says beside the code must be so. The purchase is then the
/// contact's own: the offers that there are award it as one that was made on its date.
#[utoipa::path(
    post, path = "/purchases/reclaim", tag = "Purchases", security(("access_token" = [])),
    request_body = Reclaim,
    responses(
        (status = 200, description = "It was this contact's already", body = ReclaimedPurchase),
        (status = 201, description = "It is the contact's now", body = ReclaimedPurchase),
        (status = 400, description = "Not JSON, or the wallet cannot take the award", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Nothing can be claimed so: unknown, claimed by another contact, taken back or too old", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many wrong codes", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn reclaim(
    State(api): State<Api>,
    token: ContactToken,
    body: ValidJson<Reclaim>,
) -> Result<Response, Problem> {
    let contact = token.signed_in.contact;
    let tenant = token.tenant_view(&api).await?;
    api.quota.misses.admit(&contact)?;
    let claimed = token.guess(&api, async {
        let Some((receipt, claim)) = body.claim(&api, contact, &tenant)? else {
            return Err(not_claimable());
        };
        match api.router.claim_receipt(receipt, claim).await {
            Ok(claimed) => Ok(claimed),
            Err(Failure::Rejected(Rejection::NotFound)) => Err(not_claimable()),
            Err(why) => Err(failure::problem(why)),
        }
    });
    let claimed = claimed.await.inspect_err(|problem| {
        if problem.code() == Code::PurchaseNotClaimable {
            api.quota.misses.count(&contact);
        }
    })?;
    let id = api.router.secrets().public_ids().write(PublicId {
        named: Named::Purchase,
        entity: contact.entity,
        part: claimed.number,
    });
    let status = match claimed.is_new {
        true => StatusCode::CREATED,
        false => StatusCode::OK,
    };
    let timings = reply::timings(&token, Timings::default());
    Ok(reply::json(status, &ReclaimedPurchase { id }, timings))
}
