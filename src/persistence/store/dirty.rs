//! The dirty-row table of one shard: durable effects that no synced row reflects yet.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::domain::address::Address;
use crate::domain::entity::Effect;
use crate::domain::remembered::KeyHash;

/// What waits for a checkpoint.
#[derive(Default)]
pub(super) struct DirtyShard(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    /// By entity, each in the order of its sequence.
    tails: HashMap<Address, Vec<Arc<Effect>>>,
    /// By the idempotency keys that brought them about: a busy entity's tail is too long to look through.
    by_key: HashMap<KeyHash, Arc<Effect>>,
}

impl DirtyShard {
    /// Adds a durable effect.
    pub(super) fn note(&self, address: Address, effect: Arc<Effect>) {
        let mut waiting = self.0.lock();
        for key in effect.keys() {
            waiting.by_key.insert(*key, Arc::clone(&effect));
        }
        waiting.tails.entry(address).or_default().push(effect);
    }

    /// The effect that waits and was brought about by the request with this key.
    pub(super) fn by_key(&self, key: &KeyHash) -> Option<Arc<Effect>> {
        self.0.lock().by_key.get(key).cloned()
    }

    /// The effects of one entity that wait.
    pub(super) fn tail(&self, address: &Address) -> Vec<Arc<Effect>> {
        self.0
            .lock()
            .tails
            .get(address)
            .cloned()
            .unwrap_or_default()
    }

    /// The entities that wait.
    pub(super) fn addresses(&self) -> Vec<Address> {
        self.0.lock().tails.keys().copied().collect()
    }

    /// Forgets the effects of an entity up to `seq`, now that a synced row holds them; how many there were.
    pub(super) fn forget(&self, address: &Address, seq: u64) -> usize {
        let mut waiting = self.0.lock();
        let Waiting { tails, by_key } = &mut *waiting;
        let Some(tail) = tails.get_mut(address) else {
            return 0;
        };
        let kept = tail.partition_point(|effect| effect.seq <= seq);
        let forgotten: Vec<_> = tail.drain(..kept).collect();
        if tail.is_empty() {
            tails.remove(address);
        }
        for key in forgotten.iter().flat_map(|effect| effect.keys()) {
            by_key.remove(key);
        }
        forgotten.len()
    }
}
