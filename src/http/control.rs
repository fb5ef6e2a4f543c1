//! The control socket: what the owner of the machine does to a running node (keys, users, exports), through a socket in the
//! data directory. Whoever may open the socket may read the data directory too, so it asks for no credentials; no port leads
//! here.

mod tenants;
mod users;

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::{Path as UrlPath, Query as UrlQuery, State};
use axum::routing::post;
use axum::{Json, Router};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::net::UnixListener;

use super::api_keys::{self, Minted, Terms};
use super::{Api, failure};
use crate::actors::node::Node;
use crate::actors::router::Failure;
use crate::data_directory::DataDirectory;
use crate::domain::address::{Address, Kind, Mode, TenantId};
use crate::domain::api_key::{ApiKey, Gateway, Scope, Scopes, Visibility};
use crate::domain::ids::Named;
use crate::domain::time::Timestamp;
use crate::secrets::API_KEY_SECRET_BYTES;

pub use self::tenants::{CreatedTenant, NewTenant};
pub use self::users::{CreatedUser, NewUser, ResetUser, TotpReset};

/// What the routes reach.
#[derive(Clone)]
pub struct Control {
    /// The entities.
    pub api: Api,
    /// The engine.
    pub node: Arc<Node>,
    /// The data directory.
    pub directory: DataDirectory,
}

/// A key to create.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// Whose.
    pub tenant: u64,
    /// `live` or `test`.
    pub mode: WireMode,
    /// `public` or `secret`.
    pub visibility: WireVisibility,
    /// What people call it.
    pub name: String,
    /// What it may do; everything, if empty.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// When it stops working, in Unix seconds.
    pub expires_at: Option<i64>,
}

/// A created key: the only time that a secret's value is shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreatedKey {
    /// The key's id.
    pub id: String,
    /// The key's value, to be sent in the `api_key` header.
    pub value: String,
}

/// How to roll a key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RolledKey {
    /// Until when the current key works beside the new one, in Unix seconds; it stops at once, if none.
    pub expire_current_at: Option<i64>,
}

/// A key in a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ListedKey {
    /// The key's id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// `live` or `test`.
    pub mode: WireMode,
    /// `public` or `secret`.
    pub visibility: WireVisibility,
    /// `active`, `expired` or `revoked`.
    pub state: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// A public key's value.
    pub value: Option<String>,
    /// In Unix seconds.
    pub created_at: i64,
    /// In Unix seconds.
    pub expires_at: Option<i64>,
    /// The last use, in Unix seconds; after a crash, perhaps only as the last checkpoint knew it.
    pub last_used_at: Option<i64>,
}

/// Live or test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum WireMode {
    /// Real business
    Live,
    /// Trials
    Test,
}

/// Whether a key may be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum WireVisibility {
    /// May be embedded in a page or an app
    Public,
    /// For servers; its value is shown once
    Secret,
}

/// Which tenant is meant.
#[derive(Clone, Copy, Debug, Deserialize)]
struct OfTenant {
    tenant: u64,
    mode: Option<WireMode>,
}

/// A finished export.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreatedSnapshot {
    /// The file.
    pub path: PathBuf,
    /// How many rows it has.
    pub records: u64,
    /// Its size.
    pub bytes: u64,
}

/// Where an export is to be written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewSnapshot {
    /// The file; one in the data directory's `exports`, if none.
    pub path: Option<PathBuf>,
}

/// What went wrong, in words for the command line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refused {
    /// What went wrong and what to do.
    pub error: String,
}

type Answered<T> = Result<Json<T>, (StatusCode, Json<Refused>)>;

fn refuse(status: StatusCode, error: impl Into<String>) -> (StatusCode, Json<Refused>) {
    (
        status,
        Json(Refused {
            error: error.into(),
        }),
    )
}

fn failed(why: Failure) -> (StatusCode, Json<Refused>) {
    let problem = failure::problem(why);
    refuse(problem.code().status(), problem.detail().to_owned())
}

impl WireMode {
    /// The domain's word.
    pub const fn mode(self) -> Mode {
        match self {
            WireMode::Live => Mode::Live,
            WireMode::Test => Mode::Test,
        }
    }

    const fn of(mode: Mode) -> WireMode {
        match mode {
            Mode::Test => WireMode::Test,
            Mode::Live | Mode::Shared => WireMode::Live,
        }
    }
}

impl WireVisibility {
    /// The domain's word.
    pub const fn visibility(self) -> Visibility {
        match self {
            WireVisibility::Public => Visibility::Public,
            WireVisibility::Secret => Visibility::Secret,
        }
    }
}

/// Listens at `path`, for its owner alone. A socket that a dead process left is replaced.
///
/// # Errors
/// What the operating system says.
pub fn listen(path: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Serves the control routes for ever.
pub async fn serve(listener: UnixListener, control: Control) {
    let routes = Router::new()
        .route("/keys", post(create_key).get(list_keys))
        .route("/keys/{id}/revoke", post(revoke_key))
        .route("/keys/{id}/roll", post(roll_key))
        .route("/snapshots", post(create_snapshot))
        .route("/tenants", post(tenants::create))
        .route("/users", post(users::create))
        .route("/users/reset_totp", post(users::reset_totp))
        .with_state(control);
    if let Err(error) = axum::serve(listener, routes).await {
        tracing::error!(%error, "the control socket ended");
    }
}

async fn create_key(
    State(control): State<Control>,
    Json(new): Json<NewKey>,
) -> Answered<CreatedKey> {
    tenants::require(&control.api, TenantId(new.tenant)).await?;
    let mut scopes = Scopes::default();
    for name in &new.scopes {
        let Some(scope) = Scope::from_name(name) else {
            let known: Vec<_> = Scope::ALL.into_iter().map(Scope::name).collect();
            return Err(refuse(
                StatusCode::UNPROCESSABLE_ENTITY,
                format!("there is no scope {name}; there are {}", known.join(", ")),
            ));
        };
        let visibility = new.visibility.visibility();
        if let Some(why) = api_keys::refused_scope(visibility, Gateway::BackOffice, scope) {
            return Err(refuse(StatusCode::UNPROCESSABLE_ENTITY, why));
        }
        scopes = Scopes(scopes.0 | scope.bit());
    }
    if new.scopes.is_empty() {
        scopes = match new.visibility {
            WireVisibility::Public => Gateway::BackOffice.open_to_public_keys(),
            WireVisibility::Secret => Scopes::all(),
        };
    }
    let now = control.api.router.wall();
    let ends = new.expires_at.map(Timestamp::from_unix_seconds);
    if ends.is_some_and(|end| end <= now) {
        return Err(refuse(
            StatusCode::UNPROCESSABLE_ENTITY,
            format!(
                "--expires-at is over: it takes seconds since 1970 after {}",
                now.unix_seconds()
            ),
        ));
    }
    let minted = fresh_key(
        &control.api,
        TenantId(new.tenant),
        new.mode.mode(),
        new.visibility,
    )
    .map_err(|error| refuse(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    let made = make_key(
        &control.api,
        &minted,
        new.visibility,
        new.name,
        scopes,
        ends,
    )
    .await;
    made.map_err(failed)?;
    Ok(Json(CreatedKey {
        id: api_keys::id(&control.api, minted.address.entity),
        value: minted.value,
    }))
}

/// An address and a value for a new key.
///
/// # Errors
/// When the system gives no random bytes.
pub fn fresh_key(
    api: &Api,
    tenant: TenantId,
    mode: Mode,
    visibility: WireVisibility,
) -> Result<Minted, getrandom::Error> {
    let mut entity = [0_u8; 8];
    getrandom::fill(&mut entity)?;
    let address = Address {
        tenant,
        mode,
        kind: Kind::ApiKey,
        entity: u64::from_be_bytes(entity),
    };
    let mut secret = [0_u8; API_KEY_SECRET_BYTES];
    getrandom::fill(&mut secret)?;
    Ok(Minted::of(api, address, visibility.visibility(), &secret))
}

/// Lists the key with its tenant and creates it.
///
/// # Errors
/// The tenant is unknown or lists as many keys as it may; the key exists; no answer.
pub async fn make_key(
    api: &Api,
    minted: &Minted,
    visibility: WireVisibility,
    name: String,
    scopes: Scopes,
    expires_at: Option<Timestamp>,
) -> Result<(), Failure> {
    let terms = Terms {
        name,
        visibility: visibility.visibility(),
        gateway: Gateway::BackOffice,
        organisation: None,
        scopes,
        expires_at,
    };
    api_keys::create(api, minted, terms, None, None).await?;
    Ok(())
}

async fn list_keys(
    State(control): State<Control>,
    UrlQuery(of): UrlQuery<OfTenant>,
) -> Answered<Vec<ListedKey>> {
    let api = &control.api;
    let tenant = TenantId(of.tenant);
    let keys = api_keys::list(api, tenant, of.mode.map(WireMode::mode))
        .await
        .map_err(failed)?;
    let mut listed = Vec::with_capacity(keys.len());
    for (address, key) in keys {
        listed.push(listed_key(api, address, *key).await.map_err(failed)?);
    }
    Ok(Json(listed))
}

async fn listed_key(api: &Api, address: Address, key: ApiKey) -> Result<ListedKey, Failure> {
    let state = api_keys::state(api, &key);
    let last_used = api.router.last_used(address).await?;
    Ok(ListedKey {
        id: api_keys::id(api, address.entity),
        mode: WireMode::of(address.mode),
        visibility: match key.details.visibility {
            Visibility::Public => WireVisibility::Public,
            Visibility::Secret => WireVisibility::Secret,
        },
        state: state.to_owned(),
        scopes: key
            .details
            .scopes
            .iter()
            .map(|scope| scope.name().to_owned())
            .collect(),
        name: key.details.name,
        value: key.details.public_value,
        created_at: key.created_at.unix_seconds(),
        expires_at: key.details.expires_at.map(Timestamp::unix_seconds),
        last_used_at: last_used.map(Timestamp::unix_seconds),
    })
}

async fn revoke_key(
    State(control): State<Control>,
    UrlPath(id): UrlPath<String>,
    UrlQuery(of): UrlQuery<OfTenant>,
) -> Answered<ListedKey> {
    let api = &control.api;
    let address = key_named(api, TenantId(of.tenant), &id).await?;
    let key = api_keys::revoke(api, address).await.map_err(failed)?;
    let shown = listed_key(api, address, *key).await.map_err(failed)?;
    Ok(Json(shown))
}

async fn roll_key(
    State(control): State<Control>,
    UrlPath(id): UrlPath<String>,
    UrlQuery(of): UrlQuery<OfTenant>,
    Json(how): Json<RolledKey>,
) -> Answered<CreatedKey> {
    let api = &control.api;
    let current = key_named(api, TenantId(of.tenant), &id).await?;
    let key = api_keys::find(api, current).await.map_err(failed)?;
    let visibility = match key.details.visibility {
        Visibility::Public => WireVisibility::Public,
        Visibility::Secret => WireVisibility::Secret,
    };
    let minted = fresh_key(api, current.tenant, current.mode, visibility)
        .map_err(|error| refuse(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    let ends = match how.expire_current_at {
        Some(seconds) => Timestamp::from_unix_seconds(seconds),
        None => api.router.wall(),
    };
    api_keys::roll(api, current, &minted, ends, None)
        .await
        .map_err(failed)?;
    Ok(Json(CreatedKey {
        id: api_keys::id(api, minted.address.entity),
        value: minted.value,
    }))
}

/// Where the tenant's key of this id lives, in whichever mode.
async fn key_named(
    api: &Api,
    tenant: TenantId,
    id: &str,
) -> Result<Address, (StatusCode, Json<Refused>)> {
    let unknown = || {
        refuse(
            StatusCode::NOT_FOUND,
            "there is no key of this id; `clientele keys list` shows them",
        )
    };
    let named = api
        .router
        .secrets()
        .public_ids()
        .read_as(Named::ApiKey, id)
        .ok_or_else(unknown)?;
    let listed = api.router.tenant(tenant).await.map_err(failed)?;
    let mode = listed
        .api_keys
        .iter()
        .find(|(_, entity)| *entity == named.entity)
        .map(|(mode, _)| *mode)
        .ok_or_else(unknown)?;
    Ok(named.owner(tenant, mode))
}

async fn create_snapshot(
    State(control): State<Control>,
    Json(new): Json<NewSnapshot>,
) -> Answered<CreatedSnapshot> {
    let path = match new.path {
        Some(path) => path,
        None => {
            let exports = control.directory.exports();
            std::fs::create_dir_all(&exports)
                .map_err(|error| refuse(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
            exports.join(format!("{}.export", uuid::Uuid::now_v7()))
        }
    };
    match control
        .node
        .export(path.clone(), control.directory.id())
        .await
    {
        Ok(summary) => Ok(Json(CreatedSnapshot {
            path,
            records: summary.records,
            bytes: summary.bytes,
        })),
        Err(error) => Err(refuse(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())),
    }
}
