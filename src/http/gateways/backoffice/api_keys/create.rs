//! `POST /api_keys`

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::wire::{NewApiKey, WireApiKey, WireKeyMode, scopes};
use crate::actors::router;
use crate::domain::api_key::Scope;
use crate::domain::ids::Named;
use crate::domain::time::Timestamp;
use crate::http::api_keys::{self, Minted, Terms};
use crate::http::audit::{audited, target};
use crate::http::auth::{Authorized, Caller};
use crate::http::extract::{Conditions, ValidJson};
use crate::http::gateways::once::Once;
use crate::http::problem::{Code, Problem, ProblemBody};
use crate::http::{Api, failure, reply};

/// Create an API key.
///
/// It belongs to the mode of the key that creates it, so that nothing of a test ever opens real business, nor the other way
/// round. It may do no more than that key, and act for no other organisation. A secret key's `value` is in this answer
/// only; a retry with the same `Idempotency-Key` gets it again, for as long as idempotency keys are kept.
#[utoipa::path(
    post, path = "/api_keys", tag = "API keys", security(("api_key" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the effect happen once")),
    request_body = NewApiKey,
    responses(
        (status = 201, description = "Created", body = WireApiKey),
        (status = 400, description = "Not JSON, or an unknown organisation", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "No key, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The key does not cover this", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "There are as many keys as there may be", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Nothing happened; try again", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in super::super) async fn create(
    State(api): State<Api>,
    caller: Authorized<{ Scope::KeysWrite.bit() }>,
    headers: Conditions,
    body: ValidJson<NewApiKey>,
) -> Result<Response, Problem> {
    let asked = scopes(&body.scopes);
    caller.require_all(asked)?;
    let terms = Terms {
        name: body.name.clone(),
        visibility: body.r#type.visibility(),
        gateway: body.gateway.gateway(),
        organisation: organisation(&api, &caller, &body).await?,
        scopes: asked,
        expires_at: expiry(&api, &caller, &body)?,
    };
    let once = Once::of(&caller, &headers, "api_keys.create", None, &body.hash)?;
    let minted = Minted::derived(&api, &once.scope(), terms.visibility);
    let target = target(&api, Named::ApiKey, minted.address.entity);
    let act = async {
        let remember = once.remember(&api);
        let made = api_keys::create(&api, &minted, terms, None, Some(remember)).await;
        let timings = reply::timings(&caller, router::Timings::default());
        Ok(match made {
            Ok(key) => {
                let shown = WireApiKey::of(&api, minted.address, *key, Some(minted.value)).await?;
                reply::json(StatusCode::CREATED, &shown, timings)
            }
            Err(why) => reply::refused(failure::problem(why), timings),
        })
    };
    audited(&api, &caller, "api_keys.create", target, act).await
}

/// The organisation that the key is to act for.
async fn organisation(
    api: &Api,
    caller: &Caller,
    body: &NewApiKey,
) -> Result<Option<u64>, Problem> {
    let tenant = caller.tenant_view(api).await?;
    let unknown = || {
        Problem::new(
            Code::UnknownOrganisation,
            "organisation_id names none that this key acts for",
        )
    };
    let ids = api.router.secrets().public_ids();
    match &body.organisation_id {
        // Left out, it is the creating key's own.
        None => Ok(caller.bound_to()),
        Some(id) => {
            let named = caller.organisation(ids, &tenant, id);
            named.map(Some).ok_or_else(unknown)
        }
    }
}

fn expiry(api: &Api, caller: &Caller, body: &NewApiKey) -> Result<Option<Timestamp>, Problem> {
    if body
        .mode
        .is_some_and(|mode| mode != WireKeyMode::of(caller.mode()))
    {
        return Err(failure::invalid_field(
            "/mode",
            "other_mode",
            "must be the mode of the key that is sent, or be left out: a live key makes live keys, a test key test keys",
        ));
    }
    let expires_at = body.expiration_date.map(Timestamp::from_unix_seconds);
    if expires_at.is_some_and(|end| end <= api.router.wall()) {
        return Err(failure::invalid_field(
            "/expiration_date",
            "in_the_past",
            "must lie in the future, or be left out",
        ));
    }
    Ok(expires_at)
}
