//! `POST /organisations/{id}/masquerade`

use axum::extract::{Path, State};
use axum::response::Response;

use super::super::users::signed_in::{WireSignedIn, signed_in};
use crate::domain::api_key::Scope;
use crate::domain::ids::Named;
use crate::domain::user::{Begin, Command, Place};
use crate::http::audit::{audited, target};
use crate::http::auth::UserToken;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::{Api, failure};

/// Act as an organisation below.
///
/// The answer has tokens that look at it, and may do what the user's roles in the organisations above it may, if one of them has the permission
/// `organisations.masquerade`. They cannot make or change keys, users or roles, nor act as yet another organisation; and they end with the
/// session that they were asked for with. `POST /organisations/{id}/switch` to one of the user's own returns.
#[utoipa::path(
    post, path = "/organisations/{id}/masquerade", tag = "Organisations", security(("access_token" = [])),
    params(("id" = String, Path, description = "The organisation's id")),
    responses(
        (status = 200, description = "Tokens that act as the organisation", body = WireSignedIn),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "No role above has the permission, or the token acts as an organisation already", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No organisation of this id below one in which the user has a role", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn masquerade(
    State(api): State<Api>,
    caller: UserToken,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let session = caller.user.session;
    if session.is_masquerade {
        return Err(Problem::new(
            Code::InsufficientScope,
            "this token acts as another organisation already; switch to one of your own first",
        ));
    }
    let tenant = caller.tenant_view(&api).await?;
    let ids = api.router.secrets().public_ids();
    let named = ids.read_as(Named::Organisation, &id);
    let number = named.ok_or_else(failure::not_found)?.entity;
    let view = &caller.user.view;
    let place = session.place;
    let is_below = view.memberships.iter().any(|it| {
        it.holds(place.tenant, place.mode)
            && it.organisation != number
            && tenant.is_within(number, it.organisation)
    });
    if !is_below || !tenant.organisations.contains_key(&number) {
        return Err(failure::not_found());
    }
    let rights = view.rights_from_above(&session, &tenant, number);
    if !rights.allows(Scope::Masquerade) {
        return Err(Problem::new(
            Code::InsufficientScope,
            "the permission organisations.masquerade is in none of your roles above this organisation",
        ));
    }
    let begin = Command::Begin(Begin {
        from: session.tokens.number,
        place: Place {
            organisation: number,
            ..place
        },
        is_masquerade: true,
        nonce: api.router.user_nonce().map_err(failure::problem)?,
    });
    let act = async {
        let user = caller.user.user;
        let begun = api.router.user_session(user, begin, None).await;
        let begun = begun.map_err(failure::problem)?;
        signed_in(&api, caller.began, user, &begun).await
    };
    let target = target(&api, Named::Organisation, number);
    audited(&api, &caller, "organisations.masquerade", target, act).await
}
