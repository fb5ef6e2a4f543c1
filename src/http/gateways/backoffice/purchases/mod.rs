//! Purchases.
pub(super) mod batch;
pub(super) mod cancel;
pub(super) mod create;
pub(super) mod estimate;
pub(super) mod get;
pub(super) mod list;
mod of_contact;
mod products;
mod wire;
