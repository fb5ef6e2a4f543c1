//! `PUT /organisations/{id}`

use axum::extract::{Path, State};
use axum::response::Response;

use super::get::shown;
use super::wire::{ChangedOrganisation, WireOrganisation};
use super::{address, named, require_defined, require_seller};
use crate::actors::router::{Failure, Timings, Unavailable};
use crate::domain::address::Address;
use crate::domain::api_key::Scope;
use crate::domain::entity::Command;
use crate::domain::ids::Named;
use crate::domain::{organisation, tenant};
use crate::http::audit::{audited, target};
use crate::http::auth::{Authorized, Caller};
use crate::http::extract::ValidJson;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// Change an organisation: its name, time zone or TAP, or what contacts are shown of it.
///
/// The very next purchase and the very next request of a contact go by it. Its type and its place in the network are for ever.
#[utoipa::path(
    put, path = "/organisations/{id}", tag = "Organisations", security(("api_key" = [])),
    params(("id" = String, Path, description = "The organisation's id")),
    request_body = ChangedOrganisation,
    responses(
        (status = 200, description = "The organisation as it is now", body = WireOrganisation),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this, or is a test one", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No organisation of this id that the key acts for", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Another organisation has the TAP", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn update(
    State(api): State<Api>,
    caller: Authorized<{ Scope::OrganisationsWrite.bit() }>,
    Path(id): Path<String>,
    body: ValidJson<ChangedOrganisation>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let number = named(&api, &caller, &tenant, &id)?;
    let before = tenant.organisations.get(&number);
    let before = before.ok_or_else(failure::not_found)?;
    require_defined(&api, &caller, body.custom_fields.as_deref()).await?;
    let change = body.change(number, before, api.router.secrets().public_ids())?;
    if let Some(code) = &body.tap_code {
        require_seller(before.role, code.as_deref())?;
    }
    let act = async {
        let mut engine = Timings::default();
        let changed = set(&api, &caller, number, &body.tap_code, change, &mut engine).await;
        if let Err(why) = changed {
            let timings = reply::timings(&caller, engine);
            return Ok(reply::refused(failure::problem(why), timings));
        }
        let tenant = caller.tenant_view(&api).await?;
        shown(&api, &caller, &tenant, number, engine)
    };
    let target = target(&api, Named::Organisation, number);
    audited(&api, &caller, "organisations.update", target, act).await
}

async fn set(
    api: &Api,
    caller: &Caller,
    number: u64,
    tap_code: &Option<Option<String>>,
    change: organisation::Change,
    engine: &mut Timings,
) -> Result<(), Failure> {
    if let Some(code) = tap_code {
        // First, since another organisation may have the code: then nothing has changed.
        let set = Command::Tenant(tenant::Command::SetTap(number, code.clone()));
        let tenant = Address::tenant(caller.tenant());
        let answer = api.router.command(tenant, set, None, None).await;
        engine.add(answer.timings);
        answer.result?;
    }
    let command = Command::Organisation(organisation::Command::Change(Box::new(change)));
    let address = address(caller, number);
    let answer = api.router.command(address, command, None, None).await;
    engine.add(answer.timings);
    match answer.result {
        // "Nothing happened" would not be true of the TAP.
        Err(Failure::Unavailable(_)) if tap_code.is_some() => {
            Err(Failure::Unavailable(Unavailable::UnknownOutcome))
        }
        Err(why) => Err(why),
        Ok(_) => Ok(()),
    }
}
