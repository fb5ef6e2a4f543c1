//! `GET /api_keys`

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::wire::WireApiKey;
use crate::actors::router;
use crate::domain::api_key::Scope;
use crate::http::auth::Authorized;
use crate::http::extract::{Faults, ValidQuery, Validate};
use crate::http::paging::{Page, Paging};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, api_keys, failure, reply};

/// Which page.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in super::super) struct ListQuery {
    page: Option<u32>,
    size: Option<u32>,
    #[serde(default)]
    include_total: bool,
}

/// A page of API keys, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ApiKeyPage {
    content: Vec<WireApiKey>,
    paging: Paging,
}

impl ListQuery {
    fn page(&self) -> Page {
        Page::of(self.page, self.size)
    }
}

impl Validate for ListQuery {
    fn validate(&self, faults: &mut Faults) {
        self.page().validate(faults);
    }
}

/// List the API keys of this mode, newest first, with their last use. A key that acts for an organisation sees those of
/// its own part of the network.
#[utoipa::path(
    get, path = "/api_keys", tag = "API keys", security(("api_key" = [])),
    params(
        ("page" = Option<u32>, Query, description = "From 1, the default", minimum = 1),
        ("size" = Option<u32>, Query, description = "How many a page; 10 by default", minimum = 0, maximum = 100),
        ("include_total" = Option<bool>, Query, description = "Whether to count them all"),
    ),
    responses(
        (status = 200, description = "A page", body = ApiKeyPage),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(
    State(api): State<Api>,
    caller: Authorized<{ Scope::KeysRead.bit() }>,
    query: ValidQuery<ListQuery>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let mut keys = api_keys::list(&api, caller.tenant(), Some(caller.mode()))
        .await
        .map_err(failure::problem)?;
    keys.retain(|(_, key)| caller.acts_for(&tenant, key.details.organisation));
    keys.reverse();
    let (shown, paging) = query.page().cut(keys, query.include_total);
    let mut content = Vec::with_capacity(shown.len());
    for (address, key) in shown {
        content.push(WireApiKey::of(&api, address, *key, None).await?);
    }
    let answer = ApiKeyPage { content, paging };
    let timings = reply::timings(&caller, router::Timings::default());
    Ok(reply::json(StatusCode::OK, &answer, timings))
}
