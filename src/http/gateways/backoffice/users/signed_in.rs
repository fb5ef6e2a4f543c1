//! The answer of whatever signs a user in, or brings it elsewhere: its tokens, who it is, and where it looks.

use std::time::Instant;

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::wire::WireMode;
use crate::actors::router::{OpenedProfile, Timings};
use crate::domain::address::Address;
use crate::domain::context::TenantView;
use crate::domain::ids::{Named, PublicId, PublicIds};
use crate::domain::organisation::Organisation;
use crate::domain::user::{SessionView, User, UserView};
use crate::http::problem::{Code, Problem};
use crate::http::shown::role::WireRole;
use crate::http::tokens::UserGrant;
use crate::http::{Api, failure, reply, users};

/// A user that has signed in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SignedInUser)]
pub(in super::super) struct WireSignedIn {
    /// For the `Authorization` header, until `expiration_date`.
    access_token: String,
    /// For `refresh`, once.
    refresh_token: String,
    /// When the access token expires: its `exp`, in Unix seconds.
    expiration_date: i64,
    /// What the token sees: real business or trials.
    mode: WireMode,
    /// When the user was last locked out by wrong passwords, in Unix seconds.
    lockout_date: Option<i64>,
    /// Whether the password was given by somebody else, and opens nothing until another is chosen.
    password_expired: bool,
    user: WireUser,
    /// The organisation that the token looks at.
    organisation: WireOrganisation,
    /// The names of what the user is there.
    roles: Vec<String>,
    /// Whether the user acts as the organisation by a role above it.
    is_masquerade: bool,
    /// The organisations in which the user has roles of its own. What lies below them is in `/organisations/{id}/network`.
    organisations: Vec<WireOrganisation>,
}

/// Who has signed in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserName)]
struct WireUser {
    id: String,
    first_name: Option<String>,
    last_name: Option<String>,
}

/// An organisation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserOrganisation)]
struct WireOrganisation {
    id: String,
    name: String,
    r#type: WireRole,
}

impl WireOrganisation {
    fn of(ids: &PublicIds, number: u64, organisation: &Organisation) -> WireOrganisation {
        WireOrganisation {
            id: ids.write(PublicId::of(Named::Organisation, number)),
            name: organisation.name.clone(),
            r#type: organisation.role.into(),
        }
    }
}

/// The answer to the user at `user` in this session.
pub(in super::super) async fn signed_in(
    api: &Api,
    began: Instant,
    user: Address,
    session: &SessionView,
) -> Result<Response, Problem> {
    let state = api.router.user(user).await.map_err(failure::problem)?;
    let view = state.view();
    let place = session.place;
    let tenant = api.router.tenant_view(place.tenant, place.mode).await;
    let tenant = tenant.map_err(failure::problem)?;
    let secrets = api.router.secrets();
    let ids = secrets.public_ids();
    // It cannot go: networks only grow.
    let here = tenant.organisations.get(&place.organisation);
    let here = here.ok_or_else(failure::not_found)?;
    let roles = roles(&view, session, &tenant);
    let grant = UserGrant {
        user,
        session,
        roles: roles.clone(),
        is_service_owner: place.organisation == tenant.owner(),
    };
    let access = api.tokens.issue_to_user(&grant).map_err(|error| {
        tracing::error!(%error, "a user cannot be signed in");
        Problem::from(Code::Internal)
    })?;
    let answer = WireSignedIn {
        access_token: access.text,
        refresh_token: secrets.refresh_token(&user, &session.tokens),
        expiration_date: access.expires_at,
        mode: place.mode.into(),
        lockout_date: state.locked_out_at.map(|at| at.unix_seconds()),
        password_expired: view.password_expired,
        user: named(api, user, &state)?,
        organisation: WireOrganisation::of(ids, place.organisation, here),
        roles,
        is_masquerade: session.is_masquerade,
        organisations: organisations(api, &view, session).await?,
    };
    let timings = reply::timings_since(began, Timings::default());
    Ok(reply::json(StatusCode::OK, &answer, timings))
}

fn named(api: &Api, user: Address, state: &User) -> Result<WireUser, Problem> {
    let sealed = state.person.as_ref().ok_or_else(failure::not_found)?;
    let opened = api.router.open_profile(&user, sealed);
    let person = match opened.map_err(failure::problem)? {
        OpenedProfile::Plain(person) => *person,
        OpenedProfile::Erased => return Err(failure::not_found()),
    };
    Ok(WireUser {
        id: users::id(api, user),
        first_name: person.first_name,
        last_name: person.last_name,
    })
}

/// The names of what the user is where the session looks; in a masquerade, of what it is above.
fn roles(view: &UserView, session: &SessionView, tenant: &TenantView) -> Vec<String> {
    let place = session.place;
    let counts = |organisation: u64| match session.is_masquerade {
        true => {
            organisation != place.organisation && tenant.is_within(place.organisation, organisation)
        }
        false => organisation == place.organisation,
    };
    let held = view
        .memberships
        .iter()
        .filter(|it| it.holds(place.tenant, place.mode) && counts(it.organisation));
    let known = held.filter_map(|it| tenant.role(it.role));
    known.map(|role| role.name.clone()).collect()
}

/// The organisations in which the user has roles of its own, in whichever networks.
async fn organisations(
    api: &Api,
    view: &UserView,
    session: &SessionView,
) -> Result<Vec<WireOrganisation>, Problem> {
    let mut shown: Vec<(_, u64)> = Vec::new();
    let mut organisations = Vec::new();
    for membership in view.memberships.iter().filter(|it| it.is_active) {
        let (network, number) = (membership.tenant, membership.organisation);
        if shown.contains(&(network, number)) {
            continue;
        }
        shown.push((network, number));
        let tenant = api.router.tenant_view(network, session.place.mode).await;
        let tenant = tenant.map_err(failure::problem)?;
        if let Some(organisation) = tenant.organisations.get(&number) {
            let ids = api.router.secrets().public_ids();
            organisations.push(WireOrganisation::of(ids, number, organisation));
        }
    }
    Ok(organisations)
}
