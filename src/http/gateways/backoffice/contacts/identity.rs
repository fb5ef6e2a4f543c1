//! What a contact is known by: how each value is compared, and who has it.

use super::claims::{EMAIL_ADDRESS, PHONE};
use crate::actors::router::Failure;
use crate::domain::address::{Address, Kind};
use crate::domain::contact::Profile;
use crate::domain::directory_entry::ValueHash;
use crate::domain::entity::{Answer, Query};
use crate::domain::ids::Named;
use crate::http::auth::Caller;
use crate::http::{Api, email, phone};
use crate::secrets::UniqueValue;

/// How a request names a contact.
#[derive(Clone, Copy, Debug)]
pub(in crate::http::gateways) enum ContactName<'a> {
    /// By an id: ours, or the one that its creator chose.
    Id(&'a str),
    /// By its code.
    Code(&'a str),
    /// By either, as in a path.
    IdOrCode(&'a str),
    /// By an e-mail address, in any case.
    EmailAddress(&'a str),
    /// By a phone number, however it is written.
    Phone {
        /// The number, with `+` and country or as it is dialled within `country`.
        number: &'a str,
        /// ISO 3166-1 alpha-3.
        country: Option<&'a str>,
    },
    /// By the identifier of a card or another medium.
    Card(&'a str),
}

/// The contact's address, if the name means anybody in the caller's world. The value must be equal as a whole: nobody is
/// found by a part of it.
pub(in crate::http::gateways) async fn resolve(
    api: &Api,
    caller: &Caller,
    name: ContactName<'_>,
) -> Result<Option<Address>, Failure> {
    if let ContactName::Id(text) | ContactName::IdOrCode(text) = name
        && let Some(id) = (api.router.secrets().public_ids()).read_as(Named::Contact, text)
    {
        return Ok(Some(id.owner(caller.tenant(), caller.mode())));
    }
    let values = match name {
        ContactName::Id(text) => vec![own_id(api, caller, text)],
        ContactName::Code(text) => vec![code(api, caller, text)],
        ContactName::IdOrCode(text) => vec![own_id(api, caller, text), code(api, caller, text)],
        ContactName::EmailAddress(text) => vec![email_address(api, caller, text)],
        ContactName::Phone { number, country } => {
            Vec::from_iter(phone(api, caller, number, country))
        }
        ContactName::Card(text) => vec![card(api, caller, text)],
    };
    for value in values {
        let entry = Address {
            tenant: caller.tenant(),
            mode: caller.mode(),
            kind: Kind::DirectoryEntry,
            entity: value.entry(),
        };
        let reply = api.router.query(entry, Query::DirectoryHolder(value)).await;
        if let Answer::DirectoryHolder(Some(entity)) = reply.result? {
            return Ok(Some(Address {
                kind: Kind::Contact,
                entity,
                ..entry
            }));
        }
    }
    Ok(None)
}

/// The id that the contact's creator chose.
pub(super) fn own_id(api: &Api, caller: &Caller, text: &str) -> ValueHash {
    value(api, caller, UniqueValue::OwnId, text)
}

/// A code.
pub(super) fn code(api: &Api, caller: &Caller, text: &str) -> ValueHash {
    value(api, caller, UniqueValue::Code, text)
}

/// An e-mail address: upper case and blanks around it make no other.
fn email_address(api: &Api, caller: &Caller, text: &str) -> ValueHash {
    value(api, caller, UniqueValue::EmailAddress, &email::folded(text))
}

/// A phone number, if it is one.
fn phone(api: &Api, caller: &Caller, number: &str, country: Option<&str>) -> Option<ValueHash> {
    let normal = phone::e164(number, country)?;
    Some(value(api, caller, UniqueValue::Phone, &normal))
}

/// Where a profile says that its contact is reached.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    /// The field that says it.
    pub(super) field: &'static str,
    /// The value as one that a contact is known by.
    pub(super) detail: ValueHash,
    /// The value as one that a contact signs in by.
    pub(super) identity: ValueHash,
}

/// Wherever `profile` says that its contact is reached.
pub(super) fn reaches(api: &Api, caller: &Caller, profile: &Profile) -> Vec<Reach> {
    let address = profile.email_address.iter().map(|text| Reach {
        field: EMAIL_ADDRESS,
        detail: email_address(api, caller, text),
        identity: value(
            api,
            caller,
            UniqueValue::IdentityEmail,
            &email::folded(text),
        ),
    });
    let phones = profile.phones.iter().filter_map(|phone| {
        let normal = phone::e164(&phone.number, phone.country_code.as_deref())?;
        Some(Reach {
            field: PHONE,
            detail: value(api, caller, UniqueValue::Phone, &normal),
            identity: value(api, caller, UniqueValue::IdentityPhone, &normal),
        })
    });
    address.chain(phones).collect()
}

/// The identifier of a card: blanks around it make no other.
pub(super) fn card(api: &Api, caller: &Caller, text: &str) -> ValueHash {
    value(api, caller, UniqueValue::Card, text.trim())
}

fn value(api: &Api, caller: &Caller, kind: UniqueValue, normal: &str) -> ValueHash {
    let secrets = api.router.secrets();
    secrets.value_hash(caller.tenant(), caller.mode(), kind, normal)
}
