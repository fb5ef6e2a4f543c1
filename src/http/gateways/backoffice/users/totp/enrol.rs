//! `GET`, `POST` and `DELETE /users/totp`, and `POST /users/totp/confirm`

use axum::extract::State;
use axum::response::Response;
use data_encoding::BASE32_NOPAD;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    TypedBoth, WireRecoveryCodes, check_typed, factor, is_app_code, recovery_set,
    require_own_place, step_of, typist,
};
use crate::actors::router::Timings;
use crate::domain::user::Command;
use crate::http::audit::audited_of_user;
use crate::http::auth::UserToken;
use crate::http::extract::{Faults, ValidJson, Validate};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// What apps show beside the account.
const ISSUER: &str = "Clientele";

/// Who sets an app up.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TotpEnrolmentRequest)]
pub(in super::super::super) struct NewTotp {
    /// The user's password. A wrong one counts as one that was typed to sign in.
    #[schema(max_length = 128)]
    current_password: String,
}

impl Validate for NewTotp {
    fn validate(&self, faults: &mut Faults) {
        check_typed(faults, &self.current_password);
    }
}

/// The first code of an app.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TotpCode)]
pub(in super::super::super) struct TotpCode {
    /// Six digits, as the app shows them now.
    #[schema(max_length = 6)]
    code: String,
}

impl Validate for TotpCode {
    fn validate(&self, faults: &mut Faults) {
        let is_code = is_app_code(&self.code);
        faults.require(is_code, "code", "not_a_code", "must be six digits");
    }
}

/// What an app needs to make codes.
#[derive(Serialize, ToSchema)]
#[schema(as = TotpEnrolment)]
pub(in super::super::super) struct WireTotp {
    /// To be typed into the app: Base32.
    secret: String,
    /// The same, to be shown as a QR code.
    otpauth_url: String,
}

/// A user's own second factor.
#[derive(Serialize, ToSchema)]
#[schema(as = TotpState)]
pub(in super::super::super) struct WireState {
    /// Whether an app makes codes, and its first has confirmed it.
    is_set_up: bool,
    /// How many recovery codes can still be used.
    recovery_codes_left: usize,
}

/// Whether an app makes codes for you, and how many recovery codes are left.
#[utoipa::path(
    get, path = "/users/totp", tag = "Users", security(("access_token" = [])),
    responses(
        (status = 200, description = "Your second factor", body = WireState),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super::super) async fn get(
    State(api): State<Api>,
    caller: UserToken,
) -> Result<Response, Problem> {
    let state = api.router.user(caller.user.user).await;
    let state = state.map_err(failure::problem)?;
    let totp = state.confirmed_totp();
    let answer = WireState {
        is_set_up: totp.is_some(),
        recovery_codes_left: totp.map_or(0, |it| it.recovery.len()),
    };
    let timings = reply::timings(&caller, Timings::default());
    Ok(reply::json(StatusCode::OK, &answer, timings))
}

/// Set up an app that makes codes.
///
/// Nothing is asked for before its first code has confirmed it. Then whatever lets others in (keys, users, roles) wants a code of the last ten minutes.
#[utoipa::path(
    post, path = "/users/totp", tag = "Users", security(("access_token" = [])),
    request_body = NewTotp,
    responses(
        (status = 200, description = "What the app needs", body = WireTotp),
        (status = 400, description = "Not JSON, or the password is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The token acts as another organisation", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "There is one already", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super::super) async fn enrol(
    State(api): State<Api>,
    caller: UserToken,
    body: ValidJson<NewTotp>,
) -> Result<Response, Problem> {
    require_own_place(&caller)?;
    let user = caller.user.user;
    let act = async {
        let typist = typist(&api, &caller, &body.current_password).await?;
        let nonce = api.router.user_nonce().map_err(failure::problem)?;
        let enrol = Command::EnrolTotp(typist, nonce);
        let enrolled = api.router.tell_user(user, enrol, None).await;
        enrolled.map_err(failure::problem)?;
        Ok(shown(&api, &caller, &nonce))
    };
    let who = (user, &*caller.user.view.memberships);
    let act = audited_of_user(&api, who, None, "users.totp.enrol", act);
    caller.guess(&api, Box::pin(act)).await
}

/// What the app is to be told, and nobody else ever.
fn shown(api: &Api, caller: &UserToken, nonce: &[u8; 16]) -> Response {
    let user = caller.user.user;
    let secret = api.router.secrets().totp_secret(&user, nonce);
    let secret = BASE32_NOPAD.encode(&secret);
    let account = crate::http::users::id(api, user);
    let otpauth_url = format!("otpauth://totp/{ISSUER}:{account}?secret={secret}&issuer={ISSUER}");
    let answer = WireTotp {
        secret,
        otpauth_url,
    };
    let timings = reply::timings(caller, Timings::default());
    reply::json(StatusCode::OK, &answer, timings)
}

/// Confirm the app by its first code. The answer has the recovery codes: keep them where the app is not.
#[utoipa::path(
    post, path = "/users/totp/confirm", tag = "Users", security(("access_token" = [])),
    request_body = TotpCode,
    responses(
        (status = 200, description = "Confirmed; what gets in once the app is lost", body = WireRecoveryCodes),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that does not work; or the code is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "There is one already", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Five codes were wrong; wait a quarter of an hour", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super::super) async fn confirm(
    State(api): State<Api>,
    caller: UserToken,
    body: ValidJson<TotpCode>,
) -> Result<Response, Problem> {
    let user = caller.user.user;
    let act = async {
        let step = step_of(&api, &caller, &body.code).await?;
        let (shown, hashes) = recovery_set(&api, &caller)?;
        let session = caller.user.session.tokens.number;
        let confirm = Command::ConfirmTotp(session, step, hashes);
        let confirmed = api.router.tell_user(user, confirm, None).await;
        confirmed.map_err(failure::problem)?;
        let timings = reply::timings(&caller, Timings::default());
        Ok(reply::json(StatusCode::OK, &shown, timings))
    };
    let who = (user, &*caller.user.view.memberships);
    let act = audited_of_user(&api, who, None, "users.totp.confirm", act);
    caller.guess(&api, Box::pin(act)).await
}

/// Remove the app, given your password and a code. The recovery codes go with it.
#[utoipa::path(
    delete, path = "/users/totp", tag = "Users", security(("access_token" = [])),
    request_body = TypedBoth,
    responses(
        (status = 204, description = "Removed"),
        (status = 400, description = "Not JSON, or the password is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that does not work; or the code is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Five codes were wrong; wait a quarter of an hour", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super::super) async fn remove(
    State(api): State<Api>,
    caller: UserToken,
    body: ValidJson<TypedBoth>,
) -> Result<Response, Problem> {
    let user = caller.user.user;
    let act = async {
        let typist = typist(&api, &caller, &body.current_password).await?;
        let code = factor(&api, &caller, &body.code).await?;
        let remove = Command::RemoveTotp(typist, code);
        let removed = api.router.tell_user(user, remove, None).await;
        removed.map_err(failure::problem)?;
        let timings = reply::timings(&caller, Timings::default());
        Ok(reply::no_content(timings))
    };
    let who = (user, &*caller.user.view.memberships);
    let act = audited_of_user(&api, who, None, "users.totp.remove", act);
    caller.guess(&api, Box::pin(act)).await
}
