//! `GET /business_activities`

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::list::Order;
use crate::actors::router::Timings;
use crate::http::auth::bearer::ContactToken;
use crate::http::extract::{Faults, ValidQuery, Validate};
use crate::http::paging::{Page, Paging};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::shown::organisation::WireWord;
use crate::http::{Api, reply};

/// Which activities.
#[derive(Clone, Debug, Deserialize)]
pub(in super::super) struct ActivitiesQuery {
    name: Option<String>,
    // An activity is there because an organisation has it: all are assigned, and who asks for them all gets the same.
    #[serde(rename = "assigned_to_organisation")]
    _assigned: Option<bool>,
    order: Option<Order>,
    page: Option<u32>,
    size: Option<u32>,
}

impl Validate for ActivitiesQuery {
    fn validate(&self, faults: &mut Faults) {
        Page::of(self.page, self.size).validate(faults);
    }
}

/// A page of activities.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BusinessActivities)]
pub(super) struct Activities {
    content: Vec<WireWord>,
    paging: Paging,
}

/// List what the organisations of the network do.
#[utoipa::path(
    get, path = "/business_activities", tag = "Organisations", security(("access_token" = [])),
    params(
        ("name" = Option<String>, Query, description = "With this in their name, in capitals or not"),
        ("assigned_to_organisation" = Option<bool>, Query, description = "Whether to list those only that an organisation has: there are no others"),
        ("sort" = Option<String>, Query, description = "By name, whatever it says"),
        ("order" = inline(Option<Order>), Query, description = "ASC by default"),
        ("page" = Option<u32>, Query, description = "From 1, the default", minimum = 1),
        ("size" = Option<u32>, Query, description = "How many a page; 10 by default", minimum = 0, maximum = 100),
    ),
    responses(
        (status = 200, description = "A page", body = Activities),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(
    State(api): State<Api>,
    token: ContactToken,
    query: ValidQuery<ActivitiesQuery>,
) -> Result<Response, Problem> {
    let tenant = token.tenant_view(&api).await?;
    let organisations = tenant.organisations.values();
    let all = organisations.flat_map(|it| &it.profile.business_activities);
    let words: BTreeMap<_, _> = all.map(|word| (word.number, word)).collect();
    let wanted = query.name.as_deref().map(str::to_lowercase);
    let mut named: Vec<_> = words
        .into_values()
        .map(|word| (word.name.to_lowercase(), word))
        .filter(|(name, _)| wanted.as_ref().is_none_or(|part| name.contains(part)))
        .collect();
    named.sort_by(|(one, _), (other, _)| one.cmp(other));
    if query.order == Some(Order::Desc) {
        named.reverse();
    }
    let (named, paging) = Page::of(query.page, query.size).cut(named, true);
    let ids = api.router.secrets().public_ids();
    let content = named.into_iter().map(|(_, word)| WireWord::of(word, ids));
    let activities = Activities {
        content: content.collect(),
        paging,
    };
    let timings = reply::timings(&token, Timings::default());
    Ok(reply::json(StatusCode::OK, &activities, timings))
}
