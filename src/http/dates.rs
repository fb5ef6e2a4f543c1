//! Ranges of dates in queries, as the contract has them: `date[gte]` and its like, in whole Unix seconds.

use super::extract::Faults;
use crate::domain::time::{Span, Timestamp};
use crate::limits;

/// A range of dates.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::http) struct DateRange {
    /// After this second.
    pub(in crate::http) after: Option<i64>,
    /// In this second or later.
    pub(in crate::http) from: Option<i64>,
    /// Before this second.
    pub(in crate::http) before: Option<i64>,
    /// In this second or earlier.
    pub(in crate::http) to: Option<i64>,
}

impl DateRange {
    /// The range of these parameters; `exactly` is one second alone.
    pub(in crate::http) fn of(
        exactly: Option<i64>,
        [after, from, before, to]: [Option<i64>; 4],
    ) -> DateRange {
        DateRange {
            after,
            from: from.max(exactly),
            before,
            to: match (to, exactly) {
                (Some(to), Some(exactly)) => Some(to.min(exactly)),
                (to, exactly) => to.or(exactly),
            },
        }
    }

    /// The first moment that is asked for. Dates are whole seconds, which begin at their first millisecond.
    pub(in crate::http) fn first(&self) -> Option<Timestamp> {
        let after = self.after.map(|second| second.saturating_add(1));
        let first = self.from.max(after)?;
        Some(Timestamp::from_unix_seconds(first))
    }

    /// The last moment that is asked for: the last millisecond of a second.
    pub(in crate::http) fn last(&self) -> Option<Timestamp> {
        let before = self.before.map(|second| second.saturating_sub(1));
        let last = match (self.to, before) {
            (Some(to), Some(before)) => to.min(before),
            (to, before) => to.or(before)?,
        };
        Some(Timestamp::from_unix_seconds(last).after(Span(999)))
    }

    /// Whether `at` lies in it.
    pub(in crate::http) fn holds(&self, at: Timestamp) -> bool {
        self.first().is_none_or(|first| at >= first) && self.last().is_none_or(|last| at <= last)
    }

    /// Notes what is wrong with the parameters `name[gt]` and its like.
    pub(in crate::http) fn validate(&self, faults: &mut Faults, name: &str) {
        for (which, one) in [
            ("gt", self.after),
            ("gte", self.from),
            ("lt", self.before),
            ("lte", self.to),
        ] {
            faults.require(
                one.is_none_or(|seconds| (0..=limits::UNIX_SECONDS_MAX).contains(&seconds)),
                &format!("{name}[{which}]"),
                "out_of_range",
                "must be a date in Unix seconds, before the year 10000",
            );
        }
        if let (Some(first), Some(last)) = (self.first(), self.last())
            && first > last
        {
            let begins = if self.from.is_some() { "gte" } else { "gt" };
            faults.add(
                &format!("{name}[{begins}]"),
                "out_of_order",
                "must not lie after the end of the dates",
            );
        }
    }
}
