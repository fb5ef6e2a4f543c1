//! `POST /users/authenticate`

use std::time::Instant;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::signed_in::{WireSignedIn, signed_in};
use crate::domain::address::{Mode, TenantId};
use crate::domain::user::{Command, Credentials, Stage};
use crate::http::extract::lenient::JsonOfAnyType;
use crate::http::extract::{Faults, Validate};
use crate::http::gateways::self_service::evenly;
use crate::http::passwords::Password;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::quota::Client;
use crate::http::{Api, email, failure};
use crate::limits::{NAME_CHARS_MAX, PASSWORD_CHARS_MAX};

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
/// quarter of an hour.
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
    let platform = (TenantId::PLATFORM, Mode::Shared);
    let attempt = attempt(&api, began, &body);
    let guess = api.quota.guess(&api.router, platform, client, attempt);
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
    let hash = state.password.filter(|_| is_there).map(|it| it.hash);
    let password = Password::typed(typed.password.clone());
    let password = password.ok_or_else(|| Problem::from(Code::InvalidRequest))?;
    let sign_in = Command::SignIn(Credentials {
        value,
        matches: api.passwords.matches(password, hash).await?,
        password: state.password_count,
        nonce: api.router.user_nonce().map_err(failure::problem)?,
    });
    let session = api.router.user_session(user, sign_in, None).await;
    let session = session.map_err(failure::problem)?;
    signed_in(api, began, user, &session).await
}
