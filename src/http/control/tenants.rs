//! Tenants over the control socket: how a node gets its first one.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::{Answered, Control, Refused, failed, refuse};
use crate::actors::router::Failure;
use crate::domain::address::{Address, Kind, Mode, TenantId};
use crate::domain::calendar::Zone;
use crate::domain::entity::{Command, Rejection, Remember};
use crate::domain::ids::{Named, PublicId};
use crate::domain::money::Currency;
use crate::domain::organisation::{Organisation, Role};
use crate::domain::tenant;
use crate::http::Api;
use crate::limits::NAME_CHARS_MAX;
use crate::secrets::{KeyScope, request_hash};

/// The name that purchases are classified by unless they say otherwise.
const CLASSIFICATION: &str = "PURCHASE";

/// A tenant to make.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewTenant {
    /// The number that it is to have.
    pub tenant: u64,
    /// Its name, which is that of the organisation that owns its network, too.
    pub name: String,
    /// What its wallets are kept in: ISO 4217.
    pub currency: String,
    /// Where its days and hours are, as the IANA database has it; UTC, if none.
    pub time_zone: Option<String>,
}

/// A tenant that was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreatedTenant {
    /// Its number.
    pub tenant: u64,
    /// The id of the organisation that owns its network.
    pub organisation_id: String,
}

impl NewTenant {
    fn details(&self) -> Result<tenant::Details, &'static str> {
        let name = self.name.trim();
        if name.is_empty()
            || name.chars().count() > NAME_CHARS_MAX
            || name.chars().any(char::is_control)
        {
            return Err("--name must have 1 to 200 characters, and no control characters");
        }
        let currency = Currency::from_code(&self.currency.to_uppercase());
        let zone = self.time_zone.as_deref().map(Zone::named);
        Ok(tenant::Details {
            name: name.to_owned(),
            currency: currency.ok_or("--currency must be a code of ISO 4217, such as EUR")?,
            classifications: vec![CLASSIFICATION.to_owned()],
            time_zone: zone.map_or(Ok(Zone::utc()), |zone| {
                zone.ok_or(
                    "--time-zone must be a name of the IANA database, such as Europe/Nicosia",
                )
            })?,
        })
    }
}

/// Makes the tenant, and the organisation that owns its network. What was cut short between both is taken up again.
pub(super) async fn create(
    State(control): State<Control>,
    Json(new): Json<NewTenant>,
) -> Answered<CreatedTenant> {
    let router = &control.api.router;
    let wrong = |detail| refuse(StatusCode::UNPROCESSABLE_ENTITY, detail);
    let number = TenantId(new.tenant);
    if number == TenantId::PLATFORM {
        return Err(wrong("--tenant must be 1 or more"));
    }
    let details = new.details().map_err(wrong)?;
    let name = details.name.clone();
    let create = Command::Tenant(tenant::Command::Create(details));
    let address = Address::tenant(number);
    let created = router.command(address, create, None, None).await.result;
    match created {
        Ok(_) => {}
        Err(Failure::Rejected(Rejection::Tenant(tenant::Rejection::TenantExists))) => {
            let there = router.tenant(number).await.map_err(failed)?;
            if !there.organisations.is_empty() {
                let detail = format!(
                    "there is a tenant {} already; give another number with --tenant",
                    number.0
                );
                return Err(refuse(StatusCode::CONFLICT, detail));
            }
        }
        Err(why) => return Err(failed(why)),
    }
    let secrets = router.secrets();
    let scope = KeyScope {
        tenant: number,
        mode: Mode::Shared,
        lineage: 0,
        operation: "tenants.create",
        target: None,
        source: "control",
        key: "",
    };
    let owner = Address {
        tenant: number,
        mode: Mode::Shared,
        kind: Kind::Organisation,
        entity: secrets.derived_entity(&scope, 0),
    };
    let remember = Remember {
        keys: vec![secrets.key_hash(&scope)],
        request: request_hash(&[0; 32]),
    };
    let organisation = Organisation {
        name,
        role: Role::ServiceOwner,
        parent: None,
        time_zone: None,
        shares_contacts: false,
        profile: Default::default(),
    };
    let made = router.create_organisation(owner, organisation, None, remember);
    made.await.0.map_err(failed)?;
    let id = PublicId::of(Named::Organisation, owner.entity);
    Ok(Json(CreatedTenant {
        tenant: number.0,
        organisation_id: secrets.public_ids().write(id),
    }))
}

/// Demands that there is this tenant, and says how it is made.
pub(super) async fn require(
    api: &Api,
    tenant: TenantId,
) -> Result<(), (StatusCode, Json<Refused>)> {
    match api.router.tenant(tenant).await {
        Ok(_) => Ok(()),
        Err(Failure::Rejected(_)) => Err(refuse(
            StatusCode::NOT_FOUND,
            format!(
                "there is no tenant {0} yet; `clientele tenants create --tenant {0} --name NAME --currency EUR` makes it",
                tenant.0
            ),
        )),
        Err(why) => Err(failed(why)),
    }
}
