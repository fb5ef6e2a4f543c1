//! `POST /contacts/forgot_password`

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::challenge::{answered_evenly, refused, send_to};
use super::identification::{check_email, email_destination};
use crate::actors::router::Timings;
use crate::domain::api_key::Scope;
use crate::http::auth::Caller;
use crate::http::auth::bearer::AppKeyOrToken;
use crate::http::extract::{Faults, ValidJson, Validate};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, reply};

/// Who has forgotten a password.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ForgottenPassword)]
pub(super) struct ForgottenPassword {
    /// The e-mail address that the contact signs in by.
    #[schema(max_length = 254)]
    username: String,
}

impl Validate for ForgottenPassword {
    fn validate(&self, faults: &mut Faults) {
        check_email(faults, "username", Some(&self.username));
    }
}

/// Have a password set anew.
///
/// A one-time token for `change_password` goes to the e-mail address, if anybody signs in by it; the answer is the same either way. It works
/// once, for 30 minutes.
#[utoipa::path(
    post, path = "/contacts/forgot_password", tag = "Authentication", security(("api_key" = []), ("access_token" = [])),
    request_body = ForgottenPassword,
    responses(
        (status = 204, description = "A token was sent, if anybody signs in by this"),
        (status = 400, description = "Not JSON, or nothing delivers messages in live mode", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No credential, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "One message in 30 seconds, and five an hour, are sent to an address", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn forget(
    State(api): State<Api>,
    caller: AppKeyOrToken<{ Scope::ContactsRegister.bit() }>,
    body: ValidJson<ForgottenPassword>,
) -> Result<Response, Problem> {
    answered_evenly(caller.began, send(&api, &caller, &body.username)).await
}

async fn send(api: &Api, caller: &Caller, username: &str) -> Result<Response, Problem> {
    let to = email_destination(username)?;
    let (tenant, mode) = (caller.tenant(), caller.mode());
    let sent = async {
        let sent = api.router.forgot_password(tenant, mode, &to).await;
        sent.map_err(refused)
    };
    send_to(api, caller, &to, |()| true, sent).await?;
    Ok(reply::no_content(reply::timings(
        caller,
        Timings::default(),
    )))
}
