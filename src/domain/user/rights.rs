//! What a user may do in a session: by its roles as they are now, whatever its token says.

use super::{SessionView, UserView};
use crate::domain::api_key::{Scope, Scopes};
use crate::domain::context::TenantView;

/// What nobody may do who acts as another organisation: whatever would outlive it, and what is of the whole network alone.
pub const WITHHELD_IN_MASQUERADE: [Scope; 6] = [
    Scope::KeysWrite,
    Scope::UsersWrite,
    Scope::RolesWrite,
    Scope::Masquerade,
    Scope::IntegrationsRead,
    Scope::IntegrationsWrite,
];

impl UserView {
    /// What `session` allows in the network of its place. `tenant` is that network.
    pub fn rights(&self, session: &SessionView, tenant: &TenantView) -> Scopes {
        if self.password_expired {
            return Scopes::default();
        }
        if !session.is_masquerade {
            let roles = self.roles_at(session, session.place.organisation);
            return union(tenant, roles);
        }
        self.rights_from_above(session, tenant, session.place.organisation)
            .beyond(Scopes::of(WITHHELD_IN_MASQUERADE))
    }

    /// What the user's roles in the organisations above `organisation` allow, as far as they let it act as those below.
    pub fn rights_from_above(
        &self,
        session: &SessionView,
        tenant: &TenantView,
        organisation: u64,
    ) -> Scopes {
        let above = self.roles_above(session, tenant, organisation);
        let each = above.map(|role| union(tenant, std::iter::once(role)));
        let grants = each.filter(|scopes| scopes.allows(Scope::Masquerade));
        grants.fold(Scopes::default(), |all, one| Scopes(all.0 | one.0))
    }

    fn roles_above(
        &self,
        session: &SessionView,
        tenant: &TenantView,
        organisation: u64,
    ) -> impl Iterator<Item = u32> {
        let place = session.place;
        let above = self.memberships.iter().filter(move |it| {
            it.holds(place.tenant, place.mode)
                && it.organisation != organisation
                && tenant.is_within(organisation, it.organisation)
        });
        above.map(|it| it.role)
    }

    /// What the roles are called that [`Self::rights`] goes by, as far as they are known.
    pub fn roles<'a>(&self, session: &SessionView, tenant: &'a TenantView) -> Vec<&'a str> {
        let organisation = session.place.organisation;
        let numbers: Vec<_> = match session.is_masquerade {
            true => self.roles_above(session, tenant, organisation).collect(),
            false => self.roles_at(session, organisation).collect(),
        };
        let known = numbers.into_iter().filter_map(|it| tenant.role(it));
        known.map(|role| role.name.as_str()).collect()
    }

    /// The user's roles in `organisation`, by number, that hold where `session` looks.
    pub fn roles_at(
        &self,
        session: &SessionView,
        organisation: u64,
    ) -> impl Iterator<Item = u32> + use<'_> {
        let place = session.place;
        let there = self.memberships.iter().filter(move |it| {
            it.organisation == organisation && it.holds(place.tenant, place.mode)
        });
        there.map(|it| it.role)
    }
}

fn union(tenant: &TenantView, roles: impl Iterator<Item = u32>) -> Scopes {
    let known = roles.filter_map(|number| tenant.role(number));
    known.fold(Scopes::default(), |all, role| {
        Scopes(all.0 | role.permissions.0)
    })
}
