//! `POST /contacts/{id}/sign_out`

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::actors::router::Timings;
use crate::actors::router::access::Trust;
use crate::domain::access::Which;
use crate::http::auth::bearer::{SessionToken, only_recognised};
use crate::http::extract::{Faults, ValidJson, Validate};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// What is to end.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SignOut)]
pub(super) struct SignOut {
    /// Accepted for older clients; nothing is redirected.
    #[serde(rename = "redirect_url")]
    _redirect_url: Option<String>,
    /// The same, as published.
    #[serde(rename = "rredirectUrl")]
    _rredirect_url: Option<String>,
    /// Whether the contact is signed out everywhere, and not only here.
    #[serde(default)]
    all_sessions: bool,
}

impl Validate for SignOut {
    /// Nothing in it can be wrong that has the right type.
    fn validate(&self, _: &mut Faults) {}
}

/// Sign out.
///
/// The access token and the refresh token open nothing from the answer on.
#[utoipa::path(
    post, path = "/contacts/{id}/sign_out", tag = "Authentication", security(("access_token" = [])),
    params(("id" = String, Path, description = "The contact's own id or code")),
    request_body = Option<SignOut>,
    responses(
        (status = 204, description = "Signed out"),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the contact of the token", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn sign_out(
    State(api): State<Api>,
    token: SessionToken,
    Path(name): Path<String>,
    body: Option<ValidJson<SignOut>>,
) -> Result<Response, Problem> {
    token.named(&api, &name).await?;
    let asks_for_all = body.is_some_and(|body| body.all_sessions);
    if asks_for_all && token.trust == Trust::Recognised {
        // Whoever imitates a device signs nobody else out.
        return Err(only_recognised());
    }
    let which = match asks_for_all {
        true => Which::All,
        false => Which::This(token.signed_in.session),
    };
    let ended = api.router.end_sessions(token.signed_in.contact, which);
    ended.await.map_err(failure::problem)?;
    Ok(reply::no_content(reply::timings(
        &token,
        Timings::default(),
    )))
}
