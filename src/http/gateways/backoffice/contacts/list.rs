//! `GET /contacts`

use axum::extract::State;
use axum::response::Response;
use futures_util::{StreamExt, TryStreamExt, stream};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::search::{self, Search};
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
use crate::http::{Api, failure, freshness, reply};
use crate::limits;
use crate::publishing::contacts::Wanted;
use crate::publishing::projections::Freshness;

/// Which contacts.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in super::super) struct ListQuery {
    search_value: Option<String>,
    email_address: Option<String>,
    phone: Option<String>,
    /// Where a phone number is dialled that does not begin with `+`.
    country_code: Option<String>,
    code: Option<String>,
    cim: Option<String>,
    #[serde(default)]
    include_wallet: bool,
    #[serde(default)]
    include_financials: bool,
    page: Option<u32>,
    size: Option<u32>,
    sort: Option<String>,
    order: Option<String>,
    #[serde(default)]
    include_total: bool,
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

    fn search(&self) -> Option<Search<'_>> {
        let value = self.search_value.as_deref()?;
        Search::of(value, self.country_code.as_deref())
    }

    /// Version 1 of the contract has another word for it.
    fn with_balance(&self) -> bool {
        self.include_wallet || self.include_financials
    }
}

impl Validate for ListQuery {
    fn validate(&self, faults: &mut Faults) {
        self.page().validate(faults);
        for (name, value, allowed) in [
            ("sort", &self.sort, &["CREATED_DATE"][..]),
            ("order", &self.order, &["DESC", "ASC"]),
        ] {
            if value
                .as_deref()
                .is_some_and(|value| !allowed.contains(&value))
            {
                let allowed = allowed.join(" or ");
                let detail = format!("must be {allowed}, or be left out");
                faults.add(name, "unsupported", detail);
            }
        }
        if let Some(value) = &self.search_value {
            search::validate(value, faults);
        }
    }
}

/// List or find contacts, newest first.
///
/// `code`, `cim`, `email_address` and `phone` must be equal as a whole: an e-mail address in any case, a phone number however it
/// is written. `search_value` is one of these, or the beginning of any word of the first, middle, last or company name, in
/// any case; of several words each begins one, in their order. Who has it as a code, card, e-mail address or phone number comes first.
/// A contact must fit all that are given; without any, all are listed. A contact that was created, renamed or erased before this
/// request was sent is found so, unless `Clientele-Freshness` says that the list is stale. Balances need the scope
/// `wallets.read` as well.
#[utoipa::path(
    get, path = "/contacts", tag = "Contacts", security(("api_key" = [])),
    params(
        ("search_value" = Option<String>, Query, description = "A name or its beginning, an e-mail address, a phone number, a code or a card", min_length = 2, max_length = 254),
        ("email_address" = Option<String>, Query, description = "The contact of this e-mail address"),
        ("phone" = Option<String>, Query, description = "The contact of this phone number: with `+` (%2B) and country, or with country_code"),
        ("country_code" = Option<String>, Query, description = "Where phone or search_value is dialled, if it has no `+`: ISO 3166-1 alpha-3"),
        ("code" = Option<String>, Query, description = "The contact of this code"),
        ("cim" = Option<String>, Query, description = "The contact who has the card of this identifier"),
        ("include_wallet" = Option<bool>, Query, description = "Whether to tell balances"),
        ("include_financials" = Option<bool>, Query, description = "The same, as version 1 calls it"),
        ("page" = Option<u32>, Query, description = "From 1, the default", minimum = 1),
        ("size" = Option<u32>, Query, description = "How many a page; 10 by default", minimum = 0, maximum = 100),
        ("include_total" = Option<bool>, Query, description = "Whether to count them all"),
        ("sort" = Option<String>, Query, description = "CREATED_DATE, the default"),
        ("order" = Option<String>, Query, description = "DESC, the default: the newest first; or ASC"),
    ),
    responses(
        (status = 200, description = "A page", body = ContactPage, headers(
            ("Clientele-Freshness" = String, description = "`current`: everything that was acknowledged before the request is in the list. `stale; behind=1234`: everything is that was acknowledged 1234 ms ago, and perhaps more"),
        )),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong, or the node has more contacts than it lists or searches", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again: perhaps the node has just started, and is still reading its contacts", body = ProblemBody, content_type = "application/problem+json"),
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
    let is_named = query.names().next().is_some();
    let (found, freshness) = if is_named {
        let found = of_names(&api, &caller, &query).await?;
        (found, Freshness::Current)
    } else {
        of_all(&api, &caller, &query).await?
    };
    let page = query.page();
    let answer = ContactPage {
        content: found.content,
        paging: Paging {
            page: page.page,
            size: page.size,
            total: query.include_total.then_some(found.total),
            has_more: found.has_more,
        },
    };
    let timings = reply::timings(&caller, router::Timings::default());
    let response = reply::json(StatusCode::OK, &answer, timings);
    Ok(freshness::tell(response, freshness))
}

/// A page of what was found.
struct Found {
    content: Vec<ListedContact>,
    has_more: bool,
    total: u64,
}

/// The one contact that every name means, if it is what is searched for as well.
async fn of_names(api: &Api, caller: &Caller, query: &ListQuery) -> Result<Found, Problem> {
    let search = query.search();
    let found = match named_by_all(api, caller, query).await? {
        Some(address) => {
            let meant = match &search {
                Some(search) => search.meant(api, caller).await?,
                None => Vec::new(),
            };
            let unsearched = search.filter(|_| !meant.contains(&address.entity));
            show(api, caller, address, unsearched.as_ref(), query).await?
        }
        None => None,
    };
    let total = u64::from(found.is_some());
    let skipped = usize::try_from(query.page().skip()).unwrap_or(usize::MAX);
    Ok(Found {
        content: found.into_iter().skip(skipped).collect(),
        has_more: false,
        total,
    })
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

/// All contacts, or those who are searched for.
async fn of_all(
    api: &Api,
    caller: &Caller,
    query: &ListQuery,
) -> Result<(Found, Freshness), Problem> {
    let search = query.search();
    let first = match &search {
        Some(search) => search.meant(api, caller).await?,
        None => Vec::new(),
    };
    let page = query.page();
    let wanted = Wanted {
        name: search.as_ref().map(|search| search.name.clone()),
        first: first.clone(),
        is_oldest_first: query.order.as_deref() == Some("ASC"),
        skip: page.skip(),
        take: page.take(),
    };
    let freshness = api.contacts.catch_up().await;
    let world = search::world(caller);
    let listed = api.contacts.find(world, wanted).await;
    let listed = listed.map_err(search::refused)?;
    let (first, search) = (&first, search.as_ref());
    let shown = stream::iter(listed.contacts)
        .map(|entity| {
            let address = Address {
                tenant: world.tenant,
                mode: world.mode,
                kind: Named::Contact.owner(),
                entity,
            };
            let by_name = search.filter(|_| !first.contains(&entity));
            show(api, caller, address, by_name, query)
        })
        .buffered(limits::LIST_FETCHES_AT_ONCE)
        .try_collect::<Vec<_>>();
    let found = Found {
        content: shown.await?.into_iter().flatten().collect(),
        has_more: listed.has_more,
        total: listed.total,
    };
    Ok((found, freshness))
}

/// A contact in a list, unless it is gone by now, or no longer has the name that it was found by.
async fn show(
    api: &Api,
    caller: &Caller,
    address: Address,
    by_name: Option<&Search<'_>>,
    query: &ListQuery,
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
    if by_name.is_some_and(|search| !search.name.fits(&profile)) {
        return Ok(None);
    }
    let balance = if query.with_balance() {
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
