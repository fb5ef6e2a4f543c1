//! What an entity remembers of the requests that changed it, so that a retry has no second effect.
//!
//! Only successes are remembered. The newest are held here; older ones are handed out by [`Remembered::spill`] to be
//! stored as rows, and leave a trace in a filter that spares the disk for keys never seen.

use std::collections::VecDeque;

use super::time::{Span, Timestamp};

/// A keyed hash of (tenant, mode, key lineage, operation, target entity, idempotency key).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyHash(pub [u8; 16]);

/// A hash of the request's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestHash(pub [u8; 16]);

/// What a command came to, small enough to keep: the answer is derived from it and the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The entity was created.
    Created,
    /// The entity changed as asked, or was so already.
    Done,
    /// A purchase was recorded under this number.
    Purchased(u32),
    /// Money moved without a purchase, with this number in the wallet's journal.
    Moved(u32),
    /// Money was held under this number.
    Held(u32),
    /// A code of this number was made.
    Challenged(u32),
    /// A registration's value was proven.
    Proven,
    /// A session of this number began, or went on.
    SignedIn(u32),
    /// A spend token of this number was made.
    TokenMade(u32),
    /// A value was proven that the session of this number is adding to what it signs in by.
    AddsIdentity(u32),
}

/// A request that had its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The scoped key.
    pub key: KeyHash,
    /// What was asked under it.
    pub request: RequestHash,
    /// What came of it.
    pub outcome: Outcome,
    /// When.
    pub at: Timestamp,
}

/// How long a key is kept: 30 days, since money may depend on it.
pub const KEPT_FOR: Span = Span::days(30);

/// How many answers stay in a stored entity, or up to twice as many: a row is written anew with every checkpoint in which its entity
/// changed, so each of them costs there.
pub const RECENT_IN_ROW: usize = 16;

/// How many answers stay with a live entity: those of everything that can be under way for it, which is nowhere else yet. Looking
/// through them takes about a microsecond, and only the busiest entity has so many.
pub const RECENT_IN_MEMORY: usize = 512;

/// Under how many keys a request can be known: the one of its header, and its own id.
pub const KEYS_A_REQUEST_MAX: u64 = 2;

/// The first layers of the filter double from 256 bytes to 4 KiB, and are part of the entity's row. Together they trace 4,000 keys.
const FILTER_BYTES: [usize; 5] = [256, 512, 1_024, 2_048, 4_096];

/// What more layers take, which are rows of their own: 16,000 keys each, for an entity that is changed all the time.
const LARGE_LAYER_BYTES: usize = 32 * 1_024;

/// How many of those there may be: 2 million keys in 30 days, in 4 MiB. The last takes what comes after it is full: false
/// hits cost a look at a row, nothing else.
pub const LARGE_LAYERS_MAX: usize = 128;

/// With six probes, one false hit in 1,000 a layer.
const FILTER_BITS_PER_KEY: usize = 16;
const FILTER_PROBES: u64 = 6;

/// A Bloom filter that is full once it holds a sixteenth as many keys as it has bits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilterLayer {
    /// The bits, eight a byte.
    pub bits: Vec<u8>,
    /// How many keys it holds.
    pub keys: u32,
    /// When the newest of them was answered.
    pub newest: Timestamp,
}

/// Answers in the order in which they were given. Each has a tag of four bytes of its key beside it: to look for a key, two KiB
/// are read instead of fifty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recent {
    answered: VecDeque<Answered>,
    tags: VecDeque<u32>,
}

/// How many tags are compared at once: the compiler makes one wide comparison of them.
const TAGS_AT_ONCE: usize = 32;

impl Recent {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.answered.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.answered.is_empty()
    }

    /// All of them, oldest first.
    pub fn answered(&self) -> &VecDeque<Answered> {
        &self.answered
    }

    /// Adds the newest.
    pub fn push(&mut self, answered: Answered) {
        self.tags.push_back(answered.key.tag());
        self.answered.push_back(answered);
    }

    /// Takes the oldest `count` out.
    pub fn take_oldest(&mut self, count: usize) -> Vec<Answered> {
        let count = count.min(self.answered.len());
        self.tags.drain(..count);
        self.answered.drain(..count).collect()
    }

    /// The newest under `key`.
    fn find(&self, key: &KeyHash) -> Option<&Answered> {
        let tag = key.tag();
        let (older, newer) = self.tags.as_slices();
        let places = [(older, 0), (newer, older.len())];
        places.into_iter().rev().find_map(|(tags, first)| {
            let mut end = tags.len();
            tags.rchunks(TAGS_AT_ONCE).find_map(|chunk| {
                end = end.saturating_sub(chunk.len());
                if !chunk
                    .iter()
                    .fold(false, |found, other| found | (*other == tag))
                {
                    return None;
                }
                let at = first.saturating_add(end);
                let answers = self.answered.range(at..at.saturating_add(chunk.len()));
                answers.rev().find(|answered| answered.key == *key)
            })
        })
    }
}

impl FromIterator<Answered> for Recent {
    fn from_iter<T: IntoIterator<Item = Answered>>(answers: T) -> Recent {
        let answered: VecDeque<Answered> = answers.into_iter().collect();
        let tags = answered.iter().map(|answered| answered.key.tag()).collect();
        Recent { answered, tags }
    }
}

impl KeyHash {
    /// Four of its bytes: a hash is as random in every part.
    fn tag(&self) -> u32 {
        let first = self.0.first_chunk();
        u32::from_le_bytes(first.copied().unwrap_or_default())
    }
}

/// The requests that changed an entity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remembered {
    /// The newest, oldest first.
    pub recent: Recent,
    /// A trace of those that were spilled.
    pub filter: Vec<FilterLayer>,
    /// More of it, once that is full.
    pub large_layers: Vec<FilterLayer>,
}

/// A key that may have been spilled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traced {
    /// The key.
    pub key: KeyHash,
    /// The numbers of the filter's layers that say so, newest first.
    pub layers: Vec<usize>,
}

/// Answers that leave memory together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpilledAnswers {
    /// The number of the filter's layer that traces them.
    pub layer: usize,
    /// Oldest first.
    pub answered: Vec<Answered>,
}

impl FilterLayer {
    fn with_bytes(bytes: usize) -> FilterLayer {
        FilterLayer {
            bits: vec![0; bytes],
            keys: 0,
            newest: Timestamp::default(),
        }
    }

    /// The byte and mask of each probe. The key is a keyed hash, so its own halves serve as the two hash functions that the
    /// others are made of (Kirsch and Mitzenmacher, 2006).
    fn probes(&self, key: &KeyHash) -> impl Iterator<Item = (usize, u8)> + use<> {
        let bits = u64::try_from(self.bits.len())
            .unwrap_or(0)
            .saturating_mul(8);
        let [first, step] = [0, 8].map(|at| {
            let half = key.0.get(at..).and_then(|rest| rest.first_chunk());
            u64::from_be_bytes(half.copied().unwrap_or_default())
        });
        (0..FILTER_PROBES).map(move |probe| {
            let hash = first.wrapping_add(probe.wrapping_mul(step | 1));
            let bit = hash.checked_rem(bits).unwrap_or(0);
            (usize::try_from(bit >> 3).unwrap_or(0), 1 << (bit & 7))
        })
    }

    fn is_full(&self) -> bool {
        let room = self.bits.len().saturating_mul(8) / FILTER_BITS_PER_KEY;
        usize::try_from(self.keys).is_ok_and(|keys| keys >= room)
    }

    fn insert(&mut self, answered: &Answered) {
        for (byte, mask) in self.probes(&answered.key) {
            if let Some(bits) = self.bits.get_mut(byte) {
                *bits |= mask;
            }
        }
        self.keys = self.keys.saturating_add(1);
        self.newest = self.newest.max(answered.at);
    }

    fn may_hold(&self, key: &KeyHash) -> bool {
        self.probes(key)
            .all(|(byte, mask)| self.bits.get(byte).is_some_and(|bits| bits & mask != 0))
    }
}

impl Remembered {
    /// The answer under `key`, if it is among the newest and not past its time.
    pub fn recent(&self, key: &KeyHash, now: Timestamp) -> Option<&Answered> {
        let found = self.recent.find(key);
        found.filter(|answered| answered.is_kept(now))
    }

    /// Whether every key of the newest `effects` effects is certainly among the newest answers.
    pub fn holds_newest(&self, effects: u64) -> bool {
        let keys = effects.saturating_mul(KEYS_A_REQUEST_MAX);
        usize::try_from(keys).is_ok_and(|keys| keys <= self.recent.len())
    }

    /// Where `key` may be among those that were spilled: only then is a row worth a look. Layers fill up one after the other, and
    /// hold as many keys whenever they are spilled: so an entity's stored form has the key in the same layer.
    pub fn traced(&self, key: &KeyHash, now: Timestamp) -> Option<Traced> {
        let layers = self.filter.iter().chain(&self.large_layers).enumerate();
        let mut layers: Vec<usize> = layers
            .filter(|(_, layer)| layer.newest.after(KEPT_FOR) > now && layer.may_hold(key))
            .map(|(number, _)| number)
            .collect();
        layers.reverse();
        let key = *key;
        (!layers.is_empty()).then_some(Traced { key, layers })
    }

    /// Keeps one more.
    pub fn add(&mut self, answered: Answered) {
        self.recent.push(answered);
    }

    /// Once twice `kept` are held, hands out the oldest down to `kept` and leaves their trace in the filter.
    pub fn spill(&mut self, kept: usize) -> Vec<SpilledAnswers> {
        if self.recent.len() < kept.saturating_mul(2) {
            return Vec::new();
        }
        let surplus = self.recent.len().saturating_sub(kept);
        let mut spilled: Vec<SpilledAnswers> = Vec::new();
        for answered in self.recent.take_oldest(surplus) {
            let layer = match self.layer_with_room() {
                Some((number, layer)) => {
                    layer.insert(&answered);
                    number
                }
                None => 0,
            };
            match spilled.last_mut().filter(|last| last.layer == layer) {
                Some(last) => last.answered.push(answered),
                None => spilled.push(SpilledAnswers {
                    layer,
                    answered: vec![answered],
                }),
            }
        }
        spilled
    }

    /// The layer that takes the next key, and its number.
    fn layer_with_room(&mut self) -> Option<(usize, &mut FilterLayer)> {
        let (small, large) = (self.filter.len(), self.large_layers.len());
        let last = self.large_layers.last().or_else(|| self.filter.last());
        if last.is_none_or(FilterLayer::is_full) {
            match FILTER_BYTES.get(small) {
                Some(bytes) => self.filter.push(FilterLayer::with_bytes(*bytes)),
                None if large < LARGE_LAYERS_MAX => {
                    let layer = FilterLayer::with_bytes(LARGE_LAYER_BYTES);
                    self.large_layers.push(layer);
                }
                None => {}
            }
        }
        let layers = self.filter.len().saturating_add(self.large_layers.len());
        let last = self.large_layers.last_mut();
        let last = last.or_else(|| self.filter.last_mut())?;
        Some((layers.saturating_sub(1), last))
    }
}

impl Answered {
    /// Whether a retry at `now` still finds this answer.
    pub fn is_kept(&self, now: Timestamp) -> bool {
        self.at.after(KEPT_FOR) > now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(number: u32) -> Answered {
        let digest = blake3::hash(&number.to_be_bytes());
        let mut key = [0; 16];
        key.copy_from_slice(&digest.as_bytes()[..16]);
        Answered {
            key: KeyHash(key),
            request: RequestHash([0; 16]),
            outcome: Outcome::Purchased(number),
            at: Timestamp(1),
        }
    }

    #[test]
    fn every_key_is_recent_or_traced_and_fresh_keys_are_spared() {
        let mut remembered = Remembered::default();
        let mut spilled = Vec::new();
        const KEYS: u32 = 40_000;
        for number in 0..KEYS {
            remembered.add(answered(number));
            let groups = remembered.spill(RECENT_IN_ROW).into_iter();
            spilled.extend(groups.flat_map(|group| {
                let layer = group.layer;
                group.answered.into_iter().map(move |it| (it.key, layer))
            }));
        }
        let now = Timestamp(2);
        assert!(remembered.recent.len() < RECENT_IN_ROW * 2);
        assert_eq!(spilled.len() + remembered.recent.len(), 40_000);
        assert_eq!(
            (remembered.filter.len(), remembered.large_layers.len()),
            (5, 3)
        );
        for number in 0..KEYS {
            let key = answered(number).key;
            match spilled.get(number as usize) {
                Some((of, layer)) => {
                    assert_eq!(*of, key);
                    let traced = remembered.traced(&key, now).unwrap();
                    assert!(traced.layers.contains(layer), "{number}");
                }
                None => assert!(remembered.recent(&key, now).is_some()),
            }
        }
        let false_hits = (KEYS..KEYS + 10_000)
            .filter(|number| remembered.traced(&answered(*number).key, now).is_some())
            .count();
        // Eight layers of one in 1,000.
        assert!(false_hits < 160, "{false_hits} of 10,000 fresh keys");
    }

    #[test]
    fn a_key_is_in_the_same_layer_however_often_it_is_spilled() {
        let layers = |kept| {
            let mut remembered = Remembered::default();
            let mut layers = Vec::new();
            for number in 0..10_000 {
                remembered.add(answered(number));
                for group in remembered.spill(kept) {
                    layers.extend(group.answered.iter().map(|_| group.layer));
                }
            }
            layers
        };
        let (stored, live) = (layers(RECENT_IN_ROW), layers(RECENT_IN_MEMORY));
        assert!(live.len() > 4_000 && live.last() > live.first());
        assert_eq!(stored[..live.len()], live);
    }

    #[test]
    fn a_key_is_forgotten_after_its_time() {
        let mut remembered = Remembered::default();
        remembered.add(answered(1));
        let key = answered(1).key;
        let last = Timestamp(1).after(KEPT_FOR).before(Span(1));
        assert!(remembered.recent(&key, last).is_some());
        assert!(remembered.recent(&key, last.after(Span(1))).is_none());
    }
}
