//! `POST /users/step_up`

use axum::extract::State;
use axum::response::Response;

use super::super::signed_in::{WireSignedIn, signed_in};
use super::{TypedCode, factor};
use crate::domain::user::Command;
use crate::http::audit::audited;
use crate::http::auth::UserToken;
use crate::http::extract::ValidJson;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, users};

/// Prove the second factor: for ten minutes, this session may do what wants it.
///
/// A code is taken once, and so is a recovery code, by which whoever has lost the app gets in. Five wrong ones lock for a quarter of an hour.
#[utoipa::path(
    post, path = "/users/step_up", tag = "Users", security(("access_token" = [])),
    request_body = TypedCode,
    responses(
        (status = 200, description = "The session's tokens, that say so", body = WireSignedIn),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that does not work; or the code is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Five codes were wrong; wait a quarter of an hour", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super::super) async fn step_up(
    State(api): State<Api>,
    caller: UserToken,
    body: ValidJson<TypedCode>,
) -> Result<Response, Problem> {
    let user = caller.user.user;
    let act = Box::pin(async {
        let code = factor(&api, &caller, &body.code).await?;
        let step_up = Command::StepUp(caller.user.session.tokens.number, code);
        let stepped_up = api.router.user_session(user, step_up, None);
        let guess = async { stepped_up.await.map_err(failure::problem) };
        let session = caller.guess(&api, guess).await?;
        signed_in(&api, caller.began, user, &session).await
    });
    let state = api.router.user(user).await.map_err(failure::problem)?;
    let guesses = state.totp.map(|it| it.guesses.counting(api.router.wall()));
    // Whoever is locked out fills no log.
    if guesses.is_some_and(|it| it.locked_until().is_some()) {
        return act.await;
    }
    let target = Some(users::id(&api, user));
    audited(&api, &caller, "users.step_up", target, act).await
}
