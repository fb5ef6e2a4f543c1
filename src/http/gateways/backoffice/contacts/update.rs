//! `PUT /contacts/{id}`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;

use super::patch::{ChangedContact, UpdatedContact};
use super::{contact_id, named, not_changed};
use crate::actors::router;
use crate::domain::api_key::Scope;
use crate::domain::apps::FieldEntity;
use crate::http::auth::Authorized;
use crate::http::extract::{Conditions, ValidJson};
use crate::http::gateways::custom_fields;
use crate::http::gateways::once::Once;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, reply};

/// Change a contact.
///
/// What is left out of the body stays as it is; null removes a field; a list replaces the whole list. Code, e-mail address
/// and phone numbers stay unique among the tenant's contacts of the mode; what the contact gives up is free at once.
#[utoipa::path(
    put, path = "/contacts/{id}", tag = "Contacts", security(("api_key" = [])),
    params(
        ("id" = String, Path, description = "The contact's id or code"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once"),
    ),
    request_body = ChangedContact,
    responses(
        (status = 200, description = "Changed", body = UpdatedContact),
        (status = 400, description = "Not JSON, or a value is not unique", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Nobody of this id or code", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn update(
    State(api): State<Api>,
    caller: Authorized<{ Scope::ContactsWrite.bit() }>,
    Path(name): Path<String>,
    headers: Conditions,
    body: ValidJson<ChangedContact>,
) -> Result<Response, Problem> {
    let address = named(&api, &caller, &name).await?;
    custom_fields::check(&api, &caller, FieldEntity::Contacts, body.custom_fields()).await?;
    let once = Once::of(
        &caller,
        &headers,
        "contacts.update",
        Some(address),
        &body.hash,
    )?;
    let changed = api
        .router
        .change_contact(address, Some(once.remember(&api)), |view, profile| {
            body.apply(&api, &caller, view, profile)
        })
        .await;
    let timings = reply::timings(&caller, router::Timings::default());
    Ok(match changed {
        Ok(view) => {
            let id = contact_id(&api, view.own_id.as_deref(), address.entity);
            reply::json(StatusCode::OK, &UpdatedContact { id }, timings)
        }
        Err(why) => reply::refused(not_changed(why), timings),
    })
}
