//! What issuers publish: where their endpoints are, and the keys that they sign with. Kept for a while, and bounded.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method};
use jsonwebtoken::jwk::{Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use parking_lot::Mutex;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::Failed;
use crate::egress::{self, Call, CallFailed, Egress};
use crate::limits::{ISSUER_ASK_PAUSE, ISSUER_KEYS_LAST, ISSUER_KEYS_MAX, ISSUERS_KEPT_MAX};

/// An issuer's own description (OpenID Connect Discovery 1.0, section 3).
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Discovery {
    issuer: String,
    jwks_uri: String,
    pub(super) authorization_endpoint: Option<String>,
    pub(super) token_endpoint: Option<String>,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<serde_json::Value>,
}

/// A key that signatures are checked with.
#[derive(Clone)]
struct Key {
    id: Option<String>,
    algorithm: Option<KeyAlgorithm>,
    key: DecodingKey,
}

/// What is known of one issuer.
#[derive(Clone)]
struct Known {
    discovery: Discovery,
    keys: Vec<Key>,
    at: Instant,
}

/// What is known of one issuer, and whether it failed of late. One asks at a time, and the others wait for what comes of it.
#[derive(Default)]
struct Place {
    known: Option<Known>,
    failed_at: Option<Instant>,
}

type Shared = Arc<tokio::sync::Mutex<Place>>;

/// The issuers that were asked.
pub(super) struct Issuers {
    places: Mutex<HashMap<String, (Instant, Shared)>>,
}

impl Issuers {
    pub(super) fn new() -> Issuers {
        Issuers {
            places: Mutex::default(),
        }
    }

    /// The issuer's key of this id and for this algorithm; without an id, the only one that fits. An id that is not known has the issuer
    /// asked again, at most once in a while.
    pub(super) async fn key(
        &self,
        egress: &Egress,
        issuer: &str,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Option<DecodingKey>, Failed> {
        let shared = self.place(issuer);
        let mut place = shared.lock().await;
        let known = place.get(egress, issuer, ISSUER_KEYS_LAST).await?;
        let found = known.key(id, algorithm);
        if found.is_some() || known.at.elapsed() < ISSUER_ASK_PAUSE {
            return Ok(found);
        }
        let known = place.get(egress, issuer, ISSUER_ASK_PAUSE).await?;
        Ok(known.key(id, algorithm))
    }

    /// The issuer's description.
    pub(super) async fn discovery(
        &self,
        egress: &Egress,
        issuer: &str,
    ) -> Result<Discovery, Failed> {
        let shared = self.place(issuer);
        let mut place = shared.lock().await;
        let known = place.get(egress, issuer, ISSUER_KEYS_LAST).await?;
        Ok(known.discovery.clone())
    }

    #[cfg(test)]
    pub(super) fn touch(&self, issuer: &str) {
        drop(self.place(issuer));
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.places.lock().len()
    }

    fn place(&self, issuer: &str) -> Shared {
        let now = Instant::now();
        let mut places = self.places.lock();
        if !places.contains_key(issuer) && places.len() >= ISSUERS_KEPT_MAX {
            let idlest = places.iter().min_by_key(|(_, (used, _))| *used);
            let idlest = idlest.map(|(issuer, _)| issuer.clone());
            idlest.and_then(|issuer| places.remove(&issuer));
        }
        let (used, shared) = places
            .entry(issuer.to_owned())
            .or_insert_with(|| (now, Shared::default()));
        *used = now;
        Arc::clone(shared)
    }
}

impl Place {
    /// What is known, if it is no older than `age`; else what the issuer says now.
    async fn get(
        &mut self,
        egress: &Egress,
        issuer: &str,
        age: std::time::Duration,
    ) -> Result<&Known, Failed> {
        let is_fresh = self
            .known
            .as_ref()
            .is_some_and(|known| known.at.elapsed() < age);
        if !is_fresh {
            if self
                .failed_at
                .is_some_and(|at| at.elapsed() < ISSUER_ASK_PAUSE)
            {
                return Err(Failed::Resting);
            }
            match fetch(egress, issuer).await {
                Ok(known) => {
                    self.failed_at = None;
                    self.known = Some(known);
                }
                Err(failed) => {
                    self.failed_at = Some(Instant::now());
                    return Err(failed);
                }
            }
        }
        self.known.as_ref().ok_or(Failed::Resting)
    }
}

impl Known {
    fn key(&self, id: Option<&str>, algorithm: Algorithm) -> Option<DecodingKey> {
        let fits = |key: &&Key| {
            key.algorithm
                .is_none_or(|it| it == KeyAlgorithm::from(algorithm))
        };
        let mut keys = self.keys.iter().filter(fits);
        match id {
            Some(id) => keys.find(|key| key.id.as_deref() == Some(id)),
            None => keys.next().filter(|_| keys.next().is_none()),
        }
        .map(|key| key.key.clone())
    }
}

async fn fetch(egress: &Egress, issuer: &str) -> Result<Known, Failed> {
    let base = issuer.trim_end_matches('/');
    let place = format!("{base}/.well-known/openid-configuration");
    let discovery: Discovery = get(egress, &place, "no description of itself").await?;
    // Section 4.3: whoever speaks for another issuer is not believed.
    if discovery.issuer != issuer {
        return Err(Failed::Answer("the description of another issuer"));
    }
    let set: KeySet = get(egress, &discovery.jwks_uri, "no list of keys").await?;
    let jwks = set.keys.into_iter().take(ISSUER_KEYS_MAX);
    // A key that is of another kind is none of those that are looked for.
    let keys = jwks.filter_map(|jwk| {
        let jwk: Jwk = serde_json::from_value(jwk).ok()?;
        let signs = matches!(
            jwk.common.public_key_use,
            None | Some(PublicKeyUse::Signature)
        );
        let key = DecodingKey::from_jwk(&jwk).ok().filter(|_| signs)?;
        Some(Key {
            id: jwk.common.key_id,
            algorithm: jwk.common.key_algorithm,
            key,
        })
    });
    Ok(Known {
        keys: keys.collect(),
        discovery,
        at: Instant::now(),
    })
}

async fn get<T: DeserializeOwned>(
    egress: &Egress,
    url: &str,
    otherwise: &'static str,
) -> Result<T, Failed> {
    let call = Call {
        method: Method::GET,
        url: egress::parse(url).map_err(CallFailed::from)?,
        headers: HeaderMap::new(),
        body: Bytes::new(),
    };
    let answer = egress.call(call).await?;
    if !answer.status.is_success() {
        return Err(Failed::Answer(otherwise));
    }
    serde_json::from_slice(&answer.body).map_err(|_other| Failed::Answer(otherwise))
}
