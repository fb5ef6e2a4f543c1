//! What a contact can be asked to do.

use std::sync::Arc;

use super::{
    AdHocReturn, Amounts, Change, ContactType, KeptPurchase, LimitRule, NewToken, Presented,
    Private, Product, PurchaseTexts, Reason, Register, SealedProfile, SignUp, SignUpToScheme,
};
use crate::domain::access;
use crate::domain::directory_entry::ValueHash;
use crate::domain::money::{Currency, Minor};
use crate::domain::time::Timestamp;

/// A new contact, as far as it is known.
#[derive(Clone, Debug)]
pub struct Propose {
    /// Who it is.
    pub contact_type: ContactType,
    /// Its personal fields.
    pub profile: SealedProfile,
    /// The id that the caller chose.
    pub own_id: Option<Arc<str>>,
    /// The code that people use.
    pub code: Arc<str>,
    /// Its unique values, to be reserved in their directory entries.
    pub claims: Vec<ValueHash>,
}

/// What to do about the part of a spend that the balance does not cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unbacked {
    /// Refuse the purchase.
    Refuse,
    /// Spend what there is.
    SpendWhatThereIs,
    /// Spend what there is, and owe the rest: the sale was made already.
    Owe,
}

/// The wish to pay from the wallet.
#[derive(Clone, Copy, Debug)]
pub struct SpendRequest {
    /// How much, above zero and at most the purchase's total.
    pub amount: Minor,
    /// What to do if there is less.
    pub unbacked: Unbacked,
}

/// A purchase to record: award and spend.
#[derive(Clone, Debug)]
pub struct RecordPurchase {
    /// The organisation that sold, by entity number.
    pub organisation: u64,
    /// The amounts on the receipt.
    pub amounts: Amounts,
    /// The currency of all amounts, if the caller names one.
    pub currency: Option<Currency>,
    /// The classification's name; the tenant's first, if none.
    pub classification: Option<Arc<str>>,
    /// What the till writes about it.
    pub texts: Private<PurchaseTexts>,
    /// When the purchase was made, as the till says.
    pub performed_on: Option<Timestamp>,
    /// The wish to pay from the wallet.
    pub spend: Option<SpendRequest>,
    /// What was bought, as far as the till says.
    pub products: Vec<Product>,
    /// The hold that was made for it, by number.
    pub estimate: Option<u32>,
    /// The spend token that the contact showed.
    pub token: Option<Presented>,
}

/// A purchase to cancel.
#[derive(Clone, Debug)]
pub struct CancelPurchase {
    /// Its number.
    pub number: u32,
    /// The purchase, where it has left the contact's memory: read from its row before the command is decided.
    pub found: Option<KeptPurchase>,
}

/// Money to move without a purchase.
#[derive(Clone, Debug)]
pub struct Movement {
    /// How much, above zero.
    pub amount: Minor,
    /// The currency of the amount, if the caller names one.
    pub currency: Option<Currency>,
    /// Why.
    pub reason: Reason,
}

/// What a contact can be asked to do.
#[derive(Clone, Debug)]
pub enum Command {
    /// Begin to be created: recorded, but invisible until its unique values are reserved.
    Propose(Propose),
    /// Begin to register: recorded with a code to be answered, and invisible until its value is proven and claimed.
    Register(Box<Register>),
    /// Something about how it gets in.
    Access(access::Command),
    /// All unique values are reserved: exist.
    Confirm,
    /// A unique value is taken: don't exist.
    Refuse,
    /// Get ready to have these unique values: they are reserved under the attempt that this begins.
    BeginChange(Vec<ValueHash>),
    /// Change what it is and is known by.
    Change(Arc<Change>),
    /// Lose everything personal, and be unknown from now on.
    Erase,
    /// Answer as before if the request was seen before; refuse otherwise.
    Recall,
    /// Sign up to an organisation; the date is that of the decision.
    SignUp(SignUp),
    /// Sign out of an organisation.
    SignOut(u64),
    /// The entries of these values know that they were given up.
    ReleasesTold(Vec<ValueHash>),
    /// A directory entry asks whether the reservation of this attempt is to be kept.
    SettleReservation(ValueHash, u32),
    /// Award and spend.
    RecordPurchase(RecordPurchase),
    /// Revert what a purchase awarded and spent.
    CancelPurchase(CancelPurchase),
    /// Pay in, or change the balance by hand.
    MoveMoney(Movement),
    /// Take back what returned goods had earned, and give back what was spent on them.
    TakeReturn(AdHocReturn),
    /// Set the bounds on what moves in and out of the wallet.
    SetLimits(Vec<LimitRule>),
    /// Have these tags and no others, by number.
    SetTags(Vec<u64>),
    /// Become a member of a scheme.
    SignUpToScheme(Box<SignUpToScheme>),
    /// Be a member of a scheme no longer, by number.
    SignOutOfScheme(u64),
    /// Say whether a code lets anybody into any scheme.
    CheckSignUpCode(ValueHash),
    /// Show what this purchase would come to, and change nothing.
    Foresee(RecordPurchase),
    /// Hold what this purchase would spend.
    HoldFunds(RecordPurchase),
    /// Make a spend token.
    MakeToken(NewToken),
    /// Give back what a hold holds, by its number.
    ReleaseHold(u32),
    /// Write off the lots that have expired, and release the money whose time has come and the holds that have run out.
    FireTimers,
}
