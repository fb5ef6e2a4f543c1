//! An organisation on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::fields::check_name;
use crate::domain::calendar::Zone;
use crate::domain::context::TenantView;
use crate::domain::ids::{Named, PublicId, PublicIds};
use crate::domain::organisation::{Change, Organisation, Role};
use crate::domain::tenant::TAP_CODE_CHARS_MAX;
use crate::http::auth::Caller;
use crate::http::extract::{Faults, Validate, given};

/// The part that an organisation plays in the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = OrganisationType)]
pub(in super::super) enum WireRole {
    /// Owns the network.
    ServiceOwner,
    /// Runs a reward scheme.
    Business,
    /// Sells.
    Merchant,
    /// A place where a merchant sells.
    Venue,
}

impl From<Role> for WireRole {
    fn from(role: Role) -> WireRole {
        match role {
            Role::ServiceOwner => WireRole::ServiceOwner,
            Role::Business => WireRole::Business,
            Role::Merchant => WireRole::Merchant,
            Role::Venue => WireRole::Venue,
        }
    }
}

/// The part that a new organisation plays: a network has one owner.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = NewOrganisationType)]
pub(super) enum NewRole {
    /// Runs a reward scheme; lies below the service owner.
    Business,
    /// Sells; lies below a business or the service owner.
    Merchant,
    /// A place where a merchant sells; lies below that merchant.
    Venue,
}

impl From<NewRole> for Role {
    fn from(role: NewRole) -> Role {
        match role {
            NewRole::Business => Role::Business,
            NewRole::Merchant => Role::Merchant,
            NewRole::Venue => Role::Venue,
        }
    }
}

/// An organisation by its id.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrganisationParent)]
pub(super) struct Parent {
    pub(super) id: String,
}

/// An organisation to create.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct NewOrganisation {
    /// What people call it.
    #[schema(max_length = 200)]
    pub(super) name: String,
    pub(super) r#type: NewRole,
    /// What it lies below. Left out, it is the organisation that the key acts for, or else the service owner.
    pub(super) parent: Option<Parent>,
    /// Where its days and hours are: an IANA name such as `Europe/Athens`. As for its parent, if it is left out.
    time_zone: Option<String>,
    /// The code of its terminal access point (TAP), which no other in the network has: 1 to 32 visible ASCII characters.
    /// For merchants and venues only.
    #[schema(max_length = 32)]
    pub(super) tap_code: Option<String>,
    /// Whether contacts that have joined it are shared with all that lie below it.
    #[serde(default)]
    shares_contacts: bool,
}

/// What to change of an organisation: what is left out stays as it is.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct ChangedOrganisation {
    /// What people call it.
    #[schema(max_length = 200)]
    name: Option<String>,
    /// An IANA name such as `Europe/Athens`; null for that of its parent.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    time_zone: Option<Option<String>>,
    /// The code of its terminal access point (TAP); null takes the TAP away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 32)]
    pub(super) tap_code: Option<Option<String>>,
    /// Whether contacts that have joined it are shared with all that lie below it; of the service owner, all contacts.
    shares_contacts: Option<bool>,
}

/// The answer to a creation.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CreatedOrganisation {
    pub(super) id: String,
}

/// An organisation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Organisation)]
pub(super) struct WireOrganisation {
    id: String,
    name: String,
    r#type: WireRole,
    /// What it lies below. Null for the service owner, and for the organisation that the key acts for.
    parent: Option<Parent>,
    /// Its own; null for that of its parent.
    time_zone: Option<String>,
    /// Its terminal access point; null if it has none.
    tap: Option<WireTap>,
    /// Whether contacts that have joined it are shared with all that lie below it; of the service owner, all contacts.
    shares_contacts: bool,
}

/// A terminal access point.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrganisationTap)]
struct WireTap {
    id: String,
    code: String,
}

impl WireOrganisation {
    /// The organisation of this number as the caller may see it.
    pub(super) fn of(
        number: u64,
        organisation: &Organisation,
        tenant: &TenantView,
        caller: &Caller,
        ids: &PublicIds,
    ) -> WireOrganisation {
        let id = |named, number| ids.write(PublicId::of(named, number));
        let parent = organisation.parent;
        let parent = parent.filter(|above| caller.acts_for(tenant, Some(*above)));
        WireOrganisation {
            id: id(Named::Organisation, number),
            name: organisation.name.clone(),
            r#type: organisation.role.into(),
            parent: parent.map(|above| Parent {
                id: id(Named::Organisation, above),
            }),
            time_zone: organisation
                .time_zone
                .as_ref()
                .map(|zone| zone.name().to_owned()),
            tap: tenant.tap_of(number).map(|code| WireTap {
                id: id(Named::Tap, number),
                code: code.to_owned(),
            }),
            shares_contacts: organisation.shares_contacts,
        }
    }
}

impl NewOrganisation {
    /// The organisation below `parent`. Its time zone was validated.
    pub(super) fn below(&self, parent: u64) -> Organisation {
        Organisation {
            name: self.name.clone(),
            role: self.r#type.into(),
            parent: Some(parent),
            time_zone: self.time_zone.as_deref().and_then(Zone::named),
            shares_contacts: self.shares_contacts,
        }
    }
}

impl ChangedOrganisation {
    /// What the organisation itself keeps.
    pub(super) fn change(&self) -> Change {
        let zone = self.time_zone.as_ref();
        Change {
            name: self.name.clone(),
            time_zone: zone.map(|name| name.as_deref().and_then(Zone::named)),
            shares_contacts: self.shares_contacts,
        }
    }
}

fn check(faults: &mut Faults, name: Option<&str>, zone: Option<&str>, tap_code: Option<&str>) {
    if let Some(name) = name {
        check_name(faults, name);
    }
    faults.require(
        zone.is_none_or(|name| Zone::named(name).is_some()),
        "time_zone",
        "unknown_time_zone",
        "must be a name of the IANA time zone database, such as Europe/Athens",
    );
    let fits = |code: &str| {
        (1..=TAP_CODE_CHARS_MAX).contains(&code.len())
            && code.bytes().all(|byte| byte.is_ascii_graphic())
    };
    faults.require(
        tap_code.is_none_or(fits),
        "tap_code",
        "not_a_code",
        "must have 1 to 32 visible ASCII characters",
    );
}

impl Validate for NewOrganisation {
    fn validate(&self, faults: &mut Faults) {
        let zone = self.time_zone.as_deref();
        check(faults, Some(&self.name), zone, self.tap_code.as_deref());
    }
}

impl Validate for ChangedOrganisation {
    fn validate(&self, faults: &mut Faults) {
        let zone = self.time_zone.as_ref().and_then(Option::as_deref);
        let tap_code = self.tap_code.as_ref().and_then(Option::as_deref);
        check(faults, self.name.as_deref(), zone, tap_code);
    }
}
