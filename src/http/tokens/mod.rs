//! Access tokens: a JWT (RFC 7519, RFC 9068) that names a contact or a user and one of its sessions, signed with Ed25519.
//!
//! issue: claims from the session's record → signature; the same record gives the same token, so a retried answer is the same
//! answer. verify: algorithm, type and key id → signature → issuer, audience, mode → expiry; nothing in a token makes the server ask
//! anybody. Whether the session goes on is not the token's to say: the caller asks the session at each request.
//!
//! Deliberately absent: the contact's names or rights (a token is not encrypted, and what it said would lag
//! behind), and any state that is stored.

mod signing;
mod users;
mod verified;

use std::sync::Arc;

use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};

use self::signing::SigningKeys;
use self::verified::Verified;
use crate::domain::access::ACCESS_LASTS;
use crate::domain::address::{Address, Mode, TenantId};
use crate::domain::ids::{Named, PublicId};
use crate::domain::time::Timestamp;
use crate::http::auth::{SignedIn, SignedInContact, SignedInUser};
use crate::limits::TOKEN_CHARS_MAX;
use crate::secrets::{KeyId, Secrets};

pub use self::signing::{NoKey, WireKey, WireKeys};
pub use self::users::UserGrant;

/// Who says what a token says.
const ISSUER: &str = "clientele";
/// For whom a contact's token is.
const AUDIENCE: &str = "clientele:self-service";
/// For whom a user's token is.
const BACK_OFFICE: &str = "clientele:backoffice";
/// The `typ` of access tokens (RFC 9068, section 2.1): no other JWT of ours can be taken for one.
const TYPE: &str = "at+jwt";

/// What a token is made from: a session, as it was recorded.
#[derive(Clone, Copy, Debug)]
pub struct Grant<'a> {
    /// Whose.
    pub contact: Address,
    /// Which of the contact's sessions.
    pub session: u32,
    /// How often the session was refreshed.
    pub generation: u32,
    /// What tells the session from all others.
    pub nonce: &'a [u8],
    /// When the session was begun, or refreshed last.
    pub issued_at: Timestamp,
    /// The organisation that the contact goes on in.
    pub organisation: Option<u64>,
}

/// An access token.
pub struct AccessToken {
    /// What is sent.
    pub text: String,
    /// Its `exp`, in Unix seconds.
    pub expires_at: i64,
}

/// Why a token opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is none of ours, or not for this.
    Invalid,
    /// It was good until its end.
    Expired,
}

/// A token could not be signed: a fault of ours.
#[derive(Debug, thiserror::Error)]
pub enum NotSigned {
    /// There is no key to sign it with.
    #[error(transparent)]
    NoKey(#[from] NoKey),
    /// The signature.
    #[error("a token cannot be signed: {0}")]
    Signature(#[from] jsonwebtoken::errors::Error),
}

/// Makes and reads access tokens.
pub struct Tokens {
    secrets: Arc<Secrets>,
    signing: SigningKeys,
    verified: Verified,
}

/// What a token says.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    /// The contact's public id.
    sub: String,
    /// The tenant's.
    tid: String,
    mode: WireMode,
    /// The session's number, as text: what a session is called is not for clients to count with.
    sid: String,
    /// The organisation that the contact goes on in, for whoever verifies the token elsewhere: it opens nothing here.
    #[serde(skip_serializing_if = "Option::is_none")]
    org: Option<String>,
    jti: String,
    iat: i64,
    exp: i64,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum WireMode {
    Live,
    Test,
}

impl WireMode {
    const fn of(mode: Mode) -> WireMode {
        match mode {
            Mode::Test => WireMode::Test,
            Mode::Live | Mode::Shared => WireMode::Live,
        }
    }

    const fn mode(self) -> Mode {
        match self {
            WireMode::Live => Mode::Live,
            WireMode::Test => Mode::Test,
        }
    }
}

impl Tokens {
    /// Tokens signed with keys that derive from `secrets`, and none that is `withdrawn`.
    pub fn new(secrets: Arc<Secrets>, withdrawn: Vec<KeyId>) -> Tokens {
        Tokens {
            signing: SigningKeys::new(Arc::clone(&secrets), withdrawn),
            secrets,
            verified: Verified::default(),
        }
    }

    /// The access token of a session, as it stands since it was begun or refreshed last.
    ///
    /// # Errors
    /// The signature cannot be made.
    pub fn issue(&self, grant: &Grant<'_>) -> Result<AccessToken, NotSigned> {
        let ids = self.secrets.public_ids();
        let (contact, organisation) = (&grant.contact, grant.organisation);
        let iat = grant.issued_at.unix_seconds();
        let exp = grant.issued_at.after(ACCESS_LASTS).unix_seconds();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: ids.write(PublicId::of(Named::Contact, contact.entity)),
            tid: ids.write(PublicId::of(Named::Tenant, contact.tenant.0)),
            mode: WireMode::of(contact.mode),
            sid: grant.session.to_string(),
            org: organisation.map(|number| ids.write(PublicId::of(Named::Organisation, number))),
            jti: token_id(grant),
            iat,
            exp,
        };
        let text = self.signed(&claims, grant.issued_at)?;
        let expires_at = exp;
        Ok(AccessToken { text, expires_at })
    }

    fn signed<T: Serialize>(&self, claims: &T, issued_at: Timestamp) -> Result<String, NotSigned> {
        let key = self.signing.at(issued_at)?;
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(key.id.clone());
        Ok(jsonwebtoken::encode(&header, claims, &key.private)?)
    }

    /// Whose token `text` is. Whether its session goes on is not said here.
    ///
    /// # Errors
    /// It is none of ours, or has expired at `wall`.
    pub fn verify(&self, text: &str, wall: Timestamp) -> Result<SignedIn, Refused> {
        if text.len() > TOKEN_CHARS_MAX {
            return Err(Refused::Invalid);
        }
        let hash = *blake3::hash(text.as_bytes()).as_bytes();
        let (signed_in, expires_at) = match self.verified.find(&hash) {
            Some(known) => known,
            None => {
                let read = self.read(text, wall).ok_or(Refused::Invalid)?;
                self.verified.keep(hash, read);
                read
            }
        };
        if wall >= expires_at {
            return Err(Refused::Expired);
        }
        Ok(signed_in)
    }

    /// What a token says and when it ends, if it is one of ours.
    fn read(&self, text: &str, wall: Timestamp) -> Option<(SignedIn, Timestamp)> {
        let header = jsonwebtoken::decode_header(text).ok()?;
        if header.typ.as_deref() != Some(TYPE) {
            return None;
        }
        // Compared with the few that there are, and looked up nowhere: it may be anything.
        let key = self.signing.named(header.kid.as_deref()?, wall)?;
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_issuer(&[ISSUER]);
        rules.set_audience(&[AUDIENCE, BACK_OFFICE]);
        rules.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        // By our own clock of credentials, and with an answer of its own.
        rules.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(text, &key.public, &rules)
            .ok()?
            .claims;
        let ids = self.secrets.public_ids();
        let tenant = ids.read_as(Named::Tenant, &claims.tid)?.entity;
        let (tenant, mode) = (TenantId(tenant), claims.mode.mode());
        let session = claims.sid.parse().ok()?;
        let signed_in = if claims.aud == BACK_OFFICE {
            let user = ids.read_as(Named::User, &claims.sub)?.owner(tenant, mode);
            SignedIn::User(SignedInUser { user, session })
        } else {
            let contact = ids
                .read_as(Named::Contact, &claims.sub)?
                .owner(tenant, mode);
            SignedIn::Contact(SignedInContact { contact, session })
        };
        Some((signed_in, Timestamp::from_unix_seconds(claims.exp)))
    }

    /// The public halves of the keys that tokens are signed with, for whoever verifies them elsewhere.
    ///
    /// # Errors
    /// A key cannot be derived.
    pub fn public_keys(&self, wall: Timestamp) -> Result<WireKeys, NoKey> {
        self.signing.public_halves(wall)
    }
}

/// A name for the token that says nothing of what it is made from.
fn token_id(grant: &Grant<'_>) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher
        .update(&grant.contact.to_bytes())
        .update(&grant.session.to_be_bytes())
        .update(&grant.generation.to_be_bytes())
        .update(grant.nonce);
    if let Some(organisation) = grant.organisation {
        hasher.update(&organisation.to_be_bytes());
    }
    let digest = hasher.finalize();
    let half = digest.as_bytes().first_chunk::<16>();
    data_encoding::BASE64URL_NOPAD.encode(half.unwrap_or(&[0; 16]))
}

#[cfg(test)]
mod tests;
