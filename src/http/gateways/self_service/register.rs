//! `POST /contacts/register`

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use utoipa::ToSchema;

use super::challenge::{self, WireChallenge, answered_evenly, send_to};
use super::external;
use super::identification::Identity;
use super::registration::{NewRegistration, NewRegistrationVersion1, Registers};
use super::signed_in::WireSignedIn;
use super::wire::not_built;
use crate::actors::router::access::{Account, AccountRegistration, Registration, SignedIn};
use crate::domain::address::{Address, Kind};
use crate::domain::api_key::Scope;
use crate::domain::apps::FieldEntity;
use crate::domain::contact::{ContactType, Profile};
use crate::http::Api;
use crate::http::auth::Caller;
use crate::http::auth::bearer::AppKeyOrToken;
use crate::http::extract::{BodyHash, Conditions, ValidJson};
use crate::http::gateways::custom_fields;
use crate::http::gateways::once::{Once, idempotency_key};
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::reached::Reached;
use crate::limits::UNPROVEN_IDEMPOTENCY_KEY_CHARS_MIN;

/// Register a contact.
///
/// A code is sent to the phone or the e-mail address. The contact exists once `validate_otp` has got the code: until then nobody sees it, and after ten minutes
/// nothing of it is left. Where a contact signs in by that already, the code signs it in, and what was sent here is dropped. The
/// answer is the same either way. By an account at a provider the contact is there at once, with its tokens; by a device
/// as well, for a key with `contacts.guests`, unless the device is somebody's: that contact is recognised then, and its tokens open nothing of it. With an `Idempotency-Key`, a retry sends no second code.
#[utoipa::path(
    post, path = "/contacts/register", tag = "Authentication", security(("api_key" = []), ("access_token" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once")),
    request_body = NewRegistration,
    responses(
        (status = 201, description = "A code was sent; or, by an account at a provider, the contact is there and signed in", body = Registered),
        (status = 400, description = "Not JSON, or nothing delivers messages in live mode", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No credential, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "One code in 30 seconds, and five an hour, are sent to a number or address; an address lets in 100 devices an hour", body = ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "A member that is not built", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn register(
    State(api): State<Api>,
    reached: Reached,
    caller: AppKeyOrToken<{ Scope::ContactsRegister.bit() }>,
    headers: Conditions,
    body: ValidJson<NewRegistration>,
) -> Result<Response, Problem> {
    let begun = begin(&api, &reached, &caller, &headers, &body.value, &body.hash);
    answered_evenly(caller.began, begun).await
}

/// Register a contact.
///
/// As in version 2; `identity` may stand for `identification`, `service_acceptance` for `accept_terms_&_conditions`, and booleans may be
/// text.
#[utoipa::path(
    post, path = "/contacts/register", tag = "Authentication", security(("api_key" = []), ("access_token" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once")),
    request_body = NewRegistrationVersion1,
    responses(
        (status = 201, description = "A code was sent; or, by an account at a provider, the contact is there and signed in", body = Registered),
        (status = 400, description = "Not JSON, or nothing delivers messages in live mode", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No credential, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "One code in 30 seconds, and five an hour, are sent to a number or address; an address lets in 100 devices an hour", body = ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "A member that is not built", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn register_version_1(
    State(api): State<Api>,
    reached: Reached,
    caller: AppKeyOrToken<{ Scope::ContactsRegister.bit() }>,
    headers: Conditions,
    body: ValidJson<NewRegistrationVersion1>,
) -> Result<Response, Problem> {
    let begun = begin(&api, &reached, &caller, &headers, &body.value, &body.hash);
    answered_evenly(caller.began, begun).await
}

async fn begin(
    api: &Api,
    reached: &Reached,
    caller: &Caller,
    headers: &Conditions,
    asked: &impl Registers,
    hash: &BodyHash,
) -> Result<Response, Problem> {
    let (about, identity) = (asked.who(), asked.identity()?);
    if let Some(field) = about.unbuilt() {
        return Err(not_built(field, "a registration without it"));
    }
    custom_fields::check(api, caller, FieldEntity::Contacts, about.custom_fields()).await?;
    let account = match &identity {
        Identity::External { service, proof } => {
            Some(external::vouched(api, caller, *service, proof).await?)
        }
        Identity::Device(mac_address) => {
            admit_device(api, caller, headers)?;
            Some(Account::of_device(mac_address.clone()))
        }
        Identity::Phone(_) | Identity::Email { .. } => None,
    };
    if let Some(account) = account {
        let once = Once::of(caller, headers, "contacts.register", None, hash)?;
        let who = (about.contact_type(), about.profile(identity));
        let entered = enter(api, caller, &once, who, account).await?;
        return external::entered(api, reached, caller, StatusCode::CREATED, &entered).await;
    }
    let to = identity.destination()?;
    let registered = async {
        let password = identity.password(api).await?;
        let once = Once::of(caller, headers, "contacts.register", None, hash)?;
        let registration = Registration {
            address: address_of(api, caller, &once),
            contact_type: about.contact_type(),
            profile: about.profile(identity),
            identity: to.clone(),
            password,
        };
        let registered = api.router.register(registration, once.remember(api));
        registered.await.map_err(challenge::refused)
    };
    let challenged = send_to(api, caller, &to, |it| it.is_new, registered).await?;
    Ok(challenge::answer(
        caller,
        StatusCode::CREATED,
        Some(&to),
        challenged,
    ))
}

/// Demands that the app may let devices in, and that who repeats its request knows more than anybody guesses: it gets the contact.
fn admit_device(api: &Api, caller: &Caller, headers: &Conditions) -> Result<(), Problem> {
    caller.require_of_app(Scope::ContactsGuests)?;
    if idempotency_key(headers)?.is_some_and(|key| key.len() < UNPROVEN_IDEMPOTENCY_KEY_CHARS_MIN) {
        return Err(Problem::new(
            Code::InvalidRequest,
            "an Idempotency-Key with MAC_ADDRESS must have at least 20 characters, such as a random UUID: whoever knows it gets the contact",
        ));
    }
    api.quota
        .admit_guest((caller.tenant(), caller.mode()), caller.client)
}

/// Registers by an account at a provider that has vouched for it, or by a device.
pub(super) async fn enter(
    api: &Api,
    caller: &Caller,
    once: &Once,
    (contact_type, profile): (ContactType, Profile),
    account: Account,
) -> Result<SignedIn, Problem> {
    let registration = AccountRegistration {
        address: address_of(api, caller, once),
        contact_type,
        profile,
        account,
    };
    let registered = api
        .router
        .register_account(registration, once.remember(api));
    registered.await.map_err(challenge::refused)
}

/// Where the contact is to live: a retry finds the same place.
pub(super) fn address_of(api: &Api, caller: &Caller, once: &Once) -> Address {
    Address {
        tenant: caller.tenant(),
        mode: caller.mode(),
        kind: Kind::Contact,
        entity: api.router.secrets().derived_entity(&once.scope(), 0),
    }
}

/// What registering comes to.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(
    dead_code,
    reason = "describes two answers, each of which is made elsewhere"
)]
enum Registered {
    /// By phone or e-mail address.
    Challenge(WireChallenge),
    /// By an account at a provider.
    SignedIn(Box<WireSignedIn>),
}
