//! Settings of a tenant's connections: sealed with a key of their own, so that accounts and passwords of others lie in no file in clear.

use super::Secrets;
use super::seal::{CannotSeal, open, seal, seal_nonce};
use crate::domain::address::TenantId;

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
        seal(
            &self.settings,
            &seal_nonce()?,
            &bound(tenant, number),
            plain,
        )
    }

    /// The settings that were sealed for this connection; none, if these are not.
    pub fn open_settings(&self, tenant: TenantId, number: u32, sealed: &[u8]) -> Option<Vec<u8>> {
        open(&self.settings, &bound(tenant, number), sealed)
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
        let open =
            |tenant, number, sealed: &[u8]| secrets.open_settings(TenantId(tenant), number, sealed);
        assert_eq!(open(1, 2, &sealed).as_deref(), Some(&b"a password"[..]));
        assert_eq!((open(2, 2, &sealed), open(1, 3, &sealed)), (None, None));
        let other = Secrets::derive(|purpose| blake3::derive_key(purpose, b"another"));
        assert_eq!(other.open_settings(TenantId(1), 2, &sealed), None);
    }
}
