//! Wallets.
pub(super) mod get;
pub(super) mod limits;

use crate::actors::router::Failure;
use crate::domain::address::Address;
use crate::domain::contact;
use crate::domain::entity::Rejection;
use crate::domain::ids::Named;
use crate::http::auth::Caller;
use crate::http::problem::Problem;
use crate::http::{Api, failure};

/// Whose wallet has this id, as far as an id tells.
pub(super) fn find(api: &Api, caller: &Caller, id: &str) -> Result<Address, Problem> {
    let named = api.router.secrets().public_ids();
    named
        .read_as(Named::Wallet, id)
        .map(|id| id.owner(caller.tenant(), caller.mode()))
        .ok_or_else(failure::not_found)
}

/// A refusal where the path or a wallet's id names the contact: one that is not there is like an id that was never made.
pub(super) fn refusal(why: Failure) -> Problem {
    match why {
        Failure::Rejected(Rejection::Contact(contact::Rejection::UnknownContact)) => {
            failure::not_found()
        }
        why => failure::problem(why),
    }
}
