//! `POST /organisations/{id}/switch`, and the same as `POST /organisations/switch/{id}`

use axum::extract::{Path, State};
use axum::response::Response;

use super::super::users::refresh::Nothing;
use super::super::users::signed_in::{WireSignedIn, signed_in};
use crate::domain::ids::Named;
use crate::domain::user::{Begin, Command, Place};
use crate::http::audit::{audited_in, target};
use crate::http::auth::UserToken;
use crate::http::extract::ValidJson;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure};

/// Look at another organisation, in which the user has a role.
///
/// The answer has tokens that look at it. From a masquerade this is the way back, and ends it.
#[utoipa::path(
    post, path = "/organisations/{id}/switch", tag = "Organisations", security(("access_token" = [])),
    params(("id" = String, Path, description = "The organisation's id")),
    request_body = Option<Nothing>,
    responses(
        (status = 200, description = "Tokens that look at the organisation", body = WireSignedIn),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No organisation of this id in which the user has a role", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn switch(
    State(api): State<Api>,
    caller: UserToken,
    Path(id): Path<String>,
    _nothing: Option<ValidJson<Nothing>>,
) -> Result<Response, Problem> {
    to(&api, &caller, &id).await
}

/// Look at another organisation: the same, by another path.
#[utoipa::path(
    post, path = "/organisations/switch/{id}", tag = "Organisations", security(("access_token" = [])),
    params(("id" = String, Path, description = "The organisation's id")),
    request_body = Option<Nothing>,
    responses(
        (status = 200, description = "Tokens that look at the organisation", body = WireSignedIn),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No organisation of this id in which the user has a role", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn switch_by_other_path(
    State(api): State<Api>,
    caller: UserToken,
    Path(id): Path<String>,
    _nothing: Option<ValidJson<Nothing>>,
) -> Result<Response, Problem> {
    to(&api, &caller, &id).await
}

async fn to(api: &Api, caller: &UserToken, id: &str) -> Result<Response, Problem> {
    let session = caller.user.session;
    let ids = api.router.secrets().public_ids();
    let named = ids.read_as(Named::Organisation, id);
    let number = named.ok_or_else(failure::not_found)?.entity;
    let memberships = &caller.user.view.memberships;
    let held = || {
        let there = memberships.iter().filter(|it| it.organisation == number);
        there.filter(|it| it.is_active)
    };
    // In the network that the session looks at, and as it looks at it, where that is possible.
    let here = session.place;
    let same = held().find(|it| it.holds(here.tenant, here.mode));
    let network = || held().find(|it| it.tenant == here.tenant);
    let role = same.or_else(network).or_else(|| held().next());
    let role = role.ok_or_else(failure::not_found)?;
    let mode = match role.holds(role.tenant, here.mode) {
        true => here.mode,
        false => role.mode(),
    };
    let begin = Command::Begin(Begin {
        from: session.tokens.number,
        place: Place {
            tenant: role.tenant,
            organisation: number,
            mode,
        },
        is_masquerade: false,
        nonce: api.router.user_nonce().map_err(failure::problem)?,
    });
    let act = async {
        let user = caller.user.user;
        let begun = api.router.user_session(user, begin, None).await;
        let begun = begun.map_err(failure::problem)?;
        signed_in(api, caller.began, user, &begun).await
    };
    let log = (role.tenant, mode);
    let target = target(api, Named::Organisation, number);
    audited_in(api, caller, log, "organisations.switch", target, act).await
}
