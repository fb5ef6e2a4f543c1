//! `POST /users/totp/recovery_codes`

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::{TypedBoth, WireRecoveryCodes, factor, recovery_set, require_own_place, typist};
use crate::actors::router::Timings;
use crate::domain::user::Command;
use crate::http::audit::audited_of_user;
use crate::http::auth::UserToken;
use crate::http::extract::ValidJson;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// Get a new set of recovery codes, given your password and a code. Those from before work no longer.
#[utoipa::path(
    post, path = "/users/totp/recovery_codes", tag = "Users", security(("access_token" = [])),
    request_body = TypedBoth,
    responses(
        (status = 200, description = "What gets in once the app is lost", body = WireRecoveryCodes),
        (status = 400, description = "Not JSON, or the password is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that does not work; or the code is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The token acts as another organisation", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Five codes were wrong; wait a quarter of an hour", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super::super) async fn renew(
    State(api): State<Api>,
    caller: UserToken,
    body: ValidJson<TypedBoth>,
) -> Result<Response, Problem> {
    require_own_place(&caller)?;
    let user = caller.user.user;
    let act = async {
        let typist = typist(&api, &caller, &body.current_password).await?;
        let code = factor(&api, &caller, &body.code).await?;
        let (shown, hashes) = recovery_set(&api, &caller)?;
        let renew = Command::RenewRecoveryCodes(typist, code, hashes);
        let renewed = api.router.tell_user(user, renew, None).await;
        renewed.map_err(failure::problem)?;
        let timings = reply::timings(&caller, Timings::default());
        Ok(reply::json(StatusCode::OK, &shown, timings))
    };
    let who = (user, &*caller.user.view.memberships);
    let act = audited_of_user(&api, who, None, "users.totp.recovery_codes", act);
    caller.guess(&api, Box::pin(act)).await
}
