//! `POST /contacts/authenticate`

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::challenge::WireChallenge;
use super::otp;
use super::wire::{Provider, WirePhone, not_built};
use crate::domain::api_key::Scope;
use crate::http::Api;
use crate::http::auth::bearer::AppKey;
use crate::http::extract::lenient::JsonOfAnyType;
use crate::http::extract::{Faults, Validate};
use crate::http::problem::{Code, Problem, ProblemBody};

/// Who signs in. Only the phone is built.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Authentication)]
pub(super) struct NewAuthentication {
    provider: Option<Provider>,
    /// With `PHONE`.
    phone: Option<WirePhone>,
    /// The app that asks. It changes nothing yet.
    application_id: Option<String>,
    /// Not built.
    username: Option<String>,
    /// Not built.
    password: Option<String>,
    /// Not built.
    token: Option<String>,
    /// Not built.
    mac_address: Option<String>,
    /// Not built.
    #[serde(default)]
    login_as_guest: bool,
    /// Not built.
    code: Option<String>,
    /// Not built.
    state: Option<String>,
}

impl NewAuthentication {
    fn is_by_phone(&self) -> bool {
        self.provider == Some(Provider::Phone) && !self.login_as_guest
    }
}

impl Validate for NewAuthentication {
    fn validate(&self, faults: &mut Faults) {
        if self.provider.is_none() && !self.login_as_guest {
            faults.add("provider", "missing_field", "is required");
        }
        if !self.is_by_phone() {
            return;
        }
        match &self.phone {
            Some(phone) => faults.within("phone", |faults| phone.validate(faults)),
            None => faults.add("phone", "missing_field", "is required with PHONE"),
        }
        let others = [
            ("username", &self.username),
            ("password", &self.password),
            ("token", &self.token),
            ("mac_address", &self.mac_address),
            ("code", &self.code),
            ("state", &self.state),
        ];
        for (member, value) in others {
            faults.require(
                value.is_none(),
                member,
                "of_another_provider",
                "does not belong to PHONE; leave it out",
            );
        }
        faults.require(
            self.application_id
                .as_ref()
                .is_none_or(|id| id.len() <= crate::limits::NAME_CHARS_MAX),
            "application_id",
            "too_long",
            "must have at most 200 bytes",
        );
    }
}

/// Sign in by phone.
///
/// A code is sent, as by `otp`: a phone number has no password.
#[utoipa::path(
    post, path = "/contacts/authenticate", tag = "Authentication", security(("api_key" = [])),
    request_body = NewAuthentication,
    responses(
        (status = 200, description = "A code was sent, if anybody signs in by this number", body = WireChallenge),
        (status = 400, description = "Not JSON, or nothing delivers messages in live mode", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "One code in 30 seconds, and five an hour, are sent to a number", body = ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "Another provider, which is not built", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn authenticate(
    State(api): State<Api>,
    caller: AppKey<{ Scope::ContactsRegister.bit() }>,
    body: JsonOfAnyType<NewAuthentication>,
) -> Result<Response, Problem> {
    if !body.is_by_phone() {
        return Err(not_built("provider", "PHONE"));
    }
    let phone = body.phone.as_ref().and_then(WirePhone::e164);
    let phone = phone.ok_or_else(|| Problem::from(Code::InvalidRequest))?;
    otp::send(&api, &caller, &phone).await
}
