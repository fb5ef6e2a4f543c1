//! Settings of a tenant's connections: sealed with a key of their own, so that accounts and passwords of others lie in no file in clear.
//!
//! Sealed bytes: version (1), nonce (24), ciphertext, tag (16): XChaCha20-Poly1305 with a random nonce, as profiles are.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use super::Secrets;
use crate::domain::address::TenantId;

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;

/// How much longer what is sealed is than what it says.
pub const SETTINGS_SEAL_BYTES: usize = 1 + NONCE_BYTES + 16;

/// Settings cannot be sealed: the system gives no random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("settings cannot be sealed: the system gives no random bytes")]
pub struct CannotSeal;

/// What a seal is bound to: the connection of this number of a tenant.
fn bound(tenant: TenantId, number: u32) -> [u8; 12] {
    let mut bound = [0; 12];
    let (of, which) = bound.split_at_mut(8);
    of.copy_from_slice(&tenant.0.to_be_bytes());
    which.copy_from_slice(&number.to_be_bytes());
    bound
}

impl Secrets {
    /// Seals the settings of a tenant's connection.
    ///
    /// # Errors
    /// [`CannotSeal`].
    pub fn seal_settings(
        &self,
        tenant: TenantId,
        number: u32,
        plain: &[u8],
    ) -> Result<Vec<u8>, CannotSeal> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|_no_bytes| CannotSeal)?;
        let payload = Payload {
            msg: plain,
            aad: &bound(tenant, number),
        };
        let sealed = XChaCha20Poly1305::new(&self.settings.into())
            .encrypt(XNonce::from_slice(&nonce), payload)
            .map_err(|_opaque| CannotSeal)?;
        Ok([&[VERSION][..], &nonce, &sealed].concat())
    }

    /// The settings that were sealed for this connection; none, if these are not.
    pub fn open_settings(&self, tenant: TenantId, number: u32, sealed: &[u8]) -> Option<Vec<u8>> {
        let (version, rest) = sealed.split_first()?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>()?;
        let payload = Payload {
            msg: sealed,
            aad: &bound(tenant, number),
        };
        let opened = XChaCha20Poly1305::new(&self.settings.into())
            .decrypt(XNonce::from_slice(nonce), payload);
        opened.ok().filter(|_| *version == VERSION)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_open_for_their_own_connection_only() {
        let secrets = Secrets::derive(|purpose| blake3::derive_key(purpose, b"a root secret"));
        let sealed = secrets
            .seal_settings(TenantId(1), 2, b"a password")
            .unwrap();
        assert_eq!(sealed.len(), 10 + SETTINGS_SEAL_BYTES);
        let open =
            |tenant, number, sealed: &[u8]| secrets.open_settings(TenantId(tenant), number, sealed);
        assert_eq!(open(1, 2, &sealed).as_deref(), Some(&b"a password"[..]));
        assert_eq!((open(2, 2, &sealed), open(1, 3, &sealed)), (None, None));
        for at in [0, 1, 30] {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(open(1, 2, &changed), None, "{at}");
        }
        let again = secrets
            .seal_settings(TenantId(1), 2, b"a password")
            .unwrap();
        assert_ne!(again, sealed);
        let other = Secrets::derive(|purpose| blake3::derive_key(purpose, b"another"));
        assert_eq!(other.open_settings(TenantId(1), 2, &sealed), None);
    }
}
