//! A reward offer on the wire.

use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::fields::check_date;
use super::goal::WireGoal;
use crate::domain::money::Percent;
use crate::domain::offer::LifeCycle;
use crate::http::extract::{Faults, Validate};
use crate::http::hours::{WireDay, minute_of};
use crate::http::money_wire::WireAmount;
use crate::limits;

/// A reward offer, as it is written.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct WrittenOffer {
    pub(super) name: String,
    /// What it gives: exactly one award.
    #[schema(min_items = 1, max_items = 1)]
    pub(super) awards: Vec<WireAward>,
    #[serde(default)]
    pub(super) conditions: WireConditions,
    /// What a contact has to reach before. Given when the offer is created, and fixed from then on.
    pub(super) goal: Option<WireGoal>,
    pub(super) short_description: Option<String>,
    pub(super) long_description: Option<String>,
    pub(super) terms_and_conditions: Option<String>,
    /// Whether contacts see it before others.
    #[serde(default)]
    pub(super) is_featured: bool,
    #[serde(default)]
    pub(super) caps: WireCaps,
    /// The name of a group: of its offers, only the one that gives most for a purchase gives anything.
    pub(super) best_of: Option<String>,
    /// How many seconds after the purchase an award can be spent; at once, if it is left out.
    pub(super) unlocks_after_s: Option<i64>,
    /// For how many seconds an award can be spent, from when it can be; for ever, if it is left out.
    pub(super) expires_after_s: Option<i64>,
    /// What an award may be spent on: it is commerce money then, else open money. Given when the offer is created, and fixed from
    /// then on.
    pub(super) spend_conditions: Option<WireSpendConditions>,
    /// What all awards together may give. Given when the offer is created, and fixed from then on.
    pub(super) budget: Option<WireAmount>,
    /// `ACTIVE` if it is left out. Changed by `PUT /reward_offers/{id}/life_cycle_state`.
    pub(super) life_cycle_state: Option<WireLifeCycle>,
}

/// An award.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct WireAward {
    /// A sum of money, or a percentage of what is paid: above 0 and at most 100, with at most four decimals.
    pub(super) amount: WireAmount,
    pub(super) amount_type: WireAmountType,
    /// Of a fixed award: ISO 4217, the wallet's.
    pub(super) currency: Option<String>,
}

/// How an award is reckoned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(in super::super) enum WireAmountType {
    /// The same for each purchase.
    Fixed,
    /// A share of what is paid, after what was spent from the wallet.
    Percentage,
}

/// Whether an offer gives anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(in super::super) enum WireLifeCycle {
    /// It applies to every purchase that meets its conditions.
    Active,
    /// It gives nothing until it is active again.
    Inactive,
}

/// What a purchase must be like. Each list names alternatives; an empty one demands nothing.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(in super::super) struct WireConditions {
    /// The least total.
    pub(super) minimum_amount: Option<WireAmount>,
    /// Names of classifications.
    pub(super) classifications: Vec<String>,
    /// Ids of organisations at or below which the purchase is made.
    pub(super) organisations: Vec<String>,
    /// SKUs or ids of products, of which one is bought.
    pub(super) products: Vec<String>,
    /// Unix seconds. A purchase is made at its `performed_on`, or when it is recorded.
    pub(super) valid_from: Option<i64>,
    /// Unix seconds, excluded.
    pub(super) valid_to: Option<i64>,
    /// Hours on the clock of the organisation that sells, in its time zone.
    pub(super) hours: Vec<WireHours>,
    /// Ids of segments of which the contact is in one.
    pub(super) segments: Vec<String>,
    /// Ids of tiers of which the contact has one before the purchase.
    pub(super) tiers: Vec<String>,
    /// Ids of schemes of which the contact is a member of one.
    pub(super) schemes: Vec<String>,
}

/// What money may be spent on. Each list names alternatives; an empty one demands nothing.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(in super::super) struct WireSpendConditions {
    /// Ids of organisations at or below which it may be spent.
    pub(super) organisations: Vec<String>,
    /// SKUs or ids of products that it may pay for, each up to the `amount` of its lines.
    pub(super) products: Vec<String>,
    /// Hours at which it may be spent, on the clock of the organisation that sells.
    pub(super) hours: Vec<WireHours>,
}

/// Some hours of some days.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct WireHours {
    /// The days on which they begin; every day, if none.
    #[serde(default)]
    pub(super) days: Vec<WireDay>,
    /// `HH:MM`.
    pub(super) from: String,
    /// `HH:MM`, excluded; at or before `from`, it is on the next day.
    pub(super) to: String,
}

/// What one contact may be given. An award is given whole or not at all.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(in super::super) struct WireCaps {
    /// In all.
    pub(super) per_contact: WireCap,
    /// On one day in the tenant's time zone.
    pub(super) per_contact_per_day: WireCap,
}

/// A bound on awards.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(in super::super) struct WireCap {
    /// How many.
    pub(super) awards: Option<u32>,
    /// How much together.
    pub(super) amount: Option<WireAmount>,
}

/// The awards of an offer.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct WireAwards {
    /// Exactly one.
    #[schema(min_items = 1, max_items = 1)]
    pub(super) awards: Vec<WireAward>,
}

/// Whether an offer is to give anything.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct WrittenLifeCycle {
    pub(super) life_cycle_state: WireLifeCycle,
}

/// The answer to a creation.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CreatedOffer {
    /// The offer's id.
    pub(super) id: String,
}

/// A reward offer.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WireOffer {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) life_cycle_state: WireLifeCycle,
    pub(super) awards: Vec<WireAward>,
    pub(super) conditions: WireConditions,
    pub(super) goal: WireGoal,
    pub(super) short_description: Option<String>,
    pub(super) long_description: Option<String>,
    pub(super) terms_and_conditions: Option<String>,
    pub(super) is_featured: bool,
    pub(super) caps: WireCaps,
    pub(super) best_of: Option<String>,
    pub(super) unlocks_after_s: Option<i64>,
    pub(super) expires_after_s: Option<i64>,
    pub(super) spend_conditions: Option<WireSpendConditions>,
    pub(super) budget: Option<WireBudget>,
}

/// Where an offer's budget is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WireBudget {
    /// What all awards together may give.
    pub(super) total: WireAmount,
    /// What was given, or lies ready to be given somewhere.
    pub(super) lent: WireAmount,
    /// The rest.
    pub(super) available: WireAmount,
}

impl From<WireLifeCycle> for LifeCycle {
    fn from(wire: WireLifeCycle) -> LifeCycle {
        match wire {
            WireLifeCycle::Active => LifeCycle::Active,
            WireLifeCycle::Inactive => LifeCycle::Inactive,
        }
    }
}

impl From<LifeCycle> for WireLifeCycle {
    fn from(life_cycle: LifeCycle) -> WireLifeCycle {
        match life_cycle {
            LifeCycle::Active => WireLifeCycle::Active,
            LifeCycle::Inactive => WireLifeCycle::Inactive,
        }
    }
}

/// A percentage as a number. What was accepted has at most four decimals, so that it is exact.
pub(super) fn percentage(share: Percent) -> WireAmount {
    let share = share.0.round_dp(4).normalize();
    WireAmount::from_minor(share.mantissa().to_i64().unwrap_or(i64::MAX), share.scale())
}

impl Validate for WireAwards {
    fn validate(&self, faults: &mut Faults) {
        faults.require(
            self.awards.len() == 1,
            "awards",
            "not_one",
            "must have exactly one entry",
        );
    }
}

impl Validate for WrittenLifeCycle {
    fn validate(&self, _: &mut Faults) {}
}

impl Validate for WrittenOffer {
    fn validate(&self, faults: &mut Faults) {
        check_text(faults, "name", &self.name);
        faults.require(
            self.awards.len() == 1,
            "awards",
            "not_one",
            "must have exactly one entry",
        );
        if let Some(group) = &self.best_of {
            check_text(faults, "best_of", group);
        }
        for (member, span) in [
            ("unlocks_after_s", self.unlocks_after_s),
            ("expires_after_s", self.expires_after_s),
        ] {
            faults.require(
                span.is_none_or(|span| (1..=limits::AWARD_LASTS_S_MAX).contains(&span)),
                member,
                "out_of_range",
                "must be between 1 second and 50 years, or be left out",
            );
        }
        faults.within("conditions", |faults| self.conditions.validate(faults));
        let bound_to = match &self.spend_conditions {
            Some(conditions) => {
                faults.within("spend_conditions", |faults| conditions.validate(faults));
                conditions.products.as_slice()
            }
            None => &[],
        };
        let lists = [
            self.conditions.classifications.as_slice(),
            self.conditions.products.as_slice(),
            bound_to,
        ];
        let listed = lists.into_iter().flatten().map(String::len);
        let group = self.best_of.as_ref().map_or(0, String::len);
        let mut text = listed.fold(self.name.len().saturating_add(group), usize::saturating_add);
        if let Some(goal) = &self.goal {
            faults.within("goal", |faults| goal.validate(faults));
            text = text.saturating_add(goal.text());
        }
        self.validate_texts(faults);
        faults.require(
            text <= limits::OFFER_TEXT_BYTES_MAX,
            "",
            "too_long",
            "must have less text: name, best_of, classifications and all products together at most 1000 bytes",
        );
        faults.within("caps", |faults| {
            for (member, cap) in [
                ("per_contact", self.caps.per_contact),
                ("per_contact_per_day", self.caps.per_contact_per_day),
            ] {
                faults.within(member, |faults| {
                    faults.require(
                        cap.awards != Some(0),
                        "awards",
                        "not_positive",
                        "must be above 0, or be left out",
                    );
                });
            }
        });
    }
}

impl WrittenOffer {
    /// What contacts read.
    fn texts(&self) -> [(&'static str, Option<&str>); 3] {
        [
            ("short_description", self.short_description.as_deref()),
            ("long_description", self.long_description.as_deref()),
            ("terms_and_conditions", self.terms_and_conditions.as_deref()),
        ]
    }

    fn validate_texts(&self, faults: &mut Faults) {
        let texts = self.texts();
        for (member, text) in texts {
            faults.require(
                text.is_none_or(|text| !text.chars().any(|it| it.is_control() && it != '\n')),
                member,
                "control_character",
                "must have no control characters but line feeds",
            );
        }
        let bytes = texts.into_iter().filter_map(|(_, text)| text).map(str::len);
        faults.require(
            bytes.fold(0, usize::saturating_add) <= limits::OFFER_DESCRIPTION_BYTES_MAX,
            "long_description",
            "too_long",
            "must be shorter: with short_description and terms_and_conditions at most 4000 bytes",
        );
    }
}

impl WireConditions {
    fn validate(&self, faults: &mut Faults) {
        check_lengths(
            faults,
            &[
                ("classifications", self.classifications.len()),
                ("organisations", self.organisations.len()),
                ("products", self.products.len()),
                ("hours", self.hours.len()),
                ("segments", self.segments.len()),
                ("tiers", self.tiers.len()),
                ("schemes", self.schemes.len()),
            ],
        );
        for (member, at) in [("valid_from", self.valid_from), ("valid_to", self.valid_to)] {
            check_date(faults, member, at);
        }
        if let (Some(from), Some(to)) = (self.valid_from, self.valid_to) {
            faults.require(
                from < to,
                "valid_to",
                "too_small",
                "must be after valid_from",
            );
        }
        check_products(faults, &self.products);
        check_hours(faults, &self.hours);
    }
}

impl WireSpendConditions {
    fn validate(&self, faults: &mut Faults) {
        check_lengths(
            faults,
            &[
                ("organisations", self.organisations.len()),
                ("products", self.products.len()),
                ("hours", self.hours.len()),
            ],
        );
        let lengths = [
            self.organisations.len(),
            self.products.len(),
            self.hours.len(),
        ];
        faults.require(
            lengths.iter().any(|length| *length > 0),
            "",
            "empty",
            "must name organisations, products or hours, or be left out",
        );
        check_products(faults, &self.products);
        check_hours(faults, &self.hours);
    }
}

fn check_lengths(faults: &mut Faults, lists: &[(&str, usize)]) {
    for (member, length) in lists {
        faults.require(
            *length <= limits::OFFER_LIST_MAX,
            member,
            "too_many",
            "must have at most 20 entries",
        );
    }
}

pub(super) fn check_products(faults: &mut Faults, products: &[String]) {
    faults.within("products", |faults| {
        for (index, product) in products.iter().enumerate() {
            faults.at(index, |faults| check_text(faults, "", product));
        }
    });
}

fn check_hours(faults: &mut Faults, hours: &[WireHours]) {
    faults.within("hours", |faults| {
        for (index, hours) in hours.iter().enumerate() {
            faults.at(index, |faults| {
                for (member, text) in [("from", &hours.from), ("to", &hours.to)] {
                    faults.require(
                        minute_of(text).is_some(),
                        member,
                        "not_a_time",
                        "must be a time of day such as 17:30",
                    );
                }
            });
        }
    });
}

fn check_text(faults: &mut Faults, member: &str, text: &str) {
    faults.require(
        !text.trim().is_empty()
            && !text.chars().any(char::is_control)
            && text.chars().count() <= limits::NAME_CHARS_MAX,
        member,
        "empty_or_too_long",
        "must have visible text, no control characters, and at most 200 characters",
    );
}
