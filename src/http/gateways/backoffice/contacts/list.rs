//! `GET /contacts`

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ContactName, contact_id, resolve};
use crate::actors::router::{self, OpenedProfile};
use crate::domain::address::Address;
use crate::domain::api_key::Scope;
use crate::domain::contact::Stage;
use crate::domain::entity::{Answer, Query};
use crate::domain::ids::{Named, PublicId};
use crate::http::auth::{Authorized, Caller};
use crate::http::extract::{Faults, ValidQuery, Validate};
use crate::http::money_wire::WireAmount;
use crate::http::paging::{Page, Paging};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// Which contacts.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in super::super) struct ListQuery {
    email_address: Option<String>,
    phone: Option<String>,
    /// Where `phone` is dialled, if it does not begin with `+`.
    country_code: Option<String>,
    code: Option<String>,
    cim: Option<String>,
    #[serde(default)]
    include_wallet: bool,
    #[serde(default)]
    include_financials: bool,
    page: Option<u32>,
    size: Option<u32>,
}

/// A page of contacts.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ContactPage {
    content: Vec<ListedContact>,
    paging: Paging,
}

/// A contact in a list.
#[derive(Debug, Serialize, ToSchema)]
struct ListedContact {
    id: String,
    code: String,
    /// The name to show.
    name: String,
    wallet: ListedWallet,
}

/// A contact's wallet in a list.
#[derive(Debug, Serialize, ToSchema)]
struct ListedWallet {
    /// For `GET /wallets/{id}`.
    id: String,
    /// What can be spent, if `include_wallet` asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    balance: Option<WireAmount>,
}

impl ListQuery {
    fn page(&self) -> Page {
        Page::of(self.page, self.size)
    }

    fn names(&self) -> impl Iterator<Item = ContactName<'_>> {
        let phone = self.phone.as_deref().map(|number| ContactName::Phone {
            number,
            country: self.country_code.as_deref(),
        });
        [
            self.code.as_deref().map(ContactName::Code),
            self.cim.as_deref().map(ContactName::Card),
            self.email_address.as_deref().map(ContactName::EmailAddress),
            phone,
        ]
        .into_iter()
        .flatten()
    }

    /// Version 1 of the contract has another word for it.
    fn with_balance(&self) -> bool {
        self.include_wallet || self.include_financials
    }
}

impl Validate for ListQuery {
    fn validate(&self, faults: &mut Faults) {
        self.page().validate(faults);
    }
}

/// Find contacts.
///
/// Each parameter must be equal as a whole: an e-mail address in any case, a phone number however it is written. A contact
/// must fit all that are given. Balances need the scope `wallets.read` as well.
#[utoipa::path(
    get, path = "/contacts", tag = "Contacts", security(("api_key" = [])),
    params(
        ("email_address" = Option<String>, Query, description = "The contact of this e-mail address"),
        ("phone" = Option<String>, Query, description = "The contact of this phone number: with `+` (%2B) and country, or with country_code"),
        ("country_code" = Option<String>, Query, description = "Where phone is dialled, if it has no `+`: ISO 3166-1 alpha-3"),
        ("code" = Option<String>, Query, description = "The contact of this code"),
        ("cim" = Option<String>, Query, description = "The contact who has the card of this identifier"),
        ("include_wallet" = Option<bool>, Query, description = "Whether to tell balances"),
        ("include_financials" = Option<bool>, Query, description = "The same, as version 1 calls it"),
        ("page" = Option<u32>, Query, description = "From 1, the default", minimum = 1),
        ("size" = Option<u32>, Query, description = "How many a page; 10 by default", minimum = 1, maximum = 100),
    ),
    responses(
        (status = 200, description = "A page", body = ContactPage),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(
    State(api): State<Api>,
    caller: Authorized<{ Scope::ContactsRead.bit() }>,
    query: ValidQuery<ListQuery>,
) -> Result<Response, Problem> {
    if query.with_balance() {
        caller.require(Scope::WalletsRead)?;
    }
    if query.names().next().is_none() {
        return Err(failure::invalid_field(
            "code",
            "missing_field",
            "name the contact by code, cim, email_address or phone",
        ));
    }
    let page = query.page();
    let found = match named_by_all(&api, &caller, &query).await? {
        Some(address) => show(&api, &caller, address, query.with_balance()).await?,
        None => None,
    };
    let answer = ContactPage {
        content: found.into_iter().skip(skipped(page)).collect(),
        paging: Paging {
            page: page.page,
            size: page.size,
            total: None,
            has_more: false,
        },
    };
    let timings = reply::timings(&caller, router::Timings::default());
    Ok(reply::json(StatusCode::OK, &answer, timings))
}

fn skipped(page: Page) -> usize {
    usize::try_from(page.skip()).unwrap_or(usize::MAX)
}

/// The one contact that every name means.
async fn named_by_all(
    api: &Api,
    caller: &Caller,
    query: &ListQuery,
) -> Result<Option<Address>, Problem> {
    let mut meant = None;
    for name in query.names() {
        let found = resolve(api, caller, name).await.map_err(failure::problem)?;
        let Some(found) = found.filter(|found| meant.is_none_or(|meant| meant == *found)) else {
            return Ok(None);
        };
        meant = Some(found);
    }
    Ok(meant)
}

/// A contact in a list, unless it is gone by now.
async fn show(
    api: &Api,
    caller: &Caller,
    address: Address,
    with_balance: bool,
) -> Result<Option<ListedContact>, Problem> {
    let reply = api.router.query(address, Query::Contact).await;
    let view = match reply.result.map_err(failure::problem)? {
        Answer::Contact(view) if view.stage == Stage::Active => view,
        _ => return Ok(None),
    };
    let opened = api
        .router
        .open_profile(&address, &view.profile)
        .map_err(failure::problem)?;
    let OpenedProfile::Plain(profile) = opened else {
        return Ok(None);
    };
    let balance = if with_balance {
        let tenant = caller.tenant_view(api).await?;
        let decimals = tenant.currency.decimals();
        Some(WireAmount::from_minor(view.balance.0, decimals))
    } else {
        None
    };
    let wallet = PublicId::of(Named::Wallet, address.entity);
    Ok(Some(ListedContact {
        id: contact_id(api, view.own_id.as_deref(), address.entity),
        code: view.code.to_string(),
        name: profile.display_name(),
        wallet: ListedWallet {
            id: api.router.secrets().public_ids().write(wallet),
            balance,
        },
    }))
}
