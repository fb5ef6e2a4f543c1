//! A contact's own wallet: to it, every other one is as unknown as one that nobody has.

pub(super) mod code;
pub(super) mod commerce_balances;
pub(super) mod confirm;
pub(super) mod get;
pub(super) mod journals;
pub(super) mod limits;
pub(super) mod query;
pub(super) mod summarised_totals;
pub(super) mod transactions;

use crate::actors::router::Timings;
use crate::domain::address::Address;
use crate::domain::entity::{Answer, Query, WalletView};
use crate::domain::ids::Named;
use crate::http::auth::bearer::ContactToken;
use crate::http::auth::{Caller, Who};
use crate::http::problem::Problem;
use crate::http::{Api, failure};

/// Whose wallet has this id: the contact of the token, or nobody. Another id is not even looked up.
pub(super) fn own(api: &Api, token: &ContactToken, id: &str) -> Result<Address, Problem> {
    let contact = token.signed_in.contact;
    let read = api.router.secrets().public_ids().read_as(Named::Wallet, id);
    read.filter(|id| id.entity == contact.entity && id.part == 0)
        .map(|_| contact)
        .ok_or_else(failure::not_found)
}

/// Whose wallet has this id: for a contact its own, for the business any of its network in the caller's mode.
pub(super) fn reached(api: &Api, caller: &Caller, id: &str) -> Result<Address, Problem> {
    let read = api.router.secrets().public_ids().read_as(Named::Wallet, id);
    let address = read
        .filter(|id| id.part == 0)
        .map(|id| id.owner(caller.tenant(), caller.mode()));
    address
        .filter(|it| match &caller.who {
            Who::Contact(signed_in) => signed_in.contact == *it,
            Who::Key(_) | Who::User(_) => true,
        })
        .ok_or_else(failure::not_found)
}

/// The wallet as it stands, and how long that took.
async fn view(api: &Api, contact: Address) -> Result<(Box<WalletView>, Timings), Problem> {
    let answer = api.router.query(contact, Query::Wallet).await;
    match answer.result.map_err(failure::problem)? {
        Answer::Wallet(view) => Ok((view, answer.timings)),
        _ => Err(failure::not_found()),
    }
}
