//! Purchases.
pub(super) mod ad_hoc_return;
pub(super) mod batch;
mod buyer;
pub(super) mod cancel;
pub(super) mod create;
pub(super) mod estimate;
pub(super) mod get;
pub(super) mod list;
mod products;
mod reference;
mod unclaimed;
pub(super) mod version_1;
mod wire;
