//! Sealing: XChaCha20-Poly1305 with a random nonce of 24 bytes (draft-irtf-cfrg-xchacha-03), long enough that random
//! ones never meet.
//!
//! Sealed bytes: version (1), nonce (24), ciphertext, tag (16).
//!
//! The draft defines the cipher by its two parts, and so it is called here: HChaCha20 derives a key from the first 16 bytes of
//! the nonce, and ChaCha20-Poly1305 (RFC 8439) seals with it and the other 8. The second is AWS-LC's, whose assembly takes a
//! fifth of the time for the few bytes of a receipt's number.

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use chacha20::{R20, hchacha};

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// How many bytes a key has.
pub const SEAL_KEY_BYTES: usize = 32;

/// How much longer what is sealed is than what it says.
pub const SEAL_BYTES: usize = 1 + NONCE_BYTES + TAG_BYTES;

/// What no two seals with a key may share.
pub type SealNonce = [u8; NONCE_BYTES];

/// Nothing can be sealed: the system gives no random bytes, or there are too many to seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing can be sealed: the system gives no random bytes, or there are too many to seal")]
pub struct CannotSeal;

/// A nonce that no other seal has.
///
/// # Errors
/// [`CannotSeal`]: the system gives no random bytes.
pub fn seal_nonce() -> Result<SealNonce, CannotSeal> {
    let mut nonce = [0; NONCE_BYTES];
    getrandom::fill(&mut nonce).map_err(|_no_bytes| CannotSeal)?;
    Ok(nonce)
}

/// Seals `plain` so that it opens only with the same key, and where `bound` is the same.
///
/// # Errors
/// [`CannotSeal`]: more bytes than the cipher takes.
pub fn seal(
    key: &[u8; SEAL_KEY_BYTES],
    nonce: &SealNonce,
    bound: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, CannotSeal> {
    let mut sealed = Vec::with_capacity(plain.len().saturating_add(SEAL_BYTES));
    sealed.push(VERSION);
    sealed.extend_from_slice(nonce);
    sealed.extend_from_slice(plain);
    let (key, nonce) = parts(key, nonce).ok_or(CannotSeal)?;
    let (_, message) = sealed.split_at_mut(1 + NONCE_BYTES);
    let tag = key
        .seal_in_place_separate_tag(nonce, Aad::from(bound), message)
        .map_err(|_opaque| CannotSeal)?;
    sealed.extend_from_slice(tag.as_ref());
    Ok(sealed)
}

/// Opens what [`seal`] sealed. None: it is of another version, was changed, or sealed with another key or for another place.
pub fn open(key: &[u8; SEAL_KEY_BYTES], bound: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (version, rest) = sealed.split_first()?;
    let (nonce, message) = rest.split_first_chunk::<NONCE_BYTES>()?;
    if *version != VERSION {
        return None;
    }
    let (key, nonce) = parts(key, nonce)?;
    let mut message = message.to_vec();
    let plain = key.open_in_place(nonce, Aad::from(bound), &mut message);
    let plain = plain.ok()?.len();
    message.truncate(plain);
    Some(message)
}

/// The key and the nonce of ChaCha20-Poly1305 that stand for those of the draft.
fn parts(key: &[u8; SEAL_KEY_BYTES], nonce: &SealNonce) -> Option<(LessSafeKey, Nonce)> {
    let (deriving, counted) = nonce.split_first_chunk::<16>()?;
    let mut derived = hchacha::<R20>(&(*key).into(), &(*deriving).into());
    let unbound = UnboundKey::new(&CHACHA20_POLY1305, &derived);
    derived.fill(0);
    std::hint::black_box(&mut derived);
    let mut rest = [0; 12];
    let (_, last) = rest.split_at_mut(4);
    last.copy_from_slice(counted);
    let unbound = unbound.ok()?;
    Some((
        LessSafeKey::new(unbound),
        Nonce::assume_unique_for_key(rest),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The draft's own example (appendix A.3.1).
    const KEY: &str = "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f";
    const NONCE: &str = "404142434445464748494a4b4c4d4e4f5051525354555657";
    const BOUND: &str = "50515253c0c1c2c3c4c5c6c7";
    const PLAIN: &str = "4c616469657320616e642047656e746c656d656e206f662074686520636c6173\
        73206f66202739393a204966204920636f756c64206f6666657220796f75206f\
        6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73\
        637265656e20776f756c642062652069742e";
    const CIPHERTEXT_AND_TAG: &str = "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb\
        731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452\
        2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9\
        21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49";

    fn bytes(hexadecimal: &str) -> Vec<u8> {
        data_encoding::HEXLOWER
            .decode(hexadecimal.as_bytes())
            .unwrap()
    }

    #[test]
    fn it_is_the_cipher_of_the_draft() {
        let (key, nonce) = (bytes(KEY), bytes(NONCE));
        let (key, nonce) = (key.as_array().unwrap(), nonce.as_array().unwrap());
        let sealed = seal(key, nonce, &bytes(BOUND), &bytes(PLAIN)).unwrap();
        assert_eq!(sealed[1..25], nonce[..]);
        assert_eq!(sealed[25..], bytes(CIPHERTEXT_AND_TAG));
        assert_eq!(sealed.len(), bytes(PLAIN).len() + SEAL_BYTES);
        assert_eq!(open(key, &bytes(BOUND), &sealed), Some(bytes(PLAIN)));
    }

    #[test]
    fn what_was_changed_or_is_for_another_place_does_not_open() {
        let key = [7; SEAL_KEY_BYTES];
        let sealed = seal(&key, &seal_nonce().unwrap(), b"name", b"Ada").unwrap();
        assert_eq!(open(&key, b"name", &sealed).as_deref(), Some(&b"Ada"[..]));
        assert_eq!(open(&key, b"phone", &sealed), None);
        assert_eq!(open(&[8; SEAL_KEY_BYTES], b"name", &sealed), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(open(&key, b"name", &changed), None, "{at}");
            assert_eq!(open(&key, b"name", &sealed[..at]), None, "{at}");
        }
        let again = seal(&key, &seal_nonce().unwrap(), b"name", b"Ada").unwrap();
        assert_ne!(again, sealed);
    }
}
