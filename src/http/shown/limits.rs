//! The limits of a wallet.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::contact::{Direction, LimitRule, Period};
use crate::domain::money::{Currency, Minor};
use crate::http::money_wire::WireAmount;

/// The bounds on what moves in and out of a wallet. All of them hold.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::http) struct WireLimits {
    #[schema(max_items = 16)]
    pub(in crate::http) limit_rules: Vec<WireLimitRule>,
}

/// The bounds to set, in place of those before.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewLimits {
    /// Left out, those that there are stay.
    #[schema(max_items = 16)]
    pub(in crate::http) limit_rules: Option<Vec<WireLimitRule>>,
}

/// A bound: on a number of movements, on what they move together, or on both.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct WireLimitRule {
    /// Its place among the rules, from 1. Not read.
    pub(in crate::http) id: Option<String>,
    /// What people call it.
    pub(in crate::http) name: Option<String>,
    /// How many movements at most; not for a `TRANSACTION`.
    pub(in crate::http) maximum_number: Option<u32>,
    /// How much together at most.
    pub(in crate::http) maximum_amount: Option<WireAmount>,
    pub(in crate::http) period: WirePeriod,
    /// Which movements it is about: exactly one kind.
    #[schema(min_items = 1, max_items = 1)]
    pub(in crate::http) applies_for: Vec<WireDirection>,
    /// ISO 4217, the wallet's.
    pub(in crate::http) currency_code: Option<String>,
}

/// For how long a bound counts. Days, weeks (from Monday) and months are those of the tenant's time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(in crate::http) enum WirePeriod {
    /// For one movement.
    Transaction,
    Daily,
    Weekly,
    Monthly,
}

/// Which movements a bound is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(in crate::http) enum WireDirection {
    /// Spending at a till.
    Debit,
    /// Paying in.
    TopUp,
    /// Crediting by hand, in the Back Office.
    Credit,
}

impl WireLimits {
    /// The limits as they are shown.
    pub(in crate::http) fn of(rules: &[LimitRule], currency: Currency) -> WireLimits {
        let rules = (1..).zip(rules);
        WireLimits {
            limit_rules: rules
                .map(|(number, rule)| WireLimitRule::of(number, rule, currency))
                .collect(),
        }
    }
}

impl WireLimitRule {
    fn of(number: usize, rule: &LimitRule, currency: Currency) -> WireLimitRule {
        let amount = |minor: Minor| WireAmount::from_minor(minor.0, currency.decimals());
        WireLimitRule {
            id: Some(number.to_string()),
            name: rule.name.as_deref().map(str::to_owned),
            maximum_number: rule.maximum_number,
            maximum_amount: rule.maximum_amount.map(amount),
            period: match rule.period {
                Period::Transaction => WirePeriod::Transaction,
                Period::Day => WirePeriod::Daily,
                Period::Week => WirePeriod::Weekly,
                Period::Month => WirePeriod::Monthly,
            },
            applies_for: vec![match rule.direction {
                Direction::Spend => WireDirection::Debit,
                Direction::TopUp => WireDirection::TopUp,
                Direction::Credit => WireDirection::Credit,
            }],
            currency_code: Some(currency.code().to_owned()),
        }
    }
}
