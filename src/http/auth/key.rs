//! API keys: reading and checking one, and what the handlers of the Back Office ask of a credential.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::{API_KEY, Caller, Who, require_scopes, user};
use crate::actors::router::{PublishedKey, Unauthenticated};
use crate::domain::api_key::{Gateway, Scopes};
use crate::http::problem::{Code, Problem};
use crate::http::{Api, failure};

/// The key in the `api_key` header; none, if there is no such header.
pub(super) async fn presented(
    parts: &Parts,
    api: &Api,
) -> Result<Option<Arc<PublishedKey>>, Problem> {
    let mut all = parts.headers.get_all(API_KEY).iter();
    let Some(presented) = all.next() else {
        return Ok(None);
    };
    // Which of them would be meant, who reads the request on its way may see otherwise.
    if all.next().is_some() {
        return Err(Problem::new(
            Code::InvalidApiKey,
            "the api_key header is there twice; send one key",
        ));
    }
    let value = presented.to_str().unwrap_or_default();
    let key = api
        .router
        .authenticate(value)
        .await
        .map_err(|refused| match refused {
            Unauthenticated::Invalid => {
                Problem::new(Code::InvalidApiKey, "the key is unknown or was revoked")
            }
            Unauthenticated::Expired => Problem::new(
                Code::ApiKeyExpired,
                "the key has expired; create another one",
            ),
            // Whoever is told has proven to hold it.
            Unauthenticated::RolledOut => Problem::new(
                Code::ApiKeyExpired,
                "the key was rolled and its grace is over; send the key that took its place",
            ),
            Unauthenticated::Unavailable(unavailable) => failure::unavailable(unavailable),
        })?;
    Ok(Some(key))
}

/// A caller with a secret key of the Back Office that covers the scope of the bit `SCOPE`, or a user whose roles do.
pub struct Authorized<const SCOPE: u32>(Caller);

impl<const SCOPE: u32> Deref for Authorized<SCOPE> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.0
    }
}

impl<const SCOPE: u32> FromRequestParts<Api> for Authorized<SCOPE> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let began = Instant::now();
        let missing = "send a secret key in the api_key header, or a user's access token in the Authorization header";
        let (who, key) = user::presented(parts, api, missing, |_| false).await?;
        let caller = Caller::counted(who, key.as_deref(), began, parts, api).await?;
        for scope in Scopes(SCOPE).iter() {
            caller.require(scope)?;
        }
        Ok(Authorized(caller))
    }
}

/// A caller with a key of the Back Office, public or secret, that covers the scope of the bit `SCOPE`: for what a page lets a stranger do.
pub struct PageKey<const SCOPE: u32>(Caller);

impl<const SCOPE: u32> Deref for PageKey<SCOPE> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.0
    }
}

/// Demands a key of the Back Office that covers `scopes`.
fn require_of_page(key: &PublishedKey, scopes: Scopes) -> Result<(), Problem> {
    if key.key.details.gateway != Gateway::BackOffice {
        return Err(Problem::new(
            Code::InsufficientScope,
            "the key opens the self-service gateway only; send a public key of the Back Office",
        ));
    }
    require_scopes(key, scopes)
}

impl<const SCOPE: u32> FromRequestParts<Api> for PageKey<SCOPE> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        const MISSING: &str = "send a public key of the Back Office in the api_key header";
        let began = Instant::now();
        let opens = |key: &PublishedKey| require_of_page(key, Scopes(SCOPE)).is_ok();
        let (_, key) = user::presented(parts, api, MISSING, opens).await?;
        let key = key.ok_or_else(|| Problem::new(Code::MissingCredentials, MISSING))?;
        let who = Who::Key(Arc::clone(&key));
        let caller = Caller::counted(who, Some(&key), began, parts, api).await?;
        require_of_page(&key, Scopes(SCOPE))?;
        Ok(PageKey(caller))
    }
}
