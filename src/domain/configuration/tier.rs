//! Tiers: what loyalty reaches, in units that purchases make.
//!
//! A contact's tier is the highest that its units of the period under way or of the one before it reach: it goes up with the
//! purchase that reaches it, lasts to the end of the next period, and goes down by time alone.

use super::Configuration;
use crate::domain::money::Minor;

/// What makes units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Measure {
    /// What is paid for a purchase, after what was spent from the wallet.
    #[default]
    Spend,
    /// What a purchase is awarded.
    Award,
    /// The purchase as such.
    Visits,
}

/// For how long units count together, from January on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TierPeriod {
    /// A month of the tenant's calendar.
    Month,
    /// Three.
    Quarter,
    /// Twelve.
    #[default]
    Year,
}

/// How units are reckoned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tiering {
    /// What makes units.
    pub measure: Measure,
    /// How many units one of it makes: a whole unit of the currency, or a visit.
    pub conversion_rate: u32,
    /// For how long they count together.
    pub period: TierPeriod,
}

impl Default for Tiering {
    fn default() -> Tiering {
        Tiering {
            measure: Measure::default(),
            conversion_rate: 1,
            period: TierPeriod::default(),
        }
    }
}

/// A tier.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tier {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The colour that it is shown in.
    pub colour: Option<String>,
    /// From how many units of a period on a contact has it.
    pub value_units: u32,
}

impl TierPeriod {
    /// How many months it has.
    const fn months(self) -> i32 {
        match self {
            TierPeriod::Month => 1,
            TierPeriod::Quarter => 3,
            TierPeriod::Year => 12,
        }
    }

    /// The number of the period that a month is in, both counted from the beginning of the calendar; its first month is 1.
    pub fn of_month(self, month: i32) -> i32 {
        let before = month.saturating_sub(1);
        before.checked_div_euclid(self.months()).unwrap_or_default()
    }

    /// The first month of a period.
    pub fn first_month(self, period: i32) -> i32 {
        period.saturating_mul(self.months()).saturating_add(1)
    }
}

impl Tiering {
    /// The units that a purchase makes, in the minor parts in which they are counted: as many to a unit as to one of the currency.
    pub fn units(&self, paid: Minor, awarded: Minor, decimals: u32) -> Minor {
        let of = match self.measure {
            Measure::Spend => paid.0,
            Measure::Award => awarded.0,
            Measure::Visits => parts_of_a_unit(decimals),
        };
        Minor(of.saturating_mul(self.conversion_rate.into()))
    }
}

impl Tier {
    /// The units that reach it, in minor parts.
    pub fn threshold(&self, decimals: u32) -> Minor {
        Minor(i64::from(self.value_units).saturating_mul(parts_of_a_unit(decimals)))
    }
}

impl Configuration {
    /// The highest tier that so many units reach, in minor parts.
    pub fn reached_by(&self, units: Minor, decimals: u32) -> Option<u64> {
        let mut highest_first = self.tiers.iter().rev();
        let reached = highest_first.find(|(_, tier)| tier.threshold(decimals) <= units);
        reached.map(|(number, _)| *number)
    }
}

/// In how many parts a unit is counted.
fn parts_of_a_unit(decimals: u32) -> i64 {
    10_i64.saturating_pow(decimals)
}

/// Minor parts as whole units, as they are shown.
pub fn whole_units(parts: Minor, decimals: u32) -> i64 {
    parts
        .0
        .checked_div_euclid(parts_of_a_unit(decimals))
        .unwrap_or_default()
}
