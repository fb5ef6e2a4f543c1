//! The state of signing in at a provider: sealed into what the provider sends back, so that nothing of it is kept here.
//!
//! What is secret of it (the PKCE verifier, RFC 7636; the nonce of the ID token) derives from it and the root secret: whoever reads the state
//! in an address learns neither.

use data_encoding::BASE64URL_NOPAD;
use subtle::ConstantTimeEq;

use super::{Secrets, first_half};
use crate::domain::address::{Mode, TenantId};
use crate::domain::time::Timestamp;

/// Somebody who has gone to a provider to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeFlow {
    /// What makes it unlike any other.
    pub random: [u8; 16],
    /// Until when they may come back.
    pub expires_at: Timestamp,
    /// To which of the tenant's providers they went, by number.
    pub provider: u32,
    /// To which of its addresses they come back.
    pub redirect: u8,
}

/// What only the server knows of it.
pub struct CodeFlowSecrets {
    /// The PKCE verifier: 43 characters.
    pub verifier: String,
    /// What the ID token is to repeat.
    pub nonce: String,
}

/// Whose it is: the tenant, the mode and the lineage of the key that began it.
type Owner = (TenantId, Mode, u64);

impl Secrets {
    /// The state as it is sent along.
    pub fn write_code_flow(&self, owner: Owner, flow: &CodeFlow) -> String {
        let mut said = [0; 29];
        let (random, rest) = said.split_at_mut(16);
        random.copy_from_slice(&flow.random);
        let (expires_at, rest) = rest.split_at_mut(8);
        expires_at.copy_from_slice(&flow.expires_at.0.to_be_bytes());
        let (provider, redirect) = rest.split_at_mut(4);
        provider.copy_from_slice(&flow.provider.to_be_bytes());
        redirect.copy_from_slice(&[flow.redirect]);
        let check = self.code_flow_check(owner, &said);
        BASE64URL_NOPAD.encode(&[&said[..], &check].concat())
    }

    /// The state that was sent along, if it is this owner's.
    pub fn read_code_flow(&self, owner: Owner, text: &str) -> Option<CodeFlow> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let (said, check) = bytes.split_first_chunk::<29>()?;
        if !bool::from(self.code_flow_check(owner, said)[..].ct_eq(check)) {
            return None;
        }
        let (random, rest) = said.split_first_chunk::<16>()?;
        let (expires_at, rest) = rest.split_first_chunk::<8>()?;
        let (provider, redirect) = rest.split_first_chunk::<4>()?;
        Some(CodeFlow {
            random: *random,
            expires_at: Timestamp(i64::from_be_bytes(*expires_at)),
            provider: u32::from_be_bytes(*provider),
            redirect: *redirect.first()?,
        })
    }

    /// What only the server knows of it.
    pub fn code_flow_secrets(&self, flow: &CodeFlow) -> CodeFlowSecrets {
        let derived = |what: &[u8]| {
            let mut hasher = blake3::Hasher::new_keyed(&self.code_flow);
            hasher.update(what).update(&flow.random);
            BASE64URL_NOPAD.encode(hasher.finalize().as_bytes())
        };
        CodeFlowSecrets {
            verifier: derived(b"verifier"),
            nonce: derived(b"nonce"),
        }
    }

    fn code_flow_check(&self, (tenant, mode, lineage): Owner, said: &[u8; 29]) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new_keyed(&self.code_flow);
        hasher
            .update(b"state")
            .update(&tenant.0.to_be_bytes())
            .update(&[mode.number()])
            .update(&lineage.to_be_bytes())
            .update(said);
        first_half(&hasher.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        Secrets::derive(|purpose| blake3::derive_key(purpose, b"a root secret"))
    }

    fn flow() -> CodeFlow {
        CodeFlow {
            random: [5; 16],
            expires_at: Timestamp(1_234),
            provider: 77,
            redirect: 2,
        }
    }

    #[test]
    fn a_state_reads_back_for_its_owner_and_for_nobody_else() {
        let secrets = secrets();
        let owner = (TenantId(1), Mode::Live, 9);
        let text = secrets.write_code_flow(owner, &flow());
        assert_eq!(secrets.read_code_flow(owner, &text), Some(flow()));
        for other in [
            (TenantId(2), Mode::Live, 9),
            (TenantId(1), Mode::Test, 9),
            (TenantId(1), Mode::Live, 8),
        ] {
            assert_eq!(secrets.read_code_flow(other, &text), None);
        }
        for at in [0, 20, 38, 50] {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(secrets.read_code_flow(owner, &changed), None, "{at}");
        }
        assert_eq!(secrets.read_code_flow(owner, ""), None);
    }

    #[test]
    fn what_is_secret_is_not_in_the_state_and_is_anothers_for_another() {
        let secrets = secrets();
        let text = secrets.write_code_flow((TenantId(1), Mode::Live, 9), &flow());
        let one = secrets.code_flow_secrets(&flow());
        assert_eq!((one.verifier.len(), one.nonce.len()), (43, 43));
        assert_ne!(one.verifier, one.nonce);
        assert!(!text.contains(&one.verifier) && !text.contains(&one.nonce));
        let other = secrets.code_flow_secrets(&CodeFlow {
            random: [6; 16],
            ..flow()
        });
        assert_ne!(one.verifier, other.verifier);
    }
}
