//! ID tokens (OpenID Connect Core 1.0, section 3.1.3.7; RFC 8725).
//!
//! Judged without asking anybody first: size, header, issuer, audience, expiry. Only what passes has the issuer's keys asked for.

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{Algorithm, Validation};
use serde::Deserialize;

use super::issuers::Issuers;
use super::settings::{Service, Settings};
use super::{Person, Refused};
use crate::domain::time::Timestamp;
use crate::egress::Egress;
use crate::limits::{PROVIDER_CLOCK_SKEW, PROVIDER_SUBJECT_BYTES_MAX, PROVIDER_TOKEN_BYTES_MAX};

/// What providers sign with: public keys only, so that no key of ours or theirs can be mistaken for a shared secret.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// The longest name of a key, in bytes.
const KEY_ID_BYTES_MAX: usize = 128;

/// What a token must say.
pub(super) struct Expected<'a> {
    pub(super) service: Service,
    pub(super) settings: &'a Settings,
    /// What was sent to the provider for it to be repeated, if something was.
    pub(super) nonce: Option<&'a str>,
}

/// One audience, or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// What is read of a token.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: f64,
    nbf: Option<f64>,
    nonce: Option<String>,
}

/// The members of a header that would have keys taken from the token itself or from an address in it, or that demand what is not understood.
#[derive(Deserialize)]
struct Header {
    jku: Option<serde_json::Value>,
    jwk: Option<serde_json::Value>,
    x5u: Option<serde_json::Value>,
    x5c: Option<serde_json::Value>,
    crit: Option<serde_json::Value>,
}

impl Header {
    fn is_plain(&self) -> bool {
        let members = [&self.jku, &self.jwk, &self.x5u, &self.x5c, &self.crit];
        members.iter().all(|member| member.is_none())
    }
}

/// Whom `token` vouches for.
///
/// # Errors
/// As [`Refused`] says.
pub(super) async fn verify(
    egress: &Egress,
    issuers: &Issuers,
    expected: &Expected<'_>,
    token: &str,
    now: Timestamp,
) -> Result<Person, Refused> {
    let (algorithm, key_id) = read_header(token).ok_or(Refused::Invalid)?;
    let claims = read_claims(token).ok_or(Refused::Invalid)?;
    let subject = judge(expected, claims, now).ok_or(Refused::Invalid)?;
    let issuer = &expected.settings.issuer;
    let key = issuers
        .key(egress, issuer, key_id.as_deref(), algorithm)
        .await?
        .ok_or(Refused::Invalid)?;
    let mut rules = Validation::new(algorithm);
    // The claims were judged above, by our own clock; here it is the signature's turn.
    rules.validate_exp = false;
    rules.validate_aud = false;
    rules.required_spec_claims.clear();
    jsonwebtoken::decode::<serde::de::IgnoredAny>(token, &key, &rules)
        .map_err(|_forged| Refused::Invalid)?;
    Ok(Person {
        issuer: issuer.clone(),
        subject,
    })
}

fn read_header(token: &str) -> Option<(Algorithm, Option<String>)> {
    if token.len() > PROVIDER_TOKEN_BYTES_MAX {
        return None;
    }
    let header: Header = part(token, 0)?;
    if !header.is_plain() {
        return None;
    }
    let header = jsonwebtoken::decode_header(token).ok()?;
    let is_allowed = ALGORITHMS.contains(&header.alg);
    let fits = header.kid.as_ref().is_none_or(|kid| {
        kid.len() <= KEY_ID_BYTES_MAX && kid.bytes().all(|byte| byte.is_ascii_graphic())
    });
    (is_allowed && fits).then_some((header.alg, header.kid))
}

fn read_claims(token: &str) -> Option<Claims> {
    part(token, 1)
}

/// A part of a token, decoded and not believed yet.
fn part<T: serde::de::DeserializeOwned>(token: &str, at: usize) -> Option<T> {
    let mut parts = token.split('.');
    let part = parts.nth(at)?;
    let bytes = BASE64URL_NOPAD.decode(part.as_bytes()).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// The subject of claims in JSON, if they are what is expected.
#[cfg(test)]
pub(super) fn subject(expected: &Expected<'_>, claims: &str, now: Timestamp) -> Option<String> {
    judge(expected, serde_json::from_str(claims).ok()?, now)
}

/// The subject, if the claims are what is expected.
fn judge(expected: &Expected<'_>, claims: Claims, now: Timestamp) -> Option<String> {
    let Settings {
        issuer, client_id, ..
    } = expected.settings;
    let is_issuer = claims.iss == *issuer
        || (expected.service.issuer() == Some(issuer.as_str())
            && expected.service.alias() == Some(claims.iss.as_str()));
    let (is_audience, is_shared) = match &claims.aud {
        Audience::One(one) => (one == client_id, false),
        Audience::Several(several) => (several.contains(client_id), several.len() > 1),
    };
    // A token for several is for whom it was issued to, and for nobody else who is named in it.
    let is_party = match &claims.azp {
        Some(party) => party == client_id,
        None => !is_shared,
    };
    // Seconds are small enough for a fraction to be exact.
    let now = std::time::Duration::from_millis(u64::try_from(now.0).ok()?).as_secs_f64();
    let skew = PROVIDER_CLOCK_SKEW.as_secs_f64();
    let is_current = claims.exp.is_finite()
        && now < claims.exp + skew
        && claims.nbf.is_none_or(|from| from <= now + skew);
    let is_answer = expected
        .nonce
        .is_none_or(|nonce| claims.nonce.as_deref() == Some(nonce));
    let is_somebody = (1..=PROVIDER_SUBJECT_BYTES_MAX).contains(&claims.sub.len());
    (is_issuer && is_audience && is_party && is_current && is_answer && is_somebody)
        .then_some(claims.sub)
}
