//! A user as a network sees it: its roles there, and nothing of what it does in others.

use serde::Serialize;
use utoipa::ToSchema;

use super::super::roles;
use crate::actors::router::OpenedProfile;
use crate::domain::address::{Address, Mode};
use crate::domain::contact::Profile;
use crate::domain::context::TenantView;
use crate::domain::ids::{Named, PublicId};
use crate::domain::user::{Membership, Purpose, User, Validity};
use crate::http::auth::Caller;
use crate::http::problem::{Code, Problem};
use crate::http::shown::role::WireRole;
use crate::http::{Api, failure, users};

/// Where a user is in its life, as far as the network knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = UserState)]
pub(super) enum State {
    /// It was asked, and has not accepted.
    Invited,
    /// It may sign in.
    Active,
    /// Nothing of the network is open to it.
    Inactive,
}

/// A user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub(super) struct WireUser {
    id: String,
    /// Null until the user has accepted: who it is elsewhere is not told.
    first_name: Option<String>,
    /// Null until the user has accepted.
    last_name: Option<String>,
    email_address: Option<String>,
    state: State,
    roles: Vec<WireMembership>,
    organisations: Vec<WireOrganisation>,
}

/// A role that a user has, or was offered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Membership)]
struct WireMembership {
    id: String,
    name: String,
    organisation_id: String,
    /// Whether it opens trials only, since test mode gave it.
    test_only: bool,
}

/// An organisation in which a user has a role.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MemberOrganisation)]
struct WireOrganisation {
    id: String,
    name: String,
    r#type: WireRole,
}

/// A user that the caller may know of.
pub(super) struct Member {
    /// Where it is.
    pub(super) address: Address,
    /// What it is.
    pub(super) state: Box<User>,
    /// Its roles, or those that it was offered, as far as the caller acts for the organisation.
    pub(super) memberships: Vec<Membership>,
    /// Where it is in its life.
    pub(super) stage: State,
    /// Its names and its e-mail address.
    pub(super) person: Profile,
}

/// The user at `address`, if the caller may know of it.
///
/// # Errors
/// No answer.
pub(super) async fn member(
    api: &Api,
    caller: &Caller,
    tenant: &TenantView,
    address: Address,
) -> Result<Option<Member>, Problem> {
    let state = api.router.user(address).await.map_err(failure::problem)?;
    let is_seen = |it: &&Membership| {
        it.tenant == caller.tenant() && caller.acts_for(tenant, Some(it.organisation))
    };
    let own = state.memberships.iter().filter(is_seen);
    let own: Vec<_> = own.copied().collect();
    let wall = api.router.wall();
    let letters = state.letters.iter().filter(|it| wall < it.expires_at);
    let offered = letters.filter_map(|it| match &it.purpose {
        Purpose::Invitation(memberships) => Some(memberships),
        Purpose::Verification(_) | Purpose::Reset => None,
    });
    let offered: Vec<_> = offered.flatten().filter(is_seen).copied().collect();
    let (memberships, stage) = if own.iter().any(|it| it.is_active) {
        (own, State::Active)
    } else if !offered.is_empty() {
        (offered, State::Invited)
    } else if !own.is_empty() {
        (own, State::Inactive)
    } else {
        return Ok(None);
    };
    let Some(sealed) = &state.person else {
        return Ok(None);
    };
    let opened = api.router.open_profile(&address, sealed);
    let person = match opened.map_err(failure::problem)? {
        OpenedProfile::Plain(person) => *person,
        OpenedProfile::Erased => return Ok(None),
    };
    Ok(Some(Member {
        address,
        state,
        memberships,
        stage,
        person,
    }))
}

/// The user of this id, if the caller may know of it.
///
/// # Errors
/// 404 for any other; no answer.
pub(super) async fn named(
    api: &Api,
    caller: &Caller,
    tenant: &TenantView,
    id: &str,
) -> Result<Member, Problem> {
    let named = api.router.secrets().public_ids().read_as(Named::User, id);
    let named = named
        .filter(|it| it.part == 0)
        .ok_or_else(failure::not_found)?;
    let address = Address::user(named.entity);
    // Not even looked up, unless the network lists it.
    let listed = api.router.tenant(caller.tenant()).await;
    let listed = listed.map_err(failure::problem)?.users;
    if !listed.contains(&named.entity) {
        return Err(failure::not_found());
    }
    let found = member(api, caller, tenant, address).await?;
    found.ok_or_else(failure::not_found)
}

impl Member {
    /// As the caller sees it.
    pub(super) fn shown(&self, api: &Api, tenant: &TenantView) -> WireUser {
        let ids = api.router.secrets().public_ids();
        let accepted = |name: &Option<String>| match self.stage {
            State::Invited => None,
            State::Active | State::Inactive => name.clone(),
        };
        let organisation = |number| ids.write(PublicId::of(Named::Organisation, number));
        let held = self.memberships.iter().filter_map(|it| {
            let role = tenant.role(it.role)?;
            Some(WireMembership {
                id: roles::role_id(ids, it.tenant, it.role),
                name: role.name.clone(),
                organisation_id: organisation(it.organisation),
                test_only: it.validity == Validity::TestMode,
            })
        });
        let mut numbers: Vec<_> = self.memberships.iter().map(|it| it.organisation).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let known = numbers.into_iter().filter_map(|number| {
            let found = tenant.organisations.get(&number)?;
            Some(WireOrganisation {
                id: organisation(number),
                name: found.name.clone(),
                r#type: found.role.into(),
            })
        });
        WireUser {
            id: users::id(api, self.address),
            first_name: accepted(&self.person.first_name),
            last_name: accepted(&self.person.last_name),
            email_address: self.person.email_address.clone(),
            state: self.stage,
            roles: held.collect(),
            organisations: known.collect(),
        }
    }

    /// Demands that the caller may do all that these roles allow: nobody gives or takes what they have not.
    pub(super) fn require_all(
        caller: &Caller,
        tenant: &TenantView,
        memberships: &[Membership],
    ) -> Result<(), Problem> {
        let roles = memberships.iter().filter_map(|it| tenant.role(it.role));
        for role in roles {
            caller.require_all(role.permissions)?;
        }
        Ok(())
    }
}

/// In which modes what the caller gives holds: test mode gives nothing of live business.
pub(in super::super) fn validity(caller: &Caller) -> Validity {
    match caller.mode() {
        Mode::Test => Validity::TestMode,
        Mode::Live | Mode::Shared => Validity::BothModes,
    }
}

/// The organisation of this id, or the caller's own.
pub(super) fn organisation(
    api: &Api,
    caller: &Caller,
    tenant: &TenantView,
    id: Option<&str>,
) -> Result<u64, Problem> {
    let ids = api.router.secrets().public_ids();
    let found = match id {
        Some(id) => caller.organisation(ids, tenant, id),
        None => Some(caller.bound_to().unwrap_or_else(|| tenant.owner())),
    };
    found.ok_or_else(|| {
        Problem::new(
            Code::UnknownOrganisation,
            "organisation_id names none that the caller acts for",
        )
    })
}

/// What a user with these roles in `organisation` may do there: nothing that the caller may not.
pub(super) fn memberships(
    api: &Api,
    caller: &Caller,
    tenant: &TenantView,
    organisation: u64,
    ids: &[String],
) -> Result<Vec<Membership>, Problem> {
    let mut memberships = Vec::with_capacity(ids.len());
    for (at, id) in ids.iter().enumerate() {
        let role = roles::named(api, caller, tenant, id);
        let role = role.filter(|role| tenant.is_within(organisation, role.organisation));
        let role = role.ok_or_else(|| {
            failure::invalid_field(
                &format!("/roles/{at}"),
                "unknown_role",
                "must be the id of a role of the organisation, or of one above it",
            )
        })?;
        memberships.push(Membership {
            tenant: caller.tenant(),
            organisation,
            role: role.number,
            validity: validity(caller),
            is_active: true,
        });
    }
    Member::require_all(caller, tenant, &memberships)?;
    Ok(memberships)
}
