//! `GET /applications`

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::actors::router::Timings;
use crate::domain::api_key::Scope;
use crate::domain::apps::Place;
use crate::http::auth::bearer::AppKey;
use crate::http::extract::text::check;
use crate::http::extract::{Faults, ValidQuery, Validate};
use crate::http::gateways::applications::AppTree;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};
use crate::limits::APPLICATION_TEXT_CHARS_MAX;

/// Which app asks.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// What it is called where it runs: the `platform_id` of one of an application's platforms.
    platform_app_id: String,
    /// Its version: of several applications, one for this version comes before one for any, and one for another is not found.
    version: Option<String>,
    /// The cloud that it talks to: the same.
    cloud_name: Option<String>,
}

impl Validate for Wanted {
    fn validate(&self, faults: &mut Faults) {
        for (member, value) in [
            ("platform_app_id", Some(&*self.platform_app_id)),
            ("version", self.version.as_deref()),
            ("cloud_name", self.cloud_name.as_deref()),
        ] {
            check(faults, member, value, APPLICATION_TEXT_CHARS_MAX);
        }
    }
}

/// Get what an app is told before anybody has signed in.
#[utoipa::path(
    get, path = "/applications", tag = "Apps", security(("api_key" = [])),
    params(Wanted),
    responses(
        (status = 200, description = "The application", body = AppTree),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No application of this id, version and cloud", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn get(
    State(api): State<Api>,
    caller: AppKey<{ Scope::ContactsRegister.bit() }>,
    wanted: ValidQuery<Wanted>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let at = Place {
        platform_id: wanted.platform_app_id.clone(),
        cloud_name: wanted.cloud_name.clone(),
        version: wanted.version.clone(),
    };
    let found = tenant.apps.application_at(&at);
    let (number, application) = found.ok_or_else(failure::not_found)?;
    let shown = AppTree::shown(&api, &caller, *number, application).await?;
    let timings = reply::timings(&caller, Timings::default());
    Ok(reply::json(StatusCode::OK, &shown, timings))
}
