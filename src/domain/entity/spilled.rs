//! What leaves an entity's memory.

use super::{Entity, State};
use crate::domain::contact::{KeptPurchase, Line};
use crate::domain::remembered::SpilledAnswers;
use crate::domain::time::Timestamp;

/// What left an entity's memory, to be kept as rows of its own.
#[derive(Debug, Default)]
pub struct Spilled {
    /// Older answers.
    pub answered: Vec<SpilledAnswers>,
    /// Older purchases, in order.
    pub purchases: Vec<KeptPurchase>,
    /// Older lines of a wallet's journal, in order.
    pub lines: Vec<Line>,
    /// Purchases that had left before and were cancelled since, by number.
    pub cancelled: Vec<(u32, Timestamp)>,
}

impl Entity {
    /// Hands out every purchase and every line of the journal, in order: for a row that has no room for them.
    pub fn spill_history(&mut self) -> Spilled {
        match &mut self.state {
            State::Contact(contact) => Spilled {
                purchases: contact.purchases.drain(..).collect(),
                lines: contact.ledger.lines.drain(..).collect(),
                ..Spilled::default()
            },
            State::Tenant(_)
            | State::Organisation(_)
            | State::Offer(_)
            | State::ApiKey(_)
            | State::DirectoryEntry(_)
            | State::Lease(_)
            | State::AuditLog(_)
            | State::Media(_)
            | State::Apps(_)
            | State::Receipt(_)
            | State::User(_)
            | State::Configuration(_) => Spilled::default(),
        }
    }

    /// Hands out what need not stay, once there is enough of it: answers but the newest `recent` or so, older purchases, and
    /// older lines of the journal.
    pub fn spill(&mut self, recent: usize) -> Spilled {
        let answered = self.remembered.spill(recent);
        match &mut self.state {
            State::Contact(contact) => Spilled {
                answered,
                purchases: contact.spill_purchases(),
                lines: contact.ledger.spill(),
                cancelled: std::mem::take(&mut contact.late_cancellations),
            },
            State::Tenant(_)
            | State::Organisation(_)
            | State::Offer(_)
            | State::ApiKey(_)
            | State::DirectoryEntry(_)
            | State::Lease(_)
            | State::AuditLog(_)
            | State::Media(_)
            | State::Apps(_)
            | State::Receipt(_)
            | State::User(_)
            | State::Configuration(_) => Spilled {
                answered,
                ..Spilled::default()
            },
        }
    }
}
