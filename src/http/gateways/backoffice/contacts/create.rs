//! `POST /contacts`

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::wire::{CreatedContact, NewContact, pairs};
use super::{claims, contact_id, taken};
use crate::actors::router::contact_creation::{self, NotCreated};
use crate::domain::address::{Address, Kind};
use crate::domain::api_key::Scope;
use crate::domain::apps::FieldEntity;
use crate::http::auth::{Authorized, Caller};
use crate::http::extract::{Conditions, ValidJson};
use crate::http::gateways::custom_fields;
use crate::http::gateways::once::Once;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// Create a contact.
///
/// Its own id, code, e-mail address and phone numbers are unique among the tenant's contacts of the mode. With an `Idempotency-Key`, a
/// retry answers with the same contact.
#[utoipa::path(
    post, path = "/contacts", tag = "Contacts", security(("api_key" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once")),
    request_body = NewContact,
    responses(
        (status = 201, description = "Created", body = CreatedContact),
        (status = 400, description = "Not JSON, or a value is not unique", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "What this Idempotency-Key created has been erased", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn create(
    State(api): State<Api>,
    caller: Authorized<{ Scope::ContactsWrite.bit() }>,
    headers: Conditions,
    body: ValidJson<NewContact>,
) -> Result<Response, Problem> {
    let secrets = api.router.secrets();
    if let Some(id) = &body.id
        && secrets.public_ids().read(id).is_some()
    {
        return Err(failure::invalid_field(
            "/id",
            "reserved",
            "has the form of an id that this server makes; choose another, or leave it out",
        ));
    }
    let written = pairs(&body.custom_fields);
    custom_fields::check(&api, &caller, FieldEntity::Contacts, written).await?;
    let once = Once::of(&caller, &headers, "contacts.create", None, &body.hash)?;
    let address = Address {
        tenant: caller.tenant(),
        mode: caller.mode(),
        kind: Kind::Contact,
        entity: secrets.derived_entity(&once.scope(), 0),
    };
    let remember = once.remember(&api);
    let new = new_contact(&api, &caller, address, body.value);
    let (created, engine) = api.router.create_contact(new, remember).await;
    let timings = reply::timings(&caller, engine);
    Ok(match created {
        Ok(contact) => reply::json(
            StatusCode::CREATED,
            &CreatedContact {
                id: contact_id(&api, contact.own_id.as_deref(), address.entity),
                code: contact.code.to_string(),
            },
            timings,
        ),
        Err(NotCreated::ValueTaken(field)) => reply::refused(taken(field), timings),
        Err(NotCreated::Failed(why)) => reply::refused(failure::problem(why), timings),
    })
}

fn new_contact(
    api: &Api,
    caller: &Caller,
    address: Address,
    mut body: NewContact,
) -> contact_creation::NewContact {
    let own_id: Option<Arc<str>> = body.id.take().map(Arc::from);
    let code: Arc<str> = match body.code.take() {
        Some(code) => code.into(),
        None => contact_creation::derived_code(address.entity).into(),
    };
    let contact_type = body.contact_type.into();
    let profile = body.profile();
    let claims = claims::of_new(api, caller, own_id.as_deref(), &code, &profile);
    contact_creation::NewContact {
        address,
        contact_type,
        own_id,
        code,
        claims,
        profile,
    }
}
