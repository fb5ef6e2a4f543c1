//! `POST /contacts/request_email_verification` and `GET /contacts/verify_email`

use std::time::Instant;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::challenge::{answered_evenly, by_one_time_token, refused, send_to};
use super::identification::{check_email, email_destination};
use crate::actors::router::Timings;
use crate::domain::api_key::Scope;
use crate::http::auth::Caller;
use crate::http::auth::bearer::AppKeyOrToken;
use crate::http::extract::text::check;
use crate::http::extract::{Faults, ValidJson, ValidQuery, Validate};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::quota::Client;
use crate::http::{Api, reply};
use crate::limits;
use crate::secrets::OneTimeToken;

/// An e-mail address that is to be verified.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EmailToVerify)]
pub(super) struct EmailToVerify {
    #[schema(max_length = 254)]
    email_address: String,
}

impl Validate for EmailToVerify {
    fn validate(&self, faults: &mut Faults) {
        check_email(faults, "email_address", Some(&self.email_address));
    }
}

/// Have an e-mail address verified.
///
/// A token for `verify_email` goes to the address, if a contact has it; the answer is the same either way.
#[utoipa::path(
    post, path = "/contacts/request_email_verification", tag = "Authentication", security(("api_key" = []), ("access_token" = [])),
    request_body = EmailToVerify,
    responses(
        (status = 204, description = "A token was sent, if a contact has this address"),
        (status = 400, description = "Not JSON, or nothing delivers messages in live mode", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No credential, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "One message in 30 seconds, and five an hour, are sent to an address", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn request(
    State(api): State<Api>,
    caller: AppKeyOrToken<{ Scope::ContactsRegister.bit() }>,
    body: ValidJson<EmailToVerify>,
) -> Result<Response, Problem> {
    answered_evenly(caller.began, send(&api, &caller, &body.email_address)).await
}

async fn send(api: &Api, caller: &Caller, address: &str) -> Result<Response, Problem> {
    let to = email_destination(address)?;
    let (tenant, mode) = (caller.tenant(), caller.mode());
    let sent = async {
        let sent = api.router.request_verification(tenant, mode, &to).await;
        sent.map_err(refused)
    };
    send_to(api, caller, &to, |()| true, sent).await?;
    Ok(reply::no_content(reply::timings(
        caller,
        Timings::default(),
    )))
}

/// The token of a link in a mail.
#[derive(Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct VerificationQuery {
    /// What `request_email_verification` had sent.
    token: String,
}

impl Validate for VerificationQuery {
    fn validate(&self, faults: &mut Faults) {
        let max = limits::NAME_CHARS_MAX;
        check(faults, "token", Some(&self.token), max);
    }
}

/// The address is read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EmailVerified)]
pub(super) struct EmailVerified {}

/// Verify an e-mail address.
///
/// No other credential is needed. The same token gets the same answer until it runs out after 30 minutes, since what looks after mails opens their
/// links too.
#[utoipa::path(
    get, path = "/contacts/verify_email", tag = "Authentication", security(()),
    params(VerificationQuery),
    responses(
        (status = 200, description = "The address is verified", body = EmailVerified),
        (status = 401, description = "The token has run out, or is none", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many wrong tokens came from this address", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn verify(
    State(api): State<Api>,
    Client(client): Client,
    query: ValidQuery<VerificationQuery>,
) -> Result<Response, Problem> {
    let began = Instant::now();
    let verify = async |token: OneTimeToken| {
        let verified = api.router.verify_email(&token).await;
        verified.map_err(refused)
    };
    by_one_time_token(&api, client, &query.token, verify).await?;
    let timings = reply::timings_since(began, Timings::default());
    Ok(reply::json(StatusCode::OK, &EmailVerified {}, timings))
}
