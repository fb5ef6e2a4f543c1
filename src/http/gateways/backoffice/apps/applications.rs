//! `/applications`: what apps are told.

use std::future::ready;

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::CreatedForApps;
use crate::actors::router::Timings;
use crate::domain::api_key::Scope;
use crate::domain::apps::{Application, Command, Item};
use crate::domain::context::TenantView;
use crate::domain::ids::{Named, PublicIds};
use crate::http::auth::{Authorized, Caller};
use crate::http::extract::{Conditions, ValidJson};
use crate::http::gateways::applications::AppTree;
use crate::http::gateways::once::Once;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// Applications.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ShownApplications)]
struct Applications {
    content: Vec<AppTree>,
}

/// The application of this id, if it is set up.
fn named<'a>(
    ids: &PublicIds,
    tenant: &'a TenantView,
    id: &str,
) -> Result<(u64, &'a Application), Problem> {
    let number = ids.read_as(Named::Application, id).map(|id| id.entity);
    let number = number.ok_or_else(failure::not_found)?;
    let found = tenant.apps.application(number);
    Ok((number, found.ok_or_else(failure::not_found)?))
}

async fn answer(
    api: &Api,
    caller: &Caller,
    id: &str,
    engine: Timings,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(api).await?;
    let ids = api.router.secrets().public_ids();
    let (number, application) = named(ids, &tenant, id)?;
    let shown = AppTree::shown(api, caller, number, application).await?;
    let timings = reply::timings(caller, engine);
    Ok(reply::json(StatusCode::OK, &shown, timings))
}

/// Set up an application: what an app is told before anybody has signed in.
///
/// It is found by `platforms`, and whoever has a public key of self-service can read it. Its switches tell the app what to show: they open and close nothing.
#[utoipa::path(
    post, path = "/applications", tag = "Apps", security(("api_key" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once")),
    request_body = AppTree,
    responses(
        (status = 201, description = "Set up", body = CreatedForApps),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this, or not the contact that is named, or belongs to an organisation", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "There are 4 applications", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, another application is found by the same, or the Idempotency-Key was used for another request", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn create(
    State(api): State<Api>,
    caller: Authorized<{ Scope::SettingsWrite.bit() }>,
    headers: Conditions,
    body: ValidJson<AppTree>,
) -> Result<Response, Problem> {
    super::of_whole_network(&caller)?;
    let what = ("applications.create", Named::Application);
    let once = Once::of(&caller, &headers, what.0, None, &body.hash)?;
    let number = api.router.secrets().derived_entity(&once.scope(), 0);
    let item = body.value.kept(&api, &caller, number).await?;
    super::create(&api, &caller, &once, what, Item::Application(item)).await
}

/// List applications.
#[utoipa::path(
    get, path = "/applications", tag = "Apps", security(("api_key" = [])),
    responses(
        (status = 200, description = "All of them, at most 4, in the order in which they were set up", body = Applications),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn list(
    State(api): State<Api>,
    caller: Authorized<{ Scope::SettingsRead.bit() }>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let mut content = Vec::new();
    for (number, application) in &tenant.apps.applications {
        content.push(AppTree::shown(&api, &caller, *number, application).await?);
    }
    let timings = reply::timings(&caller, Timings::default());
    let all = Applications { content };
    Ok(reply::json(StatusCode::OK, &all, timings))
}

/// Get an application.
#[utoipa::path(
    get, path = "/applications/{id}", tag = "Apps", security(("api_key" = [])),
    params(("id" = String, Path, description = "The application's id")),
    responses(
        (status = 200, description = "The application", body = AppTree),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No application of this id", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn get(
    State(api): State<Api>,
    caller: Authorized<{ Scope::SettingsRead.bit() }>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    answer(&api, &caller, &id, Timings::default()).await
}

/// Change an application as a whole.
#[utoipa::path(
    put, path = "/applications/{id}", tag = "Apps", security(("api_key" = [])),
    params(("id" = String, Path, description = "The application's id")),
    request_body = AppTree,
    responses(
        (status = 200, description = "As it is now", body = AppTree),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this, or not the contact that is named, or belongs to an organisation", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No application of this id", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, or another application is found by the same", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn change(
    State(api): State<Api>,
    caller: Authorized<{ Scope::SettingsWrite.bit() }>,
    Path(id): Path<String>,
    body: ValidJson<AppTree>,
) -> Result<Response, Problem> {
    super::of_whole_network(&caller)?;
    let tenant = caller.tenant_view(&api).await?;
    let ids = api.router.secrets().public_ids();
    let (number, _) = named(ids, &tenant, &id)?;
    let item = Item::Application(body.value.kept(&api, &caller, number).await?);
    let command = Command::Change(number, Box::new(item));
    let what = ("applications.update", &*id);
    super::change(&api, &caller, what, command, |engine| {
        answer(&api, &caller, &id, engine)
    })
    .await
}

/// Remove an application: apps find it no longer.
#[utoipa::path(
    delete, path = "/applications/{id}", tag = "Apps", security(("api_key" = [])),
    params(("id" = String, Path, description = "The application's id")),
    responses(
        (status = 204, description = "Removed"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this, or belongs to an organisation", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No application of this id", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn remove(
    State(api): State<Api>,
    caller: Authorized<{ Scope::SettingsWrite.bit() }>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let ids = api.router.secrets().public_ids();
    let (number, _) = named(ids, &tenant, &id)?;
    super::of_whole_network(&caller)?;
    let what = ("applications.remove", &*id);
    let command = Command::RemoveApplication(number);
    super::change(&api, &caller, what, command, |engine| {
        ready(Ok(reply::no_content(reply::timings(&caller, engine))))
    })
    .await
}
