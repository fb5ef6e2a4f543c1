//! Contacts.
pub(super) mod create;
pub(super) mod get;
mod identity;
pub(super) mod list;
mod phone;
mod wire;

pub(super) use identity::{ContactName, resolve};

use http::HeaderMap;

use crate::domain::ids::{Named, PublicId};
use crate::http::Api;
use crate::http::problem::{Code, Problem};
use crate::limits::IDEMPOTENCY_KEY_CHARS_MAX;

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
