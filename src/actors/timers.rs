//! What time makes due in a shard: one index in the order of time, derived from the entities' states.

use std::collections::{BTreeSet, HashMap};

use crate::domain::address::Address;
use crate::domain::time::{Span, Timestamp};

/// How long after firing an entity is asked again if nothing came of it: it was refused for overload, say.
const ASK_AGAIN_AFTER: Span = Span::seconds(5);

/// The index of one shard.
#[derive(Debug, Default)]
pub struct Timers {
    by_due: BTreeSet<(Timestamp, Address)>,
    due_of: HashMap<Address, Timestamp>,
}

impl Timers {
    /// Says when `address` is due; not at all, if `None`.
    pub fn set(&mut self, address: Address, due: Option<Timestamp>) {
        if let Some(before) = self.due_of.remove(&address) {
            self.by_due.remove(&(before, address));
        }
        if let Some(due) = due {
            self.due_of.insert(address, due);
            self.by_due.insert((due, address));
        }
    }

    /// At most `max` entities that are due at `now`, in the order of (due, address). Each stays in the index for a later try,
    /// which its own next change replaces.
    pub fn take_due(&mut self, now: Timestamp, max: usize) -> Vec<Address> {
        let due: Vec<Address> = self
            .by_due
            .iter()
            .take_while(|(due, _)| *due <= now)
            .take(max)
            .map(|(_, address)| *address)
            .collect();
        for address in &due {
            self.set(*address, Some(now.after(ASK_AGAIN_AFTER)));
        }
        due
    }

    /// When the first entity is due.
    pub fn next(&self) -> Option<Timestamp> {
        self.by_due.first().map(|(due, _)| *due)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.by_due.clear();
        self.due_of.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::address::{Kind, Mode, TenantId};

    fn contact(entity: u64) -> Address {
        Address {
            tenant: TenantId(1),
            mode: Mode::Live,
            kind: Kind::Contact,
            entity,
        }
    }

    #[test]
    fn what_is_due_comes_in_the_order_of_time_and_is_asked_again() {
        let mut timers = Timers::default();
        timers.set(contact(1), Some(Timestamp(30)));
        timers.set(contact(2), Some(Timestamp(10)));
        timers.set(contact(3), Some(Timestamp(20)));
        timers.set(contact(1), Some(Timestamp(5)));
        timers.set(contact(4), Some(Timestamp(99)));
        assert_eq!(timers.take_due(Timestamp(20), 2), [contact(1), contact(2)]);
        assert_eq!(timers.take_due(Timestamp(20), 2), [contact(3)]);
        assert!(timers.take_due(Timestamp(20), 2).is_empty());
        timers.set(contact(2), None);
        let later = Timestamp(20).after(ASK_AGAIN_AFTER);
        assert_eq!(
            timers.take_due(later, 9),
            [contact(4), contact(1), contact(3)]
        );
    }
}
