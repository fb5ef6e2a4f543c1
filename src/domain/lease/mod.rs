//! A lease: what one shard holds of an offer's budget, so that an award there is decided without asking the offer.
//!
//! What was granted and what was returned are totals since the beginning, not differences. A message that comes twice,
//! late or out of order so changes nothing, and one that is lost is made good by the next.

use super::entity::Event as EntityEvent;
use super::money::Minor;
use super::{contact, context::Context};

/// A lease's state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// What the offer lent to it in all.
    pub granted: Minor,
    /// What it gave back to the offer in all.
    pub returned: Minor,
    /// What was awarded from it, less what was credited.
    pub debited: Minor,
}

/// What a lease can be asked to do.
#[derive(Clone, Copy, Debug)]
pub enum Command {
    /// Take what the offer has lent: so much in all.
    Grant(Minor),
    /// Take what the offer has lent, so much in all; then give everything back that is not awarded.
    Return(Minor),
}

/// What happened to a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The offer has lent so much in all.
    Granted(Minor),
    /// It has given back so much in all.
    Returned(Minor),
    /// An award or its cancellation moved money.
    Moved(Change),
}

/// What an award or its cancellation does to a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// So much was awarded.
    Debit(Minor),
    /// So much was taken back from an award.
    Credit(Minor),
}

/// A change of a lease, as part of the effect that brought it about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Movement {
    /// The offer, by entity number: names the lease within the shard.
    pub offer: u64,
    /// The lease's own number for it.
    pub seq: u64,
    /// What it does.
    pub change: Change,
}

impl State {
    /// What can still be awarded from it.
    pub fn remaining(&self) -> Minor {
        self.granted.less(self.returned).less(self.debited)
    }

    /// Decides `command`. What is known already changes nothing.
    pub fn decide(&self, command: &Command) -> Vec<Event> {
        let (Command::Grant(lent) | Command::Return(lent)) = *command;
        let mut after = *self;
        let mut events = Vec::new();
        if lent > after.granted {
            events.push(Event::Granted(lent));
            after.granted = lent;
        }
        if let Command::Return(_) = command
            && after.remaining() > Minor::ZERO
        {
            // All that is neither awarded nor returned: the total of what was returned can only grow.
            events.push(Event::Returned(after.granted.less(after.debited)));
        }
        events
    }

    /// Takes `event` in.
    pub fn apply(&mut self, event: &Event) {
        match *event {
            Event::Granted(total) => self.granted = self.granted.max(total),
            Event::Returned(total) => self.returned = self.returned.max(total),
            Event::Moved(Change::Debit(amount)) => {
                self.debited = Minor(self.debited.0.saturating_add(amount.0));
            }
            Event::Moved(Change::Credit(amount)) => self.debited = self.debited.less(amount),
        }
    }
}

/// What `events` of a contact draw from the budgets that `context` has.
pub fn movements(events: &[EntityEvent], context: &Context) -> Vec<Movement> {
    let budgets = &context.budgets;
    if budgets.is_empty() {
        return Vec::new();
    }
    let mut movements = Vec::new();
    for event in events {
        let EntityEvent::Contact(event) = event else {
            continue;
        };
        let mut move_by = |offer: u64, change| {
            let budget = budgets.iter().find(|budget| budget.offer == offer);
            movements.extend(budget.map(|budget| Movement {
                offer,
                seq: budget.lease_seq.saturating_add(1),
                change,
            }));
        };
        if let contact::Event::PurchaseRecorded(purchase) = event {
            let offers = context.tenant.iter().flat_map(|tenant| &tenant.offers);
            for (outcome, (offer, _)) in purchase.offers.iter().zip(offers) {
                if let Ok(given) = outcome {
                    move_by(*offer, Change::Debit(given.lot.left));
                }
            }
        }
        if let contact::Event::PurchaseCancelled(cancellation) = event {
            for credit in &cancellation.credits {
                move_by(credit.offer, Change::Credit(credit.amount));
            }
        }
    }
    movements
}

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "an overflow in a test is a failed test"
)]
mod tests;
