//! A contact's own purchases, and what the business is told of them here.

pub(super) mod get;
pub(super) mod list;
pub(super) mod reclaim;
pub(super) mod rewards;

use crate::actors::router::Timings;
use crate::domain::entity::{Answer, PurchaseView, Query};
use crate::domain::ids::Named;
use crate::http::auth::bearer::ContactToken;
use crate::http::problem::Problem;
use crate::http::{Api, failure};

/// The purchase of this id, if it is one of the token's contact. Another id is not even looked up.
async fn own(
    api: &Api,
    token: &ContactToken,
    id: &str,
) -> Result<(Box<PurchaseView>, Timings), Problem> {
    let contact = token.signed_in.contact;
    let ids = api.router.secrets().public_ids();
    let number = ids
        .read_as(Named::Purchase, id)
        .filter(|id| id.entity == contact.entity)
        .map(|id| id.part)
        .ok_or_else(failure::not_found)?;
    let answer = api.router.query(contact, Query::Purchase(number)).await;
    match answer.result.map_err(failure::problem)? {
        Answer::Purchase(view) => Ok((view, answer.timings)),
        _ => Err(failure::not_found()),
    }
}
