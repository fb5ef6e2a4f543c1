//! `GET /users` and `GET /users/{id}`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::member::{Member, WireUser, member, named};
use crate::actors::router::Timings;
use crate::domain::address::Address;
use crate::domain::api_key::Scope;
use crate::http::auth::Authorized;
use crate::http::extract::{Faults, ValidQuery, Validate};
use crate::http::paging::{Page, Paging};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};
use crate::limits::NAME_CHARS_MAX;

/// Which users.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct UsersQuery {
    /// With this in their names or their e-mail address, in capitals or not.
    search_value: Option<String>,
    /// From 1.
    page: Option<u32>,
    /// How many entries a page has: 10 unless stated, at most 100.
    size: Option<u32>,
    /// Whether all entries are counted.
    #[serde(default)]
    include_total: bool,
}

impl Validate for UsersQuery {
    fn validate(&self, faults: &mut Faults) {
        Page::of(self.page, self.size).validate(faults);
        let value = self.search_value.as_deref().unwrap_or_default();
        faults.require(
            value.chars().count() <= NAME_CHARS_MAX,
            "search_value",
            "too_long",
            "must have at most 200 characters",
        );
    }
}

impl UsersQuery {
    fn fits(&self, member: &Member) -> bool {
        let Some(part) = &self.search_value else {
            return true;
        };
        let part = part.trim().to_lowercase();
        let person = &member.person;
        let texts = [&person.first_name, &person.last_name, &person.email_address];
        let mut texts = texts.into_iter().flatten();
        texts.any(|text| text.to_lowercase().contains(&part))
    }
}

/// A page of users, by e-mail address.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserPage)]
pub(super) struct WirePage {
    content: Vec<WireUser>,
    paging: Paging,
}

/// List users of the caller's organisations, by e-mail address.
#[utoipa::path(
    get, path = "/users", tag = "Users", security(("api_key" = [])),
    params(UsersQuery),
    responses(
        (status = 200, description = "A page", body = WirePage),
        (status = 401, description = "No credential, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The credential does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(
    State(api): State<Api>,
    caller: Authorized<{ Scope::UsersRead.bit() }>,
    query: ValidQuery<UsersQuery>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let listed = api.router.tenant(caller.tenant()).await;
    let listed = listed.map_err(failure::problem)?.users;
    let mut fitting = Vec::new();
    for number in listed {
        let found = member(&api, &caller, &tenant, Address::user(number)).await?;
        fitting.extend(found.filter(|member| query.fits(member)));
    }
    fitting.sort_by(|one, other| one.person.email_address.cmp(&other.person.email_address));
    let page = Page::of(query.page, query.size);
    let (members, paging) = page.cut(fitting, query.include_total);
    let page = WirePage {
        content: members.iter().map(|it| it.shown(&api, &tenant)).collect(),
        paging,
    };
    let timings = reply::timings(&caller, Timings::default());
    Ok(reply::json(StatusCode::OK, &page, timings))
}

/// Get a user.
#[utoipa::path(
    get, path = "/users/{id}", tag = "Users", security(("api_key" = [])),
    params(("id" = String, Path, description = "The user's id")),
    responses(
        (status = 200, description = "The user", body = WireUser),
        (status = 401, description = "No credential, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The credential does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No user of this id", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn get(
    State(api): State<Api>,
    caller: Authorized<{ Scope::UsersRead.bit() }>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let member = named(&api, &caller, &tenant, &id).await?;
    let timings = reply::timings(&caller, Timings::default());
    Ok(reply::json(
        StatusCode::OK,
        &member.shown(&api, &tenant),
        timings,
    ))
}
