//! A contact: a customer of a business, with its wallet and its purchases. One entity, so that an award, a spend and
//! their idempotency keys change together or not at all.

mod access;
mod ad_hoc;
mod apply;
mod award;
mod buyer;
mod cancel;
mod change;
mod command;
mod counts;
mod decide;
mod due;
mod event;
mod goals;
mod hold;
mod ledger;
mod limits;
mod loyalty;
mod movement;
mod own_details;
mod profile;
mod purchase;
mod rejection;
mod scheme;
mod sign_up;
mod spend;
mod state;
mod texts;
mod token;
mod wallet;
mod wallet_code;

pub use access::{Register, RegistrationView, ValueProof};
pub use ad_hoc::{AdHocReturn, ReturnOf, Returned};
pub use buyer::BuyingContact;
pub use cancel::{Cancellation, OfferCredit};
pub use change::{Change, PendingChange, Released};
pub use command::{
    CancelPurchase, Command, Movement, Propose, RecordPurchase, SpendRequest, Unbacked,
};
pub use counts::{Count, Counted, Counts};
pub use event::Event;
pub use goals::{GOALS_MAX, GoalCount, GoalStep};
pub use hold::{Hold, HoldView};
pub use ledger::{
    Cause, Composition, Entry, JournalPage, JournalView, Ledger, Line, Reason, TopUp,
};
pub use limits::{Direction, LimitRule, Limits, Period, Usage, Use};
pub use loyalty::{Activity, Loyalty, LoyaltyView, Month, Reached, period_ends};
pub use own_details::{
    Company, Demographics, Device, Document, Gender, Image, ImageFormat, OwnDetails, Platform,
    Preference, PreferredFor,
};
pub use profile::{Agreement, Card, Field, Phone, PostalAddress, Profile};
pub use purchase::{Amounts, Given, KeptPurchase, OfferOutcome, Product, Purchase, Spent};
pub use rejection::Rejection;
pub use scheme::{Proof, SchemeMember, SchemeRefusal, SignUpToScheme};
pub use sign_up::{SIGN_UPS_MAX, SignUp};
pub use state::{Contact, ContactType, SealedProfile, Stage};
pub use texts::{Note, Private, PurchaseTexts, Rewrite, Texts, TopUpTexts};
pub use token::{
    Intent, NewToken, Presented, SPEND_DIGITS_FOUND_FOR, SPEND_TOKEN_LASTS, SPEND_TOKENS_MAX,
    SpendToken, SpendTokens,
};
pub use wallet::{Locked, Lot, Wallet, expiry_at_grain};
pub use wallet_code::{luhn, wallet_code};

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "an overflow in a test is a failed test"
)]
mod tests;

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "an overflow in a test is a failed test"
)]
mod ledger_tests;

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "an overflow in a test is a failed test"
)]
mod access_tests;

#[cfg(test)]
mod goals_tests;

#[cfg(test)]
mod scheme_tests;

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "an overflow in a test is a failed test"
)]
mod loyalty_tests;

#[cfg(test)]
mod registration_tests;

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "an overflow in a test is a failed test"
)]
mod credentials_tests;

#[cfg(test)]
mod hold_tests;

#[cfg(test)]
mod spend_tests;

#[cfg(test)]
mod token_tests;
