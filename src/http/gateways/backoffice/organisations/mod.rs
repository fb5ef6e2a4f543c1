//! Organisations. They belong to both modes, so that a test key reads them only.
mod checks;
pub(super) mod create;
pub(super) mod get;
pub(super) mod masquerade;
pub(super) mod network;
mod profile;
pub(super) mod register;
pub(super) mod switch;
pub(super) mod update;
pub(super) mod wire;

use crate::domain::address::{Address, Kind, Mode};
use crate::domain::apps::FieldEntity;
use crate::domain::context::TenantView;
use crate::domain::organisation::Role;
use crate::http::auth::Caller;
use crate::http::gateways::custom_fields;
use crate::http::problem::Problem;
use crate::http::shown::organisation::WireOrganisationField;
use crate::http::{Api, failure};

/// The organisation of this id, by entity number, if the caller may know of it.
fn named(api: &Api, caller: &Caller, tenant: &TenantView, id: &str) -> Result<u64, Problem> {
    let ids = api.router.secrets().public_ids();
    caller
        .organisation(ids, tenant, id)
        .ok_or_else(failure::not_found)
}

fn address(caller: &Caller, entity: u64) -> Address {
    Address {
        tenant: caller.tenant(),
        mode: Mode::Shared,
        kind: Kind::Organisation,
        entity,
    }
}

/// Checks custom fields by what the tenant has defined for organisations.
async fn require_defined(
    api: &Api,
    caller: &Caller,
    fields: Option<&[WireOrganisationField]>,
) -> Result<(), Problem> {
    let fields = fields.unwrap_or_default().iter();
    let fields: Vec<_> = fields
        .map(|it| (it.key.as_str(), it.value.as_str()))
        .collect();
    let fields = fields.into_iter();
    custom_fields::check(api, caller, FieldEntity::Organisations, fields).await
}

/// Demands that one with a TAP sells.
fn require_seller(role: Role, tap_code: Option<&str>) -> Result<(), Problem> {
    if tap_code.is_none() || role.sells() {
        return Ok(());
    }
    Err(failure::invalid_field(
        "/tap_code",
        "unsupported",
        "is for a MERCHANT or a VENUE; leave it out",
    ))
}
