//! Who calls, and what the caller's credential allows. A handler's first argument after the state is an [`Authorized`] or a
//! [`UserToken`] in the Back Office, and one of [`bearer`]'s extractors in self-service: who may not ask is refused before path, query
//! and body are read, and there is no other way to a [`Caller`].

pub mod bearer;
mod either;
mod key;
mod user;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use http::StatusCode;
use http::request::Parts;

pub use self::either::ContactOrBusiness;
pub use self::key::{Authorized, PageKey};
pub use self::user::{SignedInUser, UserCaller, UserToken};
use super::Api;
use super::failure;
use super::problem::{Code, Problem};
use super::quota::{Asker, Presented};
use crate::actors::router::PublishedKey;
use crate::domain::address::{Address, Mode, TenantId};
use crate::domain::api_key::{Gateway, Scope, Scopes, Visibility};
use crate::domain::context::TenantView;
use crate::domain::ids::{Named, PublicIds};

/// The contract's header for API keys.
const API_KEY: &str = "api_key";

/// Whose credential it is.
#[derive(Clone, Debug)]
pub enum Who {
    /// A program's: an API key.
    Key(Arc<PublishedKey>),
    /// A contact's own: the access token of a session.
    Contact(SignedInContact),
    /// A user's: the access token of a session.
    User(Arc<UserCaller>),
}

/// Whose token somebody presents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedIn {
    /// A contact's.
    Contact(SignedInContact),
    /// A user's.
    User(SignedInUser),
}

/// A contact in one of its sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedInContact {
    /// The contact.
    pub contact: Address,
    /// Which of its sessions.
    pub session: u32,
}

/// An authenticated caller.
pub struct Caller {
    /// Whose credential was presented.
    pub who: Who,
    /// Where the request comes from.
    pub client: IpAddr,
    /// When the request reached its handler.
    pub began: Instant,
}

/// The refusal of a request whose credential is none, unless its address has made too many.
fn stranger(problem: Problem, parts: &Parts, api: &Api) -> Problem {
    if problem.code().status() != StatusCode::UNAUTHORIZED {
        return problem;
    }
    let admitted = api.quota.admit_stranger(api.quota.client(parts));
    admitted.err().unwrap_or(problem)
}

/// Two credentials that work, and are not of one world.
fn conflict() -> Problem {
    Problem::new(
        Code::CredentialsConflict,
        "the token and the API key belong to different tenants, modes or gateways; send one of them, or two that agree",
    )
}

/// Demands that the key covers all of `scopes`.
fn require_scopes(key: &PublishedKey, scopes: Scopes) -> Result<(), Problem> {
    let lacks = scopes.beyond(key.key.details.scopes).iter().next();
    lacks.map_or(Ok(()), |scope| {
        Err(Problem::new(
            Code::InsufficientScope,
            format!("the key lacks the scope {}", scope.name()),
        ))
    })
}

/// Whom a token stands for that comes beside a key which opens the operation without it: nobody, if the token has expired, was revoked or is
/// none. One that works in the `other` gateway contradicts the key.
async fn beside_key<T, U>(
    own: impl Future<Output = Result<T, Problem>>,
    other: impl Future<Output = Result<U, Problem>>,
) -> Result<Option<T>, Problem> {
    if let Some(works) = if_works(own.await)? {
        return Ok(Some(works));
    }
    match if_works(other.await)? {
        Some(_) => Err(conflict()),
        None => Ok(None),
    }
}

fn if_works<T>(token: Result<T, Problem>) -> Result<Option<T>, Problem> {
    match token {
        Ok(works) => Ok(Some(works)),
        Err(problem) if matches!(problem.code(), Code::InvalidToken | Code::TokenExpired) => {
            Ok(None)
        }
        Err(problem) => Err(problem),
    }
}

impl Caller {
    /// Whoever has presented a credential that works, with the key that came with it, counted against their rates.
    async fn counted(
        who: Who,
        key: Option<&PublishedKey>,
        began: Instant,
        parts: &Parts,
        api: &Api,
    ) -> Result<Caller, Problem> {
        let client = api.quota.client(parts);
        let caller = Caller { who, client, began };
        let presented = Presented {
            world: (caller.tenant(), caller.mode()),
            key,
            account: match &caller.who {
                Who::Key(_) => None,
                Who::Contact(signed_in) => Some(signed_in.contact),
                Who::User(user) => Some(user.user),
            },
        };
        api.quota.admit(&api.router, client, presented).await?;
        Ok(caller)
    }

    /// Lets the caller try a code or a password: wrong ones are counted against its address.
    ///
    /// # Errors
    /// Those of `attempt`; a 429 for an address with too many wrong ones.
    pub async fn guess<T>(
        &self,
        api: &Api,
        attempt: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        let world = (self.tenant(), self.mode());
        let guess = api.quota.guess(&api.router, world, self.client, attempt);
        guess.await
    }

    /// Has `send` record a code, or a letter, as one of those that the caller, or its address, may have sent. What `send` refuses costs
    /// nothing, nor what was recorded before, as `is_new` tells.
    ///
    /// # Errors
    /// Those of `send`; a 429 for too many.
    pub fn has_sent<T: Send>(
        &self,
        api: &Api,
        is_new: impl FnOnce(&T) -> bool + Send,
        send: impl Future<Output = Result<T, Problem>> + Send,
    ) -> impl Future<Output = Result<T, Problem>> + Send {
        let is_of_the_business = match &self.who {
            Who::Key(key) => key.key.details.visibility == Visibility::Secret,
            Who::User(_) => true,
            Who::Contact(_) => false,
        };
        let asker = Asker {
            world: (self.tenant(), self.mode()),
            stranger_at: (!is_of_the_business).then_some(self.client),
        };
        // Much is done in it: not once more for each future around it.
        let send = Box::pin(send);
        api.quota.code(&api.router, asker, is_new, send)
    }

    /// Whose world the request is in.
    pub fn tenant(&self) -> TenantId {
        match &self.who {
            Who::Key(key) => key.address.tenant,
            Who::Contact(signed_in) => signed_in.contact.tenant,
            Who::User(user) => user.session.place.tenant,
        }
    }

    /// Live or test: the credential's own.
    pub fn mode(&self) -> Mode {
        match &self.who {
            Who::Key(key) => key.address.mode,
            Who::Contact(signed_in) => signed_in.contact.mode,
            Who::User(user) => user.session.place.mode,
        }
    }

    /// Whose credential it is, as what counts what it does has it.
    pub fn credential(&self) -> &Address {
        match &self.who {
            Who::Key(key) => &key.address,
            Who::Contact(signed_in) => &signed_in.contact,
            Who::User(user) => &user.user,
        }
    }

    /// By what idempotency goes: the key's first ancestor across rolls, or the contact, or the user.
    pub fn lineage(&self) -> u64 {
        match &self.who {
            Who::Key(key) => key.key.details.lineage,
            Who::Contact(signed_in) => signed_in.contact.entity,
            Who::User(user) => user.user.entity,
        }
    }

    /// The organisation that the key is bound to, or that the user's session looks at, by entity number; none for the whole network.
    pub fn bound_to(&self) -> Option<u64> {
        match &self.who {
            Who::Key(key) => key.key.details.organisation,
            Who::Contact(_) => None,
            Who::User(user) => user.bound_to,
        }
    }

    /// What the credential covers: a contact's token covers nothing but the contact.
    fn scopes(&self) -> Scopes {
        match &self.who {
            Who::Key(key) => key.key.details.scopes,
            Who::Contact(_) => Scopes::default(),
            Who::User(user) => user.rights,
        }
    }

    /// Demands that the caller has every one of `scopes` itself: nobody makes, changes or ends a key or a role that can do more.
    pub fn require_all(&self, scopes: Scopes) -> Result<(), Problem> {
        let Some(missing) = scopes.beyond(self.scopes()).iter().next() else {
            return Ok(());
        };
        let detail = match &self.who {
            Who::User(user) => user.lack(
                missing,
                ", and so you neither grant it nor change who has it",
            ),
            Who::Key(_) | Who::Contact(_) => format!(
                "the key lacks the scope {}, and so neither grants it nor changes who has it",
                missing.name()
            ),
        };
        Err(Problem::new(Code::InsufficientScope, detail))
    }

    /// Demands an app's key that covers `scope` as well: an operation may let in somebody for whom its own scope is not enough.
    pub fn require_of_app(&self, scope: Scope) -> Result<(), Problem> {
        if self.scopes().allows(scope) {
            return Ok(());
        }
        Err(Problem::new(
            Code::InsufficientScope,
            format!(
                "this takes an app's key with the scope {}, and no token",
                scope.name()
            ),
        ))
    }

    /// Whether the key acts for `organisation`, of the caller's network: for its own and all below it; one without an
    /// organisation for the whole network.
    pub fn acts_for(&self, tenant: &TenantView, organisation: Option<u64>) -> bool {
        match (&self.who, self.bound_to(), organisation) {
            (Who::Contact(_), ..) | (Who::Key(_) | Who::User(_), Some(_), None) => false,
            (Who::Key(_) | Who::User(_), None, _) => true,
            (Who::Key(_) | Who::User(_), Some(own), Some(other)) => tenant.is_within(other, own),
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

    /// Demands a secret key of the Back Office that covers `scope`, or a user's token that does.
    pub fn require(&self, scope: Scope) -> Result<(), Problem> {
        let key = match &self.who {
            Who::Key(key) => key,
            Who::User(user) => {
                user.require(scope)?;
                return self.require_mode(scope);
            }
            Who::Contact(_) => {
                return Err(Problem::new(
                    Code::SecretKeyRequired,
                    "a contact's token opens the self-service gateway only; send a secret key (sk_…) from a server",
                ));
            }
        };
        let details = &key.key.details;
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
        require_scopes(key, Scopes::of([scope]))?;
        self.require_mode(scope)
    }

    /// Demands a key of the mode to which `scope` belongs, if it belongs to one.
    fn require_mode(&self, scope: Scope) -> Result<(), Problem> {
        match (scope, self.mode()) {
            (Scope::TestClock, Mode::Live | Mode::Shared) => Err(Problem::new(
                Code::TestKeyRequired,
                "live business goes by the clock on the wall; send a secret key of test mode (sk_test_…)",
            )),
            (Scope::TestInbox, Mode::Live | Mode::Shared) => Err(Problem::new(
                Code::TestKeyRequired,
                "what is sent in live mode reaches its recipient and is shown to nobody else; send a secret key of test mode (sk_test_…)",
            )),
            (Scope::OrganisationsWrite, Mode::Test) => Err(Problem::new(
                Code::LiveKeyRequired,
                "organisations belong to both modes, and a test key only reads them; send a live secret key (sk_live_…)",
            )),
            (Scope::RolesWrite, Mode::Test) => Err(Problem::new(
                Code::LiveKeyRequired,
                "roles belong to both modes, and test mode only reads them; use a live secret key (sk_live_…), or a session of live mode",
            )),
            _ => Ok(()),
        }
    }
}
