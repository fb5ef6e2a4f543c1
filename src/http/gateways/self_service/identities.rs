//! `POST /contacts/{id}/identities`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::challenge::{evenly, obfuscated, refused, require_message};
use super::identification::Identification;
use crate::actors::router::Timings;
use crate::domain::ids::{Named, PublicId};
use crate::http::auth::bearer::ContactToken;
use crate::http::extract::ValidJson;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, reply};

/// What a contact is to sign in by, once the code came back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewIdentity)]
pub(super) struct WireNewIdentity {
    id: String,
    /// Where the code went, as far as it was sent here.
    obfuscated_value: String,
    /// For `validate_otp`, with the code.
    #[schema(max_length = 64)]
    auth_otp: String,
}

/// Add what the contact signs in by.
///
/// A code is sent to it. The contact signs in by it as well once `validate_otp` has got the code, within ten minutes and while this session
/// lasts. Where another contact signs in by it, the answer here is the same, and `validate_otp` refuses. A password counts for every e-mail
/// address of the contact, in place of the one before.
#[utoipa::path(
    post, path = "/contacts/{id}/identities", tag = "Authentication", security(("access_token" = [])),
    params(("id" = String, Path, description = "The contact's own id or code")),
    request_body = Identification,
    responses(
        (status = 201, description = "A code was sent", body = WireNewIdentity),
        (status = 400, description = "Not JSON, or nothing delivers messages in live mode", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the contact of the token", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The contact signs in by eight things already", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, or the contact signs in by this already", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "One code in 30 seconds, and five an hour, are sent to a number or address", body = ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "A provider that is not built", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn add(
    State(api): State<Api>,
    token: ContactToken,
    Path(name): Path<String>,
    body: ValidJson<Identification>,
) -> Result<Response, Problem> {
    token.named(&api, &name).await?;
    evenly(token.began, begin(&api, &token, &body)).await
}

async fn begin(
    api: &Api,
    token: &ContactToken,
    body: &Identification,
) -> Result<Response, Problem> {
    let identity = body.identity("provider")?;
    let to = identity.destination()?;
    require_message(api, token, &to).await?;
    let password = identity.password(api).await?;
    let (contact, session) = (token.signed_in.contact, token.signed_in.session);
    let shown = obfuscated(&to);
    let begun = api.router.begin_adding(contact, session, to, password);
    let begun = begun.await.map_err(refused)?;
    let id = PublicId {
        named: Named::Identity,
        entity: contact.entity,
        part: begun.number,
    };
    let answer = WireNewIdentity {
        id: api.router.secrets().public_ids().write(id),
        obfuscated_value: shown,
        auth_otp: begun.challenged.auth_otp,
    };
    let timings = reply::timings(token, Timings::default());
    Ok(reply::json(StatusCode::CREATED, &answer, timings))
}
