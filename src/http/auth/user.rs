//! A user's access token: whose session it is, whether that goes on, and what the user may do there now.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::{Caller, SignedIn, Who, bearer, beside_key, conflict, key, stranger};
use crate::actors::router::PublishedKey;
use crate::domain::address::Address;
use crate::domain::api_key::{Gateway, Scope, Scopes};
use crate::domain::context::TenantView;
use crate::domain::user::{STEP_UP_LASTS, SessionView, UserView, WITHHELD_IN_MASQUERADE};
use crate::http::problem::{Code, Problem};
use crate::http::tokens::Refused;
use crate::http::{Api, failure};

/// What wants a step-up from a user who can: whatever lets others in, as those do who get the codes and letters that let people in.
const STEPPED_UP: [Scope; 4] = [
    Scope::KeysWrite,
    Scope::UsersWrite,
    Scope::RolesWrite,
    Scope::IntegrationsWrite,
];

/// A user in one of its sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedInUser {
    /// The user.
    pub user: Address,
    /// Which of its sessions.
    pub session: u32,
}

/// A user who calls.
#[derive(Clone, Debug)]
pub struct UserCaller {
    /// The user.
    pub user: Address,
    /// The session of the token, and where it looks.
    pub session: SessionView,
    /// What was published of the user.
    pub view: Arc<UserView>,
    /// What it may do there.
    pub rights: Scopes,
    /// The organisation that the session looks at, unless it owns the network.
    pub bound_to: Option<u64>,
    /// The network in which its roles say so.
    tenant: Arc<TenantView>,
    /// Whether the user proved of late to have its second factor.
    is_stepped_up: bool,
}

impl UserCaller {
    /// Demands that the user may do what `scope` says.
    pub(super) fn require(&self, scope: Scope) -> Result<(), Problem> {
        if self.view.password_expired {
            return Err(Problem::new(
                Code::InsufficientScope,
                "the password was given by somebody else and opens nothing; choose another one with POST /users/{id}/change_password",
            ));
        }
        if !self.rights.allows(scope) {
            return Err(Problem::new(Code::InsufficientScope, self.lack(scope, "")));
        }
        if self.view.has_totp && STEPPED_UP.contains(&scope) && !self.is_stepped_up {
            return Err(Problem::new(
                Code::StepUpRequired,
                "send a code of your app to POST /users/step_up first; this stays open for ten minutes then",
            ));
        }
        Ok(())
    }
}

impl UserCaller {
    /// Why the user may not do what `scope` says, what comes of that, and who can change it.
    pub(super) fn lack(&self, scope: Scope, and_so: &str) -> String {
        let permission = scope.name();
        if self.session.is_masquerade && Scopes::of(WITHHELD_IN_MASQUERADE).allows(scope) {
            return format!(
                "the permission {permission} is not open while acting as another organisation{and_so}; switch back to your own"
            );
        }
        let place = match self.session.is_masquerade {
            true => "above this organisation",
            false => "in this organisation",
        };
        let roles = self.view.roles(&self.session, &self.tenant);
        let lack = match roles.as_slice() {
            [] => format!("you have no role {place} and lack the permission {permission}"),
            [role] => {
                format!("your role {role:?} {place} lacks the permission {permission}")
            }
            roles => {
                format!("none of your roles {roles:?} {place} has the permission {permission}")
            }
        };
        format!(
            "{lack}{and_so}; a user with the permission users.write can give you a role that has it, or one with roles.write can add it to yours"
        )
    }
}

fn invalid_token() -> Problem {
    Problem::new(
        Code::InvalidToken,
        "this is no access token of this gateway, or its session has ended; sign in again",
    )
}

/// The user whose token this is, in a session that goes on.
pub(super) async fn signed_in(text: &str, api: &Api) -> Result<UserCaller, Problem> {
    let wall = api.router.wall();
    let signed_in = match api.tokens.verify(text, wall) {
        Ok(SignedIn::User(user)) => user,
        Ok(SignedIn::Contact(_)) | Err(Refused::Invalid) => return Err(invalid_token()),
        Err(Refused::Expired) => {
            return Err(Problem::new(
                Code::TokenExpired,
                "the access token has expired; get another one with the refresh token",
            ));
        }
    };
    of_session(signed_in, api).await
}

/// The user of this session, if it goes on.
async fn of_session(signed_in: SignedInUser, api: &Api) -> Result<UserCaller, Problem> {
    let wall = api.router.wall();
    let view = api.router.user_view(signed_in.user).await;
    let view = view
        .map_err(failure::unavailable)?
        .ok_or_else(invalid_token)?;
    let session = view
        .sessions
        .iter()
        .find(|it| it.tokens.number == signed_in.session && wall < it.tokens.expires_at);
    let session = *session.ok_or_else(invalid_token)?;
    let place = session.place;
    let tenant = api.router.tenant_view(place.tenant, place.mode).await;
    let tenant = tenant.map_err(failure::problem)?;
    let stepped_up = session.stepped_up_at;
    Ok(UserCaller {
        user: signed_in.user,
        rights: view.rights(&session, &tenant),
        bound_to: (place.organisation != tenant.owner()).then_some(place.organisation),
        is_stepped_up: stepped_up.is_some_and(|at| wall < at.after(STEP_UP_LASTS)),
        session,
        view,
        tenant,
    })
}

impl Caller {
    /// The caller with what it may do by now. A user may have lost its roles, or its session, since the request was authorised.
    ///
    /// # Errors
    /// The session has ended; no answer.
    pub async fn again(&self, api: &Api) -> Result<Caller, Problem> {
        let who = match &self.who {
            Who::User(user) => {
                let signed_in = SignedInUser {
                    user: user.user,
                    session: user.session.tokens.number,
                };
                Who::User(Arc::new(of_session(signed_in, api).await?))
            }
            Who::Key(_) | Who::Contact(_) => self.who.clone(),
        };
        Ok(Caller { who, ..*self })
    }
}

/// Demands that a key that came with a user's token belongs to the same world.
fn require_agreement(key: &PublishedKey, user: &UserCaller) -> Result<(), Problem> {
    let is_of_gateway = key.key.details.gateway == Gateway::BackOffice;
    let place = &user.session.place;
    if is_of_gateway && key.address.tenant == place.tenant && key.address.mode == place.mode {
        return Ok(());
    }
    Err(conflict())
}

/// Who presents a credential of the Back Office: the token comes before a key that agrees with it. Beside a key that `opens` the operation, a
/// token may be one that opens nothing.
pub(super) async fn presented(
    parts: &Parts,
    api: &Api,
    missing: &'static str,
    opens: impl Fn(&PublishedKey) -> bool,
) -> Result<(Who, Option<Arc<PublishedKey>>), Problem> {
    let presented = unchecked_rates(parts, api, missing, opens).await;
    presented.map_err(|problem| stranger(problem, parts, api))
}

async fn unchecked_rates(
    parts: &Parts,
    api: &Api,
    missing: &'static str,
    opens: impl Fn(&PublishedKey) -> bool,
) -> Result<(Who, Option<Arc<PublishedKey>>), Problem> {
    let key = key::presented(parts, api).await?;
    let user = match bearer::bearer(&parts.headers) {
        Some(text) if key.as_deref().is_some_and(opens) => {
            Box::pin(beside_key(
                signed_in(text, api),
                bearer::signed_in(text, api),
            ))
            .await?
        }
        Some(text) => Some(Box::pin(signed_in(text, api)).await?),
        None => None,
    };
    match (key, user) {
        (Some(key), Some(user)) => {
            require_agreement(&key, &user)?;
            Ok((Who::User(Arc::new(user)), Some(key)))
        }
        (None, Some(user)) => Ok((Who::User(Arc::new(user)), None)),
        (Some(key), None) => Ok((Who::Key(Arc::clone(&key)), Some(key))),
        (None, None) => Err(Problem::new(Code::MissingCredentials, missing)),
    }
}

/// A user with its token, whatever it may do.
pub struct UserToken {
    caller: Caller,
    /// Who it is, and in which session.
    pub user: Arc<UserCaller>,
}

impl Deref for UserToken {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl FromRequestParts<Api> for UserToken {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        const MISSING: &str = "send the user's access token in the Authorization header (Bearer …)";
        let began = Instant::now();
        let (who, key) = presented(parts, api, MISSING, |_| false).await?;
        let Who::User(user) = who else {
            let missing = Problem::new(Code::MissingCredentials, MISSING);
            return Err(stranger(missing, parts, api));
        };
        let who = Who::User(Arc::clone(&user));
        let caller = Caller::counted(who, key.as_deref(), began, parts, api).await?;
        Ok(UserToken { caller, user })
    }
}
