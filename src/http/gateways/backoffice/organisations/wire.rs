//! An organisation on the wire.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::fields::check_name;
use super::profile::WrittenProfile;
use crate::domain::calendar::Zone;
use crate::domain::context::TenantView;
use crate::domain::ids::{Named, PublicId, PublicIds};
use crate::domain::organisation::{Change, Organisation, Profile, Role};
use crate::domain::tenant::TAP_CODE_CHARS_MAX;
use crate::http::auth::Caller;
use crate::http::extract::{Faults, Validate, given};
use crate::http::problem::Problem;
use crate::http::shown::organisation::{
    WireAddress, WireContactInfo, WireOperation, WireOrganisationField, WireTag, WireWord, fields,
    tags,
};
use crate::http::shown::role::WireRole;

/// The part that a new organisation plays: a network has one owner.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = NewOrganisationType)]
pub(super) enum NewRole {
    /// Runs a part of the network for its owner; lies below the service owner.
    Operator,
    /// Brings in the purchases of those that lie below it; lies below the service owner or an operator.
    TransactionProcessor,
    /// Runs a reward scheme; lies below the service owner, an operator or a transaction processor.
    Business,
    /// Holds others together, and has below it what may lie below the organisation above it; lies below any but a venue.
    Organisation,
    /// Sells; lies below a business, or wherever a business may lie.
    Merchant,
    /// A place where a merchant sells; lies below that merchant.
    Venue,
}

impl From<NewRole> for Role {
    fn from(role: NewRole) -> Role {
        match role {
            NewRole::Operator => Role::Operator,
            NewRole::TransactionProcessor => Role::TransactionProcessor,
            NewRole::Business => Role::Business,
            NewRole::Organisation => Role::Organisation,
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
    /// What it is, in at most 2,000 bytes; null for nothing.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 2000)]
    description: Option<Option<String>>,
    /// Its industry; null for none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 100)]
    industry_name: Option<Option<String>>,
    /// The sectors that it works in.
    #[schema(max_items = 10)]
    industry_sectors: Option<Vec<WireWord>>,
    /// What it does.
    #[schema(max_items = 10)]
    business_activities: Option<Vec<WireWord>>,
    /// Where it is.
    #[schema(max_items = 10)]
    addresses: Option<Vec<WireAddress>>,
    /// How it is reached. Whoever signs in sees it.
    #[schema(max_items = 10)]
    contact_info: Option<Vec<WireContactInfo>>,
    /// When it is open.
    operation_details: Option<WireOperation>,
    /// The words that it may be found by.
    #[schema(max_items = 20)]
    tags: Option<Vec<WireTag>>,
    /// What you add.
    #[schema(max_items = 20)]
    pub(super) custom_fields: Option<Vec<WireOrganisationField>>,
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
    /// What it is, in at most 2,000 bytes; null for nothing.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 2000)]
    description: Option<Option<String>>,
    /// Its industry; null for none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 100)]
    industry_name: Option<Option<String>>,
    /// The sectors that it works in: this list takes the place of the present one, as every list here does.
    #[schema(max_items = 10)]
    industry_sectors: Option<Vec<WireWord>>,
    /// What it does.
    #[schema(max_items = 10)]
    business_activities: Option<Vec<WireWord>>,
    /// Where it is.
    #[schema(max_items = 10)]
    addresses: Option<Vec<WireAddress>>,
    /// How it is reached. Whoever signs in sees it.
    #[schema(max_items = 10)]
    contact_info: Option<Vec<WireContactInfo>>,
    /// When it is open.
    operation_details: Option<WireOperation>,
    /// The words that it may be found by.
    #[schema(max_items = 20)]
    tags: Option<Vec<WireTag>>,
    /// What you add.
    #[schema(max_items = 20)]
    pub(super) custom_fields: Option<Vec<WireOrganisationField>>,
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
    description: Option<String>,
    industry_name: Option<String>,
    industry_sectors: Vec<WireWord>,
    business_activities: Vec<WireWord>,
    addresses: Vec<WireAddress>,
    contact_info: Vec<WireContactInfo>,
    operation_details: WireOperation,
    tags: Vec<WireTag>,
    custom_fields: Vec<WireOrganisationField>,
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
        let profile = &organisation.profile;
        let addresses = profile.addresses.iter();
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
            description: profile.description.clone(),
            industry_name: profile.industry.as_ref().map(|it| it.name.clone()),
            industry_sectors: WireWord::all(&profile.industry_sectors, ids),
            business_activities: WireWord::all(&profile.business_activities, ids),
            addresses: addresses
                .map(|it| WireAddress::of(it, number, ids))
                .collect(),
            contact_info: WireContactInfo::all(&profile.contact_info, number, ids),
            operation_details: WireOperation::of(&profile.operation),
            tags: tags(&profile.tags),
            custom_fields: fields(&profile.custom_fields),
        }
    }
}

/// The members of a body that say what an organisation shows of itself.
macro_rules! written_profile {
    ($body:expr) => {
        WrittenProfile {
            description: $body.description.as_ref().map(Option::as_deref),
            industry_name: $body.industry_name.as_ref().map(Option::as_deref),
            industry_sectors: $body.industry_sectors.as_deref(),
            business_activities: $body.business_activities.as_deref(),
            addresses: $body.addresses.as_deref(),
            contact_info: $body.contact_info.as_deref(),
            operation_details: $body.operation_details.as_ref(),
            tags: $body.tags.as_deref(),
            custom_fields: $body.custom_fields.as_deref(),
        }
    };
}

impl NewOrganisation {
    /// The organisation below `parent`, which gets this number. Its time zone was validated.
    ///
    /// # Errors
    /// 422 where it names ids of parts, of which it has none yet.
    pub(super) fn below(
        &self,
        parent: u64,
        number: u64,
        ids: &PublicIds,
    ) -> Result<Organisation, Problem> {
        let none = Profile::default();
        let profile = written_profile!(self).change(number, &none, ids)?;
        Ok(Organisation {
            name: self.name.clone(),
            role: self.r#type.into(),
            parent: Some(parent),
            time_zone: self.time_zone.as_deref().and_then(Zone::named),
            shares_contacts: self.shares_contacts,
            profile: Arc::new(profile.on(&none)),
        })
    }
}

impl ChangedOrganisation {
    /// What the organisation itself keeps, which has this number and is so before.
    ///
    /// # Errors
    /// 422 where it names ids of parts that are not there.
    pub(super) fn change(
        &self,
        number: u64,
        before: &Organisation,
        ids: &PublicIds,
    ) -> Result<Change, Problem> {
        let zone = self.time_zone.as_ref();
        let profile = written_profile!(self).change(number, &before.profile, ids)?;
        Ok(Change {
            name: self.name.clone(),
            time_zone: zone.map(|name| name.as_deref().and_then(Zone::named)),
            shares_contacts: self.shares_contacts,
            profile,
        })
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
        written_profile!(self).validate(faults);
    }
}

impl Validate for ChangedOrganisation {
    fn validate(&self, faults: &mut Faults) {
        let zone = self.time_zone.as_ref().and_then(Option::as_deref);
        let tap_code = self.tap_code.as_ref().and_then(Option::as_deref);
        check(faults, self.name.as_deref(), zone, tap_code);
        written_profile!(self).validate(faults);
    }
}
