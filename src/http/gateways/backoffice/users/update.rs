//! `PUT /users/{id}` and `POST /users/{id}/deactivate`

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::invite::WireId;
use super::member::{Member, memberships, named, organisation, validity};
use super::wire::{check_person_name, check_roles};
use crate::actors::router::Timings;
use crate::domain::api_key::Scope;
use crate::domain::contact::Profile;
use crate::domain::context::TenantView;
use crate::domain::time::Timestamp;
use crate::domain::user::{Command, Membership, SetMemberships};
use crate::http::audit::audited;
use crate::http::auth::{Authorized, Caller, Who};
use crate::http::extract::{Faults, ValidJson, Validate};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// What a user becomes. What is left out stays.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserChange)]
pub(in super::super) struct UserChange {
    #[schema(max_length = 200)]
    first_name: Option<String>,
    #[schema(max_length = 200)]
    last_name: Option<String>,
    /// In which organisation the user is to have `roles`. Left out, it is the one that the caller acts for.
    organisation_id: Option<String>,
    /// The ids of all roles that the user is to have there.
    roles: Option<Vec<String>>,
}

impl Validate for UserChange {
    fn validate(&self, faults: &mut Faults) {
        check_person_name(faults, "first_name", self.first_name.as_deref());
        check_person_name(faults, "last_name", self.last_name.as_deref());
        if let Some(roles) = &self.roles {
            check_roles(faults, roles);
        }
        faults.require(
            self.organisation_id.is_none() || self.roles.is_some(),
            "organisation_id",
            "without_roles",
            "says where roles are; leave it out",
        );
    }
}

/// Change a user's names, or its roles in an organisation: the roles hold from the answer on.
///
/// Nobody gives or takes a role that allows more than they may do, nor takes one from themselves. Names are of the person: where that works for other networks too, it changes
/// them itself. In test mode only roles that test mode gave are changed.
#[utoipa::path(
    put, path = "/users/{id}", tag = "Users", security(("api_key" = [])),
    params(("id" = String, Path, description = "The user's id")),
    request_body = UserChange,
    responses(
        (status = 200, description = "Changed", body = WireId),
        (status = 400, description = "Not JSON, or an organisation that is not known", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No credential, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The credential does not cover this, or not what a role allows", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No user of this id", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The user has 50 roles, or has not accepted its invitation", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn update(
    State(api): State<Api>,
    caller: Authorized<{ Scope::UsersWrite.bit() }>,
    Path(id): Path<String>,
    body: ValidJson<UserChange>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let member = named(&api, &caller, &tenant, &id).await?;
    let act = async {
        if let Some(roles) = &body.roles {
            let named = body.organisation_id.as_deref();
            let to = |caller: &Caller, tenant: &TenantView, _: &Member| {
                let place = organisation(&api, caller, tenant, named)?;
                let after = memberships(&api, caller, tenant, place, roles)?;
                Ok((Some(place), after))
            };
            in_turn(&api, &caller, &id, to).await?;
        }
        if body.first_name.is_some() || body.last_name.is_some() {
            rename(&api, &caller, &tenant, &member, &body).await?;
        }
        let id = WireId { id: id.clone() };
        let timings = reply::timings(&caller, Timings::default());
        Ok(reply::json(StatusCode::OK, &id, timings))
    };
    audited(&api, &caller, "users.update", Some(id.clone()), act).await
}

/// In which organisation roles are changed, or in all of the caller's, and what they are to be.
type Change = (Option<u64>, Vec<Membership>);

/// Changes a user's roles to what `to` makes of them. One change in a network comes after the other, and each goes by what the caller may do when it is its
/// turn: two who take each other's roles at the same moment would leave nobody.
async fn in_turn(
    api: &Api,
    caller: &Caller,
    id: &str,
    to: impl FnOnce(&Caller, &TenantView, &Member) -> Result<Change, Problem> + Send,
) -> Result<(), Problem> {
    let turn = api.router.begin_role_change(caller.tenant()).await;
    let turn = turn.map_err(failure::problem)?;
    let changed = async {
        let caller = caller.again(api).await?;
        caller.require(Scope::UsersWrite)?;
        let tenant = caller.tenant_view(api).await?;
        let member = named(api, &caller, &tenant, id).await?;
        let change = to(&caller, &tenant, &member)?;
        set(api, &caller, &tenant, &member, change, turn.until).await
    };
    let changed = changed.await;
    let may_still_be = |problem: &Problem| problem.code() == Code::UnknownOutcome;
    if !changed.as_ref().is_err_and(may_still_be) {
        api.router.end_role_change(turn).await;
    }
    changed
}

/// Gives a user other roles for those that it has where they are changed.
async fn set(
    api: &Api,
    caller: &Caller,
    tenant: &TenantView,
    member: &Member,
    (place, after): Change,
    until: Timestamp,
) -> Result<(), Problem> {
    let own = validity(caller);
    let is_changed = |it: &Membership| {
        it.validity == own
            && place.is_none_or(|place| it.organisation == place)
            && caller.acts_for(tenant, Some(it.organisation))
    };
    let here = member.state.memberships.iter().copied();
    let here: Vec<_> = here.filter(|it| it.tenant == caller.tenant()).collect();
    let (before, stay): (Vec<_>, Vec<_>) = here.iter().partition(|it| is_changed(it));
    require_accepted(caller, member)?;
    Member::require_all(caller, tenant, &before)?;
    let is_self = matches!(&caller.who, Who::User(user) if user.user == member.address);
    if is_self && !before.iter().all(|it| after.contains(it)) {
        return Err(Problem::new(
            Code::InsufficientScope,
            "nobody takes a role from themselves: the last who could let others in would be gone; ask another user who may",
        ));
    }
    let set = Command::SetMemberships(SetMemberships {
        tenant: caller.tenant(),
        before: here,
        after: stay.into_iter().chain(after).collect(),
        until,
    });
    let set = api.router.tell_user(member.address, set, None).await;
    set.map(|_| ()).map_err(failure::problem)
}

/// Demands that the user has accepted an invitation of this network: before, nothing tells whether others know it.
fn require_accepted(caller: &Caller, member: &Member) -> Result<(), Problem> {
    let is_own = |it: &Membership| it.tenant == caller.tenant();
    if member.state.memberships.iter().any(is_own) {
        return Ok(());
    }
    Err(Problem::new(
        Code::LimitReached,
        "the user has not accepted its invitation; invite it again with other names or roles",
    ))
}

async fn rename(
    api: &Api,
    caller: &Caller,
    tenant: &TenantView,
    member: &Member,
    body: &UserChange,
) -> Result<(), Problem> {
    require_accepted(caller, member)?;
    let is_own = |it: &Membership| it.tenant == caller.tenant();
    if !member.state.memberships.iter().all(is_own) {
        return Err(Problem::new(
            Code::InsufficientScope,
            "this person works for other networks too, which know it by these names",
        ));
    }
    Member::require_all(caller, tenant, &member.memberships)?;
    let before = &member.person;
    let person = Profile {
        first_name: body
            .first_name
            .clone()
            .or_else(|| before.first_name.clone()),
        last_name: body.last_name.clone().or_else(|| before.last_name.clone()),
        ..before.clone()
    };
    let sealed = member.state.person.as_ref();
    let sealed = api.router.seal_person(&member.address, sealed, &person);
    let rename = Command::Rename(sealed.map_err(failure::problem)?);
    let renamed = api.router.tell_user(member.address, rename, None).await;
    renamed.map(|_| ()).map_err(failure::problem)
}

/// Deactivate a user: nothing of the caller's organisations is open to it from the answer on.
///
/// Invite it again to let it back in. Nobody does it to themselves. In test mode only what test mode gave is taken.
#[utoipa::path(
    post, path = "/users/{id}/deactivate", tag = "Users", security(("api_key" = [])),
    params(("id" = String, Path, description = "The user's id")),
    responses(
        (status = 204, description = "Deactivated"),
        (status = 401, description = "No credential, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The credential does not cover this, or not what a role of the user allows", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No user of this id", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The user has not accepted its invitation", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn deactivate(
    State(api): State<Api>,
    caller: Authorized<{ Scope::UsersWrite.bit() }>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    named(&api, &caller, &tenant, &id).await?;
    let inactive = |caller: &Caller, tenant: &TenantView, member: &Member| {
        let own = validity(caller);
        let here = member.state.memberships.iter().filter(|it| {
            it.tenant == caller.tenant()
                && it.validity == own
                && caller.acts_for(tenant, Some(it.organisation))
        });
        let inactive = here.map(|it| Membership {
            is_active: false,
            ..*it
        });
        Ok((None, inactive.collect()))
    };
    let act = async {
        in_turn(&api, &caller, &id, inactive).await?;
        Ok(reply::no_content(reply::timings(
            &caller,
            Timings::default(),
        )))
    };
    audited(&api, &caller, "users.deactivate", Some(id.clone()), act).await
}
