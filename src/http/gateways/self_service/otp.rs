//! `POST /contacts/otp`

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::challenge::{self, WireChallenge, evenly, require_delivery};
use super::wire::not_built;
use crate::actors::router::access::Destination;
use crate::domain::access::Channel;
use crate::domain::api_key::Scope;
use crate::http::Api;
use crate::http::auth::Caller;
use crate::http::auth::bearer::AppKeyOrToken;
use crate::http::extract::{Faults, ValidJson, Validate};
use crate::http::phone::e164;
use crate::http::problem::{Problem, ProblemBody};

/// How the code is sent.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = OtpMethod)]
enum Method {
    /// As a text message.
    Sms,
    /// By e-mail, which is not built.
    Email,
}

/// What the contact is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = CredentialName)]
enum Name {
    /// The phone number that it signs in by, with `+` and country.
    Phone,
    /// Not built.
    AuthOtp,
    /// Not built.
    Birthdate,
    /// Not built.
    Passport,
    /// Not built.
    Card,
    /// Not built.
    Email,
    /// Not built.
    IdNumber,
    /// Not built.
    LoyaltyIdentifier,
    /// Not built.
    GiftPass,
    /// Not built.
    StatutoryId,
}

/// Something that the contact is known by.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Credential)]
struct Credential {
    name: Name,
    value: String,
    /// With `GIFT_PASS`, which is not built.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    gift_pass: Option<serde_json::Value>,
}

/// Who wants a code, and how.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OtpRequest)]
pub(super) struct NewOtp {
    method: Method,
    /// One: the phone number that the contact signs in by.
    #[schema(min_items = 1, max_items = 1)]
    credentials: Vec<Credential>,
}

impl NewOtp {
    /// The phone number, where that is what is sent.
    fn phone(&self) -> Option<Option<String>> {
        match self.credentials.as_slice() {
            [one] if one.name == Name::Phone && one.gift_pass.is_none() => {
                Some(e164(&one.value, None))
            }
            _ => None,
        }
    }
}

impl Validate for NewOtp {
    fn validate(&self, faults: &mut Faults) {
        faults.require(
            (1..=CREDENTIALS_MAX).contains(&self.credentials.len()),
            "credentials",
            "wrong_length",
            "must have 1 to 10 entries",
        );
        if self.phone() == Some(None) {
            faults.add(
                "credentials/0/value",
                "not_a_phone_number",
                "must be a phone number with + and country",
            );
        }
    }
}

/// As many as there are kinds of credentials.
const CREDENTIALS_MAX: usize = 10;

/// Ask for a code to sign in with.
///
/// It goes to the phone number that the contact signs in by. Where nobody does, the answer is the same, and no code will ever fit.
#[utoipa::path(
    post, path = "/contacts/otp", tag = "Authentication", security(("api_key" = []), ("access_token" = [])),
    request_body = NewOtp,
    responses(
        (status = 200, description = "A code was sent, if anybody signs in by this number", body = WireChallenge),
        (status = 400, description = "Not JSON, or nothing delivers messages in live mode", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No credential, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "One code in 30 seconds, and five an hour, are sent to a number", body = ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "Another method or credential, which is not built", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn request(
    State(api): State<Api>,
    caller: AppKeyOrToken<{ Scope::ContactsRegister.bit() }>,
    body: ValidJson<NewOtp>,
) -> Result<Response, Problem> {
    let phone = match (body.method, body.phone()) {
        (Method::Sms, Some(Some(phone))) => phone,
        (Method::Email, _) => return Err(not_built("method", "SMS")),
        (Method::Sms, _) => return Err(not_built("credentials", "one PHONE")),
    };
    send(&api, &caller, &phone).await
}

/// Has a code sent to whoever signs in by `phone`.
pub(super) async fn send(api: &Api, caller: &Caller, phone: &str) -> Result<Response, Problem> {
    let sent = async {
        require_delivery(api, caller, Channel::Sms).await?;
        let (tenant, mode) = (caller.tenant(), caller.mode());
        let to = Destination::Phone(phone.to_owned());
        let challenged = api.router.challenge(tenant, mode, to).await;
        challenge::answer(caller, StatusCode::OK, phone, challenged)
    };
    evenly(caller.began, sent).await
}
