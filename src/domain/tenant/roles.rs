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
    /// Above [`OWNER_ROLE`], which is not stored.
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
    /// Make it. One that was made before stays as it is.
    Add(Role),
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
            RoleCommand::Add(role) if !self.organisations.contains(&role.organisation) => {
                Err(Rejection::UnknownOrganisation)
            }
            RoleCommand::Add(role) if known(&role.number).is_some() => Ok(Vec::new()),
            RoleCommand::Add(_) if self.roles.len() >= ROLES_MAX => Err(Rejection::ListFull),
            RoleCommand::Add(role) => Ok(vec![Event::RoleSet(role.clone())]),
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
        match self.roles.iter_mut().find(|it| it.number == role.number) {
            Some(known) => known.clone_from(role),
            None => self.roles.push(role.clone()),
        }
    }
}
