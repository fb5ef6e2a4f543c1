//! `POST /organisations`

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::wire::{CreatedOrganisation, NewOrganisation};
use super::{address, require_defined, require_seller};
use crate::domain::api_key::Scope;
use crate::domain::context::TenantView;
use crate::domain::ids::{Named, PublicId};
use crate::domain::organisation::Role;
use crate::http::audit::{audited, target};
use crate::http::auth::{Authorized, Caller};
use crate::http::extract::{Conditions, ValidJson};
use crate::http::gateways::once::Once;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::shown::role::WireRole;
use crate::http::{Api, failure, reply};
use crate::limits::NETWORK_LEVELS_MAX;

/// Create an organisation in the network.
///
/// It belongs to both modes. With an `Idempotency-Key`, a retry answers with the same organisation.
#[utoipa::path(
    post, path = "/organisations", tag = "Organisations", security(("api_key" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once")),
    request_body = NewOrganisation,
    responses(
        (status = 201, description = "Created", body = CreatedOrganisation),
        (status = 400, description = "Not JSON, or an unknown parent", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this, or is a test one", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "There are as many organisations as there may be, or another one has the TAP", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, or the key was used for another request", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn create(
    State(api): State<Api>,
    caller: Authorized<{ Scope::OrganisationsWrite.bit() }>,
    headers: Conditions,
    body: ValidJson<NewOrganisation>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let parent = parent(&api, &caller, &tenant, &body)?;
    require_seller(body.r#type.into(), body.tap_code.as_deref())?;
    require_defined(&api, &caller, body.custom_fields.as_deref()).await?;
    let once = Once::of(&caller, &headers, "organisations.create", None, &body.hash)?;
    let secrets = api.router.secrets();
    let address = address(&caller, secrets.derived_entity(&once.scope(), 0));
    let organisation = body.below(parent, address.entity, secrets.public_ids())?;
    let tap_code = body.tap_code.clone();
    let act = async {
        let remember = once.remember(&api);
        let create = api
            .router
            .create_organisation(address, organisation, tap_code, remember);
        let (created, engine) = create.await;
        let timings = reply::timings(&caller, engine);
        Ok(match created {
            Ok(()) => {
                let id = PublicId::of(Named::Organisation, address.entity);
                let created = CreatedOrganisation {
                    id: secrets.public_ids().write(id),
                };
                reply::json(StatusCode::CREATED, &created, timings)
            }
            Err(why) => reply::refused(failure::problem(why), timings),
        })
    };
    let target = target(&api, Named::Organisation, address.entity);
    audited(&api, &caller, "organisations.create", target, act).await
}

/// What the organisation is to lie below.
fn parent(
    api: &Api,
    caller: &Caller,
    tenant: &TenantView,
    body: &NewOrganisation,
) -> Result<u64, Problem> {
    let unknown = || {
        Problem::new(
            Code::UnknownOrganisation,
            "parent.id names none that this key acts for",
        )
    };
    let number = match &body.parent {
        Some(parent) => {
            let ids = api.router.secrets().public_ids();
            caller.organisation(ids, tenant, &parent.id)
        }
        None => Some(caller.bound_to().unwrap_or_else(|| tenant.owner())),
    };
    let number = number.ok_or_else(unknown)?;
    let part = tenant.part_at(number).ok_or_else(unknown)?;
    let role = Role::from(body.r#type);
    if !role.lies_below(part) {
        return Err(misplaced(role));
    }
    if tenant.level_of(number) >= NETWORK_LEVELS_MAX {
        return Err(failure::invalid_field(
            "/parent",
            "too_deep",
            "must lie higher up: a network has 12 levels",
        ));
    }
    Ok(number)
}

/// The refusal of a parent below which the new organisation's part has no place.
fn misplaced(role: Role) -> Problem {
    let places = role.places().iter();
    let places: Vec<_> = places.map(|it| WireRole::from(*it).to_string()).collect();
    let detail = format!(
        "must name what a new {} lies below: {}, or an ORGANISATION that lies below one",
        WireRole::from(role),
        places.join(", ")
    );
    failure::invalid_field("/parent", "misplaced", detail)
}
