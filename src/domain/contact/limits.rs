//! Bounds on what moves in and out of a wallet: by the movement, the day, the week and the month.

use std::sync::Arc;

use crate::domain::calendar;
use crate::domain::money::Minor;
use crate::domain::time::Timestamp;

/// Which movements a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Spending at a till.
    Spend,
    /// Paying in.
    TopUp,
    /// Crediting by hand.
    Credit,
}

/// What a rule's bounds are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// One movement.
    Transaction,
    /// A day of the tenant's calendar.
    Day,
    /// A week, from Monday.
    Week,
    /// A month.
    Month,
}

/// A bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitRule {
    /// What people call it.
    pub name: Option<Arc<str>>,
    /// Which movements it is about.
    pub direction: Direction,
    /// For how long it counts.
    pub period: Period,
    /// How many movements at most.
    pub maximum_number: Option<u32>,
    /// How much together at most.
    pub maximum_amount: Option<Minor>,
}

/// What has moved in one direction, in the newest day, and in the week and the month of that day. Each a number and a sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// The day, counted from 1970-01-01.
    pub day: i32,
    /// On that day.
    pub in_day: (u32, Minor),
    /// In its week.
    pub in_week: (u32, Minor),
    /// In its month.
    pub in_month: (u32, Minor),
}

/// A wallet's bounds, and what counts towards them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// The bounds.
    pub rules: Vec<LimitRule>,
    /// Since when movements are counted: since there were bounds.
    pub since: Timestamp,
    /// What was spent.
    pub spent: Usage,
    /// What was paid in.
    pub topped_up: Usage,
    /// What was credited by hand.
    pub credited: Usage,
}

/// A movement that counts towards bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// Which way.
    pub direction: Direction,
    /// On which day of the tenant's calendar.
    pub day: i32,
    /// How much.
    pub amount: Minor,
}

impl Usage {
    /// What has moved in a period that `day` is in.
    fn within(&self, period: Period, day: i32) -> (u32, Minor) {
        match period {
            Period::Day if self.day == day => self.in_day,
            Period::Week if calendar::week_of(self.day) == calendar::week_of(day) => self.in_week,
            Period::Month if calendar::month_of(self.day) == calendar::month_of(day) => {
                self.in_month
            }
            Period::Transaction | Period::Day | Period::Week | Period::Month => Default::default(),
        }
    }

    fn add(&mut self, day: i32, amount: Minor) {
        let more = |(number, sum): (u32, Minor)| {
            let sum = Minor(sum.0.saturating_add(amount.0));
            (number.saturating_add(1), sum)
        };
        *self = Usage {
            day,
            in_day: more(self.within(Period::Day, day)),
            in_week: more(self.within(Period::Week, day)),
            in_month: more(self.within(Period::Month, day)),
        };
    }

    /// Takes back what was counted on `day`, as far as it is in the periods of the newest day.
    fn take_back(&mut self, day: i32, amount: Minor) {
        let newest = self.day;
        let less = |is_within: bool, (number, sum): (u32, Minor)| match is_within {
            true => (number.saturating_sub(1), sum.less(amount)),
            false => (number, sum),
        };
        self.in_day = less(newest == day, self.in_day);
        self.in_week = less(
            calendar::week_of(newest) == calendar::week_of(day),
            self.in_week,
        );
        self.in_month = less(
            calendar::month_of(newest) == calendar::month_of(day),
            self.in_month,
        );
    }
}

impl Limits {
    /// How many rules a wallet has at most: one for each direction and period, and four more.
    pub const RULES_MAX: usize = 16;

    /// How much may still move in `direction` on `day`; no end of it, if none. Nothing, where no more movements may.
    pub fn left(&self, direction: Direction, day: i32) -> Option<Minor> {
        let rules = self.rules.iter().filter(|rule| rule.direction == direction);
        let left = rules.filter_map(|rule| {
            let (number, sum) = self.usage(direction).within(rule.period, day);
            if rule.maximum_number.is_some_and(|most| number >= most) {
                return Some(Minor::ZERO);
            }
            let most = rule.maximum_amount?;
            Some(most.less(sum))
        });
        left.min()
    }

    fn usage(&self, direction: Direction) -> &Usage {
        match direction {
            Direction::Spend => &self.spent,
            Direction::TopUp => &self.topped_up,
            Direction::Credit => &self.credited,
        }
    }

    fn usage_mut(&mut self, direction: Direction) -> &mut Usage {
        match direction {
            Direction::Spend => &mut self.spent,
            Direction::TopUp => &mut self.topped_up,
            Direction::Credit => &mut self.credited,
        }
    }

    /// Replaces the bounds. What is counted already goes on to count.
    pub(super) fn set(&mut self, rules: &[LimitRule], at: Timestamp) {
        if self.rules.is_empty() {
            *self = Limits {
                since: at,
                ..Limits::default()
            };
        }
        self.rules = rules.to_vec();
    }

    /// Counts a movement.
    pub(super) fn count(&mut self, it: Use) {
        self.usage_mut(it.direction).add(it.day, it.amount);
    }

    /// Counts a movement no longer.
    pub(super) fn uncount(&mut self, it: Use) {
        self.usage_mut(it.direction).take_back(it.day, it.amount);
    }
}
