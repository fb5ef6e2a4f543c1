//! An organisation as contacts see it.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::addresses;
use crate::domain::address::Mode;
use crate::domain::contact::SignUp;
use crate::domain::context::TenantView;
use crate::domain::ids::{Named, PublicId, PublicIds};
use crate::domain::organisation::{Organisation, Word};
use crate::http::shown::organisation::{
    WireAddress, WireContactInfo, WireOperation, WireOrganisationField, WireTag, WireWord, fields,
    tags,
};

/// A sector of industries.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IndustrySector)]
struct WireSector {
    id: String,
    name: String,
    /// The industries of the organisations of the network that work in it.
    related_industries: Vec<WireWord>,
}

/// What the contact is to it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ContactRegistry)]
struct WireRegistry {
    /// Whether the contact has joined it.
    contact_registered: bool,
}

/// An organisation as it publishes itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PublishedOrganisation)]
pub(in super::super) struct WirePublished {
    id: String,
    name: String,
    description: Option<String>,
    industry_name: Option<String>,
    industry_sectors: Vec<WireSector>,
    business_activities: Vec<WireWord>,
    addresses: Vec<WireAddress>,
    /// None: organisations have no images.
    creatives: Vec<serde_json::Value>,
    tags: Vec<WireTag>,
    contact_info: Vec<WireContactInfo>,
    operation_details: WireOperation,
    contact_registry: WireRegistry,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_fields: Option<Vec<WireOrganisationField>>,
    /// None: orders are not built.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_catalogs: Option<Vec<serde_json::Value>>,
    /// None: Wi-Fi sites are not built.
    #[serde(skip_serializing_if = "Option::is_none")]
    wifi_sites: Option<Vec<serde_json::Value>>,
}

/// What is shown of an organisation only where it is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Including {
    pub(super) custom_fields: bool,
    pub(super) order_catalogs: bool,
    pub(super) wifi_sites: bool,
}

impl Including {
    pub(super) const ALL: Including = Including {
        custom_fields: true,
        order_catalogs: true,
        wifi_sites: true,
    };
}

/// What it takes to show organisations of a network to a contact.
pub(super) struct Showing<'a> {
    mode: Mode,
    ids: &'a PublicIds,
    joined: &'a [SignUp],
    including: Including,
    /// The industries of each sector, by number.
    related: BTreeMap<u64, BTreeMap<u64, &'a Word>>,
}

impl<'a> Showing<'a> {
    pub(super) fn of(
        tenant: &'a TenantView,
        mode: Mode,
        joined: &'a [SignUp],
        including: Including,
        ids: &'a PublicIds,
    ) -> Showing<'a> {
        let mut related: BTreeMap<u64, BTreeMap<u64, &Word>> = BTreeMap::new();
        for organisation in tenant.organisations.values() {
            let profile = &organisation.profile;
            for sector in &profile.industry_sectors {
                let of_sector = related.entry(sector.number).or_default();
                of_sector.extend(profile.industry.iter().map(|it| (it.number, it)));
            }
        }
        Showing {
            mode,
            ids,
            joined,
            including,
            related,
        }
    }

    /// Whether the contact has joined an organisation.
    pub(super) fn has_joined(&self, number: u64) -> bool {
        self.joined.iter().any(|one| one.organisation == number)
    }

    fn sector(&self, word: &Word) -> WireSector {
        let related = self.related.get(&word.number);
        let related = related.into_iter().flat_map(BTreeMap::values);
        WireSector {
            id: self.ids.write(PublicId::of(Named::Word, word.number)),
            name: word.name.clone(),
            related_industries: related.map(|it| WireWord::of(it, self.ids)).collect(),
        }
    }

    /// An organisation as the contact sees it.
    pub(super) fn published(&self, number: u64, organisation: &Organisation) -> WirePublished {
        let profile = &organisation.profile;
        let ids = self.ids;
        let sectors = profile.industry_sectors.iter();
        let including = self.including;
        WirePublished {
            id: ids.write(PublicId::of(Named::Organisation, number)),
            name: organisation.name.clone(),
            description: profile.description.clone(),
            industry_name: profile.industry.as_ref().map(|it| it.name.clone()),
            industry_sectors: sectors.map(|it| self.sector(it)).collect(),
            business_activities: WireWord::all(&profile.business_activities, ids),
            addresses: addresses(organisation, self.mode)
                .map(|it| WireAddress::of(it, number, ids))
                .collect(),
            creatives: Vec::new(),
            tags: tags(&profile.tags),
            contact_info: WireContactInfo::all(&profile.contact_info, number, ids),
            operation_details: WireOperation::of(&profile.operation),
            contact_registry: WireRegistry {
                contact_registered: self.has_joined(number),
            },
            custom_fields: including
                .custom_fields
                .then(|| fields(&profile.custom_fields)),
            order_catalogs: including.order_catalogs.then(Vec::new),
            wifi_sites: including.wifi_sites.then(Vec::new),
        }
    }
}
