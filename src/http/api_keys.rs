//! What is done with API keys, the same for a key's owner over HTTP and for the machine's owner through the control socket.

use super::Api;
use crate::actors::router::Failure;
use crate::domain::address::{Address, Kind, Mode, TenantId};
use crate::domain::api_key::{self, ApiKey, Gateway, Scope, Scopes, Stage, Visibility};
use crate::domain::entity::{Answer, Command, Query, Rejection, Remember};
use crate::domain::ids::{Named, PublicId};
use crate::domain::tenant;
use crate::domain::time::Timestamp;
use crate::secrets::{API_KEY_SECRET_BYTES, KeyScope};

/// What a key is to be.
#[derive(Clone, Debug)]
pub struct Terms {
    /// What people call it.
    pub name: String,
    /// Whether it may be seen.
    pub visibility: Visibility,
    /// Which of the API's families it opens.
    pub gateway: Gateway,
    /// The organisation it acts for, by entity number; the whole network if none.
    pub organisation: Option<u64>,
    /// What it may do.
    pub scopes: Scopes,
    /// When it stops working.
    pub expires_at: Option<Timestamp>,
}

/// Where a key is to live, and what it is.
#[derive(Clone, Debug)]
pub struct Minted {
    /// Its address.
    pub address: Address,
    /// Its value.
    pub value: String,
}

impl Minted {
    /// The key at `address` with this secret.
    pub fn of(
        api: &Api,
        address: Address,
        visibility: Visibility,
        secret: &[u8; API_KEY_SECRET_BYTES],
    ) -> Minted {
        let is_public = visibility == Visibility::Public;
        let value = api
            .router
            .secrets()
            .write_api_key(&address, is_public, secret);
        Minted { address, value }
    }

    /// The key that a request in `scope` makes: the same for each retry.
    pub fn derived(api: &Api, scope: &KeyScope<'_>, visibility: Visibility) -> Minted {
        let secrets = api.router.secrets();
        let address = Address {
            tenant: scope.tenant,
            mode: scope.mode,
            kind: Kind::ApiKey,
            entity: secrets.derived_entity(scope, 0),
        };
        let secret = secrets.derived_api_key_secret(scope);
        Minted::of(api, address, visibility, &secret)
    }

    /// What is stored of the value.
    pub fn value_hash(&self) -> [u8; 32] {
        *blake3::hash(self.value.as_bytes()).as_bytes()
    }
}

/// Why a key of this kind is not given `scope`: what would open nothing to it is likely meant for another.
pub fn refused_scope(visibility: Visibility, gateway: Gateway, scope: Scope) -> Option<String> {
    let open = gateway.open_to_public_keys();
    if visibility == Visibility::Secret || open.allows(scope) {
        return None;
    }
    let open: Vec<_> = open.iter().map(Scope::name).collect();
    let (gateway, open) = match gateway {
        Gateway::BackOffice => ("the Back Office", open.join(", ")),
        Gateway::SelfService => ("self-service", open.join(", ")),
    };
    Some(format!(
        "{} opens nothing to a public key; one of {gateway} can have {open}. A secret key can have every scope",
        scope.name()
    ))
}

/// Lists the key with its tenant and creates it. `lineage` is the first key of the chain of rolls that it continues; it
/// begins one of its own, if none. With `remember`, a retry finds the same key.
///
/// # Errors
/// The tenant is unknown or lists as many keys as it may; the key exists; no answer.
pub async fn create(
    api: &Api,
    minted: &Minted,
    terms: Terms,
    lineage: Option<u64>,
    remember: Option<Remember>,
) -> Result<Box<ApiKey>, Failure> {
    let address = minted.address;
    let list = Command::Tenant(tenant::Command::ListApiKey(address.mode, address.entity));
    let tenant = Address::tenant(address.tenant);
    api.router.command(tenant, list, None, None).await.result?;
    let details = api_key::Details {
        name: terms.name,
        visibility: terms.visibility,
        gateway: terms.gateway,
        scopes: terms.scopes,
        organisation: terms.organisation,
        value_hash: minted.value_hash(),
        public_value: (terms.visibility == Visibility::Public).then(|| minted.value.clone()),
        lineage: lineage.unwrap_or(address.entity),
        expires_at: terms.expires_at,
    };
    command(api, address, api_key::Command::Create(details), remember).await
}

/// Makes `minted` the successor of the key at `current`, which works until `current_ends`: both work until then. What the
/// one did under an idempotency key is known to the other.
///
/// # Errors
/// There is no such key; it does not work any more, or has another successor; as for [`create`].
pub async fn roll(
    api: &Api,
    current: Address,
    minted: &Minted,
    current_ends: Timestamp,
    remember: Option<Remember>,
) -> Result<Box<ApiKey>, Failure> {
    let key = find(api, current).await?;
    let successor = minted.address.entity;
    let refusal = match key.successor {
        Some(before) if before == successor => None,
        Some(_) => Some(api_key::Rejection::RolledAlready),
        None if !key.works(api.router.wall()) => Some(api_key::Rejection::NotActive),
        None => None,
    };
    if let Some(why) = refusal {
        return Err(Failure::Rejected(Rejection::ApiKey(why)));
    }
    let details = key.details;
    let terms = Terms {
        name: details.name,
        visibility: details.visibility,
        gateway: details.gateway,
        organisation: details.organisation,
        scopes: details.scopes,
        expires_at: details.expires_at,
    };
    let made = create(api, minted, terms, Some(details.lineage), remember).await?;
    // The successor comes first: cut short here, the current key goes on to work, and a retry goes on to roll.
    let roll_out = api_key::Command::RollOut(successor, current_ends);
    match command(api, current, roll_out, None).await {
        Ok(_) => Ok(made),
        Err(Failure::Rejected(why)) => {
            // Another roll was faster: nobody is told of this key.
            revoke(api, minted.address).await?;
            Err(Failure::Rejected(why))
        }
        Err(unavailable) => Err(unavailable),
    }
}

/// Gives the key at `address` a name and scopes.
///
/// # Errors
/// There is no such key; it does not work any more; no answer.
pub async fn change(
    api: &Api,
    address: Address,
    name: String,
    scopes: Scopes,
) -> Result<Box<ApiKey>, Failure> {
    command(api, address, api_key::Command::Change(name, scopes), None).await
}

/// Stops the key at `address`, now and for ever.
///
/// # Errors
/// There is no such key; no answer.
pub async fn revoke(api: &Api, address: Address) -> Result<Box<ApiKey>, Failure> {
    command(api, address, api_key::Command::Revoke, None).await
}

/// The key at `address`.
///
/// # Errors
/// There is no such key; no answer.
pub async fn find(api: &Api, address: Address) -> Result<Box<ApiKey>, Failure> {
    as_key(api.router.query(address, Query::ApiKey).await.result?)
}

/// The keys of `tenant`, of one mode or of both, oldest first.
///
/// # Errors
/// There is no such tenant; no answer.
pub async fn list(
    api: &Api,
    tenant: TenantId,
    mode: Option<Mode>,
) -> Result<Vec<(Address, Box<ApiKey>)>, Failure> {
    let listed = api.router.tenant(tenant).await?.api_keys;
    let mut keys = Vec::with_capacity(listed.len());
    for (of, entity) in listed {
        if mode.is_some_and(|asked| asked != of) {
            continue;
        }
        let address = Address {
            tenant,
            mode: of,
            kind: Kind::ApiKey,
            entity,
        };
        match find(api, address).await {
            Ok(key) => keys.push((address, key)),
            // A key whose creation was cut short is listed with its tenant but was never made.
            Err(Failure::Rejected(_)) => {}
            Err(unavailable) => return Err(unavailable),
        }
    }
    Ok(keys)
}

/// `active`, `expired` or `revoked`.
pub fn state(api: &Api, key: &ApiKey) -> &'static str {
    match key.stage {
        Stage::Revoked(_) => "revoked",
        Stage::Active if key.works(api.router.wall()) => "active",
        Stage::Active | Stage::Expired => "expired",
    }
}

/// The public id of a key.
pub fn id(api: &Api, entity: u64) -> String {
    let ids = api.router.secrets().public_ids();
    ids.write(PublicId::of(Named::ApiKey, entity))
}

async fn command(
    api: &Api,
    address: Address,
    command: api_key::Command,
    remember: Option<Remember>,
) -> Result<Box<ApiKey>, Failure> {
    let command = Command::ApiKey(command);
    as_key(
        api.router
            .command(address, command, remember, None)
            .await
            .result?,
    )
}

fn as_key(answer: Answer) -> Result<Box<ApiKey>, Failure> {
    match answer {
        Answer::ApiKey(key) => Ok(key),
        _ => Err(Failure::Rejected(Rejection::WrongKind)),
    }
}
