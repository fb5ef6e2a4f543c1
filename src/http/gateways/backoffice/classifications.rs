//! `GET /customer_event_classifications`, and the ids of classifications.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::actors::router::Timings;
use crate::domain::api_key::Scope;
use crate::domain::context::TenantView;
use crate::domain::ids::{Named, PublicIds};
use crate::http::auth::Authorized;
use crate::http::extract::{Faults, ValidQuery, Validate};
use crate::http::paging::{Page, Paging};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::shown::purchase::WireClassification;
use crate::http::{Api, reply};
use crate::publishing::projections::purchases::class_of;

/// The name of the classification of this id, if the tenant has it.
pub(super) fn named<'a>(ids: &PublicIds, tenant: &'a TenantView, id: &str) -> Option<&'a str> {
    let number = ids.read_as(Named::Classification, id)?.entity;
    let names = tenant.classifications.iter().map(String::as_str);
    names.into_iter().find(|name| class_of(name) == number)
}

/// Which page.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct ListQuery {
    page: Option<u32>,
    size: Option<u32>,
    #[serde(default)]
    include_total: bool,
}

impl Validate for ListQuery {
    fn validate(&self, faults: &mut Faults) {
        Page::of(self.page, self.size).validate(faults);
    }
}

/// A page of classifications; the first is that of a purchase which names none.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ClassificationPage {
    content: Vec<WireClassification>,
    paging: Paging,
}

/// List what purchases may be classified by.
#[utoipa::path(
    get, path = "/customer_event_classifications", tag = "Purchases", security(("api_key" = [])),
    params(
        ("page" = Option<u32>, Query, description = "From 1, the default", minimum = 1),
        ("size" = Option<u32>, Query, description = "How many a page; 10 by default", minimum = 0, maximum = 100),
        ("include_total" = Option<bool>, Query, description = "Whether to count them all"),
    ),
    responses(
        (status = 200, description = "A page", body = ClassificationPage),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Authorized<{ Scope::PurchasesRead.bit() }>,
    query: ValidQuery<ListQuery>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let names: Vec<_> = tenant.classifications.iter().collect();
    let page = Page::of(query.page, query.size);
    let (names, paging) = page.cut(names, query.include_total);
    let ids = api.router.secrets().public_ids();
    let shown = names.into_iter();
    let page = ClassificationPage {
        content: shown
            .map(|name| WireClassification::of(ids, name))
            .collect(),
        paging,
    };
    let timings = reply::timings(&caller, Timings::default());
    Ok(reply::json(StatusCode::OK, &page, timings))
}
