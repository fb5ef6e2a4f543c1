//! The dirty-row table of one shard: durable effects that no synced row reflects yet.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::domain::address::Address;
use crate::domain::entity::Effect;

/// What waits for a checkpoint, by entity, each in the order of its sequence.
#[derive(Default)]
pub(super) struct DirtyShard {
    tails: Mutex<HashMap<Address, Vec<Arc<Effect>>>>,
}

impl DirtyShard {
    /// Adds a durable effect.
    pub(super) fn note(&self, address: Address, effect: Arc<Effect>) {
        self.tails.lock().entry(address).or_default().push(effect);
    }

    /// The effects of one entity that wait.
    pub(super) fn tail(&self, address: &Address) -> Vec<Arc<Effect>> {
        self.tails.lock().get(address).cloned().unwrap_or_default()
    }

    /// The entities that wait.
    pub(super) fn addresses(&self) -> Vec<Address> {
        self.tails.lock().keys().copied().collect()
    }

    /// Forgets the effects of an entity up to `seq`, now that a synced row holds them; how many there were.
    pub(super) fn forget(&self, address: &Address, seq: u64) -> usize {
        let mut tails = self.tails.lock();
        let Some(tail) = tails.get_mut(address) else {
            return 0;
        };
        let before = tail.len();
        tail.retain(|effect| effect.seq > seq);
        let forgotten = before.saturating_sub(tail.len());
        if tail.is_empty() {
            tails.remove(address);
        }
        forgotten
    }
}
