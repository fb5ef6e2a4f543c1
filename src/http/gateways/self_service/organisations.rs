//! `GET /contacts/{id}/organisations`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::actors::router::Timings;
use crate::domain::ids::{Named, PublicId};
use crate::http::auth::bearer::ContactToken;
use crate::http::extract::{Faults, ValidQuery, Validate};
use crate::http::money_wire::WireAmount;
use crate::http::paging::{Page, Paging};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, reply};

/// Which organisations.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct JoinedQuery {
    name: Option<String>,
    #[serde(default)]
    include_wallet: bool,
    page: Option<u32>,
    size: Option<u32>,
}

impl Validate for JoinedQuery {
    fn validate(&self, faults: &mut Faults) {
        Page::of(self.page, self.size).validate(faults);
    }
}

/// An organisation that the contact has joined.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JoinedOrganisation)]
struct WireJoined {
    id: String,
    name: String,
    /// The contact's wallet, which is good in the whole network.
    #[serde(skip_serializing_if = "Option::is_none")]
    wallet: Option<WireJoinedWallet>,
}

/// What the contact can spend.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JoinedWallet)]
struct WireJoinedWallet {
    wallet_id: String,
    balance: WireAmount,
    /// ISO 4217.
    currency_code: String,
}

/// A page of organisations.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JoinedOrganisations)]
pub(super) struct JoinedPage {
    content: Vec<WireJoined>,
    paging: Paging,
}

/// List the organisations that the contact has joined.
#[utoipa::path(
    get, path = "/contacts/{id}/organisations", tag = "Contact", security(("access_token" = [])),
    params(
        ("id" = String, Path, description = "The contact's own id or code"),
        ("name" = Option<String>, Query, description = "Only those with this in their name"),
        ("include_wallet" = Option<bool>, Query, description = "Whether to show what the contact can spend"),
        ("page" = Option<u32>, Query, description = "From 1, the default", minimum = 1),
        ("size" = Option<u32>, Query, description = "How many a page; 10 by default", minimum = 1, maximum = 100),
    ),
    responses(
        (status = 200, description = "A page", body = JoinedPage),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the contact of the token", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(
    State(api): State<Api>,
    token: ContactToken,
    Path(name): Path<String>,
    query: ValidQuery<JoinedQuery>,
) -> Result<Response, Problem> {
    let view = token.named(&api, &name).await?;
    let tenant = token.tenant_view(&api).await?;
    let ids = api.router.secrets().public_ids();
    let wallet = PublicId::of(Named::Wallet, token.signed_in.contact.entity);
    let wanted = query.name.as_deref().map(str::to_lowercase);
    let joined = view.sign_ups.iter().filter_map(|one| {
        let organisation = tenant.organisations.get(&one.organisation)?;
        let is_wanted = |wanted: &str| organisation.name.to_lowercase().contains(wanted);
        wanted.as_deref().is_none_or(is_wanted).then(|| WireJoined {
            id: ids.write(PublicId::of(Named::Organisation, one.organisation)),
            name: organisation.name.clone(),
            wallet: query.include_wallet.then(|| WireJoinedWallet {
                wallet_id: ids.write(wallet),
                balance: WireAmount::from_minor(view.balance.0, tenant.currency.decimals()),
                currency_code: tenant.currency.code().to_owned(),
            }),
        })
    });
    let page = Page::of(query.page, query.size);
    let (content, paging) = page.cut(joined.collect(), true);
    let timings = reply::timings(&token, Timings::default());
    Ok(reply::json(
        StatusCode::OK,
        &JoinedPage { content, paging },
        timings,
    ))
}
