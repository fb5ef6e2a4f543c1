//! `DELETE /contacts/{id}`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;

use super::wire::Changed;
use crate::actors::router::Timings;
use crate::domain::api_key::Scope;
use crate::domain::ids::Named;
use crate::http::audit::{audited, target};
use crate::http::auth::ContactOrBusiness;
use crate::http::gateways::backoffice::contacts::{ContactName, resolve};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// Unregister: erase the contact of the token; or, by a secret key with `contacts.write` or a user's token, any contact of the business.
///
/// Its personal fields are gone for ever, in every copy and export as well: the key that they are sealed with is destroyed before this is
/// answered. Whatever it signed in by is free again, and every session has ended. Its money and purchases stay in the ledger without a name.
#[utoipa::path(
    delete, path = "/contacts/{id}", tag = "Contact", security(("access_token" = []), ("secret_key" = []), ("user_token" = [])),
    params(("id" = String, Path, description = "The contact's id or code")),
    responses(
        (status = 200, description = "Erased", body = Changed),
        (status = 401, description = "No token or key, or one that does not work: after an erasure, the contact's own does not", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the contact of the token, or none of the business", body = ProblemBody, content_type = "application/problem+json"),
        (status = 500, description = "The outcome is unknown; what has begun goes on by itself", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn delete(
    State(api): State<Api>,
    caller: ContactOrBusiness<{ Scope::ContactsWrite.bit() }>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let contact = match &caller {
        ContactOrBusiness::Contact(token) => {
            token.named(&api, &name).await?;
            token.signed_in.contact
        }
        ContactOrBusiness::Business(business) => {
            let found = resolve(&api, business, ContactName::IdOrCode(&name)).await;
            let found = found.map_err(failure::problem)?;
            found.ok_or_else(failure::not_found)?
        }
    };
    let act = async {
        let erased = api.router.erase_contact(contact, None);
        erased.await.map_err(failure::of_path)?;
        let timings = reply::timings(&caller, Timings::default());
        Ok(reply::json(StatusCode::OK, &Changed { id: name }, timings))
    };
    let target = target(&api, Named::Contact, contact.entity);
    audited(&api, &caller, "contacts.erase", target, act).await
}
