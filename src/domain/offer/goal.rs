//! What a contact has to reach before an offer gives anything.

use super::NoAward;
use super::conditions::Basis;
use crate::domain::money::Minor;
use crate::domain::time::{Span, Timestamp};

/// What a contact has to reach. Fixed when the offer is created: what contacts have done towards it counts in its units.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Goal {
    /// Nothing: every purchase that qualifies is given the award.
    #[default]
    Spend,
    /// So many purchases that qualify.
    Visits(Target<u32>),
    /// So much paid with purchases that qualify.
    Amount(Target<Minor>),
    /// So many of some products.
    Products(Target<u32>, Vec<String>),
    /// So many days as a member. The first purchase after them is given the award.
    Membership(Target<u32>),
}

/// How much is to be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<T> {
    /// How much.
    pub amount: T,
    /// Whether it is to be reached again after the award, for another one.
    pub repeats: bool,
}

/// How far a contact has got with a goal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// What counts towards the next award, in the goal's units: purchases, minor units of money, thousandths of a product. Less than
    /// nothing, where something was cancelled that an award went by.
    pub current: i64,
    /// How often it was reached.
    pub reached: u32,
}

/// What one purchase does to a contact's progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// By how much `current` changes: what counts, less what an award takes.
    pub by: i64,
    /// Whether the goal was reached.
    pub reaches: bool,
}

/// A goal as it is shown: the units are those of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// How far a contact has got.
    pub current: i64,
    /// How far it has to get.
    pub target: i64,
}

/// The facts of a purchase that goals count and that take looking up.
pub trait Counted {
    /// How many of some products were bought, in thousandths.
    fn quantity_of(&self, products: &[String]) -> i64;

    /// Since when the contact is a member of what the offer demands; none, if it is not.
    fn member_since(&self) -> Option<Timestamp>;
}

/// A whole product, in thousandths.
const ONE: i64 = 1_000;

impl Goal {
    /// Whether anything is counted.
    pub fn is_counted(&self) -> bool {
        *self != Goal::Spend
    }

    /// What a purchase at `now` does to the progress of a contact; none, if no goal is set.
    ///
    /// # Errors
    /// The goal was reached, and not again; the contact is no member of what the offer demands.
    pub fn step(
        &self,
        progress: Progress,
        basis: Basis<'_>,
        counted: &impl Counted,
        now: Timestamp,
    ) -> Result<Option<Step>, NoAward> {
        let (target, repeats) = match self {
            Goal::Spend => return Ok(None),
            Goal::Visits(_) | Goal::Amount(_) | Goal::Products(..) | Goal::Membership(_) => {
                self.target()
            }
        };
        if progress.reached > 0 && !repeats {
            return Err(NoAward::ContactCapReached);
        }
        let reaches = match self {
            Goal::Membership(target) => {
                let since = counted.member_since().ok_or(NoAward::NotAMember)?;
                terms(target.amount, since, now) > i64::from(progress.reached)
            }
            Goal::Spend | Goal::Visits(_) | Goal::Amount(_) | Goal::Products(..) => {
                let counts = self.counts(basis, counted);
                progress.current.saturating_add(counts) >= target
            }
        };
        Ok(Some(self.step_of(reaches, basis, counted)))
    }

    /// What a purchase does that reaches the goal, or only counts towards it.
    pub fn step_of(&self, reaches: bool, basis: Basis<'_>, counted: &impl Counted) -> Step {
        let taken = match self {
            Goal::Spend | Goal::Membership(_) => 0,
            Goal::Visits(_) | Goal::Amount(_) | Goal::Products(..) if reaches => self.target().0,
            Goal::Visits(_) | Goal::Amount(_) | Goal::Products(..) => 0,
        };
        Step {
            by: self.counts(basis, counted).saturating_sub(taken),
            reaches,
        }
    }

    /// What of a purchase counts, in the goal's units.
    fn counts(&self, basis: Basis<'_>, counted: &impl Counted) -> i64 {
        match self {
            Goal::Spend | Goal::Membership(_) => 0,
            Goal::Visits(_) => 1,
            Goal::Amount(_) => basis.paid.0,
            Goal::Products(_, products) => counted.quantity_of(products),
        }
    }

    /// How much is to be reached, in the goal's units, and whether again and again.
    fn target(&self) -> (i64, bool) {
        match self {
            Goal::Spend => (0, true),
            Goal::Visits(target) | Goal::Membership(target) => {
                (target.amount.into(), target.repeats)
            }
            Goal::Amount(target) => (target.amount.0, target.repeats),
            Goal::Products(target, _) => {
                let thousandths = i64::from(target.amount).saturating_mul(ONE);
                (thousandths, target.repeats)
            }
        }
    }

    /// How far a contact has got at `now`: purchases, minor units, whole products or days. Nothing, where no goal is set.
    pub fn standing(
        &self,
        progress: Progress,
        member_since: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<Standing> {
        let (target, repeats) = self.target();
        let is_over = progress.reached > 0 && !repeats;
        let current = match self {
            Goal::Spend => return None,
            Goal::Membership(_) => {
                let days = member_since.map_or(0, |since| days(since, now));
                let gone = target.saturating_mul(progress.reached.into());
                days.saturating_sub(gone)
            }
            Goal::Visits(_) | Goal::Amount(_) | Goal::Products(..) => progress.current,
        };
        let current = if is_over {
            target
        } else {
            current.clamp(0, target)
        };
        let in_units = |amount: i64| match self {
            Goal::Products(..) => amount.checked_div(ONE).unwrap_or_default(),
            Goal::Spend | Goal::Visits(_) | Goal::Amount(_) | Goal::Membership(_) => amount,
        };
        Some(Standing {
            current: in_units(current),
            target: in_units(target),
        })
    }
}

impl Progress {
    /// Takes a step.
    pub fn take(&mut self, step: Step) {
        self.current = self.current.saturating_add(step.by);
        self.reached = self.reached.saturating_add(u32::from(step.reaches));
    }

    /// Takes a step back.
    pub fn take_back(&mut self, step: Step) {
        self.current = self.current.saturating_sub(step.by);
        self.reached = self.reached.saturating_sub(u32::from(step.reaches));
    }
}

/// How many whole terms of `days` days have passed; the first at once, where it has none.
fn terms(length: u32, since: Timestamp, now: Timestamp) -> i64 {
    let passed = days(since, now);
    passed.checked_div(length.into()).unwrap_or(1)
}

fn days(since: Timestamp, now: Timestamp) -> i64 {
    let passed = now.0.saturating_sub(since.0).max(0);
    passed.checked_div(Span::days(1).0).unwrap_or_default()
}
