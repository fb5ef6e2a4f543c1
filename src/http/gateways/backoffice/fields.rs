//! Checks of fields that several bodies have.

use crate::domain::money::Currency;
use crate::http::extract::Faults;
use crate::http::failure;
use crate::http::problem::Problem;
use crate::limits;

/// What people call a thing, in `name`.
pub(super) fn check_name(faults: &mut Faults, name: &str) {
    faults.require(
        !name.trim().is_empty() && !name.chars().any(char::is_control),
        "name",
        "empty_or_control",
        "must have visible text and no control characters",
    );
    faults.require(
        name.chars().count() <= limits::NAME_CHARS_MAX,
        "name",
        "too_long",
        "must have at most 200 characters",
    );
}

/// A date, if it is there.
pub(super) fn check_date(faults: &mut Faults, member: &str, seconds: Option<i64>) {
    faults.require(
        seconds.is_none_or(|seconds| (0..=limits::UNIX_SECONDS_MAX).contains(&seconds)),
        member,
        "out_of_range",
        "must be a date in Unix seconds, before the year 10000",
    );
}

/// A code of ours or others, if it is there.
pub(super) fn check_code(faults: &mut Faults, member: &str, code: Option<&str>) {
    faults.require(
        code.is_none_or(|code| (1..=limits::CODE_CHARS_MAX).contains(&code.len())),
        member,
        "wrong_length",
        "must have 1 to 64 bytes, or be left out",
    );
}

/// The currency in `currency_code`, if one is named.
pub(super) fn currency(code: &Option<String>) -> Result<Option<Currency>, Problem> {
    let Some(code) = code else { return Ok(None) };
    let known = Currency::from_code(code).ok_or_else(|| {
        failure::invalid_field(
            "/currency_code",
            "unknown_currency",
            "must be a three-letter code of ISO 4217 in capitals",
        )
    })?;
    Ok(Some(known))
}
