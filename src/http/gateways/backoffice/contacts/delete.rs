//! `DELETE /contacts/{id}`

use axum::extract::{Path, State};
use axum::response::Response;

use super::named;
use crate::actors::router;
use crate::domain::api_key::Scope;
use crate::domain::ids::Named;
use crate::http::audit::{audited, target};
use crate::http::auth::Authorized;
use crate::http::extract::{BodyHash, Conditions};
use crate::http::gateways::once::Once;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// Erase a contact.
///
/// Its personal fields are gone for ever, in every copy and export as well: the key that they are sealed with is destroyed
/// before this is answered. Its id, code, e-mail address, phone numbers and cards are free, and it is unknown from
/// then on. Money and purchases stay in the ledger without a name.
#[utoipa::path(
    delete, path = "/contacts/{id}", tag = "Contacts", security(("api_key" = [])),
    params(
        ("id" = String, Path, description = "The contact's id or code"),
        ("Idempotency-Key" = Option<String>, Header, description = "Lets a retry by id get this answer again"),
    ),
    responses(
        (status = 204, description = "Erased"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Nobody of this id or code", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The Idempotency-Key is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 500, description = "The outcome is unknown; try again with the same Idempotency-Key", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn delete(
    State(api): State<Api>,
    caller: Authorized<{ Scope::ContactsWrite.bit() }>,
    Path(name): Path<String>,
    headers: Conditions,
) -> Result<Response, Problem> {
    let address = named(&api, &caller, &name).await?;
    let act = async {
        let nothing = BodyHash::of_nothing();
        let once = Once::of(
            &caller,
            &headers,
            "contacts.delete",
            Some(address),
            &nothing,
        )?;
        api.router
            .erase_contact(address, Some(once.remember(&api)))
            .await
            .map_err(failure::of_path)?;
        let timings = reply::timings(&caller, router::Timings::default());
        Ok(reply::no_content(timings))
    };
    let target = target(&api, Named::Contact, address.entity);
    audited(&api, &caller, "contacts.erase", target, act).await
}
