//! A key of the keyring, and what its seals are bound to.

use clientele_cluster::ShardId;

use super::{Error, KeySlot};
use crate::secrets::{self, SEAL_KEY_BYTES, SealNonce};

const VERSION: u8 = 1;
pub(super) const KEY_BYTES: usize = SEAL_KEY_BYTES;

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

/// What the seal is bound to: layout, shard, slot, and what the caller names.
fn bind(shard: ShardId, slot: KeySlot, aad: &[u8]) -> Vec<u8> {
    let mut bound = Vec::with_capacity(7 + aad.len());
    bound.push(VERSION);
    bound.extend_from_slice(&shard.0.to_le_bytes());
    bound.extend_from_slice(&slot.0.to_le_bytes());
    bound.extend_from_slice(aad);
    bound
}

impl Key {
    /// Seals `plain` with this key, which is the one of `shard` and `slot`.
    pub(super) fn seal(
        &self,
        (shard, slot): (ShardId, KeySlot),
        nonce: &SealNonce,
        aad: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>, Error> {
        Ok(secrets::seal(
            &self.0,
            nonce,
            &bind(shard, slot, aad),
            plain,
        )?)
    }

    /// Opens what was sealed so.
    pub(super) fn open(
        &self,
        (shard, slot): (ShardId, KeySlot),
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Vec<u8>, Error> {
        secrets::open(&self.0, &bind(shard, slot, aad), sealed)
            .ok_or(Error::SealBroken { shard, slot })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_under_one_key_a_seal_is_bound_to_shard_and_slot() {
        let key = Key([7; KEY_BYTES]);
        let place = |shard, slot| (ShardId(shard), KeySlot(slot));
        let sealed = key.seal(place(3, 5), &[1; 24], b"name", b"Ada").unwrap();
        assert_eq!(key.open(place(3, 5), b"name", &sealed).unwrap(), b"Ada");
        assert!(key.open(place(4, 5), b"name", &sealed).is_err());
        assert!(key.open(place(3, 6), b"name", &sealed).is_err());
    }
}
