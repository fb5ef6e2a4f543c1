//! What an organisation shows of itself, in the parts of which both gateways make their answers. The Back Office writes the same parts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::contact::Field;
use crate::domain::ids::{Named, PublicId, PublicIds};
use crate::domain::organisation::{
    Address, ContactInfo, Opening, Operation, Position, Reach, ShortTerm, Supply, Word,
};
use crate::http::hours::{WireDay, text_of};
use crate::http::money_wire::WireAmount;

/// A word that organisations are grouped by.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrganisationWord)]
pub(in crate::http) struct WireWord {
    /// The same for the same word, in capitals or not. In what is written it may be left out.
    #[schema(value_type = Option<String>)]
    pub(in crate::http) id: Option<String>,
    #[schema(max_length = 100)]
    pub(in crate::http) name: String,
}

/// A place of an organisation.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrganisationAddress)]
pub(in crate::http) struct WireAddress {
    /// In what is written: that of an address which stays; a new one has none yet.
    pub(in crate::http) id: Option<String>,
    pub(in crate::http) name: Option<String>,
    pub(in crate::http) address_line_1: String,
    pub(in crate::http) address_line_2: Option<String>,
    pub(in crate::http) state_province_county: Option<String>,
    pub(in crate::http) town_city: String,
    pub(in crate::http) postal_code: String,
    /// ISO 3166-1 alpha-3.
    pub(in crate::http) country_code: String,
    pub(in crate::http) care_of: Option<String>,
    /// Degrees north, with `lon`.
    pub(in crate::http) lat: Option<WireAmount>,
    /// Degrees east, with `lat`.
    pub(in crate::http) lon: Option<WireAmount>,
    pub(in crate::http) google_place_id: Option<String>,
    /// Whether it is the one to show where there is room for one: of none that is, the first.
    #[serde(default)]
    pub(in crate::http) is_primary: bool,
    /// Whether invoices go there.
    #[serde(default)]
    pub(in crate::http) is_billing: bool,
    /// Whether it is for trials: contacts of live mode do not see it.
    #[serde(default)]
    pub(in crate::http) is_test_mode: bool,
}

/// By what an organisation is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = OrganisationContactType)]
pub(in crate::http) enum WireReach {
    /// E-mail.
    Email,
    /// Phone.
    Phone,
}

/// A way to reach an organisation. Whoever signs in sees it.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrganisationContactInfo)]
pub(in crate::http) struct WireContactInfo {
    /// In what is written: that of an entry which stays; a new one has none yet.
    pub(in crate::http) id: Option<String>,
    pub(in crate::http) name: Option<String>,
    pub(in crate::http) r#type: WireReach,
    /// The e-mail address, or the phone number: with `+` and country, or as it is dialled within `country_code`.
    pub(in crate::http) value: String,
    /// ISO 3166-1 alpha-3.
    pub(in crate::http) country_code: Option<String>,
}

/// How customers get what they buy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = SupplyMethod)]
pub(in crate::http) enum WireSupply {
    /// It is brought to them.
    Delivery,
    /// They come and get it.
    PickUp,
    /// In whatever way.
    #[default]
    Any,
}

/// Hours at which an organisation is open, by its own clock.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OpeningHours)]
pub(in crate::http) struct WireOpening {
    pub(in crate::http) day_of_week: WireDay,
    /// `HH:MM`.
    pub(in crate::http) open: String,
    /// `HH:MM`, excluded; at or before `open`, it is on the next day.
    pub(in crate::http) close: String,
    #[serde(default)]
    pub(in crate::http) operation: WireSupply,
}

/// What is so for the time being.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ShortTermOperation)]
pub(in crate::http) struct WireShortTerm {
    pub(in crate::http) operation: WireSupply,
    /// Whether it is closed, whatever the opening hours say.
    pub(in crate::http) is_closed: bool,
}

/// When an organisation is open.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OperationDetails)]
pub(in crate::http) struct WireOperation {
    #[serde(default)]
    #[schema(max_items = 63)]
    pub(in crate::http) opening_hours: Vec<WireOpening>,
    #[serde(default)]
    #[schema(max_items = 3)]
    pub(in crate::http) short_term_operations: Vec<WireShortTerm>,
}

/// A word that an organisation may be found by.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrganisationTag)]
pub(in crate::http) struct WireTag {
    #[schema(max_length = 32)]
    pub(in crate::http) name: String,
}

/// A field that the tenant adds to an organisation.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrganisationField)]
pub(in crate::http) struct WireOrganisationField {
    pub(in crate::http) key: String,
    pub(in crate::http) value: String,
}

impl WireSupply {
    /// In the domain's terms.
    pub(in crate::http) const fn read(self) -> Supply {
        match self {
            WireSupply::Delivery => Supply::Delivery,
            WireSupply::PickUp => Supply::PickUp,
            WireSupply::Any => Supply::Any,
        }
    }

    /// On the wire.
    pub(in crate::http) const fn of(supply: Supply) -> WireSupply {
        match supply {
            Supply::Delivery => WireSupply::Delivery,
            Supply::PickUp => WireSupply::PickUp,
            Supply::Any => WireSupply::Any,
        }
    }
}

impl WireWord {
    /// A word as it is shown.
    pub(in crate::http) fn of(word: &Word, ids: &PublicIds) -> WireWord {
        WireWord {
            id: Some(ids.write(PublicId::of(Named::Word, word.number))),
            name: word.name.clone(),
        }
    }

    /// All of them.
    pub(in crate::http) fn all(words: &[Word], ids: &PublicIds) -> Vec<WireWord> {
        words.iter().map(|word| WireWord::of(word, ids)).collect()
    }
}

/// The id of an address of an organisation, or of a way to reach it.
pub(in crate::http) fn part_id(ids: &PublicIds, organisation: u64, part: u32) -> String {
    ids.write(PublicId {
        named: Named::OrganisationPart,
        entity: organisation,
        part,
    })
}

/// Degrees as they are written.
fn degrees(of: i32) -> WireAmount {
    WireAmount::from_minor(of.into(), Position::DECIMALS)
}

impl WireAddress {
    /// An address of an organisation, as it is shown.
    pub(in crate::http) fn of(address: &Address, organisation: u64, ids: &PublicIds) -> Self {
        WireAddress {
            id: Some(part_id(ids, organisation, address.number)),
            name: address.name.clone(),
            address_line_1: address.address_line_1.clone(),
            address_line_2: address.address_line_2.clone(),
            state_province_county: address.state_province_county.clone(),
            town_city: address.town_city.clone(),
            postal_code: address.postal_code.clone(),
            country_code: address.country_code.clone(),
            care_of: address.care_of.clone(),
            lat: address.position.map(|it| degrees(it.lat)),
            lon: address.position.map(|it| degrees(it.lon)),
            google_place_id: address.google_place_id.clone(),
            is_primary: address.is_primary,
            is_billing: address.is_billing,
            is_test_mode: address.is_test_mode,
        }
    }
}

impl WireContactInfo {
    /// The ways to reach an organisation, as they are shown.
    pub(in crate::http) fn all(
        all: &[ContactInfo],
        organisation: u64,
        ids: &PublicIds,
    ) -> Vec<WireContactInfo> {
        let shown = all.iter().map(|info| WireContactInfo {
            id: Some(part_id(ids, organisation, info.number)),
            name: info.name.clone(),
            r#type: match info.reach {
                Reach::Email => WireReach::Email,
                Reach::Phone => WireReach::Phone,
            },
            value: info.value.clone(),
            country_code: info.country_code.clone(),
        });
        shown.collect()
    }
}

impl WireOperation {
    /// When an organisation is open, as it is shown.
    pub(in crate::http) fn of(operation: &Operation) -> WireOperation {
        let opening = |it: &Opening| {
            let days = WireDay::ALL.into_iter().zip(0_u8..);
            let mut days = days.filter(|(_, weekday)| it.is_on(*weekday));
            days.next().map(|(day_of_week, _)| WireOpening {
                day_of_week,
                open: text_of(it.hours.from),
                close: text_of(it.hours.until),
                operation: WireSupply::of(it.supply),
            })
        };
        let short_term = |it: &ShortTerm| WireShortTerm {
            operation: WireSupply::of(it.supply),
            is_closed: it.is_closed,
        };
        WireOperation {
            opening_hours: operation.opening_hours.iter().filter_map(opening).collect(),
            short_term_operations: operation.short_term.iter().map(short_term).collect(),
        }
    }
}

/// Tags as they are shown.
pub(in crate::http) fn tags(tags: &[String]) -> Vec<WireTag> {
    let shown = tags.iter().map(|name| WireTag { name: name.clone() });
    shown.collect()
}

/// Fields as they are shown.
pub(in crate::http) fn fields(fields: &[Field]) -> Vec<WireOrganisationField> {
    let shown = fields.iter().map(|field| WireOrganisationField {
        key: field.key.clone(),
        value: field.value.clone(),
    });
    shown.collect()
}
