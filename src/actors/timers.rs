//! What time makes due in a shard: one index in the order of time, derived from the entities' states.

use std::collections::{BTreeSet, HashMap};

use crate::domain::address::{Address, Kind, Mode, TenantId};
use crate::domain::time::{Span, Timestamp};

/// How long after firing an entity is asked again if nothing came of it: it was refused for overload, say.
const ASK_AGAIN_AFTER: Span = Span::seconds(5);

/// The index of one shard. What goes by a test clock is kept by when it is due on the wall.
#[derive(Debug, Default)]
pub struct Timers {
    by_due: BTreeSet<(Timestamp, Address)>,
    /// When each entity is due: by its own clock, and on the wall.
    due_of: HashMap<Address, (Timestamp, Timestamp)>,
    test_clocks: HashMap<TenantId, Span>,
}

/// Whether an entity's time is that of its tenant's test clock. Keys are credentials: they go by the wall.
fn goes_by_test_clock(address: &Address) -> bool {
    address.mode == Mode::Test && address.kind != Kind::ApiKey
}

impl Timers {
    /// Says when `address` is due, by its own clock; not at all, if `None`.
    pub fn set(&mut self, address: Address, due: Option<Timestamp>) {
        let ahead = match self.test_clocks.get(&address.tenant) {
            Some(ahead) if goes_by_test_clock(&address) => *ahead,
            Some(_) | None => Span::default(),
        };
        self.set_on_wall(address, due.map(|due| (due, due.before(ahead))));
    }

    fn set_on_wall(&mut self, address: Address, due: Option<(Timestamp, Timestamp)>) {
        if let Some((_, before)) = self.due_of.remove(&address) {
            self.by_due.remove(&(before, address));
        }
        if let Some(due) = due {
            self.due_of.insert(address, due);
            self.by_due.insert((due.1, address));
        }
    }

    /// A tenant's test clock is so much ahead now: what that makes due at `wall`, with when it was by its own clock. Each stays in
    /// the index for a later try, so that whoever asks for it now is not overtaken.
    pub fn advance(
        &mut self,
        tenant: TenantId,
        ahead: Span,
        wall: Timestamp,
    ) -> Vec<(Timestamp, Address)> {
        self.test_clocks.insert(tenant, ahead);
        let of_clock = self.due_of.iter();
        let concerned: Vec<(Timestamp, Address)> = of_clock
            .filter(|(address, _)| address.tenant == tenant && goes_by_test_clock(address))
            .map(|(address, (due, _))| (*due, *address))
            .collect();
        let mut due_now = Vec::new();
        for (due, address) in concerned {
            let on_wall = due.before(ahead);
            if on_wall <= wall {
                due_now.push((due, address));
                self.set_on_wall(address, Some((due, wall.after(ASK_AGAIN_AFTER))));
            } else {
                self.set_on_wall(address, Some((due, on_wall)));
            }
        }
        due_now
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
            let own = self.due_of.get(address).map_or(now, |(own, _)| *own);
            self.set_on_wall(*address, Some((own, now.after(ASK_AGAIN_AFTER))));
        }
        due
    }

    /// When the first entity is due, on the wall.
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

    #[test]
    fn a_test_clock_brings_forward_what_goes_by_it_and_nothing_else() {
        let mut timers = Timers::default();
        let of = |mode, kind, entity| Address {
            mode,
            kind,
            ..contact(entity)
        };
        let tried = of(Mode::Test, Kind::Contact, 1);
        let later = of(Mode::Test, Kind::Contact, 2);
        let key = of(Mode::Test, Kind::ApiKey, 3);
        let live = contact(4);
        let strange = Address {
            tenant: TenantId(2),
            ..tried
        };
        for address in [tried, key, live, strange] {
            timers.set(address, Some(Timestamp(50)));
        }
        timers.set(later, Some(Timestamp(90)));
        let due = timers.advance(TenantId(1), Span(40), Timestamp(10));
        assert_eq!(due, [(Timestamp(50), tried)]);
        assert!(timers.take_due(Timestamp(49), 9).is_empty());
        let due = timers.take_due(Timestamp(50), 9);
        assert_eq!(due, [live, later, key, strange]);
        timers.set(tried, Some(Timestamp(100_000)));
        assert!(timers.take_due(Timestamp(59), 9).is_empty());
        let by_its_clock = Timestamp(100_000 - 40);
        assert!(timers.take_due(by_its_clock, 9).contains(&tried));
    }
}
