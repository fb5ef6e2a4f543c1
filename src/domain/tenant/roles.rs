//! Roles: what a tenant's users may do where they have one.

use super::{Event, Rejection, Tenant};
use crate::domain::api_key::Scopes;

/// How many roles a tenant has beside that of owners: 60 bytes each in the tenant's row, 3 KiB.
pub const ROLES_MAX: usize = 50;

/// The longest name of a role, in bytes.
pub const ROLE_NAME_BYTES_MAX: usize = 40;

/// The number of the role that every tenant has: it may do everything, also what comes later, and is neither changed nor removed.
pub const OWNER_ROLE: u32 = 1;

/// A role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Counted from 2; [`OWNER_ROLE`] is not stored.
    pub number: u32,
    /// Whose it is, by entity number: users there and below may have it.
    pub organisation: u64,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub permissions: Scopes,
}

/// What to do with a role.
#[derive(Clone, Debug)]
pub enum RoleCommand {
    /// Make it, with a number of its own.
    Add(u64, String, Scopes),
    /// Give it this name and these permissions.
    Change(u32, String, Scopes),
    /// Take it away from everybody who has it.
    Remove(u32),
}

impl Role {
    /// The role of owners, in the network of `owner`.
    pub fn of_owners(owner: u64) -> Role {
        Role {
            number: OWNER_ROLE,
            organisation: owner,
            name: "Owner".to_owned(),
            permissions: Scopes::all(),
        }
    }
}

impl Tenant {
    pub(super) fn decide_role(&self, command: &RoleCommand) -> Result<Vec<Event>, Rejection> {
        let known = |number: &u32| self.roles.iter().find(|role| role.number == *number);
        match command {
            RoleCommand::Add(organisation, ..) if !self.organisations.contains(organisation) => {
                Err(Rejection::UnknownOrganisation)
            }
            RoleCommand::Add(..) if self.roles.len() >= ROLES_MAX => Err(Rejection::ListFull),
            RoleCommand::Add(organisation, name, permissions) => Ok(vec![Event::RoleSet(Role {
                number: self.role_count.max(OWNER_ROLE).saturating_add(1),
                organisation: *organisation,
                name: name.clone(),
                permissions: *permissions,
            })]),
            RoleCommand::Change(number, name, permissions) => {
                let before = known(number).ok_or(Rejection::UnknownRole)?;
                let after = Role {
                    name: name.clone(),
                    permissions: *permissions,
                    ..before.clone()
                };
                Ok(if after == *before {
                    Vec::new()
                } else {
                    vec![Event::RoleSet(after)]
                })
            }
            RoleCommand::Remove(number) => match known(number) {
                Some(_) => Ok(vec![Event::RoleRemoved(*number)]),
                None => Err(Rejection::UnknownRole),
            },
        }
    }

    pub(super) fn set_role(&mut self, role: &Role) {
        self.role_count = self.role_count.max(role.number);
        match self.roles.iter_mut().find(|it| it.number == role.number) {
            Some(known) => known.clone_from(role),
            None => self.roles.push(role.clone()),
        }
    }
}
