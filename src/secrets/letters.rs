//! One-time tokens of letters, and the secrets of apps that make codes. Both derive from the root secret and a state, so that neither is
//! stored.

use data_encoding::BASE64URL_NOPAD;

use super::{Secrets, first_half};
use crate::domain::address::Address;

const PREFIX: &str = "ot_";

/// How many bytes an app's secret has: as many as SHA-1 makes (RFC 4226, section 4).
pub const TOTP_SECRET_BYTES: usize = 20;

/// What a one-time token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LetterToken {
    /// To whom it was sent.
    pub user: Address,
    /// Which of its letters.
    pub number: u32,
    /// What it was made of.
    pub nonce: [u8; 16],
}

impl Secrets {
    /// The token of the letter to `user` that has this number and was made of `nonce`.
    pub fn letter_token(&self, user: &Address, number: u32, nonce: &[u8; 16]) -> String {
        let mut said = [0; 28];
        let (entity, rest) = said.split_at_mut(8);
        entity.copy_from_slice(&user.entity.to_be_bytes());
        let (of_number, of_nonce) = rest.split_at_mut(4);
        of_number.copy_from_slice(&number.to_be_bytes());
        of_nonce.copy_from_slice(nonce);
        let text = BASE64URL_NOPAD.encode(&[&said[..], &self.letter_check(&said)[..]].concat());
        format!("{PREFIX}{text}")
    }

    /// What a one-time token says, if it can be one of ours.
    pub fn read_letter_token(&self, token: &str) -> Option<LetterToken> {
        let bytes = BASE64URL_NOPAD
            .decode(token.trim().strip_prefix(PREFIX)?.as_bytes())
            .ok()?;
        let (said, check) = bytes.split_first_chunk::<28>()?;
        let own = self.letter_check(said);
        if !bool::from(subtle::ConstantTimeEq::ct_eq(&own[..], check)) {
            return None;
        }
        let (entity, rest) = said.split_first_chunk::<8>()?;
        let (number, nonce) = rest.split_first_chunk::<4>()?;
        Some(LetterToken {
            user: Address::user(u64::from_be_bytes(*entity)),
            number: u32::from_be_bytes(*number),
            nonce: nonce.try_into().ok()?,
        })
    }

    fn letter_check(&self, said: &[u8; 28]) -> [u8; 16] {
        first_half(&blake3::keyed_hash(&self.letters, said))
    }

    /// The secret of the app that was enrolled for `user` with `nonce`.
    pub fn totp_secret(&self, user: &Address, nonce: &[u8; 16]) -> [u8; TOTP_SECRET_BYTES] {
        let mut hasher = blake3::Hasher::new_keyed(&self.totp_secrets);
        hasher.update(&user.to_bytes()).update(nonce);
        let mut secret = [0; TOTP_SECRET_BYTES];
        hasher.finalize_xof().fill(&mut secret);
        secret
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letters_token_reads_back_and_cannot_be_made_up() {
        let secrets = Secrets::derive(|purpose| blake3::derive_key(purpose, b"a root secret"));
        let user = Address::user(0x0102_0304_0506_0708);
        let token = secrets.letter_token(&user, 3, &[4; 16]);
        let said = LetterToken {
            user,
            number: 3,
            nonce: [4; 16],
        };
        assert_eq!(secrets.read_letter_token(&format!(" {token} ")), Some(said));
        for made_up in ["", "ot_", &token[3..], &token[..token.len() - 1]] {
            assert_eq!(secrets.read_letter_token(made_up), None, "{made_up}");
        }
        let other = token.replacen("ot_A", "ot_B", 1);
        assert_ne!(other, token);
        assert_eq!(secrets.read_letter_token(&other), None);
    }
}
