//! `POST` and `GET /contacts/{id}/tokens`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::wire::not_built;
use crate::actors::router::spend_tokens::{Shown, Wanted};
use crate::actors::router::{Failure, Timings};
use crate::domain::contact::{self, Intent};
use crate::domain::entity::{Answer, Query, Rejection};
use crate::domain::ids::{Named, PublicId, PublicIds};
use crate::http::auth::bearer::ContactToken;
use crate::http::extract::{Conditions, Faults, ValidJson, ValidQuery, Validate};
use crate::http::gateways::once;
use crate::http::money_wire::{WireAmount, above_zero};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// What a token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = TokenIntent)]
pub(super) enum WireIntent {
    /// The purchase for which an estimate holds money may be made.
    ApprovePurchase,
    /// It may not be made, and the money is free again.
    RejectPurchase,
    /// Buy as this contact, and spend from its wallet.
    Spend,
}

impl From<WireIntent> for Intent {
    fn from(intent: WireIntent) -> Intent {
        match intent {
            WireIntent::ApprovePurchase => Intent::ApprovePurchase,
            WireIntent::RejectPurchase => Intent::RejectPurchase,
            WireIntent::Spend => Intent::Spend,
        }
    }
}

impl From<Intent> for WireIntent {
    fn from(intent: Intent) -> WireIntent {
        match intent {
            Intent::ApprovePurchase => WireIntent::ApprovePurchase,
            Intent::RejectPurchase => WireIntent::RejectPurchase,
            Intent::Spend => WireIntent::Spend,
        }
    }
}

/// A token to make.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewSpendToken)]
pub(super) struct NewToken {
    intent: WireIntent,
    /// How much the till may spend with it at most. A till that asks for nothing spends this much.
    spend_amount: Option<WireAmount>,
    /// The purchase that is approved or rejected.
    purchase: Option<EstimatedPurchase>,
    /// Not built.
    community_id: Option<String>,
}

/// A purchase that an estimate holds money for.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EstimatedPurchase {
    /// The estimate's id, which the till has.
    estimate_id: String,
}

impl Validate for NewToken {
    fn validate(&self, faults: &mut Faults) {
        let is_spend = self.intent == WireIntent::Spend;
        faults.require(
            self.purchase.is_some() != is_spend,
            "purchase",
            "not_here",
            "must name the estimate for APPROVE_PURCHASE and REJECT_PURCHASE, and be left out for SPEND",
        );
        faults.require(
            self.spend_amount.is_none() || self.intent != WireIntent::RejectPurchase,
            "spend_amount",
            "not_here",
            "says nothing about a purchase that is rejected; leave it out",
        );
    }
}

/// A token to show at a till, in either form. It works once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SpendToken)]
pub(super) struct WireToken {
    id: String,
    /// For a QR code.
    value: String,
    /// Sixteen digits that say the same, to be typed.
    alternative_token: String,
    /// Until when it works, in Unix seconds.
    expiration: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    spend_amount: Option<WireAmount>,
    intent: WireIntent,
}

/// Tokens that can be shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SpendTokens)]
pub(super) struct WireTokens {
    content: Vec<WireToken>,
}

impl WireToken {
    fn of(shown: Shown, ids: &PublicIds, contact: u64, decimals: u32) -> WireToken {
        let token = shown.token;
        WireToken {
            id: ids.write(PublicId {
                named: Named::SpendToken,
                entity: contact,
                part: token.number,
            }),
            value: shown.value,
            alternative_token: shown.digits,
            expiration: token.expires_at.unix_seconds(),
            spend_amount: token
                .amount
                .map(|amount| WireAmount::from_minor(amount.0, decimals)),
            intent: token.intent.into(),
        }
    }
}

/// Make a token to show at a till.
///
/// The till sends it as `contact.otp`, either its `value` or the sixteen digits, in place of the contact's id. A token works once, for 5
/// minutes.
#[utoipa::path(
    post, path = "/contacts/{id}/tokens", tag = "Wallet", security(("access_token" = [])),
    params(
        ("id" = String, Path, description = "The contact's own id or code"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once"),
    ),
    request_body = NewToken,
    responses(
        (status = 200, description = "Made", body = WireToken),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the contact of the token; or made under this key before, and run out", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "8 were made within minutes", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "Communities are not built", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn make(
    State(api): State<Api>,
    token: ContactToken,
    Path(name): Path<String>,
    headers: Conditions,
    body: ValidJson<NewToken>,
) -> Result<Response, Problem> {
    token.named(&api, &name).await?;
    if body.community_id.is_some() {
        return Err(not_built("community_id", "a token of the contact itself"));
    }
    let tenant = token.tenant_view(&api).await?;
    let contact = token.signed_in.contact;
    let ids = api.router.secrets().public_ids();
    let decimals = tenant.currency.decimals();
    let amount = body.spend_amount.map(|amount| {
        let mut faults = Faults::new();
        let amount = above_zero(&mut faults, "spend_amount", Some(amount), decimals);
        faults.into_result().map(|()| amount.unwrap_or_default())
    });
    let estimate = body.purchase.as_ref().map(|purchase| {
        let read = ids.read_as(Named::Estimate, &purchase.estimate_id);
        let own = read.filter(|id| id.entity == contact.entity);
        own.map(|id| id.part).ok_or_else(unknown_estimate)
    });
    let wanted = Wanted {
        intent: body.intent.into(),
        amount: amount.transpose()?,
        estimate: estimate.transpose()?,
    };
    let place = ("contacts.tokens", Some(contact));
    let remember = once::remember_by_header(&api, &token, &headers, place, &body.hash)?;
    let made = api.router.make_spend_token(contact, wanted, remember).await;
    let shown = made.map_err(|why| match why {
        Failure::Rejected(Rejection::Contact(contact::Rejection::UnknownEstimate)) => {
            unknown_estimate()
        }
        why => failure::of_path(why),
    })?;
    let timings = reply::timings(&token, Timings::default());
    let shown = WireToken::of(shown, ids, contact.entity, decimals);
    Ok(reply::json(StatusCode::OK, &shown, timings))
}

fn unknown_estimate() -> Problem {
    failure::invalid_field(
        "/purchase/estimate_id",
        "unknown_estimate",
        "must be the id of an estimate that holds funds of this contact",
    )
}

/// Which tokens.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct TokensQuery {
    intent: Option<WireIntent>,
    community_id: Option<String>,
}

impl Validate for TokensQuery {
    fn validate(&self, _: &mut Faults) {}
}

/// List the tokens that can be shown.
///
/// Without those that were used or have run out.
#[utoipa::path(
    get, path = "/contacts/{id}/tokens", tag = "Wallet", security(("access_token" = [])),
    params(
        ("id" = String, Path, description = "The contact's own id or code"),
        ("intent" = Option<WireIntent>, Query, description = "Only these"),
    ),
    responses(
        (status = 200, description = "The tokens, the oldest first", body = WireTokens),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the contact of the token", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "Communities are not built", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(
    State(api): State<Api>,
    token: ContactToken,
    Path(name): Path<String>,
    query: ValidQuery<TokensQuery>,
) -> Result<Response, Problem> {
    token.named(&api, &name).await?;
    if query.community_id.is_some() {
        return Err(not_built("community_id", "the contact itself"));
    }
    let tenant = token.tenant_view(&api).await?;
    let contact = token.signed_in.contact;
    let answer = api.router.query(contact, Query::SpendTokens).await;
    let timings = reply::timings(&token, answer.timings);
    let tokens = match answer.result.map_err(failure::problem)? {
        Answer::SpendTokens(tokens) => tokens,
        _ => return Err(failure::not_found()),
    };
    let wall = api.router.wall();
    let is_wanted = |intent: Intent| query.intent.is_none_or(|wanted| intent == wanted.into());
    let ids = api.router.secrets().public_ids();
    let shown = tokens
        .into_iter()
        .filter(|it| it.works(wall) && is_wanted(it.intent))
        .map(|it| {
            let shown = api.router.show_spend_token(contact, it);
            WireToken::of(shown, ids, contact.entity, tenant.currency.decimals())
        });
    let tokens = WireTokens {
        content: shown.collect(),
    };
    Ok(reply::json(StatusCode::OK, &tokens, timings))
}
