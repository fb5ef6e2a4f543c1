//! `GET /contacts/{id}/export`

use axum::extract::{Path, State};
use axum::response::Response;

use super::named;
use crate::domain::api_key::Scope;
use crate::domain::ids::Named;
use crate::http::Api;
use crate::http::audit::{audited, target};
use crate::http::auth::Authorized;
use crate::http::gateways::export;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::reached::Reached;

/// Get all that is held on a contact, to hand it over to the contact.
///
/// One JSON object, as the contact itself gets it in self-service. It holds purchases and the wallet's journal, and so takes the scopes
/// `purchases.read` and `finance.read` beside that of contacts, of the whole network. It stands in the audit log.
#[utoipa::path(
    get, path = "/contacts/{id}/export", tag = "Contacts", security(("api_key" = [])),
    params(("id" = String, Path, description = "The contact's id or code")),
    responses(
        (status = 200, description = "All of it", body = Object),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this, or belongs to an organisation", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Nobody of this id or code", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn export(
    State(api): State<Api>,
    reached: Reached,
    caller: Authorized<{ Scope::ContactsRead.bit() }>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let address = named(&api, &caller, &name).await?;
    caller.require(Scope::FinanceRead)?;
    caller.require(Scope::PurchasesRead)?;
    if caller.bound_to().is_some() {
        return Err(Problem::new(
            Code::InsufficientScope,
            "what is held on a contact is the whole network's; send a key that belongs to no organisation",
        ));
    }
    let target = target(&api, Named::Contact, address.entity);
    let answer = export::answer(api.clone(), reached, &caller, address);
    audited(&api, &caller, "contacts.export", target, answer).await
}
