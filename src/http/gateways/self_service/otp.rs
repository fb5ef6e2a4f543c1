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
use crate::http::email;
use crate::http::extract::{Faults, ValidJson, Validate};
use crate::http::phone::e164;
use crate::http::problem::{Code, Problem, ProblemBody};

/// How the code is sent.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = OtpMethod)]
enum Method {
    /// As a text message.
    Sms,
    /// By e-mail.
    Email,
}

impl Method {
    const fn channel(self) -> Channel {
        match self {
            Method::Sms => Channel::Sms,
            Method::Email => Channel::Email,
        }
    }
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
    /// The e-mail address that it signs in by.
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
#[derive(Clone, Deserialize, ToSchema)]
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
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OtpRequest)]
pub(super) struct NewOtp {
    method: Method,
    /// One: the phone number, with `SMS`, or the e-mail address, with `EMAIL`, that the contact signs in by.
    #[schema(min_items = 1, max_items = 1)]
    credentials: Vec<Credential>,
}

/// What a request names to send a code to.
enum Named {
    /// What the contact signs in by; none, if it is not written as that is.
    Identity(Option<Destination>),
    /// Something that is not built.
    NotBuilt,
}

impl NewOtp {
    fn named(&self) -> Named {
        let [one] = self.credentials.as_slice() else {
            return Named::NotBuilt;
        };
        if one.gift_pass.is_some() {
            return Named::NotBuilt;
        }
        match one.name {
            Name::Phone => Named::Identity(e164(&one.value, None).map(Destination::Phone)),
            Name::Email => Named::Identity(email::normal(&one.value).map(Destination::Email)),
            Name::AuthOtp
            | Name::Birthdate
            | Name::Passport
            | Name::Card
            | Name::IdNumber
            | Name::LoyaltyIdentifier
            | Name::GiftPass
            | Name::StatutoryId => Named::NotBuilt,
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
        match self.named() {
            Named::Identity(Some(to)) => faults.require(
                to.channel() == self.method.channel(),
                "method",
                "of_another_credential",
                "must be SMS for a phone number, and EMAIL for an e-mail address",
            ),
            Named::Identity(None) => faults.add(
                "credentials/0/value",
                "not_a_destination",
                "must be a phone number with + and country, or an e-mail address like name@example.com",
            ),
            Named::NotBuilt => {}
        }
    }
}

/// As many as there are kinds of credentials.
const CREDENTIALS_MAX: usize = 10;

/// Ask for a code to sign in with.
///
/// It goes to the phone number or e-mail address that the contact signs in by. Where nobody does, the answer is the same, and no code will ever fit.
#[utoipa::path(
    post, path = "/contacts/otp", tag = "Authentication", security(("api_key" = []), ("access_token" = [])),
    request_body = NewOtp,
    responses(
        (status = 200, description = "A code was sent, if anybody signs in by this", body = WireChallenge),
        (status = 400, description = "Not JSON, or nothing delivers messages in live mode", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No credential, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "One code in 30 seconds, and five an hour, are sent to a number or address", body = ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "Another credential, which is not built", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn request(
    State(api): State<Api>,
    caller: AppKeyOrToken<{ Scope::ContactsRegister.bit() }>,
    body: ValidJson<NewOtp>,
) -> Result<Response, Problem> {
    match body.named() {
        Named::Identity(Some(to)) => send(&api, &caller, &to).await,
        Named::Identity(None) => Err(Problem::from(Code::InvalidRequest)),
        Named::NotBuilt => Err(not_built("credentials", "one PHONE or EMAIL")),
    }
}

/// Has a code sent to whoever signs in by `to`.
pub(super) async fn send(
    api: &Api,
    caller: &Caller,
    to: &Destination,
) -> Result<Response, Problem> {
    let sent = async {
        require_delivery(api, caller, to.channel()).await?;
        let (tenant, mode) = (caller.tenant(), caller.mode());
        let challenged = api.router.challenge(tenant, mode, to).await;
        challenge::answer(caller, StatusCode::OK, to, challenged)
    };
    evenly(caller.began, sent).await
}
