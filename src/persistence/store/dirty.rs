//! The dirty-row table of one shard: durable effects that no synced row reflects yet.

use std::collections::VecDeque;
use std::sync::Arc;

use foldhash::HashMap;
use parking_lot::Mutex;

use crate::domain::address::Address;
use crate::domain::entity::Effect;
use crate::domain::remembered::KeyHash;

/// What waits for a checkpoint.
#[derive(Default)]
pub(super) struct DirtyShard(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    tails: HashMap<Address, Tail>,
}

/// What waits of one entity.
#[derive(Default)]
struct Tail {
    /// In the order of its sequence.
    effects: VecDeque<Arc<Effect>>,
    /// By the idempotency keys that brought them about, once there are too many to look through.
    by_key: Option<HashMap<KeyHash, Arc<Effect>>>,
}

/// From how many effects on a tail has an index: few enough to look through in less than the microsecond that asking the rows takes.
const INDEXED_FROM: usize = 64;

/// How many effects are forgotten under one lock: a few hundred microseconds.
const FORGOTTEN_AT_ONCE: usize = 1_024;

impl Tail {
    fn push(&mut self, effect: Arc<Effect>) {
        if let Some(by_key) = &mut self.by_key {
            by_key.extend(effect.keys().iter().map(|key| (*key, Arc::clone(&effect))));
        } else if self.effects.len() >= INDEXED_FROM {
            let all = self.effects.iter().chain([&effect]);
            let keyed = |effect: &Arc<Effect>| {
                let effect = Arc::clone(effect);
                let keys = effect.keys().to_vec();
                keys.into_iter().map(move |key| (key, Arc::clone(&effect)))
            };
            self.by_key = Some(all.flat_map(keyed).collect());
        }
        self.effects.push_back(effect);
    }

    fn by_key(&self, key: &KeyHash) -> Option<&Arc<Effect>> {
        match &self.by_key {
            Some(by_key) => by_key.get(key),
            None => self
                .effects
                .iter()
                .find(|effect| effect.keys().contains(key)),
        }
    }

    /// Forgets the oldest effects up to `seq`, and at most `max`; how many there were.
    fn forget(&mut self, seq: u64, max: usize) -> usize {
        let forgotten = self.effects.partition_point(|effect| effect.seq <= seq);
        let forgotten = forgotten.min(max);
        for effect in self.effects.drain(..forgotten) {
            for key in effect.keys() {
                self.by_key.as_mut().map(|by_key| by_key.remove(key));
            }
        }
        forgotten
    }
}

impl DirtyShard {
    /// Adds a durable effect.
    pub(super) fn note(&self, address: Address, effect: Arc<Effect>) {
        let mut waiting = self.0.lock();
        waiting.tails.entry(address).or_default().push(effect);
    }

    /// The effect of this entity that waits and was brought about by the request with this key.
    pub(super) fn by_key(&self, address: &Address, key: &KeyHash) -> Option<Arc<Effect>> {
        self.0.lock().tails.get(address)?.by_key(key).cloned()
    }

    /// The effects of one entity that wait.
    pub(super) fn tail(&self, address: &Address) -> Vec<Arc<Effect>> {
        let waiting = self.0.lock();
        let tail = waiting.tails.get(address);
        tail.map_or_else(Vec::new, |tail| tail.effects.iter().cloned().collect())
    }

    /// At most `max` effects of one entity that wait, from the one after `seq` on.
    pub(super) fn part(&self, address: &Address, seq: u64, max: usize) -> Vec<Arc<Effect>> {
        let waiting = self.0.lock();
        let Some(tail) = waiting.tails.get(address) else {
            return Vec::new();
        };
        let first = tail.effects.partition_point(|effect| effect.seq <= seq);
        tail.effects.iter().skip(first).take(max).cloned().collect()
    }

    /// The entities that wait, each with the sequence of its newest effect.
    pub(super) fn ends(&self) -> VecDeque<(Address, u64)> {
        let waiting = self.0.lock();
        let newest = |tail: &Tail| tail.effects.back().map(|effect| effect.seq);
        let ends = waiting.tails.iter();
        ends.filter_map(|(address, tail)| Some((*address, newest(tail)?)))
            .collect()
    }

    /// Forgets the effects of an entity up to `seq`, now that a synced row holds them; how many there were. In pieces, since what
    /// becomes durable meanwhile waits for the lock.
    pub(super) fn forget(&self, address: &Address, seq: u64) -> usize {
        let mut all = 0_usize;
        loop {
            let mut waiting = self.0.lock();
            let Some(tail) = waiting.tails.get_mut(address) else {
                return all;
            };
            let forgotten = tail.forget(seq, FORGOTTEN_AT_ONCE);
            if tail.effects.is_empty() {
                waiting.tails.remove(address);
            }
            all = all.saturating_add(forgotten);
            if forgotten < FORGOTTEN_AT_ONCE {
                return all;
            }
        }
    }
}
