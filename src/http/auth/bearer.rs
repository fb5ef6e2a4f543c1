//! The credentials of self-service: the public key of an app, and the access token of a contact.
//!
//! Where a request carries both, they must agree: a token of another tenant or mode than the key's, or a key of the other
//! gateway beside a token, is refused. A token alone is enough wherever one is accepted. Where the key alone is enough, a token that opens
//! nothing any more is as none: an app sends what it has left, and whoever was signed out must get in again.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;

use super::{
    Caller, SignedIn, SignedInContact, Who, beside_key, conflict, key, require_scopes, stranger,
    user,
};
use crate::actors::router::PublishedKey;
use crate::actors::router::access::Trust;
use crate::domain::api_key::{Gateway, Scopes};
use crate::domain::contact::Stage;
use crate::domain::entity::{Answer, ContactView, Query};
use crate::domain::ids::Named;
use crate::http::problem::{Code, Problem};
use crate::http::tokens::Refused;
use crate::http::{Api, failure};

/// The scheme of RFC 6750.
const SCHEME: &str = "bearer";

/// What stands in the `Authorization` header: after `Bearer ` or `Bearer.`, or by itself, as published clients send it. A header
/// that is there twice says nothing that could be relied on.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let text = values.next()?.to_str().unwrap_or_default().trim();
    if values.next().is_some() {
        return Some("");
    }
    let rest = text
        .split_at_checked(SCHEME.len())
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(SCHEME))
        .map(|(_, rest)| rest);
    Some(match rest {
        Some("") => "",
        Some(rest) if rest.starts_with([' ', '.']) => rest.trim_start_matches([' ', '.']),
        Some(_) | None => text,
    })
}

/// The contact whose token this is, in a session that goes on, and how far it is known to be theirs.
pub(super) async fn signed_in(text: &str, api: &Api) -> Result<(SignedInContact, Trust), Problem> {
    let signed_in = match api.tokens.verify(text, api.router.wall()) {
        Ok(SignedIn::Contact(contact)) => contact,
        Ok(SignedIn::User(_)) | Err(Refused::Invalid) => return Err(invalid_token()),
        Err(Refused::Expired) => {
            return Err(Problem::new(
                Code::TokenExpired,
                "the access token has expired; get another one with the refresh token",
            ));
        }
    };
    let session = api.router.session(signed_in.contact, signed_in.session);
    match session.await.map_err(failure::unavailable)? {
        Some(session) => Ok((signed_in, session.trust)),
        None => Err(invalid_token()),
    }
}

fn invalid_token() -> Problem {
    Problem::new(
        Code::InvalidToken,
        "this is no access token of this gateway, or its session has ended; sign in again",
    )
}

/// What is the contact's is not for whoever was recognised and has proven nothing.
pub fn only_recognised() -> Problem {
    Problem::new(
        Code::StepUpRequired,
        "the device was recognised, and anybody can imitate one: sign in by a phone number, an e-mail address or an account",
    )
}

/// Demands a key of the self-service gateway that covers `scopes`.
fn require(key: &PublishedKey, scopes: Scopes) -> Result<(), Problem> {
    let details = &key.key.details;
    if details.gateway != Gateway::SelfService {
        return Err(Problem::new(
            Code::InsufficientScope,
            "the key opens the Back Office gateway only; send a public key of the self-service gateway",
        ));
    }
    require_scopes(key, scopes)
}

/// Demands that a key that came with the token of `contact` belongs to the same world.
pub fn require_agreement(key: &PublishedKey, contact: &SignedInContact) -> Result<(), Problem> {
    let is_of_gateway = key.key.details.gateway == Gateway::SelfService;
    let (one, other) = (&key.address, &contact.contact);
    if is_of_gateway && one.tenant == other.tenant && one.mode == other.mode {
        return Ok(());
    }
    Err(conflict())
}

/// The key and the contact of a request; at least one of both.
type Carried = (Option<Arc<PublishedKey>>, Option<(SignedInContact, Trust)>);

/// What a request carries, checked. Beside a key that `opens` the operation, a token may be one that opens nothing.
async fn credentials(
    parts: &Parts,
    api: &Api,
    missing: &'static str,
    opens: impl Fn(&PublishedKey) -> bool,
) -> Result<Carried, Problem> {
    let credentials = unchecked_rates(parts, api, missing, opens).await;
    credentials.map_err(|problem| stranger(problem, parts, api))
}

async fn unchecked_rates(
    parts: &Parts,
    api: &Api,
    missing: &'static str,
    opens: impl Fn(&PublishedKey) -> bool,
) -> Result<Carried, Problem> {
    let key = key::presented(parts, api).await?;
    let contact = match bearer(&parts.headers) {
        Some(text) if key.as_deref().is_some_and(opens) => {
            beside_key(signed_in(text, api), user::signed_in(text, api)).await?
        }
        Some(text) => Some(signed_in(text, api).await?),
        None => None,
    };
    match (&key, &contact) {
        (Some(key), Some((contact, _))) => require_agreement(key, contact)?,
        (None, None) => return Err(Problem::new(Code::MissingCredentials, missing)),
        (Some(_), None) | (None, Some(_)) => {}
    }
    Ok((key, contact))
}

/// The key that a request carries beside a credential of its own, such as a refresh token.
pub async fn key_beside(parts: &Parts, api: &Api) -> Result<Option<Arc<PublishedKey>>, Problem> {
    let key = key::presented(parts, api).await;
    key.map_err(|problem| stranger(problem, parts, api))
}

/// A caller with a key of the self-service gateway that covers the scope of the bit `SCOPE`.
pub struct AppKey<const SCOPE: u32>(Caller);

/// The same, or a contact with its token.
pub struct AppKeyOrToken<const SCOPE: u32>(Caller);

/// A contact with its token. One who was only recognised is refused: what others can imitate opens nothing that is the contact's.
pub struct ContactToken {
    caller: Caller,
    /// Who it is, and in which session.
    pub signed_in: SignedInContact,
}

/// The same, even if it was only recognised: for what concerns the session alone.
pub struct SessionToken {
    token: ContactToken,
    /// How it is known whose it is.
    pub trust: Trust,
}

impl<const SCOPE: u32> Deref for AppKey<SCOPE> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.0
    }
}

impl<const SCOPE: u32> Deref for AppKeyOrToken<SCOPE> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.0
    }
}

impl Deref for ContactToken {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl Deref for SessionToken {
    type Target = ContactToken;

    fn deref(&self) -> &ContactToken {
        &self.token
    }
}

impl<const SCOPE: u32> FromRequestParts<Api> for AppKey<SCOPE> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        const MISSING: &str = "send the app's public key in the api_key header";
        let began = Instant::now();
        let opens = |key: &PublishedKey| require(key, Scopes(SCOPE)).is_ok();
        let (key, _) = credentials(parts, api, MISSING, opens).await?;
        let key = key.ok_or_else(|| {
            let missing = Problem::new(Code::MissingCredentials, MISSING);
            stranger(missing, parts, api)
        })?;
        let who = Who::Key(key.clone());
        let caller = Caller::counted(who, Some(&key), began, parts, api).await?;
        require(&key, Scopes(SCOPE))?;
        Ok(AppKey(caller))
    }
}

impl<const SCOPE: u32> FromRequestParts<Api> for AppKeyOrToken<SCOPE> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let began = Instant::now();
        let missing = "send the app's public key in the api_key header, or the contact's access token in the Authorization header";
        let opens = |key: &PublishedKey| require(key, Scopes(SCOPE)).is_ok();
        let (key, contact) = credentials(parts, api, missing, opens).await?;
        let who = match (&key, contact) {
            (_, Some((contact, _))) => Who::Contact(contact),
            (Some(key), None) => Who::Key(Arc::clone(key)),
            (None, None) => return Err(Problem::new(Code::MissingCredentials, missing)),
        };
        let caller = Caller::counted(who, key.as_deref(), began, parts, api).await?;
        if let Who::Key(key) = &caller.who {
            require(key, Scopes(SCOPE))?;
        }
        Ok(AppKeyOrToken(caller))
    }
}

impl FromRequestParts<Api> for ContactToken {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let session = SessionToken::from_request_parts(parts, api).await?;
        match session.trust {
            Trust::Proven => Ok(session.token),
            Trust::Recognised => Err(only_recognised()),
        }
    }
}

impl FromRequestParts<Api> for SessionToken {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        const MISSING: &str =
            "send the contact's access token in the Authorization header (Bearer …)";
        let began = Instant::now();
        let (key, contact) = credentials(parts, api, MISSING, |_| false).await?;
        let (signed_in, trust) = contact.ok_or_else(|| {
            let missing = Problem::new(Code::MissingCredentials, MISSING);
            stranger(missing, parts, api)
        })?;
        let who = Who::Contact(signed_in);
        let caller = Caller::counted(who, key.as_deref(), began, parts, api);
        let token = ContactToken {
            caller: caller.await?,
            signed_in,
        };
        Ok(SessionToken { token, trust })
    }
}

impl ContactToken {
    /// The contact itself, if `name` is its id or its code. Any other name is answered alike, whether somebody has it or not: it is
    /// not even looked up.
    ///
    /// # Errors
    /// 404 for any other name; no answer.
    pub async fn named(&self, api: &Api, name: &str) -> Result<Box<ContactView>, Problem> {
        let view = self.view(api).await?;
        let ids = api.router.secrets().public_ids();
        let by_id = ids
            .read_as(Named::Contact, name)
            .is_some_and(|id| id.entity == self.signed_in.contact.entity && id.part == 0);
        if by_id || view.own_id.as_deref() == Some(name) || *view.code == *name {
            Ok(view)
        } else {
            Err(failure::not_found())
        }
    }

    /// The contact itself.
    ///
    /// # Errors
    /// It was erased a moment ago; no answer.
    pub async fn view(&self, api: &Api) -> Result<Box<ContactView>, Problem> {
        let reply = api.router.query(self.signed_in.contact, Query::Contact);
        match reply.await.result.map_err(failure::problem)? {
            Answer::Contact(view) if view.stage == Stage::Active => Ok(view),
            _ => Err(failure::not_found()),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::*;

    fn of(values: &[&'static str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_static(value));
        }
        bearer(&headers).map(str::to_owned)
    }

    #[test]
    fn a_token_is_read_however_published_clients_write_it() {
        for text in ["Bearer a.b.c", "bearer   a.b.c ", "Bearer.a.b.c", "a.b.c"] {
            assert_eq!(of(&[text]).as_deref(), Some("a.b.c"), "{text}");
        }
        assert_eq!(of(&["Bearers.x"]).as_deref(), Some("Bearers.x"));
        for text in ["Bearer", "Bearer ", ""] {
            assert_eq!(of(&[text]).as_deref(), Some(""), "{text}");
        }
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn two_authorization_headers_are_no_token() {
        assert_eq!(of(&["Bearer a.b.c", "Bearer a.b.c"]).as_deref(), Some(""));
    }
}
