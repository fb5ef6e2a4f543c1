//! What a contact has to reach before an offer gives anything, on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::wire::check_products;
use crate::domain::money::Minor;
use crate::domain::offer::{Goal, Target};
use crate::http::extract::Faults;
use crate::http::money_wire::{WireAmount, above_zero};
use crate::limits;

/// What a contact has to reach.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OfferGoal)]
pub(in super::super) struct WireGoal {
    r#type: WireGoalType,
    /// Of `VISITS`: so many purchases that meet the conditions.
    #[serde(skip_serializing_if = "Option::is_none")]
    visits: Option<u32>,
    /// Of `ACHIEVEMENT`: so much paid with such purchases.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<WireAmount>,
    /// Of `ACHIEVEMENT`, instead of `amount`: so many of `products`.
    #[serde(skip_serializing_if = "Option::is_none")]
    quantity: Option<u32>,
    /// SKUs or ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    products: Vec<String>,
    /// Of `MEMBERSHIP`: so many days as a member of what the conditions name: of schemes, or else of
    /// organisations, or else of the tenant's customers. With
    /// 0, the first purchase is given the award.
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<u32>,
    /// Whether it is to be reached again after the award, for another one. An award is given once otherwise.
    #[serde(default)]
    repeats: bool,
}

/// What kind of goal it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = GoalType)]
pub(in super::super) enum WireGoalType {
    /// Every purchase that meets the conditions is given the award.
    #[default]
    Spend,
    /// So many purchases.
    Visits,
    /// So much paid, or so many products bought.
    Achievement,
    /// So long a membership.
    Membership,
}

impl WireGoal {
    pub(super) fn validate(&self, faults: &mut Faults) {
        let has = [
            ("visits", self.visits.is_some()),
            ("amount", self.amount.is_some()),
            ("quantity", self.quantity.is_some()),
            ("products", !self.products.is_empty()),
            ("days", self.days.is_some()),
        ];
        let wanted: &[&str] = match (self.r#type, self.quantity) {
            (WireGoalType::Spend, _) => &[],
            (WireGoalType::Visits, _) => &["visits"],
            (WireGoalType::Achievement, None) => &["amount"],
            (WireGoalType::Achievement, Some(_)) => &["quantity", "products"],
            (WireGoalType::Membership, _) => &["days"],
        };
        for (member, is_there) in has {
            match (wanted.contains(&member), is_there) {
                (true, false) => faults.add(
                    member,
                    "missing",
                    "must be there with this type: VISITS has visits, ACHIEVEMENT amount or quantity and products, MEMBERSHIP days",
                ),
                (false, true) => faults.add(member, "not_here", "does not go with this type"),
                (true, true) | (false, false) => {}
            }
        }
        faults.require(
            !(self.r#type == WireGoalType::Spend && self.repeats),
            "repeats",
            "not_here",
            "does not go with this type",
        );
        for (member, count) in [("visits", self.visits), ("quantity", self.quantity)] {
            faults.require(
                count.is_none_or(|count| (1..=limits::GOAL_COUNT_MAX).contains(&count)),
                member,
                "out_of_range",
                "must be between 1 and 1000000",
            );
        }
        let least = u32::from(self.repeats);
        faults.require(
            self.days
                .is_none_or(|days| (least..=limits::GOAL_DAYS_MAX).contains(&days)),
            "days",
            "out_of_range",
            "must be at most 3660, and at least 1 where the goal repeats",
        );
        faults.require(
            self.products.len() <= limits::OFFER_LIST_MAX,
            "products",
            "too_many",
            "must have at most 20 entries",
        );
        check_products(faults, &self.products);
    }

    /// How much text it has, in bytes.
    pub(super) fn text(&self) -> usize {
        let products = self.products.iter().map(String::len);
        products.fold(0, usize::saturating_add)
    }

    pub(super) fn read(&self, faults: &mut Faults, decimals: u32) -> Goal {
        let repeats = self.repeats;
        let target = |amount: Option<u32>| Target {
            amount: amount.unwrap_or_default(),
            repeats,
        };
        match (self.r#type, self.quantity) {
            (WireGoalType::Spend, _) => Goal::Spend,
            (WireGoalType::Visits, _) => Goal::Visits(target(self.visits)),
            (WireGoalType::Achievement, None) => Goal::Amount(Target {
                amount: above_zero(faults, "amount", self.amount, decimals).unwrap_or_default(),
                repeats,
            }),
            (WireGoalType::Achievement, Some(_)) => {
                Goal::Products(target(self.quantity), self.products.clone())
            }
            (WireGoalType::Membership, _) => Goal::Membership(target(self.days)),
        }
    }

    pub(super) fn of(goal: &Goal, decimals: u32) -> WireGoal {
        let amount = |minor: Minor| WireAmount::from_minor(minor.0, decimals);
        let nothing = WireGoal::default();
        match goal {
            Goal::Spend => nothing,
            Goal::Visits(target) => WireGoal {
                r#type: WireGoalType::Visits,
                visits: Some(target.amount),
                repeats: target.repeats,
                ..nothing
            },
            Goal::Amount(target) => WireGoal {
                r#type: WireGoalType::Achievement,
                amount: Some(amount(target.amount)),
                repeats: target.repeats,
                ..nothing
            },
            Goal::Products(target, products) => WireGoal {
                r#type: WireGoalType::Achievement,
                quantity: Some(target.amount),
                products: products.clone(),
                repeats: target.repeats,
                ..nothing
            },
            Goal::Membership(target) => WireGoal {
                r#type: WireGoalType::Membership,
                days: Some(target.amount),
                repeats: target.repeats,
                ..nothing
            },
        }
    }
}
