//! A contact: a customer of a business, with its wallet and its purchases. One entity, so that an award, a spend and
//! their idempotency keys change together or not at all.

mod apply;
mod award;
mod change;
mod command;
mod counts;
mod decide;
mod event;
mod profile;
mod purchase;
mod rejection;
mod sign_up;
mod state;
mod wallet;

pub use change::{Change, PendingChange, Released};
pub use command::{Command, Propose, RecordPurchase, SpendRequest, Unbacked};
pub use counts::{Count, Counted, Counts};
pub use event::Event;
pub use profile::{Card, Field, Phone, PostalAddress, Profile};
pub use purchase::{Amounts, OfferOutcome, Purchase, Spent};
pub use rejection::Rejection;
pub use sign_up::{SIGN_UPS_MAX, SignUp};
pub use state::{Contact, ContactType, SealedProfile, Stage};
pub use wallet::{Lot, Wallet, expiry_at_grain};

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "an overflow in a test is a failed test"
)]
mod tests;
