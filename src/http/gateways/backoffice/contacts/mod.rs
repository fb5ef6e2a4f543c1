//! Contacts.
pub(super) mod cards;
mod claims;
pub(super) mod create;
pub(super) mod delete;
pub(super) mod export;
pub(super) mod get;
mod identity;
pub(super) mod list;
pub(super) mod organisations;
pub(super) mod otp;
mod patch;
mod search;
pub(super) mod tags;
pub(super) mod update;
mod wire;

pub(in crate::http::gateways) use claims::{Word, has_unclaimed, with_profile};
pub(in crate::http::gateways) use identity::{ContactName, resolve};

use crate::actors::router::contact_change::NotChanged;
use crate::domain::address::Address;
use crate::domain::ids::{Named, PublicId};
use crate::http::auth::Caller;
use crate::http::problem::{Code, Problem};
use crate::http::{Api, failure};

/// The contact that a path names.
async fn named(api: &Api, caller: &Caller, name: &str) -> Result<Address, Problem> {
    resolve(api, caller, ContactName::IdOrCode(name))
        .await
        .map_err(failure::problem)?
        .ok_or_else(failure::not_found)
}

/// Another contact has the value of this field.
fn taken(field: &'static str) -> Problem {
    if field == claims::CARD {
        return Problem::new(Code::CardNotUnique, "another contact has this card");
    }
    Problem::new(
        Code::ContactNotUnique,
        format!("another contact has this {field}"),
    )
}

/// Why a contact was not changed.
pub(in crate::http::gateways) fn not_changed(why: NotChanged<Problem>) -> Problem {
    match why {
        NotChanged::Refused(problem) => problem,
        NotChanged::ValueTaken(field) => taken(field),
        NotChanged::Failed(failure) => failure::of_path(failure),
    }
}

/// A contact's public id: the one its creator chose, or ours.
pub(in crate::http::gateways) fn contact_id(
    api: &Api,
    own_id: Option<&str>,
    entity: u64,
) -> String {
    own_id.map_or_else(
        || {
            api.router
                .secrets()
                .public_ids()
                .write(PublicId::of(Named::Contact, entity))
        },
        str::to_owned,
    )
}
