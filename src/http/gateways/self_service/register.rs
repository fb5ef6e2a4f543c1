//! `POST /contacts/register`

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use utoipa::ToSchema;

use super::challenge::{self, WireChallenge, evenly, require_message};
use super::external;
use super::identification::Identity;
use super::registration::{About, NewRegistration, NewRegistrationVersion1, Registers};
use super::signed_in::WireSignedIn;
use super::wire::not_built;
use crate::actors::router::access::{AccountRegistration, Registration};
use crate::domain::address::{Address, Kind};
use crate::domain::api_key::Scope;
use crate::domain::apps::FieldEntity;
use crate::http::Api;
use crate::http::auth::Caller;
use crate::http::auth::bearer::AppKeyOrToken;
use crate::http::extract::{BodyHash, Conditions, ValidJson};
use crate::http::gateways::custom_fields;
use crate::http::gateways::once::Once;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::reached::Reached;

/// Register a contact.
///
/// A code is sent to the phone or the e-mail address. The contact exists once `validate_otp` has got the code: until then nobody sees it, and after ten minutes
/// nothing of it is left. Where a contact signs in by that already, the code signs it in, and what was sent here is dropped. The
/// answer is the same either way. By an account at a provider the contact is there at once, with its tokens. With an `Idempotency-Key`, a retry sends no second code.
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
        (status = 429, description = "One code in 30 seconds, and five an hour, are sent to a number or address", body = ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "Signing in by something else than a phone or an e-mail address is not built", body = ProblemBody, content_type = "application/problem+json"),
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
    evenly(caller.began, begun).await
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
        (status = 429, description = "One code in 30 seconds, and five an hour, are sent to a number or address", body = ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "Signing in by something else than a phone or an e-mail address is not built", body = ProblemBody, content_type = "application/problem+json"),
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
    evenly(caller.began, begun).await
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
    if let Identity::External { .. } = identity {
        let once = Once::of(caller, headers, "contacts.register", None, hash)?;
        return by_account(api, reached, caller, &once, about, identity).await;
    }
    let to = identity.destination()?;
    require_message(api, caller, &to).await?;
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
    let challenged = registered.await;
    challenge::answer(caller, StatusCode::CREATED, Some(&to), challenged)
}

/// Registers by an account at a provider.
async fn by_account(
    api: &Api,
    reached: &Reached,
    caller: &Caller,
    once: &Once,
    about: About,
    identity: Identity,
) -> Result<Response, Problem> {
    let Identity::External { service, proof } = &identity else {
        return Err(Problem::from(Code::InvalidRequest));
    };
    let account = external::vouched(api, caller, *service, proof).await?;
    let registration = AccountRegistration {
        address: address_of(api, caller, once),
        contact_type: about.contact_type(),
        profile: about.profile(identity),
        account,
    };
    let registered = api
        .router
        .register_account(registration, once.remember(api));
    let entered = registered.await.map_err(challenge::refused)?;
    external::entered(api, reached, caller, StatusCode::CREATED, &entered).await
}

/// Where the contact is to live: a retry finds the same place.
fn address_of(api: &Api, caller: &Caller, once: &Once) -> Address {
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
