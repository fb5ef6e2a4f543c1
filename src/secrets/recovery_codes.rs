//! Recovery codes of users who have lost the app that makes their codes. They are random, shown once, and what is stored of each is a keyed hash: with 80
//! bits there is nothing to try at.

use super::typed_codes::{CODE_DIGITS, code_of};
use super::{Secrets, first_half};
use crate::domain::address::Address;
use crate::domain::user::{RECOVERY_CODES, RecoveryHash};

/// A new set of recovery codes.
///
/// # Errors
/// The system gives no random bytes.
pub fn new_recovery_codes() -> Result<Vec<String>, getrandom::Error> {
    let mut codes = Vec::with_capacity(RECOVERY_CODES);
    for _ in 0..RECOVERY_CODES {
        let mut random = [0; CODE_DIGITS];
        getrandom::fill(&mut random)?;
        codes.push(code_of(&random));
    }
    Ok(codes)
}

impl Secrets {
    /// What is stored of a recovery code of `user`.
    pub fn recovery_hash(&self, user: &Address, code: &str) -> RecoveryHash {
        let mut hasher = blake3::Hasher::new_keyed(&self.recovery_codes);
        hasher.update(&user.to_bytes()).update(code.as_bytes());
        RecoveryHash(first_half(&hasher.finalize()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_is_another_and_each_user_hashes_it_otherwise() {
        let secrets = Secrets::derive(|purpose| blake3::derive_key(purpose, b"a root secret"));
        let mut codes = new_recovery_codes().unwrap();
        assert_eq!(codes.len(), RECOVERY_CODES);
        let (one, other) = (Address::user(1), Address::user(2));
        let hash = secrets.recovery_hash(&one, &codes[0]);
        assert_eq!(hash, secrets.recovery_hash(&one, &codes[0]));
        assert_ne!(hash, secrets.recovery_hash(&one, &codes[1]));
        assert_ne!(hash, secrets.recovery_hash(&other, &codes[0]));
        codes.sort();
        codes.dedup();
        assert_eq!(codes.len(), RECOVERY_CODES);
    }
}
