//! Why a contact refuses.

use super::SchemeRefusal;
use crate::domain::access;
use crate::domain::money::{Currency, Minor};

/// Why a contact refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// There is no such contact.
    UnknownContact,
    /// There is one at this address already.
    ContactExists,
    /// A reservation lapsed before the creation was confirmed.
    ReservationLapsed,
    /// It has changed since the change was made, or the change waited too long for its values: it is to be made again.
    Overtaken,
    /// It is signed up to as many organisations as it may be.
    SignUpsFull,
    /// How it gets in is refused.
    Access(access::Rejection),
    /// A scheme refuses.
    Scheme(SchemeRefusal),
    /// The request was not seen before.
    NeverSeen,
    /// There is no such organisation in the tenant's network.
    UnknownOrganisation,
    /// The tenant has no such classification.
    UnknownClassification,
    /// The purchase is in another currency than the wallet.
    OtherCurrency {
        /// The wallet's currency.
        wallet: Currency,
    },
    /// More is to be spent than the purchase costs.
    SpendExceedsTotal,
    /// The balance does not cover what is to be spent.
    BalanceTooLow {
        /// What could be spent on this purchase.
        balance: Minor,
    },
    /// The wallet's limits leave less to be spent.
    SpendLimitReached {
        /// What they leave.
        left: Minor,
    },
    /// The wallet's limits leave less to be paid in, or credited.
    InflowLimitReached {
        /// What they leave.
        left: Minor,
    },
    /// The balance does not cover what is to be taken by hand.
    DebitNotCovered,
    /// As many holds are open as there may be.
    TooManyHolds,
    /// The contact never had a hold of this number.
    UnknownEstimate,
    /// The spend token is used, has lapsed, is for something else, or was never made.
    TokenInvalid,
    /// The spend token allows less to be spent.
    TokenSpendsLess {
        /// How much.
        most: Minor,
    },
    /// As many spend tokens are known as there may be.
    TooManyTokens,
    /// The contact has said that the purchase may not be made.
    PurchaseRejected,
    /// The contact has no purchase of this number.
    UnknownPurchase,
    /// The balance would pass the largest amount there is.
    BalanceTooHigh,
    /// The contact has recorded as many purchases as numbers last.
    PurchasesExhausted,
    /// The wallet's journal has as many lines as numbers last.
    LinesExhausted,
    /// The shard's lease does not cover an award, and the offer was not asked for more. Never told to a caller: the
    /// shard borrows, and the command is decided again.
    LeaseShort {
        /// The offer, by entity number.
        offer: u64,
        /// What it would award.
        amount: Minor,
    },
}
