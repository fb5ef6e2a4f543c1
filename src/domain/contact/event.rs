//! What happened to a contact.

use std::sync::Arc;

use super::{
    Cancellation, Change, Counted, Entry, GoalStep, Hold, LimitRule, Locked, Lot, Propose,
    Purchase, Reached, Returned, SchemeMember, SignUp, SpendToken, Use,
};
use crate::domain::access;
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
    /// A purchase was cancelled: what it awarded and spent was reverted.
    PurchaseCancelled(Arc<Cancellation>),
    /// What was owed was paid from these lots, at this time.
    OwedRepaid(Timestamp, Vec<Lot>),
    /// Money moved without a purchase.
    MoneyMoved(Arc<Entry>),
    /// Goods were returned whose purchase is not known.
    Returned(Arc<Returned>),
    /// Money was held for a purchase to come.
    FundsHeld(Hold),
    /// Money that was awarded earlier can be spent from now on.
    LotsUnlocked(Vec<Locked>),
    /// The bounds on what moves in and out of the wallet were set, at this time.
    LimitsSet(Timestamp, Vec<LimitRule>),
    /// What moved before counts towards bounds.
    LimitsUsed(Use),
    /// A hold ended, at this time, and gave back these lots.
    HoldReleased(u32, Timestamp, Vec<Lot>),
    /// Something about how it gets in. Boxed: it is larger than what happens all the time.
    Access(Box<access::Event>),
    /// A spend token was made.
    TokenMade(SpendToken),
    /// A spend token of this number was used by the purchase before.
    TokenUsed(u32),
    /// The spend tokens that had lapsed by then were forgotten.
    TokensTidied(Timestamp),
    /// It has these tags and no others, by number.
    TagsSet(Vec<u64>),
    /// The purchase before left it in another tier than it was known to be in.
    TierReached(Reached),
    /// What the purchase before does towards goals.
    GoalsCounted(Vec<GoalStep>),
    /// It became a member of a scheme.
    SchemeSignedUp(Arc<SchemeMember>),
    /// It is a member of a scheme no longer, by number.
    SchemeSignedOut(u64),
    /// It tried a sign-up code that opens nothing.
    SchemeCodeWrong(Timestamp),
}
