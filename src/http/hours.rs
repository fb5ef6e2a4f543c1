//! Days of the week, and times of day, as the contract writes them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = DayOfWeek)]
pub(in crate::http) enum WireDay {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl WireDay {
    /// Every day, in the order of the domain's bits.
    pub(in crate::http) const ALL: [WireDay; 7] = [
        WireDay::Monday,
        WireDay::Tuesday,
        WireDay::Wednesday,
        WireDay::Thursday,
        WireDay::Friday,
        WireDay::Saturday,
        WireDay::Sunday,
    ];
}

/// `HH:MM` as the minute of the day.
pub(in crate::http) fn minute_of(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let two_digits = |part: &str, below: u16| {
        let is_number = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        let number: u16 = is_number.then(|| part.parse().ok())??;
        (number < below).then_some(number)
    };
    let (hours, minutes) = (two_digits(hours, 24)?, two_digits(minutes, 60)?);
    hours.checked_mul(60)?.checked_add(minutes)
}

/// A minute of the day as `HH:MM`.
pub(in crate::http) fn text_of(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}
