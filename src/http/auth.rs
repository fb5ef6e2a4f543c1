//! Who calls, and what the caller's key allows. Each handler's first argument after the state is an [`Authorized`]: who may not
//! ask is refused before path, query and body are read, and there is no other way to a [`Caller`].

use std::ops::Deref;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::FromRequestParts;
use http::header::AUTHORIZATION;
use http::request::Parts;

use super::Api;
use super::failure;
use super::problem::{Code, Problem};
use crate::actors::router::{PublishedKey, Unauthenticated};
use crate::domain::address::{Mode, TenantId};
use crate::domain::api_key::{Gateway, Scope, Scopes, Visibility};
use crate::domain::context::TenantView;
use crate::domain::ids::{Named, PublicIds};

/// The contract's header for API keys.
const API_KEY: &str = "api_key";

/// An authenticated caller.
pub struct Caller {
    /// The key that was presented.
    pub key: Arc<PublishedKey>,
    /// When the request reached its handler.
    pub began: Instant,
}

impl Caller {
    /// Whose world the request is in.
    pub fn tenant(&self) -> TenantId {
        self.key.address.tenant
    }

    /// Live or test: the key's own.
    pub fn mode(&self) -> Mode {
        self.key.address.mode
    }

    /// Demands that the key has every one of `scopes` itself: no key makes one that can do more.
    pub fn require_all(&self, scopes: Scopes) -> Result<(), Problem> {
        let missing = scopes.beyond(self.key.key.details.scopes).iter().next();
        missing.map_or(Ok(()), |scope| {
            Err(Problem::new(
                Code::InsufficientScope,
                format!(
                    "the key lacks the scope {}, and so cannot grant it",
                    scope.name()
                ),
            ))
        })
    }

    /// Whether the key acts for `organisation`, of the caller's network: for its own and all below it; one without an
    /// organisation for the whole network.
    pub fn acts_for(&self, tenant: &TenantView, organisation: Option<u64>) -> bool {
        match (self.key.key.details.organisation, organisation) {
            (None, _) => true,
            (Some(own), Some(other)) => tenant.is_within(other, own),
            (Some(_), None) => false,
        }
    }

    /// The organisation of a public id, by entity number, if it is one of the network that the key acts for.
    pub fn organisation(&self, ids: &PublicIds, tenant: &TenantView, id: &str) -> Option<u64> {
        ids.read_as(Named::Organisation, id)
            .map(|id| id.entity)
            .filter(|number| tenant.organisations.contains_key(number))
            .filter(|number| self.acts_for(tenant, Some(*number)))
    }

    /// The configuration of the caller's tenant, in the caller's mode.
    pub async fn tenant_view(&self, api: &Api) -> Result<Arc<TenantView>, Problem> {
        api.router
            .tenant_view(self.tenant(), self.mode())
            .await
            .map_err(failure::problem)
    }

    /// Demands a secret key of the Back Office that covers `scope`.
    pub fn require(&self, scope: Scope) -> Result<(), Problem> {
        let details = &self.key.key.details;
        if details.visibility == Visibility::Public {
            return Err(Problem::new(
                Code::SecretKeyRequired,
                "a public key does not open this operation; send a secret key (sk_…) from a server",
            ));
        }
        if details.gateway != Gateway::BackOffice {
            return Err(Problem::new(
                Code::InsufficientScope,
                "the key opens the self-service gateway only",
            ));
        }
        if !details.scopes.allows(scope) {
            return Err(Problem::new(
                Code::InsufficientScope,
                format!("the key lacks the scope {}", scope.name()),
            ));
        }
        self.require_mode(scope)
    }

    /// Demands a key of the mode to which `scope` belongs, if it belongs to one.
    fn require_mode(&self, scope: Scope) -> Result<(), Problem> {
        match (scope, self.mode()) {
            (Scope::TestClock, Mode::Live | Mode::Shared) => Err(Problem::new(
                Code::TestKeyRequired,
                "live business goes by the clock on the wall; send a secret key of test mode (sk_test_…)",
            )),
            (Scope::OrganisationsWrite, Mode::Test) => Err(Problem::new(
                Code::LiveKeyRequired,
                "organisations belong to both modes, and a test key only reads them; send a live secret key (sk_live_…)",
            )),
            _ => Ok(()),
        }
    }

    async fn authenticated(parts: &Parts, api: &Api) -> Result<Caller, Problem> {
        let began = Instant::now();
        let Some(presented) = parts.headers.get(API_KEY) else {
            return Err(if parts.headers.contains_key(AUTHORIZATION) {
                Problem::new(
                    Code::InvalidApiKey,
                    "bearer tokens are not accepted here; send a secret key in the api_key header",
                )
            } else {
                Problem::new(
                    Code::MissingCredentials,
                    "send a secret key in the api_key header",
                )
            });
        };
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
                Unauthenticated::Unavailable(unavailable) => failure::unavailable(unavailable),
            })?;
        api.quota.admit(&key.address)?;
        Ok(Caller { key, began })
    }
}

/// A caller with a secret key of the Back Office that covers the scope of the bit `SCOPE`.
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
        let caller = Caller::authenticated(parts, api).await?;
        for scope in Scopes(SCOPE).iter() {
            caller.require(scope)?;
        }
        Ok(Authorized(caller))
    }
}
