//! What a contact's entity holds.

use std::collections::VecDeque;
use std::sync::Arc;

use super::due::Due;
use super::{
    Counts, KeptPurchase, Ledger, Loyalty, PendingChange, Released, SignUp, SpendTokens, Wallet,
};
use crate::domain::access::Access;
use crate::domain::directory_entry::ValueHash;
use crate::domain::time::{Dues, Timestamp};

/// A contact's personal fields, sealed with the contact's own key. The domain never looks inside: it decides nothing by
/// a name, and without the key nobody reads it, wherever a copy lies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SealedProfile {
    /// Which key of the shard's keyring seals it.
    pub slot: u32,
    /// The sealed bytes.
    pub sealed: Arc<[u8]>,
}

/// Who a contact is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContactType {
    /// A person.
    #[default]
    Person,
    /// A company.
    Company,
}

/// Where a contact is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// Nothing was recorded.
    #[default]
    Absent,
    /// Its unique values are being reserved; invisible until then.
    Proposed,
    /// It exists.
    Active,
    /// A unique value was not to be had, or a reservation lapsed: it may be proposed again.
    Void,
    /// It was erased: its personal fields are gone for ever, its money stays in the ledger.
    Erased,
}

/// A contact's state. The newest purchases are held here; older ones are rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// Where it is in its life.
    pub stage: Stage,
    /// Who it is.
    pub contact_type: ContactType,
    /// Its personal fields.
    pub profile: SealedProfile,
    /// The id that the caller chose.
    pub own_id: Option<Arc<str>>,
    /// The code that people use.
    pub code: Arc<str>,
    /// Its unique values, each held in a directory entry.
    pub claims: Vec<ValueHash>,
    /// How often it was proposed: the number of the attempt that holds its values.
    pub attempts: u32,
    /// Values that are being reserved for it.
    pub pending: Option<PendingChange>,
    /// Values that it gave up, whose entries are still to be told.
    pub released: Released,
    /// The organisations that it has signed up to.
    pub sign_ups: Vec<SignUp>,
    /// Counts their changes.
    pub sign_up_version: u32,
    /// When it was created.
    pub created_at: Timestamp,
    /// Counts the changes of what the profile shows.
    pub profile_version: u32,
    /// Its money.
    pub wallet: Wallet,
    /// The journal of its money.
    pub ledger: Ledger,
    /// The newest purchases, oldest first.
    pub purchases: VecDeque<KeptPurchase>,
    /// What it was given of offers that cap it.
    pub counts: Counts,
    /// How many purchases were ever recorded: the number of the newest.
    pub purchase_count: u32,
    /// Older purchases that were cancelled, and when: until their rows say so.
    pub late_cancellations: Vec<(u32, Timestamp)>,
    /// How it gets in. Boxed, and none for the many who never sign in.
    pub access: Option<Box<Access>>,
    /// What it shows at tills. Boxed, and none for the many who never make one.
    pub spend_tokens: Option<Box<SpendTokens>>,
    /// What it is to its tenant beyond its money. Boxed, and none for those of whom nothing is counted.
    pub loyalty: Option<Box<Loyalty>>,
}

impl Contact {
    /// How many purchases stay with the contact: what a till asks about is nearly always among the newest.
    pub const RECENT_PURCHASES_MAX: usize = 8;

    /// The purchase of this number, if it is among the newest.
    pub fn recent_purchase(&self, number: u32) -> Option<&KeptPurchase> {
        self.purchases
            .iter()
            .rev()
            .find(|kept| kept.purchase.number == number)
    }

    /// Once twice [`Contact::RECENT_PURCHASES_MAX`] are held, hands out the oldest down to that many, in order.
    pub fn spill_purchases(&mut self) -> Vec<KeptPurchase> {
        if self.purchases.len() < Self::RECENT_PURCHASES_MAX.saturating_mul(2) {
            return Vec::new();
        }
        let surplus = self
            .purchases
            .len()
            .saturating_sub(Self::RECENT_PURCHASES_MAX);
        self.purchases.drain(..surplus).collect()
    }

    /// When time alone makes something due: a lot expires, a hold runs out, or an entry is still to be told of a value; and on the
    /// wall, what lets it in lapses.
    pub fn next_due(&self) -> Dues {
        let dues = [self.wallet.next_due(Due::All), self.release_due()];
        let access = self.access.as_ref().and_then(|access| access.next_due());
        let lapses = [access, self.next_token_due()];
        Dues {
            business: dues.into_iter().flatten().min(),
            wall: lapses.into_iter().flatten().min(),
        }
    }
}
