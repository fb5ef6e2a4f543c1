//! What happened to a contact.

use std::sync::Arc;

use super::{Change, Counted, Lot, Propose, Purchase, SignUp};
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
    /// These unique values are being reserved for it.
    ChangeBegun(Vec<ValueHash>),
    /// It changed; the entries of values that it gave up are to be told by this time.
    Changed(Arc<Change>, Timestamp),
    /// It was erased.
    Erased(Timestamp),
    /// It signed up to an organisation, or changed how.
    SignedUp(SignUp),
    /// It signed out of an organisation.
    SignedOut(u64),
    /// The entries of these values know that they were given up.
    ReleasesTold(Vec<ValueHash>),
    /// A purchase was recorded, with what it awarded and spent.
    PurchaseRecorded(Arc<Purchase>),
    /// What the purchase before awarded counts towards caps of its offers.
    AwardsCounted(Vec<Counted>),
    /// Money expired unspent.
    LotsExpired(Vec<Lot>),
}
