//! `POST /users/{id}/change_password`

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::require_self;
use crate::actors::router::Timings;
use crate::domain::address::Address;
use crate::domain::user::{Command, Credentials};
use crate::http::audit::audited_of_user;
use crate::http::auth::UserToken;
use crate::http::extract::{Faults, ValidJson, Validate};
use crate::http::passwords::{Password, Unfit};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// Another password.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserPasswordChange)]
pub(in super::super) struct PasswordChange {
    #[schema(max_length = 128)]
    current_password: String,
    /// From 8 to 128 characters, and none that everybody uses.
    #[schema(min_length = 8, max_length = 128)]
    password: String,
}

/// Says why a password may not be chosen.
pub(in super::super) fn check_chosen(faults: &mut Faults, password: &str) {
    if let Err(unfit) = Password::chosen(password.to_owned()) {
        faults.add("password", unfit.code(), unfit.detail());
    }
}

/// A password that somebody chooses. The check of the body has said why, if it may not be.
pub(in super::super) fn chosen(password: &str) -> Result<Password, Problem> {
    Password::chosen(password.to_owned())
        .map_err(|unfit| failure::invalid_field("/password", unfit.code(), unfit.detail()))
}

/// Says that a typed `current_password` is longer than any.
pub(super) fn check_typed(faults: &mut Faults, current_password: &str) {
    if Password::typed(current_password.to_owned()).is_none() {
        let unfit = Unfit::TooLong;
        faults.add("current_password", unfit.code(), unfit.detail());
    }
}

impl Validate for PasswordChange {
    fn validate(&self, faults: &mut Faults) {
        check_chosen(faults, &self.password);
        check_typed(faults, &self.current_password);
    }
}

/// Choose another password.
///
/// Every other sign-in ends. A wrong current password counts as one that was typed to sign in.
#[utoipa::path(
    post, path = "/users/{id}/change_password", tag = "Users", security(("access_token" = [])),
    params(("id" = String, Path, description = "The user's own id")),
    request_body = PasswordChange,
    responses(
        (status = 204, description = "Changed"),
        (status = 400, description = "Not JSON, or the current password is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the user of the token", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn change_password(
    State(api): State<Api>,
    caller: UserToken,
    Path(id): Path<String>,
    body: ValidJson<PasswordChange>,
) -> Result<Response, Problem> {
    require_self(&api, &caller, &id)?;
    let who = (caller.user.user, &*caller.user.view.memberships);
    let change = change(&api, &caller, &body);
    let act = audited_of_user(&api, who, None, "users.change_password", change);
    caller.guess(&api, Box::pin(act)).await
}

async fn change(api: &Api, caller: &UserToken, body: &PasswordChange) -> Result<Response, Problem> {
    let user = caller.user.user;
    let known = require_password(api, user, &body.current_password).await?;
    let hash = api.passwords.hash(chosen(&body.password)?).await?;
    let session = caller.user.session.tokens.number;
    let set = Command::SetPassword(known, hash, session);
    let set = api.router.tell_user(user, set, None).await;
    set.map_err(failure::problem)?;
    Ok(reply::no_content(reply::timings(
        caller,
        Timings::default(),
    )))
}

/// Demands that `typed` is the password of `user`, and says which of its passwords it is, counted. A wrong one counts as one that was typed to sign in.
pub(super) async fn require_password(
    api: &Api,
    user: Address,
    typed: &str,
) -> Result<u32, Problem> {
    let state = api.router.user(user).await.map_err(failure::problem)?;
    let typed = Password::typed(typed.to_owned());
    let typed = typed.ok_or_else(failure::invalid_login)?;
    let hash = state.password.map(|it| it.hash);
    let is_locked = state
        .wrong
        .counting(api.router.wall())
        .locked_until()
        .is_some();
    let matches = api.passwords.matches(typed, hash).await?;
    if matches && !is_locked {
        return Ok(state.password_count);
    }
    let wrong = Command::SignIn(Credentials {
        value: state.value.ok_or_else(failure::invalid_login)?,
        matches: false,
        password: state.password_count,
        nonce: [0; 16],
    });
    let counted = api.router.tell_user(user, wrong, None).await;
    Err(match counted {
        Ok(_) => failure::invalid_login(),
        Err(failure) => failure::problem(failure),
    })
}
