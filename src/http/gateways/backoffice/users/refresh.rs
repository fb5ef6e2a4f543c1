//! `POST /users/refresh`

use std::time::Instant;

use axum::extract::{FromRequestParts, State};
use axum::response::Response;
use http::request::Parts;
use serde::Deserialize;
use utoipa::ToSchema;

use super::signed_in::{WireSignedIn, signed_in};
use crate::actors::router::access::ContactSession;
use crate::domain::address::Kind;
use crate::http::auth::bearer::bearer;
use crate::http::extract::{Faults, ValidJson, Validate};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::{Api, failure};

/// A request with a user's refresh token.
pub(in super::super) struct RefreshToken {
    session: ContactSession,
    began: Instant,
}

impl FromRequestParts<Api> for RefreshToken {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let began = Instant::now();
        let text = bearer(&parts.headers).ok_or_else(|| {
            Problem::new(
                Code::MissingCredentials,
                "send the refresh token in the Authorization header (Bearer …)",
            )
        })?;
        let session = api.router.secrets().read_refresh_token(text);
        match session.filter(|it| it.contact.kind == Kind::User) {
            Some(session) => Ok(RefreshToken { session, began }),
            None => Err(Problem::new(
                Code::InvalidGrant,
                "this is no refresh token of a user; sign in again",
            )),
        }
    }
}

/// A body that says nothing.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Nothing {}

impl Validate for Nothing {
    /// There is nothing to be wrong.
    fn validate(&self, _: &mut Faults) {}
}

/// Get the next tokens of a user's session.
///
/// A refresh token can be used once; the one before the newest gets the same answer again for 10 seconds, so that a lost answer
/// logs nobody out. An older one ends the session, and all that began from the same sign-in: somebody has a copy. User, organisations and roles are
/// read anew.
#[utoipa::path(
    post, path = "/users/refresh", tag = "Users", security(("refresh_token" = [])),
    request_body = Option<Nothing>,
    responses(
        (status = 200, description = "The next tokens", body = WireSignedIn),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No refresh token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn refresh(
    State(api): State<Api>,
    token: RefreshToken,
    _nothing: Option<ValidJson<Nothing>>,
) -> Result<Response, Problem> {
    let user = token.session.contact;
    let refreshed = api.router.refresh_user(user, token.session.refresh).await;
    let session = refreshed.map_err(failure::problem)?;
    signed_in(&api, token.began, user, &session).await
}
