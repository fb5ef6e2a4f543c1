//! What both gateways show: a wallet is the same thing to a till and to its owner, as an organisation is, and is answered from one place.
//!
//! These are shapes and reads only. Who may see what, a gateway has decided before.

pub(in crate::http) mod journal;
pub(in crate::http) mod limits;
pub(in crate::http) mod organisation;
pub(in crate::http) mod purchase;
pub(in crate::http) mod purchases;
pub(in crate::http) mod role;
pub(in crate::http) mod wallet;
