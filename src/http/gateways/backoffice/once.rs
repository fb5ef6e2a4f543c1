//! What makes a creation happen once: the caller's `Idempotency-Key`, or a key of its own for a request without one.

use http::HeaderMap;

use super::contacts::idempotency_key;
use crate::domain::address::{Address, Mode, TenantId};
use crate::domain::entity::Remember;
use crate::http::Api;
use crate::http::auth::Caller;
use crate::http::extract::BodyHash;
use crate::http::problem::Problem;
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
            Some(key) => ("header", key.to_owned()),
            None => ("request", uuid::Uuid::now_v7().to_string()),
        };
        Ok(Once {
            tenant: caller.tenant(),
            mode: caller.mode(),
            lineage: caller.key.key.details.lineage,
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
