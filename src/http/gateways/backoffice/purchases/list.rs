//! `GET /purchases`

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::Response;
use futures_util::{StreamExt, TryStreamExt, stream};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::classifications;
use super::super::contacts::{ContactName, resolve};
use crate::actors::router;
use crate::domain::address::Address;
use crate::domain::api_key::Scope;
use crate::domain::context::TenantView;
use crate::domain::ids::Named;
use crate::http::auth::{Authorized, Caller};
use crate::http::dates::DateRange;
use crate::http::extract::{Faults, ValidQuery, Validate};
use crate::http::paging::{Page, Paging};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::shown::purchase::{Shown, WirePurchase};
use crate::http::shown::purchases::{self, Found, Order, Wanted, fetch, too_broad};
use crate::http::{Api, failure, freshness, reply};
use crate::limits;
use crate::publishing::projections::purchases::class_of;
use crate::publishing::projections::{Freshness, ListKey, Refused, Selection};

/// Which purchases.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in super::super) struct ListQuery {
    organisations: Option<String>,
    contact_id: Option<String>,
    #[serde(rename = "date[gt]")]
    after: Option<i64>,
    #[serde(rename = "date[gte]")]
    from: Option<i64>,
    #[serde(rename = "date[lt]")]
    before: Option<i64>,
    #[serde(rename = "date[lte]")]
    to: Option<i64>,
    classification_id: Option<String>,
    page: Option<u32>,
    size: Option<u32>,
    sort: Option<String>,
    order: Option<String>,
    #[serde(default)]
    include_total: bool,
}

/// A page of purchases, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PurchasePage {
    content: Vec<WirePurchase>,
    paging: Paging,
}

impl ListQuery {
    fn page(&self) -> Page {
        Page::of(self.page, self.size)
    }

    fn dates(&self) -> DateRange {
        DateRange::of(None, [self.after, self.from, self.before, self.to])
    }

    fn organisations(&self) -> impl Iterator<Item = &str> {
        let listed = self.organisations.iter();
        listed
            .flat_map(|listed| listed.split(','))
            .map(str::trim)
            .filter(|id| !id.is_empty())
    }
}

impl Validate for ListQuery {
    fn validate(&self, faults: &mut Faults) {
        self.page().validate(faults);
        self.dates().validate(faults, "date");
        faults.require(
            self.organisations().count() <= limits::LIST_ORGANISATIONS_MAX,
            "organisations",
            "too_many",
            "must name at most 20 organisations, separated by commas",
        );
        for (name, value, only) in [
            ("sort", &self.sort, "CREATED_DATE"),
            ("order", &self.order, "DESC"),
        ] {
            if value.as_deref().is_some_and(|value| value != only) {
                faults.add(
                    name,
                    "unsupported",
                    format!("must be {only}, or be left out"),
                );
            }
        }
    }
}

/// List purchases, newest first.
///
/// Of the organisations that are named and all below them. Without any, of the organisation that the key acts for and all below it,
/// or of the whole network. A purchase that was acknowledged before this
/// request was sent is in the list, unless `Clientele-Freshness` says that the list is stale. With filters that fit very few of many purchases, narrow the dates.
#[utoipa::path(
    get, path = "/purchases", tag = "Purchases", security(("api_key" = [])),
    params(
        ("organisations" = Option<String>, Query, description = "Ids of organisations, separated by commas; 20 at most"),
        ("contact_id" = Option<String>, Query, description = "Of this contact only: its id or code"),
        ("date[gt]" = Option<i64>, Query, description = "Made after this second, in Unix seconds"),
        ("date[gte]" = Option<i64>, Query, description = "Made in this second or later"),
        ("date[lt]" = Option<i64>, Query, description = "Made before this second"),
        ("date[lte]" = Option<i64>, Query, description = "Made in this second or earlier"),
        ("classification_id" = Option<String>, Query, description = "Classified so: an id of `GET /customer_event_classifications`"),
        ("page" = Option<u32>, Query, description = "From 1, the default", minimum = 1),
        ("size" = Option<u32>, Query, description = "How many a page; 10 by default", minimum = 0, maximum = 100),
        ("include_total" = Option<bool>, Query, description = "Whether to count them all"),
        ("sort" = Option<String>, Query, description = "CREATED_DATE, the default"),
        ("order" = Option<String>, Query, description = "DESC, the default"),
    ),
    responses(
        (status = 200, description = "A page", body = PurchasePage, headers(
            ("Clientele-Freshness" = String, description = "`current`: everything that was acknowledged before the request is in the list. `stale; behind=1234`: everything is that was acknowledged 1234 ms ago, and perhaps more"),
        )),
        (status = 400, description = "An unknown contact or organisation", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong, or the dates are too far apart", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(
    State(api): State<Api>,
    caller: Authorized<{ Scope::PurchasesRead.bit() }>,
    query: ValidQuery<ListQuery>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let wanted = wanted(&api, &caller, &query, &tenant)?;
    let (found, freshness) = match &query.contact_id {
        Some(name) => {
            let contact = resolve(&api, &caller, ContactName::IdOrCode(name))
                .await
                .map_err(failure::problem)?
                .ok_or_else(unknown_contact)?;
            let found = purchases::of_contact(&api, contact, &tenant, &wanted).await?;
            let found = found.ok_or_else(unknown_contact)?;
            (found, Freshness::Current)
        }
        None => of_organisations(&api, &caller, &tenant, &wanted).await?,
    };
    let mut content = Vec::with_capacity(found.purchases.len());
    for (contact, view) in found.purchases {
        let profile = api
            .router
            .open_profile(&contact, &view.contact_profile)
            .map_err(failure::problem)?;
        let shown = Shown {
            ids: api.router.secrets().public_ids(),
            tenant: &tenant,
            contact: contact.entity,
            profile: Some(profile),
        };
        content.push(WirePurchase::of(&view, shown));
    }
    let page = PurchasePage {
        content,
        paging: Paging {
            page: wanted.page.page,
            size: wanted.page.size,
            total: found.total,
            has_more: found.has_more,
        },
    };
    let timings = reply::timings(&caller, router::Timings::default());
    let response = reply::json(StatusCode::OK, &page, timings);
    Ok(freshness::tell(response, freshness))
}

/// What is asked for, in the domain's terms.
fn wanted(
    api: &Api,
    caller: &Caller,
    query: &ListQuery,
    tenant: &TenantView,
) -> Result<Wanted, Problem> {
    let ids = api.router.secrets().public_ids();
    let organisations = query.organisations().map(|id| {
        caller
            .organisation(ids, tenant, id)
            .ok_or_else(unknown_organisation)
    });
    let mut organisations = organisations.collect::<Result<Vec<u64>, Problem>>()?;
    if organisations.is_empty() {
        organisations.extend(caller.bound_to());
    }
    let unknown = || {
        failure::invalid_field(
            "classification_id",
            "unknown_classification",
            "must be the id of one of the tenant's classifications, or be left out",
        )
    };
    let classification = match &query.classification_id {
        Some(id) => Some(classifications::named(ids, tenant, id).ok_or_else(unknown)?),
        None => None,
    };
    Ok(Wanted {
        page: query.page(),
        dates: query.dates(),
        classification: classification.map(str::to_owned),
        organisations,
        count: query.include_total,
        order: Order::NewestFirst,
    })
}

async fn of_organisations(
    api: &Api,
    caller: &Caller,
    tenant: &TenantView,
    wanted: &Wanted,
) -> Result<(Found, Freshness), Problem> {
    let (organisation, organisations) = match *wanted.organisations {
        [] => (None, None),
        [one] => (Some(one), None),
        // Of several, the tenant's own list is looked through.
        [..] => (None, Some(within(tenant, &wanted.organisations))),
    };
    let list = ListKey {
        tenant: caller.tenant(),
        mode: caller.mode(),
        organisation,
    };
    let selection = Selection {
        from: wanted.dates.first(),
        to: wanted.dates.last(),
        class: wanted.classification.as_deref().map(class_of),
        organisations,
        skip: wanted.page.skip(),
        take: wanted.page.take(),
        count: wanted.count,
    };
    let freshness = api.purchases.catch_up().await;
    let listed = api
        .purchases
        .select(list, selection)
        .await
        .map_err(refused)?;
    let fetched = stream::iter(listed.entries)
        .map(|entry| {
            let contact = Address {
                tenant: list.tenant,
                mode: list.mode,
                kind: Named::Contact.owner(),
                entity: entry.owner,
            };
            fetch(api, contact, entry.part)
        })
        .buffered(limits::LIST_FETCHES_AT_ONCE)
        .try_collect::<Vec<_>>();
    let found = Found {
        purchases: fetched.await?.into_iter().flatten().collect(),
        has_more: listed.has_more,
        total: listed.total,
    };
    Ok((found, freshness))
}

/// The organisations that are one of `named` or lie below it.
fn within(tenant: &TenantView, named: &[u64]) -> BTreeSet<u64> {
    let all = tenant.organisations.keys().copied();
    all.filter(|organisation| {
        named
            .iter()
            .any(|one| tenant.is_within(*organisation, *one))
    })
    .collect()
}

fn refused(why: Refused) -> Problem {
    match why {
        Refused::TooBroad => too_broad(),
        Refused::Store(error) => {
            tracing::error!(%error, "a list cannot be read");
            failure::unavailable(router::Unavailable::Unreadable)
        }
    }
}

fn unknown_contact() -> Problem {
    Problem::new(
        Code::UnknownContact,
        "contact_id names nobody that is known under this key",
    )
}

fn unknown_organisation() -> Problem {
    Problem::new(
        Code::UnknownOrganisation,
        "organisations names one that is not known under this key",
    )
}
