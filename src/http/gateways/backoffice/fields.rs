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
