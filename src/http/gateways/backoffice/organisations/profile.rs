//! What an organisation shows of itself, as it is written.

use std::collections::BTreeSet;

use super::checks::{
    check_addresses, check_contact_info, check_description, check_fields, check_operation,
    check_tags, check_words,
};
use crate::domain::contact::Field;
use crate::domain::ids::{Named, PublicId, PublicIds};
use crate::domain::offer::Hours;
use crate::domain::organisation::{
    Address, ContactInfo, Opening, Operation, Position, Profile, ProfileChange, Reach, ShortTerm,
    Subject, Word,
};
use crate::http::extract::Faults;
use crate::http::extract::text::check;
use crate::http::hours::{WireDay, minute_of};
use crate::http::money_wire::WireAmount;
use crate::http::problem::Problem;
use crate::http::shown::organisation::{
    WireAddress, WireContactInfo, WireOperation, WireOrganisationField, WireReach, WireTag,
    WireWord,
};
use crate::limits::ORGANISATION_WORD_CHARS_MAX;

/// The members of a body that say what an organisation shows of itself: what is none stays as it is.
#[derive(Clone, Copy)]
pub(super) struct WrittenProfile<'a> {
    pub(super) description: Option<Option<&'a str>>,
    pub(super) industry_name: Option<Option<&'a str>>,
    pub(super) industry_sectors: Option<&'a [WireWord]>,
    pub(super) business_activities: Option<&'a [WireWord]>,
    pub(super) addresses: Option<&'a [WireAddress]>,
    pub(super) contact_info: Option<&'a [WireContactInfo]>,
    pub(super) operation_details: Option<&'a WireOperation>,
    pub(super) tags: Option<&'a [WireTag]>,
    pub(super) custom_fields: Option<&'a [WireOrganisationField]>,
}

impl WrittenProfile<'_> {
    /// Notes what is wrong with it by itself.
    pub(super) fn validate(&self, faults: &mut Faults) {
        if let Some(Some(description)) = self.description {
            check_description(faults, description);
        }
        check(
            faults,
            "industry_name",
            self.industry_name.flatten(),
            ORGANISATION_WORD_CHARS_MAX,
        );
        for (member, words) in [
            ("industry_sectors", self.industry_sectors),
            ("business_activities", self.business_activities),
        ] {
            check_words(faults, member, words.unwrap_or_default());
        }
        check_addresses(faults, self.addresses.unwrap_or_default());
        check_contact_info(faults, self.contact_info.unwrap_or_default());
        if let Some(operation) = self.operation_details {
            faults.within("operation_details", |faults| {
                check_operation(faults, operation);
            });
        }
        check_tags(faults, self.tags.unwrap_or_default());
        check_fields(faults, self.custom_fields.unwrap_or_default());
    }

    /// What it changes of organisation number `number`, which shows `before`. Ids that it names must be of that.
    ///
    /// # Errors
    /// 422 where one is not.
    pub(super) fn change(
        &self,
        number: u64,
        before: &Profile,
        ids: &PublicIds,
    ) -> Result<ProfileChange, Problem> {
        let mut faults = Faults::new();
        let text = |text: &str| text.trim().to_owned();
        let industry = |name: &str| Word::of(Subject::Industry, name);
        let addresses = self.addresses.map(|all| {
            let known = before.addresses.iter().map(|it| it.number);
            let mut parts = Parts::of(number, known, ids);
            let read = |(index, it): (usize, &WireAddress)| {
                address(
                    it,
                    parts.number(&mut faults, "addresses", index, it.id.as_deref()),
                )
            };
            all.iter().enumerate().map(read).collect()
        });
        let contact_info = self.contact_info.map(|all| {
            let known = before.contact_info.iter().map(|it| it.number);
            let mut parts = Parts::of(number, known, ids);
            let read = |(index, it): (usize, &WireContactInfo)| {
                info(
                    it,
                    parts.number(&mut faults, "contact_info", index, it.id.as_deref()),
                )
            };
            all.iter().enumerate().map(read).collect()
        });
        let sectors = self
            .industry_sectors
            .map(|all| words(&mut faults, "industry_sectors", all, Subject::Sector, ids));
        let activities = self.business_activities.map(|all| {
            words(
                &mut faults,
                "business_activities",
                all,
                Subject::Activity,
                ids,
            )
        });
        faults.into_result()?;
        Ok(ProfileChange {
            description: self.description.map(|it| it.map(text)),
            industry: self.industry_name.map(|it| it.map(industry)),
            industry_sectors: sectors,
            business_activities: activities,
            addresses,
            contact_info,
            operation: self.operation_details.map(operation),
            tags: self
                .tags
                .map(|all| all.iter().map(|it| text(&it.name)).collect()),
            custom_fields: self.custom_fields.map(|all| {
                let field = |it: &WireOrganisationField| Field {
                    key: it.key.clone(),
                    value: it.value.clone(),
                };
                all.iter().map(field).collect()
            }),
        })
    }
}

/// The parts of an organisation that a body may name, each once.
struct Parts<'a> {
    organisation: u64,
    left: BTreeSet<u32>,
    ids: &'a PublicIds,
}

impl<'a> Parts<'a> {
    fn of(organisation: u64, known: impl Iterator<Item = u32>, ids: &'a PublicIds) -> Parts<'a> {
        Parts {
            organisation,
            left: known.collect(),
            ids,
        }
    }

    /// The number of the part of this id; 0 where there is none.
    fn number(&mut self, faults: &mut Faults, list: &str, index: usize, id: Option<&str>) -> u32 {
        let Some(id) = id else { return 0 };
        let read = self.ids.read_as(Named::OrganisationPart, id);
        let read = read.filter(|it| it.entity == self.organisation && self.left.remove(&it.part));
        if read.is_none() {
            faults.within(list, |faults| {
                faults.at(index, |faults| {
                    faults.add(
                        "id",
                        "unknown_part",
                        "must be the id of an entry that is there, named once; leave it out for a new one",
                    );
                });
            });
        }
        read.map_or(0, |it| it.part)
    }
}

fn words(
    faults: &mut Faults,
    member: &str,
    all: &[WireWord],
    subject: Subject,
    ids: &PublicIds,
) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    faults.within(member, |faults| {
        for (index, wire) in all.iter().enumerate() {
            let word = Word::of(subject, &wire.name);
            let id = PublicId::of(Named::Word, word.number);
            let is_its = |text: &str| ids.read_as(Named::Word, text) == Some(id);
            faults.at(index, |faults| {
                faults.require(
                    wire.id.as_deref().is_none_or(is_its),
                    "id",
                    "of_another_word",
                    "must be the id of the name beside it, or be left out",
                );
                faults.require(
                    words.iter().all(|known| known.number != word.number),
                    "name",
                    "repeated",
                    "must be named once",
                );
            });
            words.push(word);
        }
    });
    words
}

/// Degrees, if they are at most `most` of either sign.
pub(super) fn degrees(of: WireAmount, most: i32) -> Option<i32> {
    let read = of.to_minor(Position::DECIMALS).ok()?;
    let limit = Position::A_DEGREE.saturating_mul(most);
    i32::try_from(read)
        .ok()
        .filter(|it| (-limit..=limit).contains(it))
}

fn position(wire: &WireAddress) -> Option<Position> {
    Some(Position {
        lat: degrees(wire.lat?, 90)?,
        lon: degrees(wire.lon?, 180)?,
    })
}

fn address(wire: &WireAddress, number: u32) -> Address {
    Address {
        number,
        name: wire.name.clone(),
        address_line_1: wire.address_line_1.clone(),
        address_line_2: wire.address_line_2.clone(),
        state_province_county: wire.state_province_county.clone(),
        town_city: wire.town_city.trim().to_owned(),
        postal_code: wire.postal_code.clone(),
        country_code: wire.country_code.clone(),
        care_of: wire.care_of.clone(),
        position: position(wire),
        google_place_id: wire.google_place_id.clone(),
        is_primary: wire.is_primary,
        is_billing: wire.is_billing,
        is_test_mode: wire.is_test_mode,
    }
}

fn info(wire: &WireContactInfo, number: u32) -> ContactInfo {
    ContactInfo {
        number,
        name: wire.name.clone(),
        reach: match wire.r#type {
            WireReach::Email => Reach::Email,
            WireReach::Phone => Reach::Phone,
        },
        value: wire.value.trim().to_owned(),
        country_code: wire.country_code.clone(),
    }
}

fn operation(wire: &WireOperation) -> Operation {
    let opening = wire.opening_hours.iter().map(|it| {
        let days = WireDay::ALL.iter().zip(0_u32..);
        let bits = days.map(|(day, bit)| u8::from(*day == it.day_of_week).wrapping_shl(bit));
        Opening {
            supply: it.operation.read(),
            hours: Hours {
                days: bits.fold(0, |days, bit| days | bit),
                from: minute_of(&it.open).unwrap_or_default(),
                until: minute_of(&it.close).unwrap_or_default(),
            },
        }
    });
    let short_term = wire.short_term_operations.iter().map(|it| ShortTerm {
        supply: it.operation.read(),
        is_closed: it.is_closed,
    });
    Operation {
        opening_hours: opening.collect(),
        short_term: short_term.collect(),
    }
}
