//! `POST /users/authenticate`

use std::time::Instant;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::PLATFORM;
use super::signed_in::{WireSignedIn, signed_in};
use crate::domain::address::{Address, Mode, TenantId};
use crate::domain::audit::Outcome;
use crate::domain::user::{Command, Credentials, Stage};
use crate::http::audit::{audited_by_user, note_of_user};
use crate::http::extract::lenient::JsonOfAnyType;
use crate::http::extract::{Faults, Validate};
use crate::http::gateways::self_service::evenly;
use crate::http::passwords::Password;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::quota::Client;
use crate::http::{Api, email, failure, users};
use crate::limits::{NAME_CHARS_MAX, PASSWORD_CHARS_MAX};

/// What it is called in the audit log.
const OPERATION: &str = "users.authenticate";

/// By what a user signs in. The only way that there is.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = UserProvider)]
enum Provider {
    /// An e-mail address and a password.
    Email,
}

/// Who signs in.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserAuthentication)]
pub(in super::super) struct NewAuthentication {
    /// The e-mail address. Blanks around it do not count, nor do capitals.
    #[schema(max_length = 200)]
    username: String,
    #[schema(max_length = 128)]
    password: String,
    #[serde(rename = "provider")]
    _provider: Option<Provider>,
}

impl Validate for NewAuthentication {
    fn validate(&self, faults: &mut Faults) {
        faults.require(
            self.username.chars().count() <= NAME_CHARS_MAX,
            "username",
            "too_long",
            "must have at most 200 characters",
        );
        faults.require(
            self.password.chars().count() <= PASSWORD_CHARS_MAX,
            "password",
            "too_long",
            "must have at most 128 characters",
        );
    }
}

/// Sign in as a user.
///
/// By e-mail address and password, without any other credential. The token looks at the user's first organisation, in live mode; `mode`,
/// `switch` and `masquerade` bring it elsewhere. Why somebody is not let in is not told; after ten wrong passwords nobody is, for a
/// quarter of an hour. It stands in the audit log where the session begins, or would have.
#[utoipa::path(
    post, path = "/users/authenticate", tag = "Users", security(()),
    request_body = NewAuthentication,
    responses(
        (status = 200, description = "Signed in", body = WireSignedIn),
        (status = 400, description = "Not JSON, or nobody signs in like this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn authenticate(
    State(api): State<Api>,
    Client(client): Client,
    body: JsonOfAnyType<NewAuthentication>,
) -> Result<Response, Problem> {
    let began = Instant::now();
    let attempt = attempt(&api, began, &body);
    let guess = api.quota.guess(&api.router, PLATFORM, client, attempt);
    evenly(began, guess).await
}

async fn attempt(
    api: &Api,
    began: Instant,
    typed: &NewAuthentication,
) -> Result<Response, Problem> {
    api.passwords.require_room()?;
    let (user, value) = api.router.user_of(&email::folded(&typed.username));
    let state = api.router.user(user).await.map_err(failure::problem)?;
    let is_there = state.stage == Stage::Active && state.value == Some(value);
    let password = state.password.as_ref().filter(|_| is_there);
    let hash = password.map(|it| it.hash.clone());
    let password = Password::typed(typed.password.clone());
    let password = password.ok_or_else(|| Problem::from(Code::InvalidRequest))?;
    let matches = api.passwords.matches(password, hash).await?;
    let sign_in = Command::SignIn(Credentials {
        value,
        matches,
        password: state.password_count,
        nonce: api.router.user_nonce().map_err(failure::problem)?,
    });
    let act = Box::pin(async {
        let session = api.router.user_session(user, sign_in, None).await;
        let session = session.map_err(failure::problem)?;
        signed_in(api, began, user, &session).await
    });
    // Where its session would begin. Whoever tries nobody, or who is locked out, fills no log.
    let is_locked = state.wrong.counting(api.router.wall()).locked_until();
    let home = state.primary();
    let home = home.filter(|_| is_there && is_locked.is_none());
    match home.map(|it| (it.tenant, it.mode())) {
        None => act.await,
        Some(log) if matches => {
            let target = Some(users::id(api, user));
            audited_by_user(api, user, log, OPERATION, target, act).await
        }
        Some(log) => {
            // At the same time: how long it takes does not tell that there is somebody.
            let line = note_of_user(api, user, log, OPERATION, Outcome::Refused);
            let (answer, ()) = tokio::join!(act, line);
            note_lock_out(api, user, log).await?;
            answer
        }
    }
}

/// Writes down that no password is taken any more for a while, if that has come of it. Of several wrong ones at the same moment, each may say so.
async fn note_lock_out(api: &Api, user: Address, log: (TenantId, Mode)) -> Result<(), Problem> {
    let state = api.router.user(user).await.map_err(failure::problem)?;
    if state.wrong.locked_until().is_some() {
        note_of_user(api, user, log, "users.lock_out", Outcome::Done).await;
    }
    Ok(())
}
