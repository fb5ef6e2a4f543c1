//! What time makes due in a shard: one index in the order of time, derived from the entities' states.

use std::collections::{BTreeSet, HashMap};

use crate::domain::address::{Address, Mode, TenantId};
use crate::domain::time::{Dues, Span, Timestamp};

/// How long after firing an entity is asked again if nothing came of it: it was refused for overload, say.
const ASK_AGAIN_AFTER: Span = Span::seconds(5);

/// The index of one shard. What goes by a test clock is kept by when it is due on the wall.
#[derive(Debug, Default)]
pub struct Timers {
    by_due: BTreeSet<(Timestamp, Address)>,
    due_of: HashMap<Address, Known>,
    test_clocks: HashMap<TenantId, Span>,
}

/// When an entity is due; what it is never due by is at the end of time, so that a million of these stay small.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// By its clock of business.
    business: Timestamp,
    /// By the clock of credentials.
    wall: Timestamp,
    /// Where it lies in the order.
    placed: Timestamp,
}

const NEVER: Timestamp = Timestamp(i64::MAX);

impl Timers {
    /// Says when `address` is due; not at all, if by neither clock.
    pub fn set(&mut self, address: Address, dues: Dues) {
        self.remove(&address);
        let business = dues.business.unwrap_or(NEVER);
        let wall = dues.wall.unwrap_or(NEVER);
        let placed = wall.min(self.on_wall(&address, business));
        if placed < NEVER {
            self.place(
                address,
                Known {
                    business,
                    wall,
                    placed,
                },
            );
        }
    }

    /// When what is due by an entity's clock of business is due on the wall.
    fn on_wall(&self, address: &Address, business: Timestamp) -> Timestamp {
        match self.test_clocks.get(&address.tenant) {
            Some(ahead) if address.mode == Mode::Test && business < NEVER => {
                business.before(*ahead)
            }
            Some(_) | None => business,
        }
    }

    fn remove(&mut self, address: &Address) {
        if let Some(known) = self.due_of.remove(address) {
            self.by_due.remove(&(known.placed, *address));
        }
    }

    fn place(&mut self, address: Address, known: Known) {
        self.remove(&address);
        self.due_of.insert(address, known);
        self.by_due.insert((known.placed, address));
    }

    /// A tenant's test clock is so much ahead now: what that makes due at `wall`, with when it was by its own clock. Each stays in
    /// the index for a later try, so that whoever asks for it now is not overtaken. Credentials go by the wall, and stay where they are.
    pub fn advance(
        &mut self,
        tenant: TenantId,
        ahead: Span,
        wall: Timestamp,
    ) -> Vec<(Timestamp, Address)> {
        self.test_clocks.insert(tenant, ahead);
        let of_clock = self.due_of.iter().filter(|(address, known)| {
            address.tenant == tenant && address.mode == Mode::Test && known.business < NEVER
        });
        let concerned: Vec<(Address, Known)> = of_clock
            .map(|(address, known)| (*address, *known))
            .collect();
        let mut due_now = Vec::new();
        for (address, known) in concerned {
            let on_wall = known.business.before(ahead);
            let placed = if on_wall <= wall {
                due_now.push((known.business, address));
                wall.after(ASK_AGAIN_AFTER)
            } else {
                on_wall.min(known.wall)
            };
            self.place(address, Known { placed, ..known });
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
            if let Some(known) = self.due_of.get(address).copied() {
                let placed = now.after(ASK_AGAIN_AFTER);
                self.place(*address, Known { placed, ..known });
            }
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
    use crate::domain::address::Kind;

    fn by_business(at: i64) -> Dues {
        Dues::of_business(Some(Timestamp(at)))
    }

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
        timers.set(contact(1), by_business(30));
        timers.set(contact(2), by_business(10));
        timers.set(contact(3), by_business(20));
        timers.set(contact(1), by_business(5));
        timers.set(contact(4), by_business(99));
        assert_eq!(timers.take_due(Timestamp(20), 2), [contact(1), contact(2)]);
        assert_eq!(timers.take_due(Timestamp(20), 2), [contact(3)]);
        assert!(timers.take_due(Timestamp(20), 2).is_empty());
        timers.set(contact(2), Dues::default());
        let later = Timestamp(20).after(ASK_AGAIN_AFTER);
        assert_eq!(
            timers.take_due(later, 9),
            [contact(4), contact(1), contact(3)]
        );
    }

    #[test]
    fn what_goes_by_the_wall_stays_where_it_is_when_a_test_clock_moves() {
        let mut timers = Timers::default();
        let address = Address {
            mode: Mode::Test,
            ..contact(1)
        };
        let dues = |business, wall| Dues {
            business: Some(Timestamp(business)),
            wall: Some(Timestamp(wall)),
        };
        timers.set(address, dues(1_000, 60));
        assert!(
            timers
                .advance(TenantId(1), Span(900), Timestamp(10))
                .is_empty()
        );
        assert_eq!(timers.next(), Some(Timestamp(60)));
        timers.set(address, dues(1_000, 200));
        assert_eq!(timers.next(), Some(Timestamp(100)), "by its test clock");
        let due = timers.advance(TenantId(1), Span(1_000), Timestamp(10));
        assert_eq!(due, [(Timestamp(1_000), address)]);
        timers.set(address, Dues::on_wall(Some(Timestamp(200))));
        assert!(
            timers
                .advance(TenantId(1), Span(9_000), Timestamp(10))
                .is_empty()
        );
        assert_eq!(timers.take_due(Timestamp(199), 9), []);
        assert_eq!(timers.take_due(Timestamp(200), 9), [address]);
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
            let at = Some(Timestamp(50));
            timers.set(
                address,
                match address.kind {
                    Kind::ApiKey => Dues::on_wall(at),
                    _ => Dues::of_business(at),
                },
            );
        }
        timers.set(later, by_business(90));
        let due = timers.advance(TenantId(1), Span(40), Timestamp(10));
        assert_eq!(due, [(Timestamp(50), tried)]);
        assert!(timers.take_due(Timestamp(49), 9).is_empty());
        let due = timers.take_due(Timestamp(50), 9);
        assert_eq!(due, [live, later, key, strange]);
        timers.set(tried, by_business(100_000));
        assert!(timers.take_due(Timestamp(59), 9).is_empty());
        let by_its_clock = Timestamp(100_000 - 40);
        assert!(timers.take_due(by_its_clock, 9).contains(&tried));
    }
}
