//! `GET /contacts/{id}/export`

use axum::extract::{Path, State};
use axum::response::Response;

use crate::http::Api;
use crate::http::auth::bearer::ContactToken;
use crate::http::gateways::export;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::reached::Reached;

/// Get all that is held on the contact.
///
/// One JSON object: who it is with its image, how it gets in (but nothing that would let somebody in), its consents, money, tier and segments, and every line of
/// its wallet's journal and every purchase, oldest first.
#[utoipa::path(
    get, path = "/contacts/{id}/export", tag = "Contact", security(("access_token" = [])),
    params(("id" = String, Path, description = "The contact's own id or code")),
    responses(
        (status = 200, description = "All of it", body = Object),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the contact of the token", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn export_own(
    State(api): State<Api>,
    reached: Reached,
    token: ContactToken,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    token.named(&api, &name).await?;
    let contact = token.signed_in.contact;
    export::answer(api, reached, &token, contact).await
}
