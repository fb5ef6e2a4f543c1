//! `POST /users/mode`

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::signed_in::{WireSignedIn, signed_in};
use super::wire::WireMode;
use crate::domain::ids::Named;
use crate::domain::user::{Begin, Command, SessionView};
use crate::http::audit::{audited_in, target};
use crate::http::auth::UserToken;
use crate::http::extract::{Faults, ValidJson, Validate};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::{Api, failure};

/// Which mode.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserMode)]
pub(in super::super) struct NewMode {
    mode: WireMode,
}

impl Validate for NewMode {
    /// Nothing in it can be wrong that has the right type.
    fn validate(&self, _: &mut Faults) {}
}

/// See live business, or trials.
///
/// The answer has tokens that see the other mode. Those of the request go on.
#[utoipa::path(
    post, path = "/users/mode", tag = "Users", security(("access_token" = [])),
    request_body = NewMode,
    responses(
        (status = 200, description = "Tokens of this mode", body = WireSignedIn),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The user has no role there in this mode", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn mode(
    State(api): State<Api>,
    caller: UserToken,
    body: ValidJson<NewMode>,
) -> Result<Response, Problem> {
    let session = caller.user.session;
    let place = session.place.in_mode(body.mode.into());
    let there = SessionView { place, ..session };
    let tenant = api.router.tenant_view(place.tenant, place.mode).await;
    let tenant = tenant.map_err(failure::problem)?;
    let view = &caller.user.view;
    let has_role = match session.is_masquerade {
        true => !view.rights(&there, &tenant).is_empty(),
        false => view.roles_at(&there, place.organisation).next().is_some(),
    };
    if !has_role {
        return Err(Problem::new(
            Code::InsufficientScope,
            "your roles in this organisation hold in test mode only",
        ));
    }
    let begin = Command::Begin(Begin {
        from: session.tokens.number,
        place,
        is_masquerade: session.is_masquerade,
        nonce: api.router.user_nonce().map_err(failure::problem)?,
    });
    let act = async {
        let user = caller.user.user;
        let begun = api.router.user_session(user, begin, None).await;
        let begun = begun.map_err(failure::problem)?;
        signed_in(&api, caller.began, user, &begun).await
    };
    let log = (place.tenant, place.mode);
    let target = target(&api, Named::Organisation, place.organisation);
    audited_in(&api, &caller, log, "users.mode", target, act).await
}
