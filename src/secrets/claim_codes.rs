//! The codes that claim receipts.

use super::typed_codes::code_of;
use super::{KeyScope, Secrets};

impl Secrets {
    /// The code of the receipt that a request in this scope posts: the same for each retry, so that none is stored.
    pub fn derived_claim_code(&self, scope: &KeyScope<'_>) -> String {
        let digest = self.scope_digest(&self.claim_codes, scope);
        let first = digest.as_bytes().first_chunk();
        code_of(first.unwrap_or(&[0; 16]))
    }
}

#[cfg(test)]
mod tests {
    use super::super::typed_codes::CODE_DIGITS;
    use super::*;
    use crate::domain::address::{Mode, TenantId};

    fn code(tenant: u64, mode: Mode, key: &str) -> String {
        let secrets = Secrets::derive(|purpose| blake3::derive_key(purpose, b"a root secret"));
        secrets.derived_claim_code(&KeyScope {
            tenant: TenantId(tenant),
            mode,
            lineage: 1,
            operation: "purchases.create",
            target: None,
            source: "header",
            key,
        })
    }

    #[test]
    fn a_code_is_the_same_for_a_retry_and_another_for_anything_else() {
        let first = code(1, Mode::Test, "k");
        assert_eq!(first, code(1, Mode::Test, "k"));
        assert_eq!(first.len(), CODE_DIGITS);
        for other in [
            code(2, Mode::Test, "k"),
            code(1, Mode::Live, "k"),
            code(1, Mode::Test, "l"),
        ] {
            assert_ne!(first, other);
        }
    }
}
