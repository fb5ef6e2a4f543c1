//! `GET /contacts/reward_schemes/verification/{sign_up_code}`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::contact;
use crate::domain::entity::Command;
use crate::http::auth::bearer::ContactToken;
use crate::http::gateways::schemes::hash_of_code;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// The code opens a scheme.
#[derive(Debug, Serialize, ToSchema)]
struct CodeOpens {}

/// Check a sign-up code before it is used.
///
/// A wrong one counts as one that was tried at a sign-up: after five, none is taken for a quarter of an hour.
#[utoipa::path(
    get, path = "/contacts/reward_schemes/verification/{sign_up_code}", tag = "Rewards", security(("access_token" = [])),
    params(("sign_up_code" = String, Path, description = "The code")),
    responses(
        (status = 200, description = "It opens a scheme", body = CodeOpens),
        (status = 400, description = "It opens none", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many wrong codes", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn verify(
    State(api): State<Api>,
    token: ContactToken,
    Path(code): Path<String>,
) -> Result<Response, Problem> {
    let tenant = token.tenant_view(&api).await?;
    let shown = hash_of_code(&api, &token, &code);
    let command = Command::Contact(contact::Command::CheckSignUpCode(shown));
    let address = token.signed_in.contact;
    let reply = api
        .router
        .command(address, command, None, Some(tenant))
        .await;
    let timings = reply::timings(&token, reply.timings);
    Ok(match reply.result {
        Ok(_) => reply::json(StatusCode::OK, &CodeOpens {}, timings),
        Err(why) => reply::refused(failure::problem(why), timings),
    })
}
