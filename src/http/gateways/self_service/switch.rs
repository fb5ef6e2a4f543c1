//! `POST /contacts/{id}/switch`

use axum::extract::{Path, State};
use axum::response::Response;

use super::signed_in::{WireSignedIn, switched};
use crate::http::Api;
use crate::http::auth::bearer::ContactToken;
use crate::http::failure;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::reached::Reached;

/// Act as another contact.
///
/// A contact acts for others of its communities; without one, for itself only. The answer has the tokens of this session, and who has signed in.
#[utoipa::path(
    post, path = "/contacts/{id}/switch", tag = "Authentication", security(("access_token" = [])),
    params(("id" = String, Path, description = "The id or code of the contact to act as")),
    responses(
        (status = 200, description = "The session acts as this contact", body = WireSignedIn),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No contact that this one acts for", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn switch(
    State(api): State<Api>,
    reached: Reached,
    token: ContactToken,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    token.named(&api, &name).await?;
    let contact = token.signed_in.contact;
    let session = api.router.session(contact, token.signed_in.session).await;
    let session = session.map_err(failure::unavailable)?;
    let session = session.ok_or_else(failure::not_found)?;
    switched(&api, &reached, token.began, (contact, &session)).await
}
