//! `POST /contacts/validate_otp`

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::challenge::{answered_evenly, refused};
use super::own;
use super::signed_in::{WireSignedIn, signed_in};
use crate::domain::api_key::Scope;
use crate::http::Api;
use crate::http::auth::Caller;
use crate::http::auth::bearer::AppKeyOrToken;
use crate::http::extract::text::check;
use crate::http::extract::{Conditions, Faults, ValidJson, Validate};
use crate::http::gateways::once;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::reached::Reached;
use crate::limits;

/// A code that was sent.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OtpAnswer)]
pub(in super::super) struct OtpAnswer {
    /// What arrived.
    pub(in super::super) code: String,
    /// What the request for the code answered.
    #[schema(max_length = 64)]
    pub(in super::super) auth_otp: String,
}

impl Validate for OtpAnswer {
    fn validate(&self, faults: &mut Faults) {
        check(faults, "code", Some(&self.code), limits::CODE_CHARS_MAX);
        check(
            faults,
            "auth_otp",
            Some(&self.auth_otp),
            limits::CODE_CHARS_MAX,
        );
    }
}

/// Sign in with a code.
///
/// After a registration the contact exists from now on. With an `Idempotency-Key`, a retry gets the same tokens; without one, a code that
/// was used is used.
#[utoipa::path(
    post, path = "/contacts/validate_otp", tag = "Authentication", security(("api_key" = []), ("access_token" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once")),
    request_body = OtpAnswer,
    responses(
        (status = 200, description = "Signed in", body = WireSignedIn),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No credential, one that does not work, or a wrong code", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "After five wrong codes, or fifty from one address: for 15 minutes, even for the right one", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn validate(
    State(api): State<Api>,
    reached: Reached,
    caller: AppKeyOrToken<{ Scope::ContactsRegister.bit() }>,
    headers: Conditions,
    body: ValidJson<OtpAnswer>,
) -> Result<Response, Problem> {
    let answered = caller.guess(&api, answer(&api, &reached, &caller, &headers, &body));
    answered_evenly(caller.began, Box::pin(answered)).await
}

async fn answer(
    api: &Api,
    reached: &Reached,
    caller: &Caller,
    headers: &Conditions,
    body: &ValidJson<OtpAnswer>,
) -> Result<Response, Problem> {
    let place = ("contacts.validate_otp", None);
    let remember = once::remember_by_header(api, caller, headers, place, &body.hash)?;
    let (tenant, mode) = (caller.tenant(), caller.mode());
    let answered = api
        .router
        .answer(tenant, mode, &body.auth_otp, &body.code, remember)
        .await
        .map_err(refused)?;
    Box::pin(own::know_by_proven(api, caller, answered.contact)).await;
    let existing = Some(answered.existing);
    let who = (answered.contact, &answered.session, existing);
    signed_in(api, reached, caller.began, who).await
}
