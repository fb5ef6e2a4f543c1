//! Sealing: XChaCha20-Poly1305 with a random nonce of 24 bytes (draft-irtf-cfrg-xchacha-03), long enough that random
//! ones never meet.
//!
//! Sealed bytes: version (1), nonce (24), ciphertext, tag (16).

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use clientele_cluster::ShardId;

use super::{Error, KeySlot};

const VERSION: u8 = 1;
pub(super) const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

/// A key in memory, wiped as it goes. It has no `Debug`, so that nothing can print it.
pub(super) struct Key(pub(super) [u8; KEY_BYTES]);

impl Drop for Key {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// Overwrites key material that is no longer needed, in a way that the compiler must not leave out.
pub(super) fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    std::hint::black_box(bytes);
}

pub(super) type Nonce = [u8; NONCE_BYTES];

pub(super) fn random_nonce() -> Result<Nonce, Error> {
    let mut nonce = [0; NONCE_BYTES];
    getrandom::fill(&mut nonce).map_err(|error| Error::CannotSeal {
        detail: error.to_string(),
    })?;
    Ok(nonce)
}

/// What the seal is bound to: layout, shard, slot, and what the caller names.
pub(super) fn bind(shard: ShardId, slot: KeySlot, aad: &[u8]) -> Vec<u8> {
    let mut bound = Vec::with_capacity(7 + aad.len());
    bound.push(VERSION);
    bound.extend_from_slice(&shard.0.to_le_bytes());
    bound.extend_from_slice(&slot.0.to_le_bytes());
    bound.extend_from_slice(aad);
    bound
}

pub(super) fn seal(
    key: &Key,
    nonce: &Nonce,
    bound: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, Error> {
    let payload = Payload {
        msg: plaintext,
        aad: bound,
    };
    let ciphertext = XChaCha20Poly1305::new(&key.0.into())
        .encrypt(XNonce::from_slice(nonce), payload)
        .map_err(|error| Error::CannotSeal {
            detail: error.to_string(),
        })?;
    let mut sealed = Vec::with_capacity(1 + NONCE_BYTES + ciphertext.len());
    sealed.push(VERSION);
    sealed.extend_from_slice(nonce);
    sealed.extend_from_slice(&ciphertext);
    Ok(sealed)
}

pub(super) fn open(key: &Key, bound: &[u8], sealed: &[u8]) -> Result<Vec<u8>, &'static str> {
    let (version, rest) = sealed.split_first().ok_or("there are none")?;
    if *version != VERSION {
        return Err("their version is unknown");
    }
    let (nonce, ciphertext) = rest
        .split_first_chunk::<NONCE_BYTES>()
        .ok_or("they are too short")?;
    let payload = Payload {
        msg: ciphertext,
        aad: bound,
    };
    // The cipher's error says nothing, by design; so does ours.
    XChaCha20Poly1305::new(&key.0.into())
        .decrypt(XNonce::from_slice(nonce), payload)
        .map_err(|_opaque| "they were changed, or sealed for another place")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_under_one_key_a_seal_is_bound_to_shard_and_slot() {
        let key = Key([7; KEY_BYTES]);
        let place = |shard, slot| bind(ShardId(shard), KeySlot(slot), b"name");
        let sealed = seal(&key, &[1; NONCE_BYTES], &place(3, 5), b"Ada").unwrap();
        assert_eq!(open(&key, &place(3, 5), &sealed).unwrap(), b"Ada");
        assert!(open(&key, &place(4, 5), &sealed).is_err());
        assert!(open(&key, &place(3, 6), &sealed).is_err());
    }
}
