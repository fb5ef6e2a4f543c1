//! Contacts.
pub(super) mod create;
pub(super) mod get;
mod wire;

use http::HeaderMap;

use crate::actors::router::Failure;
use crate::domain::address::{Address, Kind};
use crate::domain::entity::{Answer, Query};
use crate::domain::ids::{Named, PublicId};
use crate::http::Api;
use crate::http::auth::Caller;
use crate::http::problem::{Code, Problem};
use crate::limits::IDEMPOTENCY_KEY_CHARS_MAX;
use crate::secrets::UniqueValue;

/// How a request names a contact.
#[derive(Clone, Copy, Debug)]
pub(super) enum ContactName<'a> {
    /// By an id: ours, or the one that its creator chose.
    Id(&'a str),
    /// By its code.
    Code(&'a str),
    /// By either, as in a path.
    IdOrCode(&'a str),
}

/// The contact's address, if the name means anybody in the caller's world.
pub(super) async fn resolve(
    api: &Api,
    caller: &Caller,
    name: ContactName<'_>,
) -> Result<Option<Address>, Failure> {
    let (text, kinds): (&str, &[UniqueValue]) = match name {
        ContactName::Id(text) => (text, &[UniqueValue::OwnId]),
        ContactName::Code(text) => (text, &[UniqueValue::Code]),
        ContactName::IdOrCode(text) => (text, &[UniqueValue::OwnId, UniqueValue::Code]),
    };
    let secrets = api.router.secrets();
    let ours = match name {
        ContactName::Id(text) | ContactName::IdOrCode(text) => {
            secrets.public_ids().read_as(Named::Contact, text)
        }
        ContactName::Code(_) => None,
    };
    if let Some(id) = ours {
        return Ok(Some(id.owner(caller.tenant(), caller.mode())));
    }
    for kind in kinds {
        let value = secrets.value_hash(caller.tenant(), caller.mode(), *kind, text);
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

/// A contact's public id: the one its creator chose, or ours.
pub(super) fn contact_id(api: &Api, own_id: Option<&str>, entity: u64) -> String {
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

/// The `Idempotency-Key` header, if there is one.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all("idempotency-key").iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let key = value.to_str().unwrap_or_default();
    let fits = (1..=IDEMPOTENCY_KEY_CHARS_MAX).contains(&key.len());
    if !fits || values.next().is_some() {
        return Err(Problem::new(
            Code::InvalidRequest,
            format!(
                "send one Idempotency-Key header of 1 to {IDEMPOTENCY_KEY_CHARS_MAX} visible ASCII characters"
            ),
        ));
    }
    Ok(Some(key))
}
