//! `POST /users/{id}/reset_totp`

use axum::extract::{Path, State};
use axum::response::Response;

use super::super::member::{Member, State as Stage, named};
use crate::actors::router::Timings;
use crate::domain::address::Mode;
use crate::domain::api_key::Scope;
use crate::domain::context::TenantView;
use crate::domain::user::{Command, Membership, Validity};
use crate::http::audit::audited;
use crate::http::auth::{Authorized, Caller, Who};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// Remove the app of another user, who has lost it and has no recovery code left.
///
/// The user is signed out everywhere and told by mail; its password alone signs it in until it sets up another app. Only a user does it, for another, of
/// whom all roles lie within what the caller manages, and allow no more than the caller's own. For a user who works for other networks too, the
/// platform's operator does it.
#[utoipa::path(
    post, path = "/users/{id}/reset_totp", tag = "Users", security(("api_key" = [])),
    params(("id" = String, Path, description = "The user's id")),
    responses(
        (status = 204, description = "Removed, or there was none"),
        (status = 401, description = "No credential, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The credential does not cover this, or is a key, or the user's own; or not all roles of the user are the caller's to manage", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No user of this id", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Nothing of the network is open to the user", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super::super) async fn reset(
    State(api): State<Api>,
    caller: Authorized<{ Scope::UsersWrite.bit() }>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant_view(&api).await?;
    let member = named(&api, &caller, &tenant, &id).await?;
    let act = async {
        require_reach(&caller, &tenant, &member)?;
        // What it was allowed by: roles that come meanwhile are not passed over.
        let seen = Command::ResetTotp(member.state.memberships.clone());
        let reset = api.router.tell_user(member.address, seen, None).await;
        reset.map_err(failure::problem)?;
        Ok(reply::no_content(reply::timings(
            &caller,
            Timings::default(),
        )))
    };
    audited(&api, &caller, "users.totp.reset", Some(id.clone()), act).await
}

/// Demands that the second factor of `member` is the caller's to take away: the account is one for all that its roles open, and so it takes
/// somebody who manages all of them.
fn require_reach(caller: &Caller, tenant: &TenantView, member: &Member) -> Result<(), Problem> {
    let refused = |why| Err(Problem::new(Code::InsufficientScope, why));
    let Who::User(by) = &caller.who else {
        return refused(
            "a key removes nobody's second factor; a user with the permission users.write does",
        );
    };
    if by.user == member.address {
        return refused(
            "nobody resets their own second factor; use a recovery code with DELETE /users/totp, or ask another user who may",
        );
    }
    if member.stage != Stage::Active {
        return Err(Problem::new(
            Code::LimitReached,
            "nothing of this network is open to the user; there is no second factor to remove here",
        ));
    }
    let works = member.state.memberships.iter().filter(|it| it.is_active);
    let works: Vec<Membership> = works.copied().collect();
    if works.iter().any(|it| it.tenant != caller.tenant()) {
        return refused(
            "this person works for other networks too, which its second factor guards as well; the platform's operator can remove it",
        );
    }
    // Test mode takes nothing away that guards live business.
    let in_mode =
        |it: &Membership| caller.mode() != Mode::Test || it.validity == Validity::TestMode;
    let is_managed =
        |it: &Membership| caller.acts_for(tenant, Some(it.organisation)) && in_mode(it);
    if !works.iter().all(is_managed) {
        return refused(
            "this person has roles that you do not manage from here; ask a user who manages them all, in live mode",
        );
    }
    Member::require_all(caller, tenant, &works)
}
