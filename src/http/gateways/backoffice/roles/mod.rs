//! Roles: what the users of an organisation, and of those below it, may do.
pub(super) mod change;
pub(super) mod create;
pub(super) mod list;
pub(super) mod remove;
mod wire;

use crate::domain::context::TenantView;
use crate::domain::ids::Named;
use crate::domain::tenant::{OWNER_ROLE, Role};
use crate::http::auth::Caller;
use crate::http::problem::{Code, Problem};
use crate::http::{Api, failure};

pub(super) use self::wire::role_id;

/// The role of this id, if the caller may know of it: one of its own organisations, or of those above them, whose roles its users may have.
pub(super) fn named<'a>(
    api: &Api,
    caller: &Caller,
    tenant: &'a TenantView,
    id: &str,
) -> Option<&'a Role> {
    let ids = api.router.secrets().public_ids();
    let named = ids.read_as(Named::Role, id)?;
    let is_of_tenant = named.entity == caller.tenant().0;
    let role = tenant.role(named.part).filter(|_| is_of_tenant)?;
    is_known(caller, tenant, role).then_some(role)
}

fn is_known(caller: &Caller, tenant: &TenantView, role: &Role) -> bool {
    let own = caller.bound_to();
    caller.acts_for(tenant, Some(role.organisation))
        || own.is_some_and(|own| tenant.is_within(own, role.organisation))
}

/// The role of this id, if the caller may change it: one of its own organisations, that allows nothing which the caller may not do.
fn changeable<'a>(
    api: &Api,
    caller: &Caller,
    tenant: &'a TenantView,
    id: &str,
) -> Result<&'a Role, Problem> {
    let role = named(api, caller, tenant, id).ok_or_else(failure::not_found)?;
    if role.number == OWNER_ROLE || !caller.acts_for(tenant, Some(role.organisation)) {
        return Err(Problem::new(
            Code::InsufficientScope,
            "the role of owners, and one of an organisation above, can be neither changed nor removed here",
        ));
    }
    caller.require_all(role.permissions)?;
    Ok(role)
}
