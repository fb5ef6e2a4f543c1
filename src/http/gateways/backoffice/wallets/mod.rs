//! Wallets.
pub(super) mod get;
