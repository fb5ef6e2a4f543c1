//! `POST /contacts/{id}/otp` and `POST /contacts/{id}/validate_otp`: a till makes sure of who stands before it.

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::named;
use crate::actors::router::access::Destination;
use crate::actors::router::{OpenedProfile, Timings};
use crate::domain::access::Channel;
use crate::domain::address::Address;
use crate::domain::api_key::Scope;
use crate::domain::contact::Stage;
use crate::domain::entity::{Answer, ContactView, Query};
use crate::http::auth::{Authorized, Caller};
use crate::http::extract::{BodyHash, Conditions, Faults, ValidJson, Validate};
use crate::http::gateways::once::{self, Once};
use crate::http::gateways::self_service::{
    self, Method, OtpAnswer, WireChallenge, reached, send_to,
};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// How a code goes to the contact.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TillOtpRequest)]
pub(in super::super) struct NewTillOtp {
    method: Method,
}

/// How a code goes to the contact, in the shape of the contract's version 1.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TillOtpRequestV1)]
pub(in super::super) struct NewTillOtpVersion1 {
    send_method: Method,
}

impl Validate for NewTillOtp {
    fn validate(&self, _: &mut Faults) {}
}

impl Validate for NewTillOtpVersion1 {
    fn validate(&self, _: &mut Faults) {}
}

/// Have a code sent to a contact that stands at a till.
///
/// It goes to the contact's primary phone, or to its e-mail address, as the business has them: whoever reads it there and says it at the till is the
/// contact. `obfuscated_value` is what the till shows of where it went. It works once, for ten minutes, with `validate_otp` of this contact, and signs
/// nobody in.
#[utoipa::path(
    post, path = "/contacts/{id}/otp", tag = "Contacts", security(("api_key" = [])),
    params(
        ("id" = String, Path, description = "The contact's id or code"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once"),
    ),
    request_body = NewTillOtp,
    responses(
        (status = 200, description = "A code was sent", body = WireChallenge),
        (status = 400, description = "Not JSON, or nothing delivers messages in live mode", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Nobody of this id or code", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, or the contact is not reached so", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "One code in 30 seconds, and five an hour, are sent to a number or address", body = ProblemBody, content_type = "application/problem+json"),
        (status = 500, description = "The outcome is unknown; try again with the same Idempotency-Key", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn ask(
    State(api): State<Api>,
    caller: Authorized<{ Scope::ContactsWrite.bit() }>,
    Path(name): Path<String>,
    headers: Conditions,
    body: ValidJson<NewTillOtp>,
) -> Result<Response, Problem> {
    let channel = body.method.channel();
    sent(
        &api,
        &caller,
        &name,
        &headers,
        (channel, "method", &body.hash),
    )
    .await
}

/// Have a code sent to a contact that stands at a till, in the shape of version 1.
#[utoipa::path(
    post, path = "/contacts/{id}/otp", tag = "Contacts", security(("api_key" = [])),
    params(
        ("id" = String, Path, description = "The contact's id or code"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once"),
    ),
    request_body = NewTillOtpVersion1,
    responses(
        (status = 200, description = "A code was sent", body = WireChallenge),
        (status = 400, description = "Not JSON, or nothing delivers messages in live mode", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Nobody of this id or code", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, or the contact is not reached so", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "One code in 30 seconds, and five an hour, are sent to a number or address", body = ProblemBody, content_type = "application/problem+json"),
        (status = 500, description = "The outcome is unknown; try again with the same Idempotency-Key", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn ask_version_1(
    State(api): State<Api>,
    caller: Authorized<{ Scope::ContactsWrite.bit() }>,
    Path(name): Path<String>,
    headers: Conditions,
    body: ValidJson<NewTillOtpVersion1>,
) -> Result<Response, Problem> {
    let channel = body.send_method.channel();
    let asked = (channel, "send_method", &body.hash);
    sent(&api, &caller, &name, &headers, asked).await
}

/// Take the code that a contact says at a till.
///
/// The answer is that it is right, and nothing else: the till goes on with the contact's id. Five wrong ones end it, and none is taken from this contact for a
/// quarter of an hour. With an `Idempotency-Key`, a retry is told again that the code was right; without one, a code that was used is used.
#[utoipa::path(
    post, path = "/contacts/{id}/validate_otp", tag = "Contacts", security(("api_key" = [])),
    params(
        ("id" = String, Path, description = "The contact's id or code"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once"),
    ),
    request_body = OtpAnswer,
    responses(
        (status = 204, description = "The code is right"),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work, or a wrong code", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Nobody of this id or code", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "After five wrong codes, or fifty from one address: for 15 minutes, even for the right one", body = ProblemBody, content_type = "application/problem+json"),
        (status = 500, description = "The outcome is unknown; try again with the same Idempotency-Key", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn validate(
    State(api): State<Api>,
    caller: Authorized<{ Scope::ContactsWrite.bit() }>,
    Path(name): Path<String>,
    headers: Conditions,
    body: ValidJson<OtpAnswer>,
) -> Result<Response, Problem> {
    confirmed(&api, &caller, &name, &headers, &body).await
}

/// Take the code that a contact says at a till: the same, as version 1 writes it.
#[utoipa::path(
    post, path = "/contacts/{id}/validate-otp", tag = "Contacts", security(("api_key" = [])),
    params(
        ("id" = String, Path, description = "The contact's id or code"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once"),
    ),
    request_body = OtpAnswer,
    responses(
        (status = 204, description = "The code is right"),
        (status = 400, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work, or a wrong code", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Nobody of this id or code", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "After five wrong codes, or fifty from one address: for 15 minutes, even for the right one", body = ProblemBody, content_type = "application/problem+json"),
        (status = 500, description = "The outcome is unknown; try again with the same Idempotency-Key", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn validate_by_other_path(
    State(api): State<Api>,
    caller: Authorized<{ Scope::ContactsWrite.bit() }>,
    Path(name): Path<String>,
    headers: Conditions,
    body: ValidJson<OtpAnswer>,
) -> Result<Response, Problem> {
    confirmed(&api, &caller, &name, &headers, &body).await
}

/// Has a code sent by a channel, which the body names in this member.
async fn sent(
    api: &Api,
    caller: &Caller,
    name: &str,
    headers: &Conditions,
    (channel, member, hash): (Channel, &str, &BodyHash),
) -> Result<Response, Problem> {
    let (contact, view) = existing(api, caller, name).await?;
    let to = destination(api, &contact, &view, channel)?.ok_or_else(|| {
        failure::invalid_field(
            &format!("/{member}"),
            "not_reached",
            match channel {
                Channel::Sms => "must be EMAIL: the contact has no phone number that can be dialled; or give it one",
                Channel::Email => "must be SMS: the contact has no e-mail address; or give it one",
            },
        )
    })?;
    let once = Once::of(caller, headers, "contacts.otp", Some(contact), hash)?;
    let challenged = async {
        let challenged = api
            .router
            .challenge_at_till(contact, &to, once.remember(api));
        challenged.await.map_err(self_service::refused)
    };
    let challenged = send_to(api, caller, &to, |it| it.is_new, challenged).await?;
    Ok(self_service::answer(
        caller,
        StatusCode::OK,
        Some(&to),
        challenged,
    ))
}

async fn confirmed(
    api: &Api,
    caller: &Caller,
    name: &str,
    headers: &Conditions,
    body: &ValidJson<OtpAnswer>,
) -> Result<Response, Problem> {
    let (contact, _) = existing(api, caller, name).await?;
    let attempt = async {
        let place = ("contacts.validate_till_otp", Some(contact));
        let remember = once::remember_by_header(api, caller, headers, place, &body.hash)?;
        let confirmed = api
            .router
            .confirm_at_till(contact, &body.auth_otp, &body.code, remember);
        confirmed.await.map_err(self_service::refused)
    };
    caller.guess(api, attempt).await?;
    Ok(reply::no_content(reply::timings(
        caller,
        Timings::default(),
    )))
}

/// The contact that the path names, if there is one: an id of another world is none.
async fn existing(
    api: &Api,
    caller: &Caller,
    name: &str,
) -> Result<(Address, Box<ContactView>), Problem> {
    let contact = named(api, caller, name).await?;
    let shown = api.router.query(contact, Query::Contact).await.result;
    match shown.map_err(failure::of_path)? {
        Answer::Contact(view) if view.stage == Stage::Active => Ok((contact, view)),
        _ => Err(failure::not_found()),
    }
}

/// Where the contact is reached, as the business has it.
fn destination(
    api: &Api,
    contact: &Address,
    view: &ContactView,
    channel: Channel,
) -> Result<Option<Destination>, Problem> {
    let opened = api.router.open_profile(contact, &view.profile);
    match opened.map_err(failure::problem)? {
        OpenedProfile::Plain(profile) => Ok(reached(&profile, channel)),
        OpenedProfile::Erased => Err(failure::not_found()),
    }
}
