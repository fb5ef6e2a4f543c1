//! API keys.
pub(super) mod create;
pub(super) mod get;
pub(super) mod list;
pub(super) mod revoke;
pub(super) mod roll;
pub(super) mod update;
mod wire;

use std::sync::Arc;

use crate::domain::address::Address;
use crate::domain::api_key::ApiKey;
use crate::domain::context::TenantView;
use crate::domain::ids::Named;
use crate::http::auth::Caller;
use crate::http::problem::Problem;
use crate::http::{Api, api_keys, failure};

/// The key of this id, if the caller may do with it as it pleases: it can do no more than the caller.
async fn governed(api: &Api, caller: &Caller, id: &str) -> Result<(Address, Box<ApiKey>), Problem> {
    let (address, key, _) = named(api, caller, id).await?;
    caller.require_all(key.details.scopes)?;
    Ok((address, key))
}

/// The key of this id, if the caller may know of it: of its own mode, and for an organisation that it acts for itself.
async fn named(
    api: &Api,
    caller: &Caller,
    id: &str,
) -> Result<(Address, Box<ApiKey>, Arc<TenantView>), Problem> {
    let tenant = caller.tenant_view(api).await?;
    let ids = api.router.secrets().public_ids();
    let address = ids
        .read_as(Named::ApiKey, id)
        .map(|id| id.owner(caller.tenant(), caller.mode()))
        .ok_or_else(failure::not_found)?;
    let key = api_keys::find(api, address)
        .await
        .map_err(failure::problem)?;
    if caller.acts_for(&tenant, key.details.organisation) {
        Ok((address, key, tenant))
    } else {
        Err(failure::not_found())
    }
}
