//! An API key on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::fields::{check_date, check_name};
use crate::domain::address::{Address, Mode};
use crate::domain::api_key::{ApiKey, Gateway, Scope, Scopes, Visibility};
use crate::domain::ids::{Named, PublicId};
use crate::domain::time::Timestamp;
use crate::http::extract::{Faults, Validate};
use crate::http::problem::Problem;
use crate::http::{Api, api_keys, failure};

/// Whether a key may be seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum WireKeyType {
    /// May be embedded in a page or an app, and opens little.
    Public,
    /// For servers; its value is shown once.
    #[default]
    Secret,
}

/// Which of the API's families a key opens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum WireGateway {
    /// For servers and tills.
    #[default]
    BackOffice,
    /// For the apps and pages that contacts use.
    SelfService,
}

/// Live or test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum WireKeyMode {
    /// Real business.
    Live,
    /// Trials.
    Test,
}

/// Whether a key works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum WireKeyState {
    /// It works.
    Active,
    /// Its expiration date has passed.
    Expired,
    /// It was revoked.
    Revoked,
}

/// An API key to create.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct NewApiKey {
    /// What people call it.
    #[schema(max_length = 200)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) r#type: WireKeyType,
    #[serde(default)]
    pub(super) gateway: WireGateway,
    /// The organisation that it acts for, with all below it; the whole network if it is left out.
    pub(super) organisation_id: Option<String>,
    /// What it may do, such as `purchases.write`: nothing that the key which creates it may not do itself. A public key can have
    /// `organisations.register`; one of self-service `contacts.register`, `contacts.exists` and `contacts.guests`.
    pub(super) scopes: Vec<String>,
    /// The mode of the key that creates it, or left out: a live key makes live keys.
    pub(super) mode: Option<WireKeyMode>,
    /// When it stops working, in Unix seconds; never if it is left out.
    pub(super) expiration_date: Option<i64>,
}

/// What to change of an API key.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct ChangedApiKey {
    /// What people call it; as before if it is left out.
    #[schema(max_length = 200)]
    pub(super) name: Option<String>,
    /// All that it may do from now on; as before if it is left out.
    pub(super) scopes: Option<Vec<String>>,
}

/// How to roll an API key.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct RolledApiKey {
    /// Until when the current key works beside the new one, in Unix seconds; it stops at once if it is left out.
    pub(super) expire_current_at: Option<i64>,
}

/// An API key.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WireApiKey {
    id: String,
    name: String,
    r#type: WireKeyType,
    gateway: WireGateway,
    mode: WireKeyMode,
    state: WireKeyState,
    scopes: Vec<String>,
    /// The organisation that it acts for; null for the whole network.
    organisation: Option<WireKeyOrganisation>,
    /// What goes into the `api_key` header. A secret key's is shown in the answer that creates it, and nowhere else.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    /// The key that took its place, once it was rolled.
    successor_id: Option<String>,
    /// Unix seconds.
    created_date: i64,
    /// Unix seconds; null if it never stops working.
    expiration_date: Option<i64>,
    /// When it last opened something, in Unix seconds; null if it never has. After a crash it may be some seconds too early:
    /// it is stored with each checkpoint.
    last_used_date: Option<i64>,
}

/// Whom a key acts for.
#[derive(Debug, Serialize, ToSchema)]
struct WireKeyOrganisation {
    id: String,
}

impl WireApiKey {
    /// The key at `address`. A secret one's `value` is known only where it was just made.
    ///
    /// # Errors
    /// Its last use cannot be read.
    pub(super) async fn of(
        api: &Api,
        address: Address,
        key: ApiKey,
        value: Option<String>,
    ) -> Result<WireApiKey, Problem> {
        let last_used = api.router.last_used(address).await;
        let last_used = last_used.map_err(failure::problem)?;
        let ids = api.router.secrets().public_ids();
        let state = match api_keys::state(api, &key) {
            "active" => WireKeyState::Active,
            "revoked" => WireKeyState::Revoked,
            _ => WireKeyState::Expired,
        };
        let details = key.details;
        Ok(WireApiKey {
            id: api_keys::id(api, address.entity),
            name: details.name,
            r#type: match details.visibility {
                Visibility::Public => WireKeyType::Public,
                Visibility::Secret => WireKeyType::Secret,
            },
            gateway: match details.gateway {
                Gateway::BackOffice => WireGateway::BackOffice,
                Gateway::SelfService => WireGateway::SelfService,
            },
            mode: WireKeyMode::of(address.mode),
            state,
            scopes: names(details.scopes),
            organisation: details.organisation.map(|number| WireKeyOrganisation {
                id: ids.write(PublicId::of(Named::Organisation, number)),
            }),
            value: value.or(details.public_value),
            successor_id: key.successor.map(|entity| api_keys::id(api, entity)),
            created_date: key.created_at.unix_seconds(),
            expiration_date: details.expires_at.map(Timestamp::unix_seconds),
            last_used_date: last_used.map(Timestamp::unix_seconds),
        })
    }
}

impl WireKeyMode {
    pub(super) const fn of(mode: Mode) -> WireKeyMode {
        match mode {
            Mode::Test => WireKeyMode::Test,
            Mode::Live | Mode::Shared => WireKeyMode::Live,
        }
    }
}

impl WireKeyType {
    pub(super) const fn visibility(self) -> Visibility {
        match self {
            WireKeyType::Public => Visibility::Public,
            WireKeyType::Secret => Visibility::Secret,
        }
    }
}

impl WireGateway {
    pub(super) const fn gateway(self) -> Gateway {
        match self {
            WireGateway::BackOffice => Gateway::BackOffice,
            WireGateway::SelfService => Gateway::SelfService,
        }
    }
}

/// The set of scopes of these names, all of which were validated.
pub(super) fn scopes(names: &[String]) -> Scopes {
    Scopes::of(names.iter().filter_map(|name| Scope::from_name(name)))
}

fn names(scopes: Scopes) -> Vec<String> {
    scopes.iter().map(|scope| scope.name().to_owned()).collect()
}

fn check_scopes(faults: &mut Faults, names: &[String]) {
    faults.within("scopes", |faults| {
        for (index, name) in names.iter().enumerate() {
            if Scope::from_name(name).is_none() {
                let known: Vec<_> = Scope::ALL.into_iter().map(Scope::name).collect();
                faults.add(
                    &index.to_string(),
                    "unknown_scope",
                    format!("must be one of {}", known.join(", ")),
                );
            }
        }
    });
}

/// Demands that each of the scopes opens something to a key of this kind.
pub(super) fn check_kind(
    faults: &mut Faults,
    visibility: Visibility,
    gateway: Gateway,
    names: &[String],
) {
    faults.within("scopes", |faults| {
        for (index, name) in names.iter().enumerate() {
            let scope = Scope::from_name(name);
            let refused = scope.and_then(|it| api_keys::refused_scope(visibility, gateway, it));
            if let Some(why) = refused {
                faults.add(&index.to_string(), "not_for_public_keys", why);
            }
        }
    });
}

impl Validate for NewApiKey {
    fn validate(&self, faults: &mut Faults) {
        check_name(faults, &self.name);
        check_scopes(faults, &self.scopes);
        let (visibility, gateway) = (self.r#type.visibility(), self.gateway.gateway());
        check_kind(faults, visibility, gateway, &self.scopes);
        check_date(faults, "expiration_date", self.expiration_date);
    }
}

impl Validate for ChangedApiKey {
    fn validate(&self, faults: &mut Faults) {
        if let Some(name) = &self.name {
            check_name(faults, name);
        }
        check_scopes(faults, self.scopes.as_deref().unwrap_or_default());
    }
}

impl Validate for RolledApiKey {
    fn validate(&self, faults: &mut Faults) {
        check_date(faults, "expire_current_at", self.expire_current_at);
    }
}
