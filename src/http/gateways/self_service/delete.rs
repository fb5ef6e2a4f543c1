//! `DELETE /contacts/{id}`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;

use super::wire::Changed;
use crate::actors::router::Timings;
use crate::domain::ids::Named;
use crate::http::audit::{audited, target};
use crate::http::auth::bearer::ContactToken;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// Unregister: erase the contact of the token.
///
/// Its personal fields are gone for ever, in every copy and export as well: the key that they are sealed with is destroyed before this is
/// answered. Whatever it signed in by is free again, and every session has ended. Its money and purchases stay in the ledger without a name.
#[utoipa::path(
    delete, path = "/contacts/{id}", tag = "Contact", security(("access_token" = [])),
    params(("id" = String, Path, description = "The contact's own id or code")),
    responses(
        (status = 200, description = "Erased", body = Changed),
        (status = 401, description = "No token, or one that does not work: after an erasure, none does", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the contact of the token", body = ProblemBody, content_type = "application/problem+json"),
        (status = 500, description = "The outcome is unknown; what has begun goes on by itself", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn delete(
    State(api): State<Api>,
    token: ContactToken,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    token.named(&api, &name).await?;
    let contact = token.signed_in.contact;
    let act = async {
        let erased = api.router.erase_contact(contact, None);
        erased.await.map_err(failure::of_path)?;
        let timings = reply::timings(&token, Timings::default());
        Ok(reply::json(StatusCode::OK, &Changed { id: name }, timings))
    };
    let target = target(&api, Named::Contact, contact.entity);
    audited(&api, &token, "contacts.erase", target, act).await
}
