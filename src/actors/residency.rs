//! Who may stay in memory: a clock (second-chance) queue over the entities that are active on this node.

use std::collections::VecDeque;

use parking_lot::Mutex;

use crate::domain::address::Address;

/// What became of an entity that was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// It was used since the last look, or is busy: it stays.
    Stays,
    /// It was told to go, or is gone.
    Goes,
}

/// The entities in memory, in the order in which they are looked at.
#[derive(Debug)]
pub struct Residency {
    queue: Mutex<VecDeque<Address>>,
    cap: usize,
}

impl Residency {
    /// At most `cap` entities are to stay in memory.
    pub fn new(cap: usize) -> Residency {
        Residency {
            queue: Mutex::new(VecDeque::new()),
            cap,
        }
    }

    /// How many entities are in memory.
    pub fn resident(&self) -> usize {
        self.queue.lock().len()
    }

    /// Notes an activation. While there are more than the cap, the entities that come first are looked at: `look` tells one
    /// to go unless it was used since the last look.
    pub fn activated(&self, address: Address, look: impl Fn(&Address) -> Look) {
        self.queue.lock().push_back(address);
        // Each is looked at twice at most: once to take its second chance, once to go.
        let mut looks = self.resident().saturating_mul(2);
        while looks > 0 && self.resident() > self.cap {
            looks = looks.saturating_sub(1);
            self.look_at_first(&look);
        }
    }

    /// Looks at `count` entities, so that those idle for a whole round go.
    pub fn sweep(&self, count: usize, look: impl Fn(&Address) -> Look) {
        for _ in 0..count.min(self.resident()) {
            self.look_at_first(&look);
        }
    }

    fn look_at_first(&self, look: &impl Fn(&Address) -> Look) {
        let first = self.queue.lock().pop_front();
        if let Some(address) = first
            && look(&address) == Look::Stays
        {
            self.queue.lock().push_back(address);
        }
    }
}
