//! What leaves an entity's memory.

use std::sync::Arc;

use super::{Entity, State};
use crate::domain::contact::Purchase;
use crate::domain::remembered::Answered;

/// What left an entity's memory, to be kept as rows of its own.
#[derive(Debug, Default)]
pub struct Spilled {
    /// Older answers.
    pub answered: Vec<Answered>,
    /// Older purchases, in order.
    pub purchases: Vec<Arc<Purchase>>,
}

impl Entity {
    /// Hands out every purchase, in order: for a row that has no room for them.
    pub fn spill_all_purchases(&mut self) -> Vec<Arc<Purchase>> {
        match &mut self.state {
            State::Contact(contact) => contact.purchases.drain(..).collect(),
            State::Tenant(_)
            | State::Organisation(_)
            | State::Offer(_)
            | State::ApiKey(_)
            | State::DirectoryEntry(_)
            | State::Lease(_) => Vec::new(),
        }
    }

    /// Hands out what need not stay, once there is enough of it: answers but the newest `recent` or so, and older purchases.
    pub fn spill(&mut self, recent: usize) -> Spilled {
        Spilled {
            answered: self.remembered.spill(recent),
            purchases: match &mut self.state {
                State::Contact(contact) => contact.spill_purchases(),
                State::Tenant(_)
                | State::Organisation(_)
                | State::Offer(_)
                | State::ApiKey(_)
                | State::DirectoryEntry(_)
                | State::Lease(_) => Vec::new(),
            },
        }
    }
}
