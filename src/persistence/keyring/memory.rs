//! Keys that follow from a seed, for simulation.

use std::collections::{HashMap, HashSet};

use clientele_cluster::ShardId;
use parking_lot::Mutex;

use super::seal::Key;
use super::{Error, KeySlot};
use crate::secrets::SealNonce;

pub(super) struct MemoryKeys {
    /// Everything derives from this.
    root: [u8; 32],
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    next_slot: HashMap<ShardId, u32>,
    shredded: HashSet<(ShardId, KeySlot)>,
    /// How often each slot has sealed. A nonce counts only its own slot's seals, so that what other entities do at
    /// the same time does not change it.
    seals: HashMap<(ShardId, KeySlot), u64>,
}

impl MemoryKeys {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            root: blake3::derive_key("clientele keyring simulation v1", &seed.to_le_bytes()),
            state: Mutex::default(),
        }
    }

    pub(super) fn allocate(&self, shard: ShardId) -> Result<KeySlot, Error> {
        let mut state = self.state.lock();
        let next = state.next_slot.entry(shard).or_default();
        let slot = KeySlot(*next);
        *next = next.checked_add(1).ok_or(Error::Full { shard })?;
        Ok(slot)
    }

    pub(super) fn key(&self, shard: ShardId, slot: KeySlot) -> Result<Option<Key>, Error> {
        let state = self.state.lock();
        known(&state, shard, slot)?;
        if state.shredded.contains(&(shard, slot)) {
            return Ok(None);
        }
        let mut derived = blake3::Hasher::new_keyed(&self.root);
        derived.update(b"key");
        derived.update(&shard.0.to_le_bytes());
        derived.update(&slot.0.to_le_bytes());
        Ok(Some(Key(*derived.finalize().as_bytes())))
    }

    pub(super) fn next_nonce(&self, shard: ShardId, slot: KeySlot) -> SealNonce {
        let mut state = self.state.lock();
        let seals = state.seals.entry((shard, slot)).or_default();
        *seals = seals.saturating_add(1);
        let mut nonce = SealNonce::default();
        let (count, place) = nonce.split_at_mut(8);
        count.copy_from_slice(&seals.to_le_bytes());
        for (to, from) in place.iter_mut().zip(slot.0.to_le_bytes()) {
            *to = from;
        }
        nonce
    }

    pub(super) fn shred_all(&self, shard: ShardId, slots: &[KeySlot]) -> Result<(), Error> {
        let mut state = self.state.lock();
        for slot in slots {
            known(&state, shard, *slot)?;
        }
        state
            .shredded
            .extend(slots.iter().map(|slot| (shard, *slot)));
        Ok(())
    }
}

fn known(state: &State, shard: ShardId, slot: KeySlot) -> Result<(), Error> {
    match state.next_slot.get(&shard) {
        Some(next) if slot.0 < *next => Ok(()),
        Some(_) | None => Err(Error::UnknownSlot { shard, slot }),
    }
}
