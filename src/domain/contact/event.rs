//! What happened to a contact.

use std::sync::Arc;

use super::{Cancellation, Counted, Entry, Hold, Lot, Propose, Purchase};
use crate::domain::directory_entry::ValueHash;
use crate::domain::time::Timestamp;

/// What happened to a contact.
#[derive(Clone, Debug)]
pub enum Event {
    /// It was proposed.
    Proposed(Arc<Propose>),
    /// It came into being.
    Created(Timestamp),
    /// A unique value was taken; it will not be.
    Refused,
    /// A reservation lapsed while it was being created; it will not be.
    ReservationVoided(ValueHash),
    /// A purchase was recorded, with what it awarded and spent.
    PurchaseRecorded(Arc<Purchase>),
    /// What the purchase before awarded counts towards caps of its offers.
    AwardsCounted(Vec<Counted>),
    /// Money expired unspent.
    LotsExpired(Vec<Lot>),
    /// A purchase was cancelled: what it awarded and spent was reverted.
    PurchaseCancelled(Arc<Cancellation>),
    /// What was owed was paid from these lots, at this time.
    OwedRepaid(Timestamp, Vec<Lot>),
    /// Money moved without a purchase.
    MoneyMoved(Arc<Entry>),
    /// Money was held for a purchase to come.
    FundsHeld(Hold),
    /// A hold ended, at this time, and gave back these lots.
    HoldReleased(u32, Timestamp, Vec<Lot>),
}
