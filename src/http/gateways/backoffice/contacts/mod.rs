//! Contacts.
pub(super) mod cards;
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

pub(in crate::http::gateways) use identity::{ContactName, resolve};

use std::sync::Arc;

use crate::actors::router::contact_change::{Edited, NotChanged};
use crate::domain::address::Address;
use crate::domain::contact::Profile;
use crate::domain::directory_entry::ValueHash;
use crate::domain::entity::ContactView;
use crate::domain::ids::{Named, PublicId};
use crate::http::auth::Caller;
use crate::http::problem::{Code, Problem};
use crate::http::{Api, failure};
use crate::limits::PROFILE_LISTS_BYTES_MAX;

/// The contact that a path names.
async fn named(api: &Api, caller: &Caller, name: &str) -> Result<Address, Problem> {
    resolve(api, caller, ContactName::IdOrCode(name))
        .await
        .map_err(failure::problem)?
        .ok_or_else(failure::not_found)
}

const CARD: &str = "card";

/// All unique values of a contact, most telling first, each with the name of the field that a duplicate is reported for.
fn claims(
    api: &Api,
    caller: &Caller,
    own_id: Option<&str>,
    code: &str,
    profile: &Profile,
) -> Vec<(ValueHash, &'static str)> {
    let mut claims = Vec::with_capacity(4);
    if let Some(id) = own_id {
        claims.push((identity::own_id(api, caller, id), "id"));
    }
    claims.push((identity::code(api, caller, code), "code"));
    if let Some(email) = &profile.email_address {
        let value = identity::email_address(api, caller, email);
        claims.push((value, "email_address"));
    }
    for phone in &profile.phones {
        let value = identity::phone(api, caller, &phone.number, phone.country_code.as_deref());
        if let Some(value) = value
            && !claims.iter().any(|(known, _)| *known == value)
        {
            claims.push((value, "phone"));
        }
    }
    let cards = profile.cards.iter();
    claims.extend(cards.map(|card| (identity::card(api, caller, &card.identifier), CARD)));
    claims
}

/// What a contact is to be stored as that has this code and profile, and is as it was in all else.
///
/// # Errors
/// Its lists hold more text together than they may.
pub(in crate::http::gateways) fn with_profile(
    api: &Api,
    caller: &Caller,
    view: &ContactView,
    code: Arc<str>,
    profile: Profile,
) -> Result<Edited, Problem> {
    if profile.lists_bytes() > PROFILE_LISTS_BYTES_MAX {
        return Err(failure::invalid_field(
            "",
            "too_long",
            "must have less text: phones, addresses, devices and custom fields together at most 8 KiB",
        ));
    }
    Ok(Edited {
        contact_type: view.contact_type,
        claims: claims(api, caller, view.own_id.as_deref(), &code, &profile),
        code,
        profile,
    })
}

/// Another contact has the value of this field.
fn taken(field: &'static str) -> Problem {
    if field == CARD {
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
