//! Contacts' personal fields, opened with their keys.

use std::sync::Arc;

use clientele_cluster::{ShardCount, shard_of};

use super::codec;
use super::keyring::{self, KeySlot, Keyring, Opened};
use crate::domain::address::Address;
use crate::domain::contact::{Profile, SealedProfile};

/// Why personal fields cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The key, or what it seals.
    #[error(transparent)]
    Keyring(#[from] keyring::Error),
    /// What was sealed.
    #[error(transparent)]
    Codec(#[from] codec::Error),
}

/// Opens the personal fields of any contact of a node.
#[derive(Debug)]
pub struct Profiles {
    keyring: Arc<Keyring>,
    shards: ShardCount,
}

impl Profiles {
    /// Those that `keyring` seals, of contacts in so many shards.
    pub fn new(keyring: Arc<Keyring>, shards: ShardCount) -> Profiles {
        Profiles { keyring, shards }
    }

    /// As [`open`].
    ///
    /// # Errors
    /// As [`open`].
    pub fn open(
        &self,
        address: &Address,
        profile: &SealedProfile,
    ) -> Result<Option<Profile>, Error> {
        open(&self.keyring, self.shards, address, profile)
    }

    /// Seals `profile` with the key of `slot`, or a new one.
    #[cfg(test)]
    pub(crate) fn seal(
        &self,
        address: &Address,
        slot: Option<u32>,
        profile: &Profile,
    ) -> SealedProfile {
        let shard = shard_of(address.tenant.0, address.entity, self.shards);
        let slot = slot.map_or_else(|| self.keyring.allocate(shard).unwrap(), KeySlot);
        let plain = codec::encode_profile(profile);
        let aad = address.to_bytes();
        let sealed = self.keyring.seal(shard, slot, &aad, &plain).unwrap();
        SealedProfile {
            slot: slot.0,
            sealed: sealed.into(),
        }
    }
}

/// The personal fields of the contact at `address`; none if it was erased. May wait for a disk.
///
/// # Errors
/// The key cannot be had, or the bytes are not what it sealed.
pub fn open(
    keyring: &Keyring,
    shards: ShardCount,
    address: &Address,
    profile: &SealedProfile,
) -> Result<Option<Profile>, Error> {
    let shard = shard_of(address.tenant.0, address.entity, shards);
    let aad = address.to_bytes();
    match keyring.open_sealed(shard, KeySlot(profile.slot), &aad, &profile.sealed)? {
        Opened::Erased => Ok(None),
        Opened::Plain(plain) => Ok(Some(codec::decode_profile(&plain)?)),
    }
}
