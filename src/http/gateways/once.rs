//! What makes a creation happen once: the caller's `Idempotency-Key`, or a key of its own for a request without one.

use http::HeaderMap;

use crate::domain::address::{Address, Mode, TenantId};
use crate::domain::entity::Remember;
use crate::http::Api;
use crate::http::auth::{Caller, Who};
use crate::http::extract::{BodyHash, IDEMPOTENCY_KEY};
use crate::http::problem::{Code, Problem};
use crate::limits::IDEMPOTENCY_KEY_CHARS_MAX;
use crate::secrets::{KeyScope, request_hash};

/// A request that is to have one effect.
pub(super) struct Once {
    tenant: TenantId,
    mode: Mode,
    lineage: u64,
    operation: &'static str,
    target: Option<Address>,
    source: &'static str,
    key: String,
    request: BodyHash,
}

impl Once {
    /// The request with these headers and this body, to do `operation` to `target`, if the caller names one.
    pub(super) fn of(
        caller: &Caller,
        headers: &HeaderMap,
        operation: &'static str,
        target: Option<Address>,
        request: &BodyHash,
    ) -> Result<Once, Problem> {
        let (source, key) = match idempotency_key(headers)? {
            Some(key) => (header_of(caller), key.to_owned()),
            None => ("request", uuid::Uuid::now_v7().to_string()),
        };
        Ok(Once {
            tenant: caller.tenant(),
            mode: caller.mode(),
            lineage: caller.lineage(),
            operation,
            target,
            source,
            key,
            request: *request,
        })
    }

    /// What the ids and values that the server makes derive from.
    pub(super) fn scope(&self) -> KeyScope<'_> {
        KeyScope {
            tenant: self.tenant,
            mode: self.mode,
            lineage: self.lineage,
            operation: self.operation,
            target: self.target,
            source: self.source,
            key: &self.key,
        }
    }

    /// By what a retry is known.
    pub(super) fn remember(&self, api: &Api) -> Remember {
        Remember {
            keys: vec![api.router.secrets().key_hash(&self.scope())],
            request: request_hash(self.request.as_bytes()),
        }
    }
}

/// By what a retry of a request with this body is known: by any of `keys`, each with where it comes from. Nothing, if there are
/// none.
pub(super) fn remember(
    api: &Api,
    caller: &Caller,
    (operation, target): (&'static str, Option<Address>),
    keys: impl Iterator<Item = (&'static str, String)>,
    request: &BodyHash,
) -> Option<Remember> {
    let keys: Vec<_> = keys
        .map(|(source, key)| {
            api.router.secrets().key_hash(&KeyScope {
                tenant: caller.tenant(),
                mode: caller.mode(),
                lineage: caller.lineage(),
                operation,
                target,
                source,
                key: &key,
            })
        })
        .collect();
    (!keys.is_empty()).then(|| Remember {
        keys,
        request: request_hash(request.as_bytes()),
    })
}

/// By what a retry is known if its caller sends an `Idempotency-Key`.
pub(super) fn remember_by_header(
    api: &Api,
    caller: &Caller,
    headers: &HeaderMap,
    place: (&'static str, Option<Address>),
    request: &BodyHash,
) -> Result<Option<Remember>, Problem> {
    let key = idempotency_key(headers)?.map(|key| (header_of(caller), key.to_owned()));
    Ok(remember(api, caller, place, key.into_iter(), request))
}

/// Where a key in the header comes from: the numbers of API keys and of contacts may meet, and what they send must not.
fn header_of(caller: &Caller) -> &'static str {
    match caller.who {
        Who::Key(_) => "header",
        Who::Contact(_) => "header of a contact",
        Who::User(_) => "header of a user",
    }
}

/// The `Idempotency-Key` header, if there is one.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
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
