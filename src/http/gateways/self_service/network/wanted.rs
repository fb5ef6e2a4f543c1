//! What lists of organisations may be asked for by: what they have in common. Lists in a parameter are separated by commas.

use super::super::offers::list::listed;
use super::addresses;
use crate::domain::address::Mode;
use crate::domain::ids::{Named, PublicIds};
use crate::domain::organisation::{Organisation, Subject, Word};
use crate::http::extract::Faults;
use crate::limits::ORGANISATION_FILTER_WORDS_MAX;

/// The parameters as they come.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct Filters<'a> {
    pub(in super::super) name: Option<&'a str>,
    pub(in super::super) industries: Option<&'a str>,
    pub(in super::super) industry_sectors: Option<&'a str>,
    pub(in super::super) business_activities: Option<&'a str>,
    pub(in super::super) countries: Option<&'a str>,
    pub(in super::super) town_cities: Option<&'a str>,
    pub(in super::super) tags: Option<&'a str>,
    pub(in super::super) custom_fields: Option<&'a str>,
}

/// What they ask for: of each list, one entry is enough; an empty list asks for nothing.
pub(in super::super) struct Wanted {
    name: Option<String>,
    industries: Vec<u64>,
    industry_sectors: Vec<u64>,
    business_activities: Vec<u64>,
    countries: Vec<String>,
    town_cities: Vec<String>,
    tags: Vec<String>,
    custom_fields: Vec<(String, String)>,
    mode: Mode,
}

impl Filters<'_> {
    /// Notes what is wrong with them.
    pub(in super::super) fn validate(&self, faults: &mut Faults) {
        for (member, text) in [
            ("industries", self.industries),
            ("industry_sectors", self.industry_sectors),
            ("business_activities", self.business_activities),
            ("countries", self.countries),
            ("town_cities", self.town_cities),
            ("tags", self.tags),
            ("custom_fields", self.custom_fields),
        ] {
            faults.require(
                listed(text).count() <= ORGANISATION_FILTER_WORDS_MAX,
                member,
                "too_many",
                "must have at most 50 entries, separated by commas",
            );
        }
        faults.require(
            listed(self.custom_fields).all(|entry| entry.contains(':')),
            "custom_fields",
            "not_a_field",
            "must be fields as key:value, separated by commas",
        );
    }
}

/// The numbers of words that are named or given by their ids.
fn words(text: Option<&str>, subject: Subject, ids: &PublicIds) -> Vec<u64> {
    let number = |entry: &str| match ids.read_as(Named::Word, entry) {
        Some(id) => id.entity,
        None => Word::number_of(subject, entry),
    };
    listed(text).map(number).collect()
}

fn lower(text: Option<&str>) -> Vec<String> {
    listed(text).map(str::to_lowercase).collect()
}

impl Wanted {
    /// What is asked for, of what is seen in a mode.
    pub(in super::super) fn of(filters: Filters<'_>, mode: Mode, ids: &PublicIds) -> Wanted {
        let field = |entry: &str| {
            let (key, value) = entry.split_once(':')?;
            Some((key.trim().to_owned(), value.trim().to_owned()))
        };
        Wanted {
            name: filters.name.map(str::to_lowercase),
            industries: words(filters.industries, Subject::Industry, ids),
            industry_sectors: words(filters.industry_sectors, Subject::Sector, ids),
            business_activities: words(filters.business_activities, Subject::Activity, ids),
            countries: lower(filters.countries),
            town_cities: lower(filters.town_cities),
            tags: lower(filters.tags),
            custom_fields: listed(filters.custom_fields).filter_map(field).collect(),
            mode,
        }
    }

    /// Whether they ask for anything.
    pub(in super::super) fn is_anything(&self) -> bool {
        let words = [
            &self.industries,
            &self.industry_sectors,
            &self.business_activities,
        ];
        self.name.is_some()
            || !self.is_anywhere()
            || !self.tags.is_empty()
            || !self.custom_fields.is_empty()
            || words.into_iter().any(|it| !it.is_empty())
    }

    /// Whether an organisation is so. Of custom fields, it must have all.
    pub(in super::super) fn fits(&self, organisation: &Organisation) -> bool {
        let profile = &organisation.profile;
        let name = || organisation.name.to_lowercase();
        let is_in = |wanted: &[String], text: &str| wanted.contains(&text.to_lowercase());
        let has = |wanted: &[u64], words: &[Word]| {
            wanted.is_empty() || words.iter().any(|word| wanted.contains(&word.number))
        };
        let industry = profile.industry.as_slice();
        let mut tags = profile.tags.iter();
        let mut addresses = addresses(organisation, self.mode);
        self.name.as_ref().is_none_or(|part| name().contains(part))
            && has(&self.industries, industry)
            && has(&self.industry_sectors, &profile.industry_sectors)
            && has(&self.business_activities, &profile.business_activities)
            && (self.tags.is_empty() || tags.any(|tag| is_in(&self.tags, tag)))
            && (self.is_anywhere()
                || addresses.any(|it| {
                    (self.countries.is_empty() || is_in(&self.countries, &it.country_code))
                        && (self.town_cities.is_empty() || is_in(&self.town_cities, &it.town_city))
                }))
            && self.custom_fields.iter().all(|(key, value)| {
                let mut fields = profile.custom_fields.iter();
                fields.any(|field| field.key == *key && field.value == *value)
            })
    }

    fn is_anywhere(&self) -> bool {
        self.countries.is_empty() && self.town_cities.is_empty()
    }
}
