//! `POST` and `DELETE /users/totp`, `POST /users/totp/confirm` and `POST /users/step_up`: an app that makes codes by time (RFC 6238), as a second
//! factor for what lets others in.

use axum::extract::State;
use axum::response::Response;
use data_encoding::BASE32_NOPAD;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::signed_in::{WireSignedIn, signed_in};
use crate::actors::router::Timings;
use crate::domain::user::{Command, SessionView, Totp};
use crate::http::audit::{audited, audited_of_user};
use crate::http::auth::UserToken;
use crate::http::extract::{Faults, ValidJson, Validate};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// What apps show beside the account.
const ISSUER: &str = "Clientele";

/// How many digits a code has.
const DIGITS: usize = 6;

/// A code of the app.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TotpCode)]
pub(in super::super) struct TotpCode {
    /// Six digits, as the app shows them now.
    #[schema(max_length = 6)]
    code: String,
}

impl Validate for TotpCode {
    fn validate(&self, faults: &mut Faults) {
        let is_code = self.code.len() == DIGITS && self.code.bytes().all(|it| it.is_ascii_digit());
        faults.require(is_code, "code", "not_a_code", "must be six digits");
    }
}

/// What an app needs to make codes.
#[derive(Serialize, ToSchema)]
#[schema(as = TotpEnrolment)]
pub(super) struct WireTotp {
    /// To be typed into the app: Base32.
    secret: String,
    /// The same, to be shown as a QR code.
    otpauth_url: String,
}

/// Set up an app that makes codes.
///
/// Nothing is asked for before its first code has confirmed it. Then whatever lets others in (keys, users, roles) wants a code of the last ten minutes.
#[utoipa::path(
    post, path = "/users/totp", tag = "Users", security(("access_token" = [])),
    responses(
        (status = 200, description = "What the app needs", body = WireTotp),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The token acts as another organisation", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "There is one already", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn enrol(
    State(api): State<Api>,
    caller: UserToken,
) -> Result<Response, Problem> {
    if caller.user.session.is_masquerade {
        // It would outlive the masquerade.
        return Err(Problem::new(
            Code::InsufficientScope,
            "an app is not set up while acting as another organisation; switch back to your own",
        ));
    }
    let user = caller.user.user;
    let nonce = api.router.user_nonce().map_err(failure::problem)?;
    let act = async {
        let enrolled = api.router.tell_user(user, Command::EnrolTotp(nonce), None);
        enrolled.await.map_err(failure::problem)?;
        Ok(shown(&api, &caller, &nonce))
    };
    audited_of_user(
        &api,
        (user, &caller.user.view.memberships),
        None,
        "users.totp.enrol",
        act,
    )
    .await
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

/// The time step in which a code of the user's app is right: the present one, the one before or the one after.
async fn step_of(api: &Api, caller: &UserToken, code: &str) -> Result<Option<u64>, Problem> {
    let user = caller.user.user;
    let state = api.router.user(user).await.map_err(failure::problem)?;
    let Some(Totp { nonce, .. }) = state.totp else {
        return Ok(None);
    };
    let secret = api.router.secrets().totp_secret(&user, &nonce);
    let app = totp_rs::Builder::new().with_secret(totp_rs::Secret::from(secret));
    let app = app.build().map_err(|error| {
        tracing::error!(%error, "codes of apps cannot be made");
        Problem::from(Code::Internal)
    })?;
    let now = u64::try_from(api.router.wall().unix_seconds()).unwrap_or_default();
    Ok(app.check(code, now))
}

async fn stepped_up(api: &Api, caller: &UserToken, code: &str) -> Result<SessionView, Problem> {
    let session = caller.user.session.tokens.number;
    let step_up = Command::StepUp(session, step_of(api, caller, code).await?);
    let stepped_up = api.router.user_session(caller.user.user, step_up, None);
    let guess = async { stepped_up.await.map_err(failure::problem) };
    caller.guess(api, guess).await
}

/// Confirm the app by its first code.
#[utoipa::path(
    post, path = "/users/totp/confirm", tag = "Users", security(("access_token" = [])),
    request_body = TotpCode,
    responses(
        (status = 204, description = "Confirmed"),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that does not work; or the code is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Five codes were wrong; wait a quarter of an hour", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn confirm(
    State(api): State<Api>,
    caller: UserToken,
    body: ValidJson<TotpCode>,
) -> Result<Response, Problem> {
    let act = Box::pin(async {
        stepped_up(&api, &caller, &body.code).await?;
        let timings = reply::timings(&caller, Timings::default());
        Ok(reply::no_content(timings))
    });
    let who = (caller.user.user, &*caller.user.view.memberships);
    audited_of_user(&api, who, None, "users.totp.confirm", act).await
}

/// Prove the second factor: for ten minutes, this session may do what wants it.
///
/// A code is taken once. Five wrong ones lock for a quarter of an hour.
#[utoipa::path(
    post, path = "/users/step_up", tag = "Users", security(("access_token" = [])),
    request_body = TotpCode,
    responses(
        (status = 200, description = "The session's tokens, that say so", body = WireSignedIn),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that does not work; or the code is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Five codes were wrong; wait a quarter of an hour", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn step_up(
    State(api): State<Api>,
    caller: UserToken,
    body: ValidJson<TotpCode>,
) -> Result<Response, Problem> {
    let user = caller.user.user;
    let act = Box::pin(async {
        let session = stepped_up(&api, &caller, &body.code).await?;
        signed_in(&api, caller.began, user, &session).await
    });
    let state = api.router.user(user).await.map_err(failure::problem)?;
    let guesses = state.totp.map(|it| it.guesses.counting(api.router.wall()));
    // Whoever is locked out fills no log.
    if guesses.is_some_and(|it| it.locked_until().is_some()) {
        return act.await;
    }
    let target = Some(crate::http::users::id(&api, user));
    audited(&api, &caller, "users.step_up", target, act).await
}

/// Remove the app, given a code of it.
#[utoipa::path(
    delete, path = "/users/totp", tag = "Users", security(("access_token" = [])),
    request_body = TotpCode,
    responses(
        (status = 204, description = "Removed"),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that does not work; or the code is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Five codes were wrong; wait a quarter of an hour", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn remove(
    State(api): State<Api>,
    caller: UserToken,
    body: ValidJson<TotpCode>,
) -> Result<Response, Problem> {
    let user = caller.user.user;
    let step = step_of(&api, &caller, &body.code).await?;
    let act = Box::pin(async {
        let removed = api.router.tell_user(user, Command::RemoveTotp(step), None);
        let guess = async { removed.await.map_err(failure::problem) };
        caller.guess(&api, guess).await?;
        let timings = reply::timings(&caller, Timings::default());
        Ok(reply::no_content(timings))
    });
    audited_of_user(
        &api,
        (user, &caller.user.view.memberships),
        None,
        "users.totp.remove",
        act,
    )
    .await
}
