//! `GET` and `PUT /reward_offers/{id}/awards`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;

use super::wire::WireAwards;
use super::{command, find, read, show};
use crate::actors::router::Timings;
use crate::domain::api_key::Scope;
use crate::domain::ids::Named;
use crate::domain::offer::Command;
use crate::http::audit::{audited, target};
use crate::http::auth::{Authorized, Caller};
use crate::http::extract::{Faults, ValidJson};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, reply};

/// Get what a reward offer gives.
#[utoipa::path(
    get, path = "/reward_offers/{id}/awards", tag = "Reward offers", security(("api_key" = [])),
    params(("id" = String, Path, description = "The offer's id")),
    responses(
        (status = 200, description = "The awards", body = WireAwards),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No offer of this id", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn get(
    State(api): State<Api>,
    caller: Authorized<{ Scope::OffersRead.bit() }>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    answer(&api, &caller, &id, Timings::default()).await
}

/// Change what a reward offer gives, from the very next purchase on.
#[utoipa::path(
    put, path = "/reward_offers/{id}/awards", tag = "Reward offers", security(("api_key" = [])),
    params(("id" = String, Path, description = "The offer's id")),
    request_body = WireAwards,
    responses(
        (status = 200, description = "The awards as they are now", body = WireAwards),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No offer of this id", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn change(
    State(api): State<Api>,
    caller: Authorized<{ Scope::OffersWrite.bit() }>,
    Path(id): Path<String>,
    body: ValidJson<WireAwards>,
) -> Result<Response, Problem> {
    let (address, _) = find(&api, &caller, &id).await?;
    let tenant = caller.tenant_view(&api).await?;
    let mut faults = Faults::new();
    let award = read::award(&mut faults, &body.awards, &tenant)?;
    faults.into_result()?;
    let act = async {
        let engine = command(&api, address, Command::ChangeAward(award)).await?;
        answer(&api, &caller, &id, engine).await
    };
    let target = target(&api, Named::Offer, address.entity);
    audited(&api, &caller, "reward_offers.awards", target, act).await
}

async fn answer(
    api: &Api,
    caller: &Caller,
    id: &str,
    engine: Timings,
) -> Result<Response, Problem> {
    let (_, offer) = find(api, caller, id).await?;
    let tenant = caller.tenant_view(api).await?;
    let awards = WireAwards {
        awards: show::awards(&offer, &tenant),
    };
    let timings = reply::timings(caller, engine);
    Ok(reply::json(StatusCode::OK, &awards, timings))
}
