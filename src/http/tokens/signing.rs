//! The keys that sign tokens. None is stored: each derives from the root secret and the number of its period, so every node of
//! a deployment has the same ones at the same time, and they change by themselves.
//!
//! A key that has leaked is withdrawn by its id, before its period is over: another that derives from the same root takes its place.
//!
//! A token is verified with the key of the present period, the one before and the one after: so a change logs nobody out, not even where
//! the clocks of two nodes differ, and whoever keeps a copy of the public halves has the next one for a period before it is used.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde::Serialize;

use crate::domain::time::{Span, Timestamp};
use crate::limits::SIGNING_KEY_LASTS_DAYS;
use crate::secrets::{KEY_ID_BYTES, KeyId, Secrets};

/// A key cannot be made from its seed: a fault of ours.
#[derive(Debug, thiserror::Error)]
#[error("a signing key cannot be derived")]
pub struct NoKey;

/// A key pair.
pub(super) struct SigningKey {
    /// What tokens call it.
    pub(super) id: String,
    /// Signs.
    pub(super) private: EncodingKey,
    /// Verifies.
    pub(super) public: DecodingKey,
    /// The public half, as a JWK has it.
    x: String,
}

/// The keys around one point in time: of the period before, the present one, and the next.
struct Around {
    period: u64,
    keys: [Arc<SigningKey>; 3],
}

/// The keys of a deployment.
pub(super) struct SigningKeys {
    secrets: Arc<Secrets>,
    withdrawn: Vec<KeyId>,
    around: ArcSwapOption<Around>,
}

/// The public halves (RFC 7517, section 5).
#[derive(Debug, Serialize)]
pub struct WireKeys {
    keys: Vec<WireKey>,
}

/// One of them (RFC 8037, section 2).
#[derive(Debug, Serialize)]
pub struct WireKey {
    kty: &'static str,
    crv: &'static str,
    r#use: &'static str,
    alg: &'static str,
    kid: String,
    x: String,
}

impl SigningKey {
    /// The key of a period: the first that is not withdrawn.
    fn of(secrets: &Secrets, period: u64, withdrawn: &[KeyId]) -> Result<SigningKey, NoKey> {
        let mut before = 0;
        loop {
            let key = SigningKey::derive(secrets, period, before)?;
            // Each id is that of one key: there is an end.
            if !withdrawn.iter().any(|it| it.as_str() == key.id) {
                return Ok(key);
            }
            before = before.saturating_add(1);
        }
    }

    fn derive(secrets: &Secrets, period: u64, before: u64) -> Result<SigningKey, NoKey> {
        let seed = secrets.token_signing_seed(period, before);
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_rejected| NoKey)?;
        let private = pair.to_pkcs8v1().map_err(|_unspecified| NoKey)?;
        let public = pair.public_key().as_ref();
        let digest = blake3::hash(public);
        let name = digest
            .as_bytes()
            .first_chunk::<KEY_ID_BYTES>()
            .ok_or(NoKey)?;
        Ok(SigningKey {
            id: BASE64URL_NOPAD.encode(name),
            private: EncodingKey::from_ed_der(private.as_ref()),
            public: DecodingKey::from_ed_der(public),
            x: BASE64URL_NOPAD.encode(public),
        })
    }
}

impl SigningKeys {
    pub(super) fn new(secrets: Arc<Secrets>, withdrawn: Vec<KeyId>) -> SigningKeys {
        SigningKeys {
            secrets,
            withdrawn,
            around: ArcSwapOption::empty(),
        }
    }

    /// The key that signs at `time`.
    pub(super) fn at(&self, time: Timestamp) -> Result<Arc<SigningKey>, NoKey> {
        let around = self.around(period(time))?;
        let [_, present, _] = &around.keys;
        Ok(Arc::clone(present))
    }

    /// The key that tokens call `id`, if it is one that verifies at `wall`.
    pub(super) fn named(&self, id: &str, wall: Timestamp) -> Option<Arc<SigningKey>> {
        let around = self.around(period(wall)).ok()?;
        around.keys.iter().find(|key| key.id == id).cloned()
    }

    /// What is published at `wall`.
    pub(super) fn public_halves(&self, wall: Timestamp) -> Result<WireKeys, NoKey> {
        let around = self.around(period(wall))?;
        let keys = around.keys.iter().map(|key| WireKey {
            kty: "OKP",
            crv: "Ed25519",
            r#use: "sig",
            alg: "EdDSA",
            kid: key.id.clone(),
            x: key.x.clone(),
        });
        Ok(WireKeys {
            keys: keys.collect(),
        })
    }

    fn around(&self, period: u64) -> Result<Arc<Around>, NoKey> {
        if let Some(held) = self.around.load_full()
            && held.period == period
        {
            return Ok(held);
        }
        let key = |period| SigningKey::of(&self.secrets, period, &self.withdrawn).map(Arc::new);
        let keys = [
            key(period.saturating_sub(1))?,
            key(period)?,
            key(period.saturating_add(1))?,
        ];
        let made = Arc::new(Around { period, keys });
        self.around.store(Some(Arc::clone(&made)));
        Ok(made)
    }
}

/// The number of the period that `time` lies in.
fn period(time: Timestamp) -> u64 {
    u64::try_from(time.0.div_euclid(Span::days(SIGNING_KEY_LASTS_DAYS).0)).unwrap_or_default()
}
