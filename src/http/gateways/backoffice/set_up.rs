//! The answers with what a tenant has set up.

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;

use crate::actors::router::Timings;
use crate::domain::context::TenantView;
use crate::domain::ids::PublicIds;
use crate::http::auth::Caller;
use crate::http::problem::Problem;
use crate::http::{Api, failure, reply};

/// The answer with what is set up by now, as `show` shows it; a 404 where it finds nothing.
pub(super) async fn answer<T: Serialize>(
    api: &Api,
    caller: &Caller,
    engine: Timings,
    show: impl FnOnce(&TenantView, &PublicIds) -> Option<T>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(api).await?;
    let ids = api.router.secrets().public_ids();
    let shown = show(&tenant, ids).ok_or_else(failure::not_found)?;
    let timings = reply::timings(caller, engine);
    Ok(reply::json(StatusCode::OK, &shown, timings))
}
