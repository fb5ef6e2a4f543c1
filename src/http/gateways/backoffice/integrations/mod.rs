//! What messages of live mode leave through.

pub(super) mod create;
pub(super) mod deactivate;
pub(super) mod get;
pub(super) mod list;
pub(super) mod try_out;
mod wire;

use crate::domain::address::{Address, Mode};
use crate::domain::entity::{Answer, Query};
use crate::domain::ids::{Named, PublicId};
use crate::domain::tenant::{INTEGRATION_SEALED_BYTES_MAX, Integration, Service, Tenant};
use crate::http::auth::Caller;
use crate::http::gateways::once::Once;
use crate::http::problem::{Code, Problem};
use crate::http::{Api, failure};

/// Demands a live key that belongs to no organisation.
fn require_live(caller: &Caller) -> Result<(), Problem> {
    if caller.mode() != Mode::Live {
        return Err(Problem::new(
            Code::LiveKeyRequired,
            "in test mode nothing leaves the server: integrations are of live mode; send a live secret key (sk_live_…)",
        ));
    }
    match caller.bound_to() {
        None => Ok(()),
        Some(_) => Err(Problem::new(
            Code::InsufficientScope,
            "integrations are of the whole network; send a key that belongs to no organisation",
        )),
    }
}

/// The tenant of the caller.
pub(super) async fn tenant(api: &Api, caller: &Caller) -> Result<Tenant, Problem> {
    let tenant = Address::tenant(caller.tenant());
    let reply = api.router.query(tenant, Query::Tenant).await;
    match reply.result.map_err(failure::problem)? {
        Answer::Tenant(tenant) => Ok(*tenant),
        _ => Err(failure::not_found()),
    }
}

/// The number of what a request makes, and its settings, sealed.
pub(super) fn sealed(
    api: &Api,
    caller: &Caller,
    once: &Once,
    settings: &[u8],
) -> Result<(u32, Vec<u8>), Problem> {
    let secrets = api.router.secrets();
    // Half of what derives from the request: a retry finds the same, and sixteen others hardly ever meet it.
    let number = secrets.derived_entity(&once.scope(), 0) & u64::from(u32::MAX);
    let number = u32::try_from(number).unwrap_or_default();
    let sealed = secrets.seal_settings(caller.tenant(), number, settings);
    let sealed = sealed.map_err(|error| {
        tracing::error!(%error, "settings cannot be sealed");
        Problem::from(Code::Internal)
    })?;
    if sealed.len() > INTEGRATION_SEALED_BYTES_MAX {
        return Err(failure::invalid_field(
            "",
            "too_long",
            "the settings are too long: they have room for about 900 bytes in all",
        ));
    }
    Ok((number, sealed))
}

/// The id of the caller's integration of this number.
fn id(api: &Api, caller: &Caller, number: u32) -> String {
    api.router.secrets().public_ids().write(PublicId {
        named: Named::Integration,
        entity: Address::tenant(caller.tenant()).entity,
        part: number,
    })
}

/// The number of an integration, in the text of its id.
fn number_of(api: &Api, caller: &Caller, id: &str) -> Result<u32, Problem> {
    let ids = api.router.secrets().public_ids();
    let own = Address::tenant(caller.tenant()).entity;
    ids.read_as(Named::Integration, id)
        .filter(|id| id.entity == own)
        .map(|id| id.part)
        .ok_or_else(failure::not_found)
}

/// The integration of this id.
async fn find(api: &Api, caller: &Caller, id: &str) -> Result<Integration, Problem> {
    let number = number_of(api, caller, id)?;
    let tenant = tenant(api, caller).await?;
    tenant
        .integration(number)
        .filter(|it| it.connector.service() == Service::Messages && it.mode == caller.mode())
        .cloned()
        .ok_or_else(failure::not_found)
}
