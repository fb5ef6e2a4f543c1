//! `POST /users/{id}/sign_out`

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::require_self;
use crate::actors::router::Timings;
use crate::domain::access::Which;
use crate::domain::user::Command;
use crate::http::audit::{audited, audited_of_user};
use crate::http::auth::UserToken;
use crate::http::extract::{Faults, ValidJson, Validate};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// What it is called in the audit log.
const OPERATION: &str = "users.sign_out";

/// What is to end.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserSignOut)]
pub(in super::super) struct SignOut {
    /// Whether the user is signed out everywhere, and not only here.
    #[serde(default)]
    all: bool,
}

impl Validate for SignOut {
    /// Nothing in it can be wrong that has the right type.
    fn validate(&self, _: &mut Faults) {}
}

/// Sign out.
///
/// From the answer on, nothing is open to the tokens of this sign-in, whatever mode and organisation they look at: a masquerade ends too.
#[utoipa::path(
    post, path = "/users/{id}/sign_out", tag = "Users", security(("access_token" = [])),
    params(("id" = String, Path, description = "The user's own id")),
    request_body = Option<SignOut>,
    responses(
        (status = 204, description = "Signed out"),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not the user of the token", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn sign_out(
    State(api): State<Api>,
    caller: UserToken,
    Path(id): Path<String>,
    body: Option<ValidJson<SignOut>>,
) -> Result<Response, Problem> {
    require_self(&api, &caller, &id)?;
    let which = match body.is_some_and(|body| body.all) {
        true => Which::All,
        false => Which::This(caller.user.session.tokens.number),
    };
    let user = caller.user.user;
    let act = async {
        let ended = api.router.tell_user(user, Command::End(which), None);
        ended.await.map_err(failure::problem)?;
        Ok(reply::no_content(reply::timings(
            &caller,
            Timings::default(),
        )))
    };
    match which {
        Which::This(_) => audited(&api, &caller, OPERATION, Some(id), act).await,
        // Also of sessions that look at other networks.
        Which::All => {
            let who = (user, &*caller.user.view.memberships);
            audited_of_user(&api, who, None, OPERATION, act).await
        }
    }
}
