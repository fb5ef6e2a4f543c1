//! The journals of wallets: what moved, and moving money by hand.
pub(super) mod create;
pub(super) mod list;
mod movement;
pub(super) mod top_up;
mod wire;
