//! A role on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::fields::check_name;
use crate::domain::address::TenantId;
use crate::domain::api_key::{Scope, Scopes};
use crate::domain::ids::{Named, PublicId, PublicIds};
use crate::domain::tenant::{OWNER_ROLE, ROLE_NAME_BYTES_MAX, Role};
use crate::http::extract::{Faults, Validate};

/// A role to make.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewUserRole)]
pub(in super::super) struct NewRole {
    /// What people call it.
    #[schema(max_length = 40)]
    pub(super) name: String,
    /// Whose it is: users there and below may have it. Left out, it is the organisation that the caller acts for.
    pub(super) organisation_id: Option<String>,
    /// What it allows, such as `purchases.write`: nothing that the caller may not do.
    pub(super) permissions: Vec<String>,
}

/// What a role becomes.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserRoleChange)]
pub(in super::super) struct RoleChange {
    /// What people call it.
    #[schema(max_length = 40)]
    pub(super) name: String,
    /// What it allows from now on, for everybody who has it.
    pub(super) permissions: Vec<String>,
}

fn check(faults: &mut Faults, name: &str, permissions: &[String]) {
    check_name(faults, name);
    faults.require(
        name.len() <= ROLE_NAME_BYTES_MAX,
        "name",
        "too_long",
        "must have at most 40 bytes",
    );
    faults.within("permissions", |faults| {
        for (at, permission) in permissions.iter().enumerate() {
            faults.at(at, |faults| {
                faults.require(
                    Scope::from_name(permission).is_some(),
                    "",
                    "unknown_permission",
                    "must be a permission such as purchases.write",
                );
            });
        }
    });
}

impl Validate for NewRole {
    fn validate(&self, faults: &mut Faults) {
        check(faults, &self.name, &self.permissions);
    }
}

impl Validate for RoleChange {
    fn validate(&self, faults: &mut Faults) {
        check(faults, &self.name, &self.permissions);
    }
}

/// The set of these names. Those that name nothing were refused.
pub(super) fn permissions(names: &[String]) -> Scopes {
    Scopes::of(names.iter().filter_map(|name| Scope::from_name(name)))
}

/// A role.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserRole)]
pub(super) struct WireRole {
    id: String,
    name: String,
    /// Whose it is: users there and below may have it.
    organisation_id: String,
    /// What it allows.
    permissions: Vec<&'static str>,
    /// Whether it is the one that every network has: it allows everything, and is neither changed nor removed.
    is_owner: bool,
}

/// The id of a role of a tenant.
pub(in super::super) fn role_id(ids: &PublicIds, tenant: TenantId, number: u32) -> String {
    ids.write(PublicId {
        named: Named::Role,
        entity: tenant.0,
        part: number,
    })
}

impl WireRole {
    pub(super) fn of(ids: &PublicIds, tenant: TenantId, role: &Role) -> WireRole {
        WireRole {
            id: role_id(ids, tenant, role.number),
            name: role.name.clone(),
            organisation_id: ids.write(PublicId::of(Named::Organisation, role.organisation)),
            permissions: role.permissions.iter().map(Scope::name).collect(),
            is_owner: role.number == OWNER_ROLE,
        }
    }
}
