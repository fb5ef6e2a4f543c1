//! `POST /users`

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::member::{memberships, organisation};
use super::wire::{check_person_name, check_roles, require_mail};
use crate::actors::router::Timings;
use crate::domain::api_key::Scope;
use crate::domain::contact::Profile;
use crate::domain::user::{Command, Invite, NewLetter};
use crate::http::audit::audited;
use crate::http::auth::Authorized;
use crate::http::extract::{Faults, ValidJson, Validate};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, email, failure, reply, users};

/// Who is asked.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Invitation)]
pub(in super::super) struct Invitation {
    /// The e-mail address, by which the user is going to sign in.
    #[schema(max_length = 254)]
    email_address: String,
    #[schema(max_length = 200)]
    first_name: Option<String>,
    #[schema(max_length = 200)]
    last_name: Option<String>,
    /// Where. Left out, it is the organisation that the caller acts for.
    organisation_id: Option<String>,
    /// As what: the ids of one to ten roles.
    roles: Vec<String>,
}

impl Validate for Invitation {
    fn validate(&self, faults: &mut Faults) {
        email::check(faults, "email_address", &self.email_address);
        check_person_name(faults, "first_name", self.first_name.as_deref());
        check_person_name(faults, "last_name", self.last_name.as_deref());
        check_roles(faults, &self.roles);
    }
}

/// A user's id.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserId)]
pub(in super::super) struct WireId {
    pub(super) id: String,
}

/// Invite a user.
///
/// An e-mail with a one-time token goes to the address, for `POST /users/accept` within a week. The answer is the same whether or not there is a
/// user of this address in another network, and nothing is open to it before it accepts. What test mode gives opens trials only.
#[utoipa::path(
    post, path = "/users", tag = "Users", security(("api_key" = [])),
    request_body = Invitation,
    responses(
        (status = 201, description = "Invited", body = WireId),
        (status = 400, description = "Not JSON, an organisation that is not known, or nothing that delivers e-mails in live mode", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No credential, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The credential does not cover this, or not what a role allows", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The network has 500 users", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "The tenant has had too many letters sent", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn invite(
    State(api): State<Api>,
    caller: Authorized<{ Scope::UsersWrite.bit() }>,
    body: ValidJson<Invitation>,
) -> Result<Response, Problem> {
    require_mail(&api, &caller).await?;
    let tenant = caller.tenant_view(&api).await?;
    let place = organisation(&api, &caller, &tenant, body.organisation_id.as_deref())?;
    let memberships = memberships(&api, &caller, &tenant, place, &body.roles)?;
    let router = &api.router;
    let email = email::folded(&body.email_address);
    let (user, value) = router.user_of(&email);
    let before = router.user(user).await.map_err(failure::problem)?;
    let person = match before.person {
        Some(person) => person,
        None => {
            let person = Profile {
                first_name: body.first_name.clone(),
                last_name: body.last_name.clone(),
                email_address: Some(email),
                ..Profile::default()
            };
            let sealed = router.seal_person(&user, None, &person);
            sealed.map_err(failure::problem)?
        }
    };
    let act = async {
        let listed = users::list(&api, caller.tenant(), user).await;
        listed.map_err(failure::problem)?;
        let invite = Command::Invite(Invite {
            value,
            person,
            memberships,
            letter: NewLetter {
                nonce: router.user_nonce().map_err(failure::problem)?,
                sender: Some((caller.tenant(), caller.mode())),
            },
        });
        let invited = router.tell_user(user, invite, None).await;
        invited.map_err(failure::problem)?;
        let id = WireId {
            id: users::id(&api, user),
        };
        let timings = reply::timings(&caller, Timings::default());
        Ok(reply::json(StatusCode::CREATED, &id, timings))
    };
    let invited = audited(
        &api,
        &caller,
        "users.invite",
        Some(users::id(&api, user)),
        act,
    );
    caller.has_sent(&api, |_| true, invited).await
}
